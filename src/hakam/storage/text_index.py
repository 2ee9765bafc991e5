"""The texts of a large bank in tables, so that a look-up compares with some hundredths of them and misses none.

The 64 bits of a SimHash are four chunks of 16. If two hashes differ in at most 14 bits, and 3, 3, 3 and 2 bits are
allowed to the chunks, one chunk differs in no more than it is allowed: more would be 15 bits in all. So whoever looks
up each value of each chunk within its allowance finds all neighbours (multi-index hashing, as for pictures). Each
table holds the hashes themselves in its order, so what is compared lies side by side.

Without Numba (`hakam[media]`) there are no tables, and each is compared. The answers are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hakam.storage.embedded.durable import sync_data

WORTH_IT = 30_000  # texts; fewer are compared as fast
_CHUNK, _TABLES = 16, 4
_PARTS = ("starts", "hashes", "rows")
_ROOM = 256

Found = list[tuple[int, int]]


class Tables(NamedTuple):
    """See `text_kernels.search`. Mapped into memory: nothing is read before it is needed."""

    starts: NDArray[np.uint32]
    hashes: NDArray[np.uint64]
    rows: NDArray[np.uint32]

    def within(self, hash_: int, near: int) -> Found:
        """Return (row, distance) of every hash within `near` bits, in order of row."""
        from hakam.storage import text_kernels  # noqa: PLC0415 -- needs Numba

        masks, ends = _masks(near)
        room = _ROOM
        while True:
            rows, far = np.empty(room, np.int64), np.empty(room, np.int64)
            count = text_kernels.search(np.uint64(hash_), near, *self, masks, ends, rows, far)
            if count >= 0:
                break
            room *= 8
        return sorted(set(zip(rows[:count].tolist(), far[:count].tolist(), strict=True)))


def files(name: str) -> list[str]:
    """Return the names of the files of tables called `name`, none for none."""
    return [f"{name}-{part}.npy" for part in _PARTS] if name else []


def write(folder: Path, name: str, hashes: NDArray[np.uint64]) -> str:
    """Write the tables of hashes, durably; return their name, empty if there are too few or Numba is missing."""
    if len(hashes) < WORTH_IT:
        return ""
    try:
        from hakam.storage import text_kernels  # noqa: PLC0415 -- needs Numba
    except ImportError:
        return ""
    starts = np.zeros((_TABLES, (1 << _CHUNK) + 1), np.uint32)
    sorted_ = np.empty((_TABLES, len(hashes)), np.uint64)
    rows = np.empty((_TABLES, len(hashes)), np.uint32)
    plain = np.ascontiguousarray(hashes)
    for table in range(_TABLES):
        text_kernels.sort(plain, table, starts[table], sorted_[table], rows[table])
    parts: tuple[NDArray[Any], ...] = (starts, sorted_, rows)
    for file_name, values in zip(files(name), parts, strict=True):
        with (folder / file_name).open("wb") as file:
            np.save(file, values)
            file.flush()
            sync_data(file.fileno())
    return name


def load(folder: Path, name: str) -> Tables | None:
    """Map tables into memory, None if there are none or Numba is missing."""
    if not name:
        return None
    try:
        from hakam.storage import text_kernels  # noqa: PLC0415 -- needs Numba
    except ImportError:
        return None
    found = Tables(*(np.load(folder / file, mmap_mode="r").view(np.ndarray) for file in files(name)))
    masks, ends = _masks(0)
    text_kernels.search(np.uint64(0), 0, *found, masks, ends, *np.empty((2, 1), np.int64))  # compiles
    return found


@lru_cache(maxsize=64)
def _masks(near: int) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return all changes of a chunk by number of bits, and how many of them each table needs for a radius."""
    masks = [sum(1 << bit for bit in bits) for bits in _changes(allowances(near)[0])]
    ends = [sum(1 for _ in _changes(allowance)) for allowance in allowances(near)]
    return np.array(masks or [0], np.uint32), np.array(ends, np.int64)


def _changes(allowance: int) -> Iterator[tuple[int, ...]]:
    for flips in range(allowance + 1):
        yield from combinations(range(_CHUNK), flips)


def allowances(near: int) -> tuple[int, ...]:
    """Return how many bits may differ in each chunk, -1 for none to look at: plus one each, they exceed the radius."""
    shares = [(near + 1) // _TABLES + (table < (near + 1) % _TABLES) for table in range(_TABLES)]
    return tuple(share - 1 for share in shares)

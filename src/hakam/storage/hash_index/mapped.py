"""A base: hashes with their tables in one folder, written once, mapped into memory and never changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hakam.storage.embedded.durable import sync_data, sync_folder
from hakam.storage.hash_index.kernels import search_tables
from hakam.storage.hash_index.tables import Codes, begins_of, build, layout_for, masks_of

_PARTS = ("keys", "codes", "offsets", "postings")


class Base:
    """Hashes in the order of their keys. What was removed since is in `gone`, in memory only."""

    def __init__(self, keys: NDArray[np.uint64], codes: Codes, offsets: Any, postings: Any) -> None:
        self.keys, self.codes = keys, codes
        self.gone = np.zeros(len(keys), np.bool_)
        layout = layout_for(len(keys))
        self._fixed = (
            np.array(layout.starts, np.int64),
            np.array(layout.widths, np.int64),
            *masks_of(layout),
            offsets,
            begins_of(layout),
            postings,
        )

    def __len__(self) -> int:
        return len(self.keys)

    def search(self, code: Codes, radius: int, rows: NDArray[np.int64], far: NDArray[np.int64]) -> int:
        """Find the neighbours of one hash; see `search_tables`."""
        if not len(self.keys):
            return 0
        return int(search_tables(code, radius, self.codes, self.gone, *self._fixed, rows, far))

    def remove(self, key: int) -> int:
        """Hide all hashes of a key and return how many there were."""
        low = np.searchsorted(self.keys, np.uint64(key), side="left")
        high = np.searchsorted(self.keys, np.uint64(key), side="right")
        hidden = int(high - low - self.gone[low:high].sum())
        self.gone[low:high] = True
        return hidden


def create(folder: Path, keys: NDArray[np.uint64], codes: Codes) -> None:
    """Write a base of these hashes into a new folder, durably: the manifest that names it may be read after a crash."""
    folder.mkdir(parents=True)
    order = np.argsort(keys, kind="stable")
    keys, codes = keys[order], np.ascontiguousarray(codes[order])
    tables = build(codes, layout_for(len(keys)))
    parts: tuple[NDArray[Any], ...] = (keys, codes, tables.offsets, tables.postings)
    for name, values in zip(_PARTS, parts, strict=True):
        with (folder / f"{name}.npy").open("wb") as file:
            np.save(file, values)
            file.flush()
            sync_data(file.fileno())
    sync_folder(folder)
    sync_folder(folder.parent)


def load(folder: Path) -> Base:
    """Map a base into memory: nothing is read before it is needed."""
    return Base(*(np.load(folder / f"{name}.npy", mmap_mode="r").view(np.ndarray) for name in _PARTS))


EMPTY = Base(
    np.empty(0, np.uint64), np.empty((0, 4), np.uint64), np.empty(0, np.uint32), np.empty((0, 0), np.uint32)
)

"""The hash index: find every hash within a distance, add and remove at once, open without building anything.

A folder holds a manifest, a base and a journal. One process writes (`HashIndex.writer`), any number read and catch up
with `refresh`. `fold` writes a new base from what is in force; readers go over to it when they next refresh.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from hakam.storage.embedded.durable import write_whole
from hakam.storage.hash_index import journal
from hakam.storage.hash_index import mapped as bases
from hakam.storage.hash_index.journal import ADDED, DIGEST_BYTES, RECORD_BYTES, REMOVED, Change
from hakam.storage.hash_index.kernels import search_all
from hakam.storage.hash_index.mapped import Base
from hakam.storage.hash_index.tables import LARGEST_RADIUS, WORDS, Codes, codes_of

FOLD_AT = 100_000  # hashes in the journal beyond which a search feels them
_ROOM = 1_024
_KEYS = 1 << 64


class Hit(NamedTuple):
    """A neighbour: the key it was added under, and how many bits differ."""

    key: int
    distance: int


class _Manifest(msgspec.Struct, frozen=True):
    generation: int = 0


class _Fresh:
    """Hashes added since the base, in memory, searched one after the other."""

    def __init__(self) -> None:
        self.count = 0
        self.codes = np.empty((_ROOM, WORDS), np.uint64)
        self.keys = np.empty(_ROOM, np.uint64)
        self.gone = np.zeros(_ROOM, np.bool_)

    def add(self, key: int, digest: bytes) -> None:
        if self.count == len(self.keys):
            self.codes = np.concatenate([self.codes, np.empty_like(self.codes)])
            self.keys = np.concatenate([self.keys, np.empty_like(self.keys)])
            self.gone = np.concatenate([self.gone, np.zeros_like(self.gone)])
        self.codes[self.count] = np.frombuffer(digest, np.uint64)
        self.keys[self.count] = key
        self.count += 1

    def remove(self, key: int) -> int:
        held = np.flatnonzero((self.keys[: self.count] == np.uint64(key)) & ~self.gone[: self.count])
        self.gone[held] = True
        return len(held)


class HashIndex:
    """Hashes of 32 bytes under keys, whole numbers from 0. One key may have many hashes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._generation = -1
        self._base: Base = bases.EMPTY
        self._fresh = _Fresh()
        self._end = 0
        self._removed = 0
        self._rows: NDArray[np.int64] = np.empty(_ROOM, np.int64)
        self._far: NDArray[np.int64] = np.empty(_ROOM, np.int64)
        self.refresh()

    def __len__(self) -> int:
        return len(self._base) + self._fresh.count - self._removed

    @property
    def since_base(self) -> int:
        """Return how many hashes stand in the journal: beyond `FOLD_AT` it is time to `fold`."""
        return self._fresh.count

    def refresh(self) -> bool:
        """Catch up with the writer. Return whether anything changed.

        Raises `OSError` or `ValueError` for a base that is lost or damaged.
        """
        manifest = self._manifest()
        changed = False
        while manifest.generation != self._generation:
            try:
                base = (
                    bases.load(self._base_folder(manifest.generation)) if manifest.generation else bases.EMPTY
                )
            except FileNotFoundError:
                newer = self._manifest()
                if (
                    newer == manifest
                ):  # lost, not replaced: an index that answers "nothing near" would be a lie
                    raise
                manifest = newer
                continue
            self._base, changed = base, True
            self._generation, self._fresh, self._end, self._removed = manifest.generation, _Fresh(), 0, 0
        for change in journal.read(self._journal_path(), self._end):
            self._apply(change)
            self._end += RECORD_BYTES
            changed = True
        return changed

    def add(self, hashes: Iterable[tuple[int, bytes]]) -> None:
        """Add hashes under their keys; all are found from now on, here and after a crash. Raises `ValueError`."""
        changes = [Change(ADDED, key, digest) for key, digest in hashes]
        for change in changes:
            if len(change.digest) != DIGEST_BYTES or not 0 <= change.key < _KEYS:
                raise ValueError(
                    f"key {change.key}: a hash has {DIGEST_BYTES} bytes, a key is no less than 0 and below 2^64"
                )
        self._write(changes)

    def remove(self, keys: Iterable[int]) -> int:
        """Take away all hashes of some keys, at once. Return how many hashes that were."""
        before = len(self)
        self._write([Change(REMOVED, key) for key in keys if 0 <= key < _KEYS])
        return before - len(self)

    def search(self, digest: bytes, radius: int = LARGEST_RADIUS) -> list[Hit]:
        """Return every key that has a hash within `radius`, nearest first, each once. Raises `ValueError`."""
        if not 0 <= radius <= LARGEST_RADIUS:
            raise ValueError(f"a distance is 0 to {LARGEST_RADIUS}, not {radius}")
        if len(digest) != DIGEST_BYTES:
            raise ValueError(f"a hash has {DIGEST_BYTES} bytes, not {len(digest)}")
        code = codes_of(digest)[0]
        nearest: dict[int, int] = {}
        self._gather(code, radius, nearest, self._base.keys, None)
        self._gather(code, radius, nearest, self._fresh.keys, self._fresh)
        return [Hit(key, far) for far, key in sorted((far, key) for key, far in nearest.items())]

    def keys_between(self, low: int, high: int) -> list[int]:
        """Return the keys in force from `low` to below `high`, each once."""
        first, last = np.uint64(low), np.uint64(high - 1)  # 2^64 is no number of 64 bits
        base = self._base
        start, end = np.searchsorted(base.keys, first), np.searchsorted(base.keys, last, side="right")
        fresh = self._fresh.keys[: self._fresh.count]
        within = (fresh >= first) & (fresh <= last) & ~self._fresh.gone[: self._fresh.count]
        found = {*base.keys[start:end][~base.gone[start:end]].tolist(), *fresh[within].tolist()}
        return sorted(found)

    def fold(self) -> None:
        """Write a new base of all that is in force. Searches and other readers go on meanwhile."""
        self.refresh()
        kept, fresh = ~self._base.gone, ~self._fresh.gone[: self._fresh.count]
        keys = np.concatenate([self._base.keys[kept], self._fresh.keys[: self._fresh.count][fresh]])
        codes = np.concatenate([self._base.codes[kept], self._fresh.codes[: self._fresh.count][fresh]])
        self.rebuild(keys, codes)

    def rebuild(self, keys: NDArray[np.uint64], codes: Codes) -> None:
        """Put these hashes in the place of everything."""
        before, generation = self._generation, self._generation + 1
        shutil.rmtree(self._base_folder(generation), ignore_errors=True)
        bases.create(self._base_folder(generation), keys, codes)
        write_whole(self.folder / "manifest.json", msgspec.json.encode(_Manifest(generation)))
        self.refresh()
        for old in range(max(0, before - 1), before):  # readers may still map the one before
            shutil.rmtree(self._base_folder(old), ignore_errors=True)
            (self.folder / f"journal-{old}.log").unlink(missing_ok=True)

    def drop_old(self) -> None:
        """Delete what earlier bases and journals left, which may hold hashes that were taken away since.

        A reader that has one mapped keeps it in memory, until it refreshes; Windows keeps such a file.
        """
        for path in self.folder.iterdir():
            name = path.name
            if name.startswith("base-") and path != self._base_folder(self._generation):
                shutil.rmtree(path, ignore_errors=True)
            elif name.startswith("journal-") and path != self._journal_path():
                with suppress(OSError):
                    path.unlink()

    def _gather(
        self,
        code: Codes,
        radius: int,
        nearest: dict[int, int],
        keys: NDArray[np.uint64],
        fresh: _Fresh | None,
    ) -> None:
        while True:
            if fresh is None:
                found = self._base.search(code, radius, self._rows, self._far)
            else:
                found = search_all(code, radius, fresh.codes, fresh.count, fresh.gone, self._rows, self._far)
            if found >= 0:
                break
            self._rows, self._far = (np.empty(4 * len(self._rows), np.int64) for _ in range(2))
        for row, far in zip(self._rows[:found].tolist(), self._far[:found].tolist(), strict=True):
            key = int(keys[row])
            if far < nearest.get(key, radius + 1):
                nearest[key] = far

    def _write(self, changes: Sequence[Change]) -> None:
        self.refresh()
        self._end = journal.write(self._journal_path(), changes, self._end)
        for change in changes:
            self._apply(change)

    def _apply(self, change: Change) -> None:
        if change.kind == ADDED:
            self._fresh.add(change.key, change.digest)
        else:
            self._removed += self._base.remove(change.key) + self._fresh.remove(change.key)

    def _manifest(self) -> _Manifest:
        try:
            return msgspec.json.decode((self.folder / "manifest.json").read_bytes(), type=_Manifest)
        except FileNotFoundError:
            return _Manifest()

    def _base_folder(self, generation: int) -> Path:
        return self.folder / f"base-{generation}"

    def _journal_path(self) -> Path:
        return self.folder / f"journal-{self._generation}.log"

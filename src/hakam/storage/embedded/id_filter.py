"""Bloom filters over the events in the log: most events are new, and for those no index need be asked.

"Certainly new" or "perhaps there": it never says new of what was added. Two bits an event, since each costs time; at 16
bits of room for each, one new event in 70 is looked up in vain. When a filter is full, a four times larger one is
begun, and both are asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from struct import Struct
from zlib import crc32

from hakam.storage.embedded.durable import write_whole

_ROOM = 16  # bits for each event
_LEAST, _MOST = 1 << 26, 1 << 30  # bits: 8 MB to 128 MB
_GROWTH = 4
_BIT = (1, 2, 4, 8, 16, 32, 64, 128)
_TOP = Struct("<8sQQI")  # magic, events in it, the log's number up to which all are in, checksum of the bits
_MAGIC = b"HKFILT01"


class IdFilter:
    """One filter. Keys are uniformly random 64-bit numbers, so that their halves serve as the two hashes."""

    def __init__(self, size: int, bits: bytearray | None = None, count: int = 0) -> None:
        self.size = size
        self.count = count
        self.saved_count = count
        self._bits = bytearray(size // 8) if bits is None else bits

    @property
    def full(self) -> bool:
        """Whether more would make it useless."""
        return self.count >= self.size // _ROOM

    def add(self, keys: bytes) -> None:
        """Remember keys, each 8 bytes, little endian."""
        import numpy as np  # noqa: PLC0415 -- for the one process that writes, not for all that read

        bits, mask = np.frombuffer(self._bits, np.uint8), np.uint64(self.size - 1)
        numbers = np.frombuffer(keys, "<u8")
        for half in (numbers & mask, numbers >> np.uint64(32) & mask):
            bit = np.left_shift(np.uint8(1), (half & np.uint64(7)).astype(np.uint8))
            np.bitwise_or.at(bits, (half >> np.uint64(3)).astype(np.intp), bit)
        self.count += numbers.size

    def perhaps(self, keys: Sequence[int]) -> list[int]:
        """Return those that may have been added."""
        bits, mask = self._bits, self.size - 1
        return [
            key
            for key in keys
            if bits[(key & mask) >> 3] & _BIT[key & 7] and bits[(key >> 32 & mask) >> 3] & _BIT[key >> 32 & 7]
        ]

    def save(self, path: Path, covered: int) -> None:
        """Write it to a file, complete up to the log's number `covered`."""
        count, bits = self.count, bytes(self._bits)
        write_whole(path, _TOP.pack(_MAGIC, count, covered, crc32(bits)) + bits)
        self.saved_count = count

    @classmethod
    def load(cls, path: Path) -> tuple[IdFilter, int] | None:
        """Read one from a file, with the number up to which it is complete; `None` if there is none that is whole."""
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        bits = bytearray(memoryview(data)[_TOP.size :])
        size = len(bits) * 8
        if not bits or size & (size - 1):
            return None
        magic, count, covered, checksum = _TOP.unpack_from(data)
        if magic != _MAGIC or crc32(bits) != checksum:
            return None
        return cls(size, bits, count), covered


class KnownIds:
    """The filters of a log, kept in `folder` as `ids-0.filter` and so on. Only the last one is added to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.filters = [IdFilter(_LEAST)]
        self.covered = 0  # the log's number up to which what is saved is complete

    def load(self, newest: int) -> None:
        """Read what was saved. What lies beyond `newest`, or was saved in part, is not trusted."""
        filters: list[IdFilter] = []
        covered = 0
        while (found := IdFilter.load(self._path(len(filters)))) is not None:
            filters.append(found[0])
            covered = found[1]
        if filters and covered <= newest:
            self.filters, self.covered = filters, covered

    def add(self, keys: bytes) -> None:
        """Remember keys, each 8 bytes, little endian. A few thousand take a fraction of a millisecond."""
        if self.filters[-1].full:
            self.filters.append(IdFilter(min(self.filters[-1].size * _GROWTH, _MOST)))
        self.filters[-1].add(keys)

    def perhaps(self, keys: Sequence[int]) -> set[int]:
        """Return those that may have been added."""
        return {key for one in self.filters for key in one.perhaps(keys)}

    def save(self, covered: int) -> None:
        """Write what is new to disk, complete up to the log's number `covered`."""
        for number, one in enumerate(self.filters):
            if (
                one.saved_count != one.count
            ):  # should the next file not follow, this one must not speak for it
                one.save(self._path(number), covered if one is self.filters[-1] else self.covered)
        self.covered = covered

    def _path(self, number: int) -> Path:
        return self._folder / f"ids-{number}.filter"

    def forget(self) -> None:
        """Throw away what was saved."""
        number = 0
        while (path := self._path(number)).exists():
            path.unlink()
            number += 1

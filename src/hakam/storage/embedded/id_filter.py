"""A Bloom filter over the digests in the log: most events are new, and for those no index need be asked.

"Certainly new" or "perhaps there": it never says new of a digest that was added. Four bits a digest; at 16 bits of room
for each, one new event in 400 is looked up in vain.
"""

from __future__ import annotations

_ROOM = 16  # bits for each digest
_LEAST, _MOST = 1 << 26, 1 << 30  # bits: 8 MB to 128 MB


class IdFilter:
    """Digests are 16 uniformly random bytes, so that their halves serve as the two hashes."""

    def __init__(self, expected: int) -> None:
        size = _LEAST
        while size < expected * _ROOM and size < _MOST:
            size *= 2
        self._mask = size - 1
        self._bits = bytearray(size // 8)

    def add(self, digest: bytes) -> None:
        """Remember a digest."""
        bits, mask = self._bits, self._mask
        place = int.from_bytes(digest[:8], "little")
        step = int.from_bytes(digest[8:], "little") | 1
        for _ in range(4):
            at = place & mask
            bits[at >> 3] |= 1 << (at & 7)
            place += step

    def perhaps(self, digest: bytes) -> bool:
        """Whether the digest may have been added."""
        bits, mask = self._bits, self._mask
        place = int.from_bytes(digest[:8], "little")
        step = int.from_bytes(digest[8:], "little") | 1
        for _ in range(4):
            at = place & mask
            if not bits[at >> 3] & (1 << (at & 7)):
                return False
            place += step
        return True

"""The tables of a base: why no neighbour can be missed, and how they are built.

The 256 bits are cut into chunks, each with a number of bits that may differ in it. If the allowances plus one add up
to more than the radius, then of two hashes within the radius at least one chunk differs by no more than its allowance
(otherwise the differences would exceed the radius). So looking up every value of every chunk within its allowance
finds all neighbours: exact, not approximate. (Norouzi, Punjani, Fleet: "Fast exact search in Hamming space with
multi-index hashing", 2014; the uneven allowances are the standard refinement.)
"""

from __future__ import annotations

from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hakam.storage.hash_index.kernels import count_values, place_values

BITS = 256
WORDS = BITS // 64
LARGEST_RADIUS = 31
_SMALL, _MIDDLE = 60_000, 3_000_000  # hashes up to which fewer bits a chunk are better

Codes = NDArray[np.uint64]  # (n, 4)


class Layout(NamedTuple):
    """How hashes are cut: chunk `i` has `widths[i]` bits from bit `starts[i]`, of which `allowances[i]` may differ."""

    widths: tuple[int, ...]
    allowances: tuple[int, ...]

    @property
    def starts(self) -> tuple[int, ...]:
        """Return the first bit of each chunk."""
        return tuple(sum(self.widths[:place]) for place in range(len(self.widths)))

    @property
    def exact_up_to(self) -> int:
        """Return the largest distance at which no neighbour can be missed."""
        return sum(allowance + 1 for allowance in self.allowances) - 1


def layout_for(count: int) -> Layout:
    """Return how to cut `count` hashes: the more there are, the wider the chunks, so that few share a value."""
    if count <= _SMALL:
        return Layout((16,) * 16, (1,) * 16)
    if count <= _MIDDLE:
        return Layout((20,) * 9 + (19,) * 4, (2,) * 6 + (1,) * 7)
    return Layout((24,) * 3 + (23,) * 8, (2,) * 10 + (1,))


def masks_of(layout: Layout) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the changes to look up, all chunks' in one array, and where each chunk's begin (one more at the end)."""
    masks: list[int] = []
    begins = [0]
    for width, allowance in zip(layout.widths, layout.allowances, strict=True):
        for flips in range(allowance + 1):
            masks += [sum(1 << bit for bit in bits) for bits in combinations(range(width), flips)]
        begins.append(len(masks))
    return np.array(masks, np.uint32), np.array(begins, np.int64)


class Tables(NamedTuple):
    """For each chunk, the numbers of the hashes by their value: `postings[i][offsets[v] : offsets[v + 1]]`.

    `offsets` holds all chunks' one after the other; chunk `i` begins at `begins[i]`.
    """

    offsets: NDArray[np.uint32]
    begins: NDArray[np.int64]
    postings: NDArray[np.uint32]  # (chunks, n)


def begins_of(layout: Layout) -> NDArray[np.int64]:
    """Return where each chunk's offsets begin."""
    return np.cumsum([0, *((1 << width) + 1 for width in layout.widths)]).astype(np.int64)


def build(codes: Codes, layout: Layout) -> Tables:
    """Sort hashes into tables."""
    begins = begins_of(layout)
    offsets = np.zeros(int(begins[-1]), np.uint32)
    postings = np.empty((len(layout.widths), len(codes)), np.uint32)
    for place, (start, width) in enumerate(zip(layout.starts, layout.widths, strict=True)):
        part = offsets[begins[place] : begins[place + 1]]
        count_values(codes, start, width, part)
        np.cumsum(part, out=part)
        place_values(codes, start, width, part[:-1].copy(), postings[place])
    return Tables(offsets, begins, postings)


def codes_of(digests: Any) -> Codes:
    """Return digests (bytes of 32 each, joined or in a sequence) as rows of four words."""
    joined = digests if isinstance(digests, bytes | bytearray | memoryview) else b"".join(digests)
    return np.frombuffer(joined, np.uint64).reshape(-1, WORDS)

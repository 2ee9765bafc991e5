"""A binary fuse filter: "surely not in the set" or "perhaps", in about nine bits an entry.

After Graf and Lemire, "Binary Fuse Filters: Fast and Smaller Than Xor Filters" (2022): three places an entry, in three
segments that follow each other, eight bits of fingerprint, hence one false "perhaps" in 256. Built by NumPy in whole
rounds: all entries that are alone in one of their places leave together.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]

_LEAST_SEGMENT: Final = 4
_MOST_SEGMENT: Final = 18  # log2: the reading needs two offsets of 18 bits


class FuseError(Exception):
    """These hashes can't be laid out; others of the same entries (another salt) can."""


class Shape(NamedTuple):
    """How a filter is divided. All lengths are in places, which are bytes."""

    segment: int  # length of a segment, a power of two
    spread: int  # length of all segments in which an entry's first place can lie

    @property
    def places(self) -> int:
        """How many bytes the filter has."""
        return self.spread + 2 * self.segment


def shape_of(entries: int) -> Shape:
    """Return the shape for so many entries."""
    if entries <= 1:
        return Shape(_LEAST_SEGMENT, _LEAST_SEGMENT)
    power = math.floor(math.log(entries) / math.log(3.33) + 2.25)
    segment = 1 << max(2, min(power, _MOST_SEGMENT))
    factor = max(1.125, 0.875 + 0.25 * math.log(1_000_000) / math.log(entries))
    segments = max(1, math.ceil(entries * factor / segment) - 2)
    return Shape(segment, segments * segment)


def places(hashes: Hashes, shape: Shape) -> tuple[Places, Places, Places]:
    """Return the three places of each hash."""
    spread = np.uint64(shape.spread)
    low, high = hashes & np.uint64(0xFFFFFFFF), hashes >> np.uint64(32)
    first = (high * spread + ((low * spread) >> np.uint64(32))) >> np.uint64(32)  # (hash * spread) >> 64
    mask, step = np.uint64(shape.segment - 1), np.uint64(shape.segment)
    second = (first + step) ^ ((hashes >> np.uint64(18)) & mask)
    third = (first + step + step) ^ (hashes & mask)
    return first.astype(np.int64), second.astype(np.int64), third.astype(np.int64)


def fingerprints(hashes: Hashes) -> NDArray[np.uint8]:
    """Return the eight bits that stand for each hash."""
    return ((hashes ^ (hashes >> np.uint64(32))) & np.uint64(0xFF)).astype(np.uint8)


def build(hashes: Hashes) -> tuple[Shape, bytes]:
    """Return the filter of different hashes. Raises `FuseError` where their entries need another salt."""
    shape = shape_of(len(hashes))
    spots = places(hashes, shape)
    count = np.zeros(shape.places, np.uint8)
    held = np.zeros(shape.places, np.uint32)  # the exclusive or of the numbers of all entries of a place
    numbers = np.arange(len(hashes), dtype=np.uint32)
    full = np.zeros(shape.places, np.int64)
    for spot in spots:
        full += np.bincount(spot, minlength=shape.places)
        np.bitwise_xor.at(held, spot, numbers)
    if full.max(initial=0) > np.iinfo(np.uint8).max:
        raise FuseError("too many hashes share a place")
    count[:] = full
    del full
    rounds = _peel(count, held, spots)
    if sum(len(who) for who, _ in rounds) != len(hashes):
        raise FuseError("some entries are alone nowhere")
    marks, table = fingerprints(hashes), np.zeros(shape.places, np.uint8)
    for who, alone in reversed(rounds):
        rest = table[spots[0][who]] ^ table[spots[1][who]] ^ table[spots[2][who]]
        table[alone] = marks[who] ^ rest  # the place itself is still zero
    return shape, table.tobytes()


def _peel(
    count: NDArray[np.uint8], held: NDArray[np.uint32], spots: tuple[Places, Places, Places]
) -> list[tuple[NDArray[np.uint32], Places]]:
    """Take out all entries that are alone somewhere, again and again; return each round's entries and places."""
    rounds = []
    alone = np.flatnonzero(count == 1)
    while len(alone):
        who, first = np.unique(held[alone], return_index=True)
        rounds.append((who, alone[first]))
        touched = [spot[who] for spot in spots]
        for spot in touched:
            np.subtract.at(count, spot, 1)
            np.bitwise_xor.at(held, spot, who)
        near = np.concatenate(touched)
        alone = np.unique(near[count[near] == 1])
    return rounds


def perhaps(table: NDArray[np.uint8], shape: Shape, hashes: Hashes) -> NDArray[np.bool_]:
    """Say of many hashes at once whether each is perhaps in the set. False is certain."""
    first, second, third = places(hashes, shape)
    answer: NDArray[np.bool_] = (table[first] ^ table[second] ^ table[third]) == fingerprints(hashes)
    return answer

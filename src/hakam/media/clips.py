"""Clips as banks keep them and as they are looked for: the PDQ of their frames, each with its time (vPDQ).

A known clip is sampled four times a second and each new frame kept under what people do to a picture; one that arrives
is sampled twice a second. So copies are found that were re-timed, mirrored, cropped from all sides, framed, cut, or put
between other footage: some frames are near, and in both clips they are more than chance.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hakam.media import variants
from hakam.media.long_hashes import Frame
from hakam.media.pdq import DISTANCE, GOOD_QUALITY, distance
from hakam.media.picture import Luma8

BANK_RATE = 4.0  # frames a second
QUERY_RATE = 2.0
STILL = 6  # bits within which a frame says nothing beyond the one kept before it
LEAST_FRAMES = 4  # of an arriving clip that must be near: two seconds
SHARE = 0.8  # or this part of either clip's frames, for short ones: what vPDQ asks for
_WORDS = 4


class Near(NamedTuple):
    """Where a frame of an arriving clip is near to one of a known clip."""

    seen: float  # seconds
    known: float  # seconds
    bits: int


class Alike(NamedTuple):
    """How a known clip lies in one that arrived: `near`, in the order of time, and how many frames were compared."""

    near: tuple[Near, ...]
    frames: int


def of_bank(frames: Iterable[tuple[float, Luma8]]) -> Iterator[Frame]:
    """Yield the hashes under which a bank keeps a clip; `plain` ones are what exchanges call vPDQ.

    Frames that repeat the one before, and those without structure, are left out.
    """
    last: bytes | None = None
    for seconds, luma in frames:
        made = variants.of_bank(luma)
        if not made or (last is not None and distance(made[0].hash.digest, last) <= STILL):
            continue
        last = made[0].hash.digest
        yield from (
            Frame(one.hash.digest, one.hash.quality, seconds, plain=not number)
            for number, one in enumerate(made)
        )


def of_query(frames: Iterable[tuple[float, Luma8]]) -> Iterator[Frame]:
    """Yield the hashes under which an arriving clip is looked for: each frame as it is, and without its border."""
    for seconds, luma in frames:
        for number, one in enumerate(variants.of_query(luma, turned=False)):
            if one.hash.good:
                yield Frame(one.hash.digest, one.hash.quality, seconds, plain=not number)


def alike(near: Sequence[Near], seen: int, known: int) -> Alike | None:
    """Return how a known clip lies in one that arrived, or None.

    `near`: each pair of moments whose frames are near, in any order; `seen` and `known`: at how many moments either
    clip has a frame with structure. Frames count in the order in which they stand in both clips, forwards or backwards:
    what is near here and there by chance, or by a title that returns, is in no order.
    """
    if not seen or not known:
        return None
    chain = max(_in_order(near), _in_order(near, backwards=True), key=len)
    places = len({one.known for one in chain})
    enough = len(chain) >= LEAST_FRAMES and places > 1
    if not enough and max(len(chain) / seen, places / known) < SHARE:
        return None
    return Alike(tuple(chain), seen)


def _in_order(near: Sequence[Near], *, backwards: bool = False) -> list[Near]:
    """Return the longest run of pairs in which time goes on in both clips; a known moment may be seen for a while."""
    sign = -1 if backwards else 1
    best: dict[tuple[float, float], Near] = {}
    for one in near:
        there = best.get(one[:2])
        if there is None or one.bits < there.bits:
            best[one[:2]] = one
    # Of one moment that is seen, the latest known comes first: none of its others can go on from it.
    ordered = sorted(best.values(), key=lambda one: (one.seen, -sign * one.known))
    ends: list[float] = []  # the least last moment of a run of each length
    last: list[int] = []  # the pair that it ends with
    before: list[int] = []
    for number, one in enumerate(ordered):
        place = bisect_right(ends, sign * one.known)
        before.append(last[place - 1] if place else -1)
        ends[place : place + 1] = [sign * one.known]
        last[place : place + 1] = [number]
    found: list[Near] = []
    at = last[-1] if last else -1
    while at >= 0:
        found.append(ordered[at])
        at = before[at]
    return found[::-1]


class KnownClip:
    """A clip by itself, ready to be compared: what banks do with an index of all their clips."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        good = [frame for frame in frames if frame.quality >= GOOD_QUALITY]
        self._codes = _codes(good)
        self._seconds = np.array([frame.seconds for frame in good], np.float32)
        self._moments = len(np.unique(self._seconds))

    def compare(self, seen: Sequence[Frame], radius: int = DISTANCE) -> Alike | None:
        """Return how this clip lies in one that arrived, or None. Frames without structure count for nothing."""
        good = [frame for frame in seen if frame.quality >= GOOD_QUALITY]
        if not good or not len(self._codes):
            return None
        near = [
            Near(frame.seconds, *found)
            for frame, code in zip(good, _codes(good), strict=True)
            for found in self._near(code, radius)
        ]
        return alike(near, len({frame.seconds for frame in good}), self._moments)

    def _near(self, code: NDArray[np.uint64], radius: int) -> list[tuple[float, int]]:
        half = np.bitwise_count(self._codes[:, :2] ^ code[:2]).sum(axis=1)
        places = np.flatnonzero(
            half <= radius
        )  # of unrelated hashes, half of the bits lets one in 10^8 through
        bits = half[places] + np.bitwise_count(self._codes[places, 2:] ^ code[2:]).sum(axis=1)
        near = bits <= radius
        return list(zip(self._seconds[places[near]].tolist(), bits[near].tolist(), strict=True))


def _codes(frames: Sequence[Frame]) -> NDArray[np.uint64]:
    return np.frombuffer(b"".join(frame.digest for frame in frames), np.uint64).reshape(-1, _WORDS)

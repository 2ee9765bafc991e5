"""Clips as banks keep them and as they are looked for: the PDQ of their frames, each with its time (vPDQ).

A known clip is sampled four times a second and each new frame kept under what people do to a picture; one that arrives
is sampled twice a second. So copies are found that were re-timed, mirrored, cropped from all sides, framed, cut, or put
between other footage: some frames are near, and in both clips they are more than chance.
"""

from __future__ import annotations

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


class KnownClip:
    """A clip of a bank, ready to be compared."""

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
        nearest: dict[float, Near] = {}
        for frame, code in zip(good, _codes(good), strict=True):
            found = self._nearest(code, radius)
            before = nearest.get(frame.seconds)
            if found is not None and (before is None or found[1] < before.bits):
                nearest[frame.seconds] = Near(frame.seconds, *found)
        moments = len({frame.seconds for frame in good})
        known = len({near.known for near in nearest.values()})
        enough = len(nearest) >= LEAST_FRAMES and known > 1
        if not enough and max(len(nearest) / moments, known / self._moments) < SHARE:
            return None
        return Alike(tuple(nearest[at] for at in sorted(nearest)), moments)

    def _nearest(self, code: NDArray[np.uint64], radius: int) -> tuple[float, int] | None:
        half = np.bitwise_count(self._codes[:, :2] ^ code[:2]).sum(axis=1)
        places = np.flatnonzero(
            half <= radius
        )  # of unrelated hashes, half of the bits lets one in 10^8 through
        if not len(places):
            return None
        bits = half[places] + np.bitwise_count(self._codes[places, 2:] ^ code[2:]).sum(axis=1)
        best = int(np.argmin(bits))
        return (float(self._seconds[places[best]]), int(bits[best])) if bits[best] <= radius else None


def _codes(frames: Sequence[Frame]) -> NDArray[np.uint64]:
    return np.frombuffer(b"".join(frame.digest for frame in frames), np.uint64).reshape(-1, _WORDS)

"""PDQ, the perceptual hash of pictures that exchanges speak: 256 bits, and a quality from 0 to 100.

Written from the published description (D. Davis and others, "The TMK+PDQF video-hashing algorithm and the PDQ
image-hashing algorithm", 2019): luma, two box filters in each direction, 64 x 64 samples, the 16 x 16 lowest
frequencies of its cosine transform without the constant, each compared with their median.

Filtering and sampling are linear and act on rows and columns alone. So both are one banded matrix a direction, which
depends only on the number of pixels, and the whole of PDQ is three matrix products: no pixel is filtered that is not
sampled.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Luma = NDArray[Any]  # (height, width), uint8 or float32, 0 to 255
Weights = tuple[
    NDArray[np.intp], Floats
]  # for each of the 64 samples: where its first value is, and the weights from there

SIDE = 64  # samples in each direction
FREQUENCIES = 16  # kept in each direction
BITS = FREQUENCIES * FREQUENCIES
HEX_DIGITS = BITS // 4
GOOD_QUALITY = 50  # below this a picture has too little structure for its hash to mean anything
DISTANCE = 31  # bits that may differ in two copies of one picture, by the convention of the exchanges
_LEAST_SIDE = 5  # pixels; smaller pictures have no hash


class Pdq(NamedTuple):
    """A hash. `digest` has 32 bytes, most significant bit first, as its 64 hex digits are written."""

    digest: bytes
    quality: int  # 0 to 100

    @property
    def hex(self) -> str:
        """The 64 hex digits that exchanges use."""
        return self.digest.hex()

    @property
    def good(self) -> bool:
        """Whether a match of this hash means anything."""
        return self.quality >= GOOD_QUALITY


NO_HASH = Pdq(bytes(BITS // 8), 0)


def distance(left: bytes, right: bytes) -> int:
    """Return how many bits of two digests differ, 0 to 256."""
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).bit_count()


def pdq(luma: Luma) -> Pdq:
    """Return the hash of a picture's luma. One too small for a hash has quality 0."""
    if min(luma.shape) < _LEAST_SIDE:
        return NO_HASH
    return hash_of(sample(luma))


def hash_of(samples: Floats) -> Pdq:
    """Return the hash of 64 x 64 smoothed samples, 0 to 255."""
    return Pdq(_digest(_transform(samples)), quality(samples))


def orientations(luma: Luma) -> tuple[Pdq, ...]:
    """Return the hashes of the eight orientations of a picture: itself, mirrored, upside down, both, then on its side.

    A turned picture's frequencies are those of the picture with other signs; but its samples fall between other
    pixels, which would cost half of the radius. So each flip is sampled anew; laying one on its side swaps axes, which
    costs nothing.
    """
    if min(luma.shape) < _LEAST_SIDE:
        return (NO_HASH,) * 8
    flips = (luma, luma[:, ::-1], luma[::-1], luma[::-1, ::-1])
    samples = [sample(np.ascontiguousarray(flip)) for flip in flips]
    frequencies = [_transform(values) for values in samples]
    good = [quality(values) for values in samples]
    upright = [Pdq(_digest(values), q) for values, q in zip(frequencies, good, strict=True)]
    aside = [Pdq(_digest(values.T), q) for values, q in zip(frequencies, good, strict=True)]
    return (*upright, *aside)


def sample(luma: Luma) -> Floats:
    """Return the 64 x 64 smoothed samples, 0 to 255."""
    height, width = luma.shape
    return sampled(luma, weights_of_pixels(height), weights_of_pixels(width))


def sampled(values: NDArray[Any], down: Weights, across: Weights) -> Floats:
    """Return 64 x 64 weighted sums of a table of numbers, weighted down its columns and across its rows."""
    rows = np.zeros((SIDE, values.shape[1]), np.float32)
    _weigh_rows(values, *down, rows)
    samples = np.empty((SIDE, SIDE), np.float32)
    _weigh_columns(rows, *across, samples)
    return samples


@njit(cache=True, fastmath=True)
def _weigh_rows(luma: Luma, starts: NDArray[np.intp], weights: Floats, out: Floats) -> None:
    for place in range(SIDE):
        for step in range(weights.shape[1]):
            weight = weights[place, step]
            if weight != 0:
                row = luma[starts[place] + step]
                for across in range(row.shape[0]):
                    out[place, across] += weight * np.float32(row[across])


@njit(cache=True, fastmath=True)
def _weigh_columns(rows: Floats, starts: NDArray[np.intp], weights: Floats, out: Floats) -> None:
    for line in range(SIDE):
        for place in range(SIDE):
            total = np.float32(0)
            for step in range(weights.shape[1]):
                weight = weights[place, step]
                if weight != 0:
                    total += weight * rows[line, starts[place] + step]
            out[line, place] = total


def quality(samples: Floats) -> int:
    """Return 0 to 100: how much the picture varies from sample to sample."""
    down = np.abs(((samples[:-1] - samples[1:]) * 100 / 255).astype(np.int32)).sum()
    across = np.abs(((samples[:, :-1] - samples[:, 1:]) * 100 / 255).astype(np.int32)).sum()
    return min(100, int((down + across) // 90))


def _transform(samples: Floats) -> Floats:
    cosines = _cosines()
    spectrum: Floats = (cosines @ samples @ cosines.T).astype(np.float32, copy=False)
    return spectrum


def _digest(frequencies: Floats) -> bytes:
    flat = frequencies.ravel()
    middle = np.partition(flat, BITS // 2 - 1)[BITS // 2 - 1]  # the lower of the two in the middle
    bits = flat > middle
    return np.packbits(bits[::-1]).tobytes()


@lru_cache(maxsize=1)
def _cosines() -> Floats:
    frequency = np.arange(1, FREQUENCIES + 1)[:, None]
    place = np.arange(SIDE)[None, :]
    table: Floats = (np.sqrt(2 / SIDE) * np.cos(np.pi / 2 / SIDE * frequency * (2 * place + 1))).astype(
        np.float32
    )
    return table


@lru_cache(maxsize=256)
def weights_of_pixels(size: int) -> Weights:
    """Return, for a direction of `size` pixels, where each of the 64 samples starts and how it weighs its pixels."""
    window = (size + 2 * SIDE - 1) // (2 * SIDE)
    ahead = (window + 2) // 2 - 1
    behind = window - ahead - 1
    centres = ((np.arange(SIDE) + 0.5) * size / SIDE).astype(np.intp)
    starts = np.maximum(centres - 2 * behind, 0)
    ends = np.minimum(centres + 2 * ahead + 1, size)
    reach = int((ends - starts).max())
    weights = np.zeros((SIDE, reach), np.float64)
    for place, centre in enumerate(centres):
        outer = range(max(centre - behind, 0), min(centre + ahead + 1, size))
        for step in outer:
            low, high = max(step - behind, 0), min(step + ahead + 1, size)
            start = starts[place]
            weights[place, low - start : high - start] += 1 / len(outer) / (high - low)
    return starts, weights.astype(np.float32)

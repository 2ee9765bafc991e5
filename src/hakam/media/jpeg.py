"""PDQ of a JPEG without making its pixels: from the lowest frequencies of its blocks.

A sample of PDQ is a weighted sum of pixels, and a pixel one of the frequencies of its block. So a sample is a weighted
sum of frequencies, and the weights of the higher ones are next to nothing: PDQ averages over more than a block. Three
of 64 are enough for a picture of 512 pixels and more, six for the hash that all its pixels give.

Only what such a short way can read: baseline and progressive files with 8 bits of luma and chroma, as cameras,
telephones and most programs write. For everything else (`None`) there is `picture.luma`.
"""

from __future__ import annotations

import struct
from functools import lru_cache

import numpy as np

from hakam.media import jpeg_progressive, jpeg_scan
from hakam.media.jpeg_head import BLOCK, END, Component, Told, UnfitError, before_data
from hakam.media.pdq import Floats, Pdq, Weights, hash_of, sampled, weights_of_pixels

EXACT = 6  # frequencies kept for the hash that all pixels give, but for a bit or two
REDUCED = 3  # for one some bits away
LEAST_SIDE = 512  # pixels of the shorter side; below, PDQ averages over less than a block
_WIDE = 1_200  # pixels of the shorter side from which three frequencies are as good as six
_SIDE = {1: 1, 3: 2, 6: 3}  # frequencies kept: how far they go in each direction
_LEVEL = 128.0  # T.81, A.3.1: what is taken from each pixel before the transform
_MOST_STRETCHES = 65_536
_FLIPS = {
    1: (0, 0, 0),
    2: (0, 1, 0),
    3: (1, 1, 0),
    4: (1, 0, 0),
    5: (0, 0, 1),
    6: (1, 0, 1),
    7: (1, 1, 1),
    8: (0, 1, 1),
}
"""EXIF's orientations: whether rows run upwards, whether columns run leftwards, whether the two are swapped then."""


def pdq_of_jpeg(data: bytes, most_pixels: int, *, kept: int | None = None) -> Pdq | None:
    """Return the hash of a JPEG, turned as its EXIF says; None for a file that takes the long way.

    `kept`: `EXACT` or `REDUCED`; without it, what the size of the picture needs to come near the hash of all pixels.
    """
    try:
        told, scan, start = before_data(data)
        height, width = told.size
        if min(told.size) < LEAST_SIDE or height * width > most_pixels:
            return None
        kept = kept or (EXACT if min(told.size) < _WIDE else REDUCED)
        read = jpeg_progressive.frequencies if told.progressive else _frequencies
        frequencies = read(data, told, scan, start, kept=kept, side=_SIDE[kept])
    except (UnfitError, IndexError, struct.error):
        return None
    upwards, leftwards, swapped = _FLIPS[told.orientation]
    side = _SIDE[kept]
    down, across = _weights(height, side, bool(upwards)), _weights(width, side, bool(leftwards))
    samples = sampled(frequencies, down, across) + np.float32(_LEVEL)
    return hash_of(np.ascontiguousarray(samples.T) if swapped else samples)


@lru_cache(maxsize=512)
def _weights(size: int, side: int, backwards: bool) -> Weights:
    """Return how each sample weighs the frequencies of a line of blocks of `size` pixels."""
    starts, weights = weights_of_pixels(size)
    if backwards:
        starts, weights = size - starts - weights.shape[1], weights[:, ::-1]
    frequency, place = np.arange(side)[:, None], np.arange(BLOCK)[None, :]
    basis = np.cos((2 * place + 1) * frequency * np.pi / (2 * BLOCK)) / 2
    basis[0] /= np.sqrt(2)
    lines = np.zeros((len(starts), -(-size // BLOCK), side))
    for number, start in enumerate(starts):
        for step, weight in enumerate(weights[number]):
            if weight:
                line = start + step
                lines[number, line // BLOCK] += weight * basis[:, line % BLOCK]
    used = np.asarray(lines.any(axis=2))
    first = used.argmax(axis=1)
    reach = int((used.shape[1] - used[:, ::-1].argmax(axis=1) - first).max())
    first = np.minimum(first, used.shape[1] - reach)
    packed = np.stack([lines[n, at : at + reach].ravel() for n, at in enumerate(first)])
    return (first * side).astype(np.intp), packed.astype(np.float32)


def _frequencies(data: bytes, told: Told, scan: bytes, start: int, *, kept: int, side: int) -> Floats:
    """Return the kept frequencies of every block, a square for each. Raises `UnfitError`."""
    codes = _chosen(scan, told.components, told.codes)
    luma = told.components[0]
    down, across = (
        -(-edge // (BLOCK * factor)) for edge, factor in zip(told.size, (luma.down, luma.across), strict=True)
    )
    row = across * luma.across * side
    out = np.zeros(down * luma.down * side * row + 1, np.float32)
    stream = np.frombuffer(data, np.uint8)
    packed = np.empty(len(data) - start + jpeg_scan.MARGIN, np.uint8)
    ends = np.zeros(1 if not told.interval else _MOST_STRETCHES, np.int64)
    stretches, marker, size = jpeg_scan.unstuffed(stream, start, packed, ends)
    if not stretches or marker != END:
        raise UnfitError
    packed[size : size + jpeg_scan.MARGIN] = 0
    single, several, longer, symbols = _tables(codes)
    blocks = [n for n, one in enumerate(told.components) for _ in range(one.across * one.down)]
    sound = jpeg_scan.scan(
        packed,
        ends[:stretches],
        told.interval or across * down,
        np.array(blocks, np.int64),
        (luma.across, luma.down),
        (across, down),
        jpeg_scan.kept_places(kept, row),
        kept,
        row,
        side,
        told.quantum,
        out,
        single,
        several,
        longer,
        symbols,
    )
    if not sound:
        raise UnfitError
    return out[:-1].reshape(-1, row)


_Tables = tuple[jpeg_scan.Table, jpeg_scan.Table, jpeg_scan.Codes, jpeg_scan.Codes]


@lru_cache(maxsize=64)
def _tables(codes: tuple[tuple[bytes, bytes], ...]) -> _Tables:
    """Return the look-up tables of all components; most programs write the same few. Raises `UnfitError`."""
    single = np.zeros((len(codes), 2, 1 << jpeg_scan.LOOK), np.uint32)
    several = np.zeros((len(codes), 1 << jpeg_scan.LOOK), np.uint32)
    longer = np.zeros((len(codes), 2, 2, 17), np.int64)
    symbols = np.zeros((len(codes), 2, jpeg_scan.MOST_SYMBOLS), np.int64)
    for component, pair in enumerate(codes):
        for which, code in enumerate(pair):
            counted = np.frombuffer(code, np.uint8, 16).astype(np.int64)
            named = np.frombuffer(code, np.uint8, offset=16).astype(np.int64)
            possible, single[component, which], more, longer[component, which] = jpeg_scan.tables(
                counted, named
            )
            if not possible:
                raise UnfitError
            symbols[component, which, : len(named)] = named
            if which:
                several[component] = more
    return single, several, longer, symbols


def _chosen(
    body: bytes, components: tuple[Component, ...], codes: dict[int, bytes]
) -> tuple[tuple[bytes, bytes], ...]:
    """Return the codes of each component, of a scan that holds all of them and all frequencies."""
    if not components or body[0] != len(components) or len(body) != 4 + 2 * body[0]:
        raise UnfitError
    if body[-3:] != b"\x00\x3f\x00":
        raise UnfitError
    chosen = []
    for number, component in enumerate(components):
        if body[1 + 2 * number] != component.number:
            raise UnfitError
        named = body[2 + 2 * number]
        pair = codes.get(named >> 4), codes.get(0x10 | (named & 15))
        if pair[0] is None or pair[1] is None:
            raise UnfitError
        chosen.append((pair[0], pair[1]))
    return tuple(chosen)

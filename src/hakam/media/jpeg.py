"""PDQ of a JPEG without making its pixels: from the lowest frequencies of its blocks.

A sample of PDQ is a weighted sum of pixels, and a pixel one of the frequencies of its block. So a sample is a weighted
sum of frequencies, and the weights of the higher ones are next to nothing: PDQ averages over more than a block. Three
of 64 are enough for a picture of 512 pixels and more, six for the hash that all its pixels give.

Only what such a short way can read: baseline files with 8 bits of luma and chroma, as cameras, telephones and most
programs write. For everything else (`None`) there is `picture.luma`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL.Image import Exif

from hakam.media import jpeg_scan
from hakam.media.pdq import Floats, Pdq, Weights, hash_of, sampled, weights_of_pixels

EXACT = 6  # frequencies kept for the hash that all pixels give, but for a bit or two
REDUCED = 3  # for one some bits away
LEAST_SIDE = 512  # pixels of the shorter side; below, PDQ averages over less than a block
_WIDE = 1_200  # pixels of the shorter side from which three frequencies are as good as six
_SIDE = {1: 1, 3: 2, 6: 3}  # frequencies kept: how far they go in each direction
_BLOCK = 8
_MARK = 0xFF
_OWN_SIZE = 2  # bytes, which a segment counts as its own
_LEVEL = 128.0  # T.81, A.3.1: what is taken from each pixel before the transform
_MOST_BLOCKS = 10  # of an MCU, T.81, B.2.3
_MOST_SAMPLING = 4
_MOST_STRETCHES = 65_536
_EXIF = b"Exif\x00\x00"
_ADOBE = b"Adobe"
_ORIENTATION = 0x0112
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

_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SEQUENTIAL = frozenset({0xC0, 0xC1})
_HUFFMAN, _SCAN, _QUANTA, _RESTART, _APP1, _APP14, _END = 0xC4, 0xDA, 0xDB, 0xDD, 0xE1, 0xEE, 0xD9


class _Component(NamedTuple):
    number: int
    across: int  # blocks in an MCU
    down: int
    quanta: int


class _Head(NamedTuple):
    """All that a scan needs to know. `codes`: those of each component's DC and AC, counts and symbols in one."""

    height: int
    width: int
    components: tuple[_Component, ...]
    quanta: bytes  # of the luma, in zigzag order
    codes: tuple[tuple[bytes, bytes], ...]
    interval: int  # MCUs between restart markers, 0 for none
    orientation: int
    start: int  # of the data


class _UnfitError(Exception):
    """It can't be read in the short way."""


def pdq_of_jpeg(data: bytes, most_pixels: int, *, kept: int | None = None) -> Pdq | None:
    """Return the hash of a JPEG, turned as its EXIF says; None for a file that takes the long way.

    `kept`: `EXACT` or `REDUCED`; without it, what the size of the picture needs to come near the hash of all pixels.
    """
    try:
        head = _head(data)
        shorter = min(head.height, head.width)
        if shorter < LEAST_SIDE or head.height * head.width > most_pixels:
            return None
        kept = kept or (EXACT if shorter < _WIDE else REDUCED)
        frequencies = _frequencies(data, head, kept)
    except (_UnfitError, IndexError, struct.error):
        return None
    upwards, leftwards, swapped = _FLIPS[head.orientation]
    side = _SIDE[kept]
    down, across = _weights(head.height, side, bool(upwards)), _weights(head.width, side, bool(leftwards))
    samples = sampled(frequencies, down, across) + np.float32(_LEVEL)
    return hash_of(np.ascontiguousarray(samples.T) if swapped else samples)


@lru_cache(maxsize=512)
def _weights(size: int, side: int, backwards: bool) -> Weights:
    """Return how each sample weighs the frequencies of a line of blocks of `size` pixels."""
    starts, weights = weights_of_pixels(size)
    if backwards:
        starts, weights = size - starts - weights.shape[1], weights[:, ::-1]
    frequency, place = np.arange(side)[:, None], np.arange(_BLOCK)[None, :]
    basis = np.cos((2 * place + 1) * frequency * np.pi / (2 * _BLOCK)) / 2
    basis[0] /= np.sqrt(2)
    lines = np.zeros((len(starts), -(-size // _BLOCK), side))
    for number, start in enumerate(starts):
        for step, weight in enumerate(weights[number]):
            if weight:
                line = start + step
                lines[number, line // _BLOCK] += weight * basis[:, line % _BLOCK]
    used = np.asarray(lines.any(axis=2))
    first = used.argmax(axis=1)
    reach = int((used.shape[1] - used[:, ::-1].argmax(axis=1) - first).max())
    first = np.minimum(first, used.shape[1] - reach)
    packed = np.stack([lines[n, at : at + reach].ravel() for n, at in enumerate(first)])
    return (first * side).astype(np.intp), packed.astype(np.float32)


def _frequencies(data: bytes, head: _Head, kept: int) -> Floats:
    """Return the kept frequencies of every block, a square for each. Raises `_UnfitError`."""
    luma, side = head.components[0], _SIDE[kept]
    across, down = (
        -(-edge // (_BLOCK * factor))
        for edge, factor in ((head.width, luma.across), (head.height, luma.down))
    )
    row = across * luma.across * side
    out = np.zeros(down * luma.down * side * row + 1, np.float32)
    stream = np.frombuffer(data, np.uint8)
    packed = np.empty(len(data) - head.start + jpeg_scan.MARGIN, np.uint8)
    ends = np.zeros(1 if not head.interval else _MOST_STRETCHES, np.int64)
    stretches, marker, size = jpeg_scan.unstuffed(stream, head.start, packed, ends)
    if not stretches or marker != _END:
        raise _UnfitError
    packed[size : size + jpeg_scan.MARGIN] = 0
    single, several, longer, symbols = _tables(head.codes)
    quantum = np.zeros(80, np.float32)
    quantum[:64] = np.frombuffer(head.quanta, np.uint8)
    blocks = [n for n, one in enumerate(head.components) for _ in range(one.across * one.down)]
    sound = jpeg_scan.scan(
        packed,
        ends[:stretches],
        head.interval or across * down,
        np.array(blocks, np.int64),
        (luma.across, luma.down),
        (across, down),
        jpeg_scan.kept_places(kept, row),
        kept,
        row,
        side,
        quantum,
        out,
        single,
        several,
        longer,
        symbols,
    )
    if not sound:
        raise _UnfitError
    return out[:-1].reshape(-1, row)


_Tables = tuple[jpeg_scan.Table, jpeg_scan.Table, jpeg_scan.Codes, jpeg_scan.Codes]


@lru_cache(maxsize=64)
def _tables(codes: tuple[tuple[bytes, bytes], ...]) -> _Tables:
    """Return the look-up tables of all components; most programs write the same few. Raises `_UnfitError`."""
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
                raise _UnfitError
            symbols[component, which, : len(named)] = named
            if which:
                several[component] = more
    return single, several, longer, symbols


def _head(data: bytes) -> _Head:
    """Read the segments before the data. Raises `_UnfitError`, and `IndexError` and `struct.error` where it is cut."""
    told = _Told()
    for marker, body, end in _segments(data):
        if marker != _SCAN:
            told.take(marker, body)
            continue
        codes = _chosen(body, told.components, told.codes)
        luma = told.components[0]
        if (len(codes) > 1 and told.adobe not in {None, 1}) or luma.quanta not in told.quanta:
            raise _UnfitError  # other colours than luma and chroma
        height, width = told.size
        return _Head(
            height,
            width,
            told.components,
            told.quanta[luma.quanta],
            codes,
            told.interval,
            told.orientation,
            end,
        )
    raise _UnfitError


def _segments(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Yield each segment's marker, its body, and where it ends."""
    at = 2
    while True:
        while data[at] == data[at + 1] == _MARK:  # a marker may be filled up, T.81, B.1.1.2
            at += 1
        if data[at] != _MARK:
            raise _UnfitError
        (size,) = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + size
        if end > len(data) or size < _OWN_SIZE:
            raise _UnfitError
        yield data[at + 1], data[at + 4 : end], end
        at = end


class _Told:
    """What the segments before the scan say."""

    def __init__(self) -> None:
        self.quanta: dict[int, bytes] = {}
        self.codes: dict[int, bytes] = {}
        self.components: tuple[_Component, ...] = ()
        self.size = (0, 0)
        self.interval = 0
        self.orientation = 1
        self.adobe: int | None = None

    def take(self, marker: int, body: bytes) -> None:
        """Take in one of them; those that say nothing of the picture are passed over."""
        if marker == _QUANTA:
            self.quanta |= _quanta(body)
        elif marker == _HUFFMAN:
            self.codes |= _codes(body)
        elif marker == _RESTART:
            (self.interval,) = struct.unpack_from(">H", body)
        elif marker == _APP1 and body.startswith(_EXIF):
            self.orientation = _orientation(body)
        elif marker == _APP14 and body.startswith(_ADOBE):
            self.adobe = body[11]
        elif marker in _START_OF_FRAME:
            if marker not in _SEQUENTIAL or self.components:
                raise _UnfitError
            self.size, self.components = _frame(body)


def _frame(body: bytes) -> tuple[tuple[int, int], tuple[_Component, ...]]:
    bits, height, width, count = struct.unpack_from(">BHHB", body)
    if bits != 8 or not height or not width or count not in {1, 3} or len(body) != 6 + 3 * count:  # noqa: PLR2004
        raise _UnfitError
    components = tuple(
        _Component(body[at], body[at + 1] >> 4, body[at + 1] & 15, body[at + 2])
        for at in range(6, 6 + 3 * count, 3)
    )
    if count == 1:  # alone, it is not interleaved: its sampling says nothing, T.81, A.2.2
        components = (components[0]._replace(across=1, down=1),)
    luma = components[0]
    if any(not (1 <= one.across <= luma.across <= _MOST_SAMPLING) for one in components):
        raise _UnfitError  # chroma finer than luma
    if any(not (1 <= one.down <= luma.down <= _MOST_SAMPLING) for one in components):
        raise _UnfitError
    if sum(one.across * one.down for one in components) > _MOST_BLOCKS:
        raise _UnfitError
    if count == 3 and bytes(one.number for one in components) == b"RGB":  # noqa: PLR2004
        raise _UnfitError
    return (height, width), components


def _chosen(
    body: bytes, components: tuple[_Component, ...], codes: dict[int, bytes]
) -> tuple[tuple[bytes, bytes], ...]:
    """Return the codes of each component, of a scan that holds all of them and all frequencies."""
    if not components or body[0] != len(components) or len(body) != 4 + 2 * body[0]:
        raise _UnfitError
    if body[-3:] != b"\x00\x3f\x00":
        raise _UnfitError
    chosen = []
    for number, component in enumerate(components):
        if body[1 + 2 * number] != component.number:
            raise _UnfitError
        named = body[2 + 2 * number]
        pair = codes.get(named >> 4), codes.get(0x10 | (named & 15))
        if pair[0] is None or pair[1] is None:
            raise _UnfitError
        chosen.append((pair[0], pair[1]))
    return tuple(chosen)


def _quanta(body: bytes) -> dict[int, bytes]:
    found = {}
    for at in range(0, len(body), 65):
        table = body[at + 1 : at + 65]
        if body[at] >> 4 or len(table) != 64:  # noqa: PLR2004 -- 16 bits are for 12 bits of luma
            raise _UnfitError
        found[body[at]] = table
    return found


def _codes(body: bytes) -> dict[int, bytes]:
    found = {}
    at = 0
    while at < len(body):
        size = sum(body[at + 1 : at + 17])
        code = body[at + 1 : at + 17 + size]
        if size > jpeg_scan.MOST_SYMBOLS or len(code) != 16 + size:
            raise _UnfitError
        found[body[at]] = code
        at += 17 + size
    return found


def _orientation(body: bytes) -> int:
    """Return what EXIF says of how a picture lies, 1 to 8. Raises `_UnfitError` where only a library may judge."""
    exif = Exif()
    try:
        exif.load(body)
        found = exif.get(_ORIENTATION, 1)
    except Exception as error:  # its errors have no common ancestor
        raise _UnfitError from error
    return found if isinstance(found, int) and found in _FLIPS else 1

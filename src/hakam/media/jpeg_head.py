"""What the segments of a JPEG say before its data: size, components, tables, and how the picture lies.

Only what the readers of frequencies can use; for everything else `UnfitError`. ITU-T T.81, annex B.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL.Image import Exif

from hakam.media import jpeg_scan
from hakam.media.pdq import Floats

BLOCK = 8  # pixels
END, SCAN, HUFFMAN, QUANTA, RESTART = 0xD9, 0xDA, 0xC4, 0xDB, 0xDD
_APP1, _APP14 = 0xE1, 0xEE
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SEQUENTIAL = frozenset({0xC0, 0xC1})
_PROGRESSIVE = 0xC2
_MARK = 0xFF
_OWN_SIZE = 2  # bytes, which a segment counts as its own
_MOST_BLOCKS = 10  # of an MCU, T.81, B.2.3
_MOST_SAMPLING = 4
_EXIF = b"Exif\x00\x00"
_ADOBE = b"Adobe"
_ORIENTATION = 0x0112
_ORIENTATIONS = range(1, 9)


class Component(NamedTuple):
    """One of the colours of a frame."""

    number: int
    across: int  # blocks in an MCU
    down: int
    quanta: int


class UnfitError(Exception):
    """It can't be read in the short way."""


def before_data(data: bytes) -> tuple[Told, bytes, int]:
    """Return what stands before the data, the header of the first scan, and where its data start.

    Raises `UnfitError`, and `IndexError` and `struct.error` where it is cut.
    """
    told = Told()
    for marker, body, end in segments(data, 2):
        if marker != SCAN:
            told.take(marker, body)
            continue
        if not told.components or told.components[0].quanta not in told.quanta:
            raise UnfitError
        if len(told.components) > 1 and told.adobe not in {None, 1}:
            raise UnfitError  # other colours than luma and chroma
        return told, body, end
    raise UnfitError


def segments(data: bytes, at: int) -> Iterator[tuple[int, bytes, int]]:
    """Yield the marker, the body and the end of each segment from a place, up to the end of the picture."""
    while True:
        while data[at] == data[at + 1] == _MARK:  # a marker may be filled up, T.81, B.1.1.2
            at += 1
        if data[at] != _MARK:
            raise UnfitError
        if data[at + 1] == END:
            yield END, b"", at + 2
            return
        (size,) = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + size
        if end > len(data) or size < _OWN_SIZE:
            raise UnfitError
        yield data[at + 1], data[at + 4 : end], end
        at = end


class Told:
    """What the segments before the data say."""

    def __init__(self) -> None:
        self.quanta: dict[int, bytes] = {}
        self.codes: dict[int, bytes] = {}
        self.components: tuple[Component, ...] = ()
        self.size = (0, 0)
        self.progressive = False
        self.interval = 0
        self.orientation = 1
        self.adobe: int | None = None

    @property
    def quantum(self) -> Floats:
        """The steps of the luma's frequencies, in zigzag order; 0 beyond the last."""
        steps = np.zeros(jpeg_scan.BEYOND, np.float32)
        steps[:64] = np.frombuffer(self.quanta[self.components[0].quanta], np.uint8)
        return steps

    def take(self, marker: int, body: bytes) -> None:
        """Take in one of them; those that say nothing of the picture are passed over."""
        if marker == QUANTA:
            self.quanta |= _quanta(body)
        elif marker == HUFFMAN:
            self.codes |= _codes(body)
        elif marker == RESTART:
            (self.interval,) = struct.unpack_from(">H", body)
        elif marker == _APP1 and body.startswith(_EXIF):
            self.orientation = _orientation(body)
        elif marker == _APP14 and body.startswith(_ADOBE):
            self.adobe = body[11]
        elif marker in _START_OF_FRAME:
            if marker not in _SEQUENTIAL | {_PROGRESSIVE} or self.components:
                raise UnfitError
            self.progressive = marker == _PROGRESSIVE
            self.size, self.components = _frame(body)


def _frame(body: bytes) -> tuple[tuple[int, int], tuple[Component, ...]]:
    bits, height, width, count = struct.unpack_from(">BHHB", body)
    if bits != 8 or not height or not width or count not in {1, 3} or len(body) != 6 + 3 * count:  # noqa: PLR2004
        raise UnfitError
    components = tuple(
        Component(body[at], body[at + 1] >> 4, body[at + 1] & 15, body[at + 2])
        for at in range(6, 6 + 3 * count, 3)
    )
    if count == 1:  # alone, it is not interleaved: its sampling says nothing, T.81, A.2.2
        components = (components[0]._replace(across=1, down=1),)
    luma = components[0]
    if any(not (1 <= one.across <= luma.across <= _MOST_SAMPLING) for one in components):
        raise UnfitError  # chroma finer than luma
    if any(not (1 <= one.down <= luma.down <= _MOST_SAMPLING) for one in components):
        raise UnfitError
    if sum(one.across * one.down for one in components) > _MOST_BLOCKS:
        raise UnfitError
    if count == 3 and bytes(one.number for one in components) == b"RGB":  # noqa: PLR2004
        raise UnfitError
    return (height, width), components


def _quanta(body: bytes) -> dict[int, bytes]:
    found = {}
    for at in range(0, len(body), 65):
        table = body[at + 1 : at + 65]
        if body[at] >> 4 or len(table) != 64:  # noqa: PLR2004 -- 16 bits are for 12 bits of luma
            raise UnfitError
        found[body[at]] = table
    return found


def _codes(body: bytes) -> dict[int, bytes]:
    found = {}
    at = 0
    while at < len(body):
        size = sum(body[at + 1 : at + 17])
        code = body[at + 1 : at + 17 + size]
        if size > jpeg_scan.MOST_SYMBOLS or len(code) != 16 + size:
            raise UnfitError
        found[body[at]] = code
        at += 17 + size
    return found


def _orientation(body: bytes) -> int:
    """Return what EXIF says of how a picture lies, 1 to 8. Raises `UnfitError` where only a library may judge."""
    exif = Exif()
    try:
        exif.load(body)
        found = exif.get(_ORIENTATION, 1)
    except Exception as error:  # its errors have no common ancestor
        raise UnfitError from error
    return found if isinstance(found, int) and found in _ORIENTATIONS else 1

"""The lowest frequencies of a progressive JPEG: which of its passes are read, in which order, and which are not.

A pass says of which components, frequencies and bits it is. Those that may make a difference to the kept frequencies of
the luma must come once each and one after the other, as the standard has it; libraries take others too and make
something of them, and then they shall judge. ITU-T T.81, annex G.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hakam.media import jpeg_passes, jpeg_scan
from hakam.media.jpeg_head import BLOCK, END, HUFFMAN, RESTART, SCAN, Told, UnfitError, segments
from hakam.media.pdq import Floats

_MOST_PASSES = 200
_MOST_STRETCHES = 65_536
_MOST_UNKNOWN = 64.0  # of a frequency, which is 1,024 at most: how much may come in passes that are not read
_MOST_MISSING = 13  # bits, T.81, G.1.1.1.2
_LAST = 63
_SAY_NOTHING = frozenset(range(0xE0, 0xF0)) | {0xFE}  # between passes: of applications, and remarks


class _Pass(NamedTuple):
    """The header of a pass. `which`: numbers of the components, as the frame has them, 0 for luma."""

    which: tuple[int, ...]
    codes: tuple[tuple[int, int], ...]  # of each, the names of its codes of constants and of others
    first: int  # frequency
    last: int
    before: int  # bits that were missing before, 0 for the first of these frequencies
    missing: int  # bits that are missing after it


def frequencies(data: bytes, told: Told, scan: bytes, start: int, *, kept: int, side: int) -> Floats:
    """Return the kept frequencies of every block, a square for each. Raises as `jpeg_head.before_data`."""
    reading = _Reading(data, told, kept, side)
    for _ in range(_MOST_PASSES):
        end = reading.take(_pass_of(scan, told), start)
        for marker, body, after in segments(data, end):
            if marker == SCAN:
                scan, start = body, after
                break
            if marker == END:
                return reading.done()
            if marker in {HUFFMAN, RESTART}:
                told.take(marker, body)
            elif marker not in _SAY_NOTHING:
                raise UnfitError
    raise UnfitError


class _Reading:
    """What was read so far: the frequencies, and how many bits of each are still missing."""

    def __init__(self, data: bytes, told: Told, kept: int, side: int) -> None:
        self._stream: NDArray[np.uint8] = np.frombuffer(data, np.uint8)
        self._told = told
        luma = told.components[0]
        height, width = told.size
        self._mcus = -(-width // (BLOCK * luma.across)), -(-height // (BLOCK * luma.down))
        self._side = side
        self._row = self._mcus[0] * luma.across * side
        self._out = np.zeros(self._mcus[1] * luma.down * side * self._row + 1, np.float32)
        self._missing: list[int | None] = [None] * kept
        self._quantum = told.quantum

    def take(self, header: _Pass, start: int) -> int:
        """Read a pass, or step over it. Return where its data end."""
        end = int(jpeg_passes.end_of_data(self._stream, start))
        if end < 0:
            raise UnfitError
        mine = [n for n in range(header.first, header.last + 1) if n < len(self._missing)]
        if 0 in header.which and mine:
            before = header.before or None
            if any(self._missing[number] != before for number in mine):
                raise UnfitError
            for number in mine:
                self._missing[number] = header.missing
            if header.first == 0:
                self._constants(header, start, end)
            elif before is None:
                self._band(header, start, end)
        return end

    def done(self) -> Floats:
        """Return what was read, if nothing is missing that a library would make up for."""
        if any(missing != 0 for missing in self._missing):
            raise UnfitError
        return self._out[:-1].reshape(-1, self._row)

    def _constants(self, header: _Pass, start: int, end: int) -> None:
        """Read the constants of all blocks, or one more bit of them."""
        parts = [self._told.components[number] for number in header.which]
        luma, mcus = (parts[0].across, parts[0].down), self._mcus
        blocks = [n for n, one in enumerate(parts) for _ in range(one.across * one.down)]
        if len(parts) == 1:  # alone it is not interleaved, T.81, A.2.2
            luma, mcus, blocks = (1, 1), self._blocks, [0]
        packed, ends = self._unstuffed(start, end)
        shape = self._told.interval or mcus[0] * mcus[1], np.array(blocks, np.int64), luma, mcus
        place = self._row, self._side, float(self._quantum[0] * (1 << header.missing)), self._out
        if header.before:
            sound = jpeg_passes.last_bits(packed, ends, *shape, *place)
        else:
            codes = tuple(self._code(name) for name, _ in header.codes)
            sound = jpeg_passes.constants(packed, ends, *shape, *place, *_tables(codes, many_ends=False))
        if not sound:
            raise UnfitError

    def _band(self, header: _Pass, start: int, end: int) -> None:
        """Read the first bits of some frequencies of the luma."""
        kept = self._quantum[header.first : min(header.last + 1, len(self._missing))]
        if float(kept.max()) * ((1 << header.missing) - 1) > _MOST_UNKNOWN:
            raise UnfitError
        packed, ends = self._unstuffed(start, end)
        single, longer, symbols = _tables((self._code(0x10 | header.codes[0][1]),), many_ends=True)
        sound = jpeg_passes.band(
            packed,
            ends,
            self._told.interval or self._blocks[0] * self._blocks[1],
            self._blocks,
            header.first,
            header.last,
            header.missing,
            jpeg_scan.kept_places(len(self._missing), self._row),
            self._row,
            self._side,
            self._quantum,
            self._out,
            single[0],
            longer[0],
            symbols[0],
        )
        if not sound:
            raise UnfitError

    @property
    def _blocks(self) -> tuple[int, int]:
        """Of the picture, across and down, without those that fill up the last MCUs."""
        height, width = self._told.size
        return -(-width // BLOCK), -(-height // BLOCK)

    def _code(self, name: int) -> bytes:
        code = self._told.codes.get(name)
        if code is None:
            raise UnfitError
        return code

    def _unstuffed(self, start: int, end: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return the data of a pass without stuffing, and where each of its stretches ends."""
        packed = np.empty(end - start + jpeg_scan.MARGIN, np.uint8)
        ends = np.zeros(_MOST_STRETCHES if self._told.interval else 1, np.int64)
        stretches, _, size = jpeg_scan.unstuffed(self._stream[: end + 2], start, packed, ends)
        if not stretches:
            raise UnfitError
        packed[size : size + jpeg_scan.MARGIN] = 0
        return packed, ends[:stretches]


def _pass_of(body: bytes, told: Told) -> _Pass:
    """Read the header of a pass. Raises `UnfitError`."""
    if not body or len(body) != 4 + 2 * body[0]:
        raise UnfitError
    numbers = [one.number for one in told.components]
    try:
        which = tuple(numbers.index(body[1 + 2 * n]) for n in range(body[0]))
    except ValueError as error:
        raise UnfitError from error
    codes = tuple((body[2 + 2 * n] >> 4, body[2 + 2 * n] & 15) for n in range(body[0]))
    first, last, bits = body[-3:]
    found = _Pass(which, codes, first, last, bits >> 4, bits & 15)
    if not which or list(which) != sorted(set(which)):
        raise UnfitError
    if last > _LAST or first > last or (last != 0 if first == 0 else len(which) > 1):
        raise UnfitError
    if found.missing > _MOST_MISSING or (found.before and found.before != found.missing + 1):
        raise UnfitError
    return found


_Tables = tuple[jpeg_scan.Table, jpeg_scan.Codes, jpeg_scan.Codes]


@lru_cache(maxsize=64)
def _tables(codes: tuple[bytes, ...], *, many_ends: bool) -> _Tables:
    """Return the look-up tables of some codes. Raises `UnfitError`."""
    single = np.zeros((len(codes), 1 << jpeg_scan.LOOK), np.uint32)
    longer = np.zeros((len(codes), 2, 17), np.int64)
    symbols = np.zeros((len(codes), jpeg_scan.MOST_SYMBOLS), np.int64)
    for number, code in enumerate(codes):
        counted = np.frombuffer(code, np.uint8, 16).astype(np.int64)
        named = np.frombuffer(code, np.uint8, offset=16).astype(np.int64)
        possible, single[number], _, longer[number] = jpeg_scan.tables(counted, named, many_ends)
        if not possible:
            raise UnfitError
        symbols[number, : len(named)] = named
    return single, longer, symbols

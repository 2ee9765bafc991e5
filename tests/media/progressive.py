"""Progressive JPEGs written pass by pass, in any order and with any mistake: no library writes such files."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Blocks = NDArray[np.int64]  # (down, across, 64), quantised, in zigzag order
_ZIGZAG = sorted(
    range(64),
    key=lambda n: (n // 8 + n % 8, (n // 8 if (n // 8 + n % 8) % 2 else n % 8)),
)
_MOST_RUN = 0x7FFF


class Pass(NamedTuple):
    """One of them. Components are numbered from 0; `before` and `missing` count bits."""

    which: tuple[int, ...]
    first: int
    last: int
    before: int = 0
    missing: int = 0


PLAIN = (
    Pass((0,), 0, 0, 0, 1),
    Pass((0,), 1, 5, 0, 2),
    Pass((0,), 6, 63, 0, 2),
    Pass((0,), 1, 63, 2, 1),
    Pass((0,), 0, 0, 1, 0),
    Pass((0,), 1, 63, 1, 0),
)
"""What libraries write of a grey picture."""


def blocks_of(plane: NDArray[np.uint8], quantum: int) -> Blocks:
    """Return the quantised frequencies of a plane, filled up to whole blocks with its edge."""
    height, width = plane.shape
    filled = np.pad(plane, ((0, -height % 8), (0, -width % 8)), mode="edge").astype(np.float64) - 128
    down, across = filled.shape[0] // 8, filled.shape[1] // 8
    tiles = filled.reshape(down, 8, across, 8).transpose(0, 2, 1, 3)
    frequency, place = np.arange(8)[:, None], np.arange(8)[None, :]
    basis = np.cos((2 * place + 1) * frequency * np.pi / 16) / 2
    basis[0] /= np.sqrt(2)
    found = np.rint(basis @ tiles @ basis.T / quantum).astype(np.int64)
    return found.reshape(down, across, 64)[:, :, _ZIGZAG]


def written(
    planes: Iterable[NDArray[np.uint8]],
    passes: Iterable[Pass] = PLAIN,
    *,
    quantum: int = 4,
    interval: int = 0,
    long: bool = False,
    between: bytes = b"",
    coarse: bool = False,
) -> bytes:
    """Return a file of planes of one size: one is grey, three are luma and chroma.

    `coarse`: chroma has half the size in each direction, rounded up; then each pass must be of one component.
    `interval`: MCUs between restart markers. `long`: codes of 13 bits instead of 9. `between`: segments put before each
    pass but the first.
    """
    planes = list(planes)
    height, width = planes[0].shape
    parts = [blocks_of(plane, quantum) for plane in planes]
    frame = struct.pack(">BHHB", 8, height, width, len(parts))
    frame += b"".join(bytes((n + 1, 0x22 if coarse and not n else 0x11, 0)) for n in range(len(parts)))
    length = 13 if long else 9
    sizes = bytes(16 if n + 1 == length else 0 for n in range(16)) + bytes(range(16))
    others = bytes(255 if n + 1 == length else n == length for n in range(16)) + bytes(range(256))
    out = [b"\xff\xd8", _segment(0xDB, bytes((0, *[quantum] * 64))), _segment(0xC2, frame)]
    out += [_segment(0xC4, b"\x00" + sizes), _segment(0xC4, b"\x10" + others)]
    if interval:
        out.append(_segment(0xDD, struct.pack(">H", interval)))
    for number, one in enumerate(passes):
        header = bytes((len(one.which),)) + b"".join(bytes((n + 1, 0)) for n in one.which)
        header += bytes((one.first, one.last, one.before << 4 | one.missing))
        out += [
            between if number else b"",
            _segment(0xDA, header),
            _Writer(length, interval).data(parts, one),
        ]
    return b"".join(out) + b"\xff\xd9"


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


class _Writer:
    """Writes the data of one pass."""

    def __init__(self, length: int, interval: int) -> None:
        self._length = length
        self._interval = interval
        self._bits: list[str] = []
        self._out = b""
        self._ended = 0

    def data(self, parts: list[Blocks], one: Pass) -> bytes:
        down, across, _ = parts[one.which[0]].shape
        before = [0] * len(one.which)
        for number in range(down * across):
            if self._interval and number and number % self._interval == 0:
                self._end()
                self._out += bytes((0xFF, 0xD0 + (number // self._interval - 1) % 8))
                before = [0] * len(one.which)
            for place, component in enumerate(one.which):
                block = parts[component][number // across, number % across]
                if one.first:
                    (self._finer if one.before else self._first)(block, one)
                elif one.before:
                    self._put(int(block[0]) >> one.missing & 1, 1)
                else:
                    value = int(block[0]) >> one.missing
                    self._number(0, value - before[place])
                    before[place] = value
        self._end()
        return self._out

    def _first(self, block: Blocks, one: Pass) -> None:
        run = 0
        for n in range(one.first, one.last + 1):
            value = abs(int(block[n])) >> one.missing
            if not value:
                run += 1
                continue
            self._end_blocks()
            while run > 15:
                self._symbol(0xF0)
                run -= 16
            self._number(run, value if block[n] > 0 else -value)
            run = 0
        if run:
            self._ended += 1
            if self._ended == _MOST_RUN:
                self._end_blocks()

    def _finer(self, block: Blocks, one: Pass) -> None:
        values = np.abs(block) >> one.missing
        new = [n for n in range(one.first, one.last + 1) if values[n] == 1]
        last = new[-1] if new else -1
        run = 0
        later: list[int] = []
        for n in range(one.first, one.last + 1):
            if values[n] == 0:
                run += 1
                continue
            while run > 15 and n <= last:
                self._symbol(0xF0)
                later = self._all(later)
                run -= 16
            if values[n] > 1:
                later.append(int(values[n]) & 1)
                continue
            self._symbol(run << 4 | 1)
            self._put(int(block[n] > 0), 1)
            later = self._all(later)
            run = 0
        if run or later:
            self._symbol(0)
            self._all(later)

    def _all(self, later: list[int]) -> list[int]:
        for bit in later:
            self._put(bit, 1)
        return []

    def _end_blocks(self) -> None:
        if self._ended:
            bits = self._ended.bit_length() - 1
            self._symbol(bits << 4)
            self._put(self._ended - (1 << bits), bits)
            self._ended = 0

    def _number(self, run: int, value: int) -> None:
        size = abs(value).bit_length()
        self._symbol(run << 4 | size)
        self._put(value if value >= 0 else value + (1 << size) - 1, size)

    def _symbol(self, symbol: int) -> None:
        if symbol == 255:
            self._put(255 << 1, self._length + 1)
        else:
            self._put(symbol, self._length)

    def _put(self, value: int, size: int) -> None:
        if size:
            self._bits.append(f"{value:0{size}b}")

    def _end(self) -> None:
        self._end_blocks()
        bits = "".join(self._bits)
        bits += "1" * (-len(bits) % 8)
        self._out += int(bits or "0", 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")
        self._bits = []

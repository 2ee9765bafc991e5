"""The entropy-coded part of a baseline JPEG, read for the lowest frequencies of its luma and nothing else.

A library makes pixels: it undoes the cosine transform of every block and then, for PDQ, most of them are averaged away.
Here the few coefficients of each block that survive that averaging are kept, and all others are stepped over, several
of them with one look into a table. What is not read here (arithmetic coding, 12 bits, damage of any kind) is refused
and goes to the library; for progressive files there is `jpeg_passes`. ITU-T T.81, annexes B and F.

A hostile file can't make it read or write elsewhere: before each MCU the place in the data is checked, an MCU has at
most ten blocks of 64 symbols, a symbol takes at most 31 bits, and `MARGIN` bytes of zeros follow the data.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import int32, int64, njit, uint64
from numpy.typing import NDArray

LOOK = 11  # bits of a code that one table answers for
MARGIN = 10 * 64 * 8 + 64  # bytes behind the data that may be read, never used
MOST_SYMBOLS = 256
_MARK = 255
_RESTARTS = (0xD0, 0xD1, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7)
SPARE = 7  # bits that fill up the last byte at most
BEYOND = 80  # frequencies: 63, and a run of 15 beyond them

Codes = NDArray[np.int64]
Table = NDArray[np.uint32]


def kept_places(kept: int, row: int) -> NDArray[np.int64]:
    """Return where each frequency goes from the start of its block in rows of `row` numbers; -1 is nowhere.

    Of the zigzag order of a block the first `kept` are kept: 1, 3 or 6, which fill a triangle.
    """
    places = np.full(BEYOND, -1, np.int64)
    zigzag = ((0, 0), (0, 1), (1, 0), (2, 0), (1, 1), (0, 2))
    for number, (down, across) in enumerate(zigzag[:kept]):
        places[number] = down * row + across
    return places


@njit(cache=True)
def tables(  # noqa: C901 -- compiled
    counts: Codes, symbols: Codes, many_ends: bool = False
) -> tuple[bool, Table, Table, Codes]:
    """Make the look-up tables of a Huffman code: of single symbols, of as many as fit `LOOK` bits, of longer ones.

    `counts`: of codes of 1 to 16 bits. A single symbol: bits in all, bits of its code (from bit 8), bits of its value
    (from 16), zeros before it (from 24). Several: bits in all, frequencies passed (from 8), whether the block ends
    (from 16). Longer: for each length the last code, and what to add to a code to find its symbol. `many_ends`: a code
    of a progressive file, which can end many blocks at once. False for an impossible code.
    """
    single = np.zeros(1 << LOOK, np.uint32)
    several = np.zeros(1 << LOOK, np.uint32)
    longer = np.zeros((2, 17), np.int64)
    longer[0] = -1
    code = 0
    place = 0
    for length in range(1, 17):
        longer[1, length] = place - code
        for _ in range(counts[length - 1]):
            symbol = symbols[place]
            run, bits = symbol >> 4, symbol & 15
            if bits == 0 and run not in (0, 15) and not many_ends:  # reserved; libraries make something of it
                return False, single, several, longer
            if length <= LOOK and code < 1 << length:
                entry = (length + bits) | (length << 8) | (bits << 16) | (run << 24)
                first = code << (LOOK - length)
                single[first : first + (1 << (LOOK - length))] = entry
            code += 1
            place += 1
        if counts[length - 1]:
            longer[0, length] = code - 1
        if code > 1 << length:
            return False, single, several, longer
        code <<= 1
    for peek in range(1 << LOOK):
        used = passed = end = 0
        while used < LOOK:
            entry = int64(single[(peek << used) & ((1 << LOOK) - 1)])
            length, bits, run = (entry >> 8) & 255, (entry >> 16) & 255, entry >> 24
            if entry == 0 or used + length > LOOK:
                break
            if bits == 0 and run == 0:
                end = 1
                passed += 1
                used += length
                break
            used += length + bits
            passed += run + 1
        several[peek] = used | (passed << 8) | (end << 16)
    return True, single, several, longer


@njit(inline="always")
def word(data: Any, at: Any) -> Any:
    """Return eight bytes, the first the most significant: the compiler makes one load of it."""
    return (
        (uint64(data[at]) << uint64(56))
        | (uint64(data[at + uint64(1)]) << uint64(48))
        | (uint64(data[at + uint64(2)]) << uint64(40))
        | (uint64(data[at + uint64(3)]) << uint64(32))
        | (uint64(data[at + uint64(4)]) << uint64(24))
        | (uint64(data[at + uint64(5)]) << uint64(16))
        | (uint64(data[at + uint64(6)]) << uint64(8))
        | uint64(data[at + uint64(7)])
    )


@njit(cache=True)
def unstuffed(
    data: NDArray[np.uint8], start: int, out: NDArray[np.uint8], ends: Codes
) -> tuple[int, int, int]:
    """Copy the data from `start` without the zeros behind each 255, and without restart markers, up to another marker.

    `ends` gets where each stretch between restart markers ends. Return how many there are, the next marker, and the
    bytes copied; 0 stretches if the markers are not in order or there are too many, marker 0 if the file just ends.
    """
    size = data.shape[0]
    copied = 0
    at = start
    found = 0
    while True:
        end = at
        while end + 8 <= size and not holds_a_mark(word(data, uint64(end))):
            _put_word(out, uint64(copied), data, uint64(end))
            end += 8
            copied += 8
        while end < size and data[end] != _MARK:
            out[copied] = data[end]
            end += 1
            copied += 1
        if end + 1 >= size:
            return 0, 0, copied
        marker = int(data[end + 1])
        at = end + 2
        if marker == 0:
            out[copied] = _MARK
            copied += 1
            continue
        if found >= ends.shape[0]:
            return 0, marker, copied
        ends[found] = copied
        found += 1
        if marker not in _RESTARTS:
            return found, marker, copied
        if marker != _RESTARTS[(found - 1) % 8]:
            return 0, marker, copied


@njit(inline="always")
def _put_word(out: Any, to: Any, data: Any, at: Any) -> None:
    """Copy eight bytes: the compiler makes one move of it."""
    out[to] = data[at]
    out[to + uint64(1)] = data[at + uint64(1)]
    out[to + uint64(2)] = data[at + uint64(2)]
    out[to + uint64(3)] = data[at + uint64(3)]
    out[to + uint64(4)] = data[at + uint64(4)]
    out[to + uint64(5)] = data[at + uint64(5)]
    out[to + uint64(6)] = data[at + uint64(6)]
    out[to + uint64(7)] = data[at + uint64(7)]


@njit(inline="always")
def holds_a_mark(word: Any) -> Any:
    """Return whether any of eight bytes is 255: whether any of their complements is 0."""
    other = ~word
    return (other - uint64(0x0101010101010101)) & word & uint64(0x8080808080808080) != uint64(0)


@njit(inline="always")
def filled(data: Any, bits: Any, left: Any, at: Any) -> Any:
    """Fill the bits up to at least 56. `left` of them are there; the next come from `at`."""
    more = word(data, at) >> left
    return bits | more, left | uint64(56), at + ((uint64(63) - left) >> uint64(3))


@njit(inline="always")
def value_of(bits: Any, entry: Any) -> Any:
    """Return the number that follows a code. T.81, F.2.2.1: the upper half is positive."""
    size = (entry >> uint64(16)) & uint64(255)
    value = int32(((bits << ((entry >> uint64(8)) & uint64(255))) >> uint64(1)) >> (uint64(63) - size))
    full = int32(1) << int32(size)
    return value - (full - int32(1) if value < (full >> int32(1)) else int32(0))


@njit(cache=True)
def long_code(bits: Any, longer: Codes, symbols: Codes) -> Any:
    """Return the entry of a symbol whose code has more bits than the tables know; 0 if there is none."""
    for length in range(1, 17):
        code = int64(bits >> uint64(64 - length))
        if code <= longer[0, length]:
            place = longer[1, length] + code
            if place < 0 or place >= symbols.shape[0]:
                return uint64(0)
            symbol = symbols[place]
            return uint64(
                (length + (symbol & 15)) | (length << 8) | ((symbol & 15) << 16) | ((symbol >> 4) << 24)
            )
    return uint64(0)


@njit(cache=True)
def scan(  # noqa: C901, PLR0911, PLR0912, PLR0915, PLR0917 -- compiled; calls inside would cost more than they clear up
    data: NDArray[np.uint8],
    ends: Codes,  # of the stretches between restart markers
    interval: int,  # MCUs in a stretch
    blocks: Codes,  # the component of each block of an MCU; luma is 0 and comes first
    luma: tuple[int, int],  # blocks of luma in an MCU, across and down
    mcus: tuple[int, int],  # across and down
    places: NDArray[np.int64],
    kept: int,
    row: int,  # numbers in a row of `out`
    side: int,  # numbers of a block in each direction
    quantum: NDArray[np.float32],  # of each frequency
    out: NDArray[np.float32],  # flat; the last is for what is not kept
    single: NDArray[np.uint32],  # (component, 2, 1 << LOOK), of DC and of AC
    several: NDArray[np.uint32],  # (component, 1 << LOOK), of AC
    longer: Codes,  # (component, 2, 2, 17)
    symbols: Codes,  # (component, 2, 256)
) -> bool:
    """Read the luma's frequencies into `out`. False for data that is damaged, cut short or too long."""
    bits = uint64(0)
    left = uint64(0)
    at = uint64(0)
    shift = uint64(64 - LOOK)
    waste = out.shape[0] - 1
    luma_blocks = luma[0] * luma[1]
    constant = int32(0)
    stretch = 0
    to_go = interval
    for down in range(mcus[1]):
        for across in range(mcus[0]):
            if to_go == 0:
                over = ends[stretch] * 8 - (int64(at) * 8 - int64(left))
                if over < 0 or over > SPARE:
                    return False
                at = uint64(ends[stretch])
                bits = uint64(0)
                left = uint64(0)
                constant = int32(0)
                stretch += 1
                to_go = interval
                if stretch >= ends.shape[0]:
                    return False
            to_go -= 1
            if at > uint64(ends[stretch] + 8):
                return False
            for number in range(blocks.shape[0]):
                component = blocks[number]
                ac = single[component, 1]
                steps = several[component]
                bits, left, at = filled(data, bits, left, at)
                entry = uint64(single[component, 0, bits >> shift])
                if entry == uint64(0):
                    entry = long_code(bits, longer[component, 0], symbols[component, 0])
                    if entry == uint64(0):
                        return False
                frequency = uint64(1)
                ended = False
                if number < luma_blocks:
                    constant += value_of(bits, entry)
                    start = (down * luma[1] + number // luma[0]) * side * row + (
                        across * luma[0] + number % luma[0]
                    ) * side
                    out[start] = constant * quantum[0]
                    bits <<= entry & uint64(255)
                    left -= entry & uint64(255)
                    while frequency < uint64(kept):
                        bits, left, at = filled(data, bits, left, at)
                        entry = uint64(ac[bits >> shift])
                        if entry == uint64(0):
                            entry = long_code(bits, longer[component, 1], symbols[component, 1])
                            if entry == uint64(0):
                                return False
                        if (entry >> uint64(16)) == uint64(0):
                            bits <<= entry & uint64(255)
                            left -= entry & uint64(255)
                            ended = True
                            break
                        frequency += entry >> uint64(24)
                        place = places[frequency]
                        out[waste if place < 0 else start + place] = (
                            value_of(bits, entry) * quantum[frequency]
                        )
                        bits <<= entry & uint64(255)
                        left -= entry & uint64(255)
                        frequency += uint64(1)
                else:
                    bits <<= entry & uint64(255)
                    left -= entry & uint64(255)
                while frequency < uint64(64) and not ended:
                    bits, left, at = filled(data, bits, left, at)
                    entry = uint64(steps[bits >> shift])
                    passed = (entry >> uint64(8)) & uint64(255)
                    if passed != uint64(0) and frequency + passed <= uint64(64):
                        frequency += passed
                        ended = (entry >> uint64(16)) != uint64(0)
                    else:
                        entry = uint64(ac[bits >> shift])
                        if entry == uint64(0):
                            entry = long_code(bits, longer[component, 1], symbols[component, 1])
                            if entry == uint64(0):
                                return False
                        ended = (entry >> uint64(16)) == uint64(0)
                        frequency += (entry >> uint64(24)) + uint64(1)
                    bits <<= entry & uint64(255)
                    left -= entry & uint64(255)
                if frequency > uint64(64):
                    return False
    over = ends[stretch] * 8 - (int64(at) * 8 - int64(left))
    return bool(stretch == ends.shape[0] - 1 and 0 <= over <= SPARE)

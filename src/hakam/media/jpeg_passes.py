"""The passes of a progressive JPEG, read for the lowest frequencies of its luma and nothing else.

Such a file comes in passes over the whole picture: first the constants of all blocks without their last bit, then a few
frequencies of the luma without their last bits, then all that is finer. The first passes are read here, and the last
bits of the constants; the rest is stepped over. ITU-T T.81, annex G.

A hostile file can't make it read or write elsewhere: as in `jpeg_scan`, the place in the data is checked before each
MCU, and more zeros follow the data than an MCU can take.
"""

from __future__ import annotations

import numpy as np
from numba import float32, int32, int64, njit, uint64
from numpy.typing import NDArray

from hakam.media.jpeg_scan import LOOK, SPARE, Codes, filled, holds_a_mark, long_code, value_of, word

Bytes = NDArray[np.uint8]
_MARK = 255
_RESTARTS = (0xD0, 0xD7)
_ZEROS = 15  # in a row, without a value behind them


@njit(cache=True)
def end_of_data(data: Bytes, start: int) -> int:
    """Return where the next marker stands that ends the data of a pass; -1 if none does."""
    size = data.shape[0]
    at = start
    while True:
        while at + 8 <= size and not holds_a_mark(word(data, uint64(at))):
            at += 8
        while at < size and data[at] != _MARK:
            at += 1
        if at + 1 >= size:
            return -1
        after = data[at + 1]
        if after != 0 and (after < _RESTARTS[0] or after > _RESTARTS[1]):
            return at
        at += 2


@njit(cache=True)
def constants(  # noqa: PLR0917 -- compiled
    data: Bytes,
    ends: Codes,  # of the stretches between restart markers
    interval: int,  # MCUs in a stretch
    blocks: Codes,  # the component of each block of an MCU; luma is 0 and comes first
    luma: tuple[int, int],  # blocks of luma in an MCU, across and down
    mcus: tuple[int, int],  # across and down
    row: int,  # numbers in a row of `out`
    side: int,  # numbers of a block in each direction
    step: float,  # what 1 stands for
    out: NDArray[np.float32],  # flat
    single: NDArray[np.uint32],  # (component, 1 << LOOK)
    longer: Codes,  # (component, 2, 17)
    symbols: Codes,  # (component, 256)
) -> bool:
    """Read the luma's constants into `out`. False for data that is damaged, cut short or too long."""
    bits = uint64(0)
    left = uint64(0)
    at = uint64(0)
    shift = uint64(64 - LOOK)
    luma_blocks = luma[0] * luma[1]
    constant = int32(0)
    stretch = 0
    to_go = interval
    for down in range(mcus[1]):
        for across in range(mcus[0]):
            if to_go == 0:
                over = ends[stretch] * 8 - (int64(at) * 8 - int64(left))
                if over < 0 or over > SPARE or stretch + 1 >= ends.shape[0]:
                    return False
                at = uint64(ends[stretch])
                bits = uint64(0)
                left = uint64(0)
                constant = int32(0)
                stretch += 1
                to_go = interval
            to_go -= 1
            if at > uint64(ends[stretch] + 8):
                return False
            for number in range(blocks.shape[0]):
                component = blocks[number]
                bits, left, at = filled(data, bits, left, at)
                entry = uint64(single[component, bits >> shift])
                if entry == uint64(0):
                    entry = long_code(bits, longer[component], symbols[component])
                    if entry == uint64(0):
                        return False
                if number < luma_blocks:
                    constant += value_of(bits, entry)
                    place = (down * luma[1] + number // luma[0]) * side * row + (
                        across * luma[0] + number % luma[0]
                    ) * side
                    out[place] = float32(constant) * float32(step)
                bits <<= entry & uint64(255)
                left -= entry & uint64(255)
    over = ends[stretch] * 8 - (int64(at) * 8 - int64(left))
    return bool(stretch == ends.shape[0] - 1 and 0 <= over <= SPARE)


@njit(cache=True)
def last_bits(  # noqa: PLR0917 -- compiled
    data: Bytes,
    ends: Codes,
    interval: int,
    blocks: Codes,
    luma: tuple[int, int],
    mcus: tuple[int, int],
    row: int,
    side: int,
    step: float,
    out: NDArray[np.float32],
) -> bool:
    """Add one more bit of the luma's constants, which stand there uncoded: one for each block. As `constants`."""
    luma_blocks = luma[0] * luma[1]
    at = int64(0)  # bits
    stretch = 0
    to_go = interval
    for down in range(mcus[1]):
        for across in range(mcus[0]):
            if to_go == 0:
                over = ends[stretch] * 8 - at
                if over < 0 or over > SPARE or stretch + 1 >= ends.shape[0]:
                    return False
                at = ends[stretch] * 8
                stretch += 1
                to_go = interval
            to_go -= 1
            if at > ends[stretch] * 8:
                return False
            for number in range(blocks.shape[0]):
                if number < luma_blocks and data[at >> 3] >> (7 - (at & 7)) & 1:
                    place = (down * luma[1] + number // luma[0]) * side * row + (
                        across * luma[0] + number % luma[0]
                    ) * side
                    out[place] += float32(step)
                at += 1
    over = ends[stretch] * 8 - at
    return bool(stretch == ends.shape[0] - 1 and 0 <= over <= SPARE)


@njit(cache=True)
def band(  # noqa: C901, PLR0912, PLR0915, PLR0917 -- compiled
    data: Bytes,
    ends: Codes,
    interval: int,
    size: tuple[int, int],  # blocks of the picture, across and down
    first: int,  # frequency of the pass
    last: int,
    missing: int,  # bits of each value that come in later passes
    places: NDArray[np.int64],
    row: int,
    side: int,
    quantum: NDArray[np.float32],  # of each frequency
    out: NDArray[np.float32],  # flat; the last is for what is not kept
    single: NDArray[np.uint32],  # (1 << LOOK,)
    longer: Codes,  # (2, 17)
    symbols: Codes,  # (256,)
) -> bool:
    """Read a pass over some of the luma's frequencies into `out`. False for damage of any kind.

    Of values whose last bits are still to come, the middle of what they can be is taken.
    """
    bits = uint64(0)
    left = uint64(0)
    at = uint64(0)
    shift = uint64(64 - LOOK)
    waste = out.shape[0] - 1
    scale = float32(1 << missing)
    middle = (scale - float32(1)) / float32(2)
    stretch = 0
    to_go = interval
    ended = int64(0)  # blocks to come that have nothing more
    for down in range(size[1]):
        for across in range(size[0]):
            if to_go == 0:
                over = ends[stretch] * 8 - (int64(at) * 8 - int64(left))
                if over < 0 or over > SPARE or ended or stretch + 1 >= ends.shape[0]:
                    return False
                at = uint64(ends[stretch])
                bits = uint64(0)
                left = uint64(0)
                stretch += 1
                to_go = interval
            to_go -= 1
            if ended:
                ended -= 1
                continue
            if at > uint64(ends[stretch] + 8):
                return False
            start = down * side * row + across * side
            frequency = first
            while frequency <= last:
                bits, left, at = filled(data, bits, left, at)
                entry = uint64(single[bits >> shift])
                if entry == uint64(0):
                    entry = long_code(bits, longer, symbols)
                    if entry == uint64(0):
                        return False
                run = int64(entry >> uint64(24))
                if (entry >> uint64(16)) & uint64(255):
                    frequency += run
                    if frequency > last:
                        return False
                    place = places[frequency]
                    found = float32(value_of(bits, entry))
                    found = found * scale + (middle if found > 0 else -middle)
                    out[waste if place < 0 else start + place] = found * quantum[frequency]
                    frequency += 1
                    bits <<= entry & uint64(255)
                    left -= entry & uint64(255)
                    continue
                bits <<= entry & uint64(255)
                left -= entry & uint64(255)
                if run == _ZEROS:
                    frequency += 16
                    continue
                ended = (int64(1) << run) - 1
                if run:
                    ended += int64(bits >> uint64(64 - run))
                    bits <<= uint64(run)
                    left -= uint64(run)
                break
    over = ends[stretch] * 8 - (int64(at) * 8 - int64(left))
    return bool(stretch == ends.shape[0] - 1 and 0 <= over <= SPARE and not ended)

"""The inner loops of the hash index, compiled by Numba when first used and kept beside the code."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic as _untyped_intrinsic
from numpy.typing import NDArray

Codes = NDArray[np.uint64]
_WORD = 64
intrinsic: Any = _untyped_intrinsic  # its types describe the other half of the call


@intrinsic  # the processor's own instruction
def _bits_set(_typing: Any, word: Any) -> Any:  # noqa: ARG001 -- numba reads the name, the generator the value
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@njit(inline="always")
def _chunk(code: Codes, start: int, width: int) -> Any:
    word, shift = start >> 6, np.uint64(start & 63)
    value = code[word] >> shift
    if (start & 63) + width > _WORD:
        value |= code[word + 1] << (np.uint64(_WORD) - shift)
    return value & np.uint64((1 << width) - 1)


@njit(inline="always")
def _apart(left: Codes, right: Codes) -> Any:
    near = _bits_set(left[0] ^ right[0]) + _bits_set(left[1] ^ right[1])
    return near + _bits_set(left[2] ^ right[2]) + _bits_set(left[3] ^ right[3])


@njit(cache=True, nogil=True)
def count_values(codes: Codes, start: int, width: int, counts: NDArray[np.uint32]) -> None:
    """Count how many hashes have each value of a chunk; value `v` is counted at `v + 1`."""
    for row in range(codes.shape[0]):
        counts[_chunk(codes[row], start, width) + np.uint64(1)] += np.uint32(1)


@njit(cache=True, nogil=True)
def place_values(
    codes: Codes, start: int, width: int, ahead: NDArray[np.uint32], postings: NDArray[np.uint32]
) -> None:
    """Write each hash's number to where its value's turn is; `ahead` is used up."""
    for row in range(codes.shape[0]):
        value = _chunk(codes[row], start, width)
        postings[ahead[value]] = row
        ahead[value] += np.uint32(1)


@njit(cache=True, nogil=True)
def search_tables(  # noqa: PLR0917 -- compiled loops take what they need by place
    code: Codes,
    radius: int,
    codes: Codes,
    gone: NDArray[np.bool_],
    starts: NDArray[np.int64],
    widths: NDArray[np.int64],
    masks: NDArray[np.uint32],
    mask_begins: NDArray[np.int64],
    offsets: NDArray[np.uint32],
    begins: NDArray[np.int64],
    postings: NDArray[np.uint32],
    rows: NDArray[np.int64],
    distances: NDArray[np.int64],
) -> int:
    """Write the neighbours of `code` into `rows` and `distances`, as often as chunks find them.

    Return how many were written, or -1 if they did not fit.
    """
    # Three loops, each of loads that do not depend on one another: the processor then waits for memory once for
    # many of them, not once for each.
    lows = np.empty(masks.shape[0], np.int64)
    highs = np.empty(masks.shape[0], np.int64)
    total = 0
    for place in range(starts.shape[0]):
        value = _chunk(code, starts[place], widths[place])
        for number in range(mask_begins[place], mask_begins[place + 1]):
            at = begins[place] + np.int64(value ^ np.uint64(masks[number]))
            lows[number], highs[number] = offsets[at], offsets[at + 1]
            total += highs[number] - lows[number]
    candidates = np.empty(total, np.uint32)
    count = 0
    for place in range(starts.shape[0]):
        for number in range(mask_begins[place], mask_begins[place + 1]):
            for turn in range(lows[number], highs[number]):
                candidates[count] = postings[place, turn]
                count += 1
    found = 0
    for number in range(count):
        row = candidates[number]
        far = _apart(code, codes[row])
        if far <= radius and not gone[row]:
            if found == rows.shape[0]:
                return -1
            rows[found], distances[found] = row, far
            found += 1
    return found


@njit(cache=True, nogil=True)
def search_all(  # noqa: PLR0917 -- the same
    code: Codes,
    radius: int,
    codes: Codes,
    count: int,
    gone: NDArray[np.bool_],
    rows: NDArray[np.int64],
    distances: NDArray[np.int64],
) -> int:
    """Compare `code` with each of the first `count` rows; answer as `search_tables` does."""
    found = 0
    for row in range(count):
        far = _apart(code, codes[row])
        if far <= radius and not gone[row]:
            if found == rows.shape[0]:
                return -1
            rows[found], distances[found] = row, far
            found += 1
    return found

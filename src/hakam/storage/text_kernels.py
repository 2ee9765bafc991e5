"""The inner loops of the index of texts, compiled by Numba when first used and kept beside the code."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic as _untyped_intrinsic
from numpy.typing import NDArray

CHUNK = 16  # bits
TABLES = 4
_MASK = (1 << CHUNK) - 1
intrinsic: Any = _untyped_intrinsic  # its types describe the other half of the call


@intrinsic  # the processor's own instruction
def _bits_set(_typing: Any, word: Any) -> Any:  # noqa: ARG001 -- numba reads the name, the generator the value
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@njit(cache=True, nogil=True)
def sort(
    hashes: NDArray[np.uint64],
    table: int,
    starts: NDArray[np.uint32],
    sorted_: NDArray[np.uint64],
    rows: NDArray[np.uint32],
) -> None:
    """Put hashes in the order of their `table`-th chunk. Those of value `v` begin at `starts[v]`; `starts` is zeros."""
    shift = np.uint64(CHUNK * table)
    for row in range(hashes.shape[0]):
        starts[((hashes[row] >> shift) & np.uint64(_MASK)) + np.uint64(1)] += np.uint32(1)
    for value in range(1, starts.shape[0]):
        starts[value] += starts[value - 1]
    ahead = starts[:-1].copy()
    for row in range(hashes.shape[0]):
        value = (hashes[row] >> shift) & np.uint64(_MASK)
        sorted_[ahead[value]] = hashes[row]
        rows[ahead[value]] = row
        ahead[value] += np.uint32(1)


@njit(cache=True, nogil=True)
def search(  # noqa: PLR0917 -- compiled loops take what they need by place
    wanted: Any,  # np.uint64
    radius: int,
    starts: NDArray[np.uint32],  # (TABLES, 65,537)
    sorted_: NDArray[np.uint64],  # (TABLES, n)
    rows: NDArray[np.uint32],  # (TABLES, n)
    masks: NDArray[np.uint32],
    ends: NDArray[np.int64],  # of each table: how many of the masks are looked up in it
    found: NDArray[np.int64],
    distances: NDArray[np.int64],
) -> int:
    """Write the rows within `radius` and how far they are, as often as tables find them. -1 if they did not fit."""
    count = 0
    for table in range(TABLES):
        value = (wanted >> np.uint64(CHUNK * table)) & np.uint64(_MASK)
        for number in range(ends[table]):
            at = value ^ np.uint64(masks[number])
            for place in range(starts[table, at], starts[table, at + np.uint64(1)]):
                far = _bits_set(sorted_[table, place] ^ wanted)
                if far <= np.uint64(radius):
                    if count == found.shape[0]:
                        return -1
                    found[count] = rows[table, place]
                    distances[count] = far
                    count += 1
    return count

"""Timing that says the same beside other programs: processor time, and works that are compared run by turns."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable

RUNS = 7


def timed(work: Callable[[], object], runs: int = RUNS, *, warm: bool = True) -> float:
    """Return the median CPU seconds of some runs, after one that warms up: other programs do not count."""
    if warm:
        work()
    taken = []
    for _ in range(runs):
        gc.collect()
        start = time.thread_time()
        work()
        taken.append(time.thread_time() - start)
    return statistics.median(taken)


def compared(
    one: Callable[[], object], other: Callable[[], object], runs: int = RUNS
) -> tuple[float, float, float]:
    """Return the median CPU seconds of two works run by turns, and the median of how many times the first is longer.

    Whatever slows the machine for a while slows both.
    """
    one()
    other()
    pairs = [(timed(one, 1, warm=False), timed(other, 1, warm=False)) for _ in range(runs)]
    firsts, seconds = zip(*pairs, strict=True)
    ratio = statistics.median(first / second for first, second in pairs)
    return statistics.median(firsts), statistics.median(seconds), ratio

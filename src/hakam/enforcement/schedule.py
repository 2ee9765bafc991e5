"""When to try again: exponential back-off with full jitter, over about three days.

The n-th failure waits a random time between nothing and `min(5 s x 2^(n-1), 12 h)`; after 25 tries it is given
up. The waits add up to 71 hours on average (tested): a platform that is down over a weekend loses nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable

FIRST_SECONDS = 5.0
LONGEST_SECONDS = 12 * 3600.0
MAX_ATTEMPTS = 25
LONGEST_ASKED_SECONDS = 24 * 3600.0  # of what a receiver may ask for in Retry-After

Jitter = Callable[[float], float]


def full_jitter(longest: float) -> float:
    """Return a random wait between 0 and `longest` seconds."""
    return random.uniform(0, longest)  # noqa: S311 -- spreads load, hides nothing


def longest_wait(failures: int) -> float:
    """Return the upper bound of the wait after the n-th failure, in seconds."""
    return min(FIRST_SECONDS * 2.0 ** (max(1, failures) - 1), LONGEST_SECONDS)


def next_wait(failures: int, *, asked: float | None = None, jitter: Jitter = full_jitter) -> float | None:
    """Return how many seconds to wait after the n-th failure; None when it is time to give up.

    `asked` is the receiver's own wish, honoured up to a day.
    """
    if failures >= MAX_ATTEMPTS:
        return None
    wait = jitter(longest_wait(failures))
    return wait if asked is None else max(wait, min(asked, LONGEST_ASKED_SECONDS))

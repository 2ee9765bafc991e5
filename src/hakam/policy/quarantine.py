"""Which rules are put aside: those that fail again and again, or take what no rule may take.

What a rule may cost is bounded when a pack is checked (`cost.py`). This is for what should never happen: a rule that
raises, or that had to be interrupted. One failure costs one event its word; a rule that goes on failing is not asked
any more, and whoever looks after the rules is told.
"""

from __future__ import annotations

from collections import deque

WITHIN = 60.0  # seconds over which failures are added up
MOST = 5  # failures within them; from here on a rule is put aside


class OverranError(Exception):
    """A rule was interrupted: its event had taken more processor time than any event may."""


OVERRAN = "it took more processor time than an event may take"
FAILED = "it failed with "  # before the name of the error

WEIGHTS: dict[type[BaseException], int] = {
    OverranError: 3
}  # of a failure, 1 for any other: the second overrun is enough


class Quarantine:
    """What failed lately, and what is put aside for it: the id of each rule with why."""

    def __init__(self) -> None:
        self.aside: dict[str, str] = {}
        self._failures: dict[str, deque[tuple[float, int]]] = {}

    def failed(self, rule: str, error: BaseException, at: float) -> bool:
        """Take note of a failure at `at` (seconds of a clock that never goes back); say whether it was one too many."""
        if rule in self.aside:
            return False
        failures = self._failures.setdefault(rule, deque())
        failures.append((at, WEIGHTS.get(type(error), 1)))
        while failures[0][0] <= at - WITHIN:
            failures.popleft()
        if sum(weight for _, weight in failures) < MOST:
            return False
        self.aside[rule] = why(error)
        del self._failures[rule]
        return True


def why(error: BaseException) -> str:
    """Return what went wrong, in one line and without anything that people wrote."""
    if isinstance(error, OverranError):
        return OVERRAN
    return f"{FAILED}{type(error).__name__}"

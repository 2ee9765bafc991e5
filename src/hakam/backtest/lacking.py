"""What a near miss lacked: the changes that would have made the rule fire, each told with the value that was seen.

Asked of few events, after all are judged: those that a sample keeps.
"""

from __future__ import annotations

from collections.abc import Iterator

from hakam.backtest.steps import Steps
from hakam.policy.changes import Change, Turn, ways
from hakam.policy.interpret import Seen, outcome
from hakam.policy.rules import Rule
from hakam.policy.tree import label

Lacked = tuple[tuple[Change, ...], ...]  # each of these ways would have done, all its changes together


class Nearly:
    """Whether a rule nearly fires (`backtest.steps`)."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.steps, self._sole, self._wider = Steps.of(rule.written)

    def __call__(self, seen: Seen) -> bool:
        """Say it of an event on which the rule does not fire; where it is switched off, it does not nearly fire."""
        elsewhere = self.rule.elsewhere
        if elsewhere is not None and outcome(elsewhere, seen) is not True:
            return False
        lacking = None
        for n, step in enumerate(self.steps):
            if outcome(step, seen) is not True:
                if lacking is not None:
                    return False
                lacking = n
        if lacking is None:
            return False
        if lacking != self._sole:
            return True
        return self._wider is not None and outcome(self._wider, seen) is True

    def lacked(self, seen: Seen) -> Lacked:
        """Return what the rule lacked on an event, nothing if it fires there or does not nearly fire.

        Where no changed value is known that would have done, it is the step that did not hold.
        """
        if not self(seen):
            return ()
        found = tuple(way.changes for way in ways(self.rule.written, seen))
        return found or tuple((one,) for one in self._unmet(seen))

    def _unmet(self, seen: Seen) -> Iterator[Change]:
        for step in self.steps:
            held = outcome(step, seen)
            if held is not True:
                yield Change(Turn.TRUE, label(step), unknown=held is None)

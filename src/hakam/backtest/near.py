"""Near misses: events on which a rule did not fire, but one condition more would have made it fire."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hakam.backtest.dataset import Chunk, Doubles, Flags
from hakam.backtest.steps import Steps
from hakam.backtest.texts import Hits, Texts
from hakam.backtest.vectors import Evaluation
from hakam.policy.rules import Rule

PARTS = 12  # are looked through, evenly spread
ROWS = 4_000  # of each


def looked_at(parts: int) -> frozenset[int]:
    """Return the numbers of the parts that are looked through."""
    return frozenset(np.linspace(0, parts - 1, min(parts, PARTS)).astype(int).tolist())


class NearMisses:
    """Finds the near misses of some rules."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._steps = [Steps.of(rule.written) for rule in rules]
        self._elsewhere = [rule.elsewhere for rule in rules]
        self._texts = Texts([rule.when for rule in rules])

    def rows(
        self, chunk: Chunk, counted: dict[str, Doubles], fired: Sequence[Flags], hits: Hits | None = None
    ) -> tuple[list[Flags], int]:
        """Return for each rule the rows that it nearly fired on, and how many rows were looked at.

        Where a rule is switched off in a community it does not nearly fire. `hits` are those of the text predicates,
        if they were looked for before.
        """
        among = np.zeros(chunk.rows, dtype=np.bool_)
        among[:: max(1, chunk.rows // ROWS)] = True
        evaluation = Evaluation(chunk, self._texts.hits(chunk) if hits is None else hits, counted)
        made: list[Flags] = []
        for (steps, sole, wider), elsewhere, fires in zip(self._steps, self._elsewhere, fired, strict=True):
            open_ = among & ~fires
            if elsewhere is not None:
                open_ = evaluation.sure(elsewhere, of=True, among=open_)
            hold = [evaluation.sure(step, of=True, among=open_) for step in steps]
            near = open_ & (np.sum(hold, axis=0) == len(steps) - 1)
            if sole is not None:
                must = hold[sole]
                if wider is not None:
                    must = must | evaluation.sure(wider, of=True, among=near)
                near &= must
            made.append(near)
        return made, int(among.sum())

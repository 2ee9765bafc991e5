"""Near misses: events on which a rule did not fire, but one condition more would have made it fire."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from hakam.backtest.dataset import Chunk, Doubles, Flags
from hakam.backtest.texts import Texts
from hakam.backtest.vectors import Evaluation
from hakam.policy.kinds import Kind
from hakam.policy.tree import And, Compare, Condition, Literal

MARGIN = 0.1  # of a threshold
PARTS = 12  # are looked through, evenly spread
ROWS = 4_000  # of each

_NUMERIC = frozenset({Kind.NUMBER, Kind.TIME, Kind.DURATION})
_RELAXED = {"<": 1, "<=": 1, ">": -1, ">=": -1}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def looked_at(parts: int) -> frozenset[int]:
    """Return the numbers of the parts that are looked through."""
    return frozenset(np.linspace(0, parts - 1, min(parts, PARTS)).astype(int).tolist())


def steps_of(when: Condition) -> tuple[Condition, ...]:
    """Return what must hold together for a rule to fire."""
    if not isinstance(when, And):
        return (when,)
    return tuple(step for item in when.items for step in steps_of(item))


def relaxed(when: Condition) -> Condition | None:
    """Return a comparison with its threshold moved by a tenth; `None` for anything else."""
    if not isinstance(when, Compare) or when.op not in _RELAXED:
        return None
    for literal, sign, side in ((when.right, when.op, "right"), (when.left, _TURNED[when.op], "left")):
        if isinstance(literal, Literal) and literal.kind in _NUMERIC and literal.kind is not Kind.TIME:
            value = float(literal.value)
            moved = msgspec.structs.replace(literal, value=value + _RELAXED[sign] * abs(value) * MARGIN)
            return msgspec.structs.replace(when, **{side: moved})
    return None


class NearMisses:
    """Finds the near misses of some rules."""

    def __init__(self, conditions: Sequence[Condition]) -> None:
        self.steps = [steps_of(condition) for condition in conditions]
        self._relaxed = [relaxed(steps[0]) if len(steps) == 1 else None for steps in self.steps]
        self._texts = Texts(conditions)

    def rows(
        self, chunk: Chunk, counted: dict[str, Doubles], fired: Sequence[Flags]
    ) -> tuple[list[Flags], int]:
        """Return for each rule the rows that it nearly fired on, and how many rows were looked at."""
        among = np.zeros(chunk.rows, dtype=np.bool_)
        among[:: max(1, chunk.rows // ROWS)] = True
        evaluation = Evaluation(chunk, self._texts.hits(chunk), counted)
        made: list[Flags] = []
        for steps, wider, hits in zip(self.steps, self._relaxed, fired, strict=True):
            open_ = among & ~hits
            if wider is not None:
                made.append(evaluation.sure(wider, of=True, among=open_))
            elif len(steps) == 1:
                made.append(np.zeros(chunk.rows, dtype=np.bool_))
            else:
                held = sum(evaluation.sure(step, of=True, among=open_).astype(np.int16) for step in steps)
                made.append(open_ & (np.asarray(held) == len(steps) - 1))
        return made, int(among.sum())

"""What must hold together for a rule to fire, and thresholds a little wider: of what near misses are made."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from hakam.policy.kinds import Kind
from hakam.policy.tree import And, Compare, Condition, Literal, Not

MARGIN = 0.1  # of a threshold

_NUMERIC = frozenset({Kind.NUMBER, Kind.TIME, Kind.DURATION})
_RELAXED = {"<": 1, "<=": 1, ">": -1, ">=": -1}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Steps(NamedTuple):
    """How a rule nearly fires: all `steps` but one hold.

    What is absent from most events says nothing by its absence: where only one step is no `not`, that one has to hold
    too, or to hold with its threshold moved by a tenth (`wider`, `None` if it has none). So has the one step of a rule
    that has no other.
    """

    steps: tuple[Condition, ...]
    sole: int | None  # the place of the step that has to hold
    wider: Condition | None

    @classmethod
    def of(cls, when: Condition) -> Steps:
        """Return the steps of a condition."""
        steps = steps_of(when)
        there = [n for n, step in enumerate(steps) if not isinstance(step, Not)]
        sole = 0 if len(steps) == 1 else there[0] if len(there) == 1 else None
        return cls(steps, sole, None if sole is None else relaxed(steps[sole]))


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

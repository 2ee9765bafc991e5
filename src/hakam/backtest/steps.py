"""What must hold together for a rule to fire, and thresholds a little wider: of what near misses are made."""

from __future__ import annotations

import msgspec

from hakam.policy.kinds import Kind
from hakam.policy.tree import And, Compare, Condition, Literal

MARGIN = 0.1  # of a threshold

_NUMERIC = frozenset({Kind.NUMBER, Kind.TIME, Kind.DURATION})
_RELAXED = {"<": 1, "<=": 1, ">": -1, ">=": -1}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


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

"""Gates: one cheap question in front of all rules that need its answer.

Of rules that ask `author.posts <= 3`, `author.posts <= 5` and `author.posts < 10` none can be true unless
`author.posts <= 10`: asked once, it spares the three for most events. A gate asks the loosest bound, or the
union of what is looked up, so it is true whenever one of its rules can be.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable

import msgspec

from hakam.policy.canonical import canonical
from hakam.policy.cost import cost_of
from hakam.policy.kinds import Kind
from hakam.policy.tree import (
    Among,
    And,
    Compare,
    Condition,
    Holds,
    Leaf,
    Literal,
    Not,
    Or,
    Overlaps,
    Truth,
    Value,
)

FEWEST = 3  # rules; a gate before fewer spares nothing
_DEAREST = 300  # nanoseconds that a gate may take
_NUMERIC = frozenset({Kind.NUMBER, Kind.TIME, Kind.DURATION})
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_RANKS = ("among", "has", "most", "least", "is")  # the most telling first

Key = tuple[str, str]
Bound = str | float | int


class Gate(msgspec.Struct, frozen=True):
    """One question, and the numbers of the rules that can only be true if it is surely true."""

    asks: Condition
    sure_of: bool
    rules: tuple[int, ...]


class _Need(msgspec.Struct, frozen=True):
    """What a leaf asks, in a form in which several can be joined."""

    key: Key
    of: Value
    values: frozenset[Bound]
    leaf: Leaf
    sure_of: bool


def gates(rules: Iterable[tuple[int, Condition]]) -> tuple[list[Gate], list[int]]:
    """Return the gates of some rules, and the numbers of the rules that stand behind none."""
    needs = {number: {need.key: need for need in _needs(when, sure_of=True)} for number, when in rules}
    tally: Tally[Key] = Tally(key for found in needs.values() for key in found)
    behind: dict[Key, list[int]] = {}
    for number, found in needs.items():
        shared = [key for key in found if tally[key] >= FEWEST]
        if shared:
            best = min(shared, key=lambda key: (_RANKS.index(key[0]), -tally[key]))
            behind.setdefault(best, []).append(number)
    made = [
        _gate([needs[number][key] for number in numbers], tuple(numbers))
        for key, numbers in behind.items()
        if len(numbers) >= FEWEST
    ]
    gated = {number for gate in made for number in gate.rules}
    return made, [number for number in needs if number not in gated]


def _needs(node: Condition, *, sure_of: bool) -> list[_Need]:
    """Return what must hold for a condition to be surely `sure_of`."""
    if isinstance(node, Not):
        return _needs(node.of, sure_of=not sure_of)
    if isinstance(node, And | Or):
        if isinstance(node, And) is not sure_of:
            return []
        return [need for item in node.items for need in _needs(item, sure_of=sure_of)]
    need = _need(node, sure_of=sure_of)
    return [] if need is None or cost_of(node) > _DEAREST else [need]


def _need(leaf: Leaf, *, sure_of: bool) -> _Need | None:
    match leaf:
        case Truth():
            return _Need(("is", f"{sure_of}:{canonical(leaf.of)}"), leaf.of, frozenset(), leaf, sure_of)
        case Among() if sure_of:
            return _Need(("among", canonical(leaf.item)), leaf.item, leaf.values, leaf, True)  # noqa: FBT003 -- as found
        case Overlaps() if sure_of:
            return _Need(("has", canonical(leaf.of)), leaf.of, leaf.values, leaf, True)  # noqa: FBT003 -- as found
        case Holds() if sure_of and isinstance(leaf.item, Literal):
            values = frozenset({leaf.item.value})
            return _Need(("has", canonical(leaf.of)), leaf.of, values, leaf, True)  # noqa: FBT003 -- as found
        case Compare():
            return _bound(leaf, sure_of=sure_of)
    return None


def _bound(leaf: Compare, *, sure_of: bool) -> _Need | None:
    sign = leaf.op if sure_of else _NEGATED[leaf.op]
    value, bound = leaf.left, leaf.right
    if isinstance(value, Literal):
        value, bound, sign = bound, value, _TURNED[sign]
    if isinstance(value, Literal) or not isinstance(bound, Literal) or sign == "!=":
        return None
    if sign == "==":
        how = "among"
    elif value.kind in _NUMERIC:
        how = "most" if sign in {"<", "<="} else "least"
    else:
        return None
    return _Need((how, canonical(value)), value, frozenset({bound.value}), leaf, sure_of)


def _gate(needs: list[_Need], rules: tuple[int, ...]) -> Gate:
    first = needs[0]
    how, of, text, span = first.key[0], first.of, first.leaf.text, first.leaf.span
    if how == "is":
        return Gate(first.leaf, first.sure_of, rules)
    values = frozenset().union(*(need.values for need in needs))
    asks: Condition
    if how == "among":
        asks = Among(of, values, None, text, span)
    elif how == "has":
        asks = Overlaps(of, values, None, text, span)
    else:
        bound = max(values) if how == "most" else min(values)
        asks = Compare("<=" if how == "most" else ">=", of, Literal(bound, of.kind, text, span), text, span)
    return Gate(asks, True, rules)  # noqa: FBT003 -- a gate is surely true

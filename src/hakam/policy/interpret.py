"""The plain meaning of a condition: a direct three-valued interpreter, one line for each kind of node.

It explains verdicts, stands in for the compiled function when that fails, and is what the compiled function
is tested against. `None` is unknown throughout.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from hakam.policy.arithmetic import OPERATIONS
from hakam.policy.fields import FieldSpec, reader
from hakam.policy.kinds import Kind, show_duration, show_seen, show_time
from hakam.policy.scan import find_in, finder
from hakam.policy.similarity import similarity
from hakam.policy.tree import (
    Among,
    And,
    Arithmetic,
    Compare,
    Condition,
    Constant,
    Counter,
    Field,
    Folded,
    Holds,
    How,
    Known,
    Leaf,
    Length,
    Listed,
    Literal,
    Not,
    Or,
    Overlaps,
    Search,
    Similarity,
    Truth,
    Tuned,
    Value,
)
from hakam.signals.fold import fold, fold_words
from hakam.signals.measure import Signals
from hakam.vocabulary.event import Event

Counted = Mapping[str, float | None]
_read = cache(reader)
_find = cache(finder)


class Seen(msgspec.Struct, frozen=True):
    """One event with its measurements and the counters' values, as a rule sees it.

    `instead`: what values would be, by their source, whatever the event says: what if.
    """

    event: Event
    signals: Signals
    counted: Counted = {}
    instead: Mapping[str, Any] = {}


def read_field(spec: FieldSpec, seen: Seen) -> Any:
    """Return a field's value, `None` if it is unknown."""
    return _read(spec)(seen.event, seen.signals)


def value_of(node: Value, seen: Seen) -> Any:  # noqa: PLR0911 -- one for each kind of value
    """Return the value of a node, `None` if it is unknown."""
    if seen.instead and node.text in seen.instead:
        return seen.instead[node.text]
    match node:
        case Literal():
            return node.value
        case Field():
            found = read_field(node.spec, seen)
            return None if isinstance(found, float) and found != found else found  # noqa: PLR0124 -- not a number
        case Counter():
            return seen.counted.get(node.name)
        case Similarity():
            return similarity(value_of(node.of, seen), node.target)
        case Tuned():
            community = value_of(node.community, seen)
            return node.value if community is None else dict(node.by_community).get(community, node.value)
        case Arithmetic():
            return OPERATIONS[node.op](value_of(node.left, seen), value_of(node.right, seen))
        case Length():
            of = value_of(node.of, seen)
            return None if of is None else len(of)
        case Folded():
            of = value_of(node.of, seen)
            return None if of is None else fold_words(of) if node.words else fold(of)


def outcome(node: Condition, seen: Seen, forced: Mapping[Leaf, bool | None] | None = None) -> bool | None:
    """Return True, False or `None` (unknown).

    `forced` sets the outcome of leaves, to ask what would follow.
    """
    if isinstance(node, Not):
        below = outcome(node.of, seen, forced)
        return None if below is None else not below
    if isinstance(node, And):
        return both([outcome(item, seen, forced) for item in node.items])
    if isinstance(node, Or):
        return either([outcome(item, seen, forced) for item in node.items])
    if forced is not None and node in forced:
        return forced[node]
    return leaf_outcome(node, seen)


def both(items: list[bool | None]) -> bool | None:
    """Kleene's `and`."""
    if any(item is False for item in items):
        return False
    return None if any(item is None for item in items) else True


def either(items: list[bool | None]) -> bool | None:
    """Kleene's `or`."""
    if any(item is True for item in items):
        return True
    return None if any(item is None for item in items) else False


def leaf_outcome(node: Leaf, seen: Seen) -> bool | None:  # noqa: C901, PLR0911 -- one branch for each kind of node
    """Return the outcome of one leaf."""
    match node:
        case Constant():
            return node.value
        case Known():
            return value_of(node.of, seen) is not None
        case Truth():
            found = value_of(node.of, seen)
            return found if isinstance(found, bool) else None
        case Compare():
            left, right = value_of(node.left, seen), value_of(node.right, seen)
            return None if left is None or right is None else compared(node.op, left, right)
        case Among():
            item = value_of(node.item, seen)
            return None if item is None else item in node.values
        case Holds():
            item, of = value_of(node.item, seen), value_of(node.of, seen)
            return None if item is None or of is None else item in of
        case Overlaps():
            of = value_of(node.of, seen)
            return None if of is None else any(item in node.values for item in of)
        case Listed():
            of = value_of(node.of, seen)
            return (
                None
                if of is None
                else of in node.values
                if isinstance(of, str)
                else any(map(node.values.holds, of))
            )
        case Search():
            of = value_of(node.of, seen)
            if of is None:
                return None
            return any(_holds(node, text) for text in ((of,) if isinstance(of, str) else of))


def compared(sign: str, left: Any, right: Any) -> bool:
    """Compare two known values."""
    return bool(
        {
            "<": lambda: left < right,
            "<=": lambda: left <= right,
            ">": lambda: left > right,
            ">=": lambda: left >= right,
            "==": lambda: left == right,
            "!=": lambda: left != right,
        }[sign]()
    )


def _holds(node: Search, text: str) -> bool:
    if node.how is How.STARTS:
        return text.startswith(node.terms)
    if node.how is How.ENDS:
        return text.endswith(node.terms)
    if node.how is How.PATTERN:
        return _find(node)(text) is not None
    return any(term in text for term in node.terms)


def leaf_value(node: Leaf, seen: Seen) -> Any:  # noqa: C901, PLR0911 -- one for each kind of leaf
    """Return the value that a leaf looked at, as people read it.

    `None` if it is unknown, or nothing was found.
    """
    match node:
        case Constant():
            return None
        case Truth() | Known():
            return as_read(node.of, seen)
        case Compare():
            if isinstance(node.right, Literal):
                return as_read(node.left, seen)
            if isinstance(node.left, Literal):
                return as_read(node.right, seen)
            return [as_read(node.left, seen), as_read(node.right, seen)]
        case Among():
            return as_read(node.item, seen)
        case Holds():
            return as_read(node.of if isinstance(node.item, Literal) else node.item, seen)
        case Overlaps():
            of = value_of(node.of, seen)
            return None if of is None else [item for item in of if item in node.values]
        case Listed():
            of = value_of(node.of, seen)
            return of if of is None or isinstance(of, str) else [item for item in of if item in node.values]
        case Search():  # what finds a hit is dear to make, and there seldom is one
            return find_in(node)(value_of(node.of, seen)) if leaf_outcome(node, seen) else None


def as_read(node: Value, seen: Seen) -> Any:
    """Return the value of a node as people read it: times and durations in words. `None` if it is unknown."""
    found = value_of(node, seen)
    if found is None:
        return None
    if node.kind is Kind.DURATION:
        return show_duration(found) if isinstance(node, Literal) else show_seen(found)
    return show_time(found) if node.kind is Kind.TIME else found

"""What would have turned a rule's outcome: the smallest change of what it saw, found by asking the rule again.

One value that another number, word or mark would have turned is a way by itself. Where no single one does, the fewest
parts that do it together are. Each way is tried on the interpreter before it is told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final, NamedTuple

import msgspec

from hakam.policy.interpret import Seen, as_read, compared, leaf_outcome, leaf_value, outcome, value_of
from hakam.policy.kinds import Kind
from hakam.policy.tree import (
    And,
    Compare,
    Condition,
    Constant,
    Known,
    Leaf,
    Literal,
    Not,
    Or,
    Search,
    Truth,
    Tuned,
    Value,
    label,
    leaves,
    parts,
)

MAX_LEAVES: Final = 200
MAX_WAYS: Final = 12
_NUMERIC: Final = frozenset({Kind.NUMBER, Kind.DURATION, Kind.TIME})
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class Turn(StrEnum):
    """How what was seen would have to differ."""

    BELOW = "below"
    AT_MOST = "at most"
    EQUAL = "equal"
    OTHER = "other than"
    AT_LEAST = "at least"
    ABOVE = "above"
    KNOWN = "known"
    MISSING = "missing"
    FOUND = "found"  # what a text is searched for
    ABSENT = "absent"
    TRUE = "true"
    FALSE = "false"


_TRUE: Final = {
    "<": Turn.BELOW, "<=": Turn.AT_MOST, "==": Turn.EQUAL, "!=": Turn.OTHER, ">=": Turn.AT_LEAST, ">": Turn.ABOVE,
}  # fmt: skip
_FALSE: Final = {
    "<": Turn.AT_LEAST, "<=": Turn.ABOVE, "==": Turn.OTHER, "!=": Turn.EQUAL, ">=": Turn.BELOW, ">": Turn.AT_MOST,
}  # fmt: skip


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that would have to be otherwise: `text` is a value's source, or a whole part's.

    `limit` is what it is held against, as people read it; `value` what was seen, None if it is unknown, or if a text
    was searched and nothing found. `unknown`: the part was neither true nor false, for want of what it reads.
    """

    turn: Turn
    text: str
    limit: str = ""
    value: Any = None
    unknown: bool = False

    def __str__(self) -> str:
        """Say it in English, after `it would be otherwise`."""
        seen = "unknown" if self.value is None else self.value
        if self.limit:
            how = "" if self.turn is Turn.EQUAL else f"{self.turn} "
            return f"if `{self.text}` were {how}{self.limit} (it was {seen})"
        tail = " (what it reads was unknown)" if self.unknown else ""
        if self.turn is Turn.FOUND:
            return f"if `{self.text}` had found something{tail}"
        if self.turn is Turn.ABSENT and self.value is None:
            return f"if `{self.text}` were known to find nothing"
        if self.turn is Turn.ABSENT:
            return f"if `{self.text}` had not found {self.value!r}"
        if not tail and self.tells:
            tail = f" (it saw {self.value!r})"
        return f"if `{self.text}` were {self.turn}{tail}"

    @property
    def tells(self) -> bool:
        """Whether the value says more than that a part was not true, or not false."""
        bare = self.value is None or isinstance(self.value, bool) or self.value in ([], ())
        return self.turn in {Turn.TRUE, Turn.FALSE} and not bare


class Way(msgspec.Struct, frozen=True):
    """Changes that together turn the outcome, and the parts of the condition that they turn."""

    changes: tuple[Change, ...]
    turned: frozenset[Leaf]


Forced = Mapping[Leaf, bool | None]


def ways(condition: Condition, seen: Seen) -> tuple[Way, ...]:
    """Return what would have turned the outcome, each single change, or else the fewest that do it together.

    A rule that fires is turned by not firing, whether false or unknown. Empty if nothing that was seen matters.
    """
    found = leaves(condition)
    if len(found) > MAX_LEAVES:
        return ()
    was = {leaf: leaf_outcome(leaf, seen) for leaf in found}
    fires = outcome(condition, seen, was) is True
    single = [
        way
        for way in _single(found, was, seen)
        if (outcome(condition, seen, {**was, **way.forced}) is True) is not fires
    ]
    if single:
        nearest: dict[tuple[str, Turn | bool], _Single] = {}
        for way in single:  # of each value the nearest change in each direction
            key = (way.change.text, way.change.turn if way.more is None else way.more)
            nearest.setdefault(key, way)
        chosen = [*nearest.values()][:MAX_WAYS]
        return tuple(Way((way.change,), _turned(way.forced, seen)) for way in chosen)
    together = _together(_fewest(condition, not fires, seen) or {}, found, seen)
    if together is None or (outcome(condition, seen, together[1]) is True) is fires:
        return ()  # the parts hang together so that this does not turn it
    return (Way(together[0], _turned(together[1], seen)),)


class _Single(NamedTuple):
    """One change, which parts it makes true or false, and whether it is an increase (None: it is no number)."""

    change: Change
    forced: Forced
    more: bool | None = None
    value: float | None = None  # what the number would be


def _otherwise(instead: Mapping[str, Any], found: list[Leaf], seen: Seen) -> dict[Leaf, bool | None]:
    """Return what parts that read some values would be if these were otherwise, but whether they are known."""
    readers = (
        one for one in found if not isinstance(one, Known) and any(_reads(one, text) for text in instead)
    )
    what_if = msgspec.structs.replace(seen, instead={**seen.instead, **instead})
    return {one: leaf_outcome(one, what_if) for one in readers}


def _known_with(leaf: Leaf, found: list[Leaf]) -> dict[Leaf, bool | None]:
    """Return what is known as soon as a part that was unknown is true or false: all that it reads."""
    return {
        one: True for one in found if isinstance(one, Known) and one is not leaf and _reads(leaf, one.of.text)
    }


def _turned(forced: Forced, seen: Seen) -> frozenset[Leaf]:
    return frozenset(leaf for leaf, now in forced.items() if now is not leaf_outcome(leaf, seen))


def _single(found: list[Leaf], was: Forced, seen: Seen) -> Iterator[_Single]:
    """Yield single changes in the order of the condition, of each number the nearest first."""
    done: set[str] = set()
    for leaf in found:
        held = _held(leaf)
        if held is not None and (value := _number(held[0], seen)) is not None:
            if held[0].text not in done:
                done.add(held[0].text)
                yield from _numbers(held[0], value, found, seen)
            continue
        if isinstance(leaf, Constant) or leaf.text in done:
            continue
        done.add(leaf.text)
        for now in (True, False):
            if now is not was[leaf]:
                forced: dict[Leaf, bool | None] = {one: now for one in found if one.text == leaf.text}
                if isinstance(leaf, Known) and not now:  # whatever reads it would be unknown as well
                    readers = (one for one in found if one not in forced and _reads(one, leaf.of.text))
                    forced |= dict.fromkeys(readers)
                if isinstance(leaf, Truth):
                    forced = _otherwise({leaf.of.text: now}, found, seen) | forced
                if was[leaf] is None:
                    forced = _known_with(leaf, found) | forced
                yield _Single(_change(leaf, now, seen), forced)


def _numbers(of: Value, value: float, found: list[Leaf], seen: Seen) -> Iterator[_Single]:
    """Yield what another number would change: at each limit and beside it, each direction's nearest first."""
    same = [(leaf, against) for leaf in found if (against := _against(leaf, of)) is not None]
    limits: dict[float, str] = {}
    for _leaf, (_sign, other) in same:
        limit = _number(other, seen)
        if limit is not None:
            limits.setdefault(limit, str(as_read(other, seen)))
    order = sorted(limits)
    tried: list[tuple[float, int, float, float]] = []
    for at, limit in enumerate(order):
        step = max(1.0, 2 * math.ulp(limit))  # just beside it, and not past the next
        below = limit - min(step, (limit - order[at - 1]) / 2 if at else step)
        above = limit + min(step, (order[at + 1] - limit) / 2 if at + 1 < len(order) else step)
        away = abs(limit - value)
        tried += [(away, 0, limit, limit), (away, 1, below, limit), (away, 1, above, limit)]
    shown = as_read(of, seen)
    before = {
        one: leaf_outcome(one, seen) for one in found if not isinstance(one, Known) and _reads(one, of.text)
    }
    for _away, _exact, candidate, limit in sorted(tried):
        forced = _otherwise({of.text: candidate}, found, seen)
        if candidate == value or forced == before:
            continue
        turn = _where(candidate, limit, value, same, seen)
        yield _Single(Change(turn, of.text, limits[limit], shown), forced, candidate > value, candidate)


def _where(
    candidate: float,
    limit: float,
    value: float,
    same: list[tuple[Leaf, tuple[str, Value]]],
    seen: Seen,
) -> Turn:
    if candidate != limit:
        return Turn.BELOW if candidate < limit else Turn.ABOVE
    signs = {sign for _leaf, (sign, other) in same if _number(other, seen) == limit}
    if signs & {"==", "!="}:
        return Turn.EQUAL
    return Turn.AT_LEAST if limit > value else Turn.AT_MOST


def _held(leaf: Leaf) -> tuple[Value, str, Value] | None:
    """Return what is held against a fixed number, how, and against what; None for any other part."""
    if not isinstance(leaf, Compare) or leaf.left.kind not in _NUMERIC:
        return None
    if isinstance(leaf.right, Literal | Tuned) and not isinstance(leaf.left, Literal | Tuned):
        return leaf.left, leaf.op, leaf.right
    if isinstance(leaf.left, Literal | Tuned) and not isinstance(leaf.right, Literal | Tuned):
        return leaf.right, _MIRRORED[leaf.op], leaf.left
    return None


def _against(leaf: Leaf, of: Value) -> tuple[str, Value] | None:
    """Return how a value is held against another number, fixed or not, in a part; None if it is not."""
    if not isinstance(leaf, Compare):
        return None
    for one, sign, other in ((leaf.left, leaf.op, leaf.right), (leaf.right, _MIRRORED[leaf.op], leaf.left)):
        if one.text == of.text and not _reads(other, of.text):
            return sign, other
    return None


def _number(of: Value, seen: Seen) -> float | None:
    found = value_of(of, seen)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def _reads(node: Condition | Value, text: str) -> bool:
    return node.text == text or any(_reads(below, text) for below in parts(node))


def _change(leaf: Leaf, now: bool, seen: Seen) -> Change:
    """Say what it takes for a part to be true or false."""
    held, unknown = _held(leaf), leaf_outcome(leaf, seen) is None
    if held is None and isinstance(leaf, Compare) and isinstance(leaf.right, Literal):
        held = leaf.left, leaf.op, leaf.right
    if held is not None:
        of, sign, other = held
        turn = (_TRUE if now else _FALSE)[sign]
        return Change(turn, of.text, str(as_read(other, seen)), _plain(as_read(of, seen)), unknown)
    if isinstance(leaf, Known):
        return Change(Turn.KNOWN if now else Turn.MISSING, leaf.of.text, value=_plain(as_read(leaf.of, seen)))
    turns = (Turn.ABSENT, Turn.FOUND) if isinstance(leaf, Search) else (Turn.FALSE, Turn.TRUE)
    return Change(turns[now], label(leaf), value=_plain(leaf_value(leaf, seen)), unknown=unknown)


def _plain(value: Any) -> Any:
    """Return a value as it is read back from JSON: texts without their vocabulary, lists."""
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, str) else value


_Needed = dict[Leaf, bool]


def _together(needed: _Needed, found: list[Leaf], seen: Seen) -> tuple[tuple[Change, ...], Forced] | None:
    """Return the changes that bring about what is needed, and all parts they decide. None: there are no such."""
    changes: dict[str, Change] = {}
    forced: dict[Leaf, bool | None] = {}
    instead: dict[str, Any] = {}
    for leaf, now in needed.items():
        held = _held(leaf)
        if held is not None and (value := _number(held[0], seen)) is not None:
            if held[0].text in changes:
                continue
            fits = (
                one
                for one in _numbers(held[0], value, found, seen)
                if all(one.forced[other] is wanted for other, wanted in needed.items() if other in one.forced)
            )
            nearest = next(fits, None)
            if nearest is None:
                return None
            changes[held[0].text] = nearest.change
            instead[held[0].text] = nearest.value
            continue
        if isinstance(leaf, Truth):
            instead[leaf.of.text] = now
        changes[leaf.text] = _change(leaf, now, seen)
        forced |= {one: now for one in found if one.text == leaf.text}
    reading = _known_or_not(needed, found, seen)
    if not changes or reading is None or not _possible(needed, seen):
        return None
    return tuple(changes.values()), _otherwise(instead, found, seen) | reading | forced


def _known_or_not(needed: _Needed, found: list[Leaf], seen: Seen) -> dict[Leaf, bool | None] | None:
    """Return what is known, or no longer, with what is needed. None: the same would have to be both."""
    reading: dict[Leaf, bool | None] = {}
    for leaf, now in needed.items():
        if isinstance(leaf, Known) and not now:  # whatever reads it would be unknown as well
            readers = {one for one in found if not isinstance(one, Known) and _reads(one, leaf.of.text)}
            if readers & needed.keys():
                return None
            reading |= dict.fromkeys(readers)
        elif leaf_outcome(leaf, seen) is None:
            known = _known_with(leaf, found)
            if any(needed.get(one) is False for one in known):
                return None
            reading |= known
    return reading


def _possible(needed: _Needed, seen: Seen) -> bool:
    """Whether one number fulfils all that is needed of each number that is unknown."""
    by_value: dict[str, list[tuple[str, float, bool]]] = {}
    for leaf, now in needed.items():
        held = _held(leaf)
        if (
            held is not None
            and _number(held[0], seen) is None
            and (limit := _number(held[2], seen)) is not None
        ):
            by_value.setdefault(held[0].text, []).append((held[1], limit, now))
    for asked in by_value.values():
        limits = sorted({limit for _sign, limit, _now in asked})
        between = [(low + high) / 2 for low, high in pairwise(limits)]
        tried = (*limits, *between, limits[0] - 1, limits[-1] + 1)
        if not any(all(compared(sign, one, limit) is now for sign, limit, now in asked) for one in tried):
            return False
    return True


def _fewest(node: Condition, wanted: bool, seen: Seen) -> _Needed | None:
    """Return the fewest parts that have to change for an outcome, None if no change brings it about."""
    if outcome(node, seen) is wanted:
        return {}
    if isinstance(node, Not):
        return _fewest(node.of, not wanted, seen)
    if isinstance(node, And | Or):
        each = [_fewest(item, wanted, seen) for item in node.items]
        return _all_of(each) if isinstance(node, And) is wanted else _least_of(each)
    return None if isinstance(node, Constant) else {node: wanted}


def _least_of(each: Iterable[_Needed | None]) -> _Needed | None:
    return min((one for one in each if one is not None), key=len, default=None)


def _all_of(each: Iterable[_Needed | None]) -> _Needed | None:
    found: _Needed = {}
    for one in each:
        if one is None:
            return None
        found |= one
    by_text: dict[str, bool] = {}
    if any(by_text.setdefault(leaf.text, now) is not now for leaf, now in found.items()):
        return None  # the same part would have to be both
    return found

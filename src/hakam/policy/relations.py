"""What one value says of another: a text of its length, a window of a longer one, a calculation of its parts.

Intervals are `(least, most)`, both ends included. None is narrower than what the engine can come to.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from itertools import pairwise
from math import inf

from hakam.policy.canonical import canonical
from hakam.policy.kinds import LISTS
from hakam.policy.tree import (
    Arithmetic,
    Counter,
    CounterKind,
    Field,
    Folded,
    How,
    Length,
    Literal,
    Search,
    Tuned,
    Value,
)
from hakam.signals.shortest import fewest_characters

Interval = tuple[float, float]
_ALL: Interval = (-inf, inf)
_EXACT = 2.0**53  # whole numbers below are held exactly, however they are calculated
MAX_TERMS = 1_000  # of longer lists nothing is said
_SAME_TEXT = frozenset({"text.raw", "text.folded", "text.words"})


def interval(value: Value) -> Interval:  # noqa: PLR0911 -- one for each kind of value
    """Return between which numbers a value lies, if it is known."""
    match value:
        case Literal() if not isinstance(value.value, str):
            return float(value.value), float(value.value)
        case Field():
            return value.spec.least, value.spec.most
        case Length():
            return 0.0, inf
        case Counter():
            return (0.0, inf) if never_less(value) else _ALL
        case Tuned() if not isinstance(value.value, str):
            given = [value.value, *(one for _, one in value.by_community)]
            numbers = [float(one) for one in given if not isinstance(one, str)]
            return min(numbers), max(numbers)
        case Arithmetic():
            return _calculated(value)
    return _ALL


def never_less(counter: Counter) -> bool:
    """Whether what is counted only adds up: a sum of what may be negative does not."""
    if counter.counts is CounterKind.SUM:
        return counter.of is not None and interval(counter.of)[0] >= 0
    return True


def is_whole(value: Value) -> bool:
    """Whether a value never has a fraction."""
    match value:
        case Literal():
            return isinstance(value.value, int) and abs(value.value) < _EXACT
        case Field():
            return value.spec.whole
        case Length():
            return True
        case Counter():
            return value.counts is not CounterKind.SUM
        case Arithmetic():
            return value.op != "/" and is_whole(value.left) and is_whole(value.right)
    return False


def _calculated(value: Arithmetic) -> Interval:  # noqa: PLR0911 -- one for each operation
    left, right = interval(value.left), interval(value.right)
    match value.op:
        case "+":
            return left[0] + right[0], left[1] + right[1]
        case "-":
            return left[0] - right[1], left[1] - right[0]
        case "*":
            ends = [_times(one, other) for one in left for other in right]
            return min(ends), max(ends)
        case "%" if right[0] > 0 and right[1] < inf:
            exact = is_whole(value.left) and is_whole(value.right)
            # of numbers with a fraction, rounding may come to the divisor itself
            return 0.0, right[1] - exact
        case "%" if right[1] < 0 and right[0] > -inf:
            exact = is_whole(value.left) and is_whole(value.right)
            return right[0] + exact, 0.0
        case "/" if right[0] == right[1] != 0:
            ends = [end / right[0] for end in left]
            return min(ends), max(ends)
    return _ALL


def _times(one: float, other: float) -> float:
    return 0.0 if 0.0 in {one, other} else one * other


def lengths(search: Search, asked: Container[str]) -> Iterator[tuple[str, int]]:
    """Yield keys of lengths that are asked for, with what they are at least where a search hits."""
    of = search.of.of if isinstance(search.of, Folded) else search.of
    if search.how is How.PATTERN or search.outside or not search.terms:
        return
    if not isinstance(of, Field) or of.kind in LISTS:
        return
    path, words = of.spec.path, search.how is How.WORDS
    if path.startswith("text.") and path not in _SAME_TEXT:
        return
    same = path in _SAME_TEXT
    folded = isinstance(search.of, Folded) or path in {"text.folded", "text.words"}
    given = search.terms[:MAX_TERMS] if len(search.terms) <= MAX_TERMS else ()
    for key in ("text.length", "len(text.raw)") if same else (f"len({canonical(of)})",):
        if given and key in asked:
            yield key, min(fewest_characters(term) if folded else len(term) for term in given)
    whole = "len(text.folded)" if same else f"len({canonical(search.of)})"
    if folded and not words and whole in asked:
        yield whole, min(map(len, search.terms))
    if words and same and "text.word_count" in asked:
        yield "text.word_count", min(len(term.split()) for term in search.terms)


def longer_windows(counters: Mapping[str, Counter]) -> Iterator[tuple[str, str]]:
    """Yield pairs of keys of counters of which the second counts at least as much: the same in a longer window."""
    families: dict[str, list[tuple[float, str]]] = {}
    for key, counter in counters.items():
        if counter.counts is not CounterKind.MARKED and never_less(counter):
            by = ",".join(map(canonical, counter.by))
            of = canonical(counter.of) if counter.of is not None else ""
            where = canonical(counter.where) if counter.where is not None else ""
            families.setdefault(f"{counter.counts}({of};{by};{where})", []).append((counter.within, key))
    for family in families.values():
        ordered = [key for _, key in sorted(family)]
        yield from pairwise(ordered)

"""What rules mean together: one that can never fire, one that adds nothing, two that judge the same otherwise.

A condition is turned into alternatives of facts ("known and true", "known and false" of one leaf). Facts about one
value bound it: numbers by an interval, other values by a set. What is said here is always so; what can't be told
within the bounds below is not said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from math import ceil, floor, inf, isfinite

import msgspec

from hakam.policy.canonical import canonical
from hakam.policy.kinds import Kind
from hakam.policy.relations import interval, is_whole, lengths, longer_windows
from hakam.policy.rules import Rule
from hakam.policy.source import Reporter
from hakam.policy.tree import (
    Among,
    And,
    Compare,
    Condition,
    Constant,
    Counter,
    Field,
    Holds,
    How,
    Known,
    Leaf,
    Listed,
    Literal,
    Not,
    Or,
    Overlaps,
    Search,
    Truth,
    Value,
    label,
    leaves,
)
from hakam.vocabulary.verdict import Stage

MAX_ALTERNATIVES = 64
MAX_PAIRS = 100_000
MAX_COMPARED = 400  # terms of one search with those of another
FEW_TERMS, MOST_WORDS = 50, 6
_NUMERIC = frozenset({Kind.NUMBER, Kind.TIME, Kind.DURATION})
_NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_FAR = {Stage.SHADOW: 0, Stage.CANARY: 1, Stage.LIVE: 2}

Plain = str | float | int


class Fact(msgspec.Struct, frozen=True):
    """One leaf that is surely true, or surely false."""

    leaf: Leaf
    sure_of: bool


class Bounds(msgspec.Struct, frozen=True):
    """What an alternative says of one value: an interval (`True`: its end is part of it), and sets."""

    least: tuple[float, bool] = (-inf, True)
    most: tuple[float, bool] = (inf, True)
    among: frozenset[Plain] | None = None
    besides: frozenset[Plain] = frozenset()

    def empty(self) -> bool:
        """Whether no value is left."""
        low, high = self.least, self.most
        if low[0] > high[0] or (low[0] == high[0] and not (low[1] and high[1])):
            return True
        if low == high and low[0] in self.besides:
            return True
        return self.among is not None and not any(self.admits(value) for value in self.among)

    def admits(self, value: Plain) -> bool:
        """Whether a value is within."""
        if value in self.besides or (self.among is not None and value not in self.among):
            return False
        if isinstance(value, str):
            return True
        low, high = self.least, self.most
        above = value > low[0] or (low[1] and value == low[0])
        return above and (value < high[0] or (high[1] and value == high[0]))

    def ends(self) -> tuple[tuple[float, bool], tuple[float, bool]]:
        """Return the least and the most of the numbers that are left, which are some."""
        given = [value for value in self.among or () if not isinstance(value, str) and self.admits(value)]
        if not given:
            return self.least, self.most
        return (float(min(given)), True), (float(max(given)), True)

    def within(self, other: Bounds) -> bool:
        """Whether every value that is within these is within the other."""
        if self.among is not None:
            return all(other.admits(value) for value in self.among if self.admits(value))
        if other.among is not None:
            return False
        low = self.least[0] > other.least[0] or (
            self.least[0] == other.least[0] and (other.least[1] or not self.least[1])
        )
        high = self.most[0] < other.most[0] or (
            self.most[0] == other.most[0] and (other.most[1] or not self.most[1])
        )
        return low and high and all(not self.admits(value) for value in other.besides)

    def whole(self) -> Bounds:
        """Return the same of a value that has no fraction."""
        low, high, among = self.least, self.most, self.among
        if isfinite(low[0]):
            low = (float(ceil(low[0]) + (not low[1] and low[0] == ceil(low[0]))), True)
        if isfinite(high[0]):
            high = (float(floor(high[0]) - (not high[1] and high[0] == floor(high[0]))), True)
        if among is not None:
            among = frozenset(value for value in among if isinstance(value, str) or value == floor(value))
        return Bounds(low, high, among, self.besides)


class Hit(msgspec.Struct, frozen=True):
    """Whether a text or list holds one of some terms: those that are looked for as parts, or as whole values."""

    of: str  # where, and in which way
    terms: frozenset[Plain]
    parts: bool
    sure_of: bool
    text: str  # its meaning

    def within(self, other: Hit) -> bool:
        """Whether each of its terms brings one of the other's along, as `kill you` does `kill`."""
        if self.of != other.of or self.parts != other.parts:
            return False
        if self.terms <= other.terms:
            return True
        if not self.parts or len(self.terms) * len(other.terms) > MAX_COMPARED:
            return False
        return all(any(str(part) in str(term) for part in other.terms) for term in self.terms)

    def implies(self, other: Hit) -> bool:
        """Whether the other is so whenever this is."""
        if self.sure_of is not other.sure_of:
            return False
        return self.within(other) if self.sure_of else other.within(self)


class Alternative(msgspec.Struct, frozen=True):
    """One way for a condition to be true: what it says of values, of terms, and of leaves that bound nothing."""

    bounds: dict[str, Bounds]
    hits: frozenset[Hit]
    others: frozenset[tuple[str, bool]]
    known: frozenset[str]  # values that are known then
    missing: frozenset[str]  # and that are not

    def impossible(self) -> bool:
        """Whether it can never be."""
        if self.known & self.missing or any(bounds.empty() for bounds in self.bounds.values()):
            return True
        if any((text, not sure) in self.others for text, sure in self.others):
            return True
        there = [hit for hit in self.hits if hit.sure_of]
        return any(one.within(other) for other in self.hits if not other.sure_of for one in there)

    def implies(self, other: Alternative) -> bool:
        """Whether the other is true whenever this is."""
        return (
            other.others <= self.others
            and all(any(one.implies(hit) for one in self.hits) for hit in other.hits)
            and other.known <= self.known
            and other.missing <= self.missing
            and all(
                key in self.bounds and self.bounds[key].within(bounds) for key, bounds in other.bounds.items()
            )
        )


def alternatives(node: Condition) -> list[Alternative] | None:
    """Return all ways in which a condition can be surely true, without those that can never be.

    `None` if there are too many to tell.
    """
    facts = _facts(node, sure_of=True)
    if facts is None:
        return None
    return [found for each in facts if not (found := _alternative(each)).impossible()]


def _facts(node: Condition, *, sure_of: bool) -> list[tuple[Fact, ...]] | None:  # noqa: PLR0911 -- one for each kind of node
    if isinstance(node, Not):
        return _facts(node.of, sure_of=not sure_of)
    if isinstance(node, Constant):
        return [()] if node.value is sure_of else []
    if not isinstance(node, And | Or):
        return [(Fact(node, sure_of),)]
    below = [_facts(item, sure_of=sure_of) for item in node.items]
    if any(found is None for found in below):
        return None
    there = [found for found in below if found is not None]
    if isinstance(node, And) is not sure_of:
        joined = [one for found in there for one in found]
        return joined if len(joined) <= MAX_ALTERNATIVES else None
    size = 1
    for found in there:
        size *= len(found)
        if size > MAX_ALTERNATIVES:
            return None
    return [tuple(fact for part in parts for fact in part) for parts in product(*there)]


def _alternative(facts: Iterable[Fact]) -> Alternative:
    bounds: dict[str, Bounds] = {}
    counters: dict[str, Counter] = {}
    searches: list[Search] = []
    hits: set[Hit] = set()
    others: set[tuple[str, bool]] = set()
    known: set[str] = set()
    missing: set[str] = set()
    for fact in facts:
        leaf = fact.leaf
        if isinstance(leaf, Known):
            (known if fact.sure_of else missing).add(canonical(leaf.of))
            continue
        known.update(canonical(value) for value in _read(leaf))
        if isinstance(leaf, Search) and fact.sure_of:
            searches.append(leaf)
        found = _bound(leaf, sure_of=fact.sure_of)
        if found is not None:
            of, more = found
            key = canonical(of)
            made = _both(bounds.get(key) or _of_kind(of), more)
            bounds[key] = made.whole() if is_whole(of) else made
            if isinstance(of, Counter):
                counters[key] = of
        elif (hit := _hit(leaf, sure_of=fact.sure_of)) is not None:
            hits.add(hit)
            if hit.sure_of and not hit.parts:  # a list that holds something is not empty
                key = f"len({canonical(leaf.of)})"  # type: ignore[union-attr]
                bounds[key] = _both(bounds.get(key) or Bounds((0.0, True)), Bounds((1.0, True)))
                known.add(key)
        else:
            others.add((canonical(leaf), fact.sure_of))
    for search in searches:
        for key, least in lengths(search, frozenset(bounds)):
            bounds[key] = _both(bounds[key], Bounds((float(least), True)))
    _order(bounds, list(longer_windows(counters)))
    return Alternative(bounds, frozenset(hits), frozenset(others), frozenset(known), frozenset(missing))


def _order(bounds: dict[str, Bounds], pairs: Sequence[tuple[str, str]]) -> None:
    """Narrow the bounds of values of which the second of each pair is at least the first."""
    for less, more in pairs:
        bounds[more] = _both(bounds[more], Bounds(least=bounds[less].ends()[0]))
    for less, more in reversed(pairs):
        bounds[less] = _both(bounds[less], Bounds(most=bounds[more].ends()[1]))


def _hit(leaf: Leaf, *, sure_of: bool) -> Hit | None:
    """Return which terms a leaf looks for, `None` if it looks for none that could be compared."""
    match leaf:
        case Search() if leaf.how in {How.WORDS, How.CONTAINS} and not leaf.outside:
            of = f"{leaf.how}({canonical(leaf.of)})"
            return Hit(of, frozenset(leaf.terms), True, sure_of, canonical(leaf))  # noqa: FBT003 -- parts
        case Overlaps():
            return Hit(canonical(leaf.of), leaf.values, False, sure_of, canonical(leaf))  # noqa: FBT003 -- whole values
        case Holds() if isinstance(leaf.item, Literal):
            values = frozenset({leaf.item.value})
            return Hit(canonical(leaf.of), values, False, sure_of, canonical(leaf))  # noqa: FBT003 -- whole values
    return None


def _read(leaf: Leaf) -> list[Value]:
    """Return the values that are known when a leaf is sure."""
    match leaf:
        case Compare():
            return [value for value in (leaf.left, leaf.right) if not isinstance(value, Literal)]
        case Among():
            return [leaf.item]
        case Holds():
            return [leaf.of, *([] if isinstance(leaf.item, Literal) else [leaf.item])]
        case Truth() | Overlaps() | Listed() | Search():
            return [leaf.of]
    return []


def _of_kind(value: Value) -> Bounds:
    """Return what is so of a value always: lengths and counts are not negative, an hour lies below 24."""
    if isinstance(value, Field) and value.kind is Kind.CONDITION:
        return Bounds(among=frozenset({True, False}))
    if value.kind not in _NUMERIC:
        return Bounds()
    least, most = interval(value)
    return Bounds((least, True), (most, True))


def _bound(leaf: Leaf, *, sure_of: bool) -> tuple[Value, Bounds] | None:  # noqa: PLR0911 -- one for each kind of leaf
    if isinstance(leaf, Truth):
        return leaf.of, Bounds(among=frozenset({sure_of}))
    if isinstance(leaf, Among):
        return leaf.item, Bounds(among=leaf.values) if sure_of else Bounds(besides=leaf.values)
    if not isinstance(leaf, Compare):
        return None
    value, literal, sign = leaf.left, leaf.right, leaf.op if sure_of else _NEGATED[leaf.op]
    if sign in {"<", ">", "!="} and canonical(value) == canonical(literal):
        return value, Bounds(among=frozenset())  # nothing differs from itself
    if isinstance(value, Literal):
        value, literal, sign = literal, value, _TURNED[sign]
    if isinstance(value, Literal) or not isinstance(literal, Literal):
        return None
    if sign == "==":
        return value, Bounds(among=frozenset({literal.value}))
    if sign == "!=":
        return value, Bounds(besides=frozenset({literal.value}))
    if value.kind not in _NUMERIC or isinstance(literal.value, str):
        return None
    end = (float(literal.value), sign in {"<=", ">="})
    return value, Bounds(most=end) if sign in {"<", "<="} else Bounds(least=end)


def _both(one: Bounds, other: Bounds) -> Bounds:
    least = max(one.least, other.least, key=lambda end: (end[0], not end[1]))
    most = min(one.most, other.most, key=lambda end: (end[0], end[1]))
    among = (
        one.among if other.among is None else other.among if one.among is None else one.among & other.among
    )
    return Bounds(least, most, among, one.besides | other.besides)


def implies(one: Sequence[Alternative], other: Sequence[Alternative]) -> bool:
    """Whether a condition is true whenever another is, by what is told of them."""
    return all(any(a.implies(b) for b in other) for a in one)


def _of_params(leaf: Compare) -> bool:
    """Whether a comparison's constant has a name: a parameter may be 0 on purpose, and be tuned."""
    given = (side.text for side in (leaf.left, leaf.right) if isinstance(side, Literal))
    return any(text[:1].isalpha() and text not in {"True", "False"} for text in given)


def report_semantics(rules: Sequence[Rule], report: Reporter) -> None:
    """Report rules that can never fire, that add nothing, and pairs that judge the same otherwise."""
    ways: dict[int, list[Alternative]] = {}
    for n, rule in enumerate(rules):
        found = alternatives(rule.when)
        if found is None:
            continue
        idle_parts = [
            leaf for leaf in leaves(rule.when) if isinstance(leaf, Compare) and not _of_params(leaf)
        ]
        never = [leaf for leaf in idle_parts if not alternatives(leaf)]
        if not found:
            hint = "what it asks for can't be at once; `or` may be meant, or another bound"
            if never or (empty := [leaf for leaf in leaves(rule.when) if not alternatives(leaf)]):
                hint = f"`{label((never or empty)[0])}` is never so; another value may be meant"
            report.report("P601", f"the rule `{rule.id}` can never fire", rule.when.span, hint=hint)
            continue
        ways[n] = found
        hint = "leave it out, or compare with another value"
        for leaf in never:
            report.report("P113", f"`{label(leaf)}` is never so", leaf.span, hint=hint)
        for leaf in idle_parts:
            if not alternatives(Not(leaf, leaf.text, leaf.span)):
                report.report("P113", f"`{label(leaf)}` is so whenever it is known", leaf.span, hint=hint)
    idle: set[int] = set()  # said once: of a hundred rules alike, each need not hear of all the others
    for n, m in _pairs(ways):
        if n not in idle and _compare(rules[n], rules[m], ways[n], ways[m], report):
            idle.add(n)


def _keys(way: Alternative) -> frozenset[str]:
    hits = (key for hit in way.hits for key in (*_terms(hit), *_parts(hit)))
    return frozenset((*way.bounds, *hits, *(text for text, _ in way.others), *way.missing, *way.known))


def _terms(hit: Hit) -> Iterable[str]:
    """Yield keys under which hits meet that may imply each other: of few terms, each by itself."""
    if len(hit.terms) <= FEW_TERMS:
        return (f"{hit.sure_of} {hit.of} {term!r}" for term in hit.terms)
    return (hit.text,)


def _parts(hit: Hit) -> Iterable[str]:
    """Yield the keys of what whole words bring along: `kill you` that of `kill`."""
    if not (hit.parts and hit.sure_of and len(hit.terms) <= FEW_TERMS):
        return
    for term in hit.terms:
        words = str(term).split()
        if str(term).startswith(" ") and len(words) <= MOST_WORDS:
            for begin in range(len(words)):
                for end in range(begin + 1, len(words) + 1):
                    part = f" {' '.join(words[begin:end])} "
                    yield f"{hit.sure_of} {hit.of} {part!r}"


def _entries(way: Alternative) -> Iterable[str]:
    """Return one key, or some of which one must be met, that whatever implies this way has."""
    firm = (*way.bounds, *(text for text, _ in way.others), *way.missing)
    if firm:
        return (min(firm),)
    if way.hits:
        return _terms(min(way.hits, key=lambda hit: hit.text))
    return (min(way.known),) if way.known else ()


def _pairs(ways: dict[int, list[Alternative]]) -> Iterable[tuple[int, int]]:
    """Yield pairs of rules of which the first may imply the second: it speaks of all that the second does."""
    by_key: dict[str, list[int]] = {}
    for n, found in ways.items():
        for key in _entries(found[0]):
            by_key.setdefault(key, []).append(n)
    count = 0
    for n, found in ways.items():
        for m in sorted({m for way in found for key in _keys(way) for m in by_key.get(key, ())}):
            if m == n:
                continue
            count += 1
            if count > MAX_PAIRS:
                return
            yield n, m


def _compare(
    one: Rule, other: Rule, ways: list[Alternative], others: list[Alternative], report: Reporter
) -> bool:
    """Report `one` against `other`, which may be true whenever `one` is; return whether `one` adds nothing."""
    if not implies(ways, others):
        return False
    place = f"{other.span.file}, line {other.span.line}"
    adds = (
        one.policy != other.policy
        or not set(one.measures) <= set(other.measures)
        or not set(one.marks) <= set(other.marks)
        or (one.review is not None and one.review != other.review)
        or _FAR[one.stage] > _FAR[other.stage]
        or (one.stage is Stage.CANARY and other.stage is Stage.CANARY)
    )
    same = implies(others, ways)
    first = (one.span.file, one.span.line) > (other.span.file, other.span.line)
    if not adds and (not same or first):
        message = f"`{one.id}` adds nothing: whenever it fires, `{other.id}` does the same"
        report.report("P603", message, one.span, hint=f"remove it, or let it do something else; see {place}")
        return True
    if adds and same and first and one.policy == other.policy and _disagree(one, other):
        message = f"`{one.id}` and `{other.id}` fire on the same events and ask for different measures"
        report.report("P602", message, one.span, hint=f"say it once, in one rule; the other is in {place}")
    if adds and same and first and one.policy != other.policy:
        message = f"`{one.id}` and `{other.id}` judge the same under different clauses"
        report.report("P604", message, one.span, hint=f"one of them is enough; the other is in {place}")
    return False


def _disagree(one: Rule, other: Rule) -> bool:
    """Whether two rules take measures that differ, at one stage: a rule that only watches may try another one."""
    kinds = {measure.kind for measure in one.measures}, {measure.kind for measure in other.measures}
    return bool(kinds[0] and kinds[1]) and one.measures != other.measures and one.stage is other.stage

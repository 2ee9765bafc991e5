"""The typed tree of a condition.

Nodes are frozen values; `span` is the place in the pack, `text` the source.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from hakam.policy.fields import FieldSpec
from hakam.policy.kinds import Kind
from hakam.policy.outside import OutsideList
from hakam.vocabulary.finding import Span


class Literal(msgspec.Struct, frozen=True):
    """A constant.

    Times and durations are seconds already, text compared with folded text is folded already.
    """

    value: str | float | int | bool
    kind: Kind
    text: str
    span: Span


class Field(msgspec.Struct, frozen=True):
    """A value of the event or a measurement of it."""

    spec: FieldSpec
    text: str
    span: Span

    @property
    def kind(self) -> Kind:
        """Its type."""
        return self.spec.kind


class Arithmetic(msgspec.Struct, frozen=True):
    """`+ - * / // %` on numbers, times and durations.

    Division by nothing, or no number as result, is unknown.
    """

    op: str
    left: Value
    right: Value
    kind: Kind
    text: str
    span: Span


class Length(msgspec.Struct, frozen=True):
    """`len(x)` of a text (characters) or of a list."""

    of: Value
    text: str
    span: Span
    kind: Kind = Kind.NUMBER


class Folded(msgspec.Struct, frozen=True):
    """`folded(x)`: a text after folding; with `words` its words, a space before and after each."""

    of: Value
    text: str
    span: Span
    kind: Kind = Kind.FOLDED
    words: bool = False


class Similarity(msgspec.Struct, frozen=True):
    """How much a text's words are like `target`, 0 to 1. `target` is in words, as `split_words` gives them."""

    of: Value
    target: str
    text: str
    span: Span
    kind: Kind = Kind.NUMBER


class Tuned(msgspec.Struct, frozen=True):
    """A parameter that some communities have set otherwise: `by_community` in order of the communities' ids."""

    name: str
    value: str | float | int | bool
    by_community: tuple[tuple[str, str | float | int | bool], ...]
    community: Field
    kind: Kind
    text: str
    span: Span


class CounterKind(StrEnum):
    """What a counter counts."""

    COUNT = "count"
    DISTINCT = "distinct"
    SUM = "sum"
    MARKED = "marked"  # whether a rule has set a mark within its life


class Counter(msgspec.Struct, frozen=True):
    """How many events, how many different values of `of`, or which sum of them, with one key within a window.

    `name` is the canonical text: it names the counter in storage and in replays.
    """

    counts: CounterKind
    of: Value | None
    by: tuple[Value, ...]
    within: float
    where: Condition | None
    name: str
    text: str
    span: Span
    kind: Kind = Kind.NUMBER


Value = Literal | Field | Arithmetic | Length | Folded | Similarity | Tuned | Counter


class Constant(msgspec.Struct, frozen=True):
    """`True` or `False`, written out."""

    value: bool
    text: str
    span: Span


class Truth(msgspec.Struct, frozen=True):
    """A field that is itself true or false."""

    of: Value
    text: str
    span: Span


class Compare(msgspec.Struct, frozen=True):
    """`< <= > >= == !=` between two values of one type."""

    op: str
    left: Value
    right: Value
    text: str
    span: Span


class Among(msgspec.Struct, frozen=True):
    """`x in [...]`, `x in list("name")`: whether a value is one of fixed values."""

    item: Value
    values: frozenset[str | float | int]
    list_name: str | None
    text: str
    span: Span


class Holds(msgspec.Struct, frozen=True):
    """`x in field`: whether a list of the event has a value."""

    item: Value
    of: Value
    text: str
    span: Span


class Overlaps(msgspec.Struct, frozen=True):
    """`any_in(field, [...])`: whether a list of the event has one of fixed values."""

    of: Value
    values: frozenset[str | float | int]
    list_name: str | None
    text: str
    span: Span


class Listed(msgspec.Struct, frozen=True):
    """`x in list("name")`, `any_in(x, list("name"))`: whether a list outside the pack holds a text, or any of some."""

    of: Value
    values: OutsideList
    text: str
    span: Span


class How(StrEnum):
    """How a text is searched."""

    CONTAINS = "contains"
    WORDS = "words"  # whole words, on the words of the folded text
    PATTERN = "pattern"
    STARTS = "starts"
    ENDS = "ends"


class Search(msgspec.Struct, frozen=True):
    """A text predicate.

    `of` (a text, or any text of a list) holds one of `terms` (or the RE2 pattern `terms[0]`).

    Terms and pattern are as they are searched: folded, and padded with spaces for whole words.
    """

    how: How
    of: Value
    terms: tuple[str, ...]
    list_name: str | None
    text: str
    span: Span
    outside: bool = False  # the list stands outside the pack: the terms are of its version


class Known(msgspec.Struct, frozen=True):
    """`known(x)`: whether a value is there. Never unknown itself."""

    of: Value
    text: str
    span: Span


class Not(msgspec.Struct, frozen=True):
    """`not x`: unknown stays unknown."""

    of: Condition
    text: str
    span: Span


class And(msgspec.Struct, frozen=True):
    """False if one is false, else unknown if one is unknown, else true."""

    items: tuple[Condition, ...]
    text: str
    span: Span


class Or(msgspec.Struct, frozen=True):
    """True if one is true, else unknown if one is unknown, else false."""

    items: tuple[Condition, ...]
    text: str
    span: Span


Leaf = Constant | Truth | Compare | Among | Holds | Overlaps | Listed | Search | Known
Condition = Leaf | Not | And | Or


def parts(node: Condition | Value) -> tuple[Condition | Value, ...]:  # noqa: PLR0911 -- one branch for each kind of node
    """Return the nodes directly below."""
    if isinstance(node, And | Or):
        return node.items
    if isinstance(node, Not | Truth | Known | Search | Overlaps | Listed | Length | Folded | Similarity):
        return (node.of,)
    if isinstance(node, Compare | Arithmetic):
        return (node.left, node.right)
    if isinstance(node, Among):
        return (node.item,)
    if isinstance(node, Holds):
        return (node.item, node.of)
    if isinstance(node, Tuned):
        return (node.community,)
    if isinstance(node, Counter):
        below: list[Condition | Value] = list(node.by)
        if node.of is not None:
            below.append(node.of)
        if node.where is not None:
            below.append(node.where)
        return tuple(below)
    return ()


def walk(node: Condition | Value, *, counted: bool = False) -> list[Condition | Value]:
    """Return the node and all below it, parents first. If `counted` before, nothing below counters is asked for."""
    found, at = [node], 0
    while at < len(found):
        if not (counted and isinstance(found[at], Counter)):
            found.extend(parts(found[at]))
        at += 1
    return found


def leaves(node: Condition) -> list[Leaf]:
    """Return the leaves of a condition from left to right, each once."""
    if isinstance(node, And | Or):
        return list(dict.fromkeys(leaf for item in node.items for leaf in leaves(item)))
    if isinstance(node, Not):
        return leaves(node.of)
    return [node]


MAX_LABEL = 120


def label(part: Condition) -> str:
    """Return the name of a leaf in a verdict, or of any part: its source, shortened when it holds a long list."""
    if len(part.text) <= MAX_LABEL:
        return part.text
    return f"{part.text[:80]}... {part.text[-36:]}"

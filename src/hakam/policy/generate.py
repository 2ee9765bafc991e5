"""From typed trees to Python source.

Each condition as plain two-valued code that is true exactly when it is sure.

The trick: negations are pushed down to the leaves, and each leaf is written in one of two ways, "known and
true" or "known and false". With `and` and `or` above, which never turn one into the other, the whole is true
exactly when Kleene's three-valued logic says true. Unknown needs no value of its own at run time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from hakam.policy import arithmetic, fields
from hakam.policy.cost import FOLDED, cost_of, scanned
from hakam.policy.kinds import TEXTUAL, Kind, show_seen, show_time, show_whole
from hakam.policy.scan import SHOWN, find_in, find_words, matcher, plainly, remembered
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
from hakam.vocabulary.event import Event

_INVERSE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_NUMERIC = frozenset({Kind.NUMBER, Kind.TIME, Kind.DURATION})
_NAME = re.compile(r"[a-z]\w*(\.\w+)?")  # of what costs nothing to read several times
SHOWN_TEXT = 200  # characters of a value that a verdict keeps
SHOWN_ITEMS = 20


def _length(value: Any) -> int | None:
    return None if value is None else len(value)


def _fold(value: str | None) -> str | None:
    return None if value is None else fold(value)


def _words(value: str | None) -> str | None:
    return None if value is None else fold_words(value)


def _common(values: Any, of: Any) -> list[Any] | None:
    return None if of is None else [item for item in of if item in values]


def _duration(value: float | None) -> str | None:
    return None if value is None else show_seen(value)


def _shown_age(event: Event) -> str | None:
    created = event.author.created_at
    if created is None:
        return None
    try:
        since = event.at - created
    except TypeError:  # one has a zone, the other has none
        return _duration(fields.age(event))
    if since.days >= 0 and (since.days or since.seconds >= 60 or not since.microseconds):  # noqa: PLR2004 -- a minute
        return show_whole(since.days, since.seconds)
    return _duration(max(0.0, since.total_seconds()))


def _time(value: float | None) -> str | None:
    return None if value is None else show_time(value)


def _short(value: Any) -> Any:
    """Return a value as a verdict keeps it: plain, and not too long."""
    kind = type(value)
    if kind is int or kind is float or kind is bool or (kind is str and len(value) <= SHOWN_TEXT):
        return value
    if isinstance(value, str):
        return str(value) if len(value) <= SHOWN_TEXT else f"{value[:SHOWN_TEXT]}..."
    if isinstance(value, list | tuple):
        return [
            item if type(item) is str and len(item) <= SHOWN_TEXT else _short(item)
            for item in value[:SHOWN_ITEMS]
        ]
    return value


def shown(values: dict[str, Any]) -> dict[str, Any]:
    """Return values as a verdict keeps them. Unknown ones are left out."""
    return {text: _short(value) for text, value in values.items() if value is not None}


def looked_at(node: Leaf) -> Value | None:
    """Return the one value that a verdict shows of a leaf as it is, `None` if it shows none or something else."""
    match node:
        case (
            Truth(of=of)
            | Known(of=of)
            | Compare(left=of, right=Literal())
            | Compare(left=Literal(), right=of)
        ):
            return of
        case Among(item=of) | Holds(item=Literal(), of=of) | Holds(item=of):
            return of
        case Listed(of=of) if of.kind in TEXTUAL:
            return of
        case _:
            return None


HELPERS: dict[str, Any] = {
    **fields.HELPERS,
    **arithmetic.HELPERS,
    "NAN": float("nan"),
    "LEN": _length,
    "SIMILARITY": similarity,
    "COMMON": _common,
    "AS_DURATION": _duration,
    "AS_MOMENT": _time,
    "SHOWN": shown,
}


Atom = tuple[str, str, tuple[str, ...]]


def text_of(search: Search) -> Field | Folded | None:
    """Return the text in which a scan can look for a predicate, for whole words the folded one.

    `None` if none can: beginnings and ends, lists, values that are made up.
    """
    of = search.of
    if scanned(search):
        assert isinstance(of, Field)
        return Field(FOLDED, of.text, of.span) if search.how is How.WORDS else of
    inner = of.of if isinstance(of, Folded) else of
    if search.how in {How.STARTS, How.ENDS} or not isinstance(inner, Field):
        return None
    if inner.kind is not Kind.TEXT or inner.spec.path not in fields.FIELDS:
        return None
    if isinstance(of, Folded):
        return msgspec.structs.replace(of, words=of.words and search.how is not How.WORDS)
    return inner


def name_of(text: Field | Folded) -> str:
    """Return what tells a text that is scanned from others."""
    if isinstance(text, Field):
        return text.spec.path
    assert isinstance(text.of, Field)
    return f"folded({text.of.spec.path}{', words' if text.words else ''})"


def atom_of(search: Search) -> Atom:
    """Return what tells a text predicate that a scan can look for from others, wherever it stands in the pack."""
    of = search.of
    assert isinstance(of, Field | Folded)
    return name_of(of), search.how, search.terms


class Writer:
    """Writes the code of conditions. `globals` collects the constants that the code names."""

    def __init__(self, atoms: Mapping[Atom, int], counters: Mapping[str, int]) -> None:
        self.globals: dict[str, Any] = dict(HELPERS)
        self.atoms, self.counters = atoms, counters
        self.locals: dict[str, str] = {}  # path of a field -> local variable that holds it already
        self.numbers: frozenset[str] = frozenset()  # of these, those that hold not-a-number for unknown
        self.finders: dict[Atom, Callable[[str], str | None]] = {}  # of words that are looked up
        self._constants: dict[Any, str] = {}
        self._temporaries = 0

    # Conditions

    def write(
        self, node: Condition, *, sure_of: bool, shared: Callable[[Condition, bool], str | None] | None = None
    ) -> str:
        """Return the code that is true exactly when `node` is surely `sure_of`."""
        if isinstance(node, Not):
            return self.write(node.of, sure_of=not sure_of, shared=shared)
        if shared is not None and (name := shared(node, sure_of)) is not None:
            return name
        if isinstance(node, And | Or):
            word = " and " if isinstance(node, And) is sure_of else " or "
            items = sorted(node.items, key=cost_of)
            return f"({word.join(self.write(item, sure_of=sure_of, shared=shared) for item in items)})"
        return f"({self._leaf(node, sure_of=sure_of)})"

    def _leaf(self, node: Leaf, *, sure_of: bool) -> str:  # noqa: C901, PLR0911, PLR0912 -- one for each kind of leaf
        no = "" if sure_of else "not "
        match node:
            case Constant():
                return str(node.value is sure_of)
            case Truth():
                return f"{self.raw(node.of)} is {sure_of}"
            case Known():
                return self._known(node.of, sure_of=sure_of)
            case Compare():
                return self._compare(node, sure_of=sure_of)
            case Among():
                checks, item = self.operand(node.item)
                if len(node.values) == 1:
                    (value,) = node.values
                    test = f"{item} {'==' if sure_of else '!='} {value!r}"
                else:
                    test = f"{item} {no}in {self.constant(node.values)}"
                if not sure_of and node.item.kind in _NUMERIC:
                    checks = [*checks, f"{item} == {item}"]
                return " and ".join([*checks, test])
            case Holds():
                checks, item = self.operand(node.item)
                more, of = self.operand(node.of)
                if not sure_of and node.item.kind in _NUMERIC:
                    checks = [*checks, f"{item} == {item}"]
                return " and ".join([*checks, *more, f"{item} {no}in {of}"])
            case Overlaps():
                checks, of = self.operand(node.of)
                return " and ".join(
                    [*checks, f"{'not ' if sure_of else ''}{self.constant(node.values)}.isdisjoint({of})"]
                )
            case Listed():
                checks, of = self.operand(node.of)
                holds = self.constant(node.values, lambda: node.values.holds, "HOLDS")
                test = f"{holds}({of})" if node.of.kind in TEXTUAL else f"any(map({holds}, {of}))"
                return " and ".join([*checks, f"{no}{test}"])
            case Search():
                return self._search(node, sure_of=sure_of)

    def _compare(self, node: Compare, *, sure_of: bool) -> str:
        checks, left = self.operand(node.left)
        more, right = self.operand(node.right)
        sign = node.op if sure_of else _INVERSE[node.op]
        if sign == "!=" and node.left.kind in _NUMERIC:  # false for what is not a number, unlike `!=`
            test = f"({left} < {right} or {left} > {right})"
        else:
            test = f"{left} {sign} {right}"
        return " and ".join([*checks, *more, test])

    def _known(self, of: Value, *, sure_of: bool) -> str:
        if isinstance(of, Field) and (held := self.locals.get(of.spec.path)) in self.numbers:
            return f"{held} {'==' if sure_of else '!='} {held}"
        if of.kind in _NUMERIC and not (isinstance(of, Field) and not of.spec.nullable):
            name = self.temporary()
            present = f"({name} := {self.raw(of)}) is not None and {name} == {name}"
            return present if sure_of else f"not ({present})"
        if isinstance(of, Field) and not of.spec.nullable:
            return str(sure_of)
        return f"{self.raw(of)} is {'not ' if sure_of else ''}None"

    def looked_for(self, node: Condition) -> bool:
        """Whether a condition is a text predicate that a scan of this pack looks for."""
        return isinstance(node, Search) and text_of(node) is not None and atom_of(node) in self.atoms

    def _search(self, node: Search, *, sure_of: bool) -> str:
        if self.looked_for(node):
            number = self.atoms[atom_of(node)]
            if sure_of:
                return f"{number} in H"
            text = text_of(node)
            assert text is not None
            return f"{self.raw(text)} is not None and {number} not in H"
        checks, of = self.operand(node.of)
        no = "" if sure_of else "not "
        if node.of.kind in TEXTUAL and (terms := plainly(node)) and _NAME.fullmatch(of):
            return " and ".join([*checks, f"{no}({' or '.join(f'{term!r} in {of}' for term in terms)})"])
        if node.how is How.PATTERN:  # what it found is told of a rule that fires, and is not looked for again
            return " and ".join([*checks, f"{self.found(node)}({of}) is {'not ' if sure_of else ''}None"])
        test = self.constant((node.how, node.terms), lambda: matcher(node), "TEST")
        return " and ".join([*checks, f"{no}{test}({of})"])

    # Values

    def operand(self, node: Value) -> tuple[list[str], str]:  # noqa: PLR0911 -- one for each kind of value
        """Return the checks that a value is known, and the code that then is the value."""
        if isinstance(node, Literal):
            return [], repr(node.value)
        if isinstance(node, Field):
            held = self.locals.get(node.spec.path)
            if not node.spec.nullable:
                return [], held or node.spec.code
            if held in self.numbers:  # not a number is in no order: every comparison is false
                return [], str(held)
            if held is not None:
                return [f"{held} is not None"], held
        if isinstance(node, Counter):
            name = f"k{self.counters[node.name]}"
            return [f"{name} is not None"], name
        if isinstance(node, Length):
            checks, of = self.operand(node.of)
            return checks, f"len({of})"
        name = self.temporary()
        return [f"({name} := {self.raw(node)}) is not None"], name

    def raw(self, node: Value) -> str:  # noqa: PLR0911 -- one for each kind of value
        """Return code for a value that may be `None`."""
        match node:
            case Literal():
                return repr(node.value)
            case Field():
                held = self.locals.get(node.spec.path)
                if held in self.numbers:
                    return f"(None if {held} != {held} else {held})"
                return held or node.spec.code
            case Counter():
                return f"k{self.counters[node.name]}"
            case Arithmetic():
                return f"{arithmetic.NAMES[node.op]}({self._number(node.left)}, {self._number(node.right)})"
            case Similarity():
                return f"SIMILARITY({self.raw(node.of)}, {node.target!r})"
            case Tuned():
                values = dict(node.by_community)
                name = self.constant((node.name, node.by_community), lambda: values, "TUNED")
                return f"{name}.get({self.raw(node.community)}, {node.value!r})"
            case Length():
                there = isinstance(node.of, Field) and not node.of.spec.nullable
                return f"{'len' if there else 'LEN'}({self.raw(node.of)})"
            case Folded():
                return self._folded(node)

    def _folded(self, node: Folded) -> str:
        if isinstance(node.of, Field) and (held := self.locals.get(name_of(node))) is not None:
            return held
        of = self.raw(node.of)
        # Many rules fold the same text: each place in an event is folded once.
        name = self.constant((node.words, of), lambda: remembered(_words if node.words else _fold), "FOLD")
        return f"{name}({of})"

    def _number(self, node: Value) -> str:
        """Return code for an operand of arithmetic, which takes `None` and not-a-number alike."""
        if isinstance(node, Field) and (held := self.locals.get(node.spec.path)) in self.numbers:
            return str(held)
        return self.raw(node)

    def found(self, node: Search) -> str:
        """Return the name of the function that finds the first hit of a text predicate."""
        return self.constant((node.how, node.terms), lambda: remembered(find_in(node)), "FIND")

    def constant(self, value: Any, make: Callable[[], Any] | None = None, prefix: str = "SET") -> str:
        """Return the global name of a constant."""
        name = self._constants.get((prefix, value))
        if name is None:
            name = self._constants[prefix, value] = f"{prefix}_{len(self._constants)}"
            self.globals[name] = value if make is None else make()
        return name

    def temporary(self) -> str:
        """Return a fresh local name."""
        self._temporaries += 1
        return f"t{self._temporaries}"

    # What a verdict shows

    def seen(self, node: Leaf, *, sure: bool = False) -> str | None:
        """Return code for the value that a leaf saw, `None` if it looks at nothing. If `sure`, the leaf is true."""
        if (of := looked_at(node)) is not None:
            return self._shown(of)
        match node:
            case Compare():
                return f"[{self._shown(node.left)}, {self._shown(node.right)}]"
            case Overlaps():
                return f"COMMON({self.constant(node.values)}, {self.raw(node.of)})"
            case Listed():
                return f"COMMON({self.constant(node.values, prefix='LIST')}, {self.raw(node.of)})"
            case Search():
                looked_for = self.looked_for(node)
                return (
                    self._hit(node, sure=sure) if looked_for else f"{self.found(node)}({self.raw(node.of)})"
                )
        return None

    def _hit(self, node: Search, *, sure: bool) -> str:
        """Return code for what a scanned text predicate found, which the scan has already said whether."""
        atom, text = atom_of(node), text_of(node)
        assert text is not None
        if node.how is not How.PATTERN and len(node.terms) == 1:
            shown = repr(node.terms[0].strip()[:SHOWN])
        elif node.how is How.WORDS:
            find = self.finders.get(atom)
            name = self.constant(atom, lambda: remembered(find) if find else find_words(node), "FIND")
            shown = f"{name}({self.raw(text)})"
        else:
            shown = f"{self.found(node)}({self.raw(text)})"
        return shown if sure else f"({shown} if {self.atoms[atom]} in H else None)"

    def _shown(self, node: Value) -> str:
        if isinstance(node, Field) and node.spec.path == "author.age":
            return f"{self.constant(node.spec.path, lambda: remembered(_shown_age), 'SHOWN')}(e)"
        raw = self.raw(node)
        if node.kind is Kind.DURATION:
            return f"AS_DURATION({raw})"
        return f"AS_MOMENT({raw})" if node.kind is Kind.TIME else raw

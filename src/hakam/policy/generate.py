"""From typed trees to Python source.

Each condition as plain two-valued code that is true exactly when it is sure.

The trick: negations are pushed down to the leaves, and each leaf is written in one of two ways, "known and
true" or "known and false". With `and` and `or` above, which never turn one into the other, the whole is true
exactly when Kleene's three-valued logic says true. Unknown needs no value of its own at run time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hakam.policy import arithmetic, fields
from hakam.policy.cost import FOLDED, cost_of, scanned
from hakam.policy.kinds import TEXTUAL, Kind, show_duration, show_time
from hakam.policy.scan import SHOWN, find_in, find_words, matcher, remembered
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


def _length(value: Any) -> int | None:
    return None if value is None else len(value)


def _fold(value: str | None) -> str | None:
    return None if value is None else fold(value)


def _words(value: str | None) -> str | None:
    return None if value is None else fold_words(value)


def _common(values: Any, of: Any) -> list[Any] | None:
    return None if of is None else [item for item in of if item in values]


def _duration(value: float | None) -> str | None:
    return None if value is None else show_duration(value)


def _shown_age(event: Event) -> str | None:
    return _duration(fields.age(event))


def _time(value: float | None) -> str | None:
    return None if value is None else show_time(value)


HELPERS: dict[str, Any] = {
    **fields.HELPERS,
    **arithmetic.HELPERS,
    "NAN": float("nan"),
    "LEN": _length,
    "SIMILARITY": similarity,
    "FOLD": _fold,
    "WORDS": _words,
    "COMMON": _common,
    "AS_DURATION": _duration,
    "AS_MOMENT": _time,
}


Atom = tuple[str, str, tuple[str, ...]]


def atom_of(search: Search) -> Atom:
    """Return what tells a scanned text predicate from others, wherever it stands in the pack."""
    assert isinstance(search.of, Field)
    return search.of.spec.path, search.how, search.terms


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

    def _search(self, node: Search, *, sure_of: bool) -> str:
        if scanned(node):
            number = self.atoms[atom_of(node)]
            if sure_of:
                return f"{number} in H"
            assert isinstance(node.of, Field)
            searched = Field(FOLDED, node.of.text, node.of.span) if node.how is How.WORDS else node.of
            return f"{self.raw(searched)} is not None and {number} not in H"
        checks, of = self.operand(node.of)
        test = self.constant((node.how, node.terms), lambda: matcher(node), "TEST")
        return " and ".join([*checks, f"{'' if sure_of else 'not '}{test}({of})"])

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
                return f"{'WORDS' if node.words else 'FOLD'}({self.raw(node.of)})"

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

    def seen(self, node: Leaf) -> str | None:  # noqa: C901, PLR0911 -- one branch for each kind of node
        """Return code for the value that a leaf saw, `None` if it looks at nothing."""
        match node:
            case Constant():
                return None
            case Truth() | Known():
                return self._shown(node.of)
            case Compare():
                if isinstance(node.right, Literal):
                    return self._shown(node.left)
                if isinstance(node.left, Literal):
                    return self._shown(node.right)
                return f"[{self._shown(node.left)}, {self._shown(node.right)}]"
            case Among():
                return self._shown(node.item)
            case Holds():
                return self._shown(node.of if isinstance(node.item, Literal) else node.item)
            case Overlaps():
                return f"COMMON({self.constant(node.values)}, {self.raw(node.of)})"
            case Listed() if node.of.kind in TEXTUAL:
                return self._shown(node.of)
            case Listed():
                return f"COMMON({self.constant(node.values, prefix='LIST')}, {self.raw(node.of)})"
            case Search():
                return self._hit(node) if scanned(node) else f"{self.found(node)}({self.raw(node.of)})"

    def _hit(self, node: Search) -> str:
        """Return code for what a scanned text predicate found, which the scan has already said whether."""
        atom = atom_of(node)
        assert isinstance(node.of, Field)
        if node.how is not How.PATTERN and len(node.terms) == 1:
            shown = repr(node.terms[0].strip()[:SHOWN])
        elif node.how is How.WORDS:
            find = self.finders.get(atom)
            name = self.constant(atom, lambda: remembered(find) if find else find_words(node), "FIND")
            shown = f"{name}(s.folded)"
        else:
            shown = f"{self.found(node)}({node.of.spec.code})"
        return f"({shown} if {self.atoms[atom]} in H else None)"

    def _shown(self, node: Value) -> str:
        if isinstance(node, Field) and node.spec.path == "author.age":
            return f"{self.constant(node.spec.path, lambda: remembered(_shown_age), 'SHOWN')}(e)"
        raw = self.raw(node)
        if node.kind is Kind.DURATION:
            return f"AS_DURATION({raw})"
        return f"AS_MOMENT({raw})" if node.kind is Kind.TIME else raw

"""The typed tree over columns: each condition for all rows of a chunk at once, with numpy.

The same trick as the compiler's: negations go down to the leaves, and a leaf is asked for the rows where it is surely
true, or surely false. What has no vector form (a function that the language gained, a dear predicate on a rare
field) is asked of the plain interpreter, for the rows that are still open, so every condition can be evaluated.
A row for which a vector would not be exact is *unsure*; whoever runs this judges it by the compiled function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from hakam.backtest.columns import stored
from hakam.backtest.dataset import Chunk, Doubles, Flags
from hakam.backtest.texts import Hits, Texts, searched, there
from hakam.policy.arithmetic import LIMIT
from hakam.policy.canonical import canonical
from hakam.policy.cost import cost_of
from hakam.policy.generate import atom_of
from hakam.policy.interpret import leaf_outcome
from hakam.policy.kinds import TEXTUAL, Kind
from hakam.policy.scan import matcher
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
    Length,
    Listed,
    Literal,
    Not,
    Or,
    Overlaps,
    Search,
    Truth,
    Tuned,
    Value,
    parts,
)

_NUMERIC = frozenset({Kind.NUMBER, Kind.TIME, Kind.DURATION})
_EXACT = 2.0**53
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
_COMPUTE: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "//": np.floor_divide,
    "%": np.remainder,
}
Counted = Mapping[str, Doubles]  # a counter's value for each row, not a number for unknown


class NoVectorFormError(Exception):
    """This node is evaluated row by row."""


class Evaluation:
    """Conditions on one chunk. `unsure` collects the rows that the compiled function must judge."""

    def __init__(self, chunk: Chunk, hits: Hits, counted: Counted) -> None:
        self.chunk, self._hits, self._counted = chunk, hits, counted
        self.unsure: Flags = chunk.odd.copy()
        self._leaves: dict[str, tuple[Flags, Flags]] = {}  # meaning -> (known, true where known)
        self._flat: dict[str, tuple[pa.Array, Any]] = {}

    def sure(self, node: Condition, *, of: bool, among: Flags) -> Flags:  # noqa: PLR0911 -- one for each kind of node
        """Return the rows of `among` for which the condition is surely `of`."""
        if isinstance(node, Not):
            return self.sure(node.of, of=not of, among=among)
        if isinstance(node, And | Or):
            items = sorted(node.items, key=cost_of)
            if isinstance(node, And) is of:
                left = among
                for item in items:
                    if not left.any():
                        return left
                    left = self.sure(item, of=of, among=left)
                return left
            found = np.zeros(self.chunk.rows, dtype=np.bool_)
            for item in items:
                found = found | self.sure(item, of=of, among=among & ~found)
            return found
        if not among.any():
            return among
        meaning = canonical(node)
        held = self._leaves.get(meaning)
        if held is None:
            try:
                held = self._leaf(node)
            except NoVectorFormError:
                return self._row_by_row(node, of=of, among=among)
            self._leaves[meaning] = held
        known, true = held
        return among & known & (true if of else ~true)

    # Leaves

    def _leaf(self, node: Condition) -> tuple[Flags, Flags]:  # noqa: PLR0911 -- one for each kind of leaf
        rows = self.chunk.rows
        match node:
            case Constant():
                return _all(rows), np.full(rows, node.value, dtype=np.bool_)
            case Known():
                return _all(rows), self._is_known(node.of)
            case Truth():
                return self._booleans(node.of)
            case Compare():
                return self._compare(node)
            case Among():
                return self._among(node)
            case Holds():
                return self._holds(node)
            case Overlaps():
                return self._overlaps(node)
            case Listed():
                return self._listed(node)
            case Search():
                return self._search(node)
        raise NoVectorFormError

    def _row_by_row(self, node: Condition, *, of: bool, among: Flags) -> Flags:
        """Ask the interpreter for each row that is open. A row on which it fails is unsure."""
        found = np.zeros(self.chunk.rows, dtype=np.bool_)
        for row in np.flatnonzero(among).tolist():
            counted = {name: whole(values[row]) for name, values in self._counted.items()}
            try:
                found[row] = leaf_outcome(node, self.chunk.seen(row, counted)) is of  # type: ignore[arg-type]
            except Exception:  # noqa: BLE001 -- whatever it was, the compiled function will meet it and name the rule
                self.unsure[row] = True
        return found

    def _is_known(self, of: Value) -> Flags:
        if isinstance(of, Field):
            return valid(self.chunk.coded(of.spec))
        if of.kind in _NUMERIC:
            return self._numbers(of)[0]
        raise NoVectorFormError

    def _booleans(self, of: Value) -> tuple[Flags, Flags]:
        if not isinstance(of, Field) or of.kind is not Kind.CONDITION:
            raise NoVectorFormError
        column = self.chunk.field(of.spec)
        return valid(column), flags(pc.fill_null(column, False))  # noqa: FBT003 -- the value

    def _compare(self, node: Compare) -> tuple[Flags, Flags]:
        left, right = node.left, node.right
        if left.kind in _NUMERIC and right.kind in _NUMERIC:
            known, one = self._numbers(left)
            more, other = self._numbers(right)
            return known & more, np.asarray(_COMPARE[node.op](one, other), dtype=np.bool_)
        if node.op not in {"==", "!="}:
            raise NoVectorFormError
        if left.kind in TEXTUAL and right.kind in TEXTUAL:
            known, first = self._texts(left)
            more, second = self._texts(right)
            same = _equal(first, second)
        elif left.kind is Kind.CONDITION and right.kind is Kind.CONDITION:
            known, yes = self._truths(left)
            more, no = self._truths(right)
            same = yes == no
        else:
            raise NoVectorFormError
        return known & more, same if node.op == "==" else ~same

    def _truths(self, of: Value) -> tuple[Flags, Flags]:
        if isinstance(of, Literal):
            rows = self.chunk.rows
            return _all(rows), np.full(rows, of.value is True, dtype=np.bool_)
        return self._booleans(of)

    def _among(self, node: Among) -> tuple[Flags, Flags]:
        if node.item.kind in _NUMERIC:
            known, numbers = self._numbers(node.item)
            return known, np.isin(
                numbers, np.array([_exact(value) for value in node.values], dtype=np.float64)
            )
        known, texts = self._texts(node.item)
        if isinstance(texts, pa.Scalar):
            raise NoVectorFormError
        wanted = pa.array(sorted(map(str, node.values)), pa.string())
        return known, each_text(texts, lambda some: pc.is_in(some, value_set=wanted))

    def _holds(self, node: Holds) -> tuple[Flags, Flags]:
        known, flat, owners = self._list(node.of)
        if node.item.kind in _NUMERIC:
            more, numbers = self._numbers(node.item)
            of = np.broadcast_to(numbers, (self.chunk.rows,))[owners]
            equal: Flags = np.asarray(flat.to_numpy(zero_copy_only=False) == of, dtype=np.bool_)
        else:
            more, texts = self._texts(node.item)
            wanted = texts if isinstance(texts, pa.Scalar) else _plain(texts).take(pa.array(owners))
            equal = flags(pc.fill_null(pc.equal(flat, wanted), False))  # noqa: FBT003 -- the value
        return known & more, self._any(equal, owners)

    def _overlaps(self, node: Overlaps) -> tuple[Flags, Flags]:
        known, flat, owners = self._list(node.of)
        if node.of.kind is Kind.TEXTS:
            values = pa.array(sorted(map(str, node.values)), pa.string())
        else:
            values = pa.array([_exact(value) for value in node.values], pa.float64())
        return known, self._any(flags(pc.is_in(flat, value_set=values)), owners)

    def _search(self, node: Search) -> tuple[Flags, Flags]:
        if searched(node):
            return self._hits[there(atom_of(node)[0])], self._hits[atom_of(node)]
        if isinstance(node.of, Folded) and isinstance(node.of.of, Field):
            column = self.chunk.folded(node.of)
            return valid(column), self._found(node, column)
        if not isinstance(node.of, Field):
            raise NoVectorFormError
        if node.of.kind is Kind.TEXTS:
            known, flat, owners = self._list(node.of)
            return known, self._any(self._found(node, flat), owners)
        column = self.chunk.coded(node.of.spec)
        return valid(column), self._found(node, column)

    def _found(self, node: Search, column: pa.Array) -> Flags:
        """Search a column: each different text once."""
        if node.how in {How.STARTS, How.ENDS}:
            ask = pc.starts_with if node.how is How.STARTS else pc.ends_with
            found = np.zeros(len(column), dtype=np.bool_)
            for term in node.terms:
                found |= each_text(column, partial(ask, pattern=term))
            return found
        return _each(matcher(node), column)

    def _listed(self, node: Listed) -> tuple[Flags, Flags]:
        """Ask a list outside packs: each different text once."""
        if node.of.kind is Kind.TEXTS:
            known, flat, owners = self._list(node.of)
            return known, self._any(_each(node.values.holds, flat), owners)
        known, texts = self._texts(node.of)
        if isinstance(texts, pa.Scalar):
            raise NoVectorFormError
        return known, _each(node.values.holds, texts)

    # Values

    def _texts(self, node: Value) -> tuple[Flags, pa.Array | pa.Scalar]:
        if isinstance(node, Literal):
            return _all(self.chunk.rows), pa.scalar(node.value, pa.string())
        if isinstance(node, Field) and node.kind in TEXTUAL:
            column = self.chunk.coded(node.spec)
            return valid(column), column
        raise NoVectorFormError

    def _list(self, node: Value) -> tuple[Flags, pa.Array, Any]:
        """Return which rows have a list, all entries of all lists, and the row that owns each."""
        if not isinstance(node, Field) or node.kind not in {Kind.TEXTS, Kind.NUMBERS}:
            raise NoVectorFormError
        column = self.chunk.field(node.spec)
        held = self._flat.get(node.spec.path)
        if held is None:
            owners = pc.list_parent_indices(column).to_numpy(zero_copy_only=False)
            held = self._flat[node.spec.path] = (pc.list_flatten(column), owners)
        return valid(column), *held

    def _any(self, entries: Flags, owners: Any) -> Flags:
        found = np.zeros(self.chunk.rows, dtype=np.bool_)
        found[owners[entries]] = True
        return found

    def _numbers(self, node: Value) -> tuple[Flags, Doubles]:  # noqa: PLR0911 -- one for each kind of value
        rows = self.chunk.rows
        match node:
            case Literal():
                return _all(rows), np.full(rows, _exact(node.value))
            case Field() if node.kind in _NUMERIC:
                column = self.chunk.field(node.spec)
                if not column.null_count:
                    return _all(rows), column.to_numpy(zero_copy_only=False)
                return valid(column), pc.fill_null(column, 0.0).to_numpy(zero_copy_only=False)
            case Counter() if node.name in self._counted:
                values = self._counted[node.name]
                known = ~np.isnan(values)
                return known, np.where(known, values, 0.0)
            case Length() if isinstance(node.of, Field):
                column = self.chunk.field(node.of.spec)
                if node.of.kind in {Kind.TEXTS, Kind.NUMBERS}:
                    lengths = np.diff(column.offsets.to_numpy())  # of null: 0
                else:
                    lengths = pc.fill_null(pc.utf8_length(column), 0).to_numpy(zero_copy_only=False)
                return valid(column), lengths.astype(np.float64)
            case Arithmetic():
                return self._computed(node)
            case Tuned() if node.kind in _NUMERIC:
                column = self.chunk.coded(node.community.spec)
                values = np.full(rows, _exact(node.value))
                for community, value in node.by_community:
                    values[_equal(column, pa.scalar(community, pa.string()))] = _exact(value)
                return _all(rows), values
        raise NoVectorFormError

    def _computed(self, node: Arithmetic) -> tuple[Flags, Doubles]:
        known, left = self._numbers(node.left)
        more, right = self._numbers(node.right)
        with np.errstate(all="ignore"):
            result: Doubles = _COMPUTE[node.op](left, right)
            usable = known & more & (result > -LIMIT) & (result < LIMIT)
        if node.op in {"/", "//", "%"}:
            usable = usable & (right != 0)
        elif node.op in {"+", "-", "*"}:  # whole numbers have no bound in Python
            self.unsure |= usable & (np.abs(result) >= _EXACT)
        return usable, np.where(usable, result, 0.0)


class Rules:
    """Some conditions, ready to be asked of one chunk after the other."""

    def __init__(self, conditions: tuple[Condition, ...]) -> None:
        self.conditions = conditions
        self.texts = Texts(conditions)

    def true_rows(
        self, chunk: Chunk, counted: Counted, hits: Hits | None = None
    ) -> tuple[list[Flags], Flags]:
        """Return for each condition the rows for which it is surely true, and the rows that are unsure.

        `hits` are those of the text predicates, if they were looked for before.
        """
        evaluation = Evaluation(chunk, self.texts.hits(chunk) if hits is None else hits, counted)
        everything = _all(chunk.rows)
        found = [evaluation.sure(node, of=True, among=everything) for node in self.conditions]
        return found, evaluation.unsure | chunk.odd


def fields_of(conditions: Iterable[Condition], *, texts: bool = True) -> frozenset[str]:
    """Return the stored fields that conditions read, those of counters left out: counters are counted before.

    Without `texts`, also without the texts that are only searched: they were searched before.
    """
    known = {spec.path for spec in stored()}
    found = set()
    nodes: list[Condition | Value] = list(conditions)
    while nodes:
        node = nodes.pop()
        if isinstance(node, Field) and (node.spec.path in known or node.spec.path.startswith("scores[")):
            found.add(node.spec.path)
        elif not isinstance(node, Counter) and (texts or not searched(node)):
            nodes.extend(parts(node))
    return frozenset(found)


def whole(value: float) -> Any:
    """Return a counter's value as the compiled function takes it: a whole number unless it is none."""
    if value != value:  # noqa: PLR0124 -- not a number
        return None
    return int(value) if float(value).is_integer() else float(value)


def wholes(values: Doubles) -> list[Any]:
    """Return what `whole` says of each value."""
    made = values.astype(object)
    small = np.abs(values) < _EXACT
    integral = small & (values == np.floor(values))
    made[integral] = values[integral].astype(np.int64)
    for row in np.flatnonzero(~small).tolist():  # unknown, or beyond
        made[row] = whole(values[row])
    return made.tolist()  # type: ignore[no-any-return]


def _exact(value: Any) -> float:
    """Return a number as a column has it. Raises `NoVectorFormError` for a whole number that no double is."""
    try:
        made = float(value)
    except OverflowError as error:
        raise NoVectorFormError from error
    if made != value:
        raise NoVectorFormError
    return made


def _each(test: Callable[[str], bool], column: pa.Array) -> Flags:
    """Return for which entries of a column a test holds; each different one is tried once, unknown ones fail."""
    words = column if isinstance(column, pa.DictionaryArray) else pc.dictionary_encode(column)
    return each_text(words, lambda texts: pa.array([test(text) for text in texts.to_pylist()], pa.bool_()))


def each_text(column: pa.Array, ask: Callable[[pa.Array], pa.Array]) -> Flags:
    """Return what `ask` says of each text of a column, `False` for unknown; an entry of a dictionary is asked once."""
    if not isinstance(column, pa.DictionaryArray):
        return flags(pc.fill_null(ask(column), False))  # noqa: FBT003 -- the value
    said = np.append(flags(pc.fill_null(ask(column.dictionary), False)), False)  # noqa: FBT003 -- as above
    codes = column.indices
    if codes.null_count:
        codes = pc.fill_null(codes, len(said) - 1)
    made: Flags = said[codes.to_numpy(zero_copy_only=False)]
    return made


def _equal(one: pa.Array | pa.Scalar, other: pa.Array | pa.Scalar) -> Flags:
    if isinstance(one, pa.Scalar) and not isinstance(other, pa.Scalar):
        one, other = other, one
    if isinstance(other, pa.Scalar):
        return each_text(one, lambda texts: pc.equal(texts, other))
    return flags(pc.fill_null(pc.equal(_plain(one), _plain(other)), False))  # noqa: FBT003 -- the value


def _plain(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column


def valid(column: pa.Array) -> Flags:
    """Return which entries are known."""
    return _all(len(column)) if not column.null_count else flags(column.is_valid())


def flags(column: pa.Array) -> Flags:
    """Return a column of booleans without nulls as numpy has it."""
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.bool_)


def _all(rows: int) -> Flags:
    return np.ones(rows, dtype=np.bool_)

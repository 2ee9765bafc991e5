"""Text predicates over a column: the door's own scan, many rows at a time.

A scan costs as much for its call as for a hundred letters, and few rows hit anything. So blocks of rows are searched
at once, as they lie in the column's buffer, by one expression of all predicates, and the door's scan looks at the rows
in which something was found. Texts that lie side by side can add a hit that no row has, which the second look removes,
and can never hide one: a hit that another one overlaps lies in a row that the other touches. Patterns that ask for the
beginning or the end of a text are scanned row by row. So are those that hit often, except words and phrases, for which
Arrow looks by itself: they would make a second look of every row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import re2  # type: ignore[import-untyped]  # has no types

from hakam.policy.cost import scanned
from hakam.policy.generate import Atom, atom_of
from hakam.policy.patterns import options
from hakam.policy.scan import LONG_LIST, SET_MEMORY, Scan
from hakam.policy.tree import Condition, Counter, Field, How, Search, Value, parts

Flags = np.ndarray[Any, np.dtype[np.bool_]]

BLOCK = 256  # rows that are searched at once
MOST_FOUND = BLOCK // 8  # in a block; beyond, the rest of its rows are looked at one by one
COMMON = 0.02  # share of rows from which on a predicate is looked for by itself
_JUDGED = 1_000  # rows that say something about a share
_WIDTHS = (
    (0.015, 32),
    (0.04, 16),
    (0.1, 8),
    (0.25, 4),
)  # share of rows that hit -> rows in a block of a long list
_ANCHORS = ("^", "$", r"\A", r"\z", r"\b", r"\B")
_MAX_TERMS = 50  # that Arrow looks for at a time


def is_anchored(search: Search) -> bool:
    """Whether a predicate may ask where a text begins or ends. Says yes when in doubt."""
    if search.how is not How.PATTERN:
        return search.how in {How.STARTS, How.ENDS}
    pattern = search.terms[0].replace("[^", "[")
    return any(anchor in pattern for anchor in _ANCHORS)


def asked(conditions: Iterable[Condition]) -> dict[str, dict[Atom, Search]]:
    """Return the text predicates of some conditions by field. What a counter counts is not asked when it is read."""
    found: dict[str, dict[Atom, Search]] = {}
    nodes: list[Condition | Value] = list(conditions)
    while nodes:
        node = nodes.pop()
        if isinstance(node, Search) and scanned(node) and isinstance(node.of, Field):
            found.setdefault(node.of.spec.path, {}).setdefault(atom_of(node), node)
        elif not isinstance(node, Counter):
            nodes.extend(parts(node))
    return found


class Texts:
    """All text predicates of some conditions, by the field that they search."""

    def __init__(self, conditions: Iterable[Condition]) -> None:
        atoms = asked(conditions)
        self.columns = {path: TextColumn(searches) for path, searches in atoms.items()}
        self._fields = {
            path: next(search.of.spec for search in searches.values() if isinstance(search.of, Field))
            for path, searches in atoms.items()
        }

    def hits(self, chunk: Any) -> dict[Atom, Flags]:
        """Return for each predicate the rows of a chunk that it hits."""
        found: dict[Atom, Flags] = {}
        for path, column in self.columns.items():
            found.update(column.hits(chunk.field(self._fields[path])))
        return found


class TextColumn:
    """All predicates on one column. `common` are those that hit often, as the parts before this one showed."""

    def __init__(self, searches: dict[Atom, Search]) -> None:
        self._searches = searches
        self.common: set[Atom] = set()
        self.scans = self._grouped()

    def hits(self, column: pa.StringArray) -> dict[Atom, Flags]:
        """Return for each predicate the rows that it hits."""
        found: dict[Atom, Flags] = {}
        for scan in self.scans:
            found.update(scan(column))
        if len(column) >= _JUDGED:
            common = {atom for atom, flags in found.items() if flags.sum() > COMMON * len(column)}
            if not common <= self.common:
                self.common |= common
                self.scans = self._grouped()
        return found

    def _grouped(self) -> list[Callable[[pa.StringArray], dict[Atom, Flags]]]:
        made: list[Callable[[pa.StringArray], dict[Atom, Flags]]] = []
        groups: dict[type[_Rows], dict[Atom, Search]] = {}
        for atom, search in self._searches.items():
            literal = search.how in {How.WORDS, How.CONTAINS}
            if literal and atom in self.common and len(search.terms) <= _MAX_TERMS:
                made.append(partial(_literally, atom, search))
                continue
            if literal and len(search.terms) > LONG_LIST:
                group: type[_Rows] = _LongLists
            elif is_anchored(search) or atom in self.common:
                group = _Rows
            else:
                group = _Blocks
            groups.setdefault(group, {})[atom] = search
        return [*made, *(group(searches) for group, searches in groups.items())]


def _literally(atom: Atom, search: Search, column: pa.StringArray) -> dict[Atom, Flags]:
    """Look for a few words that many rows hold. They are literal, so it does not matter whose search it is."""
    if len(search.terms) == 1:
        found = pc.match_substring(column, search.terms[0])
    else:
        found = pc.match_substring_regex(column, "|".join(map(re2.escape, search.terms)))
    return {atom: np.asarray(pc.fill_null(found, False).to_numpy(zero_copy_only=False), dtype=np.bool_)}  # noqa: FBT003 -- the value


class _Rows:
    """The door's scan, row by row."""

    def __init__(self, searches: dict[Atom, Search]) -> None:
        self._atoms = list(searches)
        self._scan = Scan(dict(enumerate(searches.values())))

    def __call__(self, column: pa.StringArray) -> dict[Atom, Flags]:
        lists: list[list[int]] = [[] for _ in self._atoms]
        places, data, hit = _offsets(column), column.buffers()[2], 0
        if data is not None and len(column):
            view = memoryview(data)
            for row in self._candidates(view, places):
                found = self._row(bytes(view[places[row] : places[row + 1]]))
                if found:
                    hit += 1
                    for number in found:
                        lists[number].append(row)
            self._learn(hit / len(column))
        known = _known(column)
        made = {}
        for atom, where in zip(self._atoms, lists, strict=True):
            flags = np.zeros(len(column), dtype=np.bool_)
            flags[where] = True
            made[atom] = flags if known is None else flags & known
        return made

    def _candidates(self, view: memoryview, places: list[int]) -> Iterable[int]:  # noqa: ARG002 -- for those below
        """Yield the rows that may hit."""
        return range(len(places) - 1)

    def _learn(self, share: float) -> None:
        """Take note of the share of rows that hit."""

    def _row(self, text: bytes) -> frozenset[int]:
        scan = self._scan
        if not scan.inline or scan.match is None:
            return scan(text.decode())
        hits = scan.match(text)
        if len(hits) == 1:
            return _NOTHING
        return scan.found(hits, text.decode())


class _LongLists(_Rows):
    """Long lists: blocks of few rows through the scan, and each row of a block that hits."""

    def __init__(self, searches: dict[Atom, Search]) -> None:
        super().__init__(searches)
        self.width = 8

    def _candidates(self, view: memoryview, places: list[int]) -> Iterator[int]:
        rows, width = len(places) - 1, self.width
        if width == 1:
            yield from range(rows)
            return
        for begin in range(0, rows, width):
            end = min(begin + width, rows)
            if self._scan(bytes(view[places[begin] : places[end]]).decode()):
                yield from range(begin, end)

    def _learn(self, share: float) -> None:
        self.width = next((width for most, width in _WIDTHS if share <= most), 1)


class _Blocks(_Rows):
    """Many rows at a time through one expression of all predicates, which says where something may be."""

    def __init__(self, searches: dict[Atom, Search]) -> None:
        super().__init__(searches)
        self.find = _any_of(searches.values())

    def _candidates(self, view: memoryview, places: list[int]) -> Iterator[int]:
        rows = len(places) - 1
        if self.find is None:
            yield from range(rows)
            return
        offsets = np.array(places, dtype=np.int64)
        for begin in range(0, rows, BLOCK):
            end = min(begin + BLOCK, rows)
            start = places[begin]
            block = bytes(view[start : places[end]])
            spans = [match.span() for match in islice(self.find(block), MOST_FOUND)]
            if not spans:
                continue
            first, last = (np.array(ends, dtype=np.int64) + start for ends in zip(*spans, strict=True))
            inside = offsets[begin : end + 1]
            touched = np.searchsorted(inside, first, side="right") - 1
            up_to = np.searchsorted(inside, np.maximum(last - 1, first), side="right") - 1
            marks = np.zeros(end - begin + 1, dtype=np.int64)
            np.add.at(marks, touched, 1)
            np.add.at(marks, np.minimum(up_to, end - begin - 1) + 1, -1)
            flags = np.cumsum(marks[:-1]) > 0
            if len(spans) == MOST_FOUND:
                flags[touched[-1] :] = True
            yield from (np.flatnonzero(flags) + begin).tolist()


def _any_of(searches: Iterable[Search]) -> Callable[[bytes], Iterable[Any]] | None:
    """Return what finds places where one of the predicates may hit, wherever texts begin or end.

    `None` if there is no such expression, or if it would be found in every text.
    """
    pieces = [
        search.terms[0] if search.how is How.PATTERN else "|".join(map(re2.escape, search.terms))
        for search in searches
    ]
    try:
        made = re2.compile("|".join(f"(?:{piece})" for piece in pieces).encode(), options(SET_MEMORY))
        if made.search(b"") is not None:
            return None
    except re2.error:
        return None
    return made.finditer  # type: ignore[no-any-return]


_NOTHING: frozenset[int] = frozenset()


def _offsets(column: pa.StringArray) -> list[int]:
    """Return where each text of the column begins in its buffer, and where the last ends."""
    buffer = column.buffers()[1]
    if buffer is None:
        return [0] * (len(column) + 1)
    whole = np.frombuffer(buffer, dtype=np.int32)
    return whole[column.offset : column.offset + len(column) + 1].tolist()  # type: ignore[no-any-return]


def _known(column: pa.StringArray) -> Flags | None:
    if not column.null_count:
        return None
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)

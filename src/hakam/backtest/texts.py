"""Text predicates over a column: many rows at a time, as they lie in the column's buffer.

A scan costs as much for its call as for a hundred letters, and few rows hit anything. Words and phrases are
literal, so it does not matter whose search finds them: one search over all rows says which rows may hold one, a
second over those alone says which and where. Patterns become one expression, searched over blocks of rows, and the
door's own scan looks at the rows in which something was found. Texts that lie side by side can add a hit that no
row has, which the second look removes, and can never hide one: a hit that another one overlaps lies in a row that
the other touches. Patterns that ask for the beginning or the end of a text, or that hit often, are scanned row by
row; words and phrases that hit often are looked for by Arrow: they would make a second look of every row.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeGuard

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import re2  # type: ignore[import-untyped]  # has no types
from ahocorasick_rs import BytesAhoCorasick, MatchKind

from hakam.backtest.dataset import Chunk, Places
from hakam.backtest.keys import offsets_of
from hakam.policy.cost import scanned
from hakam.policy.generate import Atom, atom_of, text_of
from hakam.policy.patterns import options
from hakam.policy.scan import SET_MEMORY, Scan
from hakam.policy.tree import Condition, Counter, Field, Folded, How, Search, Value, parts

Flags = np.ndarray[Any, np.dtype[np.bool_]]
Hits = Mapping[
    Atom, Flags
]  # the rows that each predicate hits, and under `there(name)` those that have a text

BLOCK = 2_048  # rows that are searched at once for patterns
PIECE = 1 << 18  # bytes, about, that are searched at once for words and phrases
MOST_FOUND = BLOCK // 8  # in a block; beyond, the rest of its rows are looked at one by one
COMMON = 0.02  # share of rows from which on a predicate is looked for by itself
_JUDGED = 1_000  # rows that say something about a share
_ANCHORS = ("^", "$", r"\A", r"\z", r"\b", r"\B")
_MAX_TERMS = 50  # that Arrow looks for at a time, and that are looked for twice
_LEAST = 3  # bytes of a term without the spaces around it, for it to be looked for without them


def is_anchored(search: Search) -> bool:
    """Whether a predicate may ask where a text begins or ends. Says yes when in doubt."""
    if search.how is not How.PATTERN:
        return search.how in {How.STARTS, How.ENDS}
    pattern = search.terms[0].replace("[^", "[")
    return any(anchor in pattern for anchor in _ANCHORS)


def searched(node: Condition | Value) -> TypeGuard[Search]:
    """Whether a condition is a text predicate that is looked for over a whole column: a text of the scan, or a fold."""
    if not isinstance(node, Search):
        return False
    return scanned(node) or (isinstance(node.of, Folded) and text_of(node) is not None)


def asked(conditions: Iterable[Condition]) -> dict[str, dict[Atom, Search]]:
    """Return the text predicates of some conditions by text. What a counter counts is not asked when it is read."""
    found: dict[str, dict[Atom, Search]] = {}
    nodes: list[Condition | Value] = list(conditions)
    while nodes:
        node = nodes.pop()
        if searched(node):
            found.setdefault(atom_of(node)[0], {}).setdefault(atom_of(node), node)
        elif not isinstance(node, Counter):
            nodes.extend(parts(node))
    return found


def there(name: str) -> Atom:
    """Return what stands for "this text is known" among the hits."""
    return name, "known", ()


class Texts:
    """All text predicates of some conditions, by the text that they search. `paths` are the fields of these texts."""

    def __init__(self, conditions: Iterable[Condition]) -> None:
        atoms = asked(conditions)
        self.columns = {name: TextColumn(searches) for name, searches in atoms.items()}
        self._of = {name: _read(next(iter(searches.values()))) for name, searches in atoms.items()}
        self.paths = frozenset(_field(of).spec.path for of in self._of.values())

    def hits(self, chunk: Chunk) -> dict[Atom, Flags]:
        """Return for each predicate the rows of a chunk that it hits."""
        found: dict[Atom, Flags] = {}
        for name, column in self.columns.items():
            of = self._of[name]
            values = chunk.field(of.spec) if isinstance(of, Field) else chunk.folded(of)
            found.update(column.hits(values))
            known = _known(values)
            found[there(name)] = np.ones(len(values), dtype=np.bool_) if known is None else known
        return found


def _read(search: Search) -> Field | Folded:
    assert isinstance(search.of, Field | Folded)
    return search.of


def _field(of: Field | Folded) -> Field:
    inner = of.of if isinstance(of, Folded) else of
    assert isinstance(inner, Field)
    return inner


class StoredHits:
    """Hits of all parts in a folder, so that each text is read and searched once."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def write(self, number: int, hits: Hits) -> None:
        """Keep the hits of one part."""
        packed = [np.packbits(flags) for flags in hits.values()]
        with (self._folder / f"hits-{number}.pickle").open("wb") as file:
            pickle.dump((list(hits), packed), file)

    def read(self, number: int, rows: int) -> dict[Atom, Flags]:
        """Return the hits of one part of so many rows."""
        with (self._folder / f"hits-{number}.pickle").open("rb") as file:
            atoms, packed = pickle.load(file)  # noqa: S301 -- written by this run, into its own folder
        return {
            atom: np.unpackbits(one, count=rows).view(np.bool_)
            for atom, one in zip(atoms, packed, strict=True)
        }


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
        groups: dict[type[_Group], dict[Atom, Search]] = {}
        for atom, search in self._searches.items():
            literal = search.how in {How.WORDS, How.CONTAINS}
            if literal and atom in self.common and len(search.terms) <= _MAX_TERMS:
                made.append(partial(_literally, atom, search))
                continue
            if literal:
                group: type[_Group] = _Literals
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


class _Group(Protocol):
    """Some predicates that are looked for together."""

    def __init__(self, searches: dict[Atom, Search]) -> None: ...

    def __call__(self, column: pa.StringArray) -> dict[Atom, Flags]: ...


class _Literals:
    """Words and phrases. Up to 50 are looked for twice: what may be there, quickly, then what is there.

    The quick search goes without the spaces around words and keeps one of several hits that overlap; both make it many
    times as fast, since it then compares many letters at once.
    """

    def __init__(self, searches: dict[Atom, Search]) -> None:
        owners: dict[str, list[int]] = {}
        for number, search in enumerate(searches.values()):
            for term in search.terms:
                owners.setdefault(term, []).append(number)
        self._atoms, self._owners = list(searches), list(owners.values())
        terms = [term.encode() for term in owners]
        self._exactly = BytesAhoCorasick(terms)
        self._quickly = None
        if len(terms) <= _MAX_TERMS:
            bare = {term.strip() if len(term.strip()) >= _LEAST else term for term in terms}
            self._quickly = BytesAhoCorasick(sorted(bare), matchkind=MatchKind.LeftmostFirst)

    def __call__(self, column: pa.StringArray) -> dict[Atom, Flags]:
        made = np.zeros((len(self._atoms), len(column)), dtype=np.bool_)
        data = column.buffers()[2]
        if data is not None and len(column):
            places, view = offsets_of(column).astype(np.int64), memoryview(data)
            if self._quickly is None:
                self._look(places, view, made, None)
            else:
                rows = np.flatnonzero(self._candidates(self._quickly, places, view))
                found = column.take(pa.array(rows))
                if len(rows):
                    self._look(offsets_of(found).astype(np.int64), memoryview(found.buffers()[2]), made, rows)
        known = _known(column)
        return {
            atom: flags if known is None else flags & known
            for atom, flags in zip(self._atoms, made, strict=True)
        }

    def _candidates(self, search: BytesAhoCorasick, places: Places, view: memoryview) -> Flags:
        """Return the rows that a hit touches."""
        made = np.zeros(len(places) - 1, dtype=np.bool_)
        for begin, end in _pieces(places):
            spans = search.find_matches_as_indexes(bytes(view[places[begin] : places[end]]))
            if spans:
                _, first, last = np.array(spans, dtype=np.int64).T
                made[begin:end] = _touched(
                    first + places[begin], last + places[begin], places[begin : end + 1]
                )
        return made

    def _look(self, places: Places, view: memoryview, made: Any, rows: Places | None) -> None:
        """Set what each row holds. `rows` are the numbers of the rows at `places`, if not all are looked at."""
        for begin, end in _pieces(places):
            block = bytes(view[places[begin] : places[end]])
            spans = self._exactly.find_matches_as_indexes(block, overlapping=True)
            if not spans:
                continue
            which, first, last = np.array(spans, dtype=np.int64).T
            inside = places[begin : end + 1] - places[begin]
            row = np.searchsorted(inside, first, side="right") - 1
            whole = last <= inside[row + 1]
            hit = np.unique(which[whole] * len(inside) + row[whole])
            for term, one in zip(*np.divmod(hit, len(inside)), strict=True):
                place = begin + one
                made[self._owners[term], place if rows is None else rows[place]] = True


def _pieces(places: Places) -> Iterator[tuple[int, int]]:
    """Yield stretches of rows of about `PIECE` bytes."""
    begin, rows = 0, len(places) - 1
    while begin < rows:
        end = int(np.searchsorted(places, places[begin] + PIECE, side="right")) - 1
        end = min(max(end, begin + 1), rows)
        yield begin, end
        begin = end


def _touched(first: Places, last: Places, places: Places) -> Flags:
    """Return which rows, that begin at `places`, some spans of bytes touch."""
    rows = len(places) - 1
    marks = np.zeros(rows + 1, dtype=np.int64)
    begin = np.searchsorted(places, first, side="right") - 1
    end = np.searchsorted(places, np.maximum(last - 1, first), side="right")
    np.add.at(marks, np.minimum(begin, rows), 1)
    np.add.at(marks, np.minimum(end, rows), -1)
    return np.cumsum(marks[:-1]) > 0


class _Rows:
    """The door's scan, row by row."""

    def __init__(self, searches: dict[Atom, Search]) -> None:
        self._atoms = list(searches)
        self._scan = Scan(dict(enumerate(searches.values())))

    def __call__(self, column: pa.StringArray) -> dict[Atom, Flags]:
        lists: list[list[int]] = [[] for _ in self._atoms]
        places, data = offsets_of(column), column.buffers()[2]
        if data is not None and len(column):
            view = memoryview(data)
            for row in self._candidates(view, places.astype(np.int64)):
                for number in self._row(bytes(view[places[row] : places[row + 1]])):
                    lists[number].append(row)
        known = _known(column)
        made = {}
        for atom, where in zip(self._atoms, lists, strict=True):
            flags = np.zeros(len(column), dtype=np.bool_)
            flags[where] = True
            made[atom] = flags if known is None else flags & known
        return made

    def _candidates(self, view: memoryview, places: Places) -> Iterable[int]:  # noqa: ARG002 -- for those below
        """Yield the rows that may hit."""
        return range(len(places) - 1)

    def _row(self, text: bytes) -> frozenset[int]:
        scan = self._scan
        if not scan.inline or scan.match is None:
            return scan(text.decode())
        hits = scan.match(text)
        if len(hits) == 1:
            return _NOTHING
        return scan.found(hits, text.decode())


class _Blocks(_Rows):
    """Patterns: many rows at a time through one expression of all, which says where something may be."""

    def __init__(self, searches: dict[Atom, Search]) -> None:
        super().__init__(searches)
        self.find = _any_of(searches.values())

    def _candidates(self, view: memoryview, places: Places) -> Iterator[int]:
        rows = len(places) - 1
        if self.find is None:
            yield from range(rows)
            return
        for begin in range(0, rows, BLOCK):
            end = min(begin + BLOCK, rows)
            block = bytes(view[places[begin] : places[end]])
            spans = [match.span() for match in islice(self.find(block), MOST_FOUND)]
            if not spans:
                continue
            first, last = (
                np.array(ends, dtype=np.int64) + places[begin] for ends in zip(*spans, strict=True)
            )
            touched = _touched(first, last, places[begin : end + 1])
            if len(spans) == MOST_FOUND:
                touched[np.searchsorted(places[begin : end + 1], first[-1], side="right") - 1 :] = True
            yield from (np.flatnonzero(touched) + begin).tolist()


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


def _known(column: pa.StringArray) -> Flags | None:
    if not column.null_count:
        return None
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)

"""Text predicates over a column: the door's own scan, many rows at a time.

A scan costs as much for its call as for a hundred letters, and few rows hit anything. So a block of rows is scanned at
once, as it lies in the column's buffer; only blocks with a hit are looked at row by row. Texts that lie side by side
can add a hit that no row has, which the second look removes, and can never hide one, except from a pattern that asks
for the beginning or the end of a text: those are scanned row by row.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from hakam.policy.cost import scanned
from hakam.policy.generate import Atom, atom_of
from hakam.policy.scan import LONG_LIST, Scan
from hakam.policy.tree import Condition, Field, How, Search, walk

Flags = np.ndarray[Any, np.dtype[np.bool_]]

_BLOCKS = ((0.015, 32), (0.04, 16), (0.1, 8), (0.25, 4))  # share of rows that hit -> rows in a block
_ANCHORS = ("^", "$", r"\A", r"\z", r"\b", r"\B")


def is_anchored(search: Search) -> bool:
    """Whether a predicate may ask where a text begins or ends. Says yes when in doubt."""
    if search.how is not How.PATTERN:
        return search.how in {How.STARTS, How.ENDS}
    pattern = search.terms[0].replace("[^", "[")
    return any(anchor in pattern for anchor in _ANCHORS)


class Texts:
    """All text predicates of some conditions, by the field that they search."""

    def __init__(self, conditions: Iterable[Condition]) -> None:
        atoms: dict[str, dict[Atom, Search]] = {}
        for condition in conditions:
            for node in walk(condition):
                if isinstance(node, Search) and scanned(node) and isinstance(node.of, Field):
                    atoms.setdefault(node.of.spec.path, {}).setdefault(atom_of(node), node)
        self._scans: dict[str, list[_ColumnScan]] = {}
        self._fields = {}
        for path, searches in atoms.items():
            groups: dict[str, dict[int, Search]] = {}
            names = list(searches)
            for number, search in enumerate(searches.values()):
                long = search.how is not How.PATTERN and len(search.terms) > LONG_LIST
                group = "anchored" if is_anchored(search) else "long" if long else "blocks"
                groups.setdefault(group, {})[number] = search
            self._scans[path] = [_ColumnScan(group, found, names) for group, found in groups.items()]
            self._fields[path] = next(s.of.spec for s in searches.values() if isinstance(s.of, Field))

    def hits(self, chunk: Any) -> dict[Atom, Flags]:
        """Return for each predicate the rows of a chunk that it hits."""
        found: dict[Atom, Flags] = {}
        for path, scans in self._scans.items():
            column = chunk.field(self._fields[path])
            for scan in scans:
                found.update(scan.hits(column))
        return found


class _ColumnScan:
    """One scan. `width`, the rows of a block, follows the share of rows that hit."""

    def __init__(self, group: str, searches: dict[int, Search], names: list[Atom]) -> None:
        self._scan = Scan(searches)
        self._names = {number: names[number] for number in searches}
        self._blocks = group != "anchored"
        self.width = 8 if self._blocks else 1

    def hits(self, column: pa.StringArray) -> dict[Atom, Flags]:
        rows = len(column)
        lists: dict[int, list[int]] = {number: [] for number in self._names}
        places = _offsets(column)
        data = column.buffers()[2]
        hit_rows = 0
        if data is not None and rows:
            view = memoryview(data)
            for row in self._candidates(view, places):
                found = self._row(bytes(view[places[row] : places[row + 1]]))
                if found:
                    hit_rows += 1
                    for number in found:
                        lists[number].append(row)
        if self._blocks and rows:
            share = hit_rows / rows
            self.width = next((width for most, width in _BLOCKS if share <= most), 1)
        known = _known(column)
        made = {}
        for number, where in lists.items():
            flags = np.zeros(rows, dtype=np.bool_)
            flags[where] = True
            made[self._names[number]] = flags if known is None else flags & known
        return made

    def _candidates(self, view: memoryview, places: list[int]) -> Iterable[int]:
        """Yield the rows that may hit: all rows of blocks that do."""
        rows, width, scan = len(places) - 1, self.width, self._scan
        if width == 1:
            yield from range(rows)
            return
        match = scan.match if scan.inline else None
        for begin in range(0, rows, width):
            end = min(begin + width, rows)
            block = bytes(view[places[begin] : places[end]])
            hit = len(match(block)) != 1 if match is not None else bool(scan(block.decode()))
            if hit:
                yield from range(begin, end)

    def _row(self, text: bytes) -> frozenset[int]:
        scan = self._scan
        if not scan.inline or scan.match is None:
            return scan(text.decode())
        hits = scan.match(text)
        if len(hits) == 1:
            return _NOTHING
        return scan.found(hits, text.decode())


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

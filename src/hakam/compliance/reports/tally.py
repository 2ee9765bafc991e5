"""The tally: for each figure of a report the facts that make it. A figure without its facts can't be written down."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from statistics import median
from typing import NamedTuple


class Cell(NamedTuple):
    """A place in a report: a part, a row as (scope, category, keyword, description) or (indicator, scope), a column."""

    part: int
    row: tuple[str, ...]
    column: str


class Tally:
    """What was counted, and from which facts."""

    def __init__(self) -> None:
        self.platforms: set[str] = set()  # whose facts were met, of whomever the report is
        self._facts: dict[Cell, array[int]] = {}
        self._amounts: dict[Cell, int] = {}  # where one fact counts for several
        self._hours: dict[Cell, array[float]] = {}

    def count(self, cell: Cell, seq: int, amount: int = 1) -> None:
        """Let a fact count."""
        self._facts.setdefault(cell, array("q")).append(seq)
        self._amounts[cell] = self._amounts.get(cell, 0) + amount

    def time(self, cell: Cell, seq: int, seconds: float, amount: int = 1) -> None:
        """Let a fact say how long something took, for as many as it counts for."""
        self._facts.setdefault(cell, array("q")).append(seq)
        self._hours.setdefault(cell, array("d")).extend([seconds / 3_600] * amount)

    def number(self, cell: Cell) -> int:
        """Return how many; 0 of nothing."""
        return self._amounts.get(cell, 0)

    def median(self, cell: Cell) -> float | None:
        """Return the median in hours; None of nothing."""
        found = self._hours.get(cell)
        return median(found) if found else None

    def facts(self, cell: Cell) -> tuple[int, ...]:
        """Return the numbers of the facts that make a figure, in order."""
        return tuple(self._facts.get(cell, ()))

    def cells(self) -> frozenset[Cell]:
        """Return every cell that something counts in."""
        return frozenset(self._facts)

    def timed(self) -> frozenset[Cell]:
        """Return those of them that say how long something took."""
        return frozenset(self._hours)

    def rows(self, part: int) -> Iterator[tuple[str, ...]]:
        """Yield the rows of a part that have figures, each once, the first counted first."""
        yield from dict.fromkeys(cell.row for cell in self._facts if cell.part == part)

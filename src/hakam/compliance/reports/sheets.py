"""The sheets: every row and column of the templates, filled from the tally; blank and zero as the regulation wants.

Blank: the provider owes no such row, can never do such a thing, or has to count it elsewhere, since no fact in the
ledger speaks of it; the contextual information says so then. Zero: it could have been, and it did not happen.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from hakam.compliance.eu_database.codes import EU
from hakam.compliance.profile import Profile, Tier
from hakam.compliance.reports import qualitative
from hakam.compliance.reports.gathering import (
    AGAINST,
    ANSWERED,
    COMPLAINTS,
    DISPUTES,
    EURO,
    IMPLEMENTED,
    NEWLY,
    NO_ACTION,
    NO_ACTION_FLAGGER,
    RESTRICTIONS,
    SUSPENDED,
    UNWRITTEN,
    K,
)
from hakam.compliance.reports.period import Period
from hakam.compliance.reports.tally import Cell, Tally
from hakam.compliance.reports.template import (
    APPEALS,
    AUTOMATED,
    ILLEGAL,
    NOTICES,
    ORDERS,
    OTHER,
    PEOPLE,
    RECIPIENTS,
    TERMS,
    TEXTS,
    TOTAL,
    VERY_LARGE_ONLY,
    Part,
    parts,
)
from hakam.vocabulary.measure import NATURE

Value = str | int | float | None
LANGUAGES: Final = tuple(
    "bg cs da de el en es et fi fr ga hr hu it lt lv mt nl pl pt ro sk sl sv".split()  # noqa: SIM905 -- one list, as the law has it
)
STATES: Final = tuple(sorted(EURO.get(code, code) for code in EU))
_MEDIANS: Final = {ORDERS: "IJLM", NOTICES: "JK"}
_POSSIBLE: Final = frozenset(RESTRICTIONS[str(n.tdb_value)] for n in NATURE.values() if n.tdb_value)
_PLATFORM_ONLY: Final = {NOTICES: frozenset("GIKMO")}  # trusted flaggers concern platforms alone
_LISTED: Final = frozenset({"bg", "sv", "AT", "SE", "[...]"})  # what the template writes for a whole list
_LIMIT: Final = 5_000  # characters of a text
_NOTES: Final = dict(
    zip("GHIJKLM", "NOPQRST", strict=True)
)  # of part 3: a figure -> its contextual information
_COUNTED: Final = frozenset(  # of part 7
    {COMPLAINTS, NEWLY, NO_ACTION, NO_ACTION_FLAGGER, *AGAINST.values(), *SUSPENDED.values(), DISPUTES}
)
_ELSEWHERE: Final = "Not counted by this system, which keeps no record of it. Blank does not mean none."
_UNMEASURED: Final = "Not measured for this report. Blank does not mean none."


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """What no ledger knows: the operator says it."""

    provider: str
    service: str
    published: date | None = None
    previous: date | None = None  # publication of the latest previous report
    recipients: dict[str, int] = {}  # average monthly active recipients: `TOTAL`, Member States
    moderators: dict[str, float] = {}  # full-time equivalents: `internal`, `external`, `total`, languages
    context: dict[
        str, str
    ] = {}  # of parts 3, 7 and 8: indicator, or figure's header -> contextual information
    texts: dict[str, str] = {}  # of part 11: indicator -> text, in place of the draft
    never: tuple[str, ...] = ()  # columns of restrictions that this service can't impose, as `O`


class Sheet(msgspec.Struct, frozen=True):
    """One sheet, and for each figure where it comes from: (row, column), both from 0, header not counted."""

    part: int
    name: str
    file: str
    header: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    cells: dict[tuple[int, int], Cell]


class Report(msgspec.Struct, frozen=True):
    """A report: what was counted, for whom, over which time."""

    profile: Profile
    period: Period
    stated: Stated
    tally: Tally

    def sheets(self) -> tuple[Sheet, ...]:
        """Return all eleven sheets."""
        return tuple(_Filler(self, part).sheet() for part in parts().values())


def letters(count: int) -> list[str]:
    """Return the names of the first `count` columns: A to Z, AA ..."""
    return [chr(65 + n) if n < 26 else f"A{chr(65 + n - 26)}" for n in range(count)]  # noqa: PLR2004 -- of the alphabet


class _Filler:
    def __init__(self, report: Report, part: Part) -> None:
        self._report, self._part = report, part
        self._rows: list[tuple[Value, ...]] = []
        self._cells: dict[tuple[int, int], Cell] = {}
        self._columns = letters(len(part.columns))

    def sheet(self) -> Sheet:
        part = self._part
        if part.categories:
            self._by_category()
        else:
            fill = {1: self._identification, 2: self._names, TEXTS: self._texts}.get(
                part.part, self._indicators
            )
            fill()
        return Sheet(part.part, part.sheet, part.file, part.columns, tuple(self._rows), self._cells)

    def _add(self, values: dict[str, Value], cells: dict[str, Cell] | None = None) -> None:
        row = len(self._rows)
        self._rows.append(tuple(values.get(letter) for letter in self._columns))
        for letter, cell in (cells or {}).items():
            self._cells[row, self._columns.index(letter)] = cell

    def _owed(self, applicability: str) -> bool:
        tier = self._report.profile.tier
        if applicability.startswith(VERY_LARGE_ONLY):
            return tier is Tier.VERY_LARGE
        if "hosting" in applicability:
            return tier is not Tier.INTERMEDIARY
        return applicability == "All" or tier in {Tier.PLATFORM, Tier.VERY_LARGE}

    # Parts 3 to 6

    def _by_category(self) -> None:
        part = self._part
        scopes = [TOTAL]
        if part.part == ORDERS:
            scopes += sorted({row[0] for row in self._report.tally.rows(ORDERS)} - {TOTAL})
        for scope in scopes:
            for category, keywords in part.blocks().items():
                self._figures(scope, category, "", "")
                for keyword in keywords:
                    described = self._described(scope, category) if keyword == OTHER else [""]
                    for description in described:
                        self._figures(scope, category, keyword, description)

    def _described(self, scope: str, category: str) -> list[str]:
        """Return what "other" holds in a category: a row for each, one empty row if there is nothing."""
        rows = self._report.tally.rows(self._part.part)
        return sorted({r[3] for r in rows if r[:3] == (scope, category, OTHER)}) or [""]

    def _figures(self, scope: str, category: str, keyword: str, description: str) -> None:
        part = self._part.part
        values: dict[str, Value] = {
            "A": self._part.applicability,
            "B": self._report.stated.service,
            "C": str(self._report.period),
            "D": keyword or category,
            "E": description or None,
        }
        if part == ORDERS:
            values["F"] = scope
        cells = {}
        counted = self._orders_counted()
        for letter in self._figure_columns():
            if part == ORDERS:
                title = self._part.columns[self._columns.index(letter)].strip()
                values[_NOTES[letter]] = self._report.stated.context.get(
                    title, None if counted else _ELSEWHERE
                )
                if not counted:
                    continue
            cell = Cell(part, (scope, category, keyword, description), letter)
            if letter in _MEDIANS.get(part, ""):
                values[letter] = self._report.tally.median(cell)
            else:
                values[letter] = self._report.tally.number(cell)
            cells[letter] = cell
        self._add(values, cells)

    def _orders_counted(self) -> bool:
        """Whether the ledger speaks of orders at all: a verb writes them, or somebody brought them in."""
        return K.ORDER_RECEIVED not in UNWRITTEN or any(self._report.tally.rows(ORDERS))

    def _figure_columns(self) -> list[str]:
        """Return the columns that hold figures and are owed; the others stay blank."""
        part = self._part.part
        if not self._owed(self._part.applicability):
            return []
        first = {ORDERS: "G", NOTICES: "F", ILLEGAL: "F", TERMS: "F"}[part]
        last = {ORDERS: "M", NOTICES: "O", ILLEGAL: "U", TERMS: "U"}[part]
        found = self._columns[self._columns.index(first) : self._columns.index(last) + 1]
        if part in {ILLEGAL, TERMS}:
            never = set(self._report.stated.never)
            return [c for c in found if c in {"F", "G"} or (c in _POSSIBLE and c not in never)]
        if self._report.profile.tier is Tier.HOSTING:
            return [c for c in found if c not in _PLATFORM_ONLY.get(part, ())]
        return found

    # The other parts

    def _identification(self) -> None:
        stated, period = self._report.stated, self._report.period
        said: list[Value] = [
            stated.provider,
            stated.published.isoformat() if stated.published else None,
            stated.previous.isoformat() if stated.previous else None,
            period.first.isoformat(),
            period.last.isoformat(),
        ]
        for row, value in zip(self._part.rows, said, strict=True):
            self._add({"A": row["Applicability"], "B": stated.service, "C": row["Indicator"], "D": value})

    def _names(self) -> None:
        for row in self._part.rows:
            self._add({"A": row["label"], "B": row["description"], "C": row["code"]})

    def _indicators(self) -> None:
        listed: set[str] = set()
        for row in self._part.rows:
            for scope in self._scopes(row, listed):
                self._indicator(row, scope)

    def _scopes(self, row: dict[str, str], listed: set[str]) -> tuple[str, ...]:
        """Return the scopes of a row. Where the template lists a few languages or States, all of them, once."""
        part, scope, indicator = self._part.part, row["Scope"], row["Indicator"]
        whole = {AUTOMATED: LANGUAGES, PEOPLE: LANGUAGES, RECIPIENTS: STATES}.get(part)
        if whole is None or scope not in _LISTED:
            return (scope,)
        if indicator in listed:
            return ()
        listed.add(indicator)
        return whole

    def _indicator(self, row: dict[str, str], scope: str) -> None:
        owed = self._owed(row["Applicability"])
        values: dict[str, Value] = {
            "A": row["Applicability"],
            "B": self._report.stated.service,
            "C": str(self._report.period),
            "D": row["Section"],
            "E": row["Indicator"],
            "F": scope,
        }
        cells = {}
        if owed:
            values["G"], cell = self._value(row, scope)
            if "H" in self._columns:
                values["H"] = self._report.stated.context.get(row["Indicator"], self._gap(row, scope))
            if cell is not None:
                cells["G"] = cell
        self._add(values, cells)

    def _value(self, row: dict[str, str], scope: str) -> tuple[Value, Cell | None]:
        stated, tally = self._report.stated, self._report.tally
        if self._part.part == RECIPIENTS:
            return stated.recipients.get(scope), None
        if self._part.part == PEOPLE:
            which = next((w for w in ("internal", "external") if w in row["Indicator"]), "total")
            return stated.moderators.get(which if scope == "Total number" else scope), None
        if self._gap(row, scope):
            return None, None
        cell = Cell(self._part.part, (row["Indicator"], scope), "G")
        if scope == IMPLEMENTED:
            answered = tally.number(Cell(cell.part, (row["Indicator"], ANSWERED), "G"))
            return (
                round(tally.number(cell) / answered, 4) if answered else None
            ), cell  # a share, from 0 to 1
        if scope == "Median time":
            return tally.median(cell), cell
        return tally.number(cell), cell

    def _gap(self, row: dict[str, str], scope: str) -> str | None:
        """Return why a figure of parts 7 and 8 is not counted, or None: then it is.

        # DSA Art. 15(1)(e): the accuracy of automated means is said as not measured, never as nought.
        """
        part, indicator = self._part.part, row["Indicator"]
        if part == AUTOMATED and (indicator.startswith("Accuracy") or scope in LANGUAGES):
            return _UNMEASURED
        # Complaints that nobody decided.
        omitted = scope == "Decision omitted" and indicator != DISPUTES
        if part == APPEALS and (indicator not in _COUNTED or omitted):
            return _ELSEWHERE
        return None

    def _texts(self) -> None:
        drafts = qualitative.drafts(self._report.tally, self._report.period)
        for row in self._part.rows:
            owed = self._owed(row["Applicability"])
            indicator = row["Indicator"]
            text = self._report.stated.texts.get(indicator) or drafts.get(indicator, "")
            self._add(
                {
                    "A": row["Applicability"],
                    "B": self._report.stated.service,
                    "C": str(self._report.period),
                    "D": indicator,
                    "E": text[:_LIMIT] if owed and text else None,
                }
            )

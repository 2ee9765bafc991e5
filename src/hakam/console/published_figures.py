"""What published reports say, as figures and charts for everybody. Nothing is counted anew (DSA Art. 15)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.core.cache import cache
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hakam.compliance.models import MadeReport
from hakam.compliance.reports import gathering, keeping, template
from hakam.compliance.reports.period import year as year_of
from hakam.compliance.reports.sheets import Sheet, Value, letters

_KEPT: Final = 3_600  # seconds: what is published does not change
_CATEGORY, _SCOPE = 3, 5  # columns of parts 3 to 6
_INDICATOR = 4  # of parts 7 and 8

CATEGORIES: Final[dict[str, Promise]] = {
    "STATEMENT_CATEGORY_ANIMAL_WELFARE": _("Animal welfare"),
    "STATEMENT_CATEGORY_CONSUMER_INFORMATION": _("Information owed to consumers"),
    "STATEMENT_CATEGORY_CYBER_VIOLENCE": _("Violence online"),
    "STATEMENT_CATEGORY_CYBER_VIOLENCE_AGAINST_WOMEN": _("Violence online against women"),
    "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS": _("Data protection and privacy"),
    "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH": _("Illegal or harmful speech"),
    "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS": _("Intellectual property"),
    "STATEMENT_CATEGORY_NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS": _("Public debate and elections"),
    "STATEMENT_CATEGORY_PROTECTION_OF_MINORS": _("Protection of minors"),
    "STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY": _("Public security"),
    "STATEMENT_CATEGORY_SCAMS_AND_FRAUD": _("Scams and fraud"),
    "STATEMENT_CATEGORY_SELF_HARM": pgettext_lazy("category of a report", "Self-harm"),
    "STATEMENT_CATEGORY_UNSAFE_AND_PROHIBITED_PRODUCTS": _("Unsafe or forbidden products"),
    "STATEMENT_CATEGORY_VIOLENCE": pgettext_lazy("category of a report", "Violence"),
    "STATEMENT_CATEGORY_OTHER_VIOLATION_TC": _("Other breaches of the terms"),
    template.NOT_SPECIFIED_ORDER: _("Not specified by the authority"),
    template.NOT_SPECIFIED_NOTICE: _("Not specified by who reported it"),
}
RESTRICTIONS: Final[dict[str, Promise]] = {
    "H": _("Removed"),
    "I": _("Access disabled"),
    "J": _("Shown less"),
    "K": _("For adults alone"),
    "L": _("Interaction restricted"),
    "M": _("Labelled"),
    "N": _("Visibility restricted otherwise"),
    "O": _("Payments suspended"),
    "P": _("Payments ended"),
    "Q": _("Payments restricted otherwise"),
    "R": _("Service suspended"),
    "S": _("Service ended"),
    "T": _("Account suspended"),
    "U": _("Account ended"),
}
# Of part 11, by the template's indicator: it has a curly apostrophe in the first, a straight one in the second.
TEXTS: Final[dict[str, Promise]] = dict(
    zip(
        (row["Indicator"] for row in template.parts()[template.TEXTS].rows),
        (
            _("Moderation of our own accord, in short"),
            _("How we moderate of our own accord"),
            _("Automated means"),
            _("Accuracy and possible errors of automated means"),
            _("What automated means are used for"),
            _("Safeguards around automated means"),
            _("How moderation is governed"),
            _("Qualifications of the people who moderate"),
            _("Training of the people who moderate"),
            _("Support for the people who moderate"),
            _("How the people who moderate are counted"),
        ),
        strict=True,
    )
)


@dataclass(frozen=True)
class Figures:
    """What the report of one period says. None: it says nothing of it, which does not mean none."""

    notices: Value = None
    trusted: Value = None
    answer_seconds: float | None = None
    orders: Value = None
    requests: Value = None
    measures: Value = None
    automated_share: float | None = None
    complaints: Value = None
    upheld: Value = None
    partly: Value = None
    reversed: Value = None
    complaint_seconds: float | None = None
    disputes: Value = None
    suspensions: Value = None
    reported: tuple[tuple[str, int], ...] = ()  # category -> notices
    acted: tuple[tuple[str, int, int], ...] = ()  # category -> measures by law, by the terms
    done: tuple[tuple[str, int], ...] = ()  # column of a restriction -> measures
    states: tuple[tuple[str, int], ...] = ()  # Member State -> orders
    texts: tuple[
        tuple[str, str], ...
    ] = ()  # indicator of part 11 -> what the provider says, in its own language


@dataclass(frozen=True)
class Year:
    """What the reports of one year come to together."""

    number: int
    notices: int | None
    measures: int | None
    complaints: int | None


def newest(reports: Iterable[MadeReport]) -> list[MadeReport]:
    """Return of each law and period the version that holds now, the earliest period first."""
    held: dict[tuple[object, ...], MadeReport] = {}
    for report in reports:
        key = report.law, report.first, report.last
        if key not in held or (report.version or 0) > (held[key].version or 0):
            held[key] = report
    return sorted(held.values(), key=lambda one: (one.first, one.last, one.law))


def figures_of(report: MadeReport) -> Figures:
    """Return what a published report of the DSA says. Read once, since it never changes."""
    key = f"published:{report.pk}:{report.version}"
    kept: Figures | None = cache.get(key)
    if kept is None:
        kept = read({page.part: page for page in keeping.sheets_of(report)})
        cache.set(key, kept, _KEPT)
    return kept


def years(reports: Sequence[MadeReport]) -> list[Year]:
    """Return each year of which a report of the DSA is public, the latest first."""
    found: dict[int, list[MadeReport]] = {}
    for report in newest(reports):
        found.setdefault(report.last.year, []).append(report)
    return [_together(number, found[number]) for number in sorted(found, reverse=True)]


def _together(number: int, reports: Sequence[MadeReport]) -> Year:
    """Return the sums of a year: of the report of the whole year if there is one, else of its parts."""
    dsa = [one for one in reports if one.law == keeping.DSA]
    span = year_of(number)
    whole = [one for one in dsa if (one.first, one.last) == (span.first, span.last)]
    said = [figures_of(one) for one in whole or dsa]
    return Year(
        number,
        total(one.notices for one in said),
        total(one.measures for one in said),
        total(one.complaints for one in said),
    )


def total(values: Iterable[Value]) -> int | None:
    """Return the sum of what was said; None if nothing was."""
    said = [int(value) for value in values if isinstance(value, int | float)]
    return sum(said) if said else None


def read(pages: dict[int, Sheet]) -> Figures:
    """Return the figures of the sheets of a report of the DSA."""
    told = _Told(pages)
    automated = told.by_indicator(template.AUTOMATED, "Number of measures solely taken by automated means")
    by_people = told.by_indicator(template.AUTOMATED, "Number of measures not taken by automated means")
    all_measures = total((automated, by_people))
    complaint = [
        told.by_indicator(template.APPEALS, gathering.COMPLAINTS, scope)
        for scope in (
            "Total number",
            "Decisions upheld",
            "Decisions partially reversed",
            "Decisions reversed",
            "Median time",
        )
    ]
    illegal, terms = (told.by_category(part, "F") for part in (template.ILLEGAL, template.TERMS))
    return Figures(
        notices=told.whole(template.NOTICES, "F"),
        trusted=told.whole(template.NOTICES, "G"),
        answer_seconds=_seconds(told.whole(template.NOTICES, "J")),
        orders=told.whole(template.ORDERS, "G"),
        requests=told.whole(template.ORDERS, "K"),
        measures=total((told.whole(template.ILLEGAL, "F"), told.whole(template.TERMS, "F"))),
        automated_share=None if not all_measures else (total((automated,)) or 0) / all_measures,
        complaints=complaint[0],
        upheld=complaint[1],
        partly=complaint[2],
        reversed=complaint[3],
        complaint_seconds=_seconds(complaint[4]),
        disputes=told.by_indicator(template.APPEALS, gathering.DISPUTES),
        suspensions=total(told.by_indicator(template.APPEALS, name) for name in gathering.SUSPENDED.values()),
        reported=_ranked(told.by_category(template.NOTICES, "F")),
        acted=tuple(
            (code, illegal.get(code, 0), terms.get(code, 0))
            for code, _sum in _ranked(
                {code: illegal.get(code, 0) + terms.get(code, 0) for code in illegal | terms}
            )
        ),
        done=_ranked(
            {
                letter: total(told.whole(part, letter) for part in (template.ILLEGAL, template.TERMS)) or 0
                for letter in RESTRICTIONS
            }
        ),
        states=_ranked(told.by_state()),
        texts=told.texts(),
    )


def _seconds(hours: Value) -> float | None:
    return float(hours) * 3_600 if isinstance(hours, int | float) else None


def _ranked(found: dict[str, int]) -> tuple[tuple[str, int], ...]:
    """Return what is more than none, the most first."""
    return tuple(sorted(((k, n) for k, n in found.items() if n), key=lambda one: (-one[1], one[0])))


class _Told:
    """Finds a figure in sheets by where the template has it."""

    def __init__(self, pages: dict[int, Sheet]) -> None:
        self._pages = pages

    def _value(self, part: int, row: Sequence[Value], column: str) -> Value:
        return row[letters(len(self._pages[part].header)).index(column)]

    def _rows(self, part: int) -> Sequence[Sequence[Value]]:
        return self._pages[part].rows if part in self._pages else ()

    def _everywhere(self, part: int) -> Iterable[Sequence[Value]]:
        """Yield the rows of a part that are of no single Member State."""
        for row in self._rows(part):
            if part != template.ORDERS or row[_SCOPE] == template.TOTAL:
                yield row

    def whole(self, part: int, column: str) -> Value:
        """Return the figure over all categories."""
        for row in self._everywhere(part):
            if row[_CATEGORY] == template.TOTAL:
                return self._value(part, row, column)
        return None

    def by_category(self, part: int, column: str) -> dict[str, int]:
        """Return the figure of each category, without its sub-categories."""
        found = {}
        for row in self._everywhere(part):
            code, value = row[_CATEGORY], self._value(part, row, column)
            if code in CATEGORIES and isinstance(value, int):
                found[str(code)] = value
        return found

    def by_state(self) -> dict[str, int]:
        """Return how many orders came from each Member State, to act and to inform."""
        found = {}
        for row in self._rows(template.ORDERS):
            if row[_CATEGORY] == template.TOTAL and row[_SCOPE] != template.TOTAL:
                said = total(self._value(template.ORDERS, row, column) for column in "GK")
                found[str(row[_SCOPE])] = said or 0
        return found

    def by_indicator(self, part: int, indicator: str, scope: str = "Total number") -> Value:
        """Return the figure of a row of part 7 or 8."""
        for row in self._rows(part):
            if row[_INDICATOR] == indicator and row[_SCOPE] == scope:
                return self._value(part, row, "G")
        return None

    def texts(self) -> tuple[tuple[str, str], ...]:
        """Return each indicator of part 11 of which something is said, with what is said."""
        found = ((str(row[3]), row[4]) for row in self._rows(template.TEXTS))
        return tuple((indicator, text) for indicator, text in found if isinstance(text, str) and text.strip())

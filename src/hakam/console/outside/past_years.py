"""A year of published reports, for everybody: its figures and charts, in the reader's language, and the files.

# DSA Art. 15(1): easy to find, year by year, as long as reports stay public.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from hakam.compliance.models import MadeReport
from hakam.compliance.reports import keeping
from hakam.compliance.reports.gathering import EURO
from hakam.compliance.reports.sheets import Value
from hakam.console import sheet_words
from hakam.console.charts import bar
from hakam.console.countries import country_name
from hakam.console.installation import installation
from hakam.console.outside.reading import page
from hakam.console.published_figures import (
    CATEGORIES,
    RESTRICTIONS,
    TEXTS,
    Figures,
    figures_of,
    newest,
    years,
)

Drawn = list[tuple[Promise | str, int, SafeString]]
_CODES = {theirs: ours for ours, theirs in EURO.items()}


@dataclass(frozen=True)
class OfPeriod:
    """The report of the DSA on one period, drawn."""

    report: MadeReport
    says: Figures
    reported: Drawn
    acted: list[tuple[Promise | str, int, int, int, SafeString]]
    done: Drawn
    states: Drawn
    texts: list[tuple[Promise | str, str]]


@dataclass(frozen=True)
class OtherLaw:
    """The one sheet of a report of another law, in the words of who reads it."""

    report: MadeReport
    header: list[str]
    rows: list[list[Value]]


def _bars(found: Sequence[tuple[Promise | str, int]]) -> Drawn:
    most = max((count for _words, count in found), default=0)
    return [(words, count, bar((count,), most)) for words, count in found]


def _country(code: str) -> str:
    return country_name(_CODES.get(code, code))


def _drawn(report: MadeReport) -> OfPeriod:
    says = figures_of(report)
    most = max((law + terms for _code, law, terms in says.acted), default=0)
    return OfPeriod(
        report,
        says,
        _bars([(CATEGORIES.get(code, code), count) for code, count in says.reported]),
        [
            (CATEGORIES.get(code, code), law, terms, law + terms, bar((law, terms), most))
            for code, law, terms in says.acted
        ],
        _bars([(RESTRICTIONS[column], count) for column, count in says.done]),
        _bars([(_country(code), count) for code, count in says.states]),
        [(TEXTS.get(indicator, indicator), text) for indicator, text in says.texts],
    )


def _other(report: MadeReport) -> OtherLaw:
    sheet = keeping.sheets_of(report)[0]
    with_text = any(row[-1] for row in sheet.rows)
    end = len(sheet.header) if with_text else len(sheet.header) - 1
    return OtherLaw(
        report,
        [sheet_words.title_in_words(report, title) for title in sheet.header[:end]],
        [
            [
                sheet_words.shown(sheet_words.in_words(report, column, value))
                for column, value in enumerate(row[:end])
            ]
            for row in sheet.rows
        ],
    )


@require_GET
def past_year(request: HttpRequest, year: int) -> HttpResponse:
    """Show what the published reports of a year say."""
    published = keeping.published(installation().platform)
    of_year = [one for one in published if one.last.year == year]
    if not of_year:
        raise Http404
    held = newest(of_year)
    context: dict[str, Any] = {
        "year": year,
        "years": [one.number for one in years(published)],
        "periods": [_drawn(one) for one in held if one.law == keeping.DSA],
        "others": [_other(one) for one in held if one.law != keeping.DSA],
        "reports": of_year,
    }
    return page(request, "past_year.html", context)

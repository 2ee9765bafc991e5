"""Sheets of reports of other laws than the DSA, in the language of who reads them at the desk.

What is published is English. The template of the DSA prescribes its own words, so that its sheets stay as they are.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from django.utils.translation import gettext, pgettext_lazy

from hakam.compliance.models import MadeReport
from hakam.compliance.reports import keeping
from hakam.compliance.reports.sheets import Value
from hakam.regulator import risks

_POINT, _GROUP, _INDICATOR = 0, 1, 2  # columns of `laws.HEADER`
_POINTS: Final = {
    "notices": pgettext_lazy("point of a report", "Notices"),
    "action": pgettext_lazy("point of a report", "Action"),
    "appeals": pgettext_lazy("point of a report", "Complaints"),
}


def prescribed(report: MadeReport) -> bool:
    """Whether a law prescribes the words of a report's sheets, which are then shown as they are."""
    return report.law == keeping.DSA


def title_in_words(report: MadeReport, title: str) -> str:
    """Return the title of a column."""
    return title if prescribed(report) else gettext(title)


def shown(value: Value) -> Value:
    """Return a figure as it is read: hours to two decimals. Files have four."""
    return round(value, 2) if isinstance(value, float) else value


def in_words(report: MadeReport, column: int, value: Value) -> Value:
    """Return what stands in a column of a sheet; what the operator wrote, as it was written."""
    if prescribed(report) or not isinstance(value, str):
        return value
    if column == _POINT:
        return str(_POINTS.get(value, value))
    if column == _GROUP:
        kind = _kinds().get(value)
        return gettext(value) if kind is None else kind.words
    return gettext(value) if column == _INDICATOR else value


@cache
def _kinds() -> dict[str, risks.Kind]:
    """Return the kinds of content of the Online Safety Act, by the title that a sheet has them under."""
    return {kind.title["en"]: kind for kind in risks.schemes()["uk"].kinds}

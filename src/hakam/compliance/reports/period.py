"""Periods of reports: a calendar year, or half of one for very large platforms."""

from __future__ import annotations

from datetime import date, datetime, tzinfo

import msgspec

from hakam.compliance.calendar import add_months, midnight


class Period(msgspec.Struct, frozen=True, order=True):
    """From the first to the last day, both included."""

    first: date
    last: date

    def __str__(self) -> str:
        """Return it as the templates write it."""
        return f"{self.first.isoformat()}/{self.last.isoformat()}"

    def begin(self, zone: tzinfo) -> datetime:
        """Return the instant at which it begins."""
        return midnight(self.first, zone)

    def end(self, zone: tzinfo) -> datetime:
        """Return the first instant after it."""
        return midnight(date.fromordinal(self.last.toordinal() + 1), zone)

    def publish_by(self) -> date:
        """Return the last day on which its report is published in time: two months after its end."""
        return date.fromordinal(add_months(date.fromordinal(self.last.toordinal() + 1), 2).toordinal() - 1)


def year(number: int) -> Period:
    """Return a calendar year (DSA Art. 15(1))."""
    return Period(date(number, 1, 1), date(number, 12, 31))


def half(number: int, which: int) -> Period:
    """Return the first or second half of a year (DSA Art. 42(1))."""
    if which == 1:
        return Period(date(number, 1, 1), date(number, 6, 30))
    if which == 2:  # noqa: PLR2004 -- a year has two
        return Period(date(number, 7, 1), date(number, 12, 31))
    raise ValueError(f"a year has no half {which}")

"""Periods as the law counts them: in calendar months, to the end of a day.

Regulation (EEC, Euratom) No 1182/71, Art. 3: a period in months ends with the last hour of the day that bears the
same number as the day from which it runs, or of the last day of a month that has no such day; a period that would
end on a Saturday or Sunday ends with the next working day. Public holidays differ by country and are not counted,
which can only matter where the law, not Hakam, sets a period to the day.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_MONTHS_A_YEAR = 12
_SATURDAY = 5


def add_months(day: date, months: int) -> date:
    """Return the day `months` calendar months after `day`; the last of the month where there is no such day."""
    years, month = divmod(day.month - 1 + months, _MONTHS_A_YEAR)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def end_of_period(start: datetime, months: int, zone: tzinfo = UTC) -> datetime:
    """Return the first instant after a period of calendar months that runs from `start`, in `zone`."""
    day = add_months(start.astimezone(zone).date(), months)
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    return datetime.combine(day + timedelta(days=1), time(), zone)

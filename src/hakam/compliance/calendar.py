"""Periods as the law counts them: in days or calendar months, to the end of a day.

Regulation (EEC, Euratom) No 1182/71, Art. 3: the day of the event is not counted; a period in days or months ends
with the last hour of its last day, which for months bears the same number as the day from which it runs, or is the
last day of a month that has no such day; a period that would end on a Saturday or Sunday ends with the next working
day. Public holidays differ by country and are not counted, which can only matter where the law, not Hakam, sets a
period to the day.

Periods in hours are time that passes: an hour over a change to or from summer time is sixty minutes.
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


def end_of_period(
    start: datetime, months: int, zone: tzinfo = UTC, *, days: int = 0, working: bool = True
) -> datetime:
    """Return the first instant, in UTC, after a period of months and days that runs from `start` in `zone`.

    With `working` the period ends on no weekend.
    """
    return midnight(
        end_day(start.astimezone(zone).date(), months, days=days, working=working) + timedelta(days=1), zone
    )


def end_day(day: date, months: int, *, days: int = 0, working: bool = False) -> date:
    """Return the last day of a period of months and days that runs from `day`: it still belongs to the period."""
    last = add_months(day, months) + timedelta(days=days)
    while working and last.weekday() >= _SATURDAY:
        last += timedelta(days=1)
    return last


def over_before(now: datetime, months: int, zone: tzinfo = UTC, *, days: int = 0) -> datetime:
    """Return the instant, in UTC: the period of whatever began before it is over at `now`, to its last hour."""
    yesterday = now.astimezone(zone).date() - timedelta(days=1)
    return midnight(add_months(yesterday - timedelta(days=days), -months) + timedelta(days=1), zone)


def last_day(until: datetime, zone: tzinfo = UTC) -> date:
    """Return the day, in `zone`, with whose last hour a period ended that ends with the instant `until`."""
    return (until.astimezone(zone) - timedelta(microseconds=1)).date()


def midnight(day: date, zone: tzinfo) -> datetime:
    """Return the instant, in UTC, at which `day` begins in `zone`; where it has no midnight, its first instant."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def before_day(start: datetime, month_day: str, zone: tzinfo = UTC) -> datetime:
    """Return the instant, in UTC, at which the next day `MM-DD` after `start` begins in `zone`."""
    month, number = map(int, month_day.split("-"))
    today = start.astimezone(zone).date()
    year = today.year if (today.month, today.day) < (month, number) else today.year + 1
    return midnight(date(year, month, number), zone)


def elapsed(start: datetime, length: timedelta) -> datetime:
    """Return the instant, in UTC, when `length` has passed since `start`, whatever the clocks on the wall do."""
    return start.astimezone(UTC) + length

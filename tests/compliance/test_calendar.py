"""Six months are six calendar months, to the end of a working day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.compliance.calendar import add_months, end_day, end_of_period, last_day, over_before


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 1, 15), 6, date(2026, 7, 15)),
        (date(2025, 8, 31), 6, date(2026, 2, 28)),
        (date(2023, 8, 31), 6, date(2024, 2, 29)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 7, 1), 6, date(2027, 1, 1)),
        (date(2026, 3, 31), 0, date(2026, 3, 31)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
    ],
)
def test_months_are_counted_by_the_calendar(day: date, months: int, then: date) -> None:
    assert add_months(day, months) == then


def test_183_days_are_not_six_months() -> None:
    start = datetime(2026, 7, 2, 12, tzinfo=UTC)
    assert end_of_period(start, 6) > start + timedelta(days=183)


def test_a_period_ends_with_the_end_of_its_last_day() -> None:
    assert end_of_period(datetime(2026, 1, 15, 8, tzinfo=UTC), 6) == datetime(2026, 7, 16, tzinfo=UTC)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.times(), st.integers(1, 24))
def test_the_last_day_is_the_day_before_the_instant_that_ends_a_period(
    day: date, at: time, months: int
) -> None:
    until = end_of_period(datetime.combine(day, at, UTC), months)
    assert last_day(until) == until.date() - timedelta(days=1)
    assert last_day(until).weekday() < 5
    assert last_day(until.astimezone(ZoneInfo("Europe/Berlin"))) == last_day(until)


def test_a_period_never_ends_on_a_weekend() -> None:
    saturday = datetime(2026, 3, 5, 8, tzinfo=UTC)  # 5 September 2026 is a Saturday
    assert end_of_period(saturday, 6) == datetime(2026, 9, 8, tzinfo=UTC)


def test_the_day_is_the_one_of_the_zone() -> None:
    late = datetime(2026, 1, 14, 23, 30, tzinfo=UTC)  # already the 15th in Berlin
    berlin = ZoneInfo("Europe/Berlin")
    assert end_of_period(late, 6, berlin) == datetime(2026, 7, 16, tzinfo=berlin)
    assert end_of_period(late, 6) == datetime(2026, 7, 15, tzinfo=UTC)


DAYS = st.dates(date(1990, 1, 1), date(2200, 1, 1))
MONTHS = st.integers(0, 60)


@given(DAYS, MONTHS)
def test_the_result_lies_in_the_right_month_on_the_right_day_or_its_last(day: date, months: int) -> None:
    then = add_months(day, months)
    assert (then.year * 12 + then.month) - (day.year * 12 + day.month) == months
    assert then.day == day.day or (then.day < day.day and (then + timedelta(days=1)).month != then.month)


@given(DAYS, DAYS, MONTHS)
def test_whoever_starts_later_never_ends_earlier(a: date, b: date, months: int) -> None:
    a, b = sorted((a, b))
    assert add_months(a, months) <= add_months(b, months)


@given(DAYS, MONTHS, MONTHS)
def test_more_months_never_end_earlier(day: date, fewer: int, more: int) -> None:
    fewer, more = sorted((fewer, more))
    assert add_months(day, fewer) <= add_months(day, more)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)), st.integers(1, 24))  # noqa: DTZ001 -- Hypothesis adds the zone
def test_a_period_is_never_shorter_than_its_months(start: datetime, months: int) -> None:
    end = end_of_period(start, months)
    assert end.date() > add_months(start.date(), months)
    assert end - start < timedelta(days=31 * months + 4)
    assert (end - timedelta(microseconds=1)).weekday() < 5


ZONES = st.sampled_from(
    [ZoneInfo(n) for n in ("UTC", "Europe/Berlin", "Asia/Amman", "America/Los_Angeles", "Pacific/Auckland")]
)
INSTANTS = st.integers(0, 100 * 365 * 86_400).map(
    lambda s: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=s)
)


@given(INSTANTS, st.integers(0, 60), st.integers(0, 400), st.booleans(), ZONES)
def test_the_last_day_and_the_end_of_a_period_are_one_reckoning(
    start: datetime, months: int, days: int, working: bool, zone: ZoneInfo
) -> None:
    # No 1182/71, Art. 3(2)(c): the last hour of the last day belongs to the period
    last = end_day(start.astimezone(zone).date(), months, days=days, working=working)
    until = end_of_period(start, months, zone, days=days, working=working)
    assert last_day(until, zone) == last
    assert until.astimezone(zone).date() == last + timedelta(days=1)


@given(INSTANTS, INSTANTS, st.integers(0, 60), st.integers(0, 400), ZONES)
def test_nothing_is_over_before_the_end_of_its_period(
    start: datetime, now: datetime, months: int, days: int, zone: ZoneInfo
) -> None:
    if start < over_before(now, months, zone, days=days):
        assert end_of_period(start, months, zone, days=days, working=False) <= now


@given(INSTANTS, st.integers(0, 60), ZONES)
def test_what_is_over_is_found_within_the_days_that_months_differ_by(
    start: datetime, months: int, zone: ZoneInfo
) -> None:
    until = end_of_period(start, months, zone, working=False)
    assert start < over_before(until + timedelta(days=4), months, zone)
    assert not start < over_before(until - timedelta(hours=1), months, zone)

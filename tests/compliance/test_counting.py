"""From start to end: hours that pass, days and months of the calendar, in every time zone and on every odd day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hakam.compliance.calendar import add_months
from hakam.compliance.clocks import Clock, ClockKind, clock, clocks
from hakam.compliance.counting import NoLengthError, due_at, latest, warnings

BERLIN = ZoneInfo("Europe/Berlin")
BEIRUT = ZoneInfo("Asia/Beirut")  # summer time begins at midnight: that day has none
ZONES = sorted(z for z in available_timezones() if "/" in z)
HOURS = [c for c in clocks().values() if c.hours and not c.days]
PERIODS = [c for c in clocks().values() if not (c.given or c.hours)]
starts = st.datetimes(datetime(2024, 3, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- Hypothesis adds the zone
zones = st.sampled_from(ZONES).map(ZoneInfo)
minute = timedelta(minutes=1)


@given(st.sampled_from(HOURS), starts, zones)
def test_hours_are_time_that_passes(found: Clock, start: datetime, zone: ZoneInfo) -> None:
    local = start.astimezone(zone)
    due = due_at(found, local, zone=zone)
    assert due.astimezone(UTC) - start == timedelta(hours=found.hours)
    assert due.tzinfo is UTC


@pytest.mark.parametrize(
    ("order", "deadline"),
    [
        # 01:30 CET; at 02:00 the wall clock jumps to 03:00: the hour ends at 03:30 CEST
        ("2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00"),
        # 03:00 CEST, the first instant of summer time
        ("2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00"),
        # 02:30 CEST; at 03:00 the wall clock goes back to 02:00: the hour ends at 02:30 CET
        ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"),
        # 03:00 CET, an hour after winter time began
        ("2026-10-25T03:00:00+01:00", "2026-10-25T04:00:00+01:00"),
    ],
)
def test_an_hour_is_an_hour_when_the_wall_clock_changes(order: str, deadline: str) -> None:
    # TCO Art. 3(3)
    start = datetime.fromisoformat(order).astimezone(BERLIN)
    assert due_at(clock("tco.removal"), start, zone=BERLIN) == datetime.fromisoformat(deadline)


@given(st.sampled_from(PERIODS), starts, zones)
@example(clock("complaint.window"), datetime(2024, 2, 29, 12, tzinfo=UTC), BERLIN)
@example(clock("tco.preserve"), datetime(2027, 8, 31, 12, tzinfo=UTC), BERLIN)  # 29 February 2028
@example(clock("tco.complaint"), datetime(2026, 3, 15, 23, 30, tzinfo=UTC), BEIRUT)
def test_days_and_months_end_with_the_last_hour_of_their_last_day(
    found: Clock, start: datetime, zone: ZoneInfo
) -> None:
    due = due_at(found, start, zone=zone)
    assert due > start
    if found.before or not (found.months or found.count == "calendar"):
        return
    first = start.astimezone(zone).date()
    last = (due - timedelta(microseconds=1)).astimezone(zone).date()
    wanted = add_months(first, found.months) + timedelta(days=found.days)
    assert last == wanted if not found.working else wanted <= last <= wanted + timedelta(days=2)
    assert due.astimezone(zone).date() > last
    if found.working:
        assert last.weekday() < 5


@given(starts, zones)
def test_the_report_is_due_when_march_begins(start: datetime, zone: ZoneInfo) -> None:
    due = due_at(clock("tco.transparency"), start, zone=zone).astimezone(zone)
    assert (due.month, due.day) == (3, 1)
    assert start < due <= start + timedelta(days=367)


def test_the_length_of_an_order_counts() -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC)
    assert due_at(clock("ae.order"), start, length=timedelta(hours=7)) == start + timedelta(hours=7)
    with pytest.raises(NoLengthError, match=r"ae\.order"):
        due_at(clock("ae.order"), start)
    with pytest.raises(ValueError, match="can't run"):
        due_at(clock("ae.order"), start, length=timedelta(0))


@given(st.sampled_from(list(clocks().values())), starts, zones)
def test_warnings_come_in_order_never_before_the_start_nor_after_the_end(
    found: Clock, start: datetime, zone: ZoneInfo
) -> None:
    due = due_at(found, start, zone=zone, length=timedelta(hours=2) if found.given else None)
    given_ = warnings(found, start, due)
    assert len(given_) == len(found.warn)
    assert [w.at for w in given_] == sorted(w.at for w in given_)
    assert all(start <= w.at < due for w in given_)
    if found.kind is ClockKind.ACT and given_:
        assert not given_[0].escalates


@given(starts, zones)
def test_a_limit_of_extension_lies_after_the_end(start: datetime, zone: ZoneInfo) -> None:
    for found in clocks().values():
        most = latest(found, start, zone=zone)
        assert (most is None) == (not found.most_days and not found.most_months)
        if most is not None:
            assert most > due_at(found, start, zone=zone)


def test_elapsed_limits_count_hours() -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC)
    found = Clock("x", 1, "L", target=True, title={}, hours=24, most_days=3)
    assert latest(found, start) == start + timedelta(days=3)

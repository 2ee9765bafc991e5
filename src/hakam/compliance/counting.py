"""From a clock and its start to its end and its warnings: pure functions of instants and time zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from hakam.compliance.calendar import before_day, elapsed, end_of_period
from hakam.compliance.clocks import Clock, Count
from hakam.staff.roles import Role


class NoLengthError(ValueError):
    """The law leaves the length to the order or notice that starts the clock, and none was given."""


class Alert(NamedTuple):
    """When to tell whom that a clock runs out. `escalates`: it goes to others than the first one did."""

    at: datetime
    role: Role
    escalates: bool


def due_at(clock: Clock, start: datetime, *, zone: tzinfo = UTC, length: timedelta | None = None) -> datetime:
    """Return the instant, in UTC, at which `clock` runs out that starts at `start` where the time zone is `zone`.

    `length` is what an order gives, or the operator's own target; without it the clock's data count. Raises
    `NoLengthError`, and `ValueError` for a length that is none.
    """
    if length is not None:
        if length <= timedelta(0):
            raise ValueError(f"the clock {clock.key} can't run for {length}")
        return elapsed(start, length)
    if clock.given:
        raise NoLengthError(f"the length of the clock {clock.key} is in the order that starts it")
    if clock.before:
        return before_day(start, clock.before, zone)
    if clock.months or clock.count is Count.CALENDAR:
        return end_of_period(start, clock.months, zone, days=clock.days, working=clock.working)
    return elapsed(start, clock.length)


def warnings(clock: Clock, start: datetime, due: datetime) -> tuple[Alert, ...]:
    """Return when whom must be warned, the earliest first: what would lie before the start comes at the start."""
    begun = start.astimezone(UTC)
    first = clock.warn[0][1] if clock.warn else None
    found = (
        Alert(max(begun, elapsed(due, -timedelta(minutes=minutes))), role, role is not first)
        for minutes, role in clock.warn
    )
    return tuple(sorted(found, key=lambda w: w.at))


def latest(clock: Clock, start: datetime, *, zone: tzinfo = UTC) -> datetime | None:
    """Return the instant to which `clock` can be extended at most; None where no limit is known."""
    if clock.most_months:
        return end_of_period(start, clock.most_months, zone, working=clock.working)
    if not clock.most_days:
        return None
    if clock.count is Count.CALENDAR:
        return end_of_period(start, 0, zone, days=clock.most_days, working=clock.working)
    return elapsed(start, timedelta(days=clock.most_days))

"""Clocks as data: how long each duty may take, which law asks for it, from when to when that law counts.

Where the law sets no number ("without undue delay", DSA Art. 16(6)) the length is a target, which the operator may
set tighter or wider; `law` names the duty that it serves. A changed duration is a new version with dates of its own:
what began under the old one ends under the old one.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files

import msgspec

from hakam.staff.roles import Role


class ClockKind(StrEnum):
    """What happens when a clock runs out."""

    ACT = "act"  # the duty must have been done by then; otherwise it was missed
    KEEP = "keep"  # something must be kept until then; afterwards it may go
    WINDOW = "window"  # somebody else may act until then


class Count(StrEnum):
    """How a length in days is counted."""

    ELAPSED = "elapsed"  # 24 hours each, from the very instant
    CALENDAR = "calendar"  # to the end of the last day, where the clock stands


class Clock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One version of a clock. It has one length: hours and days, months, the next `before`, or `given` at its start."""

    key: str
    version: int
    law: str
    target: bool  # an internal target, not a period that the law itself counts
    title: dict[str, str]
    jurisdiction: str = "EU"
    kind: ClockKind = ClockKind.ACT
    count: Count = Count.ELAPSED
    hours: int = 0
    days: int = 0
    months: int = 0  # calendar months
    before: str = ""  # `MM-DD`: must be done before the next such day begins
    given: bool = False  # the order or notice that starts it says how long
    working: bool = False  # a period that would end on a weekend ends with the next working day
    most_days: int = 0  # how long it may be in all, with extensions; 0: no such limit is known
    most_months: int = 0  # the same, in calendar months
    warn: tuple[tuple[int, Role], ...] = ()  # (minutes before the end, whom to tell)
    escalate: Role | None = None  # whom to tell when it is missed
    rings: bool = False  # warnings go out by e-mail at once, day and night
    starts: str = ""  # what starts it
    proof: str = ""  # what shows that the duty was done
    source: str = ""  # where the law can be read
    read: bool = False  # the law was read for this entry; otherwise ask counsel before you rely on it
    hand: dict[str, str] = {}  # what only a person can know of, in words: such a clock is started by hand
    standing: bool = False  # it runs from the day on which its duty applies, without anybody's word
    then: tuple[str, ...] = ()  # keys of the clocks that start when this one is met by hand
    keeps: tuple[
        str, ...
    ] = ()  # kinds of the schedule that must be kept so long, in place of a clock for each thing
    since: date = date.min
    until: date | None = None  # the last day on which it starts

    @property
    def length(self) -> timedelta:
        """How long it runs, as far as that is a number of hours and days."""
        return timedelta(hours=self.hours, days=self.days)

    def in_force(self, day: date) -> bool:
        """Whether this version starts on `day`."""
        return self.since <= day and (self.until is None or day <= self.until)


class _Table(msgspec.Struct, frozen=True):
    clocks: tuple[Clock, ...]


@cache
def versions() -> dict[str, tuple[Clock, ...]]:
    """Return every version of each clock, the oldest first."""
    table = msgspec.json.decode(files("hakam.compliance").joinpath("clocks.json").read_bytes(), type=_Table)
    found: dict[str, tuple[Clock, ...]] = {}
    for one in sorted(table.clocks, key=lambda c: c.version):
        found[one.key] = (*found.get(one.key, ()), one)
    return found


@cache
def clocks() -> dict[str, Clock]:
    """Return the newest version of each clock."""
    return {key: found[-1] for key, found in versions().items()}


def clock(key: str, *, at: datetime | None = None) -> Clock:
    """Return a clock as it stands at a moment, by default its newest version.

    A `LookupError` names the clocks that exist, or says when this one begins and ends.
    """
    try:
        found = versions()[key]
    except KeyError:
        raise LookupError(f"there is no clock {key!r}; there are {', '.join(sorted(clocks()))}") from None
    if at is None:
        return found[-1]
    fitting = [one for one in found if one.in_force(at.date())]
    if not fitting:
        spans = ", ".join(f"from {one.since} to {one.until or 'now'}" for one in found)
        raise LookupError(f"the clock {key!r} does not start on {at.date()}; it does {spans}")
    return fitting[-1]


def version_of(key: str, version: int) -> Clock:
    """Return one version of a clock; the newest one if that version is gone from the data."""
    return next((one for one in versions()[key] if one.version == version), versions()[key][-1])

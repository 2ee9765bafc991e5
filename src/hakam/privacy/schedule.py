"""The schedule: how long each kind is kept, on which ground, from when on. Two people change it.

GDPR Art. 5(1)(e): no longer than the purpose needs. What ships is in `schedule.json`; a change is a version of its own,
proposed by one person and confirmed by another, and never shorter than what other laws need (`least`).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec
from django.db import transaction
from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext as _

from hakam.compliance import ledger
from hakam.compliance.calendar import over_before
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.privacy.kinds import Kind
from hakam.privacy.models import Period
from hakam.vocabulary.actor import Actor

_MOST_MONTHS: Final = 240
_MOST_DAYS: Final = 3_660
_A_MONTH: Final = 30  # days, to compare with the least


class PeriodState(StrEnum):
    """Where a change of the schedule is."""

    WAITING = "waiting"  # for a second person
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"  # by whoever proposed it


class ScheduleError(ValueError):
    """The schedule can't be changed so. Nothing was changed."""


class Shipped(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ships for one kind."""

    kind: Kind
    ground: str
    yields: bool  # gives way to a request for erasure (GDPR Art. 17(1)); otherwise GDPR Art. 17(3) keeps it
    title: dict[str, str]
    starts: dict[str, str]  # what the period runs from
    least: int  # days: a shorter period would break another duty
    months: int = 0
    days: int = 0


class Kept(msgspec.Struct, frozen=True):
    """How long one kind is kept now."""

    kind: Kind
    months: int
    days: int
    ground: str
    shipped: Shipped
    since: datetime | None = None  # None: as it ships
    by: str = ""

    def due_before(self, now: datetime) -> datetime:
        """Return the instant: what began before it is due now, for the last day of its period is over."""
        return over_before(now, self.months, get_default_timezone(), days=self.days)


class _Table(msgspec.Struct, frozen=True):
    version: int
    kinds: tuple[Shipped, ...]


@cache
def shipped() -> dict[Kind, Shipped]:
    """Return what ships, by kind. A kind without a row is an error."""
    data = files("hakam.privacy").joinpath("schedule.json").read_bytes()
    table = {row.kind: row for row in msgspec.json.decode(data, type=_Table).kinds}
    missing = set(Kind) - set(table)
    if missing:
        raise LookupError(f"schedule.json lacks {sorted(missing)}")
    return {kind: table[kind] for kind in Kind}


def schedule() -> dict[Kind, Kept]:
    """Return how long each kind is kept now."""
    changed: dict[str, Period] = {}
    for period in Period.objects.filter(state=PeriodState.CONFIRMED).order_by("settled_at", "pk"):
        changed[period.kind] = period
    found = {}
    for kind, row in shipped().items():
        newer = changed.get(kind)
        found[kind] = (
            Kept(kind, row.months, row.days, row.ground, row)
            if newer is None
            else Kept(kind, newer.months, newer.days, newer.ground, row, newer.settled_at, newer.settled_by)
        )
    return found


def subject_of(kind: str) -> str:
    """Return the name of a kind's period in the ledger."""
    return f"retention:{kind}"


def propose(
    kind: str, *, months: int, days: int, ground: str, because: str, by: Actor, now: datetime
) -> Period:
    """Propose another period for a kind; a second person confirms it. Raises `ScheduleError`."""
    ground, because = storable(ground).strip()[:300], storable(because).strip()
    row = shipped().get(Kind(kind)) if kind in set(Kind) else None
    if row is None:
        raise ScheduleError(_("there is no such kind"))
    if not ground or not because:
        raise ScheduleError(_("say which law asks for or allows it, and why it is changed"))
    if not (0 <= months <= _MOST_MONTHS and 0 <= days <= _MOST_DAYS) or not (months or days):
        raise ScheduleError(_("give a number of months and days that is not zero, twenty years at most"))
    if months * _A_MONTH + days + months // 2 < row.least:
        raise ScheduleError(
            _("it must be kept %(days)s days at least, or another duty can't be met") % {"days": row.least}
        )
    with transaction.atomic():
        ledger.lock()
        if Period.objects.filter(kind=kind, state=PeriodState.WAITING).exists():
            raise ScheduleError(_("a change of this kind waits for a second person already"))
        made = Period.objects.create(
            kind=kind, months=months, days=days, ground=ground, because=because, proposed_by=str(by),
            proposed_at=now, state=PeriodState.WAITING,
        )  # fmt: skip
        _record(FactKind.RETENTION_PROPOSED, made, by=by, now=now)
    return made


def settle(period_id: int, *, confirm: bool, by: Actor, now: datetime) -> Period:
    """Confirm or refuse what somebody else proposed; whoever proposed it can only withdraw it.

    Raises `ScheduleError`.
    """
    with transaction.atomic():
        ledger.lock()
        period = Period.objects.select_for_update().filter(pk=period_id).first()
        if period is None:
            raise ScheduleError(_("there is no such change"))
        if period.state != PeriodState.WAITING:
            raise ScheduleError(_("it is settled"))
        mine = period.proposed_by == str(by)
        if mine and confirm:
            raise ScheduleError(_("somebody else must confirm what you proposed"))
        period.state = (
            PeriodState.CONFIRMED if confirm else PeriodState.WITHDRAWN if mine else PeriodState.REFUSED
        )
        period.settled_by, period.settled_at = str(by), now
        period.save(update_fields=["state", "settled_by", "settled_at"])
        _record(FactKind.RETENTION_CHANGED if confirm else FactKind.RETENTION_REFUSED, period, by=by, now=now)
    return period


def waiting() -> list[Period]:
    """Return the changes that wait for a second person."""
    return list(Period.objects.filter(state=PeriodState.WAITING).order_by("proposed_at"))


def period(period_id: int) -> Period | None:
    """Return one change, or None."""
    return Period.objects.filter(pk=period_id).first()


def history(kind: str) -> list[Period]:
    """Return every change of a kind, the newest first."""
    return list(Period.objects.filter(kind=kind).order_by("-proposed_at"))


def _record(kind: FactKind, period: Period, *, by: Actor, now: datetime) -> None:
    ledger.record(
        kind, by=by, now=now, subject=subject_of(period.kind),
        body={
            "kind": period.kind, "months": period.months, "days": period.days, "ground": period.ground,
            "because": period.because,
        },
    )  # fmt: skip

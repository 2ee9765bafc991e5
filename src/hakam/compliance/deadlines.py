"""Deadlines: a clock that runs on a subject, until it is met, has ended, or its miss is recorded.

A clock stands still only for a reason, and starts anew or goes on when that is gone; it is made longer only for a
reason, and no longer than its law allows. Every warning, escalation, pause and end is a fact.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.timezone import get_default_timezone

from hakam.compliance import counting, ledger
from hakam.compliance.calendar import elapsed
from hakam.compliance.clocks import Clock, ClockKind, version_of
from hakam.compliance.clocks import clock as clock_of
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Deadline
from hakam.vocabulary.actor import SYSTEM, Actor


class DeadlineError(ValueError):
    """This can't be done to the deadline. Nothing was changed."""


def start(
    clock: str,
    *,
    subject: str,
    by: Actor,
    now: datetime,
    length: timedelta | None = None,
    about: tuple[str, ...] = (),
    zone: tzinfo | None = None,
) -> Deadline:
    """Start `clock` on `subject`. `length` is the operator's own target or what an order gives.

    Days and months are counted in `zone`, by default the installation's. A clock that was started on this subject
    before goes on as it was. The version of the clock's data counts that is in force where it starts.
    """
    data = _in_force(clock, now)
    where = zone or get_default_timezone()
    due = counting.due_at(data, now, zone=where, length=length)
    with transaction.atomic():
        ledger.lock()
        deadline, fresh = Deadline.objects.get_or_create(
            clock=clock,
            subject=subject,
            defaults={
                "version": data.version,
                "kind": data.kind.value,
                "zone": str(where),
                "started_at": now,
                "due_at": due,
                "next_at": _next(data, now, due, told=0),
            },
        )
        if fresh:
            ledger.record(
                FactKind.DEADLINE_STARTED,
                by=by,
                now=now,
                subject=subject,
                about=about,
                body={"clock": clock, "version": data.version, "law": data.law, "due_at": deadline.due_at},
            )
    return deadline


def _in_force(clock: str, at: datetime) -> Clock:
    """Return the version of a clock that starts at a moment; of one that no version covers the newest."""
    newest = clock_of(clock)
    try:
        return clock_of(clock, at=at)
    except LookupError:
        return newest


def meet(clock: str, *, subject: str, by: Actor, now: datetime) -> Deadline | None:
    """Record that the duty was done. None when no such clock runs; meeting it twice is meeting it once."""
    with transaction.atomic():
        ledger.lock()
        deadline = Deadline.objects.select_for_update().filter(clock=clock, subject=subject).first()
        if deadline is None or deadline.met_at is not None:
            return deadline
        deadline.met_at = now
        deadline.next_at = None
        deadline.save(update_fields=["met_at", "next_at"])
        late = deadline.paused_at is None and now > deadline.due_at
        _record(FactKind.DEADLINE_MET, deadline, by=by, now=now, late=late)
    return deadline


def drop(clock: str, *, subject: str, by: Actor, now: datetime, reason: str) -> Deadline:
    """End a clock without its duty having been done: what it served does not apply any more. Raises `DeadlineError`."""
    with transaction.atomic():
        deadline = _running(clock, subject)
        deadline.met_at = now
        deadline.next_at = None
        deadline.save(update_fields=["met_at", "next_at"])
        _record(FactKind.DEADLINE_ENDED, deadline, by=by, now=now, reason=_reason(reason))
    return deadline


def pause(clock: str, *, subject: str, by: Actor, now: datetime, reason: str) -> Deadline:
    """Let a clock stand still: while force majeure lasts, while a clarification is awaited.

    # TCO Art. 3(7) and 3(8). What ran out before is missed and stays so. Raises `DeadlineError`.
    """
    with transaction.atomic():
        deadline = _running(clock, subject)
        if deadline.paused_at is not None:
            raise DeadlineError(f"the clock {clock} of {subject} stands still already")
        if now > deadline.due_at:
            raise DeadlineError(f"the clock {clock} of {subject} ran out at {deadline.due_at}")
        deadline.paused_at = now
        deadline.next_at = None
        deadline.save(update_fields=["paused_at", "next_at"])
        _record(FactKind.DEADLINE_PAUSED, deadline, by=by, now=now, reason=_reason(reason))
    return deadline


def resume(
    clock: str, *, subject: str, by: Actor, now: datetime, reason: str, anew: bool = False
) -> Deadline:
    """Let a clock go on with what was left, or `anew` with its whole length (TCO Art. 3(7) and 3(8))."""
    with transaction.atomic():
        deadline = _running(clock, subject)
        if deadline.paused_at is None:
            raise DeadlineError(f"the clock {clock} of {subject} does not stand still")
        left = deadline.due_at - (deadline.started_at if anew else deadline.paused_at)
        deadline.due_at = elapsed(now, left)
        deadline.paused_at = None
        deadline.told = 0 if anew else deadline.told
        began = now if anew else deadline.started_at
        deadline.next_at = _next(_data(deadline), began, deadline.due_at, told=deadline.told)
        deadline.save(update_fields=["due_at", "paused_at", "told", "next_at"])
        _record(FactKind.DEADLINE_RESUMED, deadline, by=by, now=now, reason=_reason(reason), anew=anew)
    return deadline


def extend(clock: str, *, subject: str, by: Actor, now: datetime, to: datetime, reason: str) -> Deadline:
    """Move the end of a clock, no further than its law allows. Raises `DeadlineError`."""
    with transaction.atomic():
        deadline = _running(clock, subject)
        data = _data(deadline)
        if to <= deadline.due_at:
            raise DeadlineError(f"{to} is no later than the end that is set: {deadline.due_at}")
        most = counting.latest(data, deadline.started_at, zone=ZoneInfo(deadline.zone))
        if most is not None and to > most:
            raise DeadlineError(f"{data.law} allows no end after {most}")
        if not data.target and most is None:
            raise DeadlineError(f"{data.law} knows no extension")
        deadline.due_at = to
        deadline.next_at = _next(data, deadline.started_at, to, told=deadline.told)
        deadline.save(update_fields=["due_at", "next_at"])
        _record(FactKind.DEADLINE_EXTENDED, deadline, by=by, now=now, reason=_reason(reason))
    return deadline


def warned(*, now: datetime, by: Actor = SYSTEM, limit: int = 500) -> list[Deadline]:
    """Record the warnings that are due, one for each deadline: the latest, if several were slept through."""
    if not Deadline.objects.filter(next_at__lte=now).exists():
        return []  # without taking a lock from anybody
    with transaction.atomic():
        ledger.lock()
        found = list(
            Deadline.objects.select_for_update().filter(next_at__lte=now).order_by("next_at", "pk")[:limit]
        )
        for deadline in found:
            data = _data(deadline)
            passed = [
                (n, w)
                for n, w in enumerate(counting.warnings(data, deadline.started_at, deadline.due_at), 1)
                if w.at <= now
            ]
            deadline.told = passed[-1][0] if passed else len(data.warn)
            deadline.next_at = _next(data, deadline.started_at, deadline.due_at, told=deadline.told)
            deadline.save(update_fields=["told", "next_at"])
            if passed and now <= deadline.due_at:
                alert = passed[-1][1]
                kind = FactKind.DEADLINE_ESCALATED if alert.escalates else FactKind.DEADLINE_WARNED
                left = int((deadline.due_at - now).total_seconds() // 60)
                _record(kind, deadline, by=by, now=now, tell=alert.role, minutes_left=left)
    return found


def missed(*, now: datetime, by: Actor = SYSTEM, limit: int = 500) -> list[Deadline]:
    """Record every miss that was not recorded yet, and return those deadlines, the longest overdue first."""
    with transaction.atomic():
        ledger.lock()
        late = _over(ClockKind.ACT, now=now, limit=limit)
        for deadline in late:
            deadline.missed_at = now
            deadline.next_at = None
            deadline.save(update_fields=["missed_at", "next_at"])
            _record(FactKind.DEADLINE_MISSED, deadline, by=by, now=now, tell=_data(deadline).escalate)
    return late


def ended(*, now: datetime, by: Actor = SYSTEM, limit: int = 500) -> list[Deadline]:
    """Record that periods are over which nobody could miss: of keeping, of other people's right to act."""
    with transaction.atomic():
        ledger.lock()
        over = _over(ClockKind.KEEP, ClockKind.WINDOW, now=now, limit=limit)
        for deadline in over:
            deadline.met_at = now
            deadline.next_at = None
            deadline.save(update_fields=["met_at", "next_at"])
            _record(FactKind.DEADLINE_ENDED, deadline, by=by, now=now)
    return over


def _over(*kinds: ClockKind, now: datetime, limit: int) -> list[Deadline]:
    return list(
        Deadline.objects.select_for_update()
        .filter(kind__in=[k.value for k in kinds], met_at=None, missed_at=None, paused_at=None)
        .filter(due_at__lt=now)
        .order_by("due_at", "pk")[:limit]
    )


def _running(clock: str, subject: str) -> Deadline:
    ledger.lock()
    found = Deadline.objects.select_for_update().filter(clock=clock, subject=subject).first()
    if found is None:
        raise DeadlineError(f"no clock {clock} runs on {subject}")
    if found.met_at is not None:
        raise DeadlineError(f"the clock {clock} of {subject} ended at {found.met_at}")
    return found


def _data(deadline: Deadline) -> Clock:
    return version_of(deadline.clock, deadline.version)


def _next(data: Clock, began: datetime, due: datetime, *, told: int) -> datetime | None:
    """Return when the next warning is due; None when all were given."""
    coming = counting.warnings(data, began, due)[told:]
    return coming[0].at if coming else None


def _reason(text: str) -> str:
    if not text.strip():
        raise DeadlineError("a clock stands still, goes on or is extended for a reason")
    return text.strip()


def _record(kind: FactKind, deadline: Deadline, *, by: Actor, now: datetime, **more: Any) -> None:
    body = {"clock": deadline.clock, "due_at": deadline.due_at, **more}
    ledger.record(kind, by=by, now=now, subject=deadline.subject, body=body)

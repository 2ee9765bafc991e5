"""Deadlines: a clock that runs on a subject, until it is met or its miss is recorded."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from hakam.compliance import ledger
from hakam.compliance.clocks import clock as clock_of
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Deadline
from hakam.vocabulary.actor import SYSTEM, Actor


def start(
    clock: str,
    *,
    subject: str,
    by: Actor,
    now: datetime,
    length: timedelta | None = None,
    about: tuple[str, ...] = (),
) -> Deadline:
    """Start `clock` on `subject`. `length` is the operator's own target; without it the clock's data count.

    A clock that was started on this subject before goes on as it was.
    """
    data = clock_of(clock)
    span = data.length if length is None else length
    if span <= timedelta(0):
        raise ValueError(f"the clock {clock} can't run for {span}")
    with transaction.atomic():
        ledger.lock()
        deadline, fresh = Deadline.objects.get_or_create(
            clock=clock, subject=subject, defaults={"started_at": now, "due_at": now + span}
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


def meet(clock: str, *, subject: str, by: Actor, now: datetime) -> Deadline | None:
    """Record that the duty was done. None when no such clock runs; meeting it twice is meeting it once."""
    with transaction.atomic():
        ledger.lock()
        deadline = Deadline.objects.select_for_update().filter(clock=clock, subject=subject).first()
        if deadline is None or deadline.met_at is not None:
            return deadline
        deadline.met_at = now
        deadline.save(update_fields=["met_at"])
        ledger.record(
            FactKind.DEADLINE_MET,
            by=by,
            now=now,
            subject=subject,
            body={"clock": clock, "due_at": deadline.due_at, "late": now > deadline.due_at},
        )
    return deadline


def missed(*, now: datetime, by: Actor = SYSTEM, limit: int = 500) -> list[Deadline]:
    """Record every miss that was not recorded yet, and return those deadlines, the longest overdue first."""
    with transaction.atomic():
        ledger.lock()
        late = list(
            Deadline.objects.select_for_update()
            .filter(met_at=None, missed_at=None, due_at__lt=now)
            .order_by("due_at", "pk")[:limit]
        )
        for deadline in late:
            deadline.missed_at = now
            deadline.save(update_fields=["missed_at"])
            ledger.record(
                FactKind.DEADLINE_MISSED,
                by=by,
                now=now,
                subject=deadline.subject,
                body={"clock": deadline.clock, "due_at": deadline.due_at},
            )
    return late

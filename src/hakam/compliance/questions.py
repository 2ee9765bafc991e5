"""Who asked what of everything that came through the door. It is content of people, so each look is accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.vocabulary.actor import Actor

SUBJECT = "log:events"


@transaction.atomic
def record_query(
    *,
    by: Actor,
    now: datetime,
    where: str,
    since: datetime | None,
    until: datetime | None,
    looked: int,
    matched: int,
    shown: int,
    fields: Sequence[str] = (),
    sql: str = "",
    child_safety: bool = False,
) -> Fact:
    """Record that the event log was asked: how much was looked at, how much fitted, how many events were shown.

    The question itself may name people, so it lies beside the chain, where it can be erased. `child_safety`: what is
    held for abuse of children was counted and shown too.
    """
    return ledger.record(
        FactKind.LOG_QUERIED,
        by=by,
        now=now,
        subject=SUBJECT,
        body={
            "since": since.isoformat() if since else None,
            "until": until.isoformat() if until else None,
            "looked": looked,
            "matched": matched,
            "shown": shown,
            "fields": list(fields),
            **({"child_safety": True} if child_safety else {}),
        },
        private={"where": where, **({"sql": sql} if sql else {})},
    )


@transaction.atomic
def record_view(seq: int, *, by: Actor, now: datetime) -> Fact:
    """Record that somebody looked at one event of the log that is held for abuse of children."""
    return ledger.record(FactKind.EVIDENCE_VIEWED, by=by, now=now, subject=f"event:{seq}", about=[SUBJECT])

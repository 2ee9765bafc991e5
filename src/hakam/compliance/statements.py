"""Statements of reasons (DSA Art. 17): issued with the restriction, never after it, and derived from one record.

What is told to the affected person is rendered from the stored statement by `hakam.compliance.statement_text`; nothing
else words it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction
from django.utils.timezone import get_default_timezone

from hakam.compliance import counting, ledger, rulebook
from hakam.compliance.clocks import clock
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Statement
from hakam.compliance.storable import storable
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import Measure
from hakam.vocabulary.reasons import GroundKind, IncompleteReasonsError, Reasons

WINDOW_CLOCK = clock("complaint.window")
COMPLAINT_MONTHS = WINDOW_CLOCK.months  # DSA Art. 20(1): at least six months


def complaints_until(informed_at: datetime) -> datetime:
    """Return the first instant at which a decision can't be contested any more, by the clock of that window."""
    return counting.due_at(WINDOW_CLOCK, informed_at, zone=get_default_timezone())


def issue(
    *,
    by: Actor,
    now: datetime,
    item: ItemRef,
    item_url: str,
    recipient: str,
    decision: str,
    reasons: Reasons,
    measures: Sequence[Measure],
    language: str,
    effective_from: datetime,
) -> Statement:
    """Issue the statement of reasons of a decision; `effective_from` is when the restriction begins.

    Raises `IncompleteReasonsError` when anything that the affected person must be told is missing, and
    `rulebook.UnknownClauseError` when the clause is not in the rule book that the reasons name.
    """
    missing = [
        name
        for name, value in (
            ("measures", measures),
            ("recipient", recipient.strip()),
            ("decision", decision.strip()),
            ("language", language.strip()),
            ("item", item.id.strip()),
        )
        if not value
    ]
    if missing:
        raise IncompleteReasonsError(tuple(missing))
    rulebook.require_clause(reasons.pack, reasons.clause)
    item_url = storable(item_url)
    ends = [effective_from + timedelta(days=m.days) for m in measures if m.days is not None]
    with transaction.atomic():
        statement = Statement.objects.create(
            token=secrets.token_urlsafe(24),
            platform=item.platform,
            item_kind=item.kind,
            item_id=item.id,
            item_url=item_url,
            recipient=recipient,
            decision=decision,
            reasons=storable(msgspec.to_builtins(reasons)),
            measures=storable(msgspec.to_builtins(list(measures))),
            language=language,
            issued_at=now,
            effective_from=effective_from,
            effective_until=max(ends) if len(ends) == len(measures) else None,
            complain_until=complaints_until(effective_from),
        )
        ledger.record(
            FactKind.STATEMENT_ISSUED,
            by=by,
            now=now,
            subject=subject_of(statement),
            about=(decision, f"item:{item}", f"account:{item.platform}/{recipient}"),
            body={
                "platform": item.platform,
                "decision": decision,
                "clause": reasons.clause,
                "harm": reasons.harm,
                "illegal": any(g.kind is GroundKind.ILLEGAL for g in reasons.grounds),
                "pack": str(reasons.pack),
                "pack_digest": reasons.pack.digest,
                "measures": statement.measures,
                "language": language,
                "automated_detection": reasons.automated_detection,
                "automated_decision": reasons.automated_decision,
                "source": reasons.source,
                "effective_from": effective_from,
            },
            private=content_of(statement),
        )
    return statement


def withdraw(statement: Statement, *, by: Actor, now: datetime, because: str) -> Statement:
    """Withdraw a statement, since its decision was reversed or undone. Twice is once."""
    with transaction.atomic():
        ledger.lock()
        locked = Statement.objects.select_for_update().get(pk=statement.pk)
        if locked.withdrawn_at is None:
            locked.withdrawn_at = now
            locked.save(update_fields=["withdrawn_at"])
            ledger.record(
                FactKind.STATEMENT_WITHDRAWN,
                by=by,
                now=now,
                subject=subject_of(locked),
                about=_about(locked),
                private={"because": because},
            )
    statement.withdrawn_at = locked.withdrawn_at
    return locked


def mark_informed(statement: Statement, *, by: Actor, now: datetime, channel: str) -> Statement:
    """Record the proof that the statement reached the affected person. The first proof counts.

    # DSA Art. 20(2): the period for complaints runs from the day on which the person is informed.
    """
    with transaction.atomic():
        ledger.lock()
        locked = Statement.objects.select_for_update().get(pk=statement.pk)
        if locked.informed_at is None:
            locked.informed_at = now
            locked.complain_until = max(locked.complain_until, complaints_until(now))
            locked.save(update_fields=["informed_at", "complain_until"])
            ledger.record(
                FactKind.STATEMENT_INFORMED,
                by=by,
                now=now,
                subject=subject_of(locked),
                about=_about(locked),
                body={"channel": channel, "complain_until": locked.complain_until},
            )
    statement.informed_at, statement.complain_until = locked.informed_at, locked.complain_until
    return locked


def by_token(token: str) -> Statement | None:
    """Return the statement behind a public link, or None."""
    return Statement.objects.filter(token=token).first()


def by_id(id: str) -> Statement | None:  # noqa: A002 -- it is the id
    """Return a statement by its id, or None (for a malformed id as well)."""
    try:
        return Statement.objects.filter(pk=UUID(id)).first()
    except ValueError:
        return None


def decisions_of(ids: Iterable[str]) -> dict[str, str]:
    """Return the decision of each of these statements, as `decision:7`."""
    found = Statement.objects.filter(pk__in=list(ids)).values_list("pk", "decision")
    return {str(pk): decision for pk, decision in found}


def subject_of(statement: Statement) -> str:
    """Return the name of a statement in the ledger."""
    return f"statement:{statement.pk}"


def path_of(statement: Statement) -> str:
    """Return the address of the public page, from the root of the site."""
    return f"/s/{statement.token}"


def reasons_of(statement: Statement) -> Reasons:
    """Return the reasons as a value."""
    return msgspec.convert(statement.reasons, Reasons)


def measures_of(statement: Statement) -> tuple[Measure, ...]:
    """Return the measures as values."""
    return msgspec.convert(statement.measures, tuple[Measure, ...])


def item_of(statement: Statement) -> ItemRef:
    """Return the item that it is about."""
    return ItemRef(statement.platform, statement.item_kind, statement.item_id)


def content_of(statement: Statement) -> dict[str, Any]:
    """Return what the ledger proves about a statement: everything that it was derived from."""
    return {
        "decision": statement.decision,
        "item": f"{statement.platform}/{statement.item_kind}/{statement.item_id}",
        "item_url": statement.item_url,
        "recipient": statement.recipient,
        "reasons": statement.reasons,
        "measures": statement.measures,
        "language": statement.language,
    }


def _about(statement: Statement) -> tuple[str, ...]:
    return (
        statement.decision,
        f"item:{item_of(statement)}",
        f"account:{statement.platform}/{statement.recipient}",
    )

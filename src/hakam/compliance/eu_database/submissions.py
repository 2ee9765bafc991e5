"""Statements on their way to the database: put in with the decision, taken in batches, sent once, asked after later.

Nothing here is on the network; `hakam.enforcement.connectors.eu_database` is. What makes sending twice impossible is
the `puid`: it is drawn once, stored with the row, and the database refuses it the second time. So an attempt of which
nobody knows the end is simply made again.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec
from django.db import connection, transaction
from django.db.models import Count, Min, Q
from django.utils.translation import gettext as _

from hakam.compliance import ledger
from hakam.compliance.eu_database.form import MOST, Wrong, check
from hakam.compliance.eu_database.payload import ItemFacts, build, is_due
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Statement, Submission
from hakam.compliance.storable import storable
from hakam.vocabulary.actor import SYSTEM, Actor


class SubmissionState(StrEnum):
    """How far a statement has come."""

    QUEUED = "queued"
    SENDING = "sending"  # in a batch that is under way; its lease says until when
    SENT = "sent"
    NEEDS_FIX = "needs_fix"  # a person must mend it
    NOT_DUE = "not_due"  # the law asks for nothing


class SubmissionError(ValueError):
    """This can't be done to the submission."""


class Stored(msgspec.Struct, frozen=True):
    """What the database answers about one statement. `uuid` is empty when it only said that it has it."""

    uuid: str = ""
    permalink: str = ""


LEASE: Final = timedelta(minutes=5)
_S = SubmissionState
WAITING: Final = (
    _S.QUEUED.value,
    _S.SENDING.value,
    _S.NEEDS_FIX.value,
)  # what the database does not have yet
_MARK_SENT: Final = (
    "UPDATE compliance_submission SET state = 'sent', sent_at = %s, uuid = %s, permalink = %s, next_at = NULL, "
    "last_error = '' WHERE id = %s AND state = 'sending' AND batch = %s"
)


def put_in(
    statement: Statement, item: ItemFacts, *, now: datetime, base_url: str = "", exempt: str = ""
) -> Submission:
    """Put a statement in, inside the caller's transaction. `exempt` says why the duty does not apply at all.

    The same statement again is the same submission.
    """
    earlier = Submission.objects.filter(statement=statement).first()
    if earlier is not None:
        return earlier
    row = _row(statement, item, now=now, base_url=base_url, exempt=exempt)
    row.save()
    if row.wrong:
        _refused(row, by=SYSTEM, now=now)
    return row


def put_in_all(entries: Iterable[tuple[Statement, ItemFacts]], *, now: datetime, base_url: str = "") -> int:
    """Put in statements that were never put in, as of the time before the database was told; return how many.

    The caller leaves those out that are in already.
    """
    rows = [_row(statement, item, now=now, base_url=base_url, exempt="") for statement, item in entries]
    with transaction.atomic():
        ledger.lock()
        Submission.objects.bulk_create(rows, batch_size=500)
        for row in rows:
            if row.wrong:
                _refused(row, by=SYSTEM, now=now)
    return len(rows)


def _row(statement: Statement, item: ItemFacts, *, now: datetime, base_url: str, exempt: str) -> Submission:
    puid = uuid.uuid4().hex
    because = exempt or is_due(statement)
    payload = {} if because else build(statement, item, puid=puid, base_url=base_url).payload
    wrong = [] if because else list(check(payload))
    state = _S.NOT_DUE if because else _S.NEEDS_FIX if wrong else _S.QUEUED
    return Submission(
        puid=puid,
        statement=statement,
        payload=payload,
        state=state.value,
        because=because,
        wrong=_listed(wrong),
        next_at=now if state is _S.QUEUED else None,
        created_at=now,
    )


def claim(*, now: datetime, most: int = MOST) -> list[Submission]:
    """Take up to `most` statements that are due into one batch, leased to the caller; none if nothing is due."""
    due = Q(state__in=[_S.QUEUED.value, _S.SENDING.value], next_at__lte=now)
    if not Submission.objects.filter(due).exists():
        return []  # without taking a lock from anybody
    batch = uuid.uuid4().hex
    with transaction.atomic():
        rows = list(
            Submission.objects.select_for_update(skip_locked=True)
            .filter(due)
            .order_by("next_at", "id")[:most]
        )
        withdrawn = set(
            Statement.objects.filter(
                submission__in=[r.pk for r in rows], withdrawn_at__isnull=False
            ).values_list("submission", flat=True)
        )
        gone = [
            r.pk for r in rows if r.pk in withdrawn and r.attempts == 0
        ]  # reversed before anybody was told
        Submission.objects.filter(pk__in=gone).update(
            state=_S.NOT_DUE.value, because="withdrawn", next_at=None
        )
        rows = [r for r in rows if r.pk not in gone]
        for row in rows:
            row.state, row.batch, row.attempts, row.next_at = _S.SENDING, batch, row.attempts + 1, now + LEASE
        _mark_claimed(rows)
    return rows


def _mark_claimed(rows: Sequence[Submission]) -> None:
    for attempts in sorted({row.attempts for row in rows}):
        Submission.objects.filter(pk__in=[row.pk for row in rows if row.attempts == attempts]).update(
            state=_S.SENDING.value, batch=rows[0].batch, attempts=attempts, next_at=rows[0].next_at
        )


def accepted(rows: Sequence[Submission], stored: Sequence[Stored], *, now: datetime) -> int:
    """Record that the database has these statements: one fact for the batch. Returns how many that was news for."""
    if not rows:
        return 0
    at = connection.ops.adapt_datetimefield_value(now)
    with transaction.atomic():
        ledger.lock()
        ours = set(
            Submission.objects.filter(
                pk__in=[r.pk for r in rows], state=_S.SENDING.value, batch=rows[0].batch
            ).values_list("pk", flat=True)
        )
        news = [(row, one) for row, one in zip(rows, stored, strict=True) if row.pk in ours]
        if not news:
            return 0
        with connection.cursor() as cursor:
            cursor.executemany(
                _MARK_SENT, [(at, one.uuid, one.permalink, row.pk, row.batch) for row, one in news]
            )
        ledger.record(
            FactKind.STATEMENTS_SUBMITTED,
            by=SYSTEM,
            now=now,
            subject=f"submission:{rows[0].batch}",
            body={"count": len(news), "puids": [row.puid for row, _one in news]},
        )
    return len(news)


def refused(rows: Mapping[Submission, Sequence[Wrong]], *, now: datetime) -> None:
    """Lay aside what the database found wrong: a person must mend it."""
    with transaction.atomic():
        ledger.lock()
        for row, wrong in rows.items():
            row.state, row.wrong, row.next_at = _S.NEEDS_FIX, _listed(wrong), None
            row.save(update_fields=["state", "wrong", "next_at"])
            _refused(row, by=SYSTEM, now=now)


def again(rows: Sequence[Submission], *, at: datetime, error: str = "") -> None:
    """Let these statements be tried again, in another batch, from `at` on. Nothing of them was stored."""
    if rows:
        Submission.objects.filter(
            pk__in=[row.pk for row in rows], state=_S.SENDING.value, batch=rows[0].batch
        ).update(state=_S.QUEUED.value, next_at=at, last_error=error[:2000])


def take_over(*, now: datetime) -> int:
    """Let everything that is under way be tried again at once: for a sender that knows it is the only one."""
    return Submission.objects.filter(state=_S.SENDING.value).update(state=_S.QUEUED.value, next_at=now)


def mend(submission: Submission, changes: Mapping[str, Any], *, by: Actor, now: datetime) -> Submission:
    """Correct a payload that waits to be mended, and put it in again. Raises `SubmissionError` if it is still wrong."""
    with transaction.atomic():
        ledger.lock()
        row = Submission.objects.select_for_update().get(pk=submission.pk)
        if row.state not in {_S.NEEDS_FIX, _S.QUEUED} or row.sent_at is not None:
            raise SubmissionError(_("a statement that is %(state)s is not mended") % {"state": row.state})
        if "puid" in changes:
            raise SubmissionError(_("the puid is for ever"))
        payload = storable(row.payload | dict(changes))
        wrong = check(payload)
        if wrong:
            raise SubmissionError("; ".join(f"{w.field}: {w.message}" for w in wrong))
        row.payload, row.wrong, row.state, row.next_at = payload, [], _S.QUEUED.value, now
        row.save(update_fields=["payload", "wrong", "state", "next_at"])
        ledger.record(
            FactKind.STATEMENT_MENDED,
            by=by,
            now=now,
            subject=f"statement:{row.statement_id}",
            body={"fields": sorted(changes)},
        )
    return row


def unconfirmed(*, before: datetime, most: int = 1_000) -> list[Submission]:
    """Return what was sent before a moment and never asked after, the oldest first."""
    found = Submission.objects.filter(state=_S.SENT.value, confirmed_at=None, sent_at__lt=before)
    return list(found.order_by("sent_at", "id")[:most])


def reconciled(known: Sequence[Submission], lost: Sequence[Submission], *, now: datetime) -> None:
    """Record what the database has and what it does not have after all; the latter is sent again."""
    with transaction.atomic():
        ledger.lock()
        Submission.objects.filter(pk__in=[row.pk for row in known]).update(confirmed_at=now)
        Submission.objects.filter(pk__in=[row.pk for row in lost]).update(
            state=_S.QUEUED.value, next_at=now, sent_at=None, uuid="", permalink="", last_error="not there"
        )
        ledger.record(
            FactKind.STATEMENTS_RECONCILED,
            by=SYSTEM,
            now=now,
            subject="submissions",
            body={"known": len(known), "lost": [row.puid for row in lost]},
        )


class Overview(msgspec.Struct, frozen=True):
    """How many statements are where."""

    counts: dict[str, int]
    oldest_waiting: datetime | None


def overview() -> Overview:
    """Count the submissions by state, and tell since when the oldest waits."""
    counted = dict(Submission.objects.values_list("state").annotate(n=Count("pk")))
    waiting = Submission.objects.filter(state__in=[_S.QUEUED.value, _S.SENDING.value])
    return Overview(
        {state.value: counted.get(state.value, 0) for state in _S},
        waiting.aggregate(first=Min("created_at"))["first"],
    )


def _listed(wrong: Sequence[Wrong]) -> list[list[str]]:
    return [[w.field, w.message] for w in wrong]


def _refused(row: Submission, *, by: Actor, now: datetime) -> None:
    ledger.record(
        FactKind.STATEMENT_REFUSED,
        by=by,
        now=now,
        subject=f"statement:{row.statement_id}",
        body={"puid": row.puid, "fields": sorted({field for field, _message in row.wrong})},
    )

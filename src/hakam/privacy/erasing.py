"""Erasing rows: one bounded batch, its files first, then the rows and one fact that gives the number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.privacy.erasers import Eraser, Row, eraser, set_aside, times_named
from hakam.privacy.holds import Held
from hakam.privacy.kinds import Kind
from hakam.privacy.schedule import subject_of
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import Actor

_CHUNK = 500
_SAMPLES = 20


@dataclass
class Look:
    """What of one kind is due: how many rows can go, how many are held, and the names of the first few."""

    free: int = 0
    held: int = 0
    samples: list[str] = field(default_factory=list)


def look(one: Eraser, rows: Any, held: Held) -> Look:
    """Count rows without touching them: the preview of an erasure."""
    if not held:
        found = Look(free=rows.count())
        found.samples = [next(iter(one.names(row))) for row in rows.order_by("pk")[:_SAMPLES]]
        return found
    found = Look()
    for row in rows.order_by("pk").iterator(_CHUNK):
        names = list(one.names(row))
        if held.covers(names):
            found.held += 1
        else:
            found.free += 1
            if len(found.samples) < _SAMPLES:
                found.samples.append(names[0])
    return found


def batch_of(one: Eraser, rows: Any, held: Held, *, limit: int) -> list[Row]:
    """Return up to `limit` rows that can go, in order."""
    ordered = rows.order_by("pk")
    if not held:
        return list(ordered[:limit])
    found: list[Row] = []
    for row in ordered.iterator(_CHUNK):
        if not held.covers(one.names(row)):
            found.append(row)
            if len(found) == limit:
                break
    return found


def erase(
    one: Eraser,
    rows: Sequence[Row],
    *,
    vault: Vault,
    by: Actor,
    now: datetime,
    reason: str,
    body: Mapping[str, Any],
    about: Iterable[str] = (),
) -> int:
    """Erase these rows for good and record how many. Doing it twice does it once; killed within, it is done again."""
    if not rows:
        return 0
    named = Counter(digest for row in rows for digest in set(one.files(row)))
    for digest, here in named.items():
        if times_named(digest) <= here:  # nothing that stays needs this copy
            vault.delete(digest)
    with transaction.atomic():
        ledger.lock()
        if one.kind is Kind.LEDGER:
            seqs = [row.pk for row in rows]
        else:
            subjects = sorted({name for row in rows for name in one.facts(row)})
            seqs = []
            for start in range(0, len(subjects), _CHUNK):
                some = Fact.objects.filter(
                    subject__in=subjects[start : start + _CHUNK], private__isnull=False
                )
                seqs += some.values_list("pk", flat=True)
        for row in rows:
            one.blank(row)
        ledger.erase_many(seqs, by=by, now=now, reason=reason)
        record(one.kind, len(rows), by=by, now=now, body=body, about=about)
    return len(rows)


def erase_set_aside(seqs: Iterable[int], *, vault: Vault, by: Actor, now: datetime, reason: str) -> int:
    """Erase what errors quote of records that go; a record of the log of notices has its number below zero."""
    one = eraser(Kind.SET_ASIDE)
    assert one is not None
    return erase(one, list(set_aside(seqs)), vault=vault, by=by, now=now, reason=reason, body={})


def record(
    kind: Kind, erased: int, *, by: Actor, now: datetime, body: Mapping[str, Any], about: Iterable[str] = ()
) -> None:
    """Write the fact that something of a kind was erased, inside the caller's transaction."""
    ledger.record(
        FactKind.RETENTION_APPLIED, by=by, now=now, subject=subject_of(kind), about=about,
        body={"kind": kind.value, "erased": erased, **body},
    )  # fmt: skip


def clean() -> bool:
    """Remove what the database itself keeps of erased contents, as far as it lets us; return whether it did.

    SQLite overwrites what it deletes (`secure_delete`), and here its log of changes is emptied. PostgreSQL gives the
    room of old rows free; blocks are rewritten by `VACUUM FULL`, which locks, so that the operator chooses its hour.
    """
    if connection.in_atomic_block:
        return False
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            row = cursor.fetchone()
            return row is None or row[0] == 0
        cursor.execute("VACUUM")
    return True

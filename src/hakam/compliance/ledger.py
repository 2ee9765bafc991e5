"""The ledger: one append-only table of facts, each chained to the one before it.

`record` is called inside the transaction of the verb whose fact it is, so that a deed and its fact are one. It locks
the head of the chain until that transaction ends. So that two verbs never wait for each other, a verb locks what
is its own room's first and records last, or it calls `lock` first of all.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from django.db import IntegrityError, connection, transaction

from hakam.compliance.access import facts_after, last, page, story
from hakam.compliance.chain import MANY_ERASED, Link, canonical, digest_of_private, verify_chain
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact, LedgerHead
from hakam.vocabulary.actor import Actor

__all__ = [
    "LedgerError",
    "body_of",
    "erase_many",
    "erase_private",
    "facts_after",
    "last",
    "lock",
    "page",
    "private_of",
    "record",
    "story",
    "verify_chain",
]

_MAX_SUBJECT = 700
_MAX_ACTOR = 160


class LedgerError(RuntimeError):
    """A fact can't be recorded as it was given. Nothing was written."""


def record(
    kind: FactKind,
    *,
    by: Actor,
    now: datetime,
    subject: str,
    about: Iterable[str] = (),
    body: Mapping[str, Any] | None = None,
    private: Mapping[str, Any] | None = None,
) -> Fact:
    """Append one fact, inside the caller's transaction, and return it.

    `subject` is what it is about (`case:12`), `about` are further subjects whose story it belongs to. `body` holds no
    personal data; what can be traced to a person goes into `private`, which can be erased without breaking the
    chain. Raises `LedgerError` outside a transaction and for values that can't be kept.
    """
    if not connection.in_atomic_block:
        raise LedgerError(f"`{kind}` was to be recorded outside a transaction")
    if now.tzinfo is None:
        raise LedgerError(f"`{kind}` was to be recorded at a time without a time zone")
    links = tuple(sorted(set(about) - {subject}))
    for name in (subject, *links):
        _check_name(name, _MAX_SUBJECT)
    _check_name(str(by), _MAX_ACTOR)
    kept = None if private is None else canonical({"data": private, "salt": secrets.token_hex(16)})
    seq, previous = _locked_head()
    link = Link(
        previous=previous,
        seq=seq + 1,
        at=now,
        kind=FactKind(kind).value,
        actor=str(by),
        subject=subject,
        about=links,
        body=canonical(body or {}),
        private_digest="" if kept is None else digest_of_private(kept),
    )
    fact = Fact(
        seq=link.seq,
        at=link.at,
        kind=link.kind,
        actor=link.actor,
        subject=link.subject,
        body=link.body,
        private=kept,
        private_digest=link.private_digest,
        previous=link.previous,
        digest=link.digest(),
    )
    _append(fact, links)
    return fact


def lock() -> None:
    """Lock the head now, before anything else: for verbs that lock several rows in no order of their own.

    Whoever holds the head is alone among all who will record; two such verbs can't wait for each other.
    """
    if not connection.in_atomic_block:
        raise LedgerError("the ledger was to be locked outside a transaction")
    if connection.features.has_select_for_update:  # SQLite's immediate transaction is alone already
        _locked_head()


def erase_private(fact: Fact, *, by: Actor, now: datetime, reason: str) -> Fact:
    """Erase the private part of `fact` for good, and record who did and why. The chain stays provable.

    Erasing twice is one erasure: the second returns the fact that recorded the first.
    """
    with transaction.atomic():
        changed = Fact.objects.filter(pk=fact.pk, private__isnull=False).update(private=None)
        if not changed:
            earlier = Fact.objects.filter(kind=FactKind.LEDGER_ERASED, subject=f"fact:{fact.pk}").first()
            if earlier is None:
                raise LedgerError(f"fact {fact.pk} has no private part")
            return earlier
        return record(
            FactKind.LEDGER_ERASED,
            by=by,
            now=now,
            subject=f"fact:{fact.pk}",
            about=[fact.subject],
            body={"reason": reason},
        )


def erase_many(seqs: Iterable[int], *, by: Actor, now: datetime, reason: str) -> int:
    """Erase the private parts of many facts for good, with one fact that names them all; return how many.

    Those that have none any more are passed over.
    """
    with transaction.atomic():
        lock()
        there = sorted(
            Fact.objects.filter(pk__in=list(seqs), private__isnull=False).values_list("pk", flat=True)
        )
        if not there:
            return 0
        Fact.objects.filter(pk__in=there).update(private=None)
        record(
            FactKind.LEDGER_ERASED,
            by=by,
            now=now,
            subject=MANY_ERASED,
            body={"reason": reason, "facts": there},
        )
    return len(there)


def body_of(fact: Fact) -> dict[str, Any]:
    """Return the body of `fact` as values."""
    return msgspec.json.decode(fact.body, type=dict[str, Any])


def private_of(fact: Fact) -> dict[str, Any] | None:
    """Return the private part of `fact` as values; None when there is none or it was erased."""
    if fact.private is None:
        return None
    kept: dict[str, Any] = msgspec.json.decode(fact.private, type=dict[str, Any])["data"]
    return kept


def _check_name(name: str, limit: int) -> None:
    if not name or len(name) > limit or "\x00" in name:
        raise LedgerError(f"{name[:80]!r} can't be named in the ledger: 1 to {limit} characters, no NUL")


# Every verb records, most of them several times, so these four statements are plain SQL: a third of the time.
_FACT_COLUMNS = (
    "seq",
    "at",
    "kind",
    "actor",
    "subject",
    "body",
    "private",
    "private_digest",
    "previous",
    "digest",
)
_INSERT_FACT = "INSERT INTO compliance_fact ({}) VALUES ({})".format(  # noqa: S608 -- constants of this file
    ", ".join(_FACT_COLUMNS), ", ".join(["%s"] * len(_FACT_COLUMNS))
)
_INSERT_LINK = "INSERT INTO compliance_factlink (fact_id, subject) VALUES (%s, %s)"
_MOVE_HEAD = "UPDATE compliance_ledgerhead SET seq = %s, digest = %s WHERE id = 1"
_READ_HEAD = "SELECT seq, digest FROM compliance_ledgerhead WHERE id = 1"


def _append(fact: Fact, links: tuple[str, ...]) -> None:
    at = connection.ops.adapt_datetimefield_value(fact.at)
    values = [at if name == "at" else getattr(fact, name) for name in _FACT_COLUMNS]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_FACT, values)
        if links:
            cursor.executemany(_INSERT_LINK, [(fact.seq, name) for name in links])
        cursor.execute(_MOVE_HEAD, [fact.seq, fact.digest])
    fact._state.adding = False  # noqa: SLF001 -- it is stored
    fact._state.db = connection.alias  # noqa: SLF001 -- the same


def _locked_head() -> tuple[int, str]:
    """Return sequence and digest of the head, locked until the transaction ends."""
    query = _READ_HEAD + (" FOR UPDATE" if connection.features.has_select_for_update else "")
    with connection.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
        if row is None:
            try:
                with transaction.atomic():
                    LedgerHead.objects.create(pk=1)
            except IntegrityError:  # another transaction began the ledger in this instant
                pass
            cursor.execute(query)
            row = cursor.fetchone()
    return int(row[0]), str(row[1])

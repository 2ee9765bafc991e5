"""Reads of the room: facts, statements, clocks. Callers above never touch the models themselves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, Q

from hakam.compliance.clocks import ClockKind
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Deadline, Fact, Statement, Submission
from hakam.vocabulary.event import ItemRef


def story(subject: str) -> list[Fact]:
    """Return all facts about `subject`, as their subject or by a link, in the order in which they happened."""
    return list(
        Fact.objects.filter(Q(subject=subject) | Q(links__subject=subject)).order_by("seq").distinct()
    )


def facts_of(subject: str, kind: FactKind) -> list[Fact]:
    """Return the facts of one kind about a subject, the oldest first."""
    return list(Fact.objects.filter(subject=subject, kind=kind.value).order_by("seq"))


def facts_after(seq: int, *, kinds: Iterable[FactKind] = (), limit: int = 500) -> list[Fact]:
    """Return up to `limit` facts after `seq`, in order: what a subscriber has not seen yet. No kinds: all."""
    facts = Fact.objects.filter(seq__gt=seq)
    wanted = [kind.value for kind in kinds]
    if wanted:
        facts = facts.filter(kind__in=wanted)
    return list(facts.order_by("seq")[:limit])


def last() -> int:
    """Return the number of the newest fact, 0 of an empty ledger. Numbers become visible in their order."""
    return Fact.objects.order_by("-seq").values_list("seq", flat=True).first() or 0


def page(
    *, before: int | None = None, kind: str = "", subject: str = "", actor: str = "", limit: int = 50
) -> list[Fact]:
    """Return the newest facts first, older than `before`, for people who browse the ledger."""
    facts = Fact.objects.order_by("-seq")
    if before is not None:
        facts = facts.filter(seq__lt=before)
    if kind:
        facts = facts.filter(kind=kind)
    if actor:
        facts = facts.filter(actor=actor)
    if subject:
        facts = facts.filter(Q(subject=subject) | Q(links__subject=subject)).distinct()
    return list(facts.prefetch_related("links")[:limit])


def fact(seq: int) -> Fact | None:
    """Return one fact, or None."""
    return Fact.objects.prefetch_related("links").filter(seq=seq).first()


def statements_about(item: ItemRef) -> list[Statement]:
    """Return the statements about an item, newest first."""
    return list(
        Statement.objects.filter(platform=item.platform, item_kind=item.kind, item_id=item.id).order_by(
            "-issued_at"
        )
    )


def statement_of(decision: str) -> Statement | None:
    """Return the statement of a decision (`decision:7`), or None."""
    return Statement.objects.filter(decision=decision).order_by("issued_at").first()


def deadlines_of(subject: str) -> list[Deadline]:
    """Return the clocks of a subject, the first due first."""
    return list(Deadline.objects.filter(subject=subject).order_by("due_at"))


def overdue(now: datetime, *, limit: int = 500) -> list[Deadline]:
    """Return the clocks that ran out and were not met, the longest overdue first."""
    return list(
        Deadline.objects.filter(kind=ClockKind.ACT, met_at=None, paused_at=None, due_at__lt=now).order_by(
            "due_at"
        )[:limit]
    )


def running(*, limit: int = 200) -> list[Deadline]:
    """Return the clocks that run or stand still, the first due first."""
    return list(Deadline.objects.filter(met_at=None).order_by("due_at", "pk")[:limit])


def of_clocks(keys: Iterable[str], *, since: datetime, limit: int = 500) -> list[Deadline]:
    """Return the clocks of some kinds that began since a moment, those that were missed first, then the newest."""
    found = Deadline.objects.filter(clock__in=list(keys), started_at__gte=since)
    return list(found.order_by(F("missed_at").desc(nulls_last=True), "-started_at", "pk")[:limit])


def submissions(*, state: str | None = None, limit: int = 50) -> list[Submission]:
    """Return statements on their way to the EU Transparency Database, the newest first."""
    found = Submission.objects.select_related("statement")
    if state:
        found = found.filter(state=state)
    return list(found.order_by("-id")[:limit])


def submission(puid: str) -> Submission | None:
    """Return one of them by its public number, or None."""
    return Submission.objects.select_related("statement").filter(puid=puid).first()

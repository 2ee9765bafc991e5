"""How far a notice is: what the notifier's page shows, and what the case shows of the notifier's words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from hakam.compliance import access as compliance
from hakam.compliance.calendar import end_of_period
from hakam.intake.models import Notice, NoticeItem
from hakam.review import outcomes
from hakam.review.complaints import WINDOW_MONTHS
from hakam.review.contested import complaint_of_notifier
from hakam.review.lineage import decision_named
from hakam.vocabulary.actor import ActorKind
from hakam.vocabulary.measure import Measure


@dataclass(frozen=True)
class ItemStatus:
    """How far one item of a notice is."""

    number: int
    ref: str  # `notice:<uuid>:<n>`
    url: str
    due_at: datetime | None
    answered_at: datetime | None
    upheld: bool
    clause: str
    measures: tuple[Measure, ...]
    automated: bool
    decision: int | None
    may_complain: bool
    complaint_token: str


@dataclass(frozen=True)
class NoticeStatus:
    """How far a notice is. It names nobody."""

    token: str
    harm: str
    language: str
    received_at: datetime
    items: tuple[ItemStatus, ...]


@dataclass(frozen=True)
class NoticeWords:
    """What a notifier says about an item, without who said it."""

    ref: str
    harm: str
    at: datetime
    url: str
    text: str


def notice_status(token: str) -> NoticeStatus | None:
    """Return how far the notice behind a public link is, or None."""
    notice = Notice.objects.filter(token=token).first() if token else None
    if notice is None:
        return None
    items = tuple(_item(item) for item in notice.items.order_by("pk"))
    return NoticeStatus(notice.token, notice.harm, notice.language, notice.received_at, items)


def _item(item: NoticeItem) -> ItemStatus:
    running = [clock for clock in compliance.deadlines_of(item.ref) if clock.met_at is None]
    told = outcomes.of_decision(item.decision) if item.decision else None
    decided = decision_named(item.decision) if item.decision else None
    complaint = complaint_of_notifier(decided.pk, item.ref) if decided is not None else None
    open_until = end_of_period(item.answered_at, WINDOW_MONTHS) if item.answered_at else None
    return ItemStatus(
        number=int(item.ref.rpartition(":")[2]),
        ref=item.ref,
        url=item.url or f"{item.item_kind}/{item.item_id}",
        due_at=running[0].due_at if running else None,
        answered_at=item.answered_at,
        upheld=bool(item.upheld),
        clause=told.reasons.clause if told and told.reasons else "",
        measures=told.measures if told else (),
        automated=decided is not None and decided.by.startswith(f"{ActorKind.RULE}:"),
        decision=decided.pk if decided else None,
        may_complain=told is not None
        and complaint is None
        and open_until is not None
        and timezone.now() < open_until,
        complaint_token=complaint.token if complaint else "",
    )


def words_of(refs: Iterable[str]) -> tuple[NoticeWords, ...]:
    """Return what notifiers say, by the refs of a case's sources, the newest first."""
    found = (
        NoticeItem.objects.filter(ref__in=list(refs))
        .select_related("notice")
        .order_by("-notice__received_at")
    )
    return tuple(
        NoticeWords(item.ref, item.notice.harm, item.notice.received_at, item.url, item.notice.explanation)
        for item in found
    )

"""What people may see of notices: those who sent them, by their link; those who review, by their case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from hakam.compliance import ledger
from hakam.compliance.access import deadlines_of
from hakam.compliance.calendar import end_of_period
from hakam.compliance.facts import FactKind
from hakam.intake.models import Notice, NoticeItem, Quarantined
from hakam.intake.notices import subject_of, track_record
from hakam.review import access as review
from hakam.review.complaints import WINDOW_MONTHS
from hakam.review.complaints import path_of as complaint_path
from hakam.review.models import CaseSource, Complaint
from hakam.review.priority import accuracy_of
from hakam.staff.models import User
from hakam.staff.roles import Permission


@dataclass(frozen=True)
class NoteView:
    """What one notifier says about the item of a case. No name, no address: `reveal_notifier` shows them."""

    notice_id: str
    ref: str
    at: datetime
    harm: str
    clause: str
    illegal: bool
    trusted: bool
    text: str
    url: str
    language: str
    anonymous: bool
    accuracy: float | None  # of the notifier, 0 to 1; None: nothing of theirs was answered yet
    due_at: datetime | None
    answered_at: datetime | None


@dataclass(frozen=True)
class NotifierView:
    """Who sent a notice."""

    name: str
    email: str
    notifier: str  # the id on the platform
    good_faith: str


@dataclass(frozen=True)
class ItemStatus:
    """How far one item of a notice is, for who sent it."""

    position: int
    url: str
    kind: str
    item_id: str
    answered_at: datetime | None
    upheld: bool | None
    decision: str
    complain_until: datetime | None  # None: nothing to complain about yet, or no longer
    complaint_path: str  # of the complaint already made; empty if there is none
    complaint_state: str


@dataclass(frozen=True)
class NoticeStatus:
    """How far a notice is, for who holds its link."""

    notice_id: str
    token: str
    harm: str
    illegal: bool
    language: str
    received_at: datetime
    receipt_at: datetime | None
    explanation: str
    items: tuple[ItemStatus, ...]

    @property
    def answered(self) -> bool:
        """Whether every item is."""
        return all(item.answered_at is not None for item in self.items)


def notes_on_case(case_id: int, *, limit: int = 50) -> tuple[NoteView, ...]:
    """Return what notifiers say about a case, the newest first.

    The caller has checked that the case may be read.
    """
    sources = CaseSource.objects.filter(case=case_id, ref__startswith="notice:").order_by("-at", "-pk")
    refs = list(sources.values_list("ref", flat=True)[:limit])
    items = (
        NoticeItem.objects.filter(ref__in=refs)
        .select_related("notice")
        .order_by("-notice__received_at", "-pk")
    )
    return tuple(_note(item) for item in items)


def _note(item: NoticeItem) -> NoteView:
    notice = item.notice
    clocks = [deadline.due_at for deadline in deadlines_of(item.ref)]
    return NoteView(
        notice_id=str(notice.pk),
        ref=item.ref,
        at=notice.received_at,
        harm=notice.harm,
        clause=notice.clause,
        illegal=notice.illegal,
        trusted=notice.trusted,
        text=notice.explanation,
        url=item.url,
        language=notice.language,
        anonymous=not (notice.email or notice.notifier),
        accuracy=accuracy_of(*track_record(notice.platform, email=notice.email, notifier=notice.notifier)),
        due_at=min(clocks, default=None),
        answered_at=item.answered_at,
    )


def reveal_notifier(notice_id: str, *, user: User, now: datetime) -> NotifierView | None:
    """Show who sent a notice; every look is a fact. None if absent or not this person's to see."""
    item = NoticeItem.objects.filter(ref__startswith=f"notice:{notice_id}:").select_related("notice").first()
    if item is None or not user.may(Permission.PERSONAL_DATA_READ):
        return None
    refs = NoticeItem.objects.filter(notice=item.notice).values_list("ref", flat=True)
    if not review.readable(user).filter(sources__ref__in=list(refs)).exists():
        return None
    notice = item.notice
    with transaction.atomic():
        ledger.record(FactKind.PERSONAL_DATA_REVEALED, by=user.actor, now=now, subject=subject_of(notice))
    return NotifierView(notice.name, notice.email, notice.notifier, notice.good_faith)


def status(token: str, *, now: datetime) -> NoticeStatus | None:
    """Return how far the notice behind a link is, or None."""
    notice = Notice.objects.filter(token=token).first() if token else None
    return None if notice is None else _status(notice, now)


def status_by_id(notice_id: str, *, platform: str, now: datetime) -> NoticeStatus | None:
    """Return how far a notice is that a platform handed in; None if absent or another platform's."""
    item = NoticeItem.objects.filter(ref=f"notice:{notice_id}:0").select_related("notice").first()
    if item is None or item.notice.platform != platform or item.notice.key is None:
        return None
    return _status(item.notice, now)


def _status(notice: Notice, now: datetime) -> NoticeStatus:
    items = list(notice.items.order_by("pk"))
    made = {
        c.notice: c
        for c in Complaint.objects.filter(notice__in=[i.ref for i in items]).order_by("received_at")
    }
    return NoticeStatus(
        notice_id=str(notice.pk),
        token=notice.token,
        harm=notice.harm,
        illegal=notice.illegal,
        language=notice.language,
        received_at=notice.received_at,
        receipt_at=notice.receipt_at,
        explanation=notice.explanation,
        items=tuple(_item_statuses(items, made, now)),
    )


def _item_statuses(
    items: Iterable[NoticeItem], made: dict[str, Complaint], now: datetime
) -> Iterable[ItemStatus]:
    for position, item in enumerate(items):
        complaint = made.get(item.ref)
        until = None if item.answered_at is None else end_of_period(item.answered_at, WINDOW_MONTHS)
        yield ItemStatus(
            position=position,
            url=item.url,
            kind=item.item_kind,
            item_id=item.item_id,
            answered_at=item.answered_at,
            upheld=item.upheld,
            decision=item.decision,
            complain_until=until if until is not None and now < until and complaint is None else None,
            complaint_path=complaint_path(complaint) if complaint else "",
            complaint_state=complaint.state if complaint else "",
        )


def quarantined(*, limit: int = 100) -> list[Quarantined]:
    """Return the records of the event log that wait for a person, oldest first."""
    return list(Quarantined.objects.filter(resolved_at=None).order_by("seq")[:limit])

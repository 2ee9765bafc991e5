"""What people may see of notices: those who sent them, by their link; those who review, by their case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from hakam.compliance import ledger
from hakam.compliance.access import deadlines_of
from hakam.compliance.facts import FactKind
from hakam.compliance.statements import complaints_until
from hakam.intake import crowds, letters, logged
from hakam.intake.logged import Logged
from hakam.intake.models import Notice, NoticeItem, Quarantined
from hakam.intake.notices import subject_of
from hakam.review import access as review
from hakam.review import evidence, outcomes
from hakam.review.contested import complaint_of_notifier
from hakam.review.lineage import decision_named
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.storage.event_log import EventLog
from hakam.vocabulary.actor import ActorKind
from hakam.vocabulary.event import ContentKind
from hakam.vocabulary.measure import Measure


@dataclass(frozen=True)
class NoticeWords:
    """What a notifier says about an item. No name, no address: `reveal_notifier` shows them."""

    ref: str  # `notice:<uuid>:<n>`
    harm: str
    at: datetime
    url: str
    text: str


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
    ref: str  # `notice:<uuid>:<n>`
    url: str
    kind: str
    item_id: str
    due_at: datetime | None  # of the clock that runs
    answered_at: datetime | None
    upheld: bool | None
    decision: str  # as `decision:7`; empty if none answers it yet
    clause: str
    measures: tuple[Measure, ...]
    automated: bool  # a rule decided, no person
    complain_until: datetime | None  # None: nothing to complain about yet, or no longer
    complaint_token: str  # of the complaint already made; empty if there is none
    complaint_state: str
    proof: str  # a `Proof`, of a message that the notifier opened
    frozen: bool  # a copy of what was there is kept; False: nobody handed it in

    @property
    def name(self) -> str:
        """Where it is, or its name on the platform."""
        return self.url or f"{self.kind}/{self.item_id}"


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
    held: str = ""  # of a suspended notifier: token of the page that says why it is kept and not processed

    @property
    def answered(self) -> bool:
        """Whether every item is."""
        return all(item.answered_at is not None for item in self.items)


def words_of(refs: Iterable[str]) -> tuple[NoticeWords, ...]:
    """Return what notifiers say, by the refs of a case's sources, the newest first.

    The caller has checked that the case may be read.
    """
    found = (
        NoticeItem.objects.filter(ref__in=list(refs))
        .select_related("notice")
        .order_by("-notice__received_at", "-pk")
    )
    return tuple(
        NoticeWords(item.ref, item.notice.harm, item.notice.received_at, item.url, item.notice.explanation)
        for item in found
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


def status(token: str, *, now: datetime, notices: EventLog | None = None) -> NoticeStatus | None:
    """Return how far the notice behind a link is, or None.

    `notices` is the log of notices: it knows those of crowds, and those that the worker has not come to.
    """
    notice = Notice.objects.filter(token=token).first() if token else None
    if notice is not None:
        return _status(notice, now)
    found = logged.by_token(token, notices) if notices is not None else None
    return None if found is None else _logged_status(found, now)


def status_by_id(
    notice_id: str, *, platform: str, now: datetime, notices: EventLog | None = None
) -> NoticeStatus | None:
    """Return how far a notice is that a platform handed in; None if absent or another platform's."""
    item = NoticeItem.objects.filter(ref=f"notice:{notice_id}:0").select_related("notice").first()
    if item is None and notices is not None:
        found = logged.by_id(notice_id, notices)
        if found is not None and found.notice.by and found.submission.platform == platform:
            return _logged_status(found, now)
    if (
        item is None
        or item.notice.platform != platform
        or item.notice.key is None
        or item.notice.flagger_id is not None
    ):
        return None
    return _status(item.notice, now)


def status_for_flagger(notice_id: str, *, flagger: int, now: datetime) -> NoticeStatus | None:
    """Return how far a notice is that a trusted flagger sent; None if absent or somebody else's."""
    item = NoticeItem.objects.filter(ref=f"notice:{notice_id}:0").select_related("notice").first()
    if item is None or item.notice.flagger_id != flagger:
        return None
    return _status(item.notice, now)


def _status(notice: Notice, now: datetime) -> NoticeStatus:
    return NoticeStatus(
        notice_id=str(notice.pk),
        token=notice.token,
        harm=notice.harm,
        illegal=notice.illegal,
        language=notice.language,
        received_at=notice.received_at,
        receipt_at=notice.receipt_at,
        explanation=notice.explanation,
        items=tuple(_item(item, n, now) for n, item in enumerate(notice.items.order_by("pk"))),
        held=notice.held_by.conduct.token if notice.held_by is not None else "",
    )


def _logged_status(found: Logged, now: datetime) -> NoticeStatus:
    """Return how far a notice is that is one of a crowd, or that the worker has not come to yet."""
    s, crowd = found.submission, crowds.of(found)
    rows = [
        *(NoticeItem(url=url) for url in s.urls),
        *(NoticeItem(item_kind=i.kind, item_id=i.id) for i in s.items),
        *(NoticeItem(item_kind=ContentKind.MESSAGE, item_id=m.id) for m in s.messages),
    ]
    for n, row in enumerate(rows):
        row.ref = f"notice:{found.notice.id}:{n}"
        if crowd is not None:
            row.item_kind, row.item_id = crowd.item_kind, crowd.item_id
            row.decision, row.upheld, row.answered_at = crowd.decision, crowd.upheld, crowd.answered_at
    clock = "" if crowd is None else crowds.subject_of(crowd)
    return NoticeStatus(
        notice_id=found.notice.id,
        token=found.notice.token,
        harm=s.harm,
        illegal=s.illegal,
        language=s.language,
        received_at=found.at,
        receipt_at=found.at,  # the door's answer
        explanation=s.explanation,
        items=tuple(_item(row, n, now, clock=clock) for n, row in enumerate(rows)),
    )


def _item(item: NoticeItem, position: int, now: datetime, *, clock: str = "") -> ItemStatus:
    told = outcomes.of_decision(item.decision) if item.decision else None
    decided = decision_named(item.decision) if item.decision else None
    complaint = complaint_of_notifier(decided, item.ref) if decided is not None else None
    until = None if item.answered_at is None else complaints_until(item.answered_at)
    if decided is None or complaint is not None or (until is not None and now >= until):
        until = None
    running = [one.due_at for one in deadlines_of(clock or item.ref) if one.met_at is None]
    return ItemStatus(
        position=position,
        ref=item.ref,
        url=item.url,
        kind=item.item_kind,
        item_id=item.item_id,
        due_at=min(running, default=None),
        answered_at=item.answered_at,
        upheld=item.upheld,
        decision=item.decision,
        clause=told.reasons.clause if told and told.reasons else "",
        measures=tuple(filter(letters.concerns_the_item, told.measures)) if told else (),
        automated=decided is not None and decided.by.startswith(f"{ActorKind.RULE}:"),
        complain_until=until,
        complaint_token=complaint.token if complaint else "",
        complaint_state=complaint.state if complaint else "",
        proof=item.proof,
        frozen=evidence.has_event(clock or item.ref),
    )


def quarantined(*, limit: int = 100) -> list[Quarantined]:
    """Return the records of the event log that wait for a person, oldest first."""
    return list(Quarantined.objects.filter(resolved_at=None).order_by("seq")[:limit])

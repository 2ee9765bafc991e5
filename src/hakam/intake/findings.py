"""What must hold in this room at all times. `hakam doctor` runs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from typing import TypeVar

from django.db.models import Q
from django.utils import timezone

from hakam.compliance.models import Deadline
from hakam.intake import cursors
from hakam.intake.events import CURSOR
from hakam.intake.models import Crowd, CrowdSpan, Notice, NoticeItem, Quarantined, Suspension
from hakam.review.lineage import decision_named
from hakam.review.models import CaseSource, Decision
from hakam.review.states import CaseState, DecisionState
from hakam.vocabulary.finding import Finding, Severity
from hakam.vocabulary.harm import CHILD_ABUSE_OFFENCES

CODES = {
    "I001": "an item of a notice is neither answered nor has it a running clock",
    "I002": "the cursor is ahead of the event log",
    "I003": "an item of a notice belongs to no case",
    "I004": "a notice was answered by a decision that is not there, or was undone",
    "I005": "a record of the event log was set aside and waits for a person",
    "I006": "a notice names no item",
    "I007": "a notice of something illegal lacks what the law asks for",
    "I009": "a suspension for misuse lacks its warning, its factors or what it restricts",
    "I010": "a crowd of notices is neither answered nor has it a case and a running clock",
    "I011": "the stretches of a crowd hold another number of notices than it counts",
    "I008": "a case was decided, and its notifiers were not answered",
}
_GRACE = timedelta(minutes=5)
_CHUNK = 500
T = TypeVar("T")


def check(*, last_seq: int | None = None) -> Iterator[Finding]:
    """Yield everything that is broken in this room.

    `last_seq` is the number of the newest record of the event log.
    """
    if last_seq is not None and cursors.position(CURSOR) > last_seq:
        yield _broken(
            "I002", f"cursor:{CURSOR}", f"it stands at {cursors.position(CURSOR)}, the log ends at {last_seq}"
        )
    yield from _notices()
    yield from _suspensions()
    held = NoticeItem.objects.filter(notice__held_by__isnull=False)  # DSA Art. 23(2): kept, not processed
    by_themselves = NoticeItem.objects.filter(crowd=None).exclude(pk__in=held.values("pk"))
    yield from _crowds()
    for chunk in _chunks(by_themselves.order_by("pk").iterator()):
        yield from _items(chunk)
    for seq in Quarantined.objects.filter(resolved_at=None).order_by("seq").values_list("seq", flat=True):
        yield _broken("I005", f"event:{seq}", warning=True)


def _broken(code: str, subject: str, hint: str | None = None, *, warning: bool = False) -> Finding:
    severity = Severity.WARNING if warning else Severity.ERROR
    return Finding(code=code, severity=severity, message=CODES[code], subject=subject, hint=hint)


def _chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


def _notices() -> Iterator[Finding]:
    for pk in Notice.objects.filter(items=None).order_by("pk").values_list("pk", flat=True).iterator():
        yield _broken("I006", f"notice:{pk}")
    # DSA Art. 16(2)(a), (c), (d)
    nameless = (
        Q(notifier="") & (Q(name="") | Q(email="")) & ~Q(harm__in=[h.value for h in CHILD_ABUSE_OFFENCES])
    )
    lacking = Notice.objects.filter(Q(explanation="") | Q(illegal=True) & (Q(good_faith="") | nameless))
    for pk in lacking.order_by("pk").values_list("pk", flat=True).iterator():
        yield _broken("I007", f"notice:{pk}")


def _crowds() -> Iterator[Finding]:
    for crowd in Crowd.objects.order_by("pk").iterator():
        ref = f"crowd:{crowd.pk}"
        running = Deadline.objects.filter(subject=ref, met_at=None).exists()
        if not CaseSource.objects.filter(ref=ref).exists() or (crowd.answered_at is None and not running):
            yield _broken("I010", ref)
        spans = CrowdSpan.objects.filter(crowd=crowd).values_list("count", flat=True)
        if not crowd.count == sum(spans) == sum(crowd.kinds.values()):
            yield _broken("I011", ref)


def _suspensions() -> Iterator[Finding]:
    for made in Suspension.objects.select_related("conduct").order_by("pk").iterator():
        # DSA Art. 23(1) to (3)
        account = made.conduct.kind == "illegal_content"
        warned = made.conduct.warned_at is not None
        weighed = made.factors.get("strikes", 0) > 0 and made.factors.get("gravity")
        if not warned or not weighed or (account and not made.decision):
            yield _broken("I009", f"suspension:{made.pk}")


def _items(items: list[NoticeItem]) -> Iterator[Finding]:
    refs = [item.ref for item in items]
    running = set(Deadline.objects.filter(subject__in=refs, met_at=None).values_list("subject", flat=True))
    sources = {
        source.ref: source for source in CaseSource.objects.filter(ref__in=refs).select_related("case")
    }
    for item in items:
        if item.answered_at is None and item.ref not in running:
            yield _broken("I001", item.ref)
        source = sources.get(item.ref)
        if source is None:
            yield _broken("I003", item.ref)
        elif (
            item.answered_at is None
            and source.case.state == CaseState.DECIDED
            and _long_final(source.case_id)
        ):
            yield _broken("I008", item.ref, "is the worker running?", warning=True)
        if item.answered_at is not None:
            decision = decision_named(item.decision)
            if decision is None or decision.state in {DecisionState.UNDONE, DecisionState.PENDING}:
                yield _broken("I004", item.ref)


def _long_final(case: int) -> bool:
    before = timezone.now() - _GRACE
    return Decision.objects.filter(case=case, state=DecisionState.FINAL, undo_until__lt=before).exists()

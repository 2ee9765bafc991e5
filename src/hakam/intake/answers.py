"""Answering notices: every notifier of a case hears its outcome, and hears again when it changes (DSA Art.

16(5)).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec
from django.db import transaction
from django.db.models import Q
from django.utils.timezone import localdate

from hakam.compliance import deadlines, ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.compliance.profile import has_certified_bodies
from hakam.enforcement.access import delivered_at
from hakam.enforcement.kinds import Channel, EffectKind
from hakam.intake import crowd_letters, letters, notice_clocks
from hakam.intake.models import Notice, NoticeItem
from hakam.intake.notices import DECISION_CLOCK, FLAGGER_CLOCK, subject_of
from hakam.intake.telling import effect_key, tell
from hakam.review import outcomes
from hakam.review.outcomes import Told
from hakam.review.states import Outcome
from hakam.vocabulary.actor import SYSTEM

KINDS = frozenset({FactKind.DECISION_FINAL})
"""The facts that `on_fact` follows."""
RECEIPT_DAYS: Final = 30
"""How long a receipt is waited for: ten times as long as its delivery is tried."""


def on_fact(fact: Fact, now: datetime) -> None:
    """Answer all whom the decision of `fact` concerns.

    For the list of subscribers; hearing it twice is hearing once.
    """
    told = outcomes.of_decision(fact.subject)
    if told is not None:
        answer(told, now=now)


def answer(told: Told, *, now: datetime) -> int:
    """Tell the notifiers of a decision its outcome, each once, and return how many items that answered."""
    crowd_letters.answer(told, now=now)
    with transaction.atomic():
        found = (
            NoticeItem.objects.select_for_update(of=("self",))
            .filter(ref__in=told.notices)
            .select_related("notice")
            .order_by("pk")
        )
        items = [item for item in found if _number(item.decision) < _number(told.decision)]
        for item in items:
            _answer(item, told, now=now)
    return len(items)


def _number(decision: str) -> int:
    """Return the number of `decision:<n>`: an earlier one never overtakes a later one."""
    return int(decision.rpartition(":")[2] or 0)


def _answer(item: NoticeItem, told: Told, *, now: datetime) -> None:
    notice = item.notice
    first = item.answered_at is None
    item.decision, item.upheld, item.answered_at = (
        told.decision,
        told.outcome is not Outcome.NO_VIOLATION,
        now,
    )
    item.save(update_fields=["decision", "upheld", "answered_at"])
    channels = 0
    if item.ref not in told.heard_otherwise:
        channels = tell(
            notice,
            EffectKind.NOTICE_OUTCOME,
            letters.outcome(
                notice,
                item,
                result=told.outcome,
                reasons=told.reasons,
                measures=told.measures,
                bodies=has_certified_bodies(notice.platform, localdate(now)),
            ),
            now=now,
            key=f"{item.ref.rpartition(':')[2]}:{told.decision}",
            data={
                "item": {
                    "platform": notice.platform,
                    "kind": item.item_kind,
                    "id": item.item_id,
                    "url": item.url,
                },
                "decision": told.decision,
                "outcome": told.outcome,
                "measures": msgspec.to_builtins(list(told.measures)),
            },
        )
    deadlines.meet(FLAGGER_CLOCK if notice.trusted else DECISION_CLOCK, subject=item.ref, by=SYSTEM, now=now)
    notice_clocks.meet(subject=item.ref, by=SYSTEM, now=now)
    ledger.record(
        FactKind.NOTICE_ANSWERED,
        by=SYSTEM,
        now=now,
        subject=subject_of(notice),
        about=(item.ref, told.decision),
        body={
            "platform": notice.platform,
            "item": item.ref,
            "decision": told.decision,
            "outcome": told.outcome,
            "channels": channels,
            "again": not first,
        },
    )


def note_receipts(now: datetime, *, limit: int = 500) -> int:
    """Note which receipts have reached their notifiers (DSA Art. 16(4)), and return how many are new.

    Looks at every notice of the last `RECEIPT_DAYS` that waits, `limit` at a time: one that nobody takes holds
    up no other.
    """
    done = 0
    waiting = (
        Notice.objects.filter(receipt_at=None, received_at__gt=now - timedelta(days=RECEIPT_DAYS))
        .exclude(email="", notifier="", key=None)  # nobody known, nobody told
        .order_by("received_at", "pk")
    )
    page = list(waiting[:limit])
    while page:
        arrived = delivered_at(_receipts(page))
        for notice in page:
            times = [arrived[key] for key in _receipts([notice]) if key in arrived]
            done += bool(times) and _note_receipt(notice, min(times), now=now)
        last = page[-1]
        later = Q(received_at__gt=last.received_at) | Q(received_at=last.received_at, pk__gt=last.pk)
        page = list(waiting.filter(later)[:limit])
    return done


def _note_receipt(notice: Notice, at: datetime, *, now: datetime) -> bool:
    with transaction.atomic():
        if not Notice.objects.filter(pk=notice.pk, receipt_at=None).update(receipt_at=at):
            return False  # another worker was faster
        ledger.record(
            FactKind.NOTICE_RECEIPT_SENT,
            by=SYSTEM,
            now=now,
            subject=subject_of(notice),
            body={"delivered_at": at},
        )
    return True


def _receipts(notices: Iterable[Notice]) -> list[str]:
    return [effect_key(notice, "receipt", channel) for notice in notices for channel in Channel]

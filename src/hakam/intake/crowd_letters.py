"""What the notifiers of a crowd are told (DSA Art. 16(4) to (6)): by e-mail one by one, by their platform in lists.

The decision answers the whole crowd in one transaction, so that every page says it at once; the letters go out after
that by the page, each once, and never so many at a time that other letters wait behind them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final

import msgspec
from django.db import transaction
from django.utils.timezone import localdate

from hakam.compliance import deadlines, ledger
from hakam.compliance.access import facts_of
from hakam.compliance.facts import FactKind
from hakam.compliance.profile import has_certified_bodies
from hakam.enforcement.access import waiting
from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.letters import letter
from hakam.enforcement.outbox import enqueue
from hakam.intake import crowds, letters, notice_clocks
from hakam.intake.logged import Logged
from hakam.intake.models import Crowd, Notice, NoticeItem
from hakam.intake.notices import DECISION_CLOCK
from hakam.review import outcomes
from hakam.review.outcomes import Told
from hakam.review.states import Outcome
from hakam.storage.event_log import EventLog
from hakam.vocabulary.actor import SYSTEM

PAGE: Final = 200  # notifiers told in one transaction
MOST_WAITING: Final = 2_000  # letters in the outbox beyond which a crowd waits
_NUMBERS: Final = slice(9, None)  # of `decision:7`


def answer(told: Told, *, now: datetime) -> int:
    """Answer the crowds that a decision concerns, each once, and return how many notices that answered."""
    refs = [int(ref[6:]) for ref in told.notices if ref.startswith("crowd:")]
    done = 0
    if not refs:
        return 0
    with transaction.atomic():
        ledger.lock()
        for crowd in Crowd.objects.select_for_update().filter(pk__in=refs).order_by("pk"):
            if int(crowd.decision[_NUMBERS] or 0) < int(told.decision[_NUMBERS]):
                _answer(crowd, told, now=now)
                done += crowd.count
    return done


def _answer(crowd: Crowd, told: Told, *, now: datetime) -> None:
    again = crowd.answered_at is not None
    crowd.decision, crowd.upheld = told.decision, told.outcome is not Outcome.NO_VIOLATION
    crowd.answered_at, crowd.told_to, crowd.telling = now, 0, True
    crowd.save(update_fields=["decision", "upheld", "answered_at", "told_to", "telling"])
    crowd.spans.update(open=False)  # whoever reports it from now on reports what was decided
    NoticeItem.objects.filter(crowd=crowd).update(
        decision=crowd.decision, upheld=crowd.upheld, answered_at=crowd.answered_at
    )
    subject = crowds.subject_of(crowd)
    deadlines.meet(DECISION_CLOCK, subject=subject, by=SYSTEM, now=now)
    notice_clocks.meet(subject=subject, by=SYSTEM, now=now)
    for kind, count in sorted(crowd.kinds.items()):
        received = facts_of(f"{subject}:{kind}", FactKind.NOTICE_RECEIVED)
        ledger.record(
            FactKind.NOTICE_ANSWERED,
            by=SYSTEM,
            now=now,
            subject=f"{subject}:{kind}",
            about=(subject, told.decision),
            body={
                "platform": crowd.platform,
                "item": subject,
                "decision": told.decision,
                "outcome": told.outcome,
                "count": count,
                "waited": [
                    [round((now - fact.at).total_seconds(), 3), int(ledger.body_of(fact)["count"])]
                    for fact in received
                ],
                "again": again,
            },
        )


def tell_due(log: EventLog, *, now: datetime, limit: int = PAGE) -> int:
    """Put the next letters of crowds into the outbox and return how many notifiers that told."""
    if not Crowd.objects.filter(telling=True).exists():
        return 0
    if waiting(Channel.EMAIL, most=MOST_WAITING) >= MOST_WAITING:
        return 0
    for crowd in Crowd.objects.filter(telling=True).order_by("pk"):
        did = _tell(crowd, log, now=now, limit=limit)
        if did:
            return did
    return 0


def _tell(crowd: Crowd, log: EventLog, *, now: datetime, limit: int) -> int:
    told = outcomes.of_decision(crowd.decision) if crowd.decision else None
    receipts = list(islice(crowds.notices_of(crowd, log, after=crowd.receipted_to), limit))
    answers = (
        list(islice(crowds.notices_of(crowd, log, after=crowd.told_to), limit))
        if told is not None and not receipts
        else []
    )
    with transaction.atomic():
        crowd = Crowd.objects.select_for_update().get(pk=crowd.pk)
        if receipts:
            for one in receipts:
                _receipt(one, now=now)
            crowd.receipted_to = receipts[-1].seq
        elif answers and told is not None and told.decision == crowd.decision:
            for one in answers:
                if one.ref not in told.heard_otherwise:
                    _outcome(one, crowd, told, now=now)
            _to_platforms(answers, crowd, told, now=now)
            crowd.told_to = answers[-1].seq
        else:
            crowd.telling = False  # until more come, or a decision
        crowd.save(update_fields=["receipted_to", "told_to", "telling"])
    return len(receipts) + len(answers)


def as_notice(found: Logged) -> Notice:
    """Return a notice of the log as a value for whoever words a letter; it is not saved."""
    s = found.submission
    return Notice(
        pk=found.notice.id,
        token=found.notice.token,
        platform=s.platform,
        harm=s.harm,
        email=s.email,
        language=s.language,
    )


def _by_mail(found: Logged, words: letters.Words, kind: EffectKind, *, key: str, now: datetime) -> None:
    s = found.submission
    enqueue(
        now=now,
        key=f"notice:{found.notice.id}:{key}:{Channel.EMAIL}",
        platform=s.platform,
        channel=Channel.EMAIL,
        kind=kind,
        payload=letter(
            to=s.email.strip().lower(),
            language=s.language,
            subject=words.subject,
            paragraphs=list(words.paragraphs),
            links=((words.link, f"/n/{found.notice.token}"),),
        ),
        stream=f"notice:{found.notice.id}#email",
    )


def _receipt(found: Logged, *, now: datetime) -> None:
    # DSA Art. 16(4): the door's answer confirmed it at once; whoever gave an address gets it there too
    if found.submission.email:
        words = letters.receipt(as_notice(found), 1)
        _by_mail(found, words, EffectKind.NOTICE_RECEIPT, key="receipt", now=now)


def _words(found: Logged, crowd: Crowd, told: Told) -> letters.Words:
    url = found.submission.urls[0] if found.submission.urls else ""
    item = NoticeItem(ref=found.ref, url=url, item_kind=crowd.item_kind, item_id=crowd.item_id)
    return letters.outcome(
        as_notice(found),
        item,
        result=told.outcome,
        reasons=told.reasons,
        measures=told.measures,
        bodies=has_certified_bodies(crowd.platform, localdate()),
    )


def _outcome(found: Logged, crowd: Crowd, told: Told, *, now: datetime) -> None:
    if found.submission.email:
        words = _words(found, crowd, told)
        _by_mail(found, words, EffectKind.NOTICE_OUTCOME, key=f"0:{told.decision}", now=now)


def _to_platforms(answers: Sequence[Logged], crowd: Crowd, told: Told, *, now: datetime) -> None:
    """Tell the platform that handed them in, in one message for each language: it knows the people."""
    by_language: dict[str, list[Logged]] = {}
    for one in answers:
        if one.notice.by and one.ref not in told.heard_otherwise:
            by_language.setdefault(one.submission.language, []).append(one)
    for language, ones in sorted(by_language.items()):
        words = _words(ones[0], crowd, told)
        payload: dict[str, Any] = {
            "notices": [
                {
                    "notice": one.notice.id,
                    "id": one.notice.key,
                    "notifier": {"id": one.submission.notifier} if one.submission.notifier else None,
                    "links": {"notice": f"/n/{one.notice.token}"},
                }
                for one in ones
            ],
            "language": language,
            "subject": words.subject,
            "text": "\n\n".join(words.paragraphs),
            "item": {
                "platform": crowd.platform,
                "kind": crowd.item_kind,
                "id": crowd.item_id,
                "url": crowd.url,
            },
            "decision": told.decision,
            "outcome": told.outcome,
            "measures": msgspec.to_builtins(list(told.measures)),
        }
        enqueue(
            now=now,
            key=f"crowd:{crowd.pk}:{ones[0].seq}:{language}:{told.decision}:{Channel.PLATFORM}"[:200],
            platform=crowd.platform,
            channel=Channel.PLATFORM,
            kind=EffectKind.NOTICE_OUTCOME,
            payload=payload,
            stream=f"crowd:{crowd.pk}#platform",
        )

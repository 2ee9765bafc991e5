"""What a person does with a question of the audience: choose it, set it aside, take it apart, call it a breach."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.live.audience.states import MoveError, QuestionState, after
from hakam.live.audience.taking import recount
from hakam.live.models import Asking, AudienceQuestion
from hakam.live.steps import QUEUE
from hakam.review import evidence
from hakam.review.cases import Source, open_case
from hakam.review.models import Case
from hakam.review.priority import Inputs
from hakam.review.states import SourceKind
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.storage.event_log import EventLog
from hakam.storage.vault import Vault
from hakam.vocabulary.event import ContentKind, ItemRef

MOST_NEXT: Final = 20  # chosen at once; a host who has more reads none


def subject_of(question: AudienceQuestion) -> str:
    """Return a question's name in the ledger."""
    return f"question:{question.pk}"


def move(question_id: int, to: QuestionState, *, by: User, now: datetime) -> AudienceQuestion:
    """Move a question to where it belongs. Raises `MoveError` and `PermissionError`."""
    if not by.may(Permission.LIVE_ACT):
        raise PermissionError(f"`{by.actor}` may not choose questions")
    with transaction.atomic():
        ledger.lock()
        question = AudienceQuestion.objects.select_for_update().filter(pk=question_id).first()
        if question is None or not question.accounts:
            raise MoveError(_("There is no such question any more."))
        before = QuestionState(question.state)
        try:
            question.state = after(before, to)
        except MoveError:
            raise MoveError(_("Somebody was faster: look at where the question is now.")) from None
        if to is QuestionState.NEXT and _next(question) >= MOST_NEXT:
            raise MoveError(_("As many are chosen as a host can see. Mark some as answered first."))
        question.moved_at, question.moved_by = now, str(by.actor)
        question.save(update_fields=["state", "moved_at", "moved_by"])
        ledger.record(
            FactKind.LIVE_QUESTION_MOVED,
            by=by.actor,
            now=now,
            subject=subject_of(question),
            body={"event": question.event, "from": before, "to": to, "accounts": question.accounts},
        )
    return question


def _next(question: AudienceQuestion) -> int:
    return AudienceQuestion.objects.filter(
        platform=question.platform, event=question.event, state=QuestionState.NEXT, accounts__gt=0
    ).count()


def take_apart(asking_id: int, *, by: User, now: datetime) -> AudienceQuestion:
    """Make one wording, with all who use the very same, a question of its own.

    Raises `MoveError` and `PermissionError`.
    """
    if not by.may(Permission.LIVE_ACT):
        raise PermissionError(f"`{by.actor}` may not choose questions")
    with transaction.atomic():
        ledger.lock()
        asking = Asking.objects.select_related("question").filter(pk=asking_id).first()
        if asking is None:
            raise MoveError(_("There is no such question any more."))
        old = AudienceQuestion.objects.select_for_update().get(pk=asking.question_id)
        same = old.askings.filter(text=asking.text)
        if old.askings.count() == same.count():
            raise MoveError(_("All ask it in the same words: there is nothing to take apart."))
        new = AudienceQuestion.objects.create(
            platform=old.platform, event=old.event, language=old.language, text=asking.text,
            account=asking.account, state=QuestionState.PENDING, first_at=asking.at, newest_at=asking.at,
        )  # fmt: skip
        same.update(question=new)
        recount({old.pk, new.pk})
        ledger.record(
            FactKind.LIVE_QUESTION_APART,
            by=by.actor,
            now=now,
            subject=subject_of(new),
            about=(subject_of(old),),
            body={"event": new.event},
        )
    new.refresh_from_db()
    return new


def refer(question_id: int, *, by: User, now: datetime, log: EventLog, vault: Vault) -> Case:
    """Open a case on a question that seems to break a rule, and set it aside: decided there, with its statement.

    Raises `MoveError` and `PermissionError`.
    """
    if not (by.may(Permission.LIVE_ACT) and by.may(Permission.CASE_DECIDE)):
        raise PermissionError(f"`{by.actor}` may not open cases")
    asking = Asking.objects.filter(question=question_id, refused=False).order_by("pk").first()
    if asking is None:
        raise MoveError(_("There is no such question any more."))
    records = log.read(asking.seq - 1, 1)
    raw = records[0].raw if records and records[0].seq == asking.seq else None
    snapshot = None if raw is None else evidence.freeze(vault, raw)
    with transaction.atomic():
        ledger.lock()
        case = open_case(
            by=by.actor,
            now=now,
            item=ItemRef(asking.platform, ContentKind.LIVE_CHAT.value, asking.item_id),
            source=Source(
                kind=SourceKind.STAFF,
                ref=f"question:{question_id}/{asking.pk}",
                summary={"note": ""},
                inputs=Inputs(live=True),
                queue=QUEUE,
            ),
            snapshot=snapshot,
            event=None if raw is None else evidence.read_event(raw),
            author_id=asking.account,
        )
        question = AudienceQuestion.objects.select_for_update().get(pk=question_id)
        if question.state != QuestionState.ASIDE:
            before, question.state = question.state, QuestionState.ASIDE
            question.moved_at, question.moved_by = now, str(by.actor)
            question.save(update_fields=["state", "moved_at", "moved_by"])
            ledger.record(
                FactKind.LIVE_QUESTION_MOVED,
                by=by.actor,
                now=now,
                subject=subject_of(question),
                about=(f"case:{case.pk}",),
                body={
                    "event": question.event, "from": before, "to": QuestionState.ASIDE,
                    "accounts": question.accounts,
                },
            )  # fmt: skip
    return case

"""Complaining about a decision: as a notifier, by the link to a notice; as the affected person, by the statement's.

Somebody whose complaints are suspended for misuse (DSA Art. 23(2)) is answered so, and the complaint is kept.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance import ledger, statements
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.intake import crowds, misuse
from hakam.intake.misuse import MisuseKind
from hakam.intake.models import HeldComplaint, NoticeItem, Suspension
from hakam.intake.notices import by_token
from hakam.review import complaints
from hakam.review.complaints import ComplaintError, NothingToContestError, complain_as_notifier
from hakam.review.lineage import decision_named
from hakam.review.models import Complaint
from hakam.storage.event_log import EventLog
from hakam.vocabulary.actor import Actor, ActorKind


class SuspendedError(ComplaintError):
    """The complaint is kept and not processed. `token` leads to the page that says why, and hears objections."""

    def __init__(self, suspension: Suspension) -> None:
        self.token, self.until = suspension.conduct.token, suspension.ends
        super().__init__(
            f"complaints of this person are kept, but not processed until {self.until.isoformat()}"
        )


def complain(
    *,
    token: str,
    position: int = 0,
    text: str,
    now: datetime,
    email: str = "",
    language: str = "",
    answer_within: timedelta | None = None,
    notices: EventLog | None = None,
) -> Complaint:
    """Complain about the decision on item `position` of the notice behind `token` (DSA Art. 20(1)).

    The answer goes to `email`, in `language`; by default to where, and as, the notice asked for its own. `notices` is
    the log of notices, which knows those of crowds.

    Raises `NothingToContestError` for a wrong link and for what is not yet answered, `SuspendedError`, else as
    `review.complaints`.
    """
    notice = by_token(token)
    if notice is None and notices is not None:  # one of a crowd: it becomes one of its own
        notice = crowds.individual(token, notices, now=now)
    item = None if notice is None else NoticeItem.objects.filter(ref=f"notice:{notice.pk}:{position}").first()
    decision = decision_named(item.decision) if item is not None else None
    if notice is None or item is None or decision is None or item.answered_at is None:
        raise NothingToContestError(_("no decision answers this notice yet"))
    stopped = misuse.in_force(
        MisuseKind.COMPLAINTS,
        platform=notice.platform,
        account=notice.notifier,
        email=notice.email or email,
        now=now,
        harm=notice.harm,
    )
    if stopped is not None:
        _hold(
            stopped, HeldComplaint(notice_token=token, position=position), item.decision, text=text, email=email,
            language=language, now=now,
        )  # fmt: skip
    return complain_as_notifier(
        decision.pk,
        notice=item.ref,
        informed_at=item.answered_at,
        text=text,
        now=now,
        email=email or notice.email,
        language=language or notice.language,
        answer_within=answer_within,
    )


def complain_as_affected(
    *,
    statement_token: str,
    text: str,
    now: datetime,
    email: str = "",
    language: str = "",
    answer_within: timedelta | None = None,
) -> Complaint:
    """Complain about the decision behind a statement of reasons (DSA Art. 20(1)).

    Raises `SuspendedError`, else as `review.complaints.complain`.
    """
    statement = statements.by_token(statement_token) if statement_token else None
    stopped = None
    if statement is not None:
        stopped = misuse.in_force(
            MisuseKind.COMPLAINTS,
            platform=statement.platform,
            account=statement.recipient,
            email=email,
            now=now,
        )
    if statement is not None and stopped is not None and statement.decision != stopped.decision:
        _hold(
            stopped, HeldComplaint(statement_token=statement_token), statement.decision, text=text, email=email,
            language=language, now=now,
        )  # fmt: skip
    return complaints.complain(
        statement_token=statement_token,
        text=text,
        now=now,
        email=email,
        language=language,
        answer_within=answer_within,
    )


def _hold(
    suspension: Suspension,
    held: HeldComplaint,
    decision: str,
    *,
    text: str,
    email: str,
    language: str,
    now: datetime,
) -> None:
    """Keep a complaint and say so. Raises `SuspendedError`, always, and `ComplaintError` for what says nothing."""
    text = storable(text).strip()[: complaints.MAX_TEXT]
    if not text:
        raise ComplaintError(_("say why the decision is wrong"))
    with transaction.atomic():
        same = HeldComplaint.objects.filter(
            suspension=suspension,
            statement_token=held.statement_token,
            notice_token=held.notice_token,
            position=held.position,
        )
        if not same.exists():
            held.suspension, held.text, held.received_at = suspension, text, now
            held.email, held.language = email, language
            held.save(force_insert=True)
            ledger.record(
                FactKind.COMPLAINT_HELD,
                by=Actor(ActorKind.AFFECTED, f"misuse/{suspension.conduct.pk}"),
                now=now,
                subject=misuse.subject_of(suspension.conduct),
                about=(decision,),
                body={"platform": suspension.conduct.platform, "until": suspension.ends},
                private={"text": text, "email": email},
            )
    raise SuspendedError(suspension)

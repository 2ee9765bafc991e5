"""Complaints (DSA Art. 20): anybody whom a decision concerns objects, and somebody else decides again."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.timezone import get_default_timezone, localdate
from django.utils.translation import gettext as _

from hakam.compliance import deadlines, ledger, statements
from hakam.compliance.calendar import last_day
from hakam.compliance.direction import settled
from hakam.compliance.facts import FactKind
from hakam.compliance.profile import has_certified_bodies
from hakam.compliance.storable import storable
from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.letters import letter
from hakam.enforcement.outbox import enqueue
from hakam.review import clauses, letters
from hakam.review.concluding import locked_as_of
from hakam.review.decisions import replace
from hakam.review.leases import user_id
from hakam.review.lineage import chain, deciders, decision_named, item_decided, name_of, standing
from hakam.review.models import Complaint, Decision
from hakam.review.states import (
    ComplaintEvent,
    ComplaintState,
    DecisionState,
    Outcome,
    complaint_after,
)
from hakam.review.ties import outlast_ties
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.harm import TERRORIST
from hakam.vocabulary.measure import Measure
from hakam.vocabulary.reasons import Ground

ANSWER_CLOCK: Final = "complaint.answer"
TERROR_CLOCK: Final = "tco.complaint"  # TCO Art. 10(2): two weeks, whatever the house wants of itself
MAX_TEXT: Final = 20_000  # characters
AFFECTED: Final = "affected"
NOTIFIER: Final = "notifier"


class ComplaintError(ValueError):
    """The complaint can't be taken, or decided, as asked. Nothing was changed."""


class NothingToContestError(ComplaintError):
    """There is no such decision, or it was undone before anybody heard of it."""


class WindowClosedError(ComplaintError):
    """The six months are over. `since` says when they ended."""

    def __init__(self, since: datetime) -> None:
        self.since = since
        super().__init__(
            _("complaints about this decision were possible until %(day)s")
            % {"day": f"{last_day(since, get_default_timezone()):%Y-%m-%d}"}
        )


class AlreadyComplainedError(ComplaintError):
    """This person's complaint about this decision is open, or was answered. `token` leads to it."""

    def __init__(self, complaint: Complaint) -> None:
        self.token, self.state = complaint.token, complaint.state
        super().__init__(_("there is a complaint of this person about the decision"))


class SamePersonError(ComplaintError):
    """Who took part in the decision can't decide the complaint about it."""


class MachineError(ComplaintError):
    """A complaint is decided by a person, never solely by automated means (DSA Art. 20(6))."""


def subject_of(complaint: Complaint) -> str:
    """Return a complaint's name in the ledger."""
    return f"complaint:{complaint.pk}"


def path_of(complaint: Complaint) -> str:
    """Return the address of the public page that shows how far it is, from the root of the site."""
    return f"/c/{complaint.token}"


def by_token(token: str) -> Complaint | None:
    """Return the complaint behind a public link, or None."""
    return Complaint.objects.select_related("decision").filter(token=token).first() if token else None


@outlast_ties
def complain(
    *,
    statement_token: str,
    text: str,
    now: datetime,
    email: str = "",
    language: str = "",
    answer_within: timedelta | None = None,
) -> Complaint:
    """Take the complaint of the affected person, who holds the link to the statement of reasons.

    Raises `NothingToContestError`, `WindowClosedError`, `AlreadyComplainedError`, `ComplaintError`.
    """
    statement = statements.by_token(statement_token) if statement_token else None
    decision = decision_named(statement.decision) if statement is not None else None
    if statement is None or decision is None or statement.withdrawn_at is not None:
        raise NothingToContestError(_("no decision in force lies behind this link"))
    if now >= statement.complain_until:
        raise WindowClosedError(statement.complain_until)
    return _take(
        decision,
        complainant=AFFECTED,
        by=Actor(ActorKind.AFFECTED, str(statement.pk)),
        text=text,
        now=now,
        email=email,
        language=language or statement.language,
        statement_token=statement_token,
        answer_within=answer_within,
    )


@outlast_ties
def complain_as_notifier(
    decision_id: int,
    *,
    notice: str,
    informed_at: datetime,
    text: str,
    now: datetime,
    email: str = "",
    language: str = "en",
    answer_within: timedelta | None = None,
) -> Complaint:
    """Take the complaint of somebody whose notice a decision answered (DSA Art.

    20(1): notifiers included).

    `notice` names the notice (`notice:<uuid>:<n>`), `informed_at` is when its outcome was told. Raises as
    `complain`.
    """
    decision = Decision.objects.filter(pk=decision_id).first()
    if decision is None or not notice:
        raise NothingToContestError(_("no decision answers this notice"))
    until = statements.complaints_until(informed_at)
    if now >= until:
        raise WindowClosedError(until)
    return _take(
        decision,
        complainant=NOTIFIER,
        by=Actor(ActorKind.NOTIFIER, notice),
        text=text,
        now=now,
        email=email,
        language=language,
        notice=notice,
        answer_within=answer_within,
    )


def _take(
    decision: Decision,
    *,
    complainant: str,
    by: Actor,
    text: str,
    now: datetime,
    email: str,
    language: str,
    statement_token: str = "",
    notice: str = "",
    answer_within: timedelta | None,
) -> Complaint:
    text = storable(text).strip()
    if not text:
        raise ComplaintError(_("say why the decision is wrong"))
    if len(text) > MAX_TEXT:
        raise ComplaintError(
            _("the complaint has %(text)s characters, but at most %(max_text)s are read")
            % {"text": len(text), "max_text": MAX_TEXT}
        )
    with transaction.atomic():
        decision = locked_as_of(decision.pk, now)
    if decision.state in {DecisionState.UNDONE, DecisionState.PENDING}:
        raise NothingToContestError(_("no decision in force lies behind this link"))
    person = Complaint.objects.filter(decision__in=chain(decision), complainant=complainant, notice=notice)
    try:
        with transaction.atomic():
            Decision.objects.select_for_update(of=("self",)).get(pk=decision.pk)
            earlier = person.filter(decision=decision).order_by("-received_at").first()
            earlier = earlier or person.filter(state=ComplaintState.OPEN).first()
            if earlier is not None:
                raise AlreadyComplainedError(earlier)
            complaint = Complaint(
                token=secrets.token_urlsafe(24),
                decision=decision,
                complainant=complainant,
                statement_token=statement_token,
                notice=notice,
                text=text,
                email=email,
                language=language or "en",
                state=ComplaintState.OPEN,
                received_at=now,
                due_at=now,
            )
            deadline = deadlines.start(
                ANSWER_CLOCK,
                subject=subject_of(complaint),
                by=by,
                now=now,
                length=answer_within,
                about=(name_of(decision),),
            )
            complaint.due_at = min((deadline.due_at, *_by_law(complaint, by=by, now=now)))
            complaint.save(force_insert=True)
            ledger.record(
                FactKind.COMPLAINT_RECEIVED,
                by=by,
                now=now,
                subject=subject_of(complaint),
                about=_about(complaint),
                body={
                    "platform": complaint.decision.platform,
                    "decision": name_of(complaint.decision),
                    "notice": complaint.notice,
                    "complainant": complainant,
                    "language": complaint.language,
                    "due_at": complaint.due_at,
                },
                private={"text": text, "email": email},
            )
            _tell(complaint, EffectKind.COMPLAINT_RECEIPT, now=now)
    except IntegrityError:  # the same person, in the same instant
        raise AlreadyComplainedError(person.order_by("-received_at")[0]) from None
    return complaint


def _by_law(complaint: Complaint, *, by: Actor, now: datetime) -> tuple[datetime, ...]:
    """Start the clock that the law itself sets for some complaints; return when it runs out.

    # TCO Art. 10(1), TCO Art. 10(2): whoever posted what was removed as terrorist content hears within two weeks.
    """
    clause = clauses.find(complaint.decision.clause)
    if complaint.complainant != AFFECTED or clause is None or clause.harm not in TERRORIST:
        return ()
    about = (name_of(complaint.decision),)
    return (deadlines.start(TERROR_CLOCK, subject=subject_of(complaint), by=by, now=now, about=about).due_at,)


def _about(complaint: Complaint) -> tuple[str, ...]:
    decision = complaint.decision
    names = [name_of(decision), f"item:{item_decided(decision)}"]
    if decision.case_id:
        names.append(f"case:{decision.case_id}")
    if complaint.notice:
        names.append(complaint.notice)
    if complaint.new_decision_id:
        names.append(f"decision:{complaint.new_decision_id}")
    return tuple(names)


def _tell(complaint: Complaint, kind: EffectKind, *, now: datetime) -> None:
    """Tell the complainant and nobody else: through the platform, and by e-mail if there is an address."""
    if kind is EffectKind.COMPLAINT_RECEIPT:
        words = letters.receipt(complaint)
    else:
        bodies = has_certified_bodies(complaint.decision.platform, localdate(now))
        words = letters.outcome(complaint, bodies=bodies)
    stream = f"complaint:{complaint.pk}"
    enqueue(
        now=now,
        key=f"{stream}:{kind}:platform",
        platform=complaint.decision.platform,
        channel=Channel.PLATFORM,
        kind=kind,
        payload={
            "complaint": str(complaint.pk),
            "complainant": complaint.complainant,
            "recipient": complaint.decision.author_id if complaint.complainant == AFFECTED else None,
            "notice": complaint.notice or None,
            "decision": name_of(complaint.decision),
            "state": complaint.state,
            "answer": complaint.answer or None,
            "new_decision": f"decision:{complaint.new_decision_id}" if complaint.new_decision_id else None,
            "language": complaint.language,
            "subject": words.subject,
            "text": words.text,
            "links": {"complaint": path_of(complaint)},
        },
        stream=f"{stream}#platform",
    )
    if complaint.email:
        enqueue(
            now=now,
            key=f"{stream}:{kind}:email",
            platform=complaint.decision.platform,
            channel=Channel.EMAIL,
            kind=kind,
            payload=letter(
                to=complaint.email,
                language=complaint.language,
                subject=words.subject,
                paragraphs=list(words.paragraphs),
                links=((words.link, path_of(complaint)),),
            ),
            stream=f"{stream}#email",
        )


def may_decide(complaint: Complaint, by: Actor) -> bool:
    """Whether `by` is a person who took no part in what is contested."""
    return by.kind is ActorKind.STAFF and str(by) not in deciders(complaint.decision)


@outlast_ties
def decide_complaint(
    complaint_id: str,
    *,
    by: Actor,
    now: datetime,
    uphold: bool,
    answer: str,
    clause: str = "",
    measures: Sequence[Measure] = (),
    facts: str = "",
    grounds: Sequence[Ground] = (),
    illegal: bool = False,
    note: str = "",
    seconded_by: Actor | None = None,
) -> Complaint:
    """Decide a complaint, as a person other than everybody who took part in what is contested.

    Upheld for the affected person, the restriction is reversed; upheld for a notifier, `clause`, `measures`
    and `facts` say what is done instead. `answer` reaches the complainant, with the ways that remain (Art.
    20(5)). A decision that a colleague has replaced in the meantime so that the complainant is right already
    stays as it is.

    Raises `MachineError`, `SamePersonError`, `TransitionError`, `ComplaintError`, and what `replace` raises.
    """
    if by.kind is not ActorKind.STAFF:
        raise MachineError(_("`%(by)s` can't decide a complaint; it takes a member of staff") % {"by": by})
    user_id(by)
    answer = settled(storable(answer)).strip()
    if not answer:
        raise ComplaintError(_("say why; the complainant is told"))
    with transaction.atomic():
        complaint = Complaint.objects.select_for_update(of=("self",)).filter(pk=complaint_id).first()
        if complaint is None:
            raise ComplaintError(_("there is no such complaint"))
        complaint.state = complaint_after(
            ComplaintState(complaint.state), ComplaintEvent.UPHOLD if uphold else ComplaintEvent.DENY
        )
        if not may_decide(complaint, by):
            raise SamePersonError(_("who took part in the decision can't decide the complaint about it"))
        if seconded_by is not None and str(seconded_by) in deciders(complaint.decision):
            raise SamePersonError(_("the second person took part in the decision"))
        contested = standing(complaint.decision)
        if contested.stands_on is not None:  # what it only confirmed is what is wrong
            contested = standing(contested.stands_on)
        wanted = Outcome.NO_VIOLATION if complaint.complainant == AFFECTED else Outcome.VIOLATION
        if uphold and (contested.outcome != wanted or measures):
            complaint.new_decision = replace(
                contested.pk,
                by=by,
                now=now,
                outcome=wanted,
                because=answer,
                clause=clause,
                measures=measures,
                facts=facts,
                grounds=grounds,
                illegal=illegal,
                note=note,
                seconded_by=seconded_by,
            )
        complaint.decided_by, complaint.decided_at, complaint.answer = str(by), now, answer
        complaint.save()
        for clock in (ANSWER_CLOCK, TERROR_CLOCK):
            deadlines.meet(clock, subject=subject_of(complaint), by=by, now=now)
        _tell(complaint, EffectKind.COMPLAINT_OUTCOME, now=now)
        ledger.record(
            FactKind.COMPLAINT_DECIDED,
            by=by,
            now=now,
            subject=subject_of(complaint),
            about=_about(complaint),
            body={
                "platform": complaint.decision.platform,
                "state": complaint.state,
                "new_decision": complaint.new_decision_id,
            },
            private={"answer": answer},
        )
    return complaint

"""What is held while somebody is suspended (DSA Art. 23(2)): complaints are kept, objections heard, all taken up again.

Notices are held by `notices.receive_notice` itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance import deadlines, ledger
from hakam.compliance.direction import settled
from hakam.compliance.facts import FactKind
from hakam.compliance.statements import complaints_until
from hakam.compliance.storable import storable
from hakam.enforcement.kinds import EffectKind
from hakam.intake import misuse, misuse_letters, objections
from hakam.intake.misuse import MisuseError, MisuseKind
from hakam.intake.models import Conduct, HeldComplaint, Notice, Suspension
from hakam.intake.notices import take_up
from hakam.review.complaints import ANSWER_CLOCK, ComplaintError, WindowClosedError, complain
from hakam.storage.event_log import EventLog
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import Actor, ActorKind

MAX_TEXT: Final = 20_000


def subject_of(suspension: Suspension) -> str:
    """Return a suspension's name in the ledger."""
    return f"suspension:{suspension.pk}"


def by_token(token: str) -> Conduct | None:
    """Return the record behind a public link /m/<token>, or None."""
    return Conduct.objects.filter(token=token).first() if token else None


def object_to(token: str, *, text: str, now: datetime, answer_within: timedelta | None = None) -> Suspension:
    """Take the objection of somebody whose notices or complaints are suspended (DSA Art. 20(1)(b)).

    It is one a suspension, within six months; an account objects through its statement.
    Raises `MisuseError`.
    """
    text = settled(storable(text)).strip()
    if not text:
        raise MisuseError(_("say why the suspension is wrong"))
    if len(text) > MAX_TEXT:
        raise MisuseError(
            _("%(text)s characters, but at most %(max_text)s are read")
            % {"text": len(text), "max_text": MAX_TEXT}
        )
    with transaction.atomic():
        ledger.lock()
        made = (
            Suspension.objects.select_for_update(of=("self",))
            .filter(conduct__token=token)
            .exclude(conduct__kind=MisuseKind.ILLEGAL_CONTENT)
            .select_related("conduct")
            .order_by("-begins")
            .first()
        )
        if made is None:
            raise MisuseError(_("there is no suspension to object to"))
        if made.objected_at is not None:
            raise MisuseError(_("an objection was made"))
        if now >= complaints_until(made.begins):
            raise MisuseError(_("the six months are over"))
        by = Actor(ActorKind.AFFECTED, f"misuse/{made.conduct.pk}")
        made.objection, made.objected_at = text, now
        made.save(update_fields=["objection", "objected_at"])
        deadlines.start(
            ANSWER_CLOCK, subject=subject_of(made), by=by, now=now, length=answer_within,
            about=(misuse.subject_of(made.conduct),),
        )  # fmt: skip
        ledger.record(
            FactKind.COMPLAINT_RECEIVED,
            by=by,
            now=now,
            subject=subject_of(made),
            about=(misuse.subject_of(made.conduct),),
            body={
                "platform": made.conduct.platform,
                "decision": "",
                "notice": "",
                "complainant": "affected",
                "against": "service",
                "language": made.conduct.language,
            },
            private={"text": text},
        )
    return made


def decide_objection(
    suspension_id: int,
    *,
    uphold: bool,
    answer: str,
    vault: Vault,
    by: Actor,
    now: datetime,
    log: EventLog | None = None,
) -> Suspension:
    """Decide an objection, as a member of staff who did not impose the suspension (DSA Art. 20(6)).

    Upheld, the suspension is lifted and what was held is processed. Raises `MisuseError`.
    """
    answer = settled(storable(answer)).strip()
    if by.kind is not ActorKind.STAFF:
        raise MisuseError(_("a person decides an objection"))
    if not answer:
        raise MisuseError(_("say why; the person is told"))
    with transaction.atomic():
        ledger.lock()
        made = (
            Suspension.objects.select_for_update(of=("self",))
            .select_related("conduct")
            .filter(pk=suspension_id)
            .first()
        )
        if made is None or made.objected_at is None or made.answered_at is not None:
            raise MisuseError(_("no objection waits"))
        if str(by) in {made.by, made.conduct.warned_by}:
            raise MisuseError(_("somebody else must decide: you imposed it"))
        made.answer, made.answered_at, made.upheld = answer, now, uphold
        made.save(update_fields=["answer", "answered_at", "upheld"])
        deadlines.meet(ANSWER_CLOCK, subject=subject_of(made), by=by, now=now)
        ledger.record(
            FactKind.COMPLAINT_DECIDED,
            by=by,
            now=now,
            subject=subject_of(made),
            about=(misuse.subject_of(made.conduct),),
            body={
                "platform": made.conduct.platform,
                "state": "upheld" if uphold else "denied",
                "new_decision": None,
            },
            private={"answer": answer},
        )
        misuse_letters.tell(
            made.conduct, EffectKind.COMPLAINT_OUTCOME,
            misuse_letters.objected(made.conduct, upheld=uphold, answer=answer), now=now, key=f"objection:{made.pk}",
        )  # fmt: skip
    if uphold and made.ended_at is None:
        made = lift(suspension_id, because=answer, vault=vault, by=by, now=now, log=log)
    elif uphold:  # it ended meanwhile, and should not have been
        _process_held(made, vault=vault, by=by, now=now, log=log)
    return made


def lift(
    suspension_id: int, *, because: str, vault: Vault, by: Actor, now: datetime, log: EventLog | None = None
) -> Suspension:
    """Lift a suspension and process what was held under it. Raises `MisuseError`."""
    made = misuse.lift(suspension_id, because=because, by=by, now=now)
    _process_held(made, vault=vault, by=by, now=now, log=log)
    return made


def _process_held(made: Suspension, *, vault: Vault, by: Actor, now: datetime, log: EventLog | None) -> None:
    for pk in list(Notice.objects.filter(held_by=made).order_by("received_at").values_list("pk", flat=True)):
        take_up(str(pk), vault=vault, by=by, now=now, log=log)
    for held in HeldComplaint.objects.filter(suspension=made, processed_at=None).order_by("pk"):
        _process(held, now=now)


def _process(held: HeldComplaint, *, now: datetime) -> None:
    """Take a complaint that was held, as of the moment when it came if the six months are over since."""
    with transaction.atomic():
        if not HeldComplaint.objects.filter(pk=held.pk, processed_at=None).update(processed_at=now):
            return
        for moment in (now, held.received_at):
            try:
                if held.statement_token:
                    complain(
                        statement_token=held.statement_token, text=held.text, now=moment, email=held.email,
                        language=held.language,
                    )  # fmt: skip
                else:
                    objections.complain(
                        token=held.notice_token, position=held.position, text=held.text, now=moment,
                        email=held.email, language=held.language,
                    )  # fmt: skip
            except WindowClosedError:
                continue
            except ComplaintError:  # it was answered otherwise in the meantime
                return
            return

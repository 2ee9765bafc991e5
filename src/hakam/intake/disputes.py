"""Disputes out of court (DSA Art. 21): bodies, dates, the file that they get, costs, and what became of the outcome.

The recipient chooses a certified body; its outcome does not bind, but is answered for: carried out, or why not. If it
is for the recipient, the platform bears the body's fee and reimburses the recipient (Art. 21(5)).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

import msgspec
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from hakam.compliance import deadlines, ledger
from hakam.compliance.access import statement_of
from hakam.compliance.calendar import add_months
from hakam.compliance.eu_database.codes import EU
from hakam.compliance.facts import FactKind
from hakam.compliance.statement_text import render
from hakam.compliance.storable import storable
from hakam.intake import already
from hakam.intake.models import Dispute, DisputeBody
from hakam.review import evidence
from hakam.review.decisions import DecisionError, replace
from hakam.review.lineage import chain, decision_named, standing
from hakam.review.models import Complaint, Decision
from hakam.review.states import DecisionState, Outcome
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.measure import Measure

FOR_THE_BODY: Final = "dispute.decision"  # Art. 21(4): 90 days, 180 where it is very complex
OUTCOME: Final = "dispute.outcome"
YEARS: Final = 5  # of a certificate, at most


class DisputeState(StrEnum):
    """Where a dispute is."""

    OPEN = "open"
    REFUSED = "refused"  # the same dispute was resolved before, Art. 21(2)
    DECIDED = "decided"
    CLOSED = "closed"  # the outcome was carried out, or it was said why not


class DisputeOutcome(StrEnum):
    """What the body found, seen from the platform's decision, as the yearly report counts it."""

    UPHELD = "upheld"
    PARTLY = "partly"  # partially reversed
    REVERSED = "reversed"
    OMITTED = "omitted"  # withdrawn, or settled without a finding


class DisputeError(ValueError):
    """This can't be done. Nothing was changed."""


def subject_of(dispute: Dispute) -> str:
    """Return a dispute's name in the ledger."""
    return f"dispute:{dispute.pk}"


def register_body(
    *,
    name: str,
    country: str,
    email: str,
    certified_on: date,
    certified_until: date,
    by: Actor,
    now: datetime,
) -> DisputeBody:
    """Enter a certified body, as in the Commission's list (Art. 21(8)). Raises `DisputeError`."""
    try:
        validate_email(email.strip())
    except ValidationError:
        raise DisputeError(_("this is no e-mail address")) from None
    if not name.strip() or country.upper() not in EU:
        raise DisputeError(_("a body has a name and a Member State"))
    if not certified_on < certified_until <= add_months(certified_on, 12 * YEARS):
        raise DisputeError(_("a certificate holds five years at most"))
    try:
        with transaction.atomic():
            ledger.lock()
            made = DisputeBody.objects.create(
                name=name.strip()[:300], country=country.upper(), email=email.strip().lower(),
                certified_on=certified_on, certified_until=certified_until,
            )  # fmt: skip
            ledger.record(
                FactKind.DISPUTE_BODY_REGISTERED,
                by=by,
                now=now,
                subject=f"dispute_body:{made.pk}",
                body={
                    "country": made.country,
                    "certified_on": certified_on,
                    "certified_until": certified_until,
                },
                private={"name": made.name, "email": made.email},
            )
    except IntegrityError:
        raise DisputeError(_("it is registered")) from None
    return made


def renew_body(body_id: int, *, certified_until: date, by: Actor, now: datetime) -> DisputeBody:
    """Note until when a body is certified now: renewed for five years at most, or ended (Art. 21(3)).

    Raises `DisputeError`.
    """
    with transaction.atomic():
        ledger.lock()
        made = DisputeBody.objects.select_for_update().filter(pk=body_id).first()
        if made is None:
            raise DisputeError(_("there is no such body"))
        if (
            not made.certified_on
            < certified_until
            <= add_months(max(made.certified_on, now.date()), 12 * YEARS)
        ):
            raise DisputeError(_("a certificate holds five years at most"))
        before, made.certified_until = made.certified_until, certified_until
        made.save(update_fields=["certified_until"])
        ledger.record(
            FactKind.DISPUTE_BODY_CHANGED,
            by=by,
            now=now,
            subject=f"dispute_body:{made.pk}",
            body={"certified_until": certified_until, "before": before},
        )
    return made


def open_dispute(
    *, body_id: int, decision: str, reference: str, received_at: datetime, by: Actor, now: datetime
) -> Dispute:
    """Note that a certified body has a dispute about a decision. Raises `DisputeError`."""
    body = DisputeBody.objects.filter(pk=body_id).first()
    found = decision_named(decision)
    if body is None:
        raise DisputeError(_("there is no such body"))
    if not body.certified_on <= localdate(received_at) <= body.certified_until:
        raise DisputeError(_("the body was not certified on that day"))
    if found is None or found.state in {DecisionState.PENDING, DecisionState.UNDONE}:
        raise DisputeError(_("there is no such decision"))
    if not reference.strip():
        raise DisputeError(_("the body's reference is needed"))
    if received_at > now:
        raise DisputeError(_("this lies ahead"))
    with transaction.atomic():
        ledger.lock()
        made, fresh = Dispute.objects.get_or_create(
            body=body,
            reference=reference.strip()[:300],
            defaults={
                "platform": found.platform,
                "decision": decision,
                "state": DisputeState.OPEN,
                "received_at": received_at,
            },
        )
        if not fresh:
            raise DisputeError(_("this dispute is on record"))
        deadlines.start(FOR_THE_BODY, subject=subject_of(made), by=by, now=received_at, about=(decision,))
        _record(
            FactKind.DISPUTE_OPENED, made, by=by, now=now, body={"body": body.pk, "received_at": received_at}
        )
    return made


def refuse(dispute_id: str, *, because: str, by: Actor, now: datetime) -> Dispute:
    """Refuse to engage: the same dispute was resolved before (Art. 21(2)). Raises `DisputeError`."""
    because = _said(because, _("name the resolution: court or body, and date"))
    with transaction.atomic():
        made = _locked(dispute_id, DisputeState.OPEN)
        made.state, made.refused_because = DisputeState.REFUSED, because
        made.save(update_fields=["state", "refused_because"])
        deadlines.meet(FOR_THE_BODY, subject=subject_of(made), by=by, now=now)
        _record(FactKind.DISPUTE_REFUSED, made, by=by, now=now, private={"because": because})
    return made


def export(
    dispute_id: str, *, language: str, platform_name: str, vault: Vault, by: Actor, now: datetime
) -> bytes:
    """Return the file of a dispute for the body, as JSON. Every copy is a fact.

    Decisions, statements, complaints, and the content as it was frozen: a body can't judge what it can't read. Not in
    it: who notified the content, and the content of restricted cases (child abuse). Raises `DisputeError`.
    """
    with transaction.atomic():
        made = _locked(dispute_id)
        decision = decision_named(made.decision)
        if decision is None:
            raise DisputeError(_("there is no such decision"))
        file = msgspec.json.format(
            msgspec.json.encode(
                {
                    "dispute": {"reference": made.reference, "body": made.body.name, "received_at": made.received_at},
                    "content": _content(decision, vault),
                    "decisions": [_decision(one, language, platform_name) for one in chain(decision)],
                    "complaints": [
                        {
                            "by": one.complainant, "received_at": one.received_at, "text": one.text,
                            "state": one.state, "decided_at": one.decided_at, "answer": one.answer,
                        }
                        for one in Complaint.objects.filter(decision__in=chain(decision)).order_by("received_at")
                    ],
                }
            )
        )  # fmt: skip
        _record(FactKind.DISPUTE_FILE_EXPORTED, made, by=by, now=now, body={"bytes": len(file)})
    return file


def _content(decision: Decision, vault: Vault) -> list[dict[str, Any]] | None:
    """Return the frozen versions of the item, the oldest first; None where they are closed, or there was no case."""
    case = decision.case
    if case is None or case.restricted:
        return None
    return [
        {
            "digest": one.digest,
            "captured_at": one.captured_at,
            "posted_at": one.event.at if one.event else None,
            "change": one.change,
            "text": one.text,
            "damaged": one.damaged,
        }
        for one in evidence.versions_of(case, vault)
    ]


def _decision(decision: Decision, language: str, platform_name: str) -> dict[str, Any]:
    statement = statement_of(f"decision:{decision.pk}")
    text = render(statement, language, platform_name=platform_name) if statement is not None else None
    return {
        "decision": f"decision:{decision.pk}",
        "item": {"kind": decision.item_kind, "id": decision.item_id, "url": decision.item_url},
        "outcome": decision.outcome,
        "clause": decision.clause,
        "measures": decision.measures,
        "at": decision.at,
        "state": decision.state,
        "statement": msgspec.to_builtins(text) if text is not None else None,
    }


def decide(
    dispute_id: str,
    *,
    outcome: DisputeOutcome,
    text: str,
    by: Actor,
    now: datetime,
    fee: Decimal = Decimal(0),
    reimburse: Decimal = Decimal(0),
) -> Dispute:
    """Note what the body found, and what it costs: fee and reimbursement, in EUR. Raises `DisputeError`.

    # DSA Art. 21(5): for the recipient, the platform bears the fee and reimburses reasonable expenses.
    """
    text = _said(text, _("write down what the body found"))
    if fee < 0 or reimburse < 0:
        raise DisputeError(_("costs are not negative"))
    if reimburse and outcome is DisputeOutcome.UPHELD:
        raise DisputeError(_("expenses are reimbursed when the outcome is for the recipient"))
    with transaction.atomic():
        made = _locked(dispute_id, DisputeState.OPEN)
        made.outcome, made.outcome_text, made.decided_at = outcome.value, text, now
        made.fee, made.reimbursed, made.state = fee, reimburse, DisputeState.DECIDED
        made.save()
        deadlines.meet(FOR_THE_BODY, subject=subject_of(made), by=by, now=now)
        deadlines.start(OUTCOME, subject=subject_of(made), by=by, now=now)
        _record(
            FactKind.DISPUTE_DECIDED, made, by=by, now=now,
            body={"outcome": outcome.value, "fee": str(fee), "reimburse": str(reimburse)}, private={"text": text},
        )  # fmt: skip
    return made


def settle(
    dispute_id: str,
    *,
    by: Actor,
    now: datetime,
    because: str = "",
    reverse: bool = False,
    clause: str = "",
    measures: Sequence[Measure] = (),
) -> Dispute:
    """Answer for the outcome: carried out, with `reverse` by lifting the restriction, or `because` of what not.

    `clause` and `measures` put a milder restriction in the place of the one contested. Raises `DisputeError`.
    """
    because = storable(because).strip()
    with transaction.atomic():
        made = _locked(dispute_id, DisputeState.DECIDED)
        found = decision_named(made.decision)
        contested = standing(found) if found is not None else None
        done = made.outcome in {DisputeOutcome.UPHELD, DisputeOutcome.OMITTED}
        if reverse or measures:
            if contested is None:
                raise DisputeError(_("there is no such decision"))
            try:
                if contested.outcome != Outcome.NO_VIOLATION or measures:
                    replace(
                        contested.pk, by=by, now=now,
                        outcome=Outcome.VIOLATION if measures else Outcome.NO_VIOLATION,
                        because=made.outcome_text, clause=clause, measures=measures,
                        facts=made.outcome_text if measures else "",
                    )  # fmt: skip
            except DecisionError as error:
                raise DisputeError(str(error)) from error
            done = True
        elif not done and contested is not None and contested.outcome == Outcome.NO_VIOLATION:
            done = True  # it was reversed in the meantime
        if not done and not because:
            raise DisputeError(_("carry the outcome out, or say why not"))
        made.state = DisputeState.CLOSED
        made.implemented_at, made.not_implemented = (now, "") if done else (None, because)
        made.save(update_fields=["state", "implemented_at", "not_implemented"])
        deadlines.meet(OUTCOME, subject=subject_of(made), by=by, now=now)
        _record(
            FactKind.DISPUTE_IMPLEMENTED if done else FactKind.DISPUTE_NOT_IMPLEMENTED, made, by=by, now=now,
            body={"outcome": made.outcome}, private={"because": because} if because else None,
        )  # fmt: skip
    return made


def pay(dispute_id: str, *, by: Actor, now: datetime) -> Dispute:
    """Note that the body's fee and the recipient's expenses were paid. Twice is once. Raises `DisputeError`."""
    with transaction.atomic():
        made = _locked(dispute_id)
        if made.decided_at is None or not (made.fee or made.reimbursed):
            raise DisputeError(_("nothing is owed"))
        if made.paid_at is None:
            made.paid_at = now
            made.save(update_fields=["paid_at"])
            _record(
                FactKind.DISPUTE_PAID, made, by=by, now=now,
                body={"fee": str(made.fee), "reimbursed": str(made.reimbursed)},
            )  # fmt: skip
    return made


def _said(text: str, otherwise: str) -> str:
    text = storable(text).strip()
    if not text:
        raise DisputeError(otherwise)
    return text


def _locked(dispute_id: str, state: DisputeState | None = None) -> Dispute:
    ledger.lock()
    made = (
        Dispute.objects.select_for_update(of=("self",)).select_related("body").filter(pk=dispute_id).first()
    )
    if made is None:
        raise DisputeError(_("there is no such dispute"))
    if state is not None and made.state != state:
        raise DisputeError(str(already.DISPUTE[made.state]))
    return made


def _record(
    kind: FactKind,
    dispute: Dispute,
    *,
    by: Actor,
    now: datetime,
    body: dict[str, Any] | None = None,
    private: dict[str, str] | None = None,
) -> None:
    ledger.record(
        kind, by=by, now=now, subject=subject_of(dispute), about=(dispute.decision,),
        body={"platform": dispute.platform, **(body or {})}, private=private,
    )  # fmt: skip

"""What can't be taken back takes two people: one proposes it with reasons, another confirms or refuses.

This is the first person's half, and the ends that need no decision. `confirming` is the second person's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance import ledger
from hakam.compliance.direction import settled
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.review import ladder
from hakam.review.cases import about, item_of
from hakam.review.concluding import DecisionError, check, judged_in
from hakam.review.leases import locked_case, refuse_if_held, user_id
from hakam.review.models import Case, Proposal
from hakam.review.reasoning import reasons_for, source_of
from hakam.review.states import Outcome, ProposalEvent, ProposalState, SourceKind, proposal_after
from hakam.review.ties import outlast_ties
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.measure import Measure
from hakam.vocabulary.reasons import Automation, Reasons

_FACTS = {
    ProposalEvent.CONFIRM: FactKind.PROPOSAL_CONFIRMED,
    ProposalEvent.REFUSE: FactKind.PROPOSAL_REFUSED,
    ProposalEvent.WITHDRAW: FactKind.PROPOSAL_WITHDRAWN,
    ProposalEvent.LAPSE: FactKind.PROPOSAL_LAPSED,
}


class ProposalError(DecisionError):
    """This can't be proposed, or not be done to the proposal. Nothing was changed."""


class OwnProposalError(ProposalError):
    """Who proposed it can't be the second person."""


def subject_of(proposal: Proposal) -> str:
    """Return the name of a proposal in the ledger."""
    return f"proposal:{proposal.pk}"


def reasons_of(case: Case, *, clause: str, facts: str, language: str) -> Reasons:
    """Return the reasons that a decision of `case` by a person would give. Raises `IncompleteReasonsError`."""
    kinds = {SourceKind(kind) for kind in case.sources.values_list("kind", flat=True).distinct()}
    return reasons_for(
        clause=clause,
        facts=facts,
        language=language,
        source=source_of(kinds),
        detected=SourceKind.VERDICT in kinds,
        automation=Automation.NONE,
    )


@outlast_ties
def propose(
    case_id: int,
    *,
    by: Actor,
    now: datetime,
    clause: str,
    measures: Sequence[Measure],
    facts: str,
    note: str = "",
) -> Proposal:
    """Propose measures of which one can't be taken back; the case waits for somebody else.

    It must be fit to be decided as it stands: complete reasons, measures of the clause's ladder. Nothing is planned
    and nobody outside hears of it. Raises `ProposalError`, and what `decide` raises.
    """
    user = user_id(by)
    with transaction.atomic():
        case = locked_case(case_id)
        refuse_if_held(case, user, now)
        if not ladder.irreversible(measures):
            raise ProposalError(_("this takes one person; decide it"))
        if Proposal.objects.filter(case=case, state=ProposalState.OPEN).exists():
            raise ProposalError(_("another proposal on this case waits for a second person"))
        judged = judged_in(case)
        reasons = reasons_of(case, clause=clause, facts=facts, language=judged.language)
        check(judged, by=by, outcome=Outcome.VIOLATION, reasons=reasons, measures=measures, seconded_by=None)
        proposal = Proposal.objects.create(
            case=case,
            clause=clause,
            measures=msgspec.to_builtins(list(measures)),
            facts=reasons.facts,
            note=storable(note),
            content=case.content,
            by=str(by),
            at=now,
            state=ProposalState.OPEN,
        )
        case.lease_by, case.lease_until = None, None
        case.save(update_fields=["lease_by", "lease_until"])
        record(
            FactKind.PROPOSAL_MADE,
            proposal,
            by=by,
            now=now,
            body={"clause": clause, "measures": proposal.measures, "pack": str(reasons.pack)},
            private={"facts": proposal.facts, "note": proposal.note},
        )
    return proposal


@outlast_ties
def refuse(proposal_id: int, *, by: Actor, now: datetime, because: str) -> Proposal:
    """Refuse a proposal, or withdraw one's own; the case is free again. Raises `ProposalError`, `TransitionError`."""
    user_id(by)
    because = settled(storable(because)).strip()
    with transaction.atomic():
        proposal = locked_proposal(proposal_id)
        own = proposal.by == str(by)
        if not own and not because:
            raise ProposalError(_("say why it is refused; whoever proposed it reads that"))
        settle(
            proposal, ProposalEvent.WITHDRAW if own else ProposalEvent.REFUSE, by=by, now=now, because=because
        )
    return proposal


def lapse(case: Case, *, by: Actor, now: datetime) -> None:
    """End what was proposed on a locked case that is decided otherwise, inside the caller's transaction."""
    for proposal in Proposal.objects.select_for_update(of=("self",)).filter(
        case=case, state=ProposalState.OPEN
    ):
        settle(proposal, ProposalEvent.LAPSE, by=by, now=now)


def locked_proposal(proposal_id: int) -> Proposal:
    """Return a proposal and lock it and its case, the case first. Raises `ProposalError`."""
    case = Proposal.objects.filter(pk=proposal_id).values_list("case", flat=True).first()
    if case is None:
        raise ProposalError(_("there is no proposal %(proposal_id)s") % {"proposal_id": proposal_id})
    Case.objects.select_for_update(of=("self",)).get(pk=case)
    return Proposal.objects.select_for_update(of=("self",)).select_related("case").get(pk=proposal_id)


def settle(proposal: Proposal, event: ProposalEvent, *, by: Actor, now: datetime, because: str = "") -> None:
    """Move a locked proposal on, with the fact. Raises `TransitionError` when it was settled before."""
    proposal.state = proposal_after(ProposalState(proposal.state), event)
    proposal.settled_by, proposal.settled_at, proposal.because = str(by), now, because
    proposal.save(update_fields=["state", "settled_by", "settled_at", "because"])
    record(_FACTS[event], proposal, by=by, now=now, private={"because": because} if because else None)


def record(
    kind: FactKind,
    proposal: Proposal,
    *,
    by: Actor,
    now: datetime,
    body: dict[str, object] | None = None,
    private: dict[str, str] | None = None,
) -> None:
    """Write a fact about a proposal, linked to its case, item and account."""
    case = proposal.case
    linked = (f"case:{case.pk}", *about(item_of(case), case.author_id))
    ledger.record(
        kind, by=by, now=now, subject=subject_of(proposal), about=linked, body=body, private=private
    )

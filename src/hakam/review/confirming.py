"""The second person's half: what was proposed becomes a decision that two people answer for."""

from __future__ import annotations

from datetime import datetime

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from hakam.review.decisions import UNDO_SECONDS, decide
from hakam.review.leases import user_id
from hakam.review.models import Decision
from hakam.review.proposing import OwnProposalError, ProposalError, locked_proposal, settle
from hakam.review.states import Outcome, ProposalEvent
from hakam.review.ties import outlast_ties
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.measure import Measure


class ChangedError(ProposalError):
    """The content is another than the one that was judged: it must be looked at again."""


@outlast_ties
def confirm(proposal_id: int, *, by: Actor, now: datetime, undo_seconds: int = UNDO_SECONDS) -> Decision:
    """Confirm somebody else's proposal: the case is decided so, by both.

    `by` takes the decision and can take it back inside the undo window; who proposed it is the second person that
    the measure needs. Raises `OwnProposalError`, `ChangedError`, `TransitionError` (settled before), and what `decide`
    raises: the rule book in force is asked again.
    """
    user_id(by)
    with transaction.atomic():
        proposal = locked_proposal(proposal_id)
        if proposal.by == str(by):
            raise OwnProposalError(_("whoever proposed it can't confirm it"))
        settle(proposal, ProposalEvent.CONFIRM, by=by, now=now)
        if proposal.content != proposal.case.content:
            raise ChangedError(_("the content was changed since this was proposed"))
        kind, _colon, number = proposal.by.partition(":")
        proposal.decision = decide(
            proposal.case_id,
            by=by,
            now=now,
            outcome=Outcome.VIOLATION,
            clause=proposal.clause,
            measures=msgspec.convert(proposal.measures, tuple[Measure, ...]),
            facts=proposal.facts,
            note=proposal.note,
            undo_seconds=undo_seconds,
            seconded_by=Actor(ActorKind(kind), number),
        )
        proposal.save(update_fields=["decision"])
    return proposal.decision

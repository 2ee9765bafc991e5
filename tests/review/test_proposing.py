"""What can't be undone: one person proposes it, and no one person can do it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hakam.compliance import ledger
from hakam.compliance.models import Fact
from hakam.enforcement import access as enforcement
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.review import access, findings, leases, proposal_access
from hakam.review.concluding import DecisionError
from hakam.review.confirming import ChangedError, confirm
from hakam.review.decisions import decide, finalise_due, undo
from hakam.review.ladder import NotOnLadderError
from hakam.review.leases import LeaseHeldError, NotOpenError
from hakam.review.models import Case, Decision, Proposal
from hakam.review.proposing import OwnProposalError, ProposalError, propose, refuse
from hakam.review.states import (
    PROPOSAL,
    CaseState,
    Outcome,
    ProposalEvent,
    ProposalState,
    TransitionError,
    proposal_after,
)
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.vocabulary.reasons import IncompleteReasonsError

pytestmark = pytest.mark.django_db
NOW = scene.NOW
TERMINATE, REMOVE = Measure(MeasureKind.TERMINATE), Measure(MeasureKind.REMOVE)


def threat(desk: Any) -> Case:
    return desk.case(clause="threat", harm="threat")


def made(case: Case, by: User, **changes: Any) -> Proposal:
    given: dict[str, Any] = {
        "clause": "threat",
        "measures": [TERMINATE],
        "facts": "It threatens somebody by name.",
    }
    return propose(case.pk, by=by.actor, now=NOW, **(given | changes))


class TestProposing:
    def test_nothing_happens_yet(self, desk: Any, amal: User) -> None:
        case = threat(desk)
        leases.take(case.pk, by=amal.actor, now=NOW)
        proposal = made(case, amal, note="third time")
        case.refresh_from_db()
        assert (case.state, case.lease_by) == (CaseState.OPEN, None)
        assert not Decision.objects.exists()
        assert not AppliedMeasure.objects.exists()
        assert not Effect.objects.filter(kind__startswith="measure").exists()
        fact = ledger.story(f"proposal:{proposal.pk}")[-1]
        assert (fact.kind, fact.actor) == ("proposal.made", str(amal.actor))
        assert ledger.private_of(fact) == {"facts": "It threatens somebody by name.", "note": "third time"}
        assert proposal.facts not in str(ledger.body_of(fact))
        assert fact in ledger.story(f"case:{case.pk}")

    def test_the_case_leaves_the_queue_of_work(self, desk: Any, amal: User, basil: User) -> None:
        case = threat(desk)
        made(case, amal)
        assert access.next_case(user=basil, now=NOW) is None
        assert access.peek(user=basil, now=NOW) is None
        assert access.counts(basil, now=NOW).open == 1  # but it is not gone
        assert proposal_access.waiting(basil) == 1
        assert proposal_access.waiting(amal) == 0

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"measures": [REMOVE]}, ProposalError),
            ({"measures": []}, ProposalError),
            ({"measures": [TERMINATE, TERMINATE]}, DecisionError),
            ({"facts": "  "}, IncompleteReasonsError),
            ({"clause": "spam"}, NotOnLadderError),
        ],
    )
    def test_what_is_not_fit_to_be_decided_is_not_proposed(
        self, desk: Any, amal: User, changes: dict[str, Any], error: type[Exception]
    ) -> None:
        case = threat(desk)
        before = Fact.objects.count()
        with pytest.raises(error):
            made(case, amal, **changes)
        assert not Proposal.objects.exists()
        assert Fact.objects.count() == before

    def test_one_at_a_time_and_not_over_a_colleague(self, desk: Any, amal: User, basil: User) -> None:
        case = threat(desk)
        leases.take(case.pk, by=basil.actor, now=NOW)
        with pytest.raises(LeaseHeldError):
            made(case, amal)
        made(case, basil)
        with pytest.raises(ProposalError, match="waits"):
            made(case, amal)

    def test_only_people_propose(self, desk: Any) -> None:
        with pytest.raises(PermissionError, match="system"):
            propose(threat(desk).pk, by=SYSTEM, now=NOW, clause="threat", measures=[TERMINATE], facts="f")


class TestConfirming:
    def test_two_people_answer_for_it(self, desk: Any, amal: User, basil: User) -> None:
        case = threat(desk)
        proposal = made(case, amal)
        decision = confirm(proposal.pk, by=basil.actor, now=NOW, undo_seconds=10)
        assert (decision.by, decision.seconded_by) == (str(basil.actor), str(amal.actor))
        assert decision.case_id == case.pk
        proposal.refresh_from_db()
        assert (proposal.state, proposal.settled_by, proposal.decision_id) == (
            "confirmed",
            str(basil.actor),
            decision.pk,
        )
        finalise_due(NOW + timedelta(seconds=11))
        planned = enforcement.of_decision(f"decision:{decision.pk}")
        assert [m.kind for m in planned] == ["terminate"]
        kinds = [fact.kind for fact in ledger.story(f"proposal:{proposal.pk}")]
        assert kinds == ["proposal.made", "proposal.confirmed"]
        assert [f.code for f in findings.check()] == []

    def test_nobody_is_both(self, desk: Any, amal: User) -> None:
        proposal = made(threat(desk), amal)
        with pytest.raises(OwnProposalError):
            confirm(proposal.pk, by=amal.actor, now=NOW)
        proposal.refresh_from_db()
        assert proposal.state == "open"
        assert not Decision.objects.exists()

    def test_the_second_person_can_take_it_back_for_a_moment(
        self, desk: Any, amal: User, basil: User
    ) -> None:
        case = threat(desk)
        decision = confirm(made(case, amal).pk, by=basil.actor, now=NOW, undo_seconds=10)
        undo(decision.pk, by=basil.actor, now=NOW)
        case.refresh_from_db()
        assert case.state == CaseState.OPEN
        assert proposal_access.open_on(case.pk, user=basil) is None
        again = made(case, basil)  # and it can be proposed again
        assert confirm(again.pk, by=amal.actor, now=NOW).seconded_by == str(basil.actor)

    def test_what_was_judged_must_be_what_is_there(self, desk: Any, amal: User, basil: User) -> None:
        case = threat(desk)
        proposal = made(case, amal)
        Case.objects.filter(pk=case.pk).update(content="0" * 64)
        with pytest.raises(ChangedError):
            confirm(proposal.pk, by=basil.actor, now=NOW)
        shown = proposal_access.proposal(proposal.pk, user=basil)
        assert shown is not None
        assert (shown.state, shown.changed) == (ProposalState.OPEN, True)

    def test_it_is_settled_once(self, desk: Any, amal: User, basil: User, carol: User) -> None:
        proposal = made(threat(desk), amal)
        confirm(proposal.pk, by=basil.actor, now=NOW)
        for again in (basil, carol):
            with pytest.raises(TransitionError):
                confirm(proposal.pk, by=again.actor, now=NOW)
            with pytest.raises(TransitionError):
                refuse(proposal.pk, by=again.actor, now=NOW, because="no")
        assert Decision.objects.count() == 1

    def test_no_proposal(self, basil: User, book: object) -> None:
        with pytest.raises(ProposalError):
            confirm(9, by=basil.actor, now=NOW)


class TestRefusing:
    def test_the_case_is_free_again_and_the_reason_is_kept(self, desk: Any, amal: User, basil: User) -> None:
        case = threat(desk)
        proposal = made(case, amal)
        refuse(proposal.pk, by=basil.actor, now=NOW, because="Not a threat:\u202e a quote.\x00")
        proposal.refresh_from_db()
        assert (proposal.state, proposal.because) == ("refused", "Not a threat:[RLO] a quote.\ufffd")
        assert access.next_case(user=basil, now=NOW) == case.pk
        with pytest.raises(TransitionError):
            confirm(proposal.pk, by=basil.actor, now=NOW)

    def test_it_takes_a_reason(self, desk: Any, amal: User, basil: User) -> None:
        proposal = made(threat(desk), amal)
        with pytest.raises(ProposalError, match="why"):
            refuse(proposal.pk, by=basil.actor, now=NOW, because=" ")

    def test_whoever_made_it_withdraws_it_without_one(self, desk: Any, amal: User) -> None:
        proposal = made(threat(desk), amal)
        assert refuse(proposal.pk, by=amal.actor, now=NOW, because="").state == ProposalState.WITHDRAWN

    def test_a_case_decided_otherwise_leaves_nothing_waiting(
        self, desk: Any, amal: User, basil: User
    ) -> None:
        case = threat(desk)
        proposal = made(case, amal)
        decide(case.pk, by=basil.actor, now=NOW, outcome=Outcome.NO_VIOLATION)
        proposal.refresh_from_db()
        assert proposal.state == ProposalState.LAPSED
        assert proposal_access.waiting(basil) == 0
        with pytest.raises((TransitionError, NotOpenError)):
            confirm(proposal.pk, by=basil.actor, now=NOW)


class TestSeeing:
    def test_child_safety_is_for_those_who_may(self, desk: Any, dana: User, basil: User) -> None:
        case = desk.case(clause="child-abuse", harm="csam")
        proposal = made(case, dana, clause="child-abuse")
        other = scene.person("emil", Role.CHILD_SAFETY)
        assert proposal_access.proposal(proposal.pk, user=basil) is None
        assert proposal_access.proposals(basil) == []
        assert [p.id for p in proposal_access.proposals(other)] == [proposal.pk]

    def test_who_looks_learns_what_they_may_do(self, desk: Any, amal: User, basil: User) -> None:
        proposal = made(threat(desk), amal)
        may = {}
        for who in (amal, basil, scene.person("vera", Role.VIEWER)):
            seen = proposal_access.proposal(proposal.pk, user=who)
            assert seen is not None
            may[who.username] = (seen.mine, seen.may_settle)
        assert may == {"amal": (True, False), "basil": (False, True), "vera": (False, False)}

    def test_what_was_settled_is_listed_apart(self, desk: Any, amal: User, basil: User) -> None:
        proposal = made(threat(desk), amal)
        refuse(proposal.pk, by=basil.actor, now=NOW, because="no")
        assert proposal_access.proposals(basil) == []
        (shown,) = proposal_access.proposals(basil, settled=True)
        assert (shown.by_name, shown.settled_by_name, shown.because) == ("amal", "basil", "no")


@pytest.mark.parametrize("state", ProposalState)
@pytest.mark.parametrize("event", ProposalEvent)
def test_a_proposal_is_settled_once_and_for_all(state: ProposalState, event: ProposalEvent) -> None:
    if state is ProposalState.OPEN:
        assert proposal_after(state, event) is not ProposalState.OPEN
    else:
        with pytest.raises(TransitionError):
            proposal_after(state, event)
    assert {before for before, _ in PROPOSAL} == {ProposalState.OPEN}

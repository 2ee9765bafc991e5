"""Whatever a desk does in whatever order: nobody ends an account alone, and no proposal outlives its case."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from hakam.compliance import ledger, rulebook
from hakam.compliance.models import Fact
from hakam.enforcement.models import AppliedMeasure
from hakam.enforcement.restrict import TwoPeopleNeededError
from hakam.review.concluding import DecisionError
from hakam.review.confirming import ChangedError, confirm
from hakam.review.decisions import NotYoursError, TooLateError, decide, replace, undo
from hakam.review.ladder import NotOnLadderError
from hakam.review.leases import LeaseHeldError, NotOpenError, release, take
from hakam.review.lineage import deciders
from hakam.review.models import Case, Decision, Proposal
from hakam.review.proposing import propose, refuse
from hakam.review.states import CaseState, DecisionState, Outcome, ProposalState, TransitionError
from hakam.staff.models import User
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.django_db
NOW = scene.NOW
TERMINATE, REMOVE = Measure(MeasureKind.TERMINATE), Measure(MeasureKind.REMOVE)
REFUSALS = (
    DecisionError,
    LeaseHeldError,
    NotOpenError,
    NotYoursError,
    TooLateError,
    TransitionError,
    TwoPeopleNeededError,
)
GIVEN: dict[str, Any] = {"clause": "threat", "measures": [TERMINATE], "facts": "It threatens somebody."}


def opened(desk: Any, **more: Any) -> Case:
    case: Case = desk.case(clause="threat", harm="threat", **more)
    return case


def made(case: Case, by: User, **more: Any) -> Proposal:
    return propose(case.pk, by=by.actor, now=NOW, **(GIVEN | more))


def holds(case: Case) -> None:
    """Assert what is true of a desk at every moment."""
    case.refresh_from_db()
    proposals = list(Proposal.objects.filter(case=case))
    waiting = [p for p in proposals if p.state == ProposalState.OPEN]
    assert len(waiting) <= 1
    assert not waiting or case.state == CaseState.OPEN
    for proposal in proposals:
        assert (proposal.settled_by != "") is (proposal.state != ProposalState.OPEN)
        assert (proposal.decision_id is not None) is (proposal.state == ProposalState.CONFIRMED)
        own = proposal.settled_by == proposal.by
        if proposal.state == ProposalState.WITHDRAWN:
            assert own
        if proposal.state in {ProposalState.CONFIRMED, ProposalState.REFUSED}:
            assert not own
        facts = [fact.kind for fact in ledger.story(f"proposal:{proposal.pk}")]
        ends = [] if proposal.state == ProposalState.OPEN else [f"proposal.{proposal.state}"]
        assert facts == ["proposal.made", *ends]
    for decision in Decision.objects.filter(case=case):
        if "terminate" in {m["kind"] for m in decision.measures}:
            assert decision.seconded_by
            assert decision.seconded_by != decision.by
    standing = Decision.objects.filter(
        case=case, state__in=[DecisionState.PENDING, DecisionState.FINAL]
    ).count()
    assert standing == (1 if case.state == CaseState.DECIDED else 0)


def moves(case: Case, who: Actor, now: datetime) -> dict[str, Callable[[], object]]:
    """Return all that somebody can try on a case, with its latest proposal and decision."""
    proposal = Proposal.objects.filter(case=case).order_by("-pk").first()
    decision = Decision.objects.filter(case=case).order_by("-pk").first()
    latest, decided = (proposal.pk if proposal else 0), (decision.pk if decision else 0)
    cleared, guilty = Outcome.NO_VIOLATION, Outcome.VIOLATION
    return {
        "propose": lambda: propose(case.pk, by=who, now=now, **GIVEN),
        "confirm": lambda: confirm(latest, by=who, now=now, undo_seconds=10),
        "refuse": lambda: refuse(latest, by=who, now=now, because="No threat."),
        "keep": lambda: decide(case.pk, by=who, now=now, outcome=cleared, undo_seconds=10),
        "alone": lambda: decide(case.pk, by=who, now=now, outcome=guilty, **GIVEN),
        "undo": lambda: undo(decided, by=who, now=now) if decided else None,
        "take": lambda: take(case.pk, by=who, now=now),
        "release": lambda: release(case.pk, by=who, now=now),
    }


def test_a_desk_of_three_in_any_order(desk: Any, amal: User, basil: User, carol: User) -> None:
    dice = random.Random(7)  # noqa: S311 -- desks that can be watched again
    done: set[str] = set()
    for item in range(14):
        case, now = opened(desk, event=scene.event(item=str(item))), NOW
        for _step in range(12):
            can = moves(case, dice.choice((amal, basil, carol)).actor, now)
            name = dice.choice(list(can))
            before = Fact.objects.count()
            try:
                can[name]()
            except REFUSALS:
                assert Fact.objects.count() == before, f"{name} was refused and left a fact"
            else:
                done.add(name)
            holds(case)
            now += timedelta(seconds=2)
    assert done == set(can) - {"alone"}, "all happened, but nobody ended an account alone"


class TestTheSecondPerson:
    @pytest.mark.parametrize("kind", [k for k in ActorKind if k is not ActorKind.STAFF])
    def test_is_a_person(self, desk: Any, amal: User, kind: ActorKind) -> None:
        proposal = made(opened(desk), amal)
        for verb in (
            lambda: confirm(proposal.pk, by=Actor(kind, "1"), now=NOW),
            lambda: refuse(proposal.pk, by=Actor(kind, "1"), now=NOW, because="no"),
        ):
            with pytest.raises(PermissionError):
                verb()
        proposal.refresh_from_db()
        assert proposal.state == ProposalState.OPEN

    def test_is_another_than_who_takes_the_decision(self, desk: Any, amal: User) -> None:
        case = opened(desk)
        with pytest.raises(TwoPeopleNeededError):
            decide(
                case.pk, by=amal.actor, now=NOW, outcome=Outcome.VIOLATION, seconded_by=amal.actor, **GIVEN
            )
        holds(case)
        assert not AppliedMeasure.objects.exists()

    def test_answers_for_it_afterwards_too(self, desk: Any, amal: User, basil: User, carol: User) -> None:
        # DSA Art. 20(4): neither of the two decides the complaint about it
        decision = confirm(made(opened(desk), amal).pk, by=basil.actor, now=NOW, undo_seconds=0)
        assert deciders(decision) == {str(amal.actor), str(basil.actor)}
        new = replace(decision.pk, by=carol.actor, now=NOW, outcome=Outcome.NO_VIOLATION, because="A quote.")
        assert deciders(new) == {str(who.actor) for who in (amal, basil, carol)}

    def test_alone_can_take_it_back_and_only_in_time(self, desk: Any, amal: User, basil: User) -> None:
        case = opened(desk)
        decision = confirm(made(case, amal).pk, by=basil.actor, now=NOW, undo_seconds=10)
        with pytest.raises(NotYoursError):
            undo(decision.pk, by=amal.actor, now=NOW)
        with pytest.raises(TooLateError):
            undo(decision.pk, by=basil.actor, now=NOW + timedelta(seconds=10))
        undo(decision.pk, by=basil.actor, now=NOW + timedelta(seconds=9))
        holds(case)
        assert {m.state for m in AppliedMeasure.objects.all()} == {"cancelled"}


class TestWhatChangedMeanwhile:
    def test_the_rule_book_no_longer_allows_it(self, desk: Any, amal: User, basil: User) -> None:
        case = opened(desk)
        proposal = made(case, amal)
        milder = {
            name: text.replace("suspend(days=90), terminate]", "suspend(days=90)]").replace("1.0.0", "1.0.1")
            for name, text in scene.PACK.items()
        }
        rulebook.publish(milder, by=SYSTEM, now=NOW)
        with pytest.raises(NotOnLadderError):
            confirm(proposal.pk, by=basil.actor, now=NOW)
        holds(case)
        assert (
            refuse(proposal.pk, by=basil.actor, now=NOW, because="No longer.").state == ProposalState.REFUSED
        )

    def test_a_colleague_works_on_it(self, desk: Any, amal: User, basil: User, carol: User) -> None:
        case = opened(desk)
        proposal = made(case, amal)
        take(case.pk, by=carol.actor, now=NOW)
        with pytest.raises(LeaseHeldError):
            confirm(proposal.pk, by=basil.actor, now=NOW)
        holds(case)
        assert confirm(proposal.pk, by=carol.actor, now=NOW).by == str(carol.actor)

    def test_another_report_came_in_and_it_is_still_the_same_content(
        self, desk: Any, amal: User, basil: User
    ) -> None:
        case = opened(desk)
        proposal = made(case, amal)
        assert opened(desk).pk == case.pk
        decision = confirm(proposal.pk, by=basil.actor, now=NOW, undo_seconds=0)
        assert (decision.case_id, Case.objects.get(pk=case.pk).notices) == (case.pk, 2)

    def test_the_item_says_something_else_now(self, desk: Any, amal: User, basil: User) -> None:
        case = opened(desk, event=scene.event("You will be sorry", item="9"))
        proposal = made(case, amal)
        opened(desk, event=scene.event("Have a nice day", item="9"))
        case.refresh_from_db()
        assert case.content != proposal.content
        before = Fact.objects.count()
        with pytest.raises(ChangedError):
            confirm(proposal.pk, by=basil.actor, now=NOW)
        assert Fact.objects.count() == before
        holds(case)
        refuse(proposal.pk, by=basil.actor, now=NOW, because="It was edited.")
        assert made(case, basil).content == case.content  # what is there now can be judged

    @pytest.mark.parametrize("settled", ["confirmed", "refused", "withdrawn", "lapsed"])
    def test_it_was_settled_already(
        self, desk: Any, amal: User, basil: User, carol: User, settled: str
    ) -> None:
        case = opened(desk)
        proposal = made(case, amal)
        match settled:
            case "confirmed":
                confirm(proposal.pk, by=basil.actor, now=NOW)
            case "refused":
                refuse(proposal.pk, by=basil.actor, now=NOW, because="no")
            case "withdrawn":
                refuse(proposal.pk, by=amal.actor, now=NOW, because="")
            case _:
                desk.keep(case, basil)
        before = Fact.objects.count()
        with pytest.raises(TransitionError):
            confirm(proposal.pk, by=carol.actor, now=NOW)
        for who in (amal, carol):
            with pytest.raises(TransitionError):
                refuse(proposal.pk, by=who.actor, now=NOW, because="late")
        assert Fact.objects.count() == before
        proposal.refresh_from_db()
        assert proposal.state == settled

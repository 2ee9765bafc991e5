"""A person decides, with reasons; can take it back for a moment; afterwards only replace it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hakam.compliance import access as compliance
from hakam.compliance import ledger
from hakam.compliance.models import Fact, Statement
from hakam.compliance.rulebook import UnknownClauseError
from hakam.enforcement import access as enforcement
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.enforcement.restrict import TwoPeopleNeededError
from hakam.review import lineage
from hakam.review.decisions import (
    DecisionError,
    Judged,
    NotYoursError,
    ReplacedError,
    TooLateError,
    decide,
    decide_item,
    finalise_due,
    replace,
    undo,
)
from hakam.review.ladder import NotOnLadderError
from hakam.review.leases import LeaseHeldError, NotOpenError, save_draft, take
from hakam.review.models import Case, Decision, Draft
from hakam.review.outcomes import of_decision
from hakam.review.states import CaseState, DecisionState, Outcome, SourceKind
from hakam.staff.models import User
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.vocabulary.reasons import Automation, GroundKind, IncompleteReasonsError, Source

pytestmark = pytest.mark.django_db
NOW = scene.NOW
LATER = NOW + timedelta(seconds=10)
ITEM = ItemRef(scene.PLATFORM, "post", "77")
REMOVE = Measure(MeasureKind.REMOVE)


def statement(decision: Decision) -> Statement:
    found = compliance.statement_of(lineage.name_of(decision))
    assert found is not None
    return found


def kinds(subject: str) -> list[str]:
    return [fact.kind for fact in ledger.story(subject)]


def test_a_violation_carries_complete_reasons(desk: Any, amal: User) -> None:
    case = desk.case()
    decision = desk.remove(case, amal)
    case.refresh_from_db()
    assert (case.state, case.lease_by, decision.state) == (CaseState.DECIDED, None, DecisionState.PENDING)
    assert decision.undo_until == LATER
    reasons = statement(decision).reasons
    assert (reasons["clause"], reasons["facts"]) == ("hate", "It calls people vermin.")
    assert reasons["source"] == Source.NOTICE
    assert (reasons["automated_detection"], reasons["automated_decision"]) == (False, Automation.NONE)
    (ground,) = reasons["grounds"]
    assert ground["kind"] == GroundKind.CONTRACTUAL
    assert ground["reference"] == "scene@1.0.0, hate"
    assert statement(decision).recipient == "u1"


def test_effects_wait_for_the_undo_window(desk: Any, amal: User) -> None:
    decision = desk.remove(desk.case(), amal)
    effects = Effect.objects.all()
    assert effects.count() == 3  # the measure, the statement through the platform and by e-mail
    assert {effect.next_at for effect in effects} == {LATER}
    assert finalise_due(NOW + timedelta(seconds=9)) == 0
    assert finalise_due(LATER) == 1
    assert finalise_due(LATER) == 0
    assert kinds(f"decision:{decision.pk}")[-1] == "decision.final"


def test_no_address_stands_in_a_fact(desk: Any, amal: User) -> None:
    desk.final(desk.remove(desk.case(), amal))
    assert not Fact.objects.filter(body__contains="example.net").exists()


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"facts": " "}, IncompleteReasonsError),
        ({"clause": ""}, UnknownClauseError),
        ({"clause": "no-such"}, UnknownClauseError),
        ({"measures": []}, DecisionError),
        ({"measures": [REMOVE, REMOVE]}, DecisionError),
        ({"measures": [Measure(MeasureKind.TERMINATE)]}, NotOnLadderError),
        ({"measures": [Measure(MeasureKind.SUSPEND, days=31)]}, NotOnLadderError),
        ({"clause": "threat", "measures": [Measure(MeasureKind.TERMINATE)]}, TwoPeopleNeededError),
    ],
)
def test_what_is_incomplete_or_too_harsh_is_refused_and_nothing_happens(
    desk: Any, amal: User, given: dict[str, Any], error: type[Exception]
) -> None:
    case = desk.case()
    facts = Fact.objects.count()
    with pytest.raises(error):
        desk.remove(case, amal, **given)
    case.refresh_from_db()
    assert case.state == CaseState.OPEN
    assert not Decision.objects.exists()
    assert not Effect.objects.exists()
    assert Fact.objects.count() == facts


def test_milder_than_the_ladder_is_always_possible(desk: Any, amal: User) -> None:
    decision = desk.remove(desk.case(), amal, measures=[Measure(MeasureKind.AGE_GATE)])
    assert enforcement.of_decision(f"decision:{decision.pk}")[0].kind == "age_gate"


def test_what_cannot_be_undone_needs_a_second_person(desk: Any, amal: User, basil: User) -> None:
    given = {"clause": "threat", "measures": [Measure(MeasureKind.TERMINATE)], "facts": "Said he would come."}
    case = desk.case(clause="threat", harm="threat")
    for second in (amal.actor, Actor(ActorKind.RULE, "r")):
        with pytest.raises((TwoPeopleNeededError, DecisionError)):
            desk.remove(case, amal, seconded_by=second, **given)
    decision = desk.remove(case, amal, seconded_by=basil.actor, **given)
    assert decision.seconded_by == str(basil.actor)


def test_an_account_is_not_touched_when_nobody_knows_whose_it_is(desk: Any, amal: User) -> None:
    case = desk.case()
    Case.objects.filter(pk=case.pk).update(author_id="")
    with pytest.raises(DecisionError, match="whose item this is is not known"):
        desk.remove(case, amal, measures=[Measure(MeasureKind.SUSPEND, days=3)])


def test_illegality_is_a_finding_of_its_own(desk: Any, amal: User) -> None:
    decision = desk.remove(desk.case(), amal, illegal=True)
    legal, contractual = statement(decision).reasons["grounds"]
    assert (legal["kind"], legal["country"]) == (GroundKind.ILLEGAL, "DE")
    assert legal["reference"] == "Criminal Code, section 130"
    assert contractual["kind"] == GroundKind.CONTRACTUAL


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ([SourceKind.VERDICT], Source.OWN_INITIATIVE),
        ([SourceKind.VERDICT, SourceKind.NOTICE], Source.NOTICE),
        ([SourceKind.NOTICE, SourceKind.TRUSTED_FLAGGER], Source.TRUSTED_FLAGGER),
        ([SourceKind.ORDER], Source.OTHER_NOTIFICATION),
    ],
)
def test_the_reasons_say_how_it_came_to_attention(
    desk: Any, amal: User, sources: list[SourceKind], expected: Source
) -> None:
    for n, kind in enumerate(sources):
        case = desk.case(kind=kind, ref=f"source:{n}")
    reasons = statement(desk.remove(case, amal)).reasons
    assert reasons["source"] == expected
    assert reasons["automated_detection"] is (SourceKind.VERDICT in sources)


def test_the_statement_speaks_the_language_of_the_account(desk: Any, amal: User) -> None:
    decision = desk.remove(desk.case(scene.event("x", language="ar")), amal)
    assert statement(decision).language == "ar"
    assert "خطاب كراهية" in statement(decision).reasons["grounds"][0]["explanation"]


def test_nobody_decides_what_another_holds_or_has_decided(desk: Any, amal: User, basil: User) -> None:
    case = desk.case()
    take(case.pk, by=basil.actor, now=NOW)
    with pytest.raises(LeaseHeldError):
        desk.keep(case, amal)
    desk.keep(case, basil)
    with pytest.raises(NotOpenError):
        desk.keep(case, amal)


def test_no_machine_decides_a_case(desk: Any) -> None:
    case = desk.case()
    for machine in (SYSTEM, Actor(ActorKind.RULE, "r"), Actor(ActorKind.PLATFORM, "maydan")):
        with pytest.raises(PermissionError):
            decide(case.pk, by=machine, now=NOW, outcome=Outcome.NO_VIOLATION)


def test_undo_is_as_if_never_decided(desk: Any, amal: User) -> None:
    case = desk.case()
    save_draft(case.pk, {"facts": "draft"}, by=amal.actor, now=NOW)
    decision = desk.remove(case, amal)
    again = undo(decision.pk, by=amal.actor, now=LATER - timedelta(seconds=1))
    assert again is not None
    assert (again.state, again.lease_by_id, again.decided_at) == (CaseState.OPEN, amal.pk, None)
    assert {e.state for e in Effect.objects.all()} == {"cancelled"}
    assert {m.state for m in AppliedMeasure.objects.all()} == {"cancelled"}
    assert statement(decision).withdrawn_at is not None
    assert Draft.objects.filter(case=case).exists()
    assert finalise_due(LATER) == 0
    assert of_decision(f"decision:{decision.pk}") is None
    assert undo(decision.pk, by=amal.actor, now=LATER) == again  # twice is once
    desk.final(desk.keep(case, amal))
    assert not Draft.objects.exists()


def test_the_window_closes_and_is_ones_own(desk: Any, amal: User, basil: User) -> None:
    decision = desk.remove(desk.case(), amal)
    with pytest.raises(NotYoursError):
        undo(decision.pk, by=basil.actor, now=NOW)
    with pytest.raises(TooLateError):
        undo(decision.pk, by=amal.actor, now=LATER)
    desk.final(decision)
    with pytest.raises(TooLateError):
        undo(decision.pk, by=amal.actor, now=NOW)


def test_what_was_reported_inside_the_window_joins_the_case_that_comes_back(desk: Any, amal: User) -> None:
    case = desk.case(clause="spam", harm="spam")
    decision = desk.remove(case, amal, clause="spam", facts="Spam.")
    newer = desk.case(scene.event("worse", email="u1@example.net"), clause="threat", harm="threat")
    assert newer.pk != case.pk
    again = undo(decision.pk, by=amal.actor, now=NOW + timedelta(seconds=2))
    newer.refresh_from_db()
    assert again is not None
    assert (newer.state, newer.merged_into_id) == (CaseState.MERGED, case.pk)
    assert (again.notices, again.clause, again.sources.count(), again.evidence.count()) == (2, "threat", 2, 2)
    assert Case.objects.filter(state=CaseState.OPEN).count() == 1
    assert "case.merged" in kinds(f"case:{case.pk}")
    assert desk.case(ref="notice:2:0").pk == case.pk  # the source is known where it is now


def test_the_notifiers_are_those_of_the_case(desk: Any, amal: User) -> None:
    desk.case()
    case = desk.case()
    decision = desk.remove(case, amal)
    assert of_decision(f"decision:{decision.pk}") is None  # nobody hears before it is final
    told = of_decision(f"decision:{desk.final(decision).pk}")
    assert told is not None
    assert (told.outcome, told.notices) == (Outcome.VIOLATION, ("notice:1:0", "notice:2:0"))


def test_replacing_reverses_what_was_and_does_what_is_said_now(desk: Any, amal: User, carol: User) -> None:
    old = desk.final(desk.remove(desk.case(), amal))
    new = replace(
        old.pk,
        by=carol.actor,
        now=LATER,
        outcome=Outcome.VIOLATION,
        because="A label is enough.",
        clause="hate",
        measures=[Measure(MeasureKind.LABEL, label="hate")],
        facts="It calls people vermin, as a quotation.",
    )
    old.refresh_from_db()
    assert (old.state, old.replaced_by_id, new.state) == (DecisionState.REPLACED, new.pk, DecisionState.FINAL)
    assert statement(old).withdrawn_at == LATER
    assert statement(new).withdrawn_at is None
    assert [m.kind.value for m in enforcement.in_force(ITEM, author_id="u1")] == ["label"]
    told = of_decision(f"decision:{new.pk}")
    assert told is not None
    assert told.notices == ("notice:1:0",)  # everybody concerned is told again
    with pytest.raises(ReplacedError) as refused:
        replace(old.pk, by=carol.actor, now=LATER, outcome=Outcome.NO_VIOLATION, because="x")
    assert refused.value.by == new.pk


def test_replacing_needs_a_reason_and_a_decision_that_left(desk: Any, amal: User, carol: User) -> None:
    decision = desk.remove(desk.case(), amal)
    with pytest.raises(TooLateError):
        replace(decision.pk, by=carol.actor, now=NOW, outcome=Outcome.NO_VIOLATION, because="wrong")
    desk.final(decision)
    with pytest.raises(DecisionError):
        replace(decision.pk, by=carol.actor, now=LATER, outcome=Outcome.NO_VIOLATION, because=" ")
    with pytest.raises(PermissionError):
        replace(decision.pk, by=SYSTEM, now=LATER, outcome=Outcome.NO_VIOLATION, because="x")


def test_a_decision_needs_no_case(desk: Any, amal: User, carol: User) -> None:
    judged = Judged(item=ITEM, author_id="u1", author_email="u1@example.net", language="en")
    given: dict[str, Any] = {"clause": "hate", "measures": [REMOVE], "facts": "Found while reading."}
    decision = decide_item(judged, by=amal.actor, now=NOW, outcome=Outcome.VIOLATION, **given)
    assert decision.case is None
    assert statement(decision).reasons["source"] == Source.OWN_INITIATIVE
    assert undo(decision.pk, by=amal.actor, now=NOW) is None
    decision = desk.final(decide_item(judged, by=amal.actor, now=NOW, outcome=Outcome.VIOLATION, **given))
    new = replace(decision.pk, by=carol.actor, now=LATER, outcome=Outcome.NO_VIOLATION, because="An error.")
    assert enforcement.in_force(ITEM, author_id="u1") == []
    assert lineage.chain(decision) == [decision, new]


def test_deciding_an_item_decides_its_open_case(desk: Any, amal: User) -> None:
    case = desk.case()
    decision = decide_item(Judged(item=ITEM), by=amal.actor, now=NOW, outcome=Outcome.NO_VIOLATION)
    assert decision.case_id == case.pk


def test_a_case_can_be_answered_by_what_already_stands(
    desk: Any, amal: User, basil: User, carol: User
) -> None:
    first = desk.final(desk.remove(desk.case(), amal))
    second_case = desk.case()
    answer = desk.final(decide(second_case.pk, by=basil.actor, now=NOW, outcome=Outcome.STANDS))
    assert answer.stands_on == first
    assert AppliedMeasure.objects.count() == 1
    told = of_decision(f"decision:{answer.pk}")
    assert told is not None
    assert (told.outcome, told.notices) == (Outcome.STANDS, ("notice:2:0",))
    assert told.measures == (REMOVE,)
    changed = replace(first.pk, by=carol.actor, now=LATER, outcome=Outcome.NO_VIOLATION, because="Satire.")
    told = of_decision(f"decision:{changed.pk}")
    assert told is not None
    assert set(told.notices) == {"notice:1:0", "notice:2:0"}


def test_nothing_stands_where_nothing_was_decided(desk: Any, amal: User) -> None:
    with pytest.raises(DecisionError, match="no decision stands"):
        decide(desk.case().pk, by=amal.actor, now=NOW, outcome=Outcome.STANDS)
    with pytest.raises(DecisionError, match="takes no measures"):
        decide(desk.case().pk, by=amal.actor, now=NOW, outcome=Outcome.NO_VIOLATION, measures=[REMOVE])


def test_strikes_are_what_still_stands(desk: Any, amal: User, carol: User) -> None:
    first = desk.final(desk.remove(desk.case(scene.event(item="1")), amal))
    desk.final(desk.remove(desk.case(scene.event(item="2")), amal))
    assert lineage.strikes(scene.PLATFORM, "u1", "hate") == 2
    replace(first.pk, by=carol.actor, now=LATER, outcome=Outcome.NO_VIOLATION, because="Satire.")
    assert lineage.strikes(scene.PLATFORM, "u1", "hate") == 1
    assert lineage.strikes(scene.PLATFORM, "u1", "spam") == lineage.strikes(scene.PLATFORM, "", "hate") == 0

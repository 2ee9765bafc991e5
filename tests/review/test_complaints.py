"""Somebody else looks again.

The acceptance suite is what other systems got wrong, from their users' reports.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hakam.compliance import access as compliance
from hakam.compliance import ledger
from hakam.compliance.calendar import end_of_period
from hakam.compliance.models import Deadline, Fact
from hakam.enforcement import access as enforcement
from hakam.enforcement.models import Effect
from hakam.review import lineage
from hakam.review.complaints import (
    AlreadyComplainedError,
    ComplaintError,
    MachineError,
    NothingToContestError,
    SamePersonError,
    WindowClosedError,
    by_token,
    complain,
    complain_as_notifier,
    decide_complaint,
)
from hakam.review.decisions import Judged, decide_item, finalise_due, replace
from hakam.review.ladder import NotOnLadderError
from hakam.review.models import Complaint, Decision
from hakam.review.outcomes import of_decision
from hakam.review.states import ComplaintState, DecisionState, Outcome, TransitionError
from hakam.staff.models import User
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.django_db
NOW = scene.NOW
LATER = NOW + timedelta(seconds=10)
DAY = timedelta(days=1)
ITEM = ItemRef(scene.PLATFORM, "post", "77")
REMOVE = Measure(MeasureKind.REMOVE)


@pytest.fixture
def removed(desk: Any, amal: User) -> Decision:
    """Remove an item after a notice, as amal; the window is over."""
    return desk.final(desk.remove(desk.case(), amal))


@pytest.fixture
def kept(desk: Any, amal: User) -> Decision:
    """Find nothing wrong with an item, as amal."""
    return desk.final(desk.keep(desk.case(), amal))


def token(decision: Decision) -> str:
    found = compliance.statement_of(lineage.name_of(decision))
    assert found is not None
    return found.token


def object_to(decision: Decision, **more: Any) -> Complaint:
    given: dict[str, Any] = {"text": "It was a quotation.", "email": "u1@example.net", "now": NOW + DAY}
    return complain(statement_token=token(decision), **(given | more))


def as_notifier(decision: Decision, **more: Any) -> Complaint:
    given: dict[str, Any] = {
        "notice": "notice:1:0",
        "informed_at": LATER,
        "text": "It is still there.",
        "email": "n@example.net",
        "now": NOW + DAY,
    }
    return complain_as_notifier(decision.pk, **(given | more))


def sent(kind: str, channel: str = "email") -> list[dict[str, Any]]:
    found = Effect.objects.filter(kind=kind, channel=channel).exclude(state="cancelled")
    return [effect.payload for effect in found.order_by("created_at", "place")]


def letter_text(payload: dict[str, Any]) -> str:
    return "\n".join(p for section in payload["sections"] for p in section["paragraphs"])


def test_a_complaint_gets_a_receipt_a_clock_and_a_page(removed: Decision) -> None:
    complaint = object_to(removed)
    assert complaint.state == ComplaintState.OPEN
    (receipt,) = sent("complaint.receipt")
    assert receipt["to"] == "u1@example.net"
    assert receipt["links"][0]["url"] == f"/c/{complaint.token}"
    assert (
        Deadline.objects.get(subject=f"complaint:{complaint.pk}").due_at == complaint.due_at == NOW + 15 * DAY
    )
    assert by_token(complaint.token) == complaint
    assert not Fact.objects.filter(body__contains="example.net").exists()
    assert "complaint.received" in [f.kind for f in ledger.story(f"decision:{removed.pk}")]


def of_terror(desk: Any, amal: User) -> Decision:
    """Remove an item for terrorist content, under a rule book whose clause is about that."""
    scene.publish(
        {name: text.replace("harm: hate_speech", "harm: terrorism_incitement").replace("1.0.0", "1.0.1")
         for name, text in scene.PACK.items()},
        now=NOW - DAY,
    )  # fmt: skip
    return desk.final(desk.remove(desk.case(harm="terrorism_incitement"), amal))


def test_whoever_posted_what_went_as_terrorist_content_hears_within_two_weeks(
    desk: Any, amal: User, basil: User
) -> None:
    # TCO Art. 10(2), whatever the house wants of itself
    complaint = object_to(of_terror(desk, amal), answer_within=60 * DAY)
    clocks = {one.clock: one for one in Deadline.objects.filter(subject=f"complaint:{complaint.pk}")}
    assert set(clocks) == {"complaint.answer", "tco.complaint"}
    law = clocks["tco.complaint"].due_at
    assert complaint.due_at == law < clocks["complaint.answer"].due_at
    assert timedelta(days=14) <= law - (NOW + DAY) < timedelta(days=17)  # to the end of a working day
    decide_complaint(
        str(complaint.pk), by=basil.actor, now=NOW + 2 * DAY, uphold=False, answer="It calls for it."
    )
    assert not Deadline.objects.filter(subject=f"complaint:{complaint.pk}", met_at=None).exists()


def test_the_house_may_answer_sooner_than_the_law_says(desk: Any, amal: User) -> None:
    complaint = object_to(of_terror(desk, amal), answer_within=3 * DAY)
    assert complaint.due_at == NOW + 4 * DAY


def test_the_two_weeks_are_those_of_the_affected_person_and_of_terrorist_content_alone(
    desk: Any, amal: User, removed: Decision
) -> None:
    object_to(removed)
    as_notifier(of_terror(desk, amal))
    assert not Deadline.objects.filter(clock="tco.complaint").exists()


def test_the_window_is_six_calendar_months(removed: Decision) -> None:
    found = compliance.statement_of(f"decision:{removed.pk}")
    assert found is not None
    assert found.complain_until >= end_of_period(NOW, 6)
    with pytest.raises(WindowClosedError):
        object_to(removed, now=found.complain_until)
    assert object_to(removed, now=found.complain_until - timedelta(seconds=1)).state == ComplaintState.OPEN


def test_a_notifiers_window_runs_from_the_answer(kept: Decision) -> None:
    until = end_of_period(LATER, 6)
    with pytest.raises(WindowClosedError) as closed:
        as_notifier(kept, now=until)
    assert closed.value.since == until
    assert as_notifier(kept, now=until - timedelta(seconds=1)).complainant == "notifier"


@pytest.mark.parametrize("text", ["", "  ", "x" * 20_001])
def test_a_complaint_says_something_of_a_length_that_is_read(removed: Decision, text: str) -> None:
    with pytest.raises(ComplaintError):
        object_to(removed, text=text)
    assert not Complaint.objects.exists()


@pytest.mark.parametrize("wrong", ["", "no-such-token"])
def test_a_wrong_link_contests_nothing(removed: Decision, wrong: str) -> None:
    with pytest.raises(NothingToContestError):
        complain(statement_token=wrong, text="x", now=NOW)


def test_what_is_heard_outside_is_contested_though_nobody_noted_yet_that_it_is_final(
    desk: Any, amal: User, basil: User
) -> None:
    decision = desk.remove(desk.case(), amal)
    assert decision.state == "pending"
    made = object_to(decision, now=decision.undo_until)
    decision.refresh_from_db()
    assert decision.state == "final"
    assert [fact.kind for fact in ledger.story(f"decision:{decision.pk}")].count("decision.final") == 1
    assert finalise_due(LATER) == 0
    decide_complaint(str(made.pk), by=basil.actor, now=LATER, uphold=True, answer="You are right.")
    assert lineage.standing(decision).outcome == Outcome.NO_VIOLATION


def test_what_is_not_yet_heard_outside_is_not_contested(desk: Any, amal: User) -> None:
    with pytest.raises(NothingToContestError):
        object_to(desk.remove(desk.case(), amal), now=NOW)


def test_one_complaint_a_person_and_decision(removed: Decision, basil: User) -> None:
    first = object_to(removed)
    with pytest.raises(AlreadyComplainedError) as refused:
        object_to(removed)
    assert (refused.value.token, refused.value.state) == (first.token, ComplaintState.OPEN)
    assert as_notifier(removed).pk != first.pk
    assert as_notifier(removed, notice="notice:2:0").complainant == "notifier"  # another person
    decide_complaint(str(first.pk), by=basil.actor, now=NOW + 2 * DAY, uphold=False, answer="No.")
    with pytest.raises(AlreadyComplainedError):
        object_to(removed)
    assert len(sent("complaint.receipt")) == 3


@pytest.mark.parametrize("uphold", [True, False])
def test_who_decided_never_decides_the_complaint(removed: Decision, amal: User, uphold: bool) -> None:
    complaint = object_to(removed)
    with pytest.raises(SamePersonError):
        decide_complaint(str(complaint.pk), by=amal.actor, now=NOW + DAY, uphold=uphold, answer="Because.")
    complaint.refresh_from_db()
    assert complaint.state == ComplaintState.OPEN
    assert not sent("complaint.outcome")


def test_who_took_part_in_any_decision_of_the_chain_is_out(
    desk: Any, removed: Decision, amal: User, basil: User, carol: User
) -> None:
    new = replace(
        removed.pk,
        by=basil.actor,
        now=LATER,
        outcome=Outcome.VIOLATION,
        because="Milder.",
        clause="hate",
        measures=[Measure(MeasureKind.LABEL, label="hate")],
        facts="A label is enough.",
    )
    complaint = object_to(new)
    for somebody in (amal, basil):
        with pytest.raises(SamePersonError):
            decide_complaint(str(complaint.pk), by=somebody.actor, now=NOW + DAY, uphold=True, answer="x")
    decided = decide_complaint(str(complaint.pk), by=carol.actor, now=NOW + DAY, uphold=True, answer="x")
    assert decided.decided_by == str(carol.actor)


def test_the_second_person_of_a_decision_is_out_too(desk: Any, amal: User, basil: User, carol: User) -> None:
    case = desk.case(clause="threat", harm="threat")
    decision = desk.final(
        desk.remove(
            case,
            amal,
            clause="threat",
            measures=[Measure(MeasureKind.TERMINATE)],
            seconded_by=basil.actor,
        )
    )
    complaint = object_to(decision)
    with pytest.raises(SamePersonError):
        decide_complaint(str(complaint.pk), by=basil.actor, now=NOW + DAY, uphold=True, answer="x")


@pytest.mark.parametrize("machine", [SYSTEM, Actor(ActorKind.RULE, "r"), Actor(ActorKind.PLATFORM, "maydan")])
def test_no_machine_decides_a_complaint(removed: Decision, machine: Actor) -> None:
    complaint = object_to(removed)
    with pytest.raises(MachineError):
        decide_complaint(str(complaint.pk), by=machine, now=NOW + DAY, uphold=False, answer="No.")


def test_a_complaint_is_decided_once_and_with_an_answer(removed: Decision, basil: User) -> None:
    complaint = object_to(removed)
    with pytest.raises(ComplaintError, match="say why"):
        decide_complaint(str(complaint.pk), by=basil.actor, now=NOW + DAY, uphold=False, answer=" ")
    decide_complaint(str(complaint.pk), by=basil.actor, now=NOW + DAY, uphold=False, answer="No.")
    with pytest.raises(TransitionError):
        decide_complaint(str(complaint.pk), by=basil.actor, now=NOW + DAY, uphold=True, answer="Yes.")
    assert Deadline.objects.get(subject=f"complaint:{complaint.pk}").met_at == NOW + DAY


# --------------------------------------------------------------------------------------- the acceptance suite


def test_only_those_who_complained_are_told(desk: Any, amal: User, basil: User) -> None:
    desk.case()
    decision = desk.final(desk.remove(desk.case(), amal))
    complaint = object_to(decision)
    decide_complaint(str(complaint.pk), by=basil.actor, now=NOW + DAY, uphold=False, answer="It stays.")
    assert [payload["to"] for payload in sent("complaint.outcome")] == ["u1@example.net"]
    assert [payload["complaint"] for payload in sent("complaint.outcome", "platform")] == [str(complaint.pk)]
    assert of_decision(f"decision:{decision.pk}") is not None  # and the notifiers' answer is what it was


@pytest.mark.parametrize("complainant", ["affected", "notifier"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_accepting_and_denying_never_send_the_same_message(
    desk: Any, amal: User, basil: User, complainant: str, language: str
) -> None:
    texts: list[tuple[str, str]] = []
    seen: list[dict[str, Any]] = []
    for n, uphold in enumerate([True, False]):
        case = desk.case(scene.event(item=str(n)))
        if complainant == "affected":
            complaint = object_to(desk.final(desk.remove(case, amal)), language=language)
            more: dict[str, Any] = {}
        else:
            complaint = as_notifier(desk.final(desk.keep(case, amal)), language=language)
            more = {"clause": "hate", "measures": [REMOVE], "facts": "Seen again."} if uphold else {}
        decide_complaint(
            str(complaint.pk), by=basil.actor, now=NOW + DAY, uphold=uphold, answer="Same words.", **more
        )
        (payload,) = [one for one in sent("complaint.outcome") if one not in seen]
        seen.append(payload)
        texts.append((payload["subject"], letter_text(payload).replace(str(complaint.decision_id), "N")))
    assert texts[0][0] != texts[1][0]
    assert texts[0][1] != texts[1][1]


def test_changing_a_decision_tells_everybody_concerned_again(desk: Any, amal: User, basil: User) -> None:
    desk.case()
    decision = desk.final(desk.remove(desk.case(), amal))
    scene.deliver(LATER)
    complaint = object_to(decision)
    decided = decide_complaint(
        str(complaint.pk), by=basil.actor, now=NOW + DAY, uphold=True, answer="Satire."
    )
    assert decided.new_decision is not None
    told = of_decision(f"decision:{decided.new_decision.pk}")
    assert told is not None
    assert (told.outcome, told.notices) == (Outcome.NO_VIOLATION, ("notice:1:0", "notice:2:0"))
    assert sent("statement.withdrawn")
    assert sent("statement.withdrawn", "platform")


def test_a_report_during_an_open_complaint_still_gets_a_case(desk: Any, amal: User, basil: User) -> None:
    decision = desk.final(desk.remove(desk.case(), amal))
    complaint = object_to(decision)
    late = desk.case(ref="notice:late:0")
    answer = desk.final(desk.remove(late, basil), now=NOW + DAY)
    told = of_decision(f"decision:{answer.pk}")
    assert told is not None
    assert told.notices == ("notice:late:0",)
    complaint.refresh_from_db()
    assert complaint.state == ComplaintState.OPEN


@pytest.mark.parametrize("uphold", [True, False])
def test_the_justification_reaches_the_complainant(removed: Decision, basil: User, uphold: bool) -> None:
    complaint = object_to(removed)
    why = "The post quotes a novel; see page 12."
    decide_complaint(str(complaint.pk), by=basil.actor, now=NOW + DAY, uphold=uphold, answer=why)
    assert why in letter_text(sent("complaint.outcome")[0])
    assert sent("complaint.outcome", "platform")[0]["answer"] == why
    assert "out-of-court" in letter_text(sent("complaint.outcome")[0])


def test_a_decision_without_a_case_can_be_contested(desk: Any, amal: User, basil: User) -> None:
    judged = Judged(item=ITEM, author_id="u1", author_email="u1@example.net", language="en")
    decision = desk.final(
        decide_item(
            judged,
            by=amal.actor,
            now=NOW,
            outcome=Outcome.VIOLATION,
            clause="hate",
            measures=[REMOVE],
            facts="Seen while reading.",
        )
    )
    complaint = object_to(decision)
    decide_complaint(str(complaint.pk), by=basil.actor, now=NOW + DAY, uphold=True, answer="Satire.")
    assert enforcement.in_force(ITEM, author_id="u1") == []


def test_an_override_while_a_complaint_is_open_works_and_is_answered(
    removed: Decision, basil: User, carol: User, dana: User
) -> None:
    complaint = object_to(removed)
    new = replace(
        removed.pk, by=basil.actor, now=NOW + DAY, outcome=Outcome.NO_VIOLATION, because="An error."
    )
    with pytest.raises(SamePersonError):
        decide_complaint(str(complaint.pk), by=basil.actor, now=NOW + DAY, uphold=True, answer="Yes.")
    decided = decide_complaint(
        str(complaint.pk), by=carol.actor, now=NOW + DAY, uphold=True, answer="It was put right."
    )
    assert decided.new_decision is None  # nothing was left to change
    assert lineage.standing(removed) == new
    assert len(sent("complaint.outcome")) == 1


def test_a_second_level_change_flows_back_to_the_platform(
    removed: Decision, basil: User, carol: User
) -> None:
    scene.deliver(LATER)
    complaint = object_to(removed)
    decided = decide_complaint(
        str(complaint.pk), by=basil.actor, now=NOW + DAY, uphold=True, answer="Satire."
    )
    assert [p["measure"]["kind"] for p in sent("measure.reverse", "platform")] == ["remove"]
    assert decided.new_decision is not None
    replace(
        decided.new_decision.pk,
        by=carol.actor,
        now=NOW + 2 * DAY,
        outcome=Outcome.VIOLATION,
        because="It was not satire.",
        clause="hate",
        measures=[REMOVE],
        facts="The author says that it is meant.",
    )
    assert [p["measure"]["kind"] for p in sent("measure.apply", "platform")] == ["remove", "remove"]
    assert enforcement.in_force(ITEM, author_id="u1") == [REMOVE]


def test_restoring_really_restores(desk: Any, amal: User, basil: User) -> None:
    measures = [REMOVE, Measure(MeasureKind.SUSPEND, days=30)]
    decision = desk.final(desk.remove(desk.case(), amal, measures=measures))
    scene.deliver(LATER)
    assert len(enforcement.in_force(ITEM, author_id="u1")) == 2
    complaint = object_to(decision)
    decide_complaint(str(complaint.pk), by=basil.actor, now=NOW + DAY, uphold=True, answer="Satire.")
    assert enforcement.in_force(ITEM, author_id="u1") == []
    assert {p["measure"]["kind"] for p in sent("measure.reverse", "platform")} == {"remove", "suspend"}
    assert lineage.strikes(scene.PLATFORM, "u1", "hate") == 0
    decision.refresh_from_db()
    assert decision.state == DecisionState.REPLACED


# --------------------------------------------------------------------------------------- notifiers who object


def test_a_notifier_who_is_right_brings_a_restriction_about(kept: Decision, basil: User) -> None:
    complaint = as_notifier(kept)
    decided = decide_complaint(
        str(complaint.pk),
        by=basil.actor,
        now=NOW + DAY,
        uphold=True,
        answer="You are right.",
        clause="hate",
        measures=[REMOVE],
        facts="It calls people vermin.",
    )
    assert decided.new_decision is not None
    assert enforcement.in_force(ITEM, author_id="u1") == [REMOVE]
    found = compliance.statement_of(f"decision:{decided.new_decision.pk}")
    assert found is not None
    assert found.reasons["source"] == "notice"
    told = of_decision(f"decision:{decided.new_decision.pk}")
    assert told is not None
    assert told.heard_otherwise == {"notice:1:0"}  # one letter, not two
    assert "u1@example.net" not in [p["to"] for p in sent("complaint.outcome")]
    assert object_to(decided.new_decision).complainant == "affected"  # who in turn may object


def test_upholding_a_notifier_says_what_is_done(kept: Decision, basil: User) -> None:
    complaint = as_notifier(kept)
    given = {
        "by": basil.actor,
        "now": NOW + DAY,
        "uphold": True,
        "answer": "Yes.",
        "clause": "hate",
        "facts": "x",
    }
    with pytest.raises(NotOnLadderError):
        decide_complaint(str(complaint.pk), measures=[Measure(MeasureKind.TERMINATE)], **given)
    complaint.refresh_from_db()
    kept.refresh_from_db()
    assert (complaint.state, kept.state) == (ComplaintState.OPEN, DecisionState.FINAL)


def test_a_platforms_message_names_no_address(removed: Decision, basil: User) -> None:
    complaint = object_to(removed)
    decide_complaint(str(complaint.pk), by=basil.actor, now=NOW + DAY, uphold=False, answer="No.")
    for kind in ("complaint.receipt", "complaint.outcome"):
        assert "example.net" not in str(sent(kind, "platform"))

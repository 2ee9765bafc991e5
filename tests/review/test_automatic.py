"""A rule acts at once; a person overrules it; a machine never overrules a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from hakam.compliance import access as compliance
from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.compliance.rulebook import UnknownClauseError
from hakam.enforcement import access as enforcement
from hakam.review.automatic import decide_automatically, key_of
from hakam.review.complaints import complain, decide_complaint
from hakam.review.models import Decision
from hakam.review.states import DecisionState, SourceKind
from hakam.staff.models import User
from hakam.testing import scene
from hakam.vocabulary.event import Event, ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.vocabulary.reasons import Automation, Source
from hakam.vocabulary.verdict import Firing, PackRef, Stage

pytestmark = pytest.mark.django_db
NOW = scene.NOW
ITEM = ItemRef(scene.PLATFORM, "post", "77")
LIMIT = Measure(MeasureKind.LIMIT_REACH, days=7)
REMOVE = Measure(MeasureKind.REMOVE)
SUSPEND = Measure(MeasureKind.SUSPEND, days=3)


def act(event: Event, *firings: Firing, seq: int = 1, pack: PackRef | None = None) -> Decision | None:
    return decide_automatically(
        event=event,
        item=scene.ref(event),
        verdict=scene.verdict(firings, pack=pack),
        key=key_of(seq),
        now=NOW,
    )


def acted(event: Event, *firings: Firing, seq: int = 1) -> Decision:
    found = act(event, *firings, seq=seq)
    assert found is not None
    return found


def in_force() -> list[Measure]:
    return enforcement.in_force(ITEM, author_id="u1")


def spam() -> Event:
    return scene.event("Buy followers", email="u1@example.net")


def test_live_measures_are_taken_with_full_reasons(book: object) -> None:
    decision = acted(spam(), scene.firing(measures=[LIMIT]))
    assert (decision.state, decision.by, decision.clause) == (DecisionState.FINAL, "rule:known-spam", "spam")
    found = compliance.statement_of(f"decision:{decision.pk}")
    assert found is not None
    assert found.reasons["automated_decision"] == Automation.FULL
    assert found.reasons["automated_detection"] is True
    assert found.reasons["source"] == Source.OWN_INITIATIVE
    assert "Spam" in found.reasons["facts"]
    assert in_force() == [LIMIT]
    assert {message.kind for message in scene.deliver(NOW).messages} == {"measure.apply", "statement.issued"}


def test_the_same_record_acts_once(book: object) -> None:
    event, firing = spam(), scene.firing(measures=[LIMIT])
    assert acted(event, firing) == acted(event, firing)
    assert Decision.objects.count() == 1


def test_what_is_in_force_is_not_imposed_again(book: object) -> None:
    acted(spam(), scene.firing(measures=[LIMIT]), seq=1)
    assert act(spam(), scene.firing(measures=[LIMIT]), seq=2) is None
    assert act(spam(), scene.firing(measures=[Measure(MeasureKind.LIMIT_REACH, days=3)]), seq=3) is None
    longer = acted(spam(), scene.firing(measures=[Measure(MeasureKind.LIMIT_REACH, days=9)]), seq=4)
    assert longer.measures == [{"kind": "limit_reach", "days": 9}]


def test_an_account_is_suspended_once_for_many_posts(book: object) -> None:
    acted(scene.event(item="1"), scene.firing(measures=[SUSPEND]), seq=1)
    assert act(scene.event(item="2"), scene.firing(measures=[SUSPEND]), seq=2) is None
    assert act(scene.event(item="3", author="u2"), scene.firing(measures=[SUSPEND]), seq=3) is not None


def test_the_shadow_does_nothing(book: object) -> None:
    assert act(spam(), scene.firing(measures=[REMOVE], stage=Stage.SHADOW)) is None
    assert act(spam(), scene.firing()) is None


def test_a_machine_takes_nothing_that_cannot_be_undone(book: object) -> None:
    assert act(spam(), scene.firing("threat", measures=[Measure(MeasureKind.TERMINATE)])) is None


def test_the_harshest_leads_and_every_clause_is_a_ground(book: object) -> None:
    decision = acted(
        spam(),
        scene.firing("spam", measures=[LIMIT]),
        scene.firing("hate", rule="slurs", measures=[REMOVE]),
    )
    assert (decision.clause, decision.by) == ("hate", "rule:slurs")
    assert decision.reasons is not None
    references = [ground["reference"] for ground in decision.reasons["grounds"]]
    assert references == ["scene@1.0.0, spam", "scene@1.0.0, hate"]
    assert len(in_force()) == 2


def test_an_unknown_rule_book_decides_nothing(book: object) -> None:
    with pytest.raises(UnknownClauseError):
        act(spam(), scene.firing(measures=[LIMIT]), pack=PackRef("other", "1", "f" * 64))
    assert not Decision.objects.exists()


def test_two_labels_of_two_rules_are_two_measures(book: object) -> None:
    graphic, scam = (Measure(MeasureKind.LABEL, label=text) for text in ("graphic", "possible scam"))
    note = Measure(MeasureKind.CONTEXT_NOTE, note="Health authorities say otherwise.")
    other = Measure(MeasureKind.CONTEXT_NOTE, note="The picture is from 2011.")
    acted(spam(), scene.firing(measures=[graphic, note]), scene.firing(measures=[scam, other]))
    assert set(in_force()) == {graphic, scam, note, other}
    assert act(spam(), scene.firing(measures=[graphic, other]), seq=2) is None


def test_another_label_is_not_covered_by_the_one_that_stands(book: object) -> None:
    acted(spam(), scene.firing(measures=[Measure(MeasureKind.LABEL, label="graphic")]), seq=1)
    acted(spam(), scene.firing(measures=[Measure(MeasureKind.LABEL, label="possible scam")]), seq=2)
    assert len(in_force()) == 2


@pytest.mark.parametrize(
    ("standing", "proposed"),
    [
        (REMOVE, LIMIT),
        (REMOVE, Measure(MeasureKind.LABEL, label="graphic")),
        (
            Measure(MeasureKind.REMOVE, territory=("EU",)),
            Measure(MeasureKind.WITHHOLD, territory=("DE", "FR")),
        ),
        (SUSPEND, Measure(MeasureKind.BAR_FROM_LIVE, days=2)),
    ],
)
def test_what_a_standing_measure_implies_is_not_imposed_and_the_ledger_says_so(
    book: object, standing: Measure, proposed: Measure
) -> None:
    acted(spam(), scene.firing(measures=[standing]), seq=1)
    assert act(spam(), scene.firing(rule="other", measures=[proposed]), seq=2) is None
    (fact,) = Fact.objects.filter(kind=FactKind.MEASURE_STANDING)
    assert fact.subject == f"item:{ITEM}"
    body = msgspec.json.decode(fact.body)
    assert body["rules"] == ["other"]
    assert [one["kind"] for one in body["measures"]] == [str(proposed.kind)]
    assert [one.kind for one in ledger.story("event:2")] == [FactKind.MEASURE_STANDING]
    assert in_force() == [standing]


def test_what_adds_something_is_imposed_beside_what_stands(book: object) -> None:
    acted(spam(), scene.firing(measures=[LIMIT]), seq=1)
    both = acted(spam(), scene.firing(measures=[LIMIT, REMOVE]), seq=2)
    assert both.measures == [{"kind": "remove"}]
    (fact,) = Fact.objects.filter(kind=FactKind.MEASURE_STANDING)
    assert [one["kind"] for one in msgspec.json.decode(fact.body)["measures"]] == ["limit_reach"]


def test_a_decision_takes_what_its_verdict_says(book: object) -> None:
    firings = [scene.firing(measures=[LIMIT, Measure(MeasureKind.LIMIT_REACH, territory=("DE",), days=2)])]
    acted(spam(), *firings)
    assert in_force() == [LIMIT]  # everywhere and longer: the other adds nothing


# --------------------------------------------------------------------------------------- people and machines


def test_a_person_who_finds_nothing_wrong_ends_what_the_rule_did(desk: Any, amal: User) -> None:
    event = spam()
    rule = acted(event, scene.firing(measures=[LIMIT, SUSPEND]))
    scene.deliver(NOW)
    case = desk.case(event, clause="spam", harm="spam", kind=SourceKind.VERDICT)
    decision = desk.keep(case, amal)
    assert len(in_force()) == 2  # until the undo window is over
    desk.final(decision)
    rule.refresh_from_db()
    assert (rule.state, rule.replaced_by) == (DecisionState.REPLACED, decision)
    assert in_force() == []
    kinds = scene.deliver(NOW + timedelta(minutes=1)).kinds
    assert kinds.count("measure.reverse") == 2
    assert "statement.withdrawn" in kinds


def test_a_machine_never_overrules_a_person_on_the_same_content(desk: Any, amal: User) -> None:
    event = spam()
    desk.final(desk.keep(desk.case(event, clause="spam", harm="spam"), amal))
    assert act(event, scene.firing(measures=[LIMIT]), seq=2) is None
    assert (
        act(event, scene.firing("hate", measures=[SUSPEND]), seq=3) is not None
    )  # nobody judged this clause
    edited = scene.event("Buy even more followers")
    assert act(edited, scene.firing(measures=[LIMIT]), seq=4) is not None  # nor this content


def test_a_milder_choice_of_a_person_stands_too(desk: Any, amal: User) -> None:
    event = spam()
    acted(event, scene.firing(measures=[REMOVE]), seq=1)
    label = Measure(MeasureKind.LABEL, label="spam")
    case = desk.case(event, clause="spam", harm="spam")
    desk.final(desk.remove(case, amal, clause="spam", measures=[label], facts="Mild."))
    assert in_force() == [label]
    assert act(event, scene.firing(measures=[REMOVE]), seq=2) is None


def test_what_a_person_confirms_is_not_lifted_in_between_and_ends_with_the_persons_decision(
    desk: Any, amal: User, basil: User
) -> None:
    event = spam()
    rule = acted(event, scene.firing(measures=[LIMIT]), seq=1)
    scene.deliver(NOW)
    case = desk.case(event, clause="spam", harm="spam")
    decision = desk.final(desk.remove(case, amal, clause="spam", facts="Spam."))
    assert in_force() == [LIMIT, REMOVE]
    scene.deliver(NOW + timedelta(minutes=1))
    found = compliance.statement_of(f"decision:{rule.pk}")
    assert found is not None
    complaint = complain(statement_token=found.token, text="No.", now=NOW + timedelta(days=1))
    upheld = decide_complaint(
        str(complaint.pk), by=basil.actor, now=NOW + timedelta(days=2), uphold=True, answer="Indeed."
    )
    assert in_force() == []  # restoring really restores, whoever restricted
    assert upheld.new_decision is not None
    decision.refresh_from_db()
    assert decision.replaced_by == upheld.new_decision

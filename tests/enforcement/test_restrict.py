"""A restriction comes whole: statement, measures, messages, facts. Or it does not come at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from hakam.compliance import ledger
from hakam.compliance.models import Fact, Statement
from hakam.compliance.rulebook import UnknownClauseError
from hakam.enforcement import access
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.enforcement.restrict import (
    AlreadyRestrictedError,
    RestrictionError,
    TwoPeopleNeededError,
    restrict,
)
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import NATURE, Measure, MeasureKind, Reversal
from hakam.vocabulary.reasons import Ground, GroundKind, IncompleteReasonsError, Reasons, Source

pytestmark = pytest.mark.django_db
REMOVE, SUSPEND, TERMINATE = MeasureKind.REMOVE, MeasureKind.SUSPEND, MeasureKind.TERMINATE
RULE = Actor(ActorKind.RULE, "known-spam")


def nothing_happened() -> bool:
    return not (AppliedMeasure.objects.exists() or Effect.objects.exists() or Statement.objects.exists())


def test_it_makes_a_statement_measures_and_messages(play: Any) -> None:
    done = play.restrict(Measure(REMOVE), Measure(SUSPEND, days=7), author_email="u1@example.org")
    assert [m.kind for m in done.measures] == ["remove", "suspend"]
    assert {m.statement_id for m in done.measures} == {done.statement.pk}
    assert [(e.channel, e.kind) for e in done.effects] == [
        ("platform", "measure.apply"),
        ("platform", "measure.apply"),
        ("platform", "statement.issued"),
        ("email", "statement.issued"),
    ]


def test_nothing_leaves_before_the_undo_window_ends(play: Any) -> None:
    done = play.restrict()
    release = play.now + timedelta(seconds=10)
    assert {e.next_at for e in done.effects} == {release}
    assert done.statement.effective_from == release
    play.later(seconds=9.9)
    assert play.deliver() == 0
    play.later(seconds=0.1)
    assert play.deliver() == 2


def test_the_statement_leaves_at_the_latest_when_the_restriction_takes_effect(play: Any) -> None:
    # DSA Art. 17(2)
    done = play.restrict(Measure(REMOVE), Measure(SUSPEND, days=7), author_email="u1@example.org")
    told = [e.next_at for e in done.effects if e.kind == "statement.issued"]
    measures = [e.next_at for e in done.effects if e.kind == "measure.apply"]
    assert len(told) == 2  # by the platform, and by e-mail where an address is known
    assert max(told) <= min(measures)


def test_each_measure_declares_how_it_is_undone(play: Any) -> None:
    kinds = [k for k in MeasureKind if NATURE[k].reversal is not Reversal.IRREVERSIBLE]
    done = play.restrict(*(Measure(k) for k in kinds))
    assert [m.reversal for m in done.measures] == [NATURE[k].reversal.value for k in kinds]


def test_a_measure_with_days_has_an_end_counted_from_its_beginning(play: Any) -> None:
    done = play.restrict(Measure(SUSPEND, days=7), Measure(REMOVE))
    assert done.measures[0].until == play.now + timedelta(days=7, seconds=10)
    assert done.measures[1].until is None


def test_the_ledger_tells_it_to_everybody_concerned(play: Any) -> None:
    done = play.restrict(decision="decision:1")
    assert play.facts("decision:1") == ["statement.issued", "measure.planned"]
    assert play.facts(f"measure:{done.measures[0].pk}") == ["measure.planned"]
    assert play.facts("account:maydan/u1") == ["statement.issued", "measure.planned"]
    assert play.facts(f"statement:{done.statement.pk}") == ["statement.issued", "measure.planned"]
    assert list(ledger.verify_chain()) == []


def test_there_is_no_way_to_restrict_without_reasons() -> None:
    with pytest.raises(TypeError, match="reasons"):
        restrict(by=SYSTEM)  # type: ignore[call-arg]


def test_incomplete_reasons_restrict_nobody(play: Any) -> None:
    with pytest.raises(IncompleteReasonsError):
        play.restrict(
            reasons=Reasons(
                clause="spam",
                pack=scene.in_force(),
                grounds=(Ground(GroundKind.CONTRACTUAL, "x", " "),),
                facts="x",
                source=Source.NOTICE,
                automated_detection=False,
                automated_decision="none",  # type: ignore[arg-type]
            )
        )
    assert nothing_happened()


@pytest.mark.parametrize("change", [{"author_id": ""}, {"decision": " "}, {"language": ""}])
def test_an_incomplete_statement_restricts_nobody(play: Any, change: dict[str, Any]) -> None:
    before = Fact.objects.count()
    with pytest.raises(IncompleteReasonsError):
        play.restrict(**change)
    assert nothing_happened()
    assert Fact.objects.count() == before


def test_a_clause_out_of_thin_air_restricts_nobody(play: Any) -> None:

    done = play.restrict()
    said = msgspec.convert(done.statement.reasons, Reasons)
    with pytest.raises(UnknownClauseError):
        play.restrict(reasons=msgspec.structs.replace(said, clause="no-such-clause"))
    assert AppliedMeasure.objects.count() == 1


@pytest.mark.parametrize(
    ("measures", "why"),
    [
        ([], "at least one"),
        ([Measure(SUSPEND, days=0)], "0 days"),
        ([Measure(REMOVE), Measure(REMOVE, days=3)], "named twice"),
    ],
)
def test_measures_that_make_no_sense_are_refused(play: Any, measures: list[Measure], why: str) -> None:
    with pytest.raises(RestrictionError, match=why):
        play.restrict(measures=measures)
    assert nothing_happened()


def test_the_same_measure_in_two_places_is_two_measures(play: Any) -> None:
    done = play.restrict(Measure(REMOVE, territory=("DE",)), Measure(REMOVE, territory=("FR",)))
    assert len(done.measures) == 2


class TestTwoPeople:
    def test_an_irreversible_measure_needs_a_second_person(self, play: Any) -> None:
        with pytest.raises(TwoPeopleNeededError) as refused:
            play.restrict(Measure(REMOVE), Measure(TERMINATE))
        assert refused.value.measures == ("terminate",)
        assert "also_by" in str(refused.value)
        assert nothing_happened()

    def test_the_second_person_is_not_the_first(self, play: Any) -> None:
        with pytest.raises(TwoPeopleNeededError):
            play.restrict(Measure(TERMINATE), also_by=play.amal)

    @pytest.mark.parametrize("machine", [RULE, SYSTEM, Actor(ActorKind.PLATFORM, "maydan")])
    def test_a_machine_is_no_person(self, play: Any, machine: Actor) -> None:
        with pytest.raises(TwoPeopleNeededError):
            play.restrict(Measure(TERMINATE), also_by=machine)
        with pytest.raises(TwoPeopleNeededError):
            play.restrict(Measure(TERMINATE), by=machine, also_by=play.basil)

    def test_two_people_can_and_both_are_named(self, play: Any) -> None:
        done = play.restrict(Measure(TERMINATE), also_by=play.basil)
        fact = ledger.story(f"measure:{done.measures[0].pk}")[0]
        assert fact.actor == "staff:1"
        assert ledger.body_of(fact)["also_by"] == "staff:2"


def test_a_decision_is_carried_out_once(play: Any) -> None:
    play.restrict(decision="decision:1")
    with pytest.raises(AlreadyRestrictedError, match="decision:1"):
        play.restrict(decision="decision:1")
    assert AppliedMeasure.objects.count() == 1


def test_what_stands_on_an_item_and_its_author(play: Any) -> None:
    play.restrict(Measure(REMOVE), Measure(SUSPEND, days=7))
    play.restrict(Measure(MeasureKind.LABEL, label="x"), item=ItemRef("maydan", "post", "78"))
    item = ItemRef("maydan", "post", "77")
    assert [m.kind for m in access.in_force(item)] == [REMOVE]
    assert [m.kind for m in access.in_force(item, author_id="u1")] == [REMOVE, SUSPEND]
    other = ItemRef("maydan", "post", "79")
    assert [m.kind for m in access.in_force(other, author_id="u1")] == [SUSPEND]
    assert access.in_force(other, author_id="u2") == []


def test_a_nul_in_a_platforms_text_does_not_stop_it(play: Any) -> None:
    done = play.restrict(Measure(MeasureKind.LABEL, label="a\x00b"), item_url="https://x/\x00")
    effect = Effect.objects.get(pk=done.effects[0].pk)
    assert effect.payload["measure"]["label"] == "a\ufffdb"


@pytest.mark.parametrize("change", [{"author_id": "a\x00"}, {"item": ItemRef("maydan", "post", "\x00")}])
def test_a_nul_in_an_id_is_refused_in_words(play: Any, change: dict[str, Any]) -> None:
    with pytest.raises(RestrictionError, match="NUL"):
        play.restrict(**change)
    assert nothing_happened()

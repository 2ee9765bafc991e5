"""A decision is undone as if it had never been, or reversed so that everybody who heard of it hears again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hakam.compliance import ledger
from hakam.compliance.models import Statement
from hakam.enforcement import access
from hakam.enforcement.connectors.connector import Confirmed, Retry
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.enforcement.reverse import TooLateError, cancel, expire_due, reverse
from hakam.enforcement.states import EffectState
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.django_db
REMOVE, SUSPEND, LABEL = MeasureKind.REMOVE, MeasureKind.SUSPEND, MeasureKind.LABEL


def back(play: Any, decision: str = "decision:1") -> list[AppliedMeasure]:
    return reverse(by=play.basil, now=play.now, decision=decision, because="complaint upheld")


class TestUndo:
    def test_nobody_outside_hears_of_it(self, play: Any) -> None:
        done = play.restrict(author_email="u1@example.org")
        play.later(seconds=5)
        cancel(by=play.amal, now=play.now, decision="decision:1")
        play.later(days=1)
        assert play.deliver() == 0
        assert play.platform.messages == []
        assert play.state(done.measures[0]) == "cancelled"
        assert set(Effect.objects.values_list("state", flat=True)) == {"cancelled"}
        assert Statement.objects.get().withdrawn_at is not None
        assert play.facts("decision:1")[-2:] == ["measure.cancelled", "statement.withdrawn"]

    def test_it_is_too_late_once_anything_has_left(self, play: Any) -> None:
        done = play.restrict(Measure(REMOVE), Measure(LABEL, label="x"))
        play.later(seconds=11)
        assert play.deliver(limit=1) == 1
        with pytest.raises(TooLateError, match="reverse"):
            cancel(by=play.amal, now=play.now, decision="decision:1")
        assert Statement.objects.get().withdrawn_at is None
        assert {play.state(m) for m in done.measures} <= {"planned", "sent"}

    def test_undoing_twice_is_undoing_once(self, play: Any) -> None:
        play.restrict()
        cancel(by=play.amal, now=play.now, decision="decision:1")
        assert cancel(by=play.amal, now=play.now, decision="decision:1") == []
        assert play.facts("decision:1").count("measure.cancelled") == 1

    def test_undoing_nothing_is_nothing(self, play: Any) -> None:
        assert cancel(by=play.amal, now=play.now, decision="decision:9") == []

    def test_the_item_can_be_restricted_again_afterwards(self, play: Any) -> None:
        play.restrict()
        cancel(by=play.amal, now=play.now, decision="decision:1")
        again = play.restrict()
        play.later(seconds=11)
        assert play.deliver() == 2
        assert play.state(again.measures[0]) == "sent"


class TestReversal:
    def test_restoring_really_restores(self, play: Any) -> None:
        # DSA Art. 20(4)
        done = play.restrict()
        play.next("measure.apply", Confirmed(applied=True))
        play.later(seconds=11)
        play.deliver()
        assert play.state(done.measures[0]) == "applied"
        assert back(play) == [AppliedMeasure.objects.get(pk=done.measures[0].pk)]
        assert play.state(done.measures[0]) == "reversing"
        play.next("measure.reverse", Confirmed(applied=True))
        play.deliver()
        assert play.platform.kinds == [
            "measure.apply",
            "statement.issued",
            "measure.reverse",
            "statement.withdrawn",
        ]
        assert play.state(done.measures[0]) == "reversed"
        assert access.in_force(ItemRef("maydan", "post", "77")) == []

    def test_the_platform_is_told_which_measure_and_why(self, play: Any) -> None:
        done = play.restrict()
        play.later(seconds=11)
        play.deliver()
        back(play)
        play.deliver()
        applied, reversal = (m for m in play.platform.messages if m.kind.startswith("measure."))
        assert reversal.data["measure"] == applied.data["measure"]
        assert reversal.data["measure"]["id"] == done.measures[0].pk
        assert reversal.data["because"] == "complaint upheld"
        assert reversal.data["item"] == {
            "platform": "maydan",
            "kind": "post",
            "id": "77",
            "url": "https://maydan.example/p/77",
        }

    def test_what_never_left_is_cancelled_in_silence(self, play: Any) -> None:
        done = play.restrict()
        back(play)
        play.later(days=1)
        assert play.deliver() == 0
        assert play.state(done.measures[0]) == "cancelled"

    def test_the_person_who_was_told_by_mail_is_told_again_by_mail(self, play: Any) -> None:
        play.restrict(author_email="u1@example.org")
        play.later(seconds=11)
        play.deliver()
        back(play)
        assert list(
            Effect.objects.filter(kind="statement.withdrawn")
            .order_by("channel")
            .values_list("channel", flat=True)
        ) == ["email", "platform"]

    def test_reversing_twice_is_reversing_once(self, play: Any) -> None:
        play.restrict()
        play.later(seconds=11)
        play.deliver()
        assert len(back(play)) == 1
        assert back(play) == []
        play.deliver()
        assert back(play) == []
        assert play.platform.kinds.count("measure.reverse") == 1
        assert play.facts("decision:1").count("statement.withdrawn") == 1

    def test_every_measure_of_the_decision_comes_back(self, play: Any) -> None:
        done = play.restrict(Measure(REMOVE), Measure(SUSPEND, days=7), Measure(LABEL, label="x"))
        play.later(seconds=11)
        play.deliver()
        assert len(back(play)) == 3
        play.deliver()
        assert {play.state(m) for m in done.measures} == {"reversed"}

    def test_another_decision_on_the_item_stands_and_the_platform_knows(self, play: Any) -> None:
        first, second = play.restrict(), play.restrict(Measure(REMOVE, days=30))
        play.later(seconds=11)
        play.deliver()
        play.deliver()
        back(play, "decision:1")
        play.deliver()
        assert (play.state(first.measures[0]), play.state(second.measures[0])) == ("reversed", "sent")
        message = play.platform.messages[-2]
        assert message.kind == "measure.reverse"
        assert [m["id"] for m in message.data["still_standing"]] == [second.measures[0].pk]

    def test_a_measure_that_the_platform_refused_has_nothing_to_take_back(self, play: Any) -> None:
        done = play.restrict()
        play.next("measure.apply", Confirmed(applied=False, detail="no such post"))
        play.later(seconds=11)
        play.deliver()
        assert play.state(done.measures[0]) == "failed"
        back(play)
        play.deliver()
        assert play.state(done.measures[0]) == "cancelled"
        assert "measure.reverse" not in play.platform.kinds


class TestOrder:
    def test_a_reversal_never_overtakes_what_it_reverses(self, play: Any) -> None:
        """The platform was away for the first: it may have acted on it, so it must hear both, in order."""
        done = play.restrict()
        play.next("measure.apply", Retry("timeout"))
        play.later(seconds=11)
        play.deliver()
        back(play)
        apply = play.effect(f"measure:{done.measures[0].pk}:apply")
        assert apply.state == EffectState.CANCELLED
        play.deliver()
        assert play.platform.kinds.count("measure.reverse") == 1
        assert play.state(done.measures[0]) == "reversed"

    def test_a_reversal_waits_for_a_try_that_is_under_way(self, play: Any) -> None:
        from hakam.enforcement.delivery import claim_due  # noqa: PLC0415

        done = play.restrict()
        play.later(seconds=11)
        claim_due(now=play.now, limit=10, lease_seconds=120)
        back(play)
        assert play.deliver() == 0, "the first message is on its way"
        play.later(seconds=121)
        assert play.deliver() == 2, "its worker died; it goes again, and the reversal still waits"
        assert play.deliver() == 2
        assert play.platform.kinds.index("measure.apply") < play.platform.kinds.index("measure.reverse")
        assert play.state(done.measures[0]) == "reversed"

    def test_a_try_that_fails_after_the_reversal_is_not_repeated(self, play: Any) -> None:
        from hakam.enforcement.delivery import Try, claim_due, record  # noqa: PLC0415

        done = play.restrict()
        play.later(seconds=11)
        effects = claim_due(now=play.now, limit=10, lease_seconds=120)
        apply = next(e for e in effects if e.kind == "measure.apply")
        back(play)
        record([Try(str(apply.pk), apply.attempts, play.now, 0.1, Retry("timeout"))], policy=play.policy)
        assert play.effect(f"measure:{done.measures[0].pk}:apply").state == "cancelled"
        play.deliver()
        assert play.platform.kinds == ["measure.reverse"]

    def test_a_withdrawal_never_overtakes_its_statement(self, play: Any) -> None:
        play.restrict()
        play.next("statement.issued", Retry("busy"))
        play.later(seconds=11)
        play.deliver()
        back(play)
        play.deliver()
        play.later(minutes=1)
        play.deliver()
        play.deliver()
        kinds = [k for k in play.platform.kinds if k.startswith("statement")]
        assert kinds == ["statement.issued", "statement.issued", "statement.withdrawn"]

    def test_a_second_removal_waits_for_the_first_ones_reversal(self, play: Any) -> None:
        play.restrict()
        play.later(seconds=11)
        play.deliver()
        back(play)
        play.restrict(undo_seconds=0)
        play.next("measure.reverse", Retry("busy"))
        play.deliver()
        play.later(minutes=1)
        play.deliver()
        play.deliver()
        kinds = [k for k in play.platform.kinds if k.startswith("measure")]
        assert kinds == ["measure.apply", "measure.reverse", "measure.reverse", "measure.apply"]

    def test_one_measure_that_hangs_does_not_hold_up_another_kind(self, play: Any) -> None:
        play.restrict(Measure(LABEL, label="x"), undo_seconds=0)
        play.next("measure.apply", Retry("broken"))
        play.deliver()
        removal = play.restrict(Measure(REMOVE), undo_seconds=0)
        play.deliver()
        assert play.state(removal.measures[0]) == "sent"


class TestExpiry:
    def test_a_measure_whose_time_is_over_is_lifted(self, play: Any) -> None:
        done = play.restrict(Measure(SUSPEND, days=7))
        play.later(seconds=11)
        play.deliver()
        play.later(days=6)
        assert expire_due(now=play.now) == 0
        play.later(days=1)
        assert expire_due(now=play.now) == 1
        assert expire_due(now=play.now) == 0
        play.deliver()
        assert play.platform.kinds[-1] == "measure.reverse"
        assert play.platform.messages[-1].data["because"] == "expired"
        assert play.state(done.measures[0]) == "expired"
        measure = AppliedMeasure.objects.get()
        assert measure.ended_at == pytest.approx(play.now, abs=timedelta(seconds=5))
        assert play.facts(f"measure:{measure.pk}")[-2:] == ["measure.expired", "measure.reversed"]

    def test_the_statement_stands_after_the_measure(self, play: Any) -> None:
        play.restrict(Measure(SUSPEND, days=1))
        play.later(days=2)
        play.deliver()
        expire_due(now=play.now)
        assert Statement.objects.get().withdrawn_at is None

    def test_what_never_left_lapses_in_silence(self, play: Any) -> None:
        done = play.restrict(Measure(SUSPEND, days=1))
        play.later(days=2)
        assert expire_due(now=play.now) == 1
        assert play.state(done.measures[0]) == "expired"
        play.deliver()
        assert [k for k in play.platform.kinds if k.startswith("measure")] == []

    def test_a_complaint_upheld_after_the_end_changes_nothing_on_the_platform(self, play: Any) -> None:
        done = play.restrict(Measure(SUSPEND, days=1))
        play.later(seconds=11)
        play.deliver()
        play.later(days=2)
        expire_due(now=play.now)
        play.deliver()
        assert back(play) == []
        play.deliver()
        assert play.state(done.measures[0]) == "expired"
        assert play.platform.kinds.count("measure.reverse") == 1
        assert play.platform.kinds[-1] == "statement.withdrawn"

    def test_a_complaint_upheld_while_the_end_is_on_its_way(self, play: Any) -> None:
        done = play.restrict(Measure(SUSPEND, days=1))
        play.later(seconds=11)
        play.deliver()
        play.later(days=2)
        expire_due(now=play.now)
        assert len(back(play)) == 1
        play.deliver()
        assert play.state(done.measures[0]) == "reversed"
        assert play.platform.kinds.count("measure.reverse") == 1


def test_the_chain_is_whole_after_all_of_it(play: Any) -> None:
    play.restrict(Measure(REMOVE), Measure(SUSPEND, days=1), author_email="u1@example.org")
    play.later(seconds=11)
    play.deliver()
    play.later(days=2)
    expire_due(now=play.now)
    back(play)
    play.deliver()
    assert list(ledger.verify_chain()) == []

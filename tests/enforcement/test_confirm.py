"""The platform's word on what it was sent, on time, late, and against what was decided meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hakam.compliance import ledger
from hakam.enforcement import access, findings
from hakam.enforcement.confirm import Confirmation, confirm
from hakam.enforcement.connectors.connector import Confirmed, Retry
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.enforcement.outbox import EffectError, NoSuchEffectError, replay
from hakam.enforcement.reverse import expire_due, reverse
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.measure import Measure, MeasureKind

PLATFORM = Actor(ActorKind.PLATFORM, "maydan")
pytestmark = pytest.mark.django_db


def deliver_one(play: Any) -> Effect:
    play.restrict(undo_seconds=0)
    play.deliver()
    effect: Effect = play.effect(f"measure:{only().pk}:apply")
    return effect


def only() -> AppliedMeasure:
    return AppliedMeasure.objects.get()


def test_the_platform_can_say_later_what_it_did(play: Any) -> None:
    effect = deliver_one(play)
    confirm(effect.pk, by=PLATFORM, now=play.now, status=Confirmation.APPLIED)
    assert play.state(only()) == "applied"
    assert play.effect(effect.key).state == "confirmed"


def test_it_can_say_that_it_could_not(play: Any) -> None:
    effect = deliver_one(play)
    confirm(effect.pk, by=PLATFORM, now=play.now, status=Confirmation.FAILED, detail="no such post")
    assert play.state(only()) == "failed"
    fact = ledger.story(f"measure:{only().pk}")[-1]
    assert (fact.kind, ledger.private_of(fact)) == ("measure.failed", {"detail": "no such post"})


def test_saying_it_twice_is_saying_it_once(play: Any) -> None:
    effect = deliver_one(play)
    for _ in range(2):
        confirm(str(effect.pk), by=PLATFORM, now=play.now, status=Confirmation.APPLIED)
    assert play.facts(f"measure:{only().pk}").count("measure.applied") == 1


def test_it_can_change_its_word(play: Any) -> None:
    effect = deliver_one(play)
    for status, state in (("applied", "applied"), ("failed", "failed"), ("applied", "applied")):
        confirm(effect.pk, by=PLATFORM, now=play.now, status=Confirmation(status))
        assert play.state(only()) == state


def test_a_confirmation_whose_delivery_seemed_to_fail_ends_the_retries(play: Any) -> None:
    play.next("measure.apply", Retry("timeout"))
    effect = deliver_one(play)
    confirm(effect.pk, by=PLATFORM, now=play.now, status=Confirmation.APPLIED)
    play.later(days=1)
    play.deliver()
    assert play.platform.kinds.count("measure.apply") == 1
    assert play.state(only()) == "applied"


@pytest.mark.parametrize("id_", ["", "x", "00000000-0000-4000-8000-000000000000"])
def test_an_effect_that_is_not_there(play: Any, id_: str) -> None:
    with pytest.raises(NoSuchEffectError):
        confirm(id_, by=PLATFORM, now=play.now, status=Confirmation.APPLIED)


def test_another_platforms_effect_does_not_exist(play: Any) -> None:
    effect = deliver_one(play)
    with pytest.raises(NoSuchEffectError):
        confirm(effect.pk, by=PLATFORM, now=play.now, status=Confirmation.APPLIED, platform="souk")
    assert access.effect(effect.pk, platform="souk") is None
    assert access.effect(effect.pk, platform="maydan") == effect


def test_nobody_confirms_what_never_left(play: Any) -> None:
    done = play.restrict()
    with pytest.raises(EffectError, match="tried 0 times"):
        confirm(done.effects[0].pk, by=PLATFORM, now=play.now, status=Confirmation.APPLIED)
    assert play.state(done.measures[0]) == "planned"


def say(play: Any, effect: Effect, status: str) -> Effect:
    return confirm(effect.pk, by=PLATFORM, now=play.now, status=Confirmation(status), platform="maydan")


class TestAfterItWasTakenBack:
    """Between two tries, or after the platform had said that it could not."""

    def taken_back(self, play: Any) -> Effect:
        play.next("measure.apply", Retry("timeout"))
        effect = deliver_one(play)
        reverse(by=play.basil, now=play.now, decision="decision:1", because="complaint upheld")
        effect.refresh_from_db()
        assert (effect.state, effect.attempts, only().state) == ("cancelled", 1, "reversing")
        return effect

    @pytest.mark.parametrize("reversal_first", [False, True])
    def test_that_it_was_applied_is_the_truth_and_the_reversal_goes_out(
        self, play: Any, reversal_first: bool
    ) -> None:
        effect = self.taken_back(play)
        play.next("measure.reverse", Confirmed(applied=True))
        if reversal_first:
            play.deliver()
        assert say(play, effect, "applied").state == "confirmed"
        play.later(days=1)
        play.deliver()
        measure = only()
        assert measure.state == "reversed"
        assert measure.applied_at is not None
        assert play.platform.kinds.count("measure.apply") == 1
        assert play.platform.kinds.count("measure.reverse") == 1
        told = play.facts(f"measure:{measure.pk}")
        assert (told.count("measure.applied"), told.count("measure.reversed")) == (1, 1)
        assert [f.code for f in findings.check()] == []

    def test_that_it_failed_changes_nothing_about_the_reversal(self, play: Any) -> None:
        effect = self.taken_back(play)
        assert say(play, effect, "failed").state == "failed"
        assert only().state == "reversing"
        with pytest.raises(EffectError, match="overtake"):
            replay(effect, by=play.amal, now=play.now)
        play.deliver()
        assert only().state == "reversed"
        assert only().applied_at is None

    def test_saying_it_twice_is_saying_it_once(self, play: Any) -> None:
        effect = self.taken_back(play)
        for _ in range(3):
            say(play, effect, "applied")
        assert play.facts(f"measure:{only().pk}").count("measure.applied") == 1

    def test_what_was_cancelled_after_a_failure_and_is_in_force_after_all_is_taken_back(
        self, play: Any
    ) -> None:
        effect = deliver_one(play)
        say(play, effect, "failed")
        reverse(by=play.basil, now=play.now, decision="decision:1", because="complaint upheld")
        assert only().state == "cancelled"  # nothing to take back, as far as anybody knows
        say(play, effect, "applied")
        assert (only().state, only().ended_at) == ("reversing", None)
        play.deliver()
        assert only().state == "reversed"
        assert only().ended_at is not None
        assert play.platform.kinds.count("measure.reverse") == 1
        assert [f.code for f in findings.check()] == []

    def test_so_is_what_expired_after_a_failure(self, play: Any) -> None:
        measure = Measure(MeasureKind.LIMIT_REACH, days=1)
        play.restrict(measure, undo_seconds=0)
        play.deliver()
        effect = play.effect(f"measure:{only().pk}:apply")
        say(play, effect, "failed")
        expire_due(now=play.now + timedelta(days=2))
        assert only().state == "expired"
        say(play, effect, "applied")
        assert only().state == "expiring"
        play.deliver()
        assert only().state == "expired"
        assert play.platform.kinds.count("measure.reverse") == 1

    def test_what_expired_in_time_is_not_taken_back_twice(self, play: Any) -> None:
        play.restrict(Measure(MeasureKind.LIMIT_REACH, days=1), undo_seconds=0)
        play.deliver()
        effect = play.effect(f"measure:{only().pk}:apply")
        play.later(days=2)
        expire_due(now=play.now)
        play.next("measure.reverse", Confirmed(applied=True))
        play.deliver()
        assert only().state == "expired"
        say(play, effect, "applied")
        assert only().state == "expired"
        assert play.deliver() == 0

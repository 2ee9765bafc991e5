"""A worker that was killed holds its messages up no longer than it takes to start the next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hakam.enforcement.connectors.connector import Dead
from hakam.enforcement.delivery import Try, claim_due, record
from hakam.enforcement.models import Effect
from hakam.enforcement.takeover import take_over
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.django_db


def test_what_a_dead_worker_held_is_sent_at_once_and_under_the_same_id(play: Any) -> None:
    play.restrict(Measure(MeasureKind.REMOVE))
    play.later(seconds=11)
    held = claim_due(now=play.now, limit=10, lease_seconds=120)  # and then it is killed
    assert len(held) == 2
    assert play.deliver() == 0
    assert take_over(now=play.now) == 2
    assert play.deliver() == 2
    assert {m.id for m in play.platform.messages} == {str(effect.pk) for effect in held}
    assert {effect.state for effect in Effect.objects.all()} <= {"confirmed", "delivered"}


def test_what_waits_for_its_retry_is_left_to_wait(play: Any) -> None:
    play.restrict(Measure(MeasureKind.REMOVE))
    before = list(Effect.objects.order_by("pk").values_list("pk", "state", "next_at"))
    assert take_over(now=play.now) == 0
    assert list(Effect.objects.order_by("pk").values_list("pk", "state", "next_at")) == before


def test_a_try_that_outlived_its_worker_counts_for_nothing(play: Any) -> None:
    play.restrict(Measure(MeasureKind.REMOVE))
    play.later(seconds=11)
    first = claim_due(now=play.now, limit=10, lease_seconds=120)
    take_over(now=play.now)
    second = claim_due(now=play.now + timedelta(seconds=1), limit=10, lease_seconds=120)
    assert {e.pk for e in first} == {e.pk for e in second}
    late = [Try(str(e.pk), e.attempts, play.now, 0.1, Dead("gone")) for e in first]
    assert record(late, policy=play.policy) == 0
    assert {effect.state for effect in Effect.objects.all()} == {"sending"}

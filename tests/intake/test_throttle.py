"""A flood is slowed; nobody who reports is kept out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hakam.intake.throttle import Throttle

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_burst_is_taken_and_then_one_waits_as_long_as_is_said() -> None:
    throttle = Throttle(burst=3, per_hour=60)
    assert [throttle.admit("a", now=NOW) for _ in range(5)] == [0, 0, 0, 60, 60]
    assert throttle.admit("a", now=NOW + timedelta(seconds=59)) == 1
    assert throttle.admit("a", now=NOW + timedelta(seconds=60)) == 0


def test_one_sender_does_not_slow_another() -> None:
    throttle = Throttle(burst=1, per_hour=60)
    assert [throttle.admit(sender, now=NOW) for sender in ("a", "b", "a")] == [0, 0, 60]


def test_what_is_forgotten_lets_more_through_never_less() -> None:
    throttle = Throttle(burst=1, per_hour=1, senders=2)
    assert [throttle.admit(sender, now=NOW) for sender in ("a", "b", "c", "a")] == [0, 0, 0, 0]


@given(st.lists(st.floats(0, 10_000), min_size=1, max_size=60))
def test_who_waits_as_long_as_was_said_is_admitted(moments: list[float]) -> None:
    throttle = Throttle(burst=2, per_hour=100)
    at = NOW
    for seconds in sorted(moments):
        at = max(at, NOW + timedelta(seconds=seconds))
        wait = throttle.admit("a", now=at)
        if wait:
            at += timedelta(seconds=wait)
            assert throttle.admit("a", now=at) == 0


@given(st.lists(st.integers(-3600, 3600), max_size=40))
def test_a_clock_that_jumps_gives_nobody_more_than_the_burst(jumps: list[int]) -> None:
    throttle = Throttle(burst=5, per_hour=1)
    latest = max([0, *jumps])
    admitted = sum(throttle.admit("a", now=NOW + timedelta(seconds=s)) == 0 for s in jumps)
    assert admitted <= 5 + (latest + 3600) // 3600 + 1

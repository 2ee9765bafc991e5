"""Retries: soon at first, rarely at last, over about three days, never all at once."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.enforcement.schedule import (
    LONGEST_ASKED_SECONDS,
    LONGEST_SECONDS,
    MAX_ATTEMPTS,
    full_jitter,
    longest_wait,
    next_wait,
)

DAY = 86_400.0


def test_the_bounds_double_and_level_off() -> None:
    assert [longest_wait(n) for n in range(1, 6)] == [5, 10, 20, 40, 80]
    assert longest_wait(14) == 40_960
    assert longest_wait(15) == longest_wait(MAX_ATTEMPTS) == LONGEST_SECONDS


def test_all_waits_together_are_about_three_days() -> None:
    mean = sum(longest_wait(n) / 2 for n in range(1, MAX_ATTEMPTS))
    assert 2.8 * DAY < mean < 3.2 * DAY


def test_real_runs_take_about_three_days_too() -> None:
    runs = [sum(next_wait(n) or 0 for n in range(1, MAX_ATTEMPTS)) for _ in range(400)]
    assert 2.7 * DAY < statistics.mean(runs) < 3.3 * DAY
    assert min(runs) > DAY


def test_it_ends() -> None:
    assert next_wait(MAX_ATTEMPTS - 1) is not None
    assert next_wait(MAX_ATTEMPTS) is None
    assert next_wait(MAX_ATTEMPTS, asked=5) is None


@given(st.integers(1, MAX_ATTEMPTS - 1), st.floats(0, 1e6))
def test_a_wait_is_bounded_and_honours_what_was_asked(failures: int, asked: float) -> None:
    wait = next_wait(failures, asked=asked)
    assert wait is not None
    assert min(asked, LONGEST_ASKED_SECONDS) <= wait <= max(longest_wait(failures), LONGEST_ASKED_SECONDS)


@pytest.mark.parametrize("longest", [0.0, 5.0, 100.0])
def test_jitter_is_full(longest: float) -> None:
    waits = [full_jitter(longest) for _ in range(200)]
    assert all(0 <= wait <= longest for wait in waits)
    if longest:
        assert min(waits) < longest * 0.2
        assert max(waits) > longest * 0.8

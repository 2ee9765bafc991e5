"""A rule that fails again and again is put aside; one failure is one failure."""

from __future__ import annotations

import pytest

from hakam.policy.quarantine import MOST, WITHIN, OverranError, Quarantine, why


def fail(
    quarantine: Quarantine, times: int, *, rule: str = "r", error: BaseException | None = None
) -> list[bool]:
    return [quarantine.failed(rule, error or ValueError("x"), 100.0 + n) for n in range(times)]


def test_the_last_of_too_many_failures_puts_a_rule_aside() -> None:
    quarantine = Quarantine()
    assert fail(quarantine, MOST) == [False] * (MOST - 1) + [True]
    assert quarantine.aside == {"r": "it failed with ValueError"}


def test_once_aside_it_is_not_put_aside_again() -> None:
    quarantine = Quarantine()
    fail(quarantine, MOST)
    assert fail(quarantine, MOST) == [False] * MOST


def test_the_second_overrun_is_enough() -> None:
    quarantine = Quarantine()
    assert fail(quarantine, 2, error=OverranError()) == [False, True]
    assert "processor time" in quarantine.aside["r"]


def test_failures_long_ago_are_forgotten() -> None:
    quarantine = Quarantine()
    for n in range(20):
        assert not quarantine.failed("r", ValueError(), n * WITHIN / (MOST - 1))
    assert quarantine.aside == {}


def test_each_rule_is_judged_for_itself() -> None:
    quarantine = Quarantine()
    fail(quarantine, MOST - 1, rule="one")
    assert fail(quarantine, 1, rule="other") == [False]
    assert fail(quarantine, 1, rule="one") == [True]
    assert set(quarantine.aside) == {"one"}


@pytest.mark.parametrize("error", [ValueError("what somebody wrote"), OverranError("what somebody wrote")])
def test_why_repeats_nothing_that_people_wrote(error: Exception) -> None:
    assert "wrote" not in why(error)
    assert "\n" not in why(error)

"""Clocks are data: each names its duty, in both languages, and runs for a time that makes sense."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from hakam.compliance.clocks import Clock, clock, clocks
from hakam.intake.notices import DECISION_CLOCK, FLAGGER_CLOCK
from hakam.review.complaints import ANSWER_CLOCK


@pytest.mark.parametrize("key", sorted(clocks()))
def test_each_clock_says_what_for(key: str) -> None:
    found = clock(key)
    assert found.key == key
    assert found.length > timedelta(0)
    assert re.match(r"DSA Art\. \d+", found.law)
    assert re.search("[a-z]", found.title["en"])
    assert re.search("[\u0600-\u06ff]", found.title["ar"])
    assert not re.search("[A-Za-z]", found.title["ar"])


@pytest.mark.parametrize("key", [DECISION_CLOCK, FLAGGER_CLOCK, ANSWER_CLOCK])
def test_the_clocks_that_are_started_exist(key: str) -> None:
    assert key in clocks()


def test_a_trusted_flagger_waits_less() -> None:
    # DSA Art. 22(1)
    assert clock(FLAGGER_CLOCK).length < clock(DECISION_CLOCK).length


def test_an_unknown_clock_is_answered_with_those_there_are() -> None:
    with pytest.raises(LookupError, match=re.escape(DECISION_CLOCK)):
        clock("notice.decison")


def test_days_and_hours_add_up() -> None:
    assert Clock("x", 1, "DSA Art. 1", target=True, title={}, hours=5, days=2).length == timedelta(hours=53)

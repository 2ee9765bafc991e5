"""Agreement with people: shares, their uncertainty, and how decisions are read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.backtest.decided import Meaning, agreement, share, unread


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [  # computed by hand from Wilson's formula
        (8, 10, 0.4901625, 0.9433178),
        (0, 10, 0.0, 0.2775328),
        (10, 10, 0.7224672, 1.0),
        (50, 1_000, 0.0381249, 0.0653138),
    ],
)
def test_the_interval_is_wilsons(part: int, whole: int, low: float, high: float) -> None:
    found = share(part, whole)
    assert found.low == pytest.approx(low, abs=1e-5)
    assert found.high == pytest.approx(high, abs=1e-5)


@given(st.integers(1, 5_000).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_the_interval_holds_the_share_and_narrows(pair: tuple[int, int]) -> None:
    part, whole = pair
    found, wider = share(part * 4, whole * 4), share(part, whole)
    for one in (found, wider):
        assert one.value is not None
        assert one.low is not None
        assert one.high is not None
        assert 0 <= one.low <= one.value <= one.high <= 1
    assert found.high - found.low < wider.high - wider.low  # type: ignore[operator]


def test_nothing_has_no_share() -> None:
    assert share(0, 0).value is None
    empty = agreement(caught=0, wrong=0, missed=0, right=5)
    assert empty.precision.value is None
    assert empty.recall.value is None
    assert empty.disagreement.value == 0.0


def test_the_shares_are_what_their_names_say() -> None:
    found = agreement(caught=8, wrong=2, missed=12, right=78)
    assert found.precision.value == 0.8
    assert found.recall.value == 0.4
    assert found.disagreement.value == 0.14


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("spam", (True, "spam")),
        (" yes ", (True, None)),
        ("TRUE", (True, None)),
        ("1", (True, None)),
        ("0.0", (False, None)),
        ("not violating", (False, None)),
        ("hate.protected", None),
        ("", None),
    ],
)
def test_decisions_are_read_by_plain_words_and_clauses(text: str, read: object) -> None:
    assert Meaning(frozenset({"spam"})).read(text) == read


def test_words_of_ones_own_leave_no_doubt() -> None:
    meaning = Meaning(frozenset({"spam"}), frozenset({"Toxic", "مسيء"}))
    assert meaning.read("toxic") == (True, None)
    assert meaning.read("مسيء") == (True, None)
    assert meaning.read("anything else") == (False, None)
    assert meaning.read("spam") == (True, "spam")
    assert unread(meaning, ["x"]) == []
    assert unread(Meaning(), ["x", "yes", "a"]) == ["a", "x"]

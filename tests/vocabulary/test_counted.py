"""How many of something, as people say it."""

from __future__ import annotations

import pytest

from hakam.vocabulary.counted import counted


@pytest.mark.parametrize(
    ("number", "one", "said"),
    [
        (0, "rule", "0 rules"),
        (1, "rule", "1 rule"),
        (2, "rule", "2 rules"),
        (1_234_567, "event", "1,234,567 events"),
        (1, "entry", "1 entry"),
        (3, "entry", "3 entries"),
        (2, "day", "2 days"),
    ],
)
def test_a_number_and_what_it_counts_agree(number: int, one: str, said: str) -> None:
    assert counted(number, one) == said


def test_a_plural_of_its_own_is_given() -> None:
    assert [counted(number, "more rule", "more rules") for number in (0, 1, 2)] == [
        "0 more rules",
        "1 more rule",
        "2 more rules",
    ]
    assert counted(2, "row is no event", "rows are no events") == "2 rows are no events"
    assert counted(1, "row is no event", "rows are no events") == "1 row is no event"

"""Every row has one fate, errors are remembered sparingly, and the table says what was counted."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from hakam.cli.replay_report import show
from hakam.cli.replay_tally import EXAMPLES, Tally

FATES = ("new", "duplicate", "refused", "lost", "unsent")


def printed(tally: Tally, *, cases: int | None = None, checked: bool = True) -> str:
    out = io.StringIO()
    show(Console(file=out, width=120), tally, cases=cases, checked=checked, source="posts.csv")
    return out.getvalue()


@given(st.lists(st.sampled_from(FATES), max_size=200))
def test_rows_with_one_fate_each_add_up(fates: list[str]) -> None:
    tally = Tally(rows=len(fates))
    for number, fate in enumerate(fates):
        if fate == "refused":
            tally.refuse("posts.csv", number, "bad")
        elif fate == "lost":
            tally.lose("posts.csv", number, "gone")
        else:
            setattr(tally, fate, getattr(tally, fate) + 1)
    assert tally.adds_up
    assert tally.taken == fates.count("new") + fates.count("duplicate")
    assert tally.sound is not bool({"refused", "lost"} & set(fates))


def test_a_row_with_no_fate_is_noticed() -> None:
    assert not Tally(rows=3, new=2).adds_up


def test_an_acknowledged_event_that_the_log_lacks_is_never_sound() -> None:
    assert not Tally(rows=1, new=1, not_in_log=1).sound


def test_of_each_error_only_the_first_are_kept_and_of_all_a_few() -> None:
    tally = Tally()
    for number in range(1_000):
        tally.refuse("posts.csv", number, "the same")
    assert tally.refused == 1_000
    assert [trouble.row for trouble in tally.troubles] == list(range(EXAMPLES))
    for number in range(1_000):
        tally.refuse("posts.csv", number, f"another {number}")
    assert len(tally.troubles) == 4 * EXAMPLES


def test_the_rate_is_of_what_was_acknowledged() -> None:
    assert Tally(new=90, duplicate=10, refused=900, seconds=2.0).rate == 50.0
    assert Tally().rate == 0.0


def test_rules_stand_by_how_often_they_fired() -> None:
    tally = Tally(rows=200, new=200)
    tally.firings.update({("rare", "spam", "live"): 1, ("often", "hate", "shadow"): 50})
    said = printed(tally)
    assert said.index("often") < said.index("rare")
    assert "25.00 %" in said
    assert "0.50 %" in said


def test_without_a_verdict_there_is_no_table_of_rules() -> None:
    assert "Verdicts by rule" not in printed(Tally(rows=1, new=1))


@pytest.mark.parametrize(
    ("cases", "checked", "says"),
    [(12, True, "12"), (None, True, "not yet known"), (None, False, "not known")],
)
def test_cases_are_counted_or_said_to_be_unknown(cases: int | None, checked: bool, says: str) -> None:
    lines = [line for line in printed(Tally(), cases=cases, checked=checked).splitlines() if "cases" in line]
    assert lines[0].split("opened")[1].strip() == says


def test_the_log_is_compared_where_it_can_be() -> None:
    assert "99 of 100" in printed(Tally(rows=100, new=100, not_in_log=1))
    assert "the door is elsewhere" in printed(Tally(rows=100, new=100), checked=False)


def test_a_rule_that_failed_is_named() -> None:
    tally = Tally(rows=3, new=3)
    tally.quarantined["broken-rule"] = 3
    assert "rule broken-rule failed" in printed(tally)


def test_errors_are_shown_with_file_row_and_pointer() -> None:
    tally = Tally(rows=1)
    tally.refuse("posts.csv", 7, "[red] is not a colour here", "/item/text")
    said = printed(tally)
    assert "First errors" in said
    assert "[red] is not a colour here" in said
    assert "/item/text" in said
    assert " 7 " in said

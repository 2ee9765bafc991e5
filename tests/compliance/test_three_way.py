"""Two changes of one text become one text, and nothing that either wrote is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hakam.compliance.three_way import BETWEEN, MINE, THEIRS, Merged, merge

BASE = "a\nb\nc\nd\ne\n"
NAMES = "draft", "1.0.1"


def merged(mine: str, theirs: str, base: str = BASE, *, marked: bool = True) -> Merged:
    return merge(base, mine, theirs, names=NAMES, marked=marked)


def test_changes_in_different_places_are_both_there() -> None:
    assert merged("A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\nf\n") == ("A\nb\nc\nd\nE\nf\n", 0)
    assert merged("b\nc\nd\ne\n", "a\nb\nc\nd\n") == ("b\nc\nd\n", 0)
    assert merged("a\nx\nb\nc\nd\ne\n", "a\nb\nc\nd\ny\ne\n") == ("a\nx\nb\nc\nd\ny\ne\n", 0)


def test_the_same_change_is_one() -> None:
    assert merged("a\nB\nc\nd\ne\n", "a\nB\nc\nd\ne\n") == ("a\nB\nc\nd\ne\n", 0)


def test_where_both_wrote_both_stand_between_marks() -> None:
    text, clashes = merged("a\nmine\nc\nd\ne\n", "a\ntheirs\nc\nd\ne\n")
    assert clashes == 1
    assert text == f"a\n{MINE} draft\nmine\n{BETWEEN}\ntheirs\n{THEIRS} 1.0.1\nc\nd\ne\n"


def test_entries_that_both_wrote_at_the_same_place_follow_each_other() -> None:
    base = "- rule: a\n  stage: live"
    mine = f"{base}\n\n# mine\n- rule: b\n  stage: live"
    theirs = f"{base}\n\n- rule: c\n"
    assert merged(mine, theirs, f"{base}\n") == (f"{mine}\n\n- rule: c\n", 0)
    assert merged(f"{base}\n  quota: 1\n", f"{base}\n  quota: 2\n", f"{base}\n").clashes == 1


def test_a_last_line_without_an_end_runs_into_nothing() -> None:
    text, clashes = merged("a\nb\nc\nd\nmine", "a\nb\nc\nd\ntheirs")
    assert clashes == 1
    assert f"mine\n{BETWEEN}\ntheirs\n{THEIRS}" in text


def test_a_line_is_not_broken_where_only_python_ends_one() -> None:
    text, clashes = merged("a\nm\u2028i\x85ne\nc\nd\ne\n", "a\ntheirs\nc\nd\ne\n")
    assert clashes == 1
    assert f"{MINE} draft\nm\u2028i\x85ne\n{BETWEEN}\n" in text
    one, other = "a\nb\u2028x\nc\nd\ne\n", "a\nb\u2028x\nc\nd\nE\n"
    assert merged(one, other) == (other, 0)


def test_without_marks_every_line_of_both_stays_once() -> None:
    assert merged("a\nx\nb\n", "a\nx\ny\nb\n", "a\nb\n", marked=False) == ("a\nx\ny\nb\n", 1)


LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d\n"]), max_size=12).map("".join)


@given(LINES, LINES)
def test_who_changed_nothing_gets_what_the_other_wrote(base: str, other: str) -> None:
    assert merged(base, other, base) == (other, 0)
    assert merged(other, base, base) == (other, 0)
    assert merged(other, other, base) == (other, 0)


@given(LINES, LINES, LINES)
def test_no_line_that_somebody_added_is_lost(base: str, mine: str, theirs: str) -> None:
    text, clashes = merged(mine, theirs, base)
    for line in {*mine.splitlines(), *theirs.splitlines()} - set(base.splitlines()):
        assert line in text.splitlines()
    assert (MINE in text) == bool(clashes)

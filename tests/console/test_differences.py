from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hakam.console.differences import Change, differences
from hakam.console.templatetags.hakam import changed


def spelt(old: str, new: str, *kept: Change) -> str:
    return "".join(run.text for run in differences(old, new) if run.change in kept)


@given(st.text(max_size=80), st.text(max_size=80))
def test_the_runs_spell_both_texts(old: str, new: str) -> None:
    assert spelt(old, new, Change.SAME, Change.ADDED) == new
    assert spelt(old, new, Change.SAME, Change.REMOVED) == old


def test_words_are_compared_whole() -> None:
    runs = differences("they are vermin", "they are welcome")
    assert [(run.change, run.text) for run in runs] == [
        (Change.SAME, "they are "),
        (Change.REMOVED, "vermin"),
        (Change.ADDED, "welcome"),
    ]


def test_arabic_words_are_compared_whole() -> None:
    runs = differences("لا تهدد الناس", "لا تشتم الناس")
    assert [run.text for run in runs if run.change is not Change.SAME] == ["تهدد", "تشتم"]


def test_long_texts_that_share_most_are_compared_fast() -> None:
    old = "line\n" * 20_000
    assert spelt(old, old + "more\n", Change.ADDED) == "more\n"


def test_long_texts_are_compared_by_lines() -> None:
    old = "".join(f"this is line {n} of many\n" for n in range(300))
    new = old.replace("line 0 of", "line zero of").replace("line 299 of", "last line of")
    assert spelt(old, new, Change.SAME, Change.ADDED) == new
    assert len(spelt(old, new, Change.ADDED)) < 100


def test_texts_with_nothing_in_common_do_not_take_for_ever() -> None:
    old, new = "a\n" * 5_000, "b\n" * 5_000
    assert [run.change for run in differences(old, new)] == [Change.REMOVED, Change.ADDED, Change.SAME]


def test_the_drawing_escapes_and_shows_what_hides() -> None:
    drawing = changed("<a>", "<b>\u202e")
    assert "<del>a</del>" in drawing
    assert "&lt;" in drawing
    assert "RLO" in drawing

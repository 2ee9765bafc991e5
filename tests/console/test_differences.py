from __future__ import annotations

from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from hakam.console.differences import BESIDE, Change, Left, Run, around, differences
from hakam.console.templatetags.hakam import changed, changed_file


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


FILE = "".join(f"line {n}\n" for n in range(40))


def shown(new: str, old: str = FILE) -> list[str | int]:
    return [one.lines if isinstance(one, Left) else one.text for one in around(differences(old, new))]


def test_of_a_file_the_changes_are_shown_with_the_lines_beside_them() -> None:
    parts = shown(FILE.replace("line 20\n", "line twenty\n"))
    assert parts[0] == 20 - BESIDE
    assert parts[-1] == 40 - 21 - BESIDE
    text = "".join(str(part) for part in parts[1:-1])
    assert "line 17\n" in text
    assert "line 23\n" in text
    assert "line 16\n" not in text
    assert "line 24\n" not in text


def test_what_is_added_at_an_end_has_lines_on_one_side() -> None:
    assert shown(FILE + "more\n")[-1] == "more\n"
    assert isinstance(shown(FILE + "more\n")[0], int)
    assert isinstance(shown("more\n" + FILE)[-1], int)


def test_a_short_stretch_is_not_left_out() -> None:
    old = "".join(f"line {n}\n" for n in range(2 * BESIDE + 2))
    assert all(isinstance(part, str) for part in shown("a\n" + old + "b\n", old))


def test_a_file_that_is_the_same_is_left_out_whole() -> None:
    assert shown(FILE) == [40]
    assert shown("", "") == []


LINES = st.lists(st.sampled_from(["a\n", "b b\n", "\n", "c"]), max_size=30).map("".join)


@given(LINES, LINES)
def test_no_change_is_ever_left_out(old: str, new: str) -> None:
    runs, parts = differences(old, new), around(differences(old, new))
    changes = [run for run in runs if run.change is not Change.SAME]
    assert [part for part in parts if isinstance(part, Run) and part.change is not Change.SAME] == changes
    left = sum(part.lines for part in parts if isinstance(part, Left))
    kept = sum(len(run.text.splitlines()) for run in runs if run.change is Change.SAME)
    there = sum(
        len(part.text.splitlines()) for part in parts if isinstance(part, Run) and part.change is Change.SAME
    )
    assert left + there == kept


def test_how_many_lines_stay_is_said_in_the_readers_language() -> None:
    new = FILE.replace("line 20\n", "<b>\n")
    assert "16 lines stay" in changed_file(FILE, new)
    assert "&lt;" in changed_file(FILE, new)
    assert "<b>" not in changed_file(FILE, new)
    with translation.override("ar"):
        assert "16 سطرًا باقيًا كما هو" in changed_file(FILE, new)

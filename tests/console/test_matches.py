from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.console.matches import MOST_WORDS, seen_words, spans


def marked(text: str, *wanted: str) -> list[str]:
    return [text[start:end] for start, end in spans(text, seen_words({"x": list(wanted)}))]


def test_a_phrase_is_found_whatever_its_case() -> None:
    assert marked("You KILL ALL of them", "kill all") == ["KILL ALL"]


def test_punctuation_beside_a_word_does_not_hide_it() -> None:
    assert marked("Gas them all.", "gas them all") == ["Gas them all."]


def test_arabic_variants_are_seen_through() -> None:
    assert marked("سأقتلك غدًا", "ساقتلك") == ["سأقتلك"]


def test_tatweel_is_seen_through() -> None:
    assert marked("يا كـــلب", "كلب") == ["كـــلب"]


def test_what_a_rule_saw_is_searched_at_any_depth() -> None:
    values = {"a": {"b": ["one", ("two",)]}, "c": 3, "d": None, "e": True, "f": "three"}
    assert seen_words(values) == {"one", "two", "three"}


def test_single_letters_mark_nothing() -> None:
    assert seen_words({"a": "x"}) == set()


def test_nothing_wanted_nothing_found() -> None:
    assert spans("some text", set()) == []
    assert spans("", {"text"}) == []


@pytest.mark.parametrize("wanted", ["kill", "kill you"])
def test_every_occurrence_is_marked(wanted: str) -> None:
    assert len(marked("I kill you and kill you", wanted)) == 2


@given(st.text(max_size=200), st.lists(st.text(max_size=12), max_size=4))
def test_spans_lie_inside_the_text(text: str, wanted: list[str]) -> None:
    for start, end in spans(text, seen_words({"x": wanted})):
        assert 0 <= start < end <= len(text)


def test_a_very_long_text_is_searched_up_to_a_limit() -> None:
    text = "word " * MOST_WORDS + "needle"
    assert marked(text, "needle") == []
    assert marked("needle " + text, "needle") == ["needle"]


def test_arabic_in_latin_letters_and_without_dots_is_marked() -> None:
    text = "ya 7mar enta mesh fahem"
    assert [text[start:end] for start, end in spans(text, {"حمار"})] == ["7mar"]
    text = "اٮٮ كلٮ"
    assert [text[start:end] for start, end in spans(text, {"كلب"})] == ["كلٮ"]

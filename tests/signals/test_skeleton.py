"""Arabic in Latin letters and without dots: real ways of writing as text, and properties that hold for any."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.policy.phrases import Phrases
from hakam.signals.skeleton import (
    LONGEST,
    MOST_KEYS,
    in_latin_letters,
    keys_of,
    keys_of_phrase,
    said,
    skeleton,
    spans,
    without_dots,
)

FIXTURE = Path(__file__).parent / "fixtures" / "skeletons.txt"
LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهويةى"


def lines(sign: str) -> list[tuple[str, str]]:
    pairs = []
    for line in FIXTURE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "==")) and f" {sign} " in line:
            text, _, phrase = line.partition(f" {sign} ")
            pairs.append((text, phrase))
    return pairs


def says(text: str, phrase: str) -> bool:
    keys = keys_of_phrase(phrase)
    found = skeleton(text)
    assert found is not None
    return bool(keys) and bool(Phrases(dict.fromkeys(keys, (0,)))(found))


@pytest.mark.parametrize(("text", "phrase"), lines("=>"), ids=ascii)
def test_what_a_text_says(text: str, phrase: str) -> None:
    assert says(text, phrase)
    (first, *_) = spans(text, [phrase])
    start, end = first
    assert 0 <= start < end <= len(text)


@pytest.mark.parametrize(("text", "phrase"), lines("=/="), ids=ascii)
def test_what_a_text_does_not_say(text: str, phrase: str) -> None:
    assert not says(text, phrase)
    assert spans(text, [phrase]) == []


def test_unknown_stays_unknown_and_nothing_is_nothing() -> None:
    assert skeleton(None) is None
    assert skeleton("") == " "
    assert skeleton("plain English, and nothing else") == " "


def test_a_span_is_that_of_the_raw_text() -> None:
    text = "Wallah YA 7MAR, enta mesh fahem!"
    ((start, end),) = spans(text, ["حمار"])
    assert text[start:end] == "7MAR"
    text = "قال: كَـلٮ وٯاٮل"
    ((start, end),) = spans(text, ["كلب"])
    assert text[start:end] == "كَـلٮ"


def test_a_phrase_of_several_words_is_found_in_order() -> None:
    assert says("ya bint el kalb mesh 3ayzak", "بنت الكلب")
    assert not says("el kalb bta3 bint 3ammi mesh hena", "بنت الكلب")


def test_people_read_the_phrase_not_the_key() -> None:
    for key in keys_of_phrase("شرموطة"):
        assert said(key.strip()) == "شرموطة"
    assert said("vermin") == "vermin"
    assert said("~unheard") == "~unheard"


@pytest.mark.parametrize("phrase", ["hello", "", "  ", "123", "كلب dog!", "ء"])
def test_only_arabic_has_keys(phrase: str) -> None:
    keys = keys_of_phrase(phrase)
    assert all("كلٮ" in key or "klb" in key for key in keys)


def test_short_phrases_have_no_key_in_latin_letters() -> None:
    assert keys_of_phrase("يا") == (" =ٮا ",)
    assert not any("~" in key for key in keys_of_phrase("غبي"))


@given(st.text(alphabet=LETTERS, min_size=1, max_size=60))
def test_keys_are_bounded_and_of_one_sort(phrase: str) -> None:
    keys = keys_of_phrase(phrase)
    assert len(keys) <= MOST_KEYS
    assert len({len(key.split()) for key in keys}) <= 1
    for key in keys:
        assert key[1] in "~=+"


@given(st.text(alphabet=LETTERS, min_size=4, max_size=12))
def test_a_word_without_dots_is_found_by_the_word(word: str) -> None:
    bare = "".join("ٮ" if c in "بتثنيى" else "ڡ" if c in "فق" else c for c in word)
    bare = bare.translate(str.maketrans("جخذزشضظغة", "ححدرسصطعه"))
    if without_dots(bare):
        assert says(bare, word)


@given(st.text(max_size=300))
def test_any_text_has_keys_with_spans_in_it(text: str) -> None:
    for key, start, end in keys_of(text):
        assert key[0] in "~=+"
        assert 0 <= start < end <= len(text)


@given(st.text(alphabet="ٮڡںا ", max_size=6), st.integers(1, 3))
def test_a_long_text_costs_no_more_than_its_beginning(text: str, times: int) -> None:
    long = (text + "كلٮ ") * (LONGEST // 4 * times)
    assert all(end <= LONGEST for _, _, end in keys_of(long))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ana mesh 3aref leh keda", True),
        ("shu 3am ta3mel hal2", True),
        ("7abibi", True),
        ("the quick brown fox and 7 dogs", False),
        ("w33d for s4le", False),
        ("20k views in 3h", False),
        ("", False),
        ("7", False),
        ("ya Иван", False),
        ("ana mesh عارف", False),
    ],
)
def test_arabic_in_latin_letters_is_recognised(text: str, expected: bool) -> None:
    assert in_latin_letters(text) is expected

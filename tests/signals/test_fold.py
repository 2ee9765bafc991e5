"""Folding gives one form to the many ways of writing the same words, and says where each letter came from."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hakam.signals.fold import (
    _COMMON,
    _UNSTABLE,
    fold,
    fold_counting,
    fold_with_places,
    fold_words,
    raw_span,
    split_words,
)
from hakam.signals.letters import fold_character, without_signs
from hakam.signals.tricks import suspects

# Letters that meet in tricks: plain, repeated, accented, look-alike, Arabic, marks, invisible, jamo, digits, gaps.
_TRICKY = (
    "abcilosuxyw019$@!.-_ \t\nABЯаеорсухпріїйёждαοβσςااأإةىئءكلمنهوي\u064b\u0651\u0640٣éüßıİſ\u0308\u0301"
)
_HIDDEN = "\u200b\u200d\u202e\ufe0f\u00ad\x00\x07𝖆𝓫ｆⒶ🅰ﷺﻻ각\u1112\u1161\u11abか\u3099क\u093cि👩哈Ꭺꭰ\ud800"
tricky = st.text(alphabet=st.sampled_from(_TRICKY + _HIDDEN), max_size=40)
anything = st.one_of(tricky, st.text(alphabet=st.characters(), max_size=60))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Hello World", "hello world"),
        ("f.u.c.k you", "fuck you"),
        ("l o s e r", "loser"),
        ("k i l l  y o u", "kill  you"),
        ("f.u.c.k.i.n.g l o s e r", "fucking loser"),
        ("shiiiiit", "shit"),
        ("niggggger", "nigger"),
        ("killlll", "kill"),
        ("h4te", "hate"),
        ("a$$hole", "asshole"),
        ("𝓫𝓲𝓽𝓬𝓱", "bitch"),
        ("ｆｕｌｌ", "full"),
        ("🅺🅸🅻🅻", "kill"),
        ("b\u200bi\u200bt\u2060ch", "bitch"),
        ("b\u0338i\u0338t\u0338c\u0338h", "bitch"),
        ("сосаіnе", "cocaine"),
        ("ехсеl for sale ѕех", "excel for sale sex"),
        ("fück", "fuck"),
        ("Straße", "strasse"),
        ("İstanbul ılık", "istanbul ilik"),
        ("مـــرحـبـا", "مرحبا"),
        ("السَّلامُ", "السلام"),
        ("إيمان أحمد آمال على مدرسة مؤمن بئر جزء", "ايمان احمد امال علي مدرسه مومن بير جز"),
        ("ك ل ب", "كلب"),
        ("ﻛﻠﺐ", "كلب"),
        ("سلااااام", "سلام"),
        ("چلب", "جلب"),
        ("٣٤ ۳۴", "34 34"),
    ],
)
def test_a_trick_of_spelling_is_undone(written: str, meant: str) -> None:
    assert fold(written) == meant


@pytest.mark.parametrize(
    "honest",
    [
        "covid19",
        "10:30",
        "2024-01-02",
        "1 2 3 4",
        "xxx",
        "john@mail.com",
        "www.example.com",
        "cool",
        "good book",
        "3.1.4",
    ],
)
def test_honest_writing_is_left_alone(honest: str) -> None:
    assert fold_counting(honest) == (honest, 0)


@pytest.mark.parametrize(
    "text",
    [
        "Привет мир, как дела",
        "καλημέρα κόσμε",
        "नमस्ते दुनिया",
        "한국어",
        "可爱的猫",
        "سلام بر شما",
        "שלום עולם",
    ],
)
def test_other_scripts_are_not_taken_for_disguised_latin(text: str) -> None:
    folded, repairs = fold_counting(text)
    assert repairs == 0
    assert not any("a" <= c <= "z" for c in folded)


def test_a_russian_word_with_a_latin_letter_becomes_russian() -> None:
    assert fold("ну ты xам") == "ну ты хам"  # the first is Latin x, the second Cyrillic


def test_a_latin_word_with_cyrillic_letters_becomes_latin_even_beside_russian() -> None:
    assert fold("привет, раyраl") == "привет, paypal"


@given(anything)
@example("a\x00a a")
@example("1 1 1 a")
@settings(max_examples=1_500, deadline=None)
def test_folding_twice_is_folding_once(text: str) -> None:
    once = fold(text)
    assert fold(once) == once


@given(anything)
@settings(max_examples=1_500, deadline=None)
def test_the_traced_text_is_the_folded_text_and_each_place_exists(text: str) -> None:
    folded, places = fold_with_places(text)
    assert folded == fold(text)
    assert len(places) == len(folded)
    assert all(0 <= place < len(text) for place in places)
    assert list(places) == sorted(places)


@given(anything)
@settings(max_examples=600, deadline=None)
def test_counting_changes_nothing(text: str) -> None:
    folded, repairs = fold_counting(text)
    assert folded == fold(text)
    assert repairs >= 0


@given(anything)
@settings(max_examples=600, deadline=None)
def test_case_and_composition_make_no_difference(text: str) -> None:
    if any(unicodedata.category(c) == "Cs" for c in text):
        return
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@given(st.text(max_size=30), st.text(max_size=30))
def test_folded_text_can_be_written_as_utf8(left: str, right: str) -> None:
    fold(left + "\ud83d" + right).encode()


def test_a_moderator_sees_what_matched() -> None:
    raw = "you b\u200bi\u0301t𝓬h!!"
    folded, places = fold_with_places(raw)
    start = folded.index("bitch")
    begin, end = raw_span(places, start, start + len("bitch"))
    assert raw[begin:end] == "b\u200bi\u0301t𝓬h"


def test_an_empty_span_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        raw_span((0, 1), 1, 1)


def test_what_is_taken_for_stable_is_stable() -> None:
    for code in range(0x110000):
        character = chr(code)
        if not _UNSTABLE.match(character) and character.casefold() == character:
            assert fold_character(character) == character, hex(code)


def test_the_shortcuts_say_what_the_table_says() -> None:
    for variant, letter in _COMMON:
        assert fold_character(variant) == letter


def test_every_character_folds_to_a_fixed_point() -> None:
    for code in range(0x110000):
        folded = fold_character(chr(code))
        assert "".join(map(fold_character, folded)) == folded, hex(code)


def test_an_unsuspected_text_needs_no_repair() -> None:
    assert not suspects("this is a plain sentence with 42 words, or so; see example.org")
    assert suspects("p l a i n")


def test_repairs_are_counted() -> None:
    assert fold_counting("k\u200bi\u200bll")[1] == 2
    assert fold_counting("h4te")[1] == 1
    assert fold_counting("السَّلامُ عليكم")[1] == 0  # vowel signs are honest
    assert fold_counting("👩\u200d👩\u200d👧 می\u200cخواهم")[1] == 0  # joiners too


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Kill, them ALL!", " kill them all "),
        ("don't", " don t "),
        ("", "  "),
        ("!!!", "  "),
        ("snake_case", " snake case "),
        ("اقتلوا، كلهم", " اقتلوا كلهم "),
        ("हिन्दी में", " हिन्दी में "),
        ("ภาษาไทยที่นี่", " ภาษาไทยที่นี่ "),
        ("emoji👍here", " emoji here "),
    ],
)
def test_words_are_runs_of_letters_marks_and_digits(text: str, words: str) -> None:
    assert fold_words(text) == words


@given(anything)
@settings(max_examples=600, deadline=None)
def test_words_stand_between_single_spaces(text: str) -> None:
    words = fold_words(text)
    assert words.startswith(" ")
    assert words.endswith(" ")
    inside = words[1:-1]
    assert inside == " ".join(inside.split())
    assert split_words(inside) == words


@pytest.mark.parametrize(
    "unit", ["a b ", "h4x0r ", "аa ", "a 1 1 ", "aaa", "a.a.a.", "\u200ba\u0301", "$@!a", "Ꭺ "]
)
def test_hostile_text_of_the_greatest_length_folds_in_linear_time(unit: str) -> None:
    def seconds(length: int) -> float:
        text = (unit * length)[:length]
        start = time.process_time()
        fold(text)
        return time.process_time() - start

    small, large = max(seconds(20_000), 0.002), seconds(200_000)
    assert large < 40 * small


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\U00011107\U00011133\U00011120 x", " \U00011107\U00011133\U00011120 x "),  # Chakma, with a virama
        ("\U00011127free", " \U00011127free "),
        ("a\U0001f600b", " a b "),
        ("\U00010400b-c", " \U00010428b c "),  # a letter of that plane, folded to a small one
        ("कि क", " कि क "),
    ],
)
def test_marks_of_every_plane_stay_in_their_words(text: str, words: str) -> None:
    assert fold_words(text) == words


def test_no_mark_beyond_those_that_words_keep_is_left_by_folding() -> None:
    kept = [*range(0x300, 0xFE30), *range(0x101FD, 0x1F000)]
    beyond = set(range(0x110000)) - set(kept)
    marks = [chr(c) for c in beyond if unicodedata.category(chr(c))[0] == "M"]
    assert marks
    assert all(fold(f"a{mark}b") == "ab" for mark in marks)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("كَلْبٌ", "كلب"),
        ("كـــلـب", "كلب"),
        ("السَّلامُ عَلَيْكُمْ", "السلام عليكم"),
        ("أحمد إلى آخر", "أحمد إلى آخر"),
        ("café über", "café über"),
        ("हिन्दी में", "हिन्दी में"),
    ],
)
def test_vowel_signs_and_tatweel_leave_and_nothing_else(text: str, plain: str) -> None:
    assert without_signs(text) == plain
    assert fold(plain) == fold(text)

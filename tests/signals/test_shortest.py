"""How few characters a folded term needs: never said to be more than a text has that holds it."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hakam.signals.fold import fold, fold_words
from hakam.signals.letters import CYRILLIC_LOOKALIKES, LOOKALIKES, fold_character, in_many
from hakam.signals.shortest import fewest_characters, in_classes
from hakam.signals.tricks import LEET, REPEATABLE

MANY = [character for character in in_many() if len(in_classes(fold_character(character))) > 1]


@pytest.mark.parametrize(
    ("term", "fewest"),
    [
        ("kill", 3),  # an end that is doubled needs no character of its own
        ("kcal", 1),  # ㎉
        ("kill you", 6),
        ("مرحبا", 5),
        ("الله", 1),  # ﷲ
        ("ffi", 1),
        ("a", 1),
        ("buy", 3),
        ("!!", 1),  # which `!` may stand for `i`
        ("", 0),
        ("杀", 0),  # nothing is said of other scripts
    ],
)
def test_what_is_told_of_terms(term: str, fewest: int) -> None:
    assert fewest_characters(term) == fewest


def test_whatever_folds_to_several_letters_is_known() -> None:
    """All of Unicode: no character that is left out folds to more than one of the letters."""
    known = set(in_many())
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if character not in known and (character in LOOKALIKES or not character.isascii()):
            folded = character.casefold() if code >= 0x20000 else fold_character(character)
            assert len(in_classes(folded)) <= 1, hex(code)
            assert code < 0x20000 or len(unicodedata.normalize("NFKC", character)) == 1


def test_repairs_stay_within_a_class() -> None:
    for one, other in [*LOOKALIKES.items(), *CYRILLIC_LOOKALIKES.items(), *LEET.items()]:
        text = one if isinstance(one, str) else chr(one)
        assert in_classes(text) == in_classes(other if isinstance(other, str) else chr(other))


def test_what_marks_make_of_a_letter_stays_within_its_class() -> None:
    """Composed letters, as `ئ` of two characters, fold as their first part does."""
    for code in range(0x20000):
        parts = unicodedata.decomposition(chr(code))
        if parts and not parts.startswith("<") and " " in parts:
            letter = chr(int(parts.split()[0], 16))
            iota = "\u0345" in unicodedata.normalize(
                "NFD", chr(code)
            )  # folds to a letter before it could compose
            if in_classes(fold(chr(code))) and not iota:
                assert in_classes(fold(chr(code))) == in_classes(fold(letter)), hex(code)


alphabet = st.one_of(
    st.sampled_from(MANY), st.sampled_from(REPEATABLE),
    st.sampled_from("013457@$!9 .-_*|/+~·•\u0301\u0654\u0640\u200b"),
    st.sampled_from("áéöñßæŒİſΐήОСаехвкмтрүі"), st.characters(),
)  # fmt: skip


@given(st.text(alphabet, max_size=12), st.data())
@settings(max_examples=500, deadline=None)
@example("k i l l", None)
@example("㏕", None)
@example("Ⅷ", None)
def test_a_text_is_no_shorter_than_is_said(text: str, data: st.DataObject | None) -> None:
    """Whatever part of its folded form, or of its folded words, is the term."""
    for folded in (fold(text), fold_words(text)):
        assert fewest_characters(folded) <= len(text)
        if data is not None and folded:
            start = data.draw(st.integers(0, len(folded) - 1))
            assert fewest_characters(folded[start : data.draw(st.integers(start + 1, len(folded)))]) <= len(
                text
            )

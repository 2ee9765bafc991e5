"""Pieces of a BERT vocabulary."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.adapters.wordpiece import WordPieces

VOCABULARY = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "un",
    "##aff",
    "##able",
    "hello",
    ",",
    "!",
    "كل",
    "##ب",
    "cafe",
    "中",
]


def pieces(text: str, *, lower: bool = True, limit: int = 50) -> list[str]:
    return [VOCABULARY[n] for n in WordPieces(VOCABULARY, lower=lower).encode(text, limit)][1:-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("unaffable", ["un", "##aff", "##able"]),
        ("Hello, HELLO!", ["hello", ",", "hello", "!"]),
        ("كلب", ["كل", "##ب"]),
        ("café", ["cafe"]),
        ("中中", ["中", "中"]),
        ("hel\u200blo", ["hello"]),
        ("hello\u00a0hello", ["hello", "hello"]),
        ("strange", ["[UNK]"]),
        ("h" * 200, ["[UNK]"]),
        ("", []),
    ],
)
def test_words_are_cut(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


def test_case_and_accents_can_stay() -> None:
    assert pieces("Hello café", lower=False) == ["[UNK]", "[UNK]"]


def test_a_vocabulary_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\[CLS\]"):
        WordPieces(["a", "[UNK]", "[SEP]"], lower=True)


@given(st.text(max_size=300), st.integers(4, 40))
def test_any_text_is_cut_within_the_limit(text: str, limit: int) -> None:
    ids = WordPieces(VOCABULARY, lower=True).encode(text, limit)
    assert 2 <= len(ids) <= limit
    assert (ids[0], ids[-1]) == (2, 3)

"""Hashed n-grams: the same wherever they stand, other for other letters, bounded, names and addresses left out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.signals.fold import fold
from hakam.signals.models.features import MAX_CHARACTERS, ROWS, SHAPE_ROWS, prepare, rows_of


def rows(text: str, repairs: int = 0) -> list[int]:
    return sorted(rows_of(prepare(fold(text)), text, repairs).tolist())


@given(st.text(max_size=300))
def test_any_text_gives_rows_of_the_table(text: str) -> None:
    found = rows_of(prepare(fold(text)), text)
    assert found.dtype == np.int64
    assert len(found) >= 1
    assert 0 <= int(found.min()) <= int(found.max()) < ROWS + SHAPE_ROWS


@given(st.text(alphabet="abcdef ", min_size=1, max_size=40))
def test_the_same_text_gives_the_same_rows(text: str) -> None:
    assert rows(text) == rows(text)


def test_an_ngram_hashes_alike_wherever_it_stands() -> None:
    alone = {row for row in rows("zebra") if row < ROWS}
    later = {row for row in rows("a much longer text in which there is a zebra") if row < ROWS}
    assert alone <= later


def test_words_and_letters_are_apart() -> None:
    assert len(set(rows("ab"))) > len(set(rows("a")))
    assert set(rows("kill")) != set(rows("llik"))


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("hello  @Somebody_1 there", " hello @user there "),
        ("see https://example.com/a?b=c now", " see [url] now "),
        ("see www.example.com now", " see [url] now "),
        ("mail me@example.com", " mail me@example.com "),
        ("bit.ly/abc t.me/xyz", " [url] [url] "),
        ("\n\ttwo\nlines ", " two lines "),
        ("", "  "),
    ],
)
def test_names_and_addresses_are_replaced(text: str, prepared: str) -> None:
    assert prepare(fold(text)) == prepared


def test_what_the_raw_text_looks_like_counts() -> None:
    quiet, loud = rows("go away from here"), rows("GO AWAY FROM HERE")
    assert set(loud) - set(quiet) == {ROWS + 3}
    assert ROWS + 1 in rows("kill", 1)
    assert ROWS + 2 in rows("kill", 9)
    assert ROWS + 4 in rows("no!!!")
    assert ROWS + 9 in rows("لماذا؟")


def test_a_window_is_bounded() -> None:
    assert len(rows_of("a" * 10_000, "a")) == len(rows_of("a" * MAX_CHARACTERS, "a"))

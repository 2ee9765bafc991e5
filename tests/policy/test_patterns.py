"""Patterns made fit for folded text."""

from __future__ import annotations

from typing import Any

import pytest
import re2

from hakam.policy.patterns import prepare
from hakam.signals.fold import fold, split_words


def prepared(pattern: str, *, folded: bool = True, words: bool = False) -> tuple[str | None, list[str]]:
    codes: list[str] = []
    return prepare(pattern, lambda code, *_: codes.append(code), folded=folded, words=words), codes


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("FREE (Money|CASH)", "Free CASH"),
        ("أحمد|إبراهيم", "احمد"),
        ("[A-Z]{3}", "abc"),
        (r"(?P<Name>X)Y", "xy"),
        (r"\p{Arabic}+", "كلمة"),
        (r"رِبْح", "ربح"),
        (r"[أإآ]حمد", "أحمد"),
    ],
)
def test_patterns_for_folded_text_are_folded(pattern: str, text: str) -> None:
    ready, codes = prepared(pattern)
    assert ready is not None, codes
    assert re2.search(ready, fold(text)) is not None


def test_patterns_for_raw_text_stay(packs: Any) -> None:
    assert prepared("[A-Z]{3}", folded=False) == ("[A-Z]{3}", [])


@pytest.mark.parametrize("pattern", [r"c\Qx", r"\Qa.b", r"a|\Qb\\", r"\Qabc" + "\\"])
@pytest.mark.parametrize("folded", [True, False])
@pytest.mark.parametrize("words", [True, False])
def test_a_quotation_that_is_never_closed_reaches_to_the_end(pattern: str, folded: bool, words: bool) -> None:
    ready, codes = prepared(pattern, folded=folded, words=words)
    assert ready is not None, codes
    asked = "c x cx a.b b\\ abc\\"
    assert re2.search(ready, asked) is not None or words
    assert re2.compile(f"(?:{ready})|other")


def test_patterns_on_words_cover_whole_words() -> None:
    ready, _ = prepared("cat|dog", words=True)
    assert ready is not None
    assert re2.search(ready, split_words("a cat!"))
    assert not re2.search(ready, split_words("concatenate dogs"))


def test_escapes_keep_their_letters() -> None:
    assert prepared(r"\D\S[[:alpha:]]\x41")[0] is not None
    ready, _ = prepared(r"\Qa.B\E")
    assert ready is not None

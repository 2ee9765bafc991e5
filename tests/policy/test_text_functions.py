"""Every function that searches texts, against a plain reading of what it promises, on texts in two scripts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.policy.counters import NO_COUNTERS
from hakam.signals.fold import fold, split_words
from hakam.signals.measure import measure

TERMS = ("free money", "ربح سريع", "win", "مال", "a1")
PIECES = (
    *TERMS,
    "Free",
    "MONEY",
    "winner",
    "ربحٌ",
    "سريعة",
    "أموال",
    "x",
    "7",
    "-",
    "؟",
    ".",
    "\n",
    "  ",
    "😀",
    "ـ",
    "é",
)

texts = st.lists(st.sampled_from(PIECES), max_size=9).flatmap(
    lambda parts: st.sampled_from(["", " ", "\t"]).map(lambda between: between.join(parts))
)


def words_hold(text: str, term: str) -> bool:
    """Say whether a term's words stand in a text's, one after the other."""
    words, wanted = split_words(fold(text)).split(), split_words(fold(term)).split()
    return any(words[at : at + len(wanted)] == wanted for at in range(len(words)))


CASES = {
    'contains_any(text.folded, ["free money", "ربح سريع", "a1"])': lambda text: any(
        words_hold(text, term) for term in ("free money", "ربح سريع", "a1")
    ),
    'contains_any(text.folded, ["win", "مال"], words=False)': lambda text: (
        "win" in fold(text) or fold("مال") in fold(text)
    ),
    'contains_any(text.raw, ["Free", "ربحٌ"], words=False)': lambda text: "Free" in text or "ربحٌ" in text,
    'word(text.folded, "win")': lambda text: words_hold(text, "win"),
    'word(text.folded, "مال")': lambda text: words_hold(text, "مال"),
    'starts_with(text.folded, "free")': lambda text: fold(text).startswith("free"),
    'ends_with(text.folded, "سريع")': lambda text: fold(text).endswith(fold("سريع")),
    'starts_with(text.raw, "Free")': lambda text: text.startswith("Free"),
    'matches(text.folded, r"wi[mn]+")': lambda text: re.search(r"wi[mn]+", fold(text)) is not None,
    'matches(text.folded, r"wi[mn]+", words=True)': lambda text: any(
        re.fullmatch(r"wi[mn]+", word) for word in split_words(fold(text)).split()
    ),
    "len(text.folded) > 12": lambda text: len(fold(text)) > 12,
}


@pytest.fixture(scope="module")
def engine(packs: Any) -> Any:
    return packs.engine(*CASES)


@given(text=texts)
@settings(max_examples=500, deadline=None)
def test_each_function_says_what_a_plain_reading_says(engine: Any, make_event: Any, text: str) -> None:
    event = make_event(text)
    verdict = engine.judge(event, measure(event, engine.needs), NO_COUNTERS)
    fired = {firing.rule for firing in verdict.firings}
    assert fired == {f"r{n}" for n, plain in enumerate(CASES.values()) if plain(text)}
    assert verdict.quarantined == ()

"""Letters to complainants: each outcome in words of its own, in Arabic without a word of English, and the reverse."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest

from hakam.review import letters
from hakam.review.letters import Words
from hakam.review.models import Complaint
from hakam.review.states import ComplaintState
from hakam.testing import scene

ARABIC = re.compile("[\u0600-\u06ff]")
LATIN = re.compile("[A-Za-z]{2,}")
FINAL = [
    (who, state)
    for who in ("affected", "notifier")
    for state in (ComplaintState.UPHELD, ComplaintState.DENIED)
]


def complaint(language: str = "en", **more: Any) -> Complaint:
    given: dict[str, Any] = {
        "decision_id": 4711,
        "complainant": "affected",
        "state": ComplaintState.OPEN,
        "received_at": scene.NOW,
        "due_at": scene.NOW + timedelta(days=14),
        "answer": {"ar": "كان اقتباسًا."}.get(language, "It was a quotation."),
    }
    return Complaint(language=language, **(given | more))


def lines(words: Words) -> list[str]:
    return [words.subject, *words.paragraphs, words.link]


def every(language: str) -> list[Words]:
    outcomes = [letters.outcome(complaint(language, complainant=who, state=state)) for who, state in FINAL]
    return [letters.receipt(complaint(language)), *outcomes]


@pytest.mark.parametrize("language", ["ar", "ar-EG"])
def test_arabic_letters_are_arabic(language: str) -> None:
    for words in every(language):
        for line in lines(words):
            assert ARABIC.search(line), line
            assert line.startswith("الأسباب") or not LATIN.search(line), line


def test_english_letters_are_english() -> None:
    for words in every("en"):
        assert not any(ARABIC.search(line) for line in lines(words))


@pytest.mark.parametrize("language", ["xx", "zz-ZZ", "tlh"])
def test_a_language_that_is_not_spoken_here_is_answered_in_english(language: str) -> None:
    there, here = letters.receipt(complaint(language)), letters.receipt(complaint("en"))
    assert (there.subject, there.paragraphs[:2], there.link) == (here.subject, here.paragraphs[:2], here.link)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_no_two_outcomes_send_the_same_letter(language: str) -> None:
    texts = {
        (who, state): letters.outcome(complaint(language, complainant=who, state=state))
        for who, state in FINAL
    }
    for one, other in combinations(FINAL, 2):
        assert texts[one].paragraphs[0] != texts[other].paragraphs[0]
        if one[1] != other[1]:
            assert texts[one].subject != texts[other].subject


@pytest.mark.parametrize("language", ["en", "ar"])
def test_each_letter_names_the_decision_and_each_answer_gives_the_reasons(language: str) -> None:
    for words in every(language):
        assert "4711" in words.text
    for who, state in FINAL:
        made = complaint(language, complainant=who, state=state, answer="An answer, word for word: 100 % <b>")
        assert "An answer, word for word: 100 % <b>" in letters.outcome(made).text


@pytest.mark.parametrize(("language", "court"), [("en", "court"), ("ar", "خارج القضاء")])
def test_each_answer_says_what_remains_to_be_done(language: str, court: str) -> None:
    # DSA Art. 20(5)
    for who, state in FINAL:
        assert court in letters.outcome(complaint(language, complainant=who, state=state)).text


@pytest.mark.parametrize(("language", "court"), [("en", "you can turn to a court"), ("ar", "إلى المحكمة")])
def test_no_certified_body_is_named_where_none_has_a_say(language: str, court: str) -> None:
    # DSA Art. 19(1): Art. 21 does not bind micro and small companies
    for who, state in FINAL:
        words = letters.outcome(complaint(language, complainant=who, state=state), bodies=False)
        assert court in words.text
        assert not any(word in words.text for word in ("certified", "خارج القضاء"))


@pytest.mark.parametrize(("language", "date"), [("en", "16 March 2026"), ("ar", "16 مارس 2026")])
def test_the_receipt_says_by_when(language: str, date: str) -> None:
    assert date in letters.receipt(complaint(language)).text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "by 11 June 2026"),
        ("ar", "11 يونيو 2026"),
        ("fr", "11 juin 2026"),
        ("it", "entro l’11 giugno 2026"),
    ],
)
def test_a_receipt_names_the_last_day_where_the_platform_is(language: str, said: str, settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Amman"
    over = datetime(2026, 6, 11, 21, 0, tzinfo=UTC)  # the first instant of the 12th in Amman
    assert said in "\n".join(letters.receipt(complaint(language, due_at=over)).paragraphs)

"""Maydan speaks Arabic as well as English."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import hakam.demo
from hakam.demo.words import HARMS, LANGUAGES, ago, harms, words
from hakam.vocabulary.harm import Harm

TEMPLATES = Path(hakam.demo.__file__).parent / "templates"
MINUTE, HOUR, DAY = 60, 3600, 86_400


def test_every_text_is_there_in_both_languages() -> None:
    english, arabic = (words(language) for language in LANGUAGES)
    assert english.keys() == arabic.keys()
    assert all(english.values())
    for name, text in arabic.items():
        if name != "other":
            assert re.search("[\u0600-\u06ff]", text), name


def test_both_texts_take_the_same_values() -> None:
    def fields(text: str) -> set[str | None]:
        return {field for _, field, _, _ in string.Formatter().parse(text)} - {None}

    english, arabic = (words(language) for language in LANGUAGES)
    assert {name: fields(text) for name, text in english.items()} == {
        name: fields(text) for name, text in arabic.items()
    }


def test_templates_use_words_that_exist_and_every_word_is_used() -> None:
    used = {
        name
        for template in TEMPLATES.glob("*.html")
        for name in re.findall(r"\bw\.(\w+)", template.read_text(encoding="utf-8"))
    }
    known = set(words("en"))
    assert used <= known
    in_code = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.parent.glob("*.py"))
    assert {
        name for name in known - used if f'"{name}"' not in in_code.replace(f'    "{name}": (', "")
    } == set()


def test_what_can_be_reported_is_a_kind_of_harm() -> None:
    assert set(HARMS) <= set(Harm)
    assert [key for key, _ in harms("ar")] == [key for key, _ in harms("en")]


@pytest.mark.parametrize(
    ("seconds", "english", "arabic"),
    [
        (5, "just now", "الآن"),
        (MINUTE, "1 min ago", "قبل دقيقة"),
        (2 * MINUTE, "2 min ago", "قبل دقيقتين"),
        (3 * MINUTE, "3 min ago", "قبل 3 دقائق"),
        (10 * MINUTE, "10 min ago", "قبل 10 دقائق"),
        (11 * MINUTE, "11 min ago", "قبل 11 دقيقة"),
        (HOUR, "1 h ago", "قبل ساعة"),
        (5 * HOUR, "5 h ago", "قبل 5 ساعات"),
        (2 * DAY, "2 d ago", "قبل يومين"),
        (11 * DAY, "11 d ago", "قبل 11 يومًا"),
        (103 * DAY, "103 d ago", "قبل 103 أيام"),
    ],
)
def test_how_long_ago_counts_as_each_language_does(seconds: int, english: str, arabic: str) -> None:
    assert ago(seconds, "en") == english
    assert ago(seconds, "ar") == arabic

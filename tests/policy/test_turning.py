"""What would have turned an outcome, in words: both languages alike, code and values apart from the words."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hakam.policy import turning
from hakam.policy.changes import Change, Turn
from hakam.policy.turning import LANGUAGES, PieceKind, Tail, pieces, shown

ARABIC = re.compile("[\u0600-\u06ff]")


def text(change: Change, language: str = "en") -> str:
    return "".join(piece.text for piece in pieces(change, language))


def test_both_languages_have_every_sentence_with_the_same_holes() -> None:
    for table, keys in ((turning._WORDS, Turn), (turning._TAILS, Tail)):
        assert set(table["en"]) == set(table["ar"]) == set(keys)
        for key, pattern in table["ar"].items():
            assert re.findall(r"\{\w+\}", pattern) == re.findall(r"\{\w+\}", table["en"][key]), key
            assert ARABIC.search(pattern) or not pattern, key


TOLD = [
    (
        Change(Turn.BELOW, "author.posts", "50", 53),
        "if author.posts were below 50 (it was 53)",
        "لو كانت قيمة author.posts أقل من 50 (كانت 53)",
    ),
    (
        Change(Turn.AT_LEAST, "author.posts", "50", unknown=True),
        "if author.posts were 50 or more (it was not known)",
        "لو بلغت قيمة author.posts ما لا يقل عن 50 (لم تكن معروفة)",
    ),
    (
        Change(Turn.OTHER, "author.name", "", "Amal"),
        'if author.name were other than "" (it was Amal)',
        'لو كانت قيمة author.name غير "" (كانت Amal)',
    ),
    (Change(Turn.FOUND, "word(x)"), "if word(x) had found something", "لو وجد word(x) شيئًا"),
    (
        Change(Turn.FOUND, "word(x)", unknown=True),
        "if word(x) had found something (what it reads was not known)",
        "لو وجد word(x) شيئًا (ما يقرؤه لم يكن معروفًا)",
    ),
    (
        Change(Turn.ABSENT, "word(x)", value="tea"),
        "if word(x) had found nothing (it found tea)",
        "لو لم يجد word(x) شيئًا (وجد tea)",
    ),
    (
        Change(Turn.TRUE, "item.language in []", value="de"),
        "if item.language in [] were true (it saw de)",
        "لو تحقّق item.language in [] (القيمة: de)",
    ),
    (
        Change(Turn.FALSE, '"x" in item.tags', value=["x", True]),
        'if "x" in item.tags were false (it saw x, yes)',
        'لو لم يتحقّق "x" in item.tags (القيمة: x, نعم)',
    ),
    (Change(Turn.TRUE, "author.verified", value=False), "if author.verified were true", "لو تحقّق author.verified"),
    (Change(Turn.TRUE, '"x" in item.tags', value=[]), 'if "x" in item.tags were true', 'لو تحقّق "x" in item.tags'),
    (
        Change(Turn.TRUE, "author.posts in [2]", value=0),
        "if author.posts in [2] were true (it saw 0)",
        "لو تحقّق author.posts in [2] (القيمة: 0)",
    ),
    (
        Change(Turn.MISSING, "author.posts", value=3),
        "if author.posts were missing (it was 3)",
        "لو غابت قيمة author.posts (كانت 3)",
    ),
    (Change(Turn.KNOWN, "author.posts"), "if author.posts were known", "لو كانت قيمة author.posts معروفة"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "english", "arabic"), TOLD, ids=[row[1] for row in TOLD])
def test_a_change_is_told_with_the_value_that_was_seen(change: Change, english: str, arabic: str) -> None:
    assert text(change) == english
    assert text(change, "ar") == arabic


@pytest.mark.parametrize("language", LANGUAGES)
def test_code_and_values_are_pieces_of_their_own(language: str) -> None:
    made = pieces(Change(Turn.ABOVE, "author.posts", "{limit}", "{seen}"), language)
    kinds = {kind: [piece.text for piece in made if piece.kind is kind] for kind in PieceKind}
    assert kinds[PieceKind.CODE] == ["author.posts"]
    assert kinds[PieceKind.VALUE] == ["{limit}", "{seen}"]  # what looks like a hole is none
    assert all(piece.text for piece in made)


def test_a_language_without_words_gets_english() -> None:
    change = Change(Turn.ABOVE, "author.posts", "5", value=True)
    assert pieces(change, "de") == pieces(change, "en")
    assert shown([False], "de") == "no"


@pytest.mark.parametrize(
    ("value", "english", "arabic"),
    [
        (None, "–", "–"),
        (True, "yes", "نعم"),
        (False, "no", "لا"),
        (0.123456789, "0.123457", "0.123457"),
        (["a", True], "a, yes", "a, نعم"),
        ("x" * 161, "x" * 159 + "…", "x" * 159 + "…"),
        (list(range(9)), "0, 1, 2, 3, 4, 5, 6, 7 …", "0, 1, 2, 3, 4, 5, 6, 7 …"),
    ],
)
def test_values_are_written_on_one_line(value: Any, english: str, arabic: str) -> None:
    assert shown(value) == english
    assert shown(value, "ar") == arabic

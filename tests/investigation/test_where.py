"""A question is a condition of the language, checked against the pack in force, each mistake at its place."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hakam.investigation.where import FILE, Asker
from hakam.policy.counters import NO_COUNTERS
from hakam.policy.pack import Pack
from hakam.signals.measure import ALL_NEEDS, measure
from hakam.vocabulary.event import Author, ContentKind, Event, Item


def event(text: str) -> Event:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Event("e1", "forum", ContentKind.POST, now, Author("ali", posts=1), Item("p1", text=text))


@pytest.fixture
def asker(pack: Pack) -> Asker:
    return Asker(pack)


def test_the_names_of_the_pack_are_known(asker: Asker) -> None:
    for text in (
        "newcomer",
        'any_in(links.domains, list("shops"))',
        "extra.price > 3",
        "author.followers > params.many",
        'rule("says-buy")',
    ):
        asked = asker.ask(text)
        assert asked.question is not None, (text, asked.findings)
        assert asked.findings == ()


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "hint"),
    [
        ("author.folowers > 3", "P103", 1, 1, "author.followers"),
        ("author.posts < 3 and\n  newcomr", "P103", 2, 3, "newcomer"),
        ('contains_any(text.folded, list("shps"))', "P111", 1, 32, "shops"),
        ("author.posts > ", "P101", 1, 14, "a value"),
        ("", "P101", 1, 1, "write what must hold"),
        ("   \n ", "P101", 1, 1, "write what must hold"),
    ],
)
def test_a_mistake_is_told_at_its_place_in_the_question(  # noqa: PLR0917 -- a row of the table
    asker: Asker, text: str, code: str, line: int, column: int, hint: str | None
) -> None:
    asked = asker.ask(text)
    assert asked.question is None
    found = asked.findings[0]
    assert found.code == code
    assert found.span is not None
    assert (found.span.file, found.span.line) == (FILE, line)
    assert abs(found.span.column - column) <= 1
    if hint is not None:
        assert found.hint is not None
        assert hint in found.hint


@pytest.mark.parametrize(
    "text", ['__import__("os")', "author.__class__", "[x for x in ()]", "lambda: 1", "1 if 1 else 2"]
)
def test_python_that_is_not_of_the_language_is_refused(asker: Asker, text: str) -> None:
    asked = asker.ask(text)
    assert asked.question is None
    assert asked.findings


def test_a_question_after_a_wrong_one_is_not_touched_by_it(asker: Asker) -> None:
    assert asker.ask("nonsense").question is None
    assert asker.ask("newcomer").findings == ()


def test_it_says_yes_no_and_what_it_saw(asker: Asker) -> None:
    question = asker.ask('word(text.folded, "carpet") and author.posts < 3').question
    assert question is not None
    fits, other = event("A Carpet!"), event("a lovely day")
    assert question.holds(fits, measure(fits, ALL_NEEDS), NO_COUNTERS) is True
    assert question.holds(other, measure(other, ALL_NEEDS), NO_COUNTERS) is False


def test_it_names_the_counters_that_it_reads(asker: Asker) -> None:
    question = asker.ask('count(by=author.id, within="10m") > 1').question
    assert question is not None
    assert len(question.counters) == 1
    plain = asker.ask("author.posts > 1").question
    assert plain is not None
    assert plain.counters == frozenset()

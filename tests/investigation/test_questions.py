"""Questions and the events that fit them, read from a text: whoever knows the language can check each by eye."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.investigation.conftest import DAY, HOUR, Forum

from hakam.investigation.query import Fired, Query, ask
from hakam.investigation.where import Asker

QUESTIONS = Path(__file__).parent / "fixtures" / "questions.txt"


def market(forum: Forum) -> None:
    """Post what the text's questions are asked of: eight events, `e1` to `e8`."""
    forum.post("Good morning, everybody", author="ali", by={"posts": 90, "followers": 40, "country": "JO"})
    forum.post(
        "صباح الخير يا جماعة", author="سلمى", by={"posts": 7, "verified": True}, item={"language": "ar"}
    )
    forum.post("Buy a carpet at https://shop.example/c?x=1", author="shop", at=60, context={"ip_hash": "aa"})
    forum.post("B u y a carpet at https://shop.example/d", author="shop", at=120, context={"ip_hash": "aa"})
    forum.post("buy buy buy", author="shop", at=180, context={"ip_hash": "aa"}, scores={"toxicity": 0.2})
    forum.post(
        "اشتري من https://www.souq.example/سجاد",
        author="souq",
        at=HOUR,
        context={"ip_hash": "aa", "country": "EG"},
        extra={"price": 12},
    )
    forum.post(None, author="painter", at=DAY, item={"media": [{"mime": "image/png"}], "hashtags": ["#art"]})
    forum.post(
        "You idiot",
        author="angry",
        at=DAY + HOUR,
        item={"parent": "p1", "title": "Re"},
        scores={"toxicity": 0.9},
    )


def written() -> Iterator[tuple[str, list[str]]]:
    """Yield each question with the lines of its answer."""
    lines = QUESTIONS.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line and not line.startswith("#")]
    places = [n for n, line in enumerate(kept) if line.startswith("$ ")]
    for n, end in zip(places, [*places[1:], len(kept)], strict=True):
        yield kept[n][2:], kept[n + 1 : end]


@pytest.fixture
def open_market(forum: Forum) -> Forum:
    market(forum)
    return forum


def test_each_question_has_the_answer_that_is_written(open_market: Forum) -> None:
    asker = Asker(open_market.pack)
    for text, expected in written():
        asked = asker.ask(text)
        if asked.question is None:
            found = [
                f"{one.span.line}:{one.span.column} {one.code} {one.message}"
                for one in asked.findings
                if one.span
            ]
        else:
            answer = ask(open_market.log, Query(asked.question, limit=100))
            found = [" ".join(hit.event for hit in reversed(answer.hits)) or "none"]
            assert answer.matched == len(answer.hits)
            assert answer.unsure == 0
        assert found == expected, text


def test_a_rule_s_condition_as_a_question_finds_where_the_rule_fired(open_market: Forum) -> None:
    asker = Asker(open_market.pack)
    fired_at_all = 0
    for rule in open_market.pack.rules:
        question = asker.ask(rule.source).question
        assert question is not None
        by_condition = ask(open_market.log, Query(question))
        by_verdict = ask(open_market.log, Query(fired=Fired(frozenset({rule.id}))))
        assert [hit.event for hit in by_condition.hits] == [hit.event for hit in by_verdict.hits], rule.id
        fired_at_all += by_verdict.matched
    assert fired_at_all > 5

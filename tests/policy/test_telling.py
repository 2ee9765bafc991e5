"""Firings that can be told again are, and say what would be said anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hakam.policy.counters import MemoryCounters
from hakam.policy.engine import Engine, values_of
from hakam.policy.generate import shown
from hakam.policy.interpret import Seen
from hakam.signals.measure import measure
from hakam.vocabulary.event import Event
from hakam.vocabulary.verdict import Firing, Verdict

MakeEvent = Callable[..., Event]


def judged(engine: Engine, event: Event) -> Verdict:
    return engine.judge(event, measure(event, engine.needs), MemoryCounters())


def firing(engine: Engine, event: Event) -> Firing:
    (one,) = judged(engine, event).firings
    signals = measure(event, engine.needs)
    assert one.values == shown(values_of(engine.pack.rule(one.rule), Seen(event, signals)))
    return one


@pytest.mark.parametrize(
    ("when", "values"),
    [
        ("len(item.links) == 0", {"len(item.links) == 0": 0}),
        ("0 == len(item.links)", {"0 == len(item.links)": 0}),
        ("not (len(item.links) != 0)", {"len(item.links) != 0": 0}),
        ('word(text.folded, "spam")', {'word(text.folded, "spam")': "spam"}),
        ("author.verified", {"author.verified": True}),
        ("not author.verified", {"author.verified": False}),
        ("author.verified == False", {"author.verified == False": False}),
    ],
)
def test_a_rule_that_can_see_one_thing_has_one_firing(
    packs: Any, make_event: MakeEvent, when: str, values: dict[str, Any]
) -> None:
    engine = packs.engine(when)
    author = {"verified": when == "author.verified"}
    first = judged(engine, make_event("some spam", author=author))
    second = judged(engine, make_event("other spam", author={"id": "a2", **author}))
    assert first is second
    assert first.firings[0].values == values
    assert set(engine._program.only) == {0}


@pytest.mark.parametrize(
    "when",
    [
        "len(item.links) >= 0",  # more than one number
        "author.posts == 5",  # may be 5.0 as well
        'word(text.folded, "spam", "free")',
        'word(text.folded, "spam") or author.posts < 100',  # the word may be missing
        'matches(text.folded, r"spa+m")',
        "known(author.posts)",
    ],
)
def test_a_rule_that_can_see_more_has_no_one_firing(packs: Any, make_event: MakeEvent, when: str) -> None:
    engine = packs.engine(when)
    assert engine._program.only == {}
    firing(engine, make_event("spam", author={"posts": 5}))


def test_what_can_be_anything_is_told_anew(packs: Any, make_event: MakeEvent) -> None:
    engine = packs.engine(
        "author.followers > 3", 'count(by=author.id, within="1h") > 0 and len(item.links) >= 0'
    )
    event = make_event(author={"followers": 5})
    first, second = judged(engine, event), judged(engine, event)
    assert [one is two for one, two in zip(first.firings, second.firings, strict=True)] == [False, False]
    assert first == second


def test_texts_too_long_are_cut(packs: Any, make_event: MakeEvent) -> None:
    engine = packs.engine('context.client not in ["curl"]')
    one = firing(engine, make_event(context={"client": "x" * 300}))
    assert list(one.values.values()) == ["x" * 200 + "..."]


def test_unknown_is_left_out(packs: Any, make_event: MakeEvent) -> None:
    engine = packs.engine("not known(author.country) and len(item.links) == 0")
    assert firing(engine, make_event("x")).values == {"len(item.links) == 0": 0}


@pytest.mark.parametrize(
    ("created", "told"),
    [
        ("2026-03-01T12:00:00Z", "0s"),
        ("2026-03-01T15:00:00Z", "0s"),  # after the event
        ("2026-03-01T11:59:58.5Z", "1.5s"),
        ("2026-02-21T09:58:59Z", "1w1d2h1m1s"),
        ("2025-03-01T12:00:00Z", "52w1d"),
        ("2009-01-01T00:00:00.25Z", "895w3d11h59m59.75s"),
        ("2026-03-01T12:00:00+03:00", "3h"),
        ("2026-03-01T10:00:00", "2h"),  # without a zone, as the platform may say it
    ],
)
def test_how_old_an_account_is(packs: Any, make_event: MakeEvent, created: str, told: str) -> None:
    one = firing(packs.engine('author.age >= "0s"'), make_event(author={"created_at": created}))
    assert one.values == {'author.age >= "0s"': told}


def test_lists_are_cut_and_so_is_what_is_in_them(packs: Any, make_event: MakeEvent) -> None:
    one = firing(packs.engine('"a" in item.links'), make_event(item={"links": ["a", "b" * 300] * 15}))
    assert list(one.values.values()) == [["a", "b" * 200 + "..."] * 10]


@pytest.mark.parametrize(
    ("when", "safe"),
    [
        ("author.followers > 3", True),
        ("author.followers > 3 and len(item.links) >= 0", True),
        ('matches(text.folded, "spa+m")', True),
        ('count(by=author.id, within="1h") > 0', True),
        ("len(item.links) == 0", True),
        ("author.followers > 3 or author.posts > 3", False),  # one of the two may not have been read
        ('author.age < "7d"', False),  # put into words, which no rule did before
        ("author.followers + author.posts > 3", False),
        ("author.country != context.country", False),
        ("folded(author.name) == folded(item.title)", False),
    ],
)
def test_what_a_rule_has_read_surely_can_be_told(
    packs: Any, make_event: MakeEvent, when: str, safe: bool
) -> None:
    engine = packs.engine(when)
    assert engine._program.safe == ({0} if safe else set())
    author = {"followers": 9, "posts": 9, "country": "FR", "name": "a", "created_at": "2026-02-28T12:00:00Z"}
    event = make_event("spam", author=author, item={"title": "a"}, context={"country": "DE"})
    found = engine.recorder()(event, measure(event, engine.needs), MemoryCounters())
    assert found is not None
    assert engine.places(found) == ([0], [])
    assert [one.rule for one in found.verdict.firings] == ["r0"]

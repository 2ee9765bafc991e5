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
from hakam.vocabulary.verdict import Firing, Stage, Verdict

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


def of_authors(engine: Engine, make_event: MakeEvent) -> list[Verdict]:
    """Return the verdicts on one post each of some authors, with counters that all share."""
    counters = MemoryCounters()
    events = [make_event("some spam", id=f"e{n}", author={"id": f"a{n}"}) for n in range(60)]
    return [engine.judge(event, measure(event, engine.needs), counters) for event in events]


def test_a_rule_that_says_the_same_of_everybody_has_one_verdict(packs: Any, make_event: MakeEvent) -> None:
    for stage in ("live", "shadow"):
        engine = packs.engine('word(text.folded, "spam")', "author.posts > 3", stage=stage)
        found = of_authors(engine, make_event)
        assert len(set(map(id, found))) == 1
        event = make_event("some spam")
        assert found[0] == engine.plainly(event, measure(event, engine.needs))
        both = make_event("some spam", author={"posts": 5})
        assert [one.rule for one in judged(engine, both).firings] == ["r0", "r1"]


def test_a_rule_whose_word_depends_on_the_author_is_asked_each_time(
    packs: Any, make_event: MakeEvent
) -> None:
    def stages(engine: Engine) -> set[Stage]:
        assert set(engine._program.only) == {0}
        return {found.firings[0].stage for found in of_authors(engine, make_event)}

    spam = 'word(text.folded, "spam")'
    assert stages(packs.engine(spam, stage="canary 50%")) == {Stage.LIVE, Stage.SHADOW}
    files = packs.files(spam)
    files["pack.yaml"] += "holdback: 5%\n"
    assert stages(packs.engine_of(files)) == {Stage.LIVE, Stage.SHADOW}


def test_a_rule_that_counts_its_firings_or_sets_a_mark_does_so_each_time(
    packs: Any, make_event: MakeEvent
) -> None:
    files = packs.files('word(text.folded, "spam")')
    files["rules.yaml"] += "  quota: {hour: 10}\n"
    found = of_authors(packs.engine_of(files), make_event)
    assert [len(one.tripped) for one in found] == [0] * 10 + [1] * 50

    marking = packs.engine(
        'word(text.folded, "spam")', then='[limit_reach, \'mark("burner", on="author", expires="1h")\']'
    )
    counters = MemoryCounters()
    event = make_event("some spam")
    marking.judge(event, measure(event, marking.needs), counters)
    assert len(counters) == 1


def test_a_rule_that_failed_is_named_beside_one_that_always_says_the_same(
    packs: Any, make_event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_text: str) -> bool:
        raise ValueError("no")

    engine = packs.engine('word(text.folded, "spam")', 'starts_with(author.name, "x")')
    scope = engine._program.judge.__globals__
    (name,) = [name for name in scope if name.startswith("TEST_")]
    monkeypatch.setitem(scope, name, fails)
    found = judged(engine, make_event("some spam", author={"name": "y"}))
    assert [one.rule for one in found.firings] == ["r0"]
    assert found.quarantined == ("r1",)


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
        ("2009-01-01T00:00:00.25Z", "895w3d11h59m59s"),
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

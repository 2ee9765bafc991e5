"""What tests cover is counted, and generated events judge both ways alike."""

from __future__ import annotations

from typing import Any

import msgspec

from hakam.policy.coverage import coverage, disagreements, generated_events

TESTS = """\
- test: few
  event: {author: {posts: 2, verified: true}}
  fires: []
- test: many
  event: {author: {posts: 4}}
  fires: [r0]
"""


def test_each_leaf_should_be_seen_both_ways(packs: Any) -> None:
    files = packs.files("author.posts > 3 and (author.verified or author.posts < 9)")
    found = coverage(packs.engine_of({**files, "tests.yaml": TESTS}))
    assert (found.seen, found.total) == (5, 6)
    assert [(gap.rule, gap.leaf, gap.never) for gap in found.uncovered] == [("r0", "author.posts < 9", False)]


def test_generated_events_reach_both_sides_of_every_bound(packs: Any) -> None:
    engine = packs.engine(
        "author.posts > 3",
        'author.country in ["DE", "AT"]',
        'word(text.folded, "free money", "ربح سريع")',
        'scores["toxicity"] >= 0.5',
        '"trusted" in author.labels',
        'any_in(item.hashtags, ["#a"])',
        "len(item.links) >= 2",
        'author.age < "30d"',
        "extra.karma > 7",
    )
    events = list(generated_events(engine, 300))
    assert len(events) > 200
    assert events == list(generated_events(engine, 300))
    from hakam.policy.counters import MemoryCounters  # noqa: PLC0415 -- beside its use
    from hakam.signals.measure import measure  # noqa: PLC0415 -- as above

    fired = {
        n for event in events for n in engine.fired(event, measure(event, engine.needs), MemoryCounters())
    }
    assert fired == set(range(9))
    assert list(disagreements(engine, iter(events))) == []


def test_a_difference_is_found(packs: Any) -> None:
    engine = packs.engine("author.posts > 3", 'author.country == "DE"')
    wrong = packs.engine("author.posts > 4", 'author.country == "DE"')
    engine.judge = wrong.judge  # a compiler that is wrong
    found = list(disagreements(engine, generated_events(engine, 200)))
    assert found
    assert {one.rule for one in found} == {"r0"}
    assert all(one.event.author.posts == 4 and one.plain is True and one.compiled is False for one in found)
    assert msgspec.structs.asdict(found[0])["rule"] == "r0"


def test_generated_events_follow_the_types_of_what_rules_ask(packs: Any) -> None:
    engine = packs.engine(
        "known(author.followers) and not known(item.title)",
        "extra.vip",
        'event.at >= "2026-02-01" and author.age >= "2d"',
        "text.length >= 40 and not author.verified",
        'author.created_at < "2025-06-02"',
    )
    events = list(generated_events(engine, 600))
    from hakam.policy.counters import MemoryCounters  # noqa: PLC0415 -- beside its use
    from hakam.signals.measure import measure  # noqa: PLC0415 -- as above

    fired = {
        n for event in events for n in engine.fired(event, measure(event, engine.needs), MemoryCounters())
    }
    assert {0, 1, 2, 3} <= fired
    assert list(disagreements(engine, iter(events))) == []

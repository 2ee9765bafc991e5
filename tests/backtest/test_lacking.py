"""What a near miss lacked: said of what nearly fires alone, with the value that was seen, and by all ways alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from benchmarks.backtest import pack as made_pack

from hakam.backtest.columns import read_event
from hakam.backtest.dataset import Dataset
from hakam.backtest.lacking import Nearly
from hakam.backtest.near import NearMisses
from hakam.backtest.report import Report, Shown, report
from hakam.backtest.run import Way, run
from hakam.backtest.workers import Here, Processes
from hakam.policy import changes
from hakam.policy.changes import Change, Turn
from hakam.policy.counters import MemoryCounters, RecordingCounters
from hakam.policy.engine import compile_pack
from hakam.policy.interpret import Seen, outcome
from hakam.policy.pack import Pack
from hakam.policy.rules import Rule
from hakam.signals.measure import ALL_NEEDS, measure
from hakam.vocabulary.event import Event

TUNED = "communities:\n  chess: {without: [r00]}\n"
FLOOD = 'count(by=author.id, within="10m")'


@pytest.fixture(scope="module")
def nearly(load_files: Callable[[dict[str, str]], Pack]) -> Callable[..., Nearly]:
    def make(text: str, **more: str) -> Nearly:
        files = {**made_pack.files((text,)), **{f"{name}.yaml": said for name, said in more.items()}}
        return Nearly(load_files(files).rules[0])

    return make


def seen(
    text: str = "sunny", *, counted: dict[str, Any] | None = None, scores: Any = None, **author: Any
) -> Seen:
    data = {
        "id": "e", "platform": "forum", "kind": "post", "at": "2026-03-01T12:00:00Z", "scores": scores or {},
        "author": {"id": "a", **author}, "item": {"id": "i", "text": text, "language": "en", "community": "chess"},
    }  # fmt: skip
    event = msgspec.convert(data, Event)
    return Seen(event, measure(event, ALL_NEEDS), counted or {})


def said(lacked: Any) -> list[str]:
    return [" and ".join(map(str, way)) for way in lacked]


LACKED = [
    ("author.posts < 50", {"posts": 53}, ["if `author.posts` were below 50 (it was 53)"]),
    ("author.posts < 50", {"posts": 60}, []),  # a tenth more is not enough
    ("author.posts < 50", {"posts": 5}, []),  # it fires
    ("author.posts < 50", {}, []),  # nobody knows whether it is near
    (
        "author.posts < 50 and author.verified",
        {"posts": 900, "verified": True},
        ["if `author.posts` were below 50 (it was 900)"],
    ),
    (
        "author.posts < 50 and author.verified",
        {"posts": 9},
        ["if `author.verified` were true (what it reads was unknown)"],
    ),
    ("author.posts < 50 and author.verified", {"posts": 900}, []),  # two lack
    ("author.posts < 50 and author.verified", {"posts": 9, "verified": True}, []),
    (
        'author.posts < 50 and item.language in ["ar", "fa"]',
        {"posts": 9},
        ["""if `item.language in ["ar", "fa"]` were true (it saw 'en')"""],
    ),
    (
        'author.posts < 50 and not word(text.folded, "sunny", "moon")',
        {"posts": 9},
        ["""if `word(text.folded, "sunny", "moon")` had not found 'sunny'"""],
    ),
    (
        'author.posts < 50 and (word(text.folded, "moon") or author.followers > 7 or author.age < "2d")',
        {"posts": 9, "followers": 3, "created_at": "2026-02-26T12:00:00Z"},
        [
            'if `word(text.folded, "moon")` had found something',
            "if `author.followers` were above 7 (it was 3)",
            "if `author.age` were below 2d (it was 3d)",
        ],
    ),
    (
        (
            'author.posts < 50 and (word(text.folded, "moon") and author.followers > 7 '
            'or author.age < "2d" and author.verified)'
        ),
        {"posts": 9, "followers": 3},
        ['if `word(text.folded, "moon")` had found something and if `author.followers` were above 7 (it was 3)'],
    ),
    ("author.posts < 50 and (author.followers > 7 and author.followers < 3)", {"posts": 9, "followers": 5}, []),
    (  # no value makes it so: the step that did not hold is told
        "author.posts < 50 and not (author.followers > 3 or not author.followers > 3)",
        {"posts": 9, "followers": 5},
        ["if `not (author.followers > 3 or not author.followers > 3)` were true"],
    ),
    (
        f"{FLOOD} >= 30 and author.verified",
        {"verified": True, "counted": {"count(by=author.id, within='10m')": 4}},
        [f"if `{FLOOD}` were at least 30 (it was 4)"],
    ),
    (
        f"{FLOOD} >= 30 and author.verified",
        {"verified": True},
        [f"if `{FLOOD}` were at least 30 (it was unknown)"],
    ),
    (
        'scores["spam"] >= 0.5 and author.verified',
        {"verified": True, "scores": {"spam": 0.25}},
        ['if `scores["spam"]` were at least 0.5 (it was 0.25)'],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("when", "author", "wanted"), LACKED, ids=[f"{row[0]} {row[1]}" for row in LACKED])
def test_it_is_what_would_have_made_it_fire(
    nearly: Callable[..., Nearly], when: str, author: dict[str, Any], wanted: list[str]
) -> None:
    asked, event = nearly(when), seen(**author)
    assert said(asked.lacked(event)) == wanted
    if wanted:
        assert asked(event)
        assert outcome(asked.rule.when, event) is not True


def test_where_parts_are_too_many_the_step_is_told(
    nearly: Callable[..., Nearly], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MAX_LEAVES", 2)
    alternatives = " or ".join(f"author.followers == {n}" for n in range(3, 30))
    (way,) = nearly(f"author.posts < 50 and ({alternatives})").lacked(seen(posts=9, followers=1))
    (change,) = way
    assert change.turn is Turn.TRUE
    assert len(change.text) <= 120
    assert change.text.startswith("author.followers == 3 or")
    assert not change.unknown
    (way,) = nearly(f"author.posts < 50 and ({alternatives})").lacked(seen(posts=9))
    assert way[0].unknown


def test_where_it_is_switched_off_it_lacks_nothing(nearly: Callable[..., Nearly]) -> None:
    event = seen(posts=53)
    assert nearly("author.posts < 50").lacked(event)
    off = nearly("author.posts < 50", tuned=TUNED)
    assert off.rule.elsewhere is not None
    assert not off(event)
    assert off.lacked(event) == ()
    other = msgspec.structs.replace(
        event.event, item=msgspec.structs.replace(event.event.item, community="go")
    )
    assert off.lacked(Seen(other, event.signals)) == nearly("author.posts < 50").lacked(event)


# In a report


@pytest.fixture(scope="module")
def made(dataset: Dataset, pack: Pack) -> Report:
    return report(dataset, pack, run(dataset, pack, pool=Here(), sample=8))


def near(made: Report) -> list[tuple[str, Shown]]:
    return [(rule.rule, one) for rule in made.rules for one in rule.near]


def test_columns_and_the_plain_meaning_call_the_same_events_near(dataset: Dataset, pack: Pack) -> None:
    chunk = dataset.chunk(0)
    rules = [rule for rule in pack.rules if "count" not in rule.source and "distinct" not in rule.source]
    pairs = [Seen(event, signals) for event, signals in chunk.pairs()]
    fired = [np.array([outcome(rule.when, one) is True for one in pairs]) for rule in rules]
    found, _ = NearMisses(rules).rows(chunk, {}, fired)
    assert sum(rows.any() for rows in found) > 10
    for rule, rows in zip(rules, found, strict=True):
        plainly = Nearly(rule)
        assert [bool(plainly.lacked(one)) for one in pairs] == rows.tolist(), rule.source


def test_each_near_miss_of_a_report_says_what_it_lacked(made: Report) -> None:
    assert len(near(made)) > 50
    for rule, one in near(made):
        assert one.lacked, (rule, one.id)
        assert all(way for way in one.lacked)
    assert all(not one.lacked for rule in made.rules for one in rule.hits)


def test_counters_are_told_as_the_door_saw_them(made: Report, pack: Pack, lines: list[bytes]) -> None:
    engine, counters = compile_pack(pack), RecordingCounters(MemoryCounters())
    texts = {counter.text: counter.name for counter in engine.counting}
    door: dict[tuple[str, str], Any] = {}
    for event in sorted(map(read_event, lines), key=lambda event: event.at):
        counters.start()
        engine.judge(event, measure(event, engine.needs), counters)
        door |= {(event.id, name): value for name, value in counters.seen.items()}
    told = [
        (one.id, change)
        for _, one in near(made)
        for way in one.lacked
        for change in way
        if change.text in texts
    ]
    assert len(told) > 5
    for id_, change in told:
        assert change.value == door.get((id_, texts[change.text])), change
    assert any(isinstance(change.value, int) for _, change in told)


@pytest.mark.parametrize("way", [Way.COLUMNS, Way.FUNCTION])
def test_however_events_were_judged_they_lacked_the_same(
    dataset: Dataset, pack: Pack, made: Report, way: Way
) -> None:
    with Processes(2) as pool:
        again = report(dataset, pack, run(dataset, pack, pool=pool, way=way, sample=8))
    assert near(again) == near(made)


def test_only_what_a_sample_keeps_is_explained(
    dataset: Dataset, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Rule] = []
    real = Nearly.lacked

    def counting(self: Nearly, one: Seen) -> Any:
        asked.append(self.rule)
        return real(self, one)

    monkeypatch.setattr(Nearly, "lacked", counting)
    found = run(dataset, pack, pool=Here(), sample=2)
    assert asked == []
    made = report(dataset, pack, found)
    assert len(asked) == len(near(made)) <= 2 * len(pack.rules)
    assert len(asked) < sum(rule.near_count for rule in made.rules) / 20
    assert len(found.near_counted) <= len(asked)


def test_a_rule_that_failed_on_an_event_is_shown_without_a_reason(
    dataset: Dataset, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_given: object) -> Any:
        raise RecursionError

    monkeypatch.setattr(Nearly, "lacked", failing)
    made = report(dataset, pack, run(dataset, pack, pool=Here(), sample=1))
    assert near(made)
    assert all(one.lacked == () for _, one in near(made))


def test_the_shape_in_json(made: Report) -> None:
    """As `docs/how-to/back-test.md` has it."""
    change = Change(Turn.BELOW, "author.posts", "50", 53)
    one = Shown("forum", "e", "2026-03-01T12:00:00Z", "a", "sunny", lacked=((change,),))
    encoded = msgspec.json.decode(msgspec.json.encode(one))
    assert encoded["lacked"] == [[{"turn": "below", "text": "author.posts", "limit": "50", "value": 53}]]
    assert "lacked" not in msgspec.json.decode(msgspec.json.encode(made.rules[0].hits[0]))
    unknown = Change(Turn.FOUND, "word(x)", unknown=True)
    assert msgspec.to_builtins(unknown) == {"turn": "found", "text": "word(x)", "unknown": True}

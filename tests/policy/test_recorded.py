"""A verdict that is told later is the one that would have been told at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from benchmarks.backtest import events as varied
from benchmarks.backtest import pack as varied_pack

from hakam.backtest.columns import read_event
from hakam.policy.counters import NO_COUNTERS, MemoryCounters
from hakam.policy.engine import Engine, compile_pack, needs_of
from hakam.policy.pack import load_pack
from hakam.policy.recorded import Recorded
from hakam.signals.measure import Need, Signals, measure
from hakam.vocabulary.event import Event
from hakam.vocabulary.verdict import Stage, Verdict

MakeEvent = Callable[..., Event]


@pytest.fixture(scope="module")
def engine() -> Engine:
    loaded = load_pack(varied_pack.files())
    assert loaded.pack is not None
    return compile_pack(loaded.pack)


def later(engine: Engine, found: Recorded | None) -> Verdict:
    return engine.nothing if found is None else found.verdict


def test_what_is_told_after_everything_was_judged_is_what_was_told_at_once(engine: Engine) -> None:
    record = engine.recorder()
    told, kept = [], []
    one, other = MemoryCounters(), MemoryCounters()
    for event in sorted(map(read_event, varied.events(1_500, authors=60)), key=lambda event: event.at):
        signals = measure(event, engine.needs)
        told.append(engine.judge(event, signals, one))
        kept.append(record(event, signals, other))
    assert len(other) == len(one)  # the counters have moved on, and equally
    assert [later(engine, found) for found in kept] == told
    assert sum(bool(verdict.firings) for verdict in told) > 1_000
    assert {rule.id for rule in engine.rules} == {f.rule for verdict in told for f in verdict.firings}


def test_what_counters_said_can_be_handed_over(engine: Engine) -> None:
    """As a back-test does: the same rules fire, with the same values, and nothing is counted."""
    record, count = engine.recorder(counted=True), engine.recorder()
    counters = MemoryCounters()
    for event in sorted(map(read_event, varied.events(400, seed=3, authors=20)), key=lambda event: event.at):
        signals = measure(event, engine.needs)
        found = count(event, signals, counters)
        assert found is not None
        again = record(event, signals, found.counted)
        assert later(engine, again) == found.verdict


def test_it_is_made_once(packs: Any, make_event: MakeEvent) -> None:
    engine = packs.engine("author.posts > 3")
    event = make_event(author={"posts": 9})
    found = engine.recorder()(event, measure(event, engine.needs), NO_COUNTERS)
    assert found.told is None
    assert found.verdict is found.verdict
    assert [firing.values for firing in found.verdict.firings] == [{"author.posts > 3": 9}]


def test_nothing_is_none(packs: Any, make_event: MakeEvent) -> None:
    engine = packs.engine("author.posts > 3")
    event = make_event(author={"posts": 1})
    assert engine.recorder()(event, measure(event, engine.needs), NO_COUNTERS) is None


def test_a_quota_is_used_up_when_it_is_judged_not_when_it_is_read(packs: Any, make_event: MakeEvent) -> None:
    files = packs.files("author.posts > 3")
    files["rules.yaml"] += "  quota: {hour: 2}\n"
    engine = packs.engine_of(files)
    record, counters = engine.recorder(), MemoryCounters()
    found = []
    for n in range(4):
        event = make_event(id=f"e{n}", author={"posts": 9})
        found.append(record(event, measure(event, engine.needs), counters))
    assert [bool(one.verdict.tripped) for one in reversed(found)] == [True, True, False, False]


def test_a_mark_is_set_when_it_is_judged_not_when_it_is_read(packs: Any, make_event: MakeEvent) -> None:
    engine = packs.engine(
        "author.posts > 3", 'marked("seen", on="author")', then='[limit_reach, mark("seen", on="author", expires="1d")]'
    )  # fmt: skip
    record, counters = engine.recorder(), MemoryCounters()
    first, second = make_event(id="e1", author={"posts": 9}), make_event(id="e2", author={"posts": 1})
    one = record(first, measure(first, engine.needs), counters)
    two = record(second, measure(second, engine.needs), counters)
    assert [firing.rule for firing in two.verdict.firings] == ["r1"]
    assert [firing.rule for firing in one.verdict.firings] == ["r0"]


class BrokenError(Exception):
    """What a rule fails with."""


def test_a_rule_that_fails_is_named_and_the_others_fire(packs: Any, make_event: MakeEvent) -> None:
    engine = packs.engine("author.posts > 3", 'matches(author.name, "x+y")', "author.followers > 3")
    record = engine.recorder()

    def broken(_: str) -> bool:
        raise BrokenError

    scope = record.__globals__
    (name,) = [name for name in scope if name.startswith("FIND_")]
    scope[name] = broken
    event = make_event(author={"posts": 9, "name": "xy", "followers": 9})
    found = record(event, measure(event, engine.needs), NO_COUNTERS)
    assert found.verdict.quarantined == ("r1",)
    assert [firing.rule for firing in found.verdict.firings] == ["r0", "r2"]
    assert engine.places(found) == ([0, 2], [1])


def test_what_can_not_be_told_does_not_fire(packs: Any, make_event: MakeEvent) -> None:
    """A rule whose values fail is put aside in the verdict, and so it is where nobody reads the verdict."""
    engine = packs.engine("author.posts > 3 or folded(author.name) == folded(item.title)", "author.posts > 4")
    record = engine.recorder()

    def broken(_: str) -> str:
        raise BrokenError

    scope = engine._program.judge.__globals__
    scope.update(dict.fromkeys([name for name in scope if name.startswith("FOLD_")], broken))
    event = make_event(author={"posts": 9, "name": "Xy"})
    found = record(event, measure(event, engine.needs), NO_COUNTERS)
    assert found.fired == [0, 1]
    assert engine.places(found) == ([1], [0])
    assert found.verdict.quarantined == ("r0",)
    assert [firing.rule for firing in found.verdict.firings] == ["r1"]


class BadSignals:
    """Measurements of which one can't be read."""

    def __init__(self, inner: Signals) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        if name in {"folded", "words"}:
            raise BrokenError
        return getattr(self._inner, name)


def test_when_the_function_fails_the_interpreter_is_recorded(packs: Any, make_event: MakeEvent) -> None:
    engine = packs.engine("author.posts > 3", 'word(text.folded, "spam")')
    event = make_event("spam", author={"posts": 9})
    signals: Any = BadSignals(measure(event))
    found = engine.recorder()(event, signals, NO_COUNTERS)
    assert found.verdict == engine.judge(event, signals, NO_COUNTERS)
    assert engine.places(found) == ([0], [1])


def test_a_canary_is_told_as_it_works_for_this_author(packs: Any, make_event: MakeEvent) -> None:
    engine = packs.engine("author.posts > 3", stage="canary 50%")
    record = engine.recorder()
    stages = set()
    for n in range(40):
        event = make_event(author={"id": f"u{n}", "posts": 9})
        signals = measure(event, engine.needs)
        found = record(event, signals, NO_COUNTERS)
        assert found.verdict == engine.judge(event, signals, NO_COUNTERS)
        stages |= {firing.stage for firing in found.verdict.firings}
    assert stages == {Stage.LIVE, Stage.SHADOW}


def test_what_only_counters_read_is_not_needed_when_they_were_counted_before(packs: Any) -> None:
    engine = packs.engine(
        'distinct(author.id, per=text.fingerprint, within="1h") > 3',
        'count(by=author.id, within="1h", where=matches(text.raw, "x+y")) > 3 and text.language == "ar"',
    )
    assert needs_of(engine.rules) == {Need.FINGERPRINT, Need.TEXT, Need.LANGUAGE}
    assert needs_of(engine.rules, counted=True) == {Need.LANGUAGE}

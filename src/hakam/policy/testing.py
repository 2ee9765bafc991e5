"""Running the tests that a pack brings with it, by the very engine that judges at the door."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec

from hakam.policy.counters import MemoryCounters, RecordingCounters
from hakam.policy.engine import Engine
from hakam.policy.examples import Before, Example
from hakam.policy.explain import explain_rule, show
from hakam.policy.interpret import Seen
from hakam.signals.measure import measure
from hakam.vocabulary.event import Event
from hakam.vocabulary.finding import Span
from hakam.vocabulary.verdict import Verdict


class Miss(msgspec.Struct, frozen=True):
    """A rule that should have fired and did not, or the other way round, with its explanation as text."""

    rule: str
    should_fire: bool
    why: str


class ExampleResult(msgspec.Struct, frozen=True):
    """What came of one test."""

    name: str
    passed: bool
    fired: tuple[str, ...]
    misses: tuple[Miss, ...]
    span: Span


def run_examples(engine: Engine) -> Iterator[ExampleResult]:
    """Run all tests of the engine's pack, each with counters of its own.

    Stages don't matter: shadow rules fire too. Variants with a value on trial don't count: tests say what holds now.
    """
    for example in engine.pack.examples:
        yield run_example(engine, example)


def run_example(engine: Engine, example: Example) -> ExampleResult:
    """Run one test."""
    counters = RecordingCounters(MemoryCounters())
    verdict: Verdict | None = None
    for event in (*earlier(example.event, example.before), example.event):
        counters.start()
        verdict = engine.judge(event, measure(event, engine.needs), counters)
    assert verdict is not None
    fired = tuple(firing.rule for firing in verdict.firings if not engine.pack.rule(firing.rule).variant_of)
    seen = Seen(example.event, measure(example.event, engine.needs), counters.seen)
    missing = [rule for rule in example.fires if rule not in fired]
    unwanted = [
        rule for rule in fired if rule in example.silent or (example.only and rule not in example.fires)
    ]
    misses = [
        Miss(rule, rule in missing, show(explain_rule(engine.pack.rule(rule), seen)))
        for rule in (*missing, *unwanted)
    ]
    misses += [
        Miss(rule, rule in example.fires, f"{rule}: failed on this event") for rule in verdict.quarantined
    ]
    return ExampleResult(example.name, not misses, fired, tuple(misses), example.span)


def earlier(event: Event, before: Before | None) -> Iterator[Event]:
    """Yield the events that a test says came before its own, oldest first."""
    if before is None:
        return
    for n in range(before.repeat, 0, -1):
        at = event.at - timedelta(seconds=before.every * n)
        copy = msgspec.structs.replace(event, id=f"{event.id}-{n}", at=at)
        if "author.id" in before.vary:
            copy = msgspec.structs.replace(
                copy, author=msgspec.structs.replace(copy.author, id=f"{copy.author.id}-{n}")
            )
        if "item.id" in before.vary:
            copy = msgspec.structs.replace(
                copy, item=msgspec.structs.replace(copy.item, id=f"{copy.item.id}-{n}")
            )
        if "context.ip_hash" in before.vary:
            hash_ = f"{copy.context.ip_hash or 'ip'}-{n}"
            copy = msgspec.structs.replace(copy, context=msgspec.structs.replace(copy.context, ip_hash=hash_))
        yield copy

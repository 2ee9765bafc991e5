"""What the tests of a pack cover, and what they can't think of.

Each leaf of each rule should be seen both to hold and not to hold. Beside the examples that people write, events are
generated from the types of the fields that the rules read, around the bounds and terms that they ask for: on each the
compiled function and the plain interpreter must agree, and none may fail.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import msgspec

from hakam.policy.counters import MemoryCounters, RecordingCounters
from hakam.policy.engine import Engine
from hakam.policy.examples import Example
from hakam.policy.interpret import Seen, leaf_outcome, outcome
from hakam.policy.kinds import TEXTUAL, Kind, show_time
from hakam.policy.rules import Rule
from hakam.policy.testing import earlier
from hakam.policy.tree import (
    Among,
    Compare,
    Constant,
    Field,
    Holds,
    Known,
    Leaf,
    Listed,
    Literal,
    Overlaps,
    Search,
    Truth,
    label,
    leaves,
    walk,
)
from hakam.signals.measure import measure
from hakam.vocabulary.event import ContentKind, Event


class Uncovered(msgspec.Struct, frozen=True):
    """A leaf of a rule that no test has seen both ways. `never` is what it never was."""

    rule: str
    leaf: str
    never: bool


class Coverage(msgspec.Struct, frozen=True):
    """How many outcomes of leaves the tests have seen, of all that there are."""

    seen: int
    total: int
    uncovered: tuple[Uncovered, ...]


class Disagreement(msgspec.Struct, frozen=True):
    """A generated event on which the compiled function and the interpreter differ, or a rule failed."""

    event: Event
    rule: str
    compiled: bool | None  # None: it failed
    plain: bool | None


def coverage(engine: Engine) -> Coverage:
    """Run all tests of a pack and tell which leaves they have seen to hold, and which not to."""
    met: set[tuple[str, Leaf, bool]] = set()
    for example in engine.pack.examples:
        seen = _seen(engine, example)
        for rule in _own(engine):
            met.update((rule.id, leaf, leaf_outcome(leaf, seen) is True) for leaf in leaves(rule.when))
    wanted = [
        (rule.id, leaf, way)
        for rule in _own(engine)
        for leaf in leaves(rule.when)
        if not isinstance(leaf, Constant)
        for way in (True, False)
    ]
    missing = tuple(
        Uncovered(rule, label(leaf), way) for rule, leaf, way in wanted if (rule, leaf, way) not in met
    )
    return Coverage(len(wanted) - len(missing), len(wanted), missing)


def _own(engine: Engine) -> list[Rule]:
    """Return the rules as they are written, without variants for values on trial."""
    return [rule for rule in engine.rules if not rule.variant_of]


def _seen(engine: Engine, example: Example) -> Seen:
    counters = RecordingCounters(MemoryCounters())
    for event in (*earlier(example.event, example.before), example.event):
        counters.start()
        engine.judge(event, measure(event, engine.needs), counters)
    return Seen(example.event, measure(example.event, engine.needs), counters.seen)


def generated_events(engine: Engine, count: int, seed: int = 0) -> Iterator[Event]:
    """Yield events made of the values that the rules ask for, their neighbours, and nothing at all."""
    rng = random.Random(seed)  # noqa: S311 -- the same events each time
    asked = _asked(engine)
    for n in range(count):
        data: dict[str, Any] = {
            "id": f"generated-{n}",
            "platform": "test",
            "kind": rng.choice(list(ContentKind)),
            "at": f"2026-01-0{rng.randint(1, 9)}T1{rng.randint(0, 9)}:00:00Z",
            "author": {"id": f"a{rng.randint(0, 3)}"},
            "item": {"id": f"i{rng.randint(0, 9)}"},
            "extra": {},
            "scores": {},
            "context": {},
        }
        for path, values in asked.items():
            if values and rng.random() < 0.7:  # noqa: PLR2004 -- the rest is unknown
                _put(data, path, rng.choice(values), rng)
        if "text" in data["item"]:
            yield from _event(data)
            continue
        words = rng.sample(asked.get("text", ["a"]), min(len(asked.get("text", ["a"])), rng.randint(0, 3)))
        if words or rng.random() < 0.5:  # noqa: PLR2004 -- a text, or none
            data["item"]["text"] = rng.choice([" ", "", "\n", " و "]).join(words)
        yield from _event(data)


def _event(data: dict[str, Any]) -> Iterator[Event]:
    """Yield the event, unless it has a value that no platform could send."""
    with suppress(msgspec.ValidationError):
        yield msgspec.convert(data, Event)


def _asked(engine: Engine) -> dict[str, list[Any]]:  # noqa: C901 -- one branch for each kind of leaf
    """Return for each field the values that rules compare it with, and those around them."""
    found: dict[str, list[Any]] = {}
    for rule in engine.rules:
        for leaf in walk(rule.when):
            if isinstance(leaf, Search):
                found.setdefault("text", []).extend(term.strip() for term in leaf.terms[:50])
            elif isinstance(leaf, Among):
                found.setdefault(leaf.item.text, []).extend(
                    sorted(map(str, leaf.values))[:20]
                    if all(isinstance(v, str) for v in leaf.values)
                    else list(leaf.values)[:20]
                )
            elif isinstance(leaf, Overlaps):
                found.setdefault(leaf.of.text, []).extend(
                    [[value] for value in sorted(map(str, leaf.values))[:20]]
                )
            elif isinstance(leaf, Listed):
                some = list(islice(leaf.values.entries(), 20))
                text = leaf.of.kind in TEXTUAL
                found.setdefault(leaf.of.text, []).extend(some if text else [[value] for value in some])
            elif isinstance(leaf, Holds) and isinstance(leaf.item, Literal):
                found.setdefault(leaf.of.text, []).append([leaf.item.value])
            elif isinstance(leaf, Truth):
                found.setdefault(leaf.of.text, []).extend([True, False])
            elif isinstance(leaf, Known) and isinstance(leaf.of, Field):
                found.setdefault(leaf.of.text, []).extend(_ANY.get(leaf.of.kind, ["x"]))
            elif isinstance(leaf, Compare) and isinstance(leaf.right, Literal):
                value = leaf.right.value
                if leaf.right.kind is Kind.TIME and isinstance(value, int | float):
                    moments = [show_time(value + step) for step in (-1, 0, 1)]
                    found.setdefault(leaf.left.text, []).extend(moments)
                    continue
                around = [value - 1, value, value + 1] if type(value) in {int, float} else [value]  # type: ignore[operator]  # numbers
                found.setdefault(leaf.left.text, []).extend(around)
    found.setdefault("author.verified", [True, False])
    return found


_ANY: dict[Kind, list[Any]] = {
    Kind.NUMBER: [0, 1],
    Kind.CONDITION: [True, False],
    Kind.TEXTS: [["x"]],
    Kind.TIME: ["2025-06-01T00:00:00Z"],
}


def _put(data: dict[str, Any], path: str, value: Any, rng: random.Random) -> None:
    """Put a value where a field is read from; what can't be put is left out."""
    root, _, name = path.partition(".")
    if path.startswith("scores["):
        data["scores"][path[8:-2]] = value
    elif path == "author.age":
        if isinstance(value, int | float) and rng.random() < 0.7:  # noqa: PLR2004 -- the others are of any age
            moment = datetime.fromisoformat(data["at"]) - timedelta(seconds=max(0.0, min(value, 1e9)))
            data["author"]["created_at"] = moment.isoformat()
        else:
            data["author"]["created_at"] = f"20{rng.randint(10, 26)}-0{rng.randint(1, 9)}-01T00:00:00Z"
    elif path == "event.at" and isinstance(value, str):
        data["at"] = value
    elif path in {"text.length", "len(item.text)", "len(text.raw)"}:
        data["item"]["text"] = "x" * int(min(max(value, 0), 5_000))
    elif path.startswith("len(item."):
        data["item"][path[9:-1]] = ["https://a.example/x"] * int(min(max(value, 0), 50))
    elif root in {"author", "item", "context", "extra"} and name.isidentifier():
        data[root][name] = value


def disagreements(engine: Engine, events: Iterator[Event]) -> Iterator[Disagreement]:
    """Judge events both ways and yield each difference."""
    counters = RecordingCounters(MemoryCounters())
    for event in events:
        counters.start()
        signals = measure(event, engine.needs)
        verdict = engine.judge(event, signals, counters)
        fired = {firing.rule for firing in verdict.firings}
        seen = Seen(event, signals, counters.seen)
        for rule in engine.rules:
            plain = outcome(rule.when, seen)
            if rule.id in verdict.quarantined:
                yield Disagreement(event, rule.id, None, plain)
            elif (rule.id in fired) is not (plain is True):
                yield Disagreement(event, rule.id, rule.id in fired, plain)

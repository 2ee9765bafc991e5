"""The compiled function over chunks: the very one that judges at the door, fed with the counters' values."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

import msgspec
import numpy as np

from hakam.backtest.dataset import Chunk, Doubles, Flags
from hakam.backtest.vectors import wholes
from hakam.policy.counters import NO_COUNTERS, Counters, RecordedCounters
from hakam.policy.engine import Engine
from hakam.policy.tree import Field, walk


def _reads_words(engine: Engine) -> bool:
    return any(
        isinstance(node, Field) and node.spec.path == "text.words"
        for rule in engine.pack.rules
        for node in walk(rule.when)
    )


def signals_of(engine: Engine) -> list[str]:
    """Return the names of the signals that a pack's rules read, and of those that are stored beside them."""
    needs = [str(need) for need in engine.needs]
    if {"links"} & set(needs):
        needs += ["hosts", "domains"]
    if _reads_words(engine):
        needs.append("words")  # they are stored, and cost more to make again
    return needs


class Judged(msgspec.Struct, frozen=True):
    """For each rule of the engine, in its order, the rows on which it fired; and the rules that failed, how often."""

    rows: tuple[Flags, ...]
    failed: dict[str, int]


def judge_chunk(
    engine: Engine, chunk: Chunk, counted: dict[str, Doubles], rows: Sequence[int] | None = None
) -> Judged:
    """Judge a chunk, or some rows of it."""
    places = {rule.id: n for n, rule in enumerate(engine.rules)}
    found: list[list[int]] = [[] for _ in engine.rules]
    failed: dict[str, int] = {}
    names = [counter.name for counter in engine.counters if counter.name in counted]
    needs = signals_of(engine)
    judge, nothing = engine.judge, engine.nothing
    numbers = range(chunk.rows) if rows is None else rows
    picked = [counted[name] if rows is None else counted[name][numbers] for name in names]
    values = zip(*map(wholes, picked), strict=True) if names else repeat(())
    told: dict[str, float | None] = {}
    fed: Counters = RecordedCounters(told) if names else NO_COUNTERS
    for row, (event, signals), seen in zip(numbers, chunk.pairs(needs, rows=rows), values, strict=False):
        told.update(zip(names, seen, strict=True))
        verdict = judge(event, signals, fed)
        if verdict is nothing:
            continue
        for firing in verdict.firings:
            found[places[firing.rule]].append(row)
        for rule in verdict.quarantined:
            failed[rule] = failed.get(rule, 0) + 1
    made = []
    for hits in found:
        flags = np.zeros(chunk.rows, dtype=np.bool_)
        flags[hits] = True
        made.append(flags)
    return Judged(tuple(made), failed)

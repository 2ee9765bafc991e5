"""The compiled function over chunks: the very one that judges at the door, fed with the counters' values."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from hakam.backtest.dataset import Chunk, Doubles, Flags
from hakam.backtest.vectors import whole
from hakam.policy.counters import NO_COUNTERS, Counters, RecordedCounters
from hakam.policy.engine import Engine


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
    values = {counter.name: counted[counter.name] for counter in engine.counters if counter.name in counted}
    needs = [str(need) for need in engine.needs]
    if {"links"} & set(needs):
        needs += ["hosts", "domains"]
    judge, nothing = engine.judge, engine.nothing
    numbers = range(chunk.rows) if rows is None else rows
    for row, (event, signals) in zip(numbers, chunk.pairs(needs, rows=rows), strict=True):
        fed: Counters = NO_COUNTERS
        if values:
            fed = RecordedCounters({name: whole(column[row]) for name, column in values.items()})
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

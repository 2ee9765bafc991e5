"""The compiled function over chunks: the very one that judges at the door, fed with the counters' values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

import msgspec
import numpy as np

from hakam.backtest.dataset import Chunk, Doubles, Flags
from hakam.backtest.lean import decoder
from hakam.backtest.vectors import wholes
from hakam.policy.cost import fields_read
from hakam.policy.engine import Engine, needs_of


def signals_of(engine: Engine) -> list[str]:
    """Return the names of the signals that a pack's rules read when its counters were counted before."""
    needs = [str(need) for need in needs_of(engine.rules, counted=True)]
    return [*needs, "hosts", "domains"] if "links" in needs else needs


class Judged(msgspec.Struct, frozen=True):
    """For each rule of the engine, in its order, the rows on which it fired; and the rules that failed, how often."""

    rows: tuple[Flags, ...]
    failed: dict[str, int]


class Function:
    """A pack's compiled function over chunks. It is made once and judges chunk after chunk."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.needs = signals_of(engine)
        self._names = [counter.name for counter in engine.counting]
        self.again = 0  # events that were judged twice, since a rule failed
        self._judge = engine.recorder(counted=True)
        read = [spec for rule in engine.rules for spec in fields_read(rule.when, counted=True)]
        self._decode = decoder(read, text="text" in self.needs)

    def judge(
        self, chunk: Chunk, counted: Mapping[str, Doubles], rows: Sequence[int] | None = None
    ) -> Judged:
        """Judge a chunk, or some rows of it."""
        engine, judge = self.engine, self._judge
        found: list[list[int]] = [[] for _ in engine.rules]
        failed: dict[str, int] = {}
        numbers = range(chunk.rows) if rows is None else rows
        values = self._values(counted, rows)
        pairs = chunk.pairs(self.needs, self._decode, rows)
        for row, (event, signals), seen in zip(numbers, pairs, values, strict=False):
            recorded = judge(event, signals, seen)
            if recorded is None:
                continue
            fires, fails = engine.places(recorded)
            if fails:  # of a lean event: as the whole one would
                self.again += 1
                recorded = judge(chunk.event(row), signals, seen)
                fires, fails = ([], []) if recorded is None else engine.places(recorded)
            for n in fires:
                found[n].append(row)
            for n in fails:
                name = engine.rules[n].id
                failed[name] = failed.get(name, 0) + 1
        made = []
        for hits in found:
            flags = np.zeros(chunk.rows, dtype=np.bool_)
            flags[hits] = True
            made.append(flags)
        return Judged(tuple(made), failed)

    def _values(
        self, counted: Mapping[str, Doubles], rows: Sequence[int] | None
    ) -> Iterable[tuple[Any, ...]]:
        """Return what the counters said of each row, unknown for one that nobody counted."""
        if not self._names:
            return repeat(())
        picked: list[Iterable[Any]] = []
        for name in self._names:
            values = counted.get(name)
            if values is None:
                picked.append(repeat(None))
            else:
                picked.append(wholes(values if rows is None else values[rows]))
        return zip(*picked, strict=False)

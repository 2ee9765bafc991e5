"""The back-test itself: parts judged on all cores, one after the other in memory, and the tallies added up.

Two ways lead to the same answer: the compiled function, event by event as at the door, and the same typed tree over
columns. Before the second is used, both judge a sample, and any difference sends the whole run the first way.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path

import msgspec
import numpy as np

from hakam.backtest.counting import Counts, count_all, counters_of
from hakam.backtest.dataset import Chunk, Dataset, Doubles, Flags
from hakam.backtest.decided import Meaning
from hakam.backtest.function import Function, signals_of
from hakam.backtest.near import NearMisses, looked_at
from hakam.backtest.packs import NOTHING, Outside, carried, opened, outside_of
from hakam.backtest.tally import Tally, Unit, add, drawn, tally_chunk
from hakam.backtest.texts import Hits, StoredHits
from hakam.backtest.vectors import Rules, fields_of, whole
from hakam.backtest.workers import Pool
from hakam.policy.differing import Judging
from hakam.policy.engine import Engine, compile_pack
from hakam.policy.interpret import Seen, outcome
from hakam.policy.pack import Pack
from hakam.policy.rules import Rule
from hakam.policy.tree import Condition

SAMPLE = 20  # events shown for each rule
CHECKED_PARTS = 6
CHECKED_ROWS = 1_500  # rows of each, judged both ways before a run over columns
PLAINLY = 5  # one in so many of them also by the plain interpreter
SHOWN_DIFFERENCES = 20


class Way(StrEnum):
    """How events are judged. The answer is the same."""

    AUTO = "auto"  # over columns, if both ways agree on a sample
    COLUMNS = "columns"
    FUNCTION = "function"


class Difference(msgspec.Struct, frozen=True):
    """An event on which the ways disagree: a defect of Hakam, never of the pack.

    `function_fires`: what the compiled function says; the way `by` says the opposite.
    """

    rule: str
    event: str
    function_fires: bool
    by: Judging = Judging.COLUMNS


class Job(msgspec.Struct, frozen=True):
    """All that a worker needs, in one file that it reads."""

    source: str
    packs: tuple[dict[str, str], ...]  # the pack, and the one that it is compared with, as files
    counts: Counts
    way: Way
    meaning: Meaning = Meaning()
    sample: int = SAMPLE
    outside: Outside = NOTHING


class Outcome(msgspec.Struct):
    """What a run came to."""

    tally: Tally
    units: list[Unit]
    way: Way
    counts: Counts
    differences: tuple[Difference, ...] = ()
    checked: int = 0
    near_counted: Mapping[
        int, Mapping[str, float | None]
    ] = {}  # position of a near miss that is shown -> counters


def units_of(packs: tuple[Pack, ...]) -> list[Unit]:
    """Return what is judged: the rules of the first pack, and those of the second that it does not have as they are."""
    units: dict[tuple[str, str], Unit] = {}
    for n, rule in enumerate(packs[0].rules):
        units[rule.id, rule.digest] = Unit(rule.id, rule.policy, rule.digest, after=n)
    for n, rule in enumerate(packs[1].rules if len(packs) > 1 else ()):
        held = units.get((rule.id, rule.digest))
        units[rule.id, rule.digest] = (
            Unit(rule.id, rule.policy, rule.digest, before=n)
            if held is None
            else msgspec.structs.replace(held, before=n)
        )
    return list(units.values())


def rules_of(packs: tuple[Pack, ...]) -> tuple[Rule, ...]:
    """Return the rule of each unit."""
    return tuple(
        packs[0].rules[unit.after] if unit.after is not None else packs[1].rules[unit.before or 0]
        for unit in units_of(packs)
    )


def conditions_of(packs: tuple[Pack, ...]) -> tuple[Condition, ...]:
    """Return the condition of each unit."""
    return tuple(rule.when for rule in rules_of(packs))


class Judge:
    """A job in a worker: packs compiled once, then parts judged."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.dataset = Dataset(Path(job.source))
        self.engines: tuple[Engine, ...] = tuple(
            compile_pack(opened(files, job.outside)) for files in job.packs
        )
        self.packs = tuple(engine.pack for engine in self.engines)
        self.units = units_of(self.packs)
        self.conditions = conditions_of(self.packs)
        self.rules = Rules(self.conditions)
        self.near = NearMisses(rules_of(self.packs))
        self.near_parts = looked_at(len(self.dataset.parts))
        self.hits = StoredHits(job.counts.hits) if job.counts.hits else None
        self.paths = fields_of(self.conditions, texts=self.hits is None) | {"text.language"}
        self.counters = tuple(counters_of(job.packs, job.outside).values())

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """The compiled functions of the packs."""
        return tuple(map(Function, self.engines))

    def by_function(
        self, chunk: Chunk, counted: dict[str, Doubles], rows: list[int] | None = None
    ) -> tuple[list[Flags], dict[str, int]]:
        """Judge by the compiled functions of the packs."""
        judged = [function.judge(chunk, counted, rows) for function in self.functions]
        found = [
            judged[0].rows[unit.after] if unit.after is not None else judged[1].rows[unit.before or 0]
            for unit in self.units
        ]
        return found, judged[0].failed

    def by_columns(
        self, chunk: Chunk, counted: dict[str, Doubles], hits: Hits | None = None
    ) -> tuple[list[Flags], dict[str, int], int]:
        """Judge over columns, and by the compiled function the rows of which that can't be sure."""
        found, unsure = self.rules.true_rows(chunk, counted, hits)
        failed: dict[str, int] = {}
        rows = np.flatnonzero(unsure).tolist()
        if rows:
            exact, failed = self.by_function(chunk, counted, rows)
            found = [np.where(unsure, one, other) for one, other in zip(exact, found, strict=True)]
        return found, failed, len(rows)

    def part(self, number: int) -> Tally:
        """Judge one part and count what came of it."""
        job = self.job
        over_columns = job.way is not Way.FUNCTION
        chunk = self.dataset.chunk(number, self.paths if over_columns else ())
        counted = job.counts.of(chunk)
        unsure = 0
        hits = self._hits(number, chunk) if over_columns else None
        if over_columns:
            found, failed, unsure = self.by_columns(chunk, counted, hits)
        else:
            found, failed = self.by_function(chunk, counted)
        made = tally_chunk(
            chunk, self.units, found, meaning=job.meaning, size=job.sample, against=len(self.engines) > 1
        )
        made.unsure, made.failed = unsure, failed
        if number in self.near_parts:
            self._near(chunk, counted, found, made, hits)
        return made

    def _hits(self, number: int, chunk: Chunk) -> Hits:
        return self.rules.texts.hits(chunk) if self.hits is None else self.hits.read(number, chunk.rows)

    def _near(
        self, chunk: Chunk, counted: dict[str, Doubles], found: list[Flags], made: Tally, hits: Hits | None
    ) -> None:
        near, among = self.near.rows(chunk, counted, found, hits)
        made.near_among = among
        for unit, flags in zip(self.units, near, strict=True):
            if unit.after is not None:
                made.near[unit.rule] = int(flags.sum())
                made.samples["near"][unit.rule] = drawn(flags, chunk.start, 7, self.job.sample)

    def differences(self, number: int) -> tuple[list[Difference], int]:
        """Judge some rows of a part both ways; return where they differ, and how many were judged."""
        chunk = self.dataset.chunk(number, self.paths)
        counted = self.job.counts.of(chunk)
        rows = list(range(0, chunk.rows, max(1, chunk.rows // CHECKED_ROWS)))
        exact, _ = self.by_function(chunk, counted, rows)
        found, _, _ = self.by_columns(chunk, counted, self._hits(number, chunk))
        differ: list[Difference] = []
        for unit, one, other in zip(self.units, exact, found, strict=True):
            for row in rows:
                if one[row] != other[row]:
                    differ.append(Difference(unit.rule, chunk.event(row).id, bool(one[row])))
                    break
        differ += self._plainly_otherwise(chunk, counted, rows[::PLAINLY], exact)
        return differ + self._counted_otherwise(chunk, rows), len(rows)

    def _plainly_otherwise(
        self, chunk: Chunk, counted: dict[str, Doubles], rows: list[int], exact: list[Flags]
    ) -> list[Difference]:
        """Judge some rows by the plain interpreter too: the function and the columns may share a mistake."""
        differ: dict[str, Difference] = {}
        needs = {need for engine in self.engines for need in signals_of(engine)}
        for row, (event, signals) in zip(rows, chunk.pairs(needs, rows=rows), strict=True):
            seen = Seen(event, signals, {name: whole(values[row]) for name, values in counted.items()})
            for unit, condition, flags in zip(self.units, self.conditions, exact, strict=True):
                try:
                    fires = outcome(condition, seen) is True
                except Exception:  # noqa: BLE001 -- the function names the rule as failed and does not fire it
                    fires = False
                if fires != flags[row]:
                    one = Difference(unit.rule, event.id, bool(flags[row]), Judging.INTERPRETER)
                    differ.setdefault(unit.rule, one)
        return list(differ.values())

    def _counted_otherwise(self, chunk: Chunk, rows: list[int]) -> list[Difference]:
        """Ask for each row whether a counter counts it, both ways: counters are an input that the two share."""
        filtered = [(counter, counter.where) for counter in self.counters if counter.where is not None]
        if not filtered:
            return []
        found, unsure = Rules(tuple(where for _, where in filtered)).true_rows(chunk, {})
        differ = []
        for row, (event, signals) in zip(rows, chunk.pairs(rows=rows), strict=True):
            seen = Seen(event, signals)
            for (counter, where), flags in zip(filtered, found, strict=True):
                counts = outcome(where, seen) is True
                if not unsure[row] and bool(flags[row]) != counts:
                    differ.append(Difference(counter.text, event.id, counts))
        return differ


@lru_cache(maxsize=2)
def _judge(path: str) -> Judge:
    return Judge(msgspec.msgpack.decode(Path(path).read_bytes(), type=Job))


def judge_part(path: str, number: int) -> Tally:
    """Judge one part of the job at `path`. This is what processes and clusters map over the parts."""
    return _judge(path).part(number)


def check_part(path: str, number: int) -> tuple[list[Difference], int]:
    """Judge some rows of one part both ways."""
    return _judge(path).differences(number)


def run(
    dataset: Dataset,
    pack: Pack,
    *,
    pool: Pool,
    before: Pack | None = None,
    meaning: Meaning | None = None,
    way: Way = Way.AUTO,
    sample: int = SAMPLE,
    lists: Path | None = None,
    progress: Callable[[str, float], None] = lambda _what, _share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Judge all events of `dataset` by `pack`, and by `before` if a version is to be compared with it.

    `lists` is the folder of lists outside packs, for packs that read any. `progress` is told what is done
    (`counters`, `check`, `rules`) and the share of it. Raises `CancelledError`, and `BadListError` if a list is gone.
    """
    packs = (pack.files,) if before is None else (pack.files, before.files)
    outside = outside_of((pack,) if before is None else (pack, before), lists)
    work = _work_folder(dataset, pool)
    try:
        if pool.apart:
            outside = carried(outside, work / "lists")
        progress("counters", 0.0)
        rules = (
            conditions_of((pack,) if before is None else (pack, before)) if way is not Way.FUNCTION else ()
        )
        counts = count_all(dataset, packs, work, pool=pool, outside=outside, rules=rules, cancelled=cancelled)
        chosen = meaning or Meaning(frozenset(pack.clauses))
        used = Way.COLUMNS if way is Way.AUTO else way
        job = Job(str(dataset.folder.resolve()), packs, counts, used, chosen, sample, outside)
        path = _write(work, job)
        differ: list[Difference] = []
        checked = 0
        if used is Way.COLUMNS:
            progress("check", 0.0)
            numbers = np.linspace(0, len(dataset.parts) - 1, min(CHECKED_PARTS, len(dataset.parts)))
            pieces = [(path, int(number)) for number in numbers]
            for found, count in pool.map(check_part, pieces, cancelled=cancelled):
                differ += found
                checked += count
            if differ:
                used = Way.FUNCTION
                counts = count_all(
                    dataset, packs, work, pool=pool, outside=outside, sorting=False, cancelled=cancelled
                )
                path = _write(work, msgspec.structs.replace(job, way=used, counts=counts))
        units = units_of((pack,) if before is None else (pack, before))
        made = Tally(len(units))
        parts = ((path, number) for number in range(len(dataset.parts)))
        for part in pool.map(judge_part, parts, cancelled=cancelled):
            add(made, part, sample)
            progress("rules", made.events / dataset.rows)
        near = {position for sample in made.samples.get("near", {}).values() for _, position in sample}
        told = tuple(differ[:SHOWN_DIFFERENCES])
        return Outcome(made, units, used, counts, told, checked, counts.at(sorted(near)))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _work_folder(dataset: Dataset, pool: Pool) -> Path:
    """Return a folder of this run, for whoever works on it: beside the events if those are other machines."""
    if not pool.apart:
        return Path(tempfile.mkdtemp(prefix="hakam-backtest-"))
    return Path(tempfile.mkdtemp(prefix="run-", dir=dataset.folder.resolve()))


def _write(work: Path, job: Job) -> str:
    path = work / f"job-{job.way}.msgpack"
    path.write_bytes(msgspec.msgpack.encode(job))
    return str(path)

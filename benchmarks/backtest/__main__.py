"""`python -m benchmarks.backtest [--events N] [--folder FOLDER] [--function] [--verify N]`.

How fast stored events are judged, what that takes, and that the verdicts are the door's. The processes are up before
the first run, as in a console that runs one back-test after the other; how long that takes is printed. Events are made,
and compared with the door, in processes whose memory is gone when the runs begin.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import msgspec
import psutil
import pyarrow as pa
import pyarrow.compute as pc
from benchmarks.backtest import events as varied
from benchmarks.backtest import pack as varied_pack
from benchmarks.backtest.apart import apart
from benchmarks.engine.posts import posts
from benchmarks.engine.rules import pack_files, rules

from hakam.backtest.columns import Row, read_event, signature
from hakam.backtest.dataset import Dataset, Manifest, Part, write_manifest, write_part
from hakam.backtest.prepare import prepare
from hakam.backtest.run import Outcome, Way, run
from hakam.backtest.workers import Processes, ready
from hakam.policy.counters import MemoryCounters
from hakam.policy.engine import compile_pack
from hakam.policy.pack import Pack, load_pack
from hakam.signals.measure import measure
from hakam.vocabulary.event import Event

DISTINCT = 1_000_000  # posts that are made; more events are these again on the days after, up to a month
DAY = 86_400
COUNTERS = (
    'count(by=author.id, within="10m") > 8',
    'distinct(author.id, per=text.fingerprint, within="10m") >= 3',
    'count(by=context.ip_hash, within="1h", where=word(text.folded, "sun", "قهوة")) >= 2',
)
NUMERIC = "author.posts < 3 and author.followers > 500"
TEXT = 'contains_any(text.folded, ["free crypto", "click here", "ربح سريع", "اضغط هنا"])'


class Peak:
    """The most memory that this process and its children had together, in MiB, looked at every 50 ms."""

    def __init__(self) -> None:
        self.mib = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._done.wait(0.05):
            total = 0
            for process in (me, *me.children(recursive=True)):
                try:
                    total += process.memory_full_info().uss
                except psutil.Error:
                    continue
            self.mib = max(self.mib, total / 2**20)


def load(files: dict[str, str]) -> Pack:
    """Load a pack, which must be sound."""
    loaded = load_pack(files)
    assert loaded.pack is not None, loaded.errors
    return loaded.pack


def fifty_rules() -> Pack:
    """Return the engine benchmark's rules, three of which make room for counters."""
    kept = load(pack_files(50))
    parts = pack_files(50)["rules.yaml"].split("- rule: ")
    policy = kept.rules[0].policy
    counters = [
        f'counted-{n}\n  policy: {policy}\n  stage: shadow\n  when: |\n    {when}\n  then: [review(queue="spam")]\n'
        for n, when in enumerate(COUNTERS)
    ]
    chosen = [part for part in parts[1:] if not part.startswith(("age", "language", "length"))]
    text = "".join(f"- rule: {part}" for part in [*chosen[: 50 - len(COUNTERS)], *counters])
    return load({**pack_files(50), "rules.yaml": text})


def one_rule(when: str) -> Pack:
    """Return a pack of one rule."""
    return load(varied_pack.files((when,)))


def dataset_of(count: int, folder: Path, pool: Processes) -> Dataset:
    """Return `count` prepared posts. What was prepared before is used again."""
    if (folder / "manifest.json").exists():
        found = Dataset(folder)
        if found.rows == count:
            return found
        shutil.rmtree(folder)
    distinct = min(count, DISTINCT)
    base = folder.with_name(f"{folder.name}-base")
    shutil.rmtree(base, ignore_errors=True)
    start = time.monotonic()
    first = prepare(map(Row, posts(distinct)), base, pool=pool)
    print(
        f"prepared {distinct:,} posts in {time.monotonic() - start:,.0f} s, generating them included",
        flush=True,
    )
    if distinct == count:
        base.rename(folder)
        return Dataset(folder)
    folder.mkdir(parents=True)
    parts: list[Part] = []
    while sum(part.rows for part in parts) < count:
        day, number = divmod(len(parts), len(first.parts))
        assert day < 30, "at most thirty times the distinct posts: the days of one month"
        source = base / first.parts[number].name
        left = count - sum(part.rows for part in parts)
        parts.append(write_part(folder, f"{len(parts):06}.parquet", later(source, day).slice(0, left)))
    shutil.rmtree(base)
    return write_manifest(folder, Manifest(signature(), tuple(parts), sources=("generated",)))


def later(path: Path, days: int) -> pa.Table:
    """Return a part as if it had happened some days later, to the same authors."""
    table = pa.parquet.read_table(path)

    def put(name: str, values: Any) -> None:
        nonlocal table
        table = table.set_column(table.column_names.index(name), name, values)

    put("event_at", pc.add(table.column("event_at"), float(days * DAY)))
    put("author_age", pc.add(table.column("author_age"), float(days * DAY)))
    put("event_id", pc.binary_join_element_wise(table.column("event_id"), f"-{days}", ""))
    raw = pc.replace_substring(
        table.column("raw"), pattern=b'"at":"2026-03-01', replacement=b'"at":"2026-03-%02d' % (days + 1)
    )
    raw = pc.replace_substring_regex(
        raw, pattern=rb'^\{"id":"(e[0-9]+)"', replacement=rb'{"id":"\1-%d"' % days, max_replacements=1
    )
    put("raw", raw)
    return table


def timed(work: Callable[[], Outcome]) -> tuple[Outcome, float, float]:
    """Return what some work gave, its seconds, and the CPU seconds of all processes."""
    before, start = _cpu(), time.monotonic()
    found = work()
    return found, time.monotonic() - start, _cpu() - before


def _cpu() -> float:
    total = 0.0
    me = psutil.Process()
    for process in (me, *me.children(recursive=True)):
        times = process.cpu_times()
        total += times.user + times.system
    return total


def plain_loop(count: int) -> float:
    """Return the events a second of a loop without an engine: decode, measure, every rule in plain Python with `re`."""
    lines = posts(count)
    decode = msgspec.json.Decoder(Event).decode
    plain = rules(50)
    start = time.process_time()
    for line in lines:
        event = decode(line)
        signals = measure(event)
        for rule in plain:
            rule.plain(event, signals)
    return count / (time.process_time() - start)


def verify(count: int, folder: Path, pool: Processes) -> dict[str, Any]:
    """Judge `count` varied events by both ways and by the door; end the program at the first difference."""
    shutil.rmtree(folder, ignore_errors=True)
    lines = list(varied.events(count))
    found = prepare(map(Row, lines), folder, pool=pool)
    pack = load(varied_pack.files())
    engine, counters = compile_pack(pack), MemoryCounters()
    door = dict.fromkeys((rule.id for rule in pack.rules), 0)
    for event in sorted(map(read_event, lines), key=lambda event: event.at):
        for firing in engine.judge(event, measure(event, engine.needs), counters).firings:
            door[firing.rule] += 1
    for way in (Way.AUTO, Way.FUNCTION):
        outcome = run(found, pack, pool=pool, way=way)
        assert outcome.differences == (), outcome.differences
        fires = dict(zip((unit.rule for unit in outcome.units), outcome.tally.fires.tolist(), strict=True))
        assert fires == door, {rule: (fires[rule], door[rule]) for rule in door if fires[rule] != door[rule]}
    shutil.rmtree(folder)
    return {"events": count, "rules": len(pack.rules), "fires": sum(door.values()), "same": True}


def verified(count: int, folder: Path, processes: int) -> dict[str, Any]:
    """Verify with processes of its own."""
    with Processes(processes) as pool:
        return verify(count, folder, pool)


def made(count: int, folder: Path, processes: int) -> None:
    """Make the events with processes of its own, unless they are there already."""
    with Processes(processes) as pool:
        dataset_of(count, folder, pool)


def main() -> None:
    """Run what was asked for and print it."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--events", type=int, default=10_000_000)
    asked.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked.add_argument("--folder", type=Path, help="keep the prepared events here and use them again")
    asked.add_argument(
        "--function", action="store_true", help="also judge everything by the compiled function alone"
    )
    asked.add_argument(
        "--verify", type=int, default=0, metavar="N", help="first compare N varied events with the door"
    )
    asked.add_argument("--json", action="store_true", help="print JSON")
    given = asked.parse_args()
    work = Path(tempfile.mkdtemp(prefix="hakam-bench-"))
    folder = given.folder or work / "data"
    results: dict[str, Any] = {"events": given.events, "processes": given.processes}
    try:
        if given.verify:
            results["verified"] = apart("verified", given.verify, work / "verify", given.processes)
            print(f"verified: {results['verified']}", flush=True)
        apart("made", given.events, folder, given.processes)
        data = Dataset(folder)
        begun = time.monotonic()
        with Processes(given.processes) as pool:
            for _ in pool.map(ready, [()] * given.processes):
                pass
            results["start_seconds"] = round(time.monotonic() - begun, 2)
            print(f"{given.processes} processes up after {results['start_seconds']:.2f} s", flush=True)
            size = sum(path.stat().st_size for path in folder.iterdir())
            print(f"{data.rows:,} events in {len(data.parts)} parts, {size / 2**30:.2f} GiB\n", flush=True)
            runs = [
                ("one numeric rule", one_rule(NUMERIC), Way.AUTO),
                ("one text rule", one_rule(TEXT), Way.AUTO),
                ("50 rules, counters included", fifty_rules(), Way.AUTO),
            ]
            if given.function:
                runs.append(("50 rules, the function alone", fifty_rules(), Way.FUNCTION))
            for name, pack, way in runs:
                with Peak() as peak:
                    outcome, seconds, cpu = timed(
                        lambda pack=pack, way=way: run(data, pack, pool=pool, way=way)
                    )  # type: ignore[misc]
                assert outcome.differences == (), outcome.differences
                results[name] = {
                    "seconds": round(seconds, 2),
                    "cpu_seconds": round(cpu, 2),
                    "events_per_second": round(data.rows / seconds),
                    "fired": outcome.tally.any_after,
                    "way": outcome.way,
                    "peak_mib": round(peak.mib),
                }
                print(
                    f"{name:32} {seconds:8.2f} s  {data.rows / seconds:12,.0f} events/s  CPU {cpu:8.1f} s  "
                    f"{cpu / data.rows * 1e6:6.2f} us/event  peak {peak.mib:6,.0f} MiB",
                    flush=True,
                )
        loop = plain_loop(20_000)
        results["plain_loop_events_per_core_second"] = round(loop)
        best = results["50 rules, counters included"]
        ratio = given.events / best["cpu_seconds"] / loop
        results["ratio_to_plain_loop_per_core_second"] = round(ratio, 1)
        print(
            f"\na plain loop over JSON with `re`: {loop:,.0f} events/s a core; 50 rules here: {ratio:.1f} times that"
        )
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if given.json:
        print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()

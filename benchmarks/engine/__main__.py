"""`python -m benchmarks.engine [--rules N] [--workload FOLDER]`.

How fast rules are judged, and that they are right.
"""
# ruff: noqa: E501 -- lines of the report

from __future__ import annotations

import argparse
import gc
import json
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from benchmarks.engine.detail import detail, shown
from benchmarks.engine.posts import posts
from benchmarks.engine.rules import pack_files, rules
from benchmarks.engine.timing import compared, timed
from benchmarks.engine.workload import run_workload

from hakam.door.watch import Watch
from hakam.policy.counters import NO_COUNTERS
from hakam.policy.engine import Engine, compile_pack
from hakam.policy.pack import load_pack
from hakam.signals.measure import Need, measure
from hakam.vocabulary.event import Event

P99_US = 50.0  # target of one event under the guard


def percentiles(work: Callable[[Any], object], inputs: Sequence[Any]) -> tuple[float, float]:
    """Return the 50th and 99th percentile of one call, in microseconds."""
    taken = []
    clock = time.perf_counter_ns
    for one in inputs:
        start = clock()
        work(one)
        taken.append(clock() - start)
    taken.sort()
    return taken[len(taken) // 2] / 1000, taken[len(taken) * 99 // 100] / 1000


def memory() -> float:
    """Return the peak resident memory of this process, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if platform.system() == "Darwin" else 2**10)


def build(count: int) -> tuple[Engine, float]:
    """Return the engine of the benchmark's pack, and the CPU seconds from files to engine."""
    files = pack_files(count)
    start = time.process_time()
    loaded = load_pack(files)
    if loaded.pack is None:
        sys.exit(f"the benchmark's pack is wrong: {loaded.errors[0]}")
    engine = compile_pack(loaded.pack)
    return engine, time.process_time() - start


def measure_rules(count: int, lines: list[bytes]) -> dict[str, Any]:  # noqa: C901 -- one run for each figure
    """Measure one number of rules. Ends the program if plain Python and the engine disagree on any event."""
    before = memory()
    engine, built = build(count)
    decoder = msgspec.json.Decoder(Event)
    decode = decoder.decode
    events = [decode(line) for line in lines]
    needs = engine.needs
    signals = [measure(event, needs | {Need.WORDS}) for event in events]  # plain Python needs the words
    pairs = list(zip(events, signals, strict=True))
    plain = rules(count)
    hits = 0
    for event, measured in pairs:
        fired = {firing.rule for firing in engine.judge(event, measured, NO_COUNTERS).firings}
        wanted = {rule.name for rule in plain if rule.plain(event, measured)}
        if fired != wanted:
            sys.exit(
                f"disagreement on {event.id}: engine {sorted(fired - wanted)}, plain {sorted(wanted - fired)}"
            )
        hits += bool(fired)
    judge = engine.judge

    def run_judge() -> None:
        for event, measured in pairs:
            judge(event, measured, NO_COUNTERS)

    watch = Watch()
    guard = watch.guard()

    def run_guarded() -> None:
        for event, measured in pairs:
            guard(judge, event, measured, NO_COUNTERS)

    def run_decode() -> None:
        for line in lines:
            decode(line)

    def run_both() -> None:
        for line, measured in zip(lines, signals, strict=True):
            judge(decode(line), measured, NO_COUNTERS)

    def run_measure() -> None:
        for event in events:
            measure(event, needs)

    def run_all() -> None:
        for line in lines:
            event = decode(line)
            judge(event, measure(event, needs), NO_COUNTERS)

    def run_plain() -> None:
        for event, measured in pairs:
            for rule in plain:
                rule.plain(event, measured)

    n = len(lines)
    gc.freeze()  # as the door does: what lives as long as the program is not looked through again
    details = detail(engine, pairs)
    judged = timed(run_judge)
    guarded, unguarded, guarding = compared(run_guarded, run_judge)
    p50, p99 = percentiles(lambda pair: guard(judge, pair[0], pair[1], NO_COUNTERS), pairs)
    watch.stop()
    plainly = timed(run_plain, 3)
    built_1000 = build(1000)[1]
    return {
        "rules": count,
        "events": n,
        "events_that_hit": hits,
        "judge_per_second": n / judged,
        "detail": details,
        "guarded_per_second": n / guarded,
        "guard_costs_percent": 100 * (guarding - 1),
        "guard_ns_per_event": (guarded - unguarded) / n * 1e9,
        "decode_and_judge_per_second": n / timed(run_both),
        "decode_per_second": n / timed(run_decode),
        "measure_signals_per_second": n / timed(run_measure, 3),
        "everything_per_second": n / timed(run_all, 3),
        "plain_re_loop_per_second": n / plainly,
        "ratio_to_plain": plainly / judged,
        "p50_us": p50,
        "p99_us": p99,
        "load_and_compile_seconds": built,
        "load_1000_seconds": built_1000,
        "peak_memory_mib": memory(),
        "memory_added_mib": memory() - before,
    }


def over(value: float, most: float) -> str:
    """Say whether a figure misses its target."""
    return f" (target {most:.0f})" if value <= most else f" (MISSES its target {most:.0f})"


def show(result: dict[str, Any]) -> str:
    """Return one result as text."""
    return (
        f"{result['rules']} rules, {result['events']:,} posts, {result['events_that_hit']:,} hit a rule; all hits as plain Python says\n"
        f"  judge only                    {result['judge_per_second']:>10,.0f} events/s   p50 {result['p50_us']:.1f} us, p99 {result['p99_us']:.1f} us{over(result['p99_us'], P99_US)}\n"
        f"{shown(result['detail'])}\n"
        f"  under the guard               {result['guarded_per_second']:>10,.0f} events/s   the guard costs {result['guard_ns_per_event']:.0f} ns an event, {result['guard_costs_percent']:.1f} %\n"
        f"  decode + judge                {result['decode_and_judge_per_second']:>10,.0f} events/s\n"
        f"  decode only                   {result['decode_per_second']:>10,.0f} events/s\n"
        f"  measure signals only          {result['measure_signals_per_second']:>10,.0f} events/s\n"
        f"  decode + measure + judge      {result['everything_per_second']:>10,.0f} events/s\n"
        f"  plain loop over rules, `re`   {result['plain_re_loop_per_second']:>10,.0f} events/s   the engine is {result['ratio_to_plain']:.1f} times as fast\n"
        f"  files to engine               {result['load_and_compile_seconds']:>10.2f} s (1,000 rules: {result['load_1000_seconds']:.2f} s)\n"
        f"  peak memory                   {result['peak_memory_mib']:>10.0f} MiB"
    )


def main() -> None:
    """Run what was asked for and print it."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument(
        "--rules", type=int, nargs="+", default=[50, 200, 500], help="how many rules, one run for each"
    )
    asked.add_argument("--posts", type=int, default=20_000, help="how many posts")
    asked.add_argument(
        "--workload", type=Path, help="a folder with ruleset.json, events.jsonl.zst, expected_hits.json"
    )
    asked.add_argument("--json", action="store_true", help="print JSON")
    given = asked.parse_args()
    lines = posts(given.posts)
    size = statistics.mean(map(len, lines))
    if not given.json:
        print(
            f"Python {platform.python_version()}, {platform.machine()}, one core; posts of {size:.0f} bytes\n"
        )
    results = []
    for count in given.rules:
        results.append(measure_rules(count, lines))
        if not given.json:
            print(show(results[-1]), flush=True)
    if given.workload is not None:
        results.append(run_workload(given.workload))
        if not given.json:
            print(results[-1].pop("text"))
    if given.json:
        print(json.dumps(results, indent=1))


main()

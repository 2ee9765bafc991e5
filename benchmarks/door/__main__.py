"""`python -m benchmarks.door`: the real door process on a temporary home, under load from another process.

Prints the medians of several runs: batches of 50, single events, `/v1/check` without a sink, and what an event waits
for its verdict at half of the measured load, where requests are due at a fixed rate and each latency counts from the
moment at which its request was due. The same traffic goes to a bare server too, which decodes and answers a constant
(`benchmarks.door.reference`): "of bare" is the share of its rate that the door reaches.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
from benchmarks.door.disk import measure_disk
from benchmarks.door.house import PLATFORM, House
from benchmarks.door.load import Outcome, Task
from benchmarks.door.reference import Reference
from benchmarks.engine.rules import pack_files

from hakam.storage.packs import read_folder

ROOT = Path(__file__).resolve().parents[2]
TARGETS = {"batches": 20_000.0, "singles": 5_000.0}  # durable events a second on 2 cores
TARGET_P99 = 20.0  # ms at half load


class Series(NamedTuple):
    """One kind of traffic, measured several times."""

    name: str
    outcomes: list[Outcome]
    door_cpu: list[float]  # share of one core
    cost: list[float]  # microseconds of the door's processor for one event

    def median(self, what: str) -> float:
        """Return the median of one figure over the runs."""
        return statistics.median(getattr(outcome, what) for outcome in self.outcomes)


class Bench:
    """All runs against one house."""

    def __init__(self, house: House, arguments: argparse.Namespace) -> None:
        self._house, self._arguments = house, arguments
        self._run = 0
        self.acknowledged = 0
        self.failed: list[str] = []

    def bare(self, name: str, *, batch: int, connections: int) -> Series:
        """Measure a server that does nothing but decode."""
        with Reference() as reference:
            return self.series(name, path="/v1/bare", batch=batch, connections=connections, server=reference)

    def series(
        self,
        name: str,
        *,
        path: str,
        batch: int,
        connections: int,
        rate: float = 0.0,
        server: House | Reference | None = None,
    ) -> Series:
        """Measure one kind of traffic `runs` times."""
        server = server or self._house
        outcomes, door_cpu, cost = [], [], []
        for _ in range(self._arguments.runs):
            self._run += 1
            task = Task(
                host=server.host,
                port=server.port,
                path=path,
                key=self._house.key,
                platform=PLATFORM,
                batch=batch,
                connections=connections,
                seconds=self._arguments.seconds,
                run=self._run,
                rate=rate,
            )
            before = server.cpu()
            client = subprocess.run(
                [sys.executable, "-m", "benchmarks.door.load"],
                input=msgspec.json.encode(task),
                stdout=subprocess.PIPE,
                cwd=ROOT,
                check=True,
            )
            outcome = msgspec.json.decode(client.stdout, type=Outcome)
            used = server.cpu() - before
            door_cpu.append(used / (task.seconds + task.warm_up))
            cost.append(1e6 * used / max(1, outcome.answered))
            outcomes.append(outcome)
            if path == "/v1/events":
                self.acknowledged += outcome.answered
            if outcome.failed:
                self.failed.append(f"{name}: {outcome.failed} requests failed; {outcome.example}")
        return Series(name, outcomes, door_cpu, cost)


def _show(series: Series, bare: Series) -> None:
    requests = series.median("requests") / series.median("seconds")
    events = series.median("events") / series.median("seconds")
    spread = [outcome.rate for outcome in series.outcomes]
    most = bare.median("events") / bare.median("seconds")
    print(
        f"| {series.name} | {events:,.0f} | {min(spread):,.0f}-{max(spread):,.0f} | {requests:,.0f} "
        f"| {series.median('p50'):.1f} | {series.median('p99'):.1f} | {series.median('longest'):.0f} "
        f"| {statistics.median(series.door_cpu):.0%} | {statistics.median(series.cost):.0f} "
        f"| {series.median('cpu'):.0%} | {events / max(1.0, most):.0%} |",
        flush=True,
    )


def _machine() -> str:
    model = platform.processor() or platform.machine()
    with_model = Path("/proc/cpuinfo")
    if with_model.exists():
        names = [
            line.split(":", 1)[1].strip()
            for line in with_model.read_text().splitlines()
            if "model name" in line
        ]
        model = names[0] if names else model
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} x {model}, {system}"


def _commit() -> str:
    said = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return said.stdout.strip() or "no commit"


def main() -> int:
    """Run everything; 1 if a target was missed or an acknowledged event is not in the log."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.door", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="runs of each kind of traffic (3)")
    parser.add_argument("--seconds", type=float, default=5.0, help="measured seconds of a run (5)")
    parser.add_argument("--pack", type=Path, help="folder of the pack that judges (the engine's 50 rules)")
    parser.add_argument(
        "--home", type=Path, help="folder on the disk that is measured (the system's temporary one)"
    )
    parser.add_argument("--batch", type=int, default=50, help="events in a batch (50)")
    parser.add_argument("--batch-connections", type=int, default=64)
    parser.add_argument("--single-connections", type=int, default=128)
    parser.add_argument("--only", choices=["batches", "singles"], help="one kind of traffic")
    arguments = parser.parse_args()
    files = read_folder(arguments.pack) if arguments.pack else pack_files(50)
    with House(files, under=arguments.home) as house:
        return _measure(house, arguments)


def _measure(house: House, arguments: argparse.Namespace) -> int:
    print(f"{datetime.now(tz=UTC):%Y-%m-%d %H:%M} UTC, commit {_commit()}, load {os.getloadavg()[0]:.1f}")
    print(_machine())
    print(
        f"pack {house.pack.ref}, {len(house.pack.rules)} rules; "
        f"medians of {arguments.runs} runs of {arguments.seconds:g} s"
    )
    disk = measure_disk(house.home)
    print(
        f"disk: {disk.syncs_per_second:,.0f} appends with fdatasync a second, "
        f"p50 {disk.p50:.2f} ms, p99 {disk.p99:.2f} ms"
    )
    print(f"door at rest: {house.memory():.0f} MB\n")
    print(
        "| traffic | events/s | of runs | requests/s | p50 ms | p99 ms | longest ms "
        "| door CPU | us CPU an event | client CPU | of bare |"
    )
    print("| --- " + "| --: " * 10 + "|", flush=True)
    bench = Bench(house, arguments)
    missed: list[str] = []
    kinds = {
        "batches": (f"batches of {arguments.batch}", arguments.batch, arguments.batch_connections),
        "singles": ("single events", 1, arguments.single_connections),
    }
    for kind, (name, batch, connections) in kinds.items():
        if arguments.only not in {None, kind}:
            continue
        bare = bench.bare(f"{name}, bare server", batch=batch, connections=connections)
        _show(bare, bare)
        check = bench.series(f"{name}, check only", path="/v1/check", batch=batch, connections=connections)
        _show(check, bare)
        full = bench.series(f"{name}, durable", path="/v1/events", batch=batch, connections=connections)
        _show(full, bare)
        rate = full.median("events") / full.median("seconds") / batch / 2
        half = bench.series(
            f"{name}, durable, half load", path="/v1/events", batch=batch, connections=connections, rate=rate
        )
        _show(half, bare)
        reached = full.median("events") / full.median("seconds")
        if reached < TARGETS[kind]:
            missed.append(f"{name}: {reached:,.0f} durable events/s, wanted {TARGETS[kind]:,.0f}")
        if half.median("p99") > TARGET_P99:
            missed.append(f"{name}: p99 {half.median('p99'):.1f} ms at half load, wanted {TARGET_P99:.0f}")
    time.sleep(0.2)
    records = house.records()
    size = house.log_bytes()
    print(
        f"\ndoor afterwards: {house.memory():.0f} MB; "
        f"log: {records:,} records, {size / max(1, records):,.0f} bytes each"
    )
    print(f"acknowledged and in the log: {bench.acknowledged:,} and {records:,}")
    if records < bench.acknowledged:
        missed.append(f"{bench.acknowledged - records:,} acknowledged events are not in the log")
    for word in (*bench.failed, *missed):
        print(f"missed: {word}")
    return 1 if missed or bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())

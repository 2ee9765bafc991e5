"""`python -m benchmarks.engine.list_reload [--entries N] [--rate R] [--kind hashes|domains] [--folder DIR] [--json]`.

A list of millions of entries behind a door: what it costs to import, to put in force while requests come, and to
start with.

A file of `--entries` lines is imported in a process of its own as `hakam lists add` does. A real door starts with it;
requests of one durable event each are due at a fixed rate from another process, each latency counted from the moment
at which the request was due. They are measured quietly, while the second version is imported beside, and while the
door puts versions in force by turns. At the end the door is killed and started again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from benchmarks.door.house import PLATFORM, House
from benchmarks.door.load import Outcome, Task

from hakam.policy.lists import ListKind
from hakam.storage.embedded.list_files import keep
from hakam.storage.embedded.lists import entries_of
from hakam.testing.doors import event, pack_files

KINDS = {"hashes": ListKind.VALUES, "domains": ListKind.DOMAINS}
RULES = """
- rule: known
  policy: spam
  stage: live
  when: author.id in list("ids") or any_in(links.domains, list("ids"))
  then: [remove]
"""
MARKED = "in-this-version-only"
WAIT = 120.0  # seconds for what must come true


def write_lines(path: Path, kind: str, entries: int, version: int) -> None:
    """Write a file of entries in no order, the first of which tells the version."""
    with path.open("w", encoding="ascii") as file:
        file.write(f"{MARKED}-{version}.example\n")
        for n in range(version, entries + version - 1):
            name = hashlib.sha256(b"%d" % n).hexdigest()
            file.write(f"{name}\n" if kind == "hashes" else f"{name[:14]}.example\n")


def imported(path: Path, kind: str, folder: Path) -> dict[str, Any]:
    """Import a file in another process; return its digest and what that took."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.engine.list_reload", "--import", str(path), str(folder), kind],
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    found: dict[str, Any] = json.loads(told)
    return found


def import_here(path: Path, folder: Path, kind: str) -> dict[str, Any]:
    """Import a file and say what it took."""
    before, start = time.process_time(), time.monotonic()
    kept = keep(folder, KINDS[kind], entries_of(path, KINDS[kind]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        2**20 if platform.system() == "Darwin" else 2**10
    )
    return {
        "digest": kept.digest,
        "entries": kept.entries,
        "seconds": time.monotonic() - start,
        "cpu_seconds": time.process_time() - before,
        "peak_mib": peak,
    }


class Bench:
    """A door, and requests at a fixed rate."""

    def __init__(self, house: House, rate: float) -> None:
        self._house, self._rate, self._run = house, rate, 0

    def during(self, busy: Callable[[], object], *, at_least: float = 8.0) -> tuple[Outcome, float]:
        """Send requests while `busy` runs, and a little longer; return what they waited, and how long `busy` took."""
        self._run += 1
        stop = threading.Event()
        taken: list[float] = []

        def work() -> None:
            start = time.monotonic()
            busy()
            taken.append(time.monotonic() - start)
            stop.set()

        outcomes: list[Outcome] = []
        worker = threading.Thread(target=work)
        worker.start()
        while not stop.is_set() or not outcomes:
            outcomes.append(self._load(at_least))
        worker.join()
        return max(outcomes, key=lambda outcome: outcome.p99), taken[0]

    def _load(self, seconds: float) -> Outcome:
        self._run += 1
        task = Task(
            host=self._house.host,
            port=self._house.port,
            path="/v1/events",
            key=self._house.key,
            platform=PLATFORM,
            batch=1,
            connections=32,
            seconds=seconds,
            run=self._run,
            rate=self._rate,
            warm_up=0.5,
        )
        made = subprocess.run(
            [sys.executable, "-m", "benchmarks.door.load"],
            input=msgspec.json.encode(task),
            stdout=subprocess.PIPE,
            check=True,
        )
        outcome = msgspec.json.decode(made.stdout, type=Outcome)
        if outcome.failed:
            sys.exit(f"{outcome.failed} requests failed: {outcome.example}")
        return outcome

    def fires(self, author: str) -> bool:
        """Ask the door about a post of an author."""
        body = msgspec.json.encode({**event("asked", "a post", author=author), "platform": PLATFORM})
        request = urllib.request.Request(
            f"http://{self._house.host}:{self._house.port}/v1/check",
            data=body,
            headers={"authorization": f"Bearer {self._house.key}", "content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 -- our own door
            return b'"known"' in answer.read()

    def until(self, author: str) -> float:
        """Wait until the version is in force in which the author is; return the seconds that it took."""
        start = time.monotonic()
        while time.monotonic() - start < WAIT:
            try:
                if self.fires(author):
                    return time.monotonic() - start
            except OSError:  # it is starting
                time.sleep(0.01)
            time.sleep(0.01)
        sys.exit(f"{author} was not in force within {WAIT} s")

    def put_in_force(self, digest: str, version: int) -> float:
        """Publish a version; return the seconds until the door judges by it."""
        self._house.replace({"ids": digest})
        return self.until(f"{MARKED}-{version}.example")


def waits(outcome: Outcome) -> dict[str, float]:
    """Return what requests waited, in milliseconds."""
    return {
        "p50_ms": outcome.p50,
        "p99_ms": outcome.p99,
        "worst_ms": outcome.longest,
        "requests": outcome.requests,
    }


def measured(kind: str, entries: int, rate: float, under: Path | None) -> dict[str, Any]:
    """Measure everything once."""
    with tempfile.TemporaryDirectory(dir=under) as made:
        folder, lists = Path(made), Path(made) / "lists"
        lists.mkdir()
        files = [folder / f"{version}.txt" for version in (1, 2)]
        for version, path in enumerate(files, 1):
            write_lines(path, kind, entries, version)
        first = imported(files[0], kind, lists)
        result: dict[str, Any] = {"import": {name: one for name, one in first.items() if name != "digest"}}
        size = (lists / first["digest"]).stat().st_size
        result["import"]["file_bytes_an_entry"] = size / first["entries"]
        house = House(pack_files(RULES), under=under, lists={"ids": first["digest"]}, lists_folder=lists)
        with house:
            bench = Bench(house, rate)
            bench.until(f"{MARKED}-1.example")
            result["door_mib_before"] = house.memory() / 1.048576
            quiet, _ = bench.during(lambda: time.sleep(6))
            result["quiet"] = waits(quiet)
            second: dict[str, Any] = {}
            during, _ = bench.during(lambda: second.update(imported(files[1], kind, lists)))
            result["while_another_is_imported"] = waits(during)
            versions = ((second["digest"], 2), (first["digest"], 1)) * 3
            taken: list[float] = []
            during, _ = bench.during(lambda: taken.extend(bench.put_in_force(*one) for one in versions))
            result["while_put_in_force"] = {**waits(during), "times": len(taken)}
            result["in_force_after_s"] = sorted(taken)[len(taken) // 2]
            result["door_mib_after"] = house.memory() / 1.048576
            start = time.monotonic()
            house.kill_and_start()
            bench.until(f"{MARKED}-1.example")
            result["judging_again_after_kill_s"] = time.monotonic() - start
    return result


def main() -> None:
    """Measure what was asked for and print it."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--entries", type=int, default=10_000_000, help="how many entries")
    asked.add_argument("--kind", choices=sorted(KINDS), default="hashes")
    asked.add_argument("--rate", type=float, default=200.0, help="requests a second")
    asked.add_argument("--folder", type=Path, help="where to work; by default where temporary files go")
    asked.add_argument("--json", action="store_true", help="print JSON")
    asked.add_argument("--import", nargs=3, dest="given", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.given:
        path, folder, kind = given.given
        print(json.dumps(import_here(Path(path), Path(folder), kind)))
        return
    result = measured(given.kind, given.entries, given.rate, given.folder)
    if given.json:
        print(json.dumps(result, indent=1))
        return
    print(f"Python {platform.python_version()}, {given.entries:,} {given.kind}")
    for name, value in result.items():
        if isinstance(value, dict):
            print(name.replace("_", " "))
            for one, figure in value.items():
                print(f"  {one.replace('_', ' '):34} {figure:>14,.3f}")
        else:
            print(f"{name.replace('_', ' '):36} {value:>14,.3f}")


if __name__ == "__main__":
    main()

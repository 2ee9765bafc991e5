"""`python -m benchmarks.engine.counters [--keys N] [--json]`.

How many updates a second the counters in memory take, what a key costs, and that the answers are right.

Each kind of counter is filled with all keys, then updated in rounds: as many updates as there are keys, keys drawn
at random (`uniform`, or `skewed`: a tenth of the keys gets nine tenths of the updates), each as a new text with a
hash not computed before, as the door makes them. Event time passes so that the window of ten minutes is full
throughout. Two references stand beside it: the least that any counter in Python must do, which is to make the same
text and add one under it in a dictionary; and the bare work of the kind itself, without a window, an order, late
events or a bound: append the time, put the member's time into the key's dictionary, append the amount and its time.
A sample of keys is followed by a plain list of times and compared at every update. Each measurement has a process of
its own: what another one left behind in the allocator's pools is not measured. Linux can map memory in pages of 2 MiB
(`/sys/kernel/mm/transparent_hugepage/enabled`), which makes a difference for a million keys, so the first line says it.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import random
import statistics
import subprocess
import sys
import time
from array import array
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

from hakam.policy.counters import MemoryCounters

WINDOW = 600.0  # seconds
ROUNDS = 5
FOLLOWED = 97  # every so many keys, one is compared with a list
KINDS = ("count", "distinct", "total")


def resident() -> int:
    """Return the resident memory of this process in bytes, 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 -- no path of a user
            return int(file.read().split()[1]) * 4_096
    except OSError:
        return 0


def huge_pages() -> str:
    """Return for which memory the system takes pages of 2 MiB: `always`, `madvise` (what asks for it) or `never`."""
    try:
        said = Path("/sys/kernel/mm/transparent_hugepage/enabled").read_text(encoding="ascii")
    except OSError:
        return "unknown"
    return said.partition("[")[2].partition("]")[0]


def drawn(keys: int, *, skewed: bool, seed: int) -> list[int]:
    """Return the numbers of the keys of one round."""
    chance = random.Random(seed)
    if not skewed:
        return [chance.randrange(keys) for _ in range(keys)]
    hot = max(keys // 10, 1)
    return [chance.randrange(hot) if chance.random() < 0.9 else chance.randrange(keys) for _ in range(keys)]


def update(counters: MemoryCounters, kind: str) -> Callable[[str, int, float], float]:
    """Return the update that a kind of counter does for one event: key, number of the event, time."""
    if kind == "count":
        return lambda key, _, at: counters.count("c", key, at, WINDOW, add=True)
    if kind == "distinct":
        return lambda key, n, at: counters.distinct("d", key, str(n % 5), at, WINDOW, add=True)
    return lambda key, n, at: counters.total("t", key, float(n % 100), at, WINDOW, add=True)


def one_round(counters: MemoryCounters, kind: str, numbers: list[int], start: float, step: float) -> float:
    """Return the CPU seconds of one round of updates, written out for each kind as the door's code is."""
    at = start
    begun = time.process_time()
    if kind == "count":
        count = counters.count
        for number in numbers:
            at += step
            count("c", f"platform\x1fauthor-{number}", at, WINDOW, add=True)
    elif kind == "distinct":
        distinct = counters.distinct
        for number, member in zip(numbers, cycle("abcde")):
            at += step
            distinct("d", f"platform\x1fauthor-{number}", member, at, WINDOW, add=True)
    else:
        total = counters.total
        for number in numbers:
            at += step
            total("t", f"platform\x1fauthor-{number}", 3.0, at, WINDOW, add=True)
    return time.process_time() - begun


def reference(numbers: list[int]) -> float:
    """Return the CPU seconds of adding one in a dictionary, which holds all keys already."""
    found = {f"platform\x1fauthor-{number}": 1 for number in range(len(numbers))}
    begun = time.process_time()
    for number in numbers:
        key = f"platform\x1fauthor-{number}"
        found[key] = found.get(key, 0) + 1
    return time.process_time() - begun


def bare(kind: str, keys: int, numbers: list[int]) -> float:
    """Return the CPU seconds of the bare work of a kind, with two entries a key held already."""
    found: dict[str, Any] = {}
    for number in range(keys):
        held: Any = {"x": 0.0, "y": 1.0} if kind == "distinct" else array("d", (0.0,) * 2)
        found[f"platform\x1fauthor-{number}"] = held
    at = 2.0
    begun = time.process_time()
    if kind == "distinct":
        for number, member in zip(numbers, cycle("abcde")):
            at += 0.5
            held = found[f"platform\x1fauthor-{number}"]
            held[member] = at
            len(held)
    elif kind == "count":
        for number in numbers:
            at += 0.5
            held = found[f"platform\x1fauthor-{number}"]
            held.append(at)
            len(held)
    else:
        for number in numbers:
            at += 0.5
            held = found[f"platform\x1fauthor-{number}"]
            held.append(3.0)
            held.append(at)
            sum(held)
    return time.process_time() - begun


def verify(kind: str, keys: int, *, skewed: bool) -> int:
    """Compare every answer for some keys with a list that keeps everything. Ends the program at a difference."""
    counters = MemoryCounters()
    ask = update(counters, kind)
    followed: dict[int, list[tuple[float, int]]] = {}
    compared, at = 0, 0.0
    for seed in range(3):
        for n, number in enumerate(drawn(keys, skewed=skewed, seed=seed)):
            at += WINDOW / keys / 2
            found = ask(f"platform\x1fauthor-{number}", n, at)
            if number % FOLLOWED:
                continue
            events = followed.setdefault(number, [])
            events.append((at, n))
            held = [which for when, which in events if when > at - WINDOW]
            wanted = (
                len(held)
                if kind == "count"
                else len({which % 5 for which in held})
                if kind == "distinct"
                else sum(float(which % 100) for which in held)
            )
            compared += 1
            if found != wanted:
                sys.exit(f"{kind}: {found} instead of {wanted} for key {number} at {at}")
    return compared


def measure(kind: str, keys: int, *, skewed: bool) -> dict[str, Any]:
    """Measure one kind of counter with one distribution of keys."""
    step = WINDOW / keys / 2  # two updates a key within the window
    gc.collect()
    before = resident()
    counters = MemoryCounters()
    filling = one_round(counters, kind, list(range(keys)), 0.0, step)
    gc.collect()
    a_key = (resident() - before) / keys
    taken = []
    for n in range(1, ROUNDS + 1):
        numbers = drawn(keys, skewed=skewed, seed=n)
        taken.append(one_round(counters, kind, numbers, n * keys * step, step))
        del numbers
    gc.collect()
    full = (resident() - before) / keys
    median = statistics.median(taken)
    entries, forgotten = counters.entries, counters.forgotten
    del counters
    gc.collect()
    bones = statistics.median(bare(kind, keys, drawn(keys, skewed=skewed, seed=n)) for n in range(3))
    plain = statistics.median(reference(drawn(keys, skewed=skewed, seed=n)) for n in range(3))
    return {
        "kind": kind,
        "keys": keys,
        "skewed": skewed,
        "new_keys_per_second": keys / filling,
        "updates_per_second": keys / median,
        "slowest_round_per_second": keys / max(taken),
        "ratio_to_dict": median / plain,
        "bytes_a_key_first": a_key,
        "bytes_a_key_after": full,
        "bare_updates_per_second": keys / bones,
        "ratio_to_bare": median / bones,
        "entries": entries,
        "forgotten": forgotten,
        "compared": verify(kind, min(keys, 100_000), skewed=skewed),
    }


def show(found: dict[str, Any]) -> str:
    """Return one result as a line."""
    spread = "skewed" if found["skewed"] else "uniform"
    return (
        f"{found['kind']:8} {spread:8} {found['updates_per_second']:>11,.0f} updates/s "
        f"(slowest round {found['slowest_round_per_second']:,.0f}; new keys {found['new_keys_per_second']:,.0f}/s; "
        f"{found['ratio_to_dict']:.1f} times a dict, "
        f"{found['ratio_to_bare']:.1f} times the bare work of its kind, {found['bare_updates_per_second']:,.0f}/s)   "
        f"{found['bytes_a_key_first']:,.0f} bytes a new key, {found['bytes_a_key_after']:,.0f} with its window full; "
        f"{found['forgotten']:,} forgotten; {found['compared']:,} answers compared"
    )


def main() -> None:
    """Measure what was asked for and print it."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--keys", type=int, default=1_000_000, help="how many keys")
    asked.add_argument("--json", action="store_true", help="print JSON")
    asked.add_argument("--only", nargs=2, metavar=("KIND", "SPREAD"), help="in this process, as JSON")
    given = asked.parse_args()
    if given.only:
        print(json.dumps(measure(given.only[0], given.keys, skewed=given.only[1] == "skewed")))
        return
    if not given.json:
        print(
            f"Python {platform.python_version()}, one core, {given.keys:,} keys, window {WINDOW:g} s, "
            f"huge pages {huge_pages()}"
        )
    results = []
    for kind in KINDS:
        for spread in ("uniform", "skewed"):
            made = subprocess.run(
                [sys.executable, "-m", __spec__.name, "--keys", str(given.keys), "--only", kind, spread],
                stdout=subprocess.PIPE, check=True,
            )  # fmt: skip
            results.append(json.loads(made.stdout))
            if not given.json:
                print(show(results[-1]), flush=True)
    if given.json:
        print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()

"""`python -m benchmarks.waiting [--people 8000000]`: a live event's tickets and admission, through the code that ships.

Everybody's ticket is issued and checked; the controller lets them in by simulated seconds and is made to step down
twice. Then every person's turn is held against every other's. CPU seconds a process, so that other programs count as
little as they can; the reference in the same run is a bare Ed25519 signature and its check.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from benchmarks.waiting.simulation import (
    BLOCK,
    LOADED,
    OPENS,
    SEED,
    TRIED,
    admit,
    overtaken,
    plan_of,
    take_part,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hakam.live.waiting.ticket import microseconds


def bare(count: int) -> tuple[float, float]:
    """Return the CPU seconds of one bare signature of a ticket's length, and of one check."""
    key = Ed25519PrivateKey.from_private_bytes(SEED)
    public, said = key.public_key(), b"x" * 38
    signature = key.sign(said)

    def each(work: Callable[[], object]) -> float:
        start = time.process_time()
        for _ in range(count):
            work()
        return (time.process_time() - start) / count

    return each(lambda: key.sign(said)), each(lambda: public.verify(signature, said))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    people, processes = given.people, given.processes
    shares = [people // processes + (n < people % processes) for n in range(processes)]
    firsts = [sum(shares[:n]) for n in range(processes)]
    signing, verifying = bare(20_000)
    started = time.perf_counter()
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        parts = list(pool.map(take_part, firsts, shares, [people] * processes))
    wall = time.perf_counter() - started
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{people:,} tickets, {processes} processes, {wall:.1f} s on the clock, load {load:.1f}")
    for name, seconds, reference in (
        ("issued", sum(part.issuing for part in parts), signing),
        ("checked, their turn", sum(part.due for part in parts), verifying),
        ("checked, to wait", sum(part.waiting for part in parts), verifying),
    ):
        one = seconds / people
        print(
            f"{name:20} {one * 1e6:7.1f} us of CPU, {1 / one:9,.0f}/s a core, "
            f"{one / reference:5.2f} times the bare cryptography"
        )
    print(
        f"memory of a process that holds {BLOCK:,} tickets at once: {max(part.peak_mib for part in parts):,.0f} MiB"
    )
    refused: dict[str, int] = {}
    for part in parts:
        for code, count in part.refused.items():
            refused[code] = refused.get(code, 0) + count
    tried = 5 * sum(min(TRIED, share) for share in shares)
    print(f"misuse: {sum(refused.values()):,} of {tried:,} tries refused: {dict(sorted(refused.items()))}")
    assert sum(refused.values()) == tried, "a ticket was believed that must not be"

    places = np.concatenate([part.places for part in parts])
    arrivals = np.concatenate([part.arrivals for part in parts])
    order = np.argsort(places, kind="stable")
    with tempfile.TemporaryDirectory() as folder:
        turn, steps, cpu = admit(
            plan_of(people), [part.counts for part in parts], places[order], Path(folder)
        )
    print(
        f"let in within {int(turn[-1]):,} simulated seconds, {cpu / (int(turn[-1]) + 1) * 1e3:.1f} ms of CPU each"
    )
    print(f"steps: {' > '.join(steps)}")
    assert steps.count("slowed") >= len(LOADED), steps
    opening = microseconds(OPENS)
    early = arrivals < opening
    drawn = np.corrcoef(arrivals[early], places[early])[0, 1]
    print(f"lots: correlation of coming early and of the place {drawn:+.5f}")
    wrong = overtaken(arrivals[order], turn, opening)
    print(f"order: {wrong} people let in before somebody who came more than a second earlier")
    assert wrong == 0


if __name__ == "__main__":
    main()

"""`python -m benchmarks.edge [--entries 10000000] [--changes 10000]`: what an edge snapshot costs.

Bits an entry, building, opening, look-ups one at a time, false answers and the length of a delta, all through the code
that ships. CPU seconds, so that other programs count as little as they can; the memory is the highest of the process.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hakam.live import fuse
from hakam.live.questions import Question, entry
from hakam.live.snapshot import Snapshot, hashes_of, split, write_base, write_delta

LOOKUPS = 1_000_000


def entries(first: int, count: int) -> Iterator[bytes]:
    """Yield entries of accounts that may not go live."""
    return (entry(Question.LIVE, f"account-{number}") for number in range(first, first + count))


def peak() -> float:
    """Return the most memory that this process ever had, in GB; nan where the system does not tell."""
    if sys.platform == "win32":
        return float("nan")
    import resource

    scale = 1 if sys.platform == "darwin" else 1_024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale / 1e9


def lookups(snapshot: Snapshot, asked: list[bytes]) -> tuple[float, int]:
    """Return the CPU seconds of one look-up, the least of three runs, and how many said "perhaps"."""
    taken, said = [], 0
    for _ in range(3):
        start = time.process_time()
        said = sum(map(snapshot.perhaps, asked))
        taken.append(time.process_time() - start)
    return min(taken) / len(asked), said


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=10_000_000)
    parser.add_argument("--changes", type=int, default=10_000)
    given = parser.parse_args()
    count, changes, key = given.entries, given.changes, Ed25519PrivateKey.generate()
    now = datetime.now(tz=UTC)
    until = now + timedelta(days=1)
    print(f"{count:,} entries, load {os.getloadavg()[0] if hasattr(os, 'getloadavg') else '?'}")

    start, wall = time.process_time(), time.perf_counter()
    base, before = write_base(
        entries(0, count), platform="bench", number=1, territories=(), key=key, now=now, until=until
    )
    print(
        f"base: {time.process_time() - start:.1f} s of CPU, {time.perf_counter() - wall:.1f} s on the clock,"
    )
    print(f"  {len(base):,} bytes, {len(base) * 8 / count:.3f} bits an entry, peak {peak():.2f} GB")
    start = time.process_time()
    fuse.build(before)
    print(f"  the filter alone, of hashes: {time.process_time() - start:.1f} s of CPU")

    salt = bytes.fromhex(split(base)[0].salt)
    after = hashes_of(entries(changes // 2, count), salt)  # so many have left, so many came
    start = time.process_time()
    delta = write_delta(base, before, after, number=2, territories=(), key=key, now=now, until=until)
    print(f"delta of {changes:,} changes: {len(delta):,} bytes, {time.process_time() - start:.2f} s of CPU")

    start = time.process_time()
    snapshot = Snapshot(base, delta, key.public_key())
    print(f"checked and opened in {(time.process_time() - start) * 1e3:.0f} ms")
    for name, first in (("there", count // 2), ("not there", 2 * count)):
        took, said = lookups(snapshot, list(entries(first, min(LOOKUPS, count // 3))))
        print(f"{name}: {took * 1e6:.2f} microseconds a look-up, {1 / took:,.0f}/s, {said:,} perhaps")
    asked = [f"account-{number}" for number in range(2 * count, 2 * count + 200_000)]
    start = time.process_time()
    for subject in asked:
        snapshot.barred(Question.LIVE, subject, country="DE")
    print(f"a whole question: {(time.process_time() - start) / len(asked) * 1e6:.2f} microseconds")


if __name__ == "__main__":
    main()

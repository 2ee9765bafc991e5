"""`python -m benchmarks.hashes.shelf --hashes 1000000`: the shelf of a bank, from writing it to a withdrawal.

Random hashes. By the clock, since a shelf is written to disk; so other programs count.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hakam.storage.bank_shelf import Held, Shelf, erase, write
from hakam.vocabulary.bank import DIGITS, EntryKind


def timed(name: str, work: Callable[[], Any], per: int = 0) -> Any:
    """Do something once and print how long it took, or how many a second that are."""
    started = time.perf_counter()
    answer = work()
    taken = time.perf_counter() - started
    print(f"  {name:34s} {f'{per / taken:12,.0f} a second' if per else f'{taken:9.3f} s'}", flush=True)
    return answer


def main() -> None:
    """Measure each kind of hash."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hashes", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=2_000)
    kinds = [EntryKind.SHA256, EntryKind.PDQ, EntryKind.TEXT]
    parser.add_argument("--kind", type=EntryKind, action="append", choices=kinds, help="without it, all")
    given = parser.parse_args()
    chance = random.Random(1)
    for kind in given.kind or kinds:
        rows = [
            Held(n, kind, f"{chance.getrandbits(DIGITS[kind] * 4):0{DIGITS[kind]}x}")
            for n in range(given.hashes)
        ]
        known = [row.digest for row in chance.sample(rows, given.queries)]
        strange = [f"{chance.getrandbits(DIGITS[kind] * 4):0{DIGITS[kind]}x}" for _ in known]
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "1"
            print(f"{kind}, {given.hashes:,} hashes")
            timed("written", lambda: write(folder, 1, rows, []))  # noqa: B023 -- called at once
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            print(f"  {'bytes a hash on disk':34s} {size / given.hashes:9.1f}")
            shelf = timed("opened", lambda: Shelf(folder))  # noqa: B023 -- the same
            for what, digests in (("known", known), ("unknown", strange)):
                found = timed(
                    f"looked up, {what}",
                    lambda: sum(shelf.look(kind, one, 31) is not None for one in digests),  # noqa: B023 -- the same
                    len(digests),
                )
                assert found == len(digests) or what == "unknown"
            fresh = [Held(given.hashes + n, kind, one) for n, one in enumerate(strange[:100])]
            timed("100 added", lambda: write(folder, 2, fresh, []))  # noqa: B023 -- the same
            timed("one withdrawn", lambda: write(folder, 3, [], [rows[0].entry]))  # noqa: B023 -- the same
            assert Shelf(folder).look(kind, rows[0].digest, 0) is None
            timed("its bits erased", lambda: erase(folder))  # noqa: B023 -- the same


if __name__ == "__main__":
    main()

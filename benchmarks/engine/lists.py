"""`python -m benchmarks.engine.lists [--entries N] [--phrases N] [--json]`.

What lists outside packs cost: looking one entry up, scanning a post for many phrases, building, memory, and what a
request waits while a new version is being built beside it.

The lookup is through `OutsideList.holds`, as compiled rules do it, on a file mapped into memory: entries and strangers
by turns. The scan is the engine's own (`Scan`), for whole words and for any part of a word, half of the phrases and
posts Arabic, half English, words drawn from 20,000 of each language with the frequencies of a natural text; about a
twentieth of the posts is given a phrase. Every answer is compared with a set, or some with a plain search.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec
from benchmarks.engine.counters import resident

from hakam.door.server import _COLLECT, _SWITCH_SECONDS
from hakam.policy.counters import NO_COUNTERS
from hakam.policy.engine import Engine, compile_pack
from hakam.policy.fields import FIELDS
from hakam.policy.lists import ListKind
from hakam.policy.outside import OutsideList, pack_list
from hakam.policy.pack import load_pack
from hakam.policy.scan import Scan
from hakam.policy.tree import Field, How, Search
from hakam.signals.fold import fold, split_words
from hakam.signals.measure import measure
from hakam.storage.embedded.list_files import keep
from hakam.storage.embedded.lists import open_list
from hakam.testing.doors import event, pack_files
from hakam.vocabulary.event import Event
from hakam.vocabulary.finding import Span

LATIN, ARABIC = "abcdefghijklmnopqrstuvwxyz", "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
WORDS = 20_000
POST = 500  # bytes
ROUNDS = 5
PLACE = Span("rules.yaml", 1, 1, 1, 1)


def median(work: Callable[[], object]) -> float:
    """Return the median CPU seconds of some rounds, after one that warms up."""
    work()
    taken = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def lookups(entries: int, folder: Path) -> dict[str, Any]:
    """Measure the list of values."""
    held = [f"user-{n * 7919 % (entries * 8):x}@{n % 97}.example" for n in range(entries)]
    start = time.process_time()
    kept = keep(folder, ListKind.VALUES, held)
    digest, count = kept.digest, kept.entries
    built = time.process_time() - start
    inside = set(held)
    before = resident()
    start = time.process_time()
    found = open_list(folder, "ids", digest)
    opened = time.process_time() - start
    chance = random.Random(1)
    asked = [chance.choice(held) if n % 2 else f"{chance.choice(held)}x" for n in range(200_000)]
    wrong = sum((text in found) is not (text in inside) for text in asked)
    if wrong:
        sys.exit(f"{wrong} answers differ from a set's")
    touched = resident() - before
    holds = found.holds

    def run() -> None:
        for text in asked:
            holds(text)

    def nothing() -> None:
        for text in asked:
            len(text)

    return {
        "entries": count,
        "build_seconds": built,
        "open_seconds": opened,
        "file_bytes_an_entry": (folder / digest).stat().st_size / count,
        "resident_bytes_an_entry": touched / count,
        "lookup_us": (median(run) - median(nothing)) / len(asked) * 1e6,
        "compared": len(asked),
    }


class Tongue:
    """Words of one language, drawn as often as a natural text has them, or all alike."""

    def __init__(self, chance: random.Random, letters: str) -> None:
        made = {"".join(chance.choices(letters, k=chance.randint(3, 9))) for _ in range(WORDS)}
        self.chance, self.words = chance, sorted(made)
        chance.shuffle(self.words)
        self._reached = list(accumulate(1 / (n + 3) for n in range(len(self.words))))

    def natural(self, count: int) -> list[str]:
        """Return words of a text."""
        return self.chance.choices(self.words, cum_weights=self._reached, k=count)

    def any(self) -> str:
        """Return one word, rare ones as often as others."""
        return self.chance.choice(self.words)


def texts(phrases: int, posts: int = 4_000) -> tuple[list[str], list[str]]:
    """Return phrases of one to four words, of which one at least is of no great frequency, and posts of 500 bytes."""
    chance = random.Random(2)
    tongues = (Tongue(chance, LATIN), Tongue(chance, ARABIC))
    made: dict[str, None] = {}
    while len(made) < phrases:
        tongue = tongues[len(made) % 2]
        words = [tongue.any() + tongue.any()[:2], *tongue.natural(chance.randint(0, 3))]
        chance.shuffle(words)
        made[" ".join(words)] = None
    listed = list(made)
    found = []
    for n in range(posts):
        tongue, text = tongues[n % 2], ""
        while len(text.encode()) < POST:
            text = f"{text} {' '.join(tongue.natural(4))}"
        found.append(f"{text} {chance.choice(listed)}" if n % 20 == 0 else text)
    return listed, [fold(text) for text in found]


def scan_of(listed: list[str], how: How) -> Scan:
    """Return the engine's scan for the phrases."""
    ready = [fold(phrase) for phrase in listed]
    terms = tuple(dict.fromkeys(map(split_words, ready) if how is How.WORDS else ready))
    path = "text.words" if how is How.WORDS else "text.folded"
    return Scan(
        {0: Search(how, Field(FIELDS[path], path, PLACE), terms, "phrases", "contains_any(...)", PLACE)}
    )


def phrases(count: int) -> dict[str, Any]:
    """Measure the lists of phrases."""
    listed, posts = texts(count)
    result: dict[str, Any] = {"phrases": len(listed), "posts": len(posts)}
    for name, how in (("whole_words", How.WORDS), ("any_part", How.CONTAINS)):
        gc.collect()
        before = resident()
        start = time.process_time()
        scan = scan_of(listed, how)
        result[f"{name}_build_seconds"] = time.process_time() - start
        gc.collect()
        result[f"{name}_bytes_a_phrase"] = (resident() - before) / len(listed)
        hits = [bool(scan(post)) for post in posts]
        ready = (
            [split_words(fold(one)) for one in listed] if how is How.WORDS else [fold(one) for one in listed]
        )
        for post, hit in list(zip(posts, hits, strict=True))[:60]:
            text = split_words(post) if how is How.WORDS else post
            if any(phrase in text for phrase in ready) is not hit:
                sys.exit(f"the scan and a plain search differ on {post[:80]!r}")
        result[f"{name}_hit_share"] = sum(hits) / len(hits)
        work = lambda scan=scan: [scan(post) for post in posts]  # noqa: E731 -- of this turn
        result[f"{name}_scan_us"] = median(work) / len(posts) * 1e6
        del scan
    result["split_us"] = median(lambda: [split_words(post) for post in posts]) / len(posts) * 1e6
    return result


RULES = """
- rule: known
  policy: spam
  stage: live
  when: author.id in list("ids") or contains_any(text.folded, list("phrases"))
  then: [remove]
"""


def engine_of(lists: dict[str, OutsideList]) -> Engine:
    """Return the engine of a pack that reads the lists: what the door's thread does for each new version."""
    loaded = load_pack(pack_files(RULES), lists)
    if loaded.pack is None:
        sys.exit(f"the benchmark's pack is wrong: {loaded.errors[0]}")
    return compile_pack(loaded.pack)


def rebuilding(count: int) -> dict[str, Any]:
    """Measure what an event waits while a thread beside it builds the engine with a new version of the phrases."""
    listed, _ = texts(count, posts=1)
    ids = OutsideList("ids", pack_list(ListKind.VALUES, ["mallory"])[0])
    lists = {"ids": ids, "phrases": OutsideList("phrases", pack_list(ListKind.TERMS, listed)[0])}
    judging = engine_of(lists)
    seen = msgspec.convert({**event("1", "a post like any other"), "platform": "forum"}, Event)
    gc.freeze()
    gc.set_threshold(*_COLLECT)
    sys.setswitchinterval(_SWITCH_SECONDS)  # all three as the door does

    def waits(busy: Callable[[], bool]) -> list[int]:
        taken = []
        clock = time.perf_counter_ns
        while busy():
            due = clock() + 1_000_000
            time.sleep(0.001)
            judging.judge(seen, measure(seen, judging.needs), NO_COUNTERS)
            taken.append(clock() - due)  # with the wait for the interpreter, which the other thread may have
        return sorted(taken)

    until = time.monotonic() + 2
    quiet = waits(lambda: time.monotonic() < until)
    building = threading.Thread(target=engine_of, args=(lists,))
    start = time.monotonic()
    building.start()
    during = waits(building.is_alive)
    return {
        "rebuild_seconds": time.monotonic() - start,
        "judged_meanwhile": len(during),
        "quiet_p99_ms": quiet[len(quiet) * 99 // 100] / 1e6,
        "during_p50_ms": during[len(during) // 2] / 1e6,
        "during_p99_ms": during[len(during) * 99 // 100] / 1e6,
        "during_worst_ms": during[-1] / 1e6,
    }


def main() -> None:
    """Measure what was asked for and print it."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--entries", type=int, default=1_000_000, help="how many values")
    asked.add_argument("--phrases", type=int, default=100_000, help="how many phrases")
    asked.add_argument("--json", action="store_true", help="print JSON")
    given = asked.parse_args()
    result = {"reload": rebuilding(given.phrases), "phrases": phrases(given.phrases)}
    with tempfile.TemporaryDirectory() as folder:
        result["lookups"] = lookups(given.entries, Path(folder))
    if given.json:
        print(json.dumps(result, indent=1))
        return
    print(f"Python {platform.python_version()}, one core")
    for part, figures in result.items():
        print(part)
        for name, value in figures.items():
            print(f"  {name.replace('_', ' '):34} {value:>14,.3f}")


if __name__ == "__main__":
    main()

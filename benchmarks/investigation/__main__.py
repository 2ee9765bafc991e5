"""`python -m benchmarks.investigation [--events N] [--folder FOLDER]`.

How fast questions are asked of the event log, from the newest record backwards, and how much memory that takes.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec
from benchmarks.backtest.events import events
from benchmarks.engine.rules import pack_files

from hakam.door.decode import Received
from hakam.door.judgement import Judgement
from hakam.investigation import sql
from hakam.investigation.query import Fired, Query, Step, ask
from hakam.investigation.tops import facet
from hakam.investigation.where import Asker
from hakam.policy.counters import MemoryCounters
from hakam.policy.engine import compile_pack
from hakam.policy.pack import Pack, load_pack
from hakam.storage.embedded.event_log import FileEventLog
from hakam.vocabulary.event import Event
from hakam.vocabulary.verdict import Stage

GROUP = 500
SECONDS = 30 * 86_400
WHERES = (
    "author.posts < 3 and author.followers > 500",
    'word(text.folded, "sun", "قهوة")',
    '"sun.example" in links.domains',
)


def pack() -> Pack:
    """Return the pack that judged."""
    loaded = load_pack(pack_files(50))
    assert loaded.pack is not None, loaded.errors
    return loaded.pack


def fill(folder: Path, count: int, chosen: Pack) -> None:
    """Write a log of `count` judged events, received over thirty days."""
    decode = msgspec.json.Decoder(Event).decode
    now = [time.time() - SECONDS]
    log = FileEventLog(folder, clock=lambda: now[0])
    judgement = Judgement(compile_pack(chosen), MemoryCounters())
    made: Iterator[bytes] = events(count, authors=100_000)
    while group := list(islice(made, GROUP)):
        received = [Received(raw, event=(event := decode(raw)), at=event.at.timestamp()) for raw in group]
        log.append(judgement.judge(received))
        now[0] += SECONDS * len(group) / count
    log.close()


def main() -> None:
    """Measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=1_000_000)
    options.add_argument("--folder", type=Path)
    given = options.parse_args()
    chosen = pack()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)) / "events"
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            fill(folder, given.events, chosen)
        log = FileEventLog(folder)
        asker = Asker(chosen)
        tops = (facet("author.id", chosen), facet("links.domains", chosen), facet("text.fingerprint", chosen))
        queries = {"count": Query(by=Step.DAY), "live": Query(fired=Fired(stages=frozenset({Stage.LIVE})))}
        for where in WHERES:
            question = asker.ask(where).question
            if question is None:
                raise SystemExit(str(asker.ask(where).findings))
            queries[where] = Query(question)
        queries["three tops"] = Query(top=tops)
        for name, query in queries.items():
            answer = ask(log, query)
            rate = answer.looked / answer.seconds
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            found = f"{answer.matched:,} of {answer.looked:,}"
            print(f"{name}: {found} in {answer.seconds:.1f} s, {rate:,.0f}/s, {peak:.0f} MiB", flush=True)
        loaded = sql.load(log, Query(limit=0), Path(temporary))
        size = loaded.path.stat().st_size / 2**20
        print(f"SQL tables: {loaded.answer.seconds:.1f} s, {size:.0f} MiB")
        began = time.monotonic()
        found = sql.select(
            loaded, "SELECT author_id, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5"
        )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"SQL top: {time.monotonic() - began:.2f} s, {len(found.rows)} rows, {peak:.0f} MiB")


if __name__ == "__main__":
    main()

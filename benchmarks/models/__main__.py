"""Speed of the classifiers: `python -m benchmarks.models [FOLDER of the encoder]`. Times are processor time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from hakam.door.scoring import Scorer
from hakam.policy.engine import compile_pack
from hakam.policy.pack import load_pack
from hakam.signals.fold import fold_counting
from hakam.signals.measure import ALL_NEEDS, measure
from hakam.signals.models import shipped
from hakam.signals.models.encoder import Encoder
from hakam.signals.models.heads import HEADS
from hakam.signals.near_duplicates import simhash
from hakam.signals.private_data import find_private_data
from hakam.signals.statistical_language import identify
from hakam.storage.packs import read_folder
from hakam.vocabulary.event import Author, ContentKind, Event, Item
from hakam.wiring.ports import default_pack

POSTS = [
    "I really do not understand why the bus is late every single day, does anybody here know who to write to?",
    "@someone you are completely wrong about this, and here is the article that shows it https://example.com/a",
    "صباح الخير يا جماعة، هل يعرف أحد طبيب أسنان جيد في وسط المدينة يستقبل المرضى يوم الجمعة؟",
    "Ich weiß nicht, warum der Bus jeden Tag zu spät kommt, weiß hier jemand, wem man schreiben kann?",
    "no entiendo por qué el autobús llega tarde todos los días, ¿alguien sabe a quién escribir sobre esto?",
    "tum log kahan ho yaar, mujhe nahi pata ke bus kab aayegi aur ye kya ho raha hai roz roz",
]
TEXTS = [f"{POSTS[n % len(POSTS)]} {n}" for n in range(6_000)]


def each(name: str, work: Callable[[str], object], count: int = 3_000) -> None:
    """Time one call a text; print texts a second of processor time and the 50th and 99th percentile of a call."""
    for text in TEXTS[:200]:
        work(text)
    spent = np.empty(count)
    for n, text in enumerate(TEXTS[:count]):
        start = time.process_time_ns()
        work(text)
        spent[n] = time.process_time_ns() - start
    micro = spent / 1_000
    p50, p99 = np.percentile(micro, [50, 99])
    print(f"{name:34} {1e6 / micro.mean():9,.0f} texts/s   p50 {p50:7.0f} us   p99 {p99:7.0f} us")


def path() -> Callable[[str], object]:
    """Return the door's whole text path: measure everything, scan the default pack's phrases, score all heads."""
    loaded = load_pack(read_folder(default_pack()))
    assert loaded.pack is not None
    engine = compile_pack(loaded.pack)
    scorer = Scorer(HEADS)
    author = Author("a")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    from hakam.policy.counters import MemoryCounters

    counters = MemoryCounters()

    def work(text: str) -> object:
        event = Event("e", "p", ContentKind.POST, now, author, Item("i", text=text))
        signals = measure(event, ALL_NEEDS)
        scores = scorer.scores(event, signals)
        return engine.judge(event, signals, counters), scores

    return work


def main() -> None:
    """Print the table."""
    linear = shipped.linear()
    each("fold", fold_counting)
    each("language", identify)
    each("linear (all heads, text folded)", lambda text: linear.score(text, "en", folded=text, repairs=0))
    each("whole text path of the door", path())
    each("private data", find_private_data)
    each("simhash (text folded)", simhash)
    if len(sys.argv) > 1:
        encoder = Encoder(Path(sys.argv[1]))
        words = (
            "why is the bus late every single day does anybody know who I could write to about it please before the "
            "winter comes and all of us"
        )
        texts = [f"{words} {n}" for n in range(480)]
        pieces = sum(len(encoder.pieces.encode(text, encoder.manifest.longest)) for text in texts) / len(
            texts
        )
        encoder.sums(texts[:32])
        start = time.process_time()
        encoder.sums(texts)
        batched = len(texts) / (time.process_time() - start)
        start = time.process_time()
        for text in texts[:100]:
            encoder.sums([text])
        single = 100 / (time.process_time() - start)
        print(
            f"encoder, {pieces:.0f} pieces a text: {batched:,.0f} texts/s batched, {single:,.0f} one by one"
        )


if __name__ == "__main__":
    main()

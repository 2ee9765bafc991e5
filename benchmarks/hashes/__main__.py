"""`python -m benchmarks.hashes [pdq|search] --pictures FOLDER ...`.

How fast pictures are hashed and hashes found (which edited copies: `benchmarks.media`). Comparisons with
`threatexchange`, `pdqhash` and `faiss` run in the same process if those are installed (`pip install threatexchange
faiss-cpu`). CPU seconds throughout, so that other programs count as little as they can.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from benchmarks.hashes import photographs
from benchmarks.hashes.edits import Pixels, saved, scaled

from hakam.media.jpeg import EXACT, REDUCED, pdq_of_jpeg
from hakam.media.pdq import DISTANCE, Pdq, distance, pdq
from hakam.media.picture import luma
from hakam.storage.hash_index.index import HashIndex, Hit
from hakam.storage.hash_index.tables import BITS

MEGAPIXEL = 1_050_000
PACKAGES = (
    "plasma-workspace-wallpapers mate-backgrounds gnome-backgrounds ukui-wallpapers lomiri-wallpapers-16.04 "
    "lomiri-wallpapers-20.04 opencv-doc"
)


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the least CPU seconds of three runs, and the last answer."""
    taken = []
    for _ in range(3):
        start = time.process_time()
        answer = work()
        taken.append(time.process_time() - start)
    return min(taken), answer


def _short(data: bytes, kept: int) -> Pdq:
    found = pdq_of_jpeg(data, len(data) << 10, kept=kept)
    assert found is not None, "a file of the benchmark takes the long way"
    return found


def hashing(photos: Sequence[Pixels], megapixels: float = 1.0, *, progressive: bool = False) -> None:
    """Print how long PDQ of a JPEG of a size takes, decoding included, and how far from the reference it is."""
    size = MEGAPIXEL * megapixels
    files = [
        saved(scaled(p, (size / (p.shape[0] * p.shape[1])) ** 0.5), 85, progressive=progressive)
        for p in photos
    ]
    ways: dict[str, Callable[[bytes], Pdq]] = {
        "all pixels": lambda data: pdq(luma(data)),
        "six frequencies": lambda data: _short(data, EXACT),
        "three frequencies": lambda data: _short(data, REDUCED),
    }
    if find_spec("threatexchange"):
        from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes

        def reference(data: bytes) -> Pdq:
            digest, quality = pdq_from_bytes(data)
            return Pdq(bytes.fromhex(digest), quality)

        ways = {"threatexchange": reference, **ways}
    print(
        f"\nPDQ of {len(files)} {'progressive ' if progressive else ''}JPEGs of {megapixels:g} megapixels, quality 85\n"
    )
    print("| way | ms | times | p95 | max |")
    print("| --- | --: | --: | --: | --: |")
    first: list[tuple[float, Pdq]] = []
    every = [
        {name: seconds(lambda way=way, data=data: way(data)) for name, way in ways.items()} for data in files
    ]
    for name in ways:  # by turns for each file, so that a busy minute strikes all ways alike
        measured = [one[name] for one in every]
        first = first or measured
        middle = statistics.median(took for took, _ in measured)
        apart = sorted(
            distance(a.digest, b.digest) for (_, a), (_, b) in zip(first, measured, strict=True) if a.good
        )
        times = statistics.median(took for took, _ in first) / middle
        print(
            f"| {name} | {middle * 1e3:.2f} | {times:.1f} | {apart[len(apart) * 95 // 100]} | {apart[-1]} |"
        )


def searching(count: int) -> None:
    """Print how fast planted neighbours are found among random hashes, and how many."""
    chance = np.random.default_rng(1)
    codes = chance.integers(0, 2**64, (count, 4), dtype=np.uint64)
    queries = []
    for number in range(1_024):
        bits = np.unpackbits(codes[number * (count // 1_024)].view(np.uint8))
        bits[chance.choice(BITS, number % 32, replace=False)] ^= 1
        queries.append((Hit(number * (count // 1_024), number % 32), np.packbits(bits).tobytes()))
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        HashIndex(Path(folder)).rebuild(np.arange(count, dtype=np.uint64), codes)
        built = time.process_time() - start
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        start = time.perf_counter()
        index = HashIndex(Path(folder))
        opened = time.perf_counter() - start
        found = sum(hit in index.search(query) for hit, query in queries)
        took, _ = seconds(lambda: [index.search(query) for _, query in queries])
        start = time.process_time()
        index.add((count + number, chance.bytes(32)) for number in range(10_000))
        added = (time.process_time() - start) / 10_000
    print(
        f"\n{count:,} hashes: {len(queries) / took:,.0f} queries/s, recall {found / len(queries):.2%}", end=""
    )
    print(
        f", {size / count:.0f} bytes a hash, built in {built:.1f} s, opened in {opened * 1e3:.0f} ms", end=""
    )
    print(f", {added * 1e6:.0f} microseconds an insertion")
    if find_spec("faiss"):
        import faiss

        faiss.omp_set_num_threads(1)
        flat = faiss.IndexBinaryFlat(BITS)
        flat.add(codes.view(np.uint8))
        few = [np.frombuffer(query, np.uint8)[None, :] for _, query in queries[:64]]
        flat_took, _ = seconds(lambda: [flat.range_search(query, DISTANCE + 1) for query in few])
        ours, theirs = len(queries) / took, len(few) / flat_took
        print(f"FAISS flat: {theirs:,.0f} queries/s; ours {ours / theirs:.0f} times")
    if find_spec("threatexchange"):
        from threatexchange.signal_type.pdq.pdq_index import PDQIndex

        rows = codes.view(np.uint8).reshape(count, -1)
        start = time.process_time()
        other = PDQIndex.build((row.tobytes().hex(), number) for number, row in enumerate(rows))
        theirs_built = time.process_time() - start
        some = [query.hex() for _, query in queries[:256]]
        their_time, _ = seconds(lambda: [other.query(query) for query in some])
        ours, theirs = len(queries) / took, len(some) / their_time
        print(
            f"threatexchange's index: {theirs:,.0f} queries/s, built in {theirs_built:.1f} s; "
            f"ours {ours / theirs:.1f} times"
        )


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hashes", description=__doc__)
    parser.add_argument("what", nargs="*", default=["pdq", "search"])
    parser.add_argument("--pictures", type=Path, nargs="+", default=[Path("/usr/share")])
    parser.add_argument("--photographs", type=int, default=120)
    parser.add_argument("--megapixels", type=float, default=1.0)
    parser.add_argument("--progressive", action="store_true")
    parser.add_argument("--hashes", type=float, nargs="+", default=[1e6])
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    if "pdq" in asked.what:
        photos = photographs.photographs(asked.pictures, asked.photographs)
        if len(photos) < 2:
            parser.error(
                f"no photographs there. Get some: for p in {PACKAGES}; do apt-get download $p; dpkg -x $p*.deb FOLDER; "
                "done (nothing is installed), then `--pictures FOLDER`"
            )
    if "pdq" in asked.what:
        hashing(photos, asked.megapixels, progressive=asked.progressive)
    if "search" in asked.what:
        for count in asked.hashes:
            searching(int(count))


main()

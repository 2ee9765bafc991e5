"""`python -m benchmarks.media.many_clips --clips 100 1000 10000`: a look-up in banks of more and more clips.

Clips of random frames, 20 moments each under 30 hashes, recordings of a minute. One arriving clip of 60 seconds (120
frames) of which a part is known, and one that nobody knows; the clock, so that a loaded machine gives ceilings.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from hakam.media.chromaprint import Known
from hakam.media.clips import Near, alike
from hakam.media.long_hashes import Frame, packed_frames
from hakam.storage.bank_shelf import Held, Shelf, write
from hakam.vocabulary.bank import EntryKind

MOMENTS = 20  # of a known clip
VARIANTS = 30
SEEN = 120  # frames of the clip that arrives
SOUNDS = 480  # numbers of a recording


def seconds(work: object, times: int = 5) -> float:
    """Return the middle of some runs."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()  # type: ignore[operator]
        taken.append(time.perf_counter() - start)
    return sorted(taken)[times // 2]


def known_clip(chance: np.random.Generator) -> list[Frame]:
    """Return the frames of a clip as a bank keeps them."""
    return [
        Frame(chance.bytes(32), 90, moment / 4, plain=not variant)
        for moment in range(MOMENTS)
        for variant in range(VARIANTS)
    ]


def main() -> None:
    """Measure banks of each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, nargs="+", default=[100, 1_000, 10_000])
    print(
        "| clips | hashes | written, s | bytes a hash on disk | known, ms | unknown, ms | one more, ms | sound, ms |"
    )
    print("| --: | --: | --: | --: | --: | --: | --: | --: |")
    for count in parser.parse_args().clips:
        chance = np.random.default_rng(1)
        planted = known_clip(chance)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            start = time.perf_counter()
            clips = (known_clip(chance) if entry > 1 else planted for entry in range(1, count + 1))
            held = [Held(n, EntryKind.VPDQ, "", packed_frames(clip)) for n, clip in enumerate(clips, 1)]
            start = time.perf_counter()
            write(folder, 1, held, [])
            written = time.perf_counter() - start
            size = sum(path.stat().st_size for path in (folder / "frames").rglob("*") if path.is_file())
            opened = Shelf(folder).clips()
            assert opened is not None
            index, moments = opened
            strange = [Frame(chance.bytes(32), 90, n / 2) for n in range(SEEN)]
            seen = [
                *strange[:60],
                *(planted[n * 2 * VARIANTS]._replace(seconds=30 + n / 2) for n in range(10)),
            ]

            def look(
                frames: list[Frame], *, index: object = index, moments: dict[int, int] = moments
            ) -> list[int]:
                near = index.near(frames, 31)  # type: ignore[attr-defined]
                return [
                    entry
                    for entry, pairs in near.items()
                    if alike([Near(*pair) for pair in pairs], len(frames), moments[entry]) is not None
                ]

            assert look(seen) == [1]
            found, unknown = (seconds(lambda frames=frames: look(frames)) for frames in (seen, strange))
            assert look(strange) == []
            start = time.perf_counter()
            write(folder, 2, [Held(count + 1, EntryKind.VPDQ, "", packed_frames(known_clip(chance)))], [])
            more = time.perf_counter() - start
        recordings = {n: chance.integers(0, 2**32, SOUNDS, np.uint32).tolist() for n in range(count)}
        bank = Known(recordings)
        heard = [*chance.integers(0, 2**32, 300, np.uint32).tolist(), *recordings[count // 2][100:200]]
        hit = bank.find(heard)
        assert hit is not None
        assert hit[0] == count // 2
        sound = seconds(lambda bank=bank, heard=heard: bank.find(heard))
        hashes = count * MOMENTS * VARIANTS
        print(
            f"| {count:,} | {hashes:,} | {written:.1f} | {size / hashes:.0f} | {found * 1e3:.0f} | {unknown * 1e3:.0f} "
            f"| {more * 1e3:.0f} | {sound * 1e3:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()

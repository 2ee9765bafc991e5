"""`python -m benchmarks.media [pictures|unrelated|clips|other-clips|speed|writing|listening] --pictures FOLDER ...`.

Which copies of pictures and clips are found, and what falsely; how fast a clip is hashed; how much writing is read.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
from benchmarks.hashes import photographs
from benchmarks.media import clips, listening, pictures, writing


def without_photographs(asked: argparse.Namespace) -> None:
    """Measure what needs none."""
    if "listening" in asked.what:
        listening.measure(asked.sounds, asked.recordings)
    if "clips" in asked.what:
        clips.recall(asked.clips)
    if "speed" in asked.what:
        for path in asked.clips:
            clips.speed(path)


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.media", description=__doc__)
    parser.add_argument("what", nargs="*", default=["pictures", "unrelated"])
    parser.add_argument("--pictures", type=Path, nargs="+", default=[Path("/usr/share")])
    parser.add_argument("--photographs", type=int, default=120)
    parser.add_argument("--unrelated", type=int, default=10_000)
    parser.add_argument("--sounds", type=Path, nargs="+", default=[Path("/usr/share/games")])
    parser.add_argument("--recordings", type=int, default=18)
    parser.add_argument("--clips", type=Path, nargs="+", default=[])
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    without_photographs(asked)
    if not {"pictures", "unrelated", "other-clips", "writing"} & set(asked.what):
        return
    photos = photographs.photographs(asked.pictures, asked.photographs)
    if len(photos) < 2:
        parser.error("no photographs there; see benchmarks/hashes/photographs.py for packages that have some")
    if "other-clips" in asked.what:
        clips.unrelated(asked.clips, photos)
    if "writing" in asked.what:
        writing.measure(photos)
    if "pictures" in asked.what:
        pictures.recall(photos)
    if "unrelated" in asked.what:
        pictures.false_matches(photos, list(photographs.unrelated(asked.pictures, asked.unrelated)))


if __name__ == "__main__":
    main()

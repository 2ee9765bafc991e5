"""How soon sound that a bank knows is heard in a stream, and what falsely: `python -m benchmarks.media listening`.

Every second recording of a folder is known. Each of them is streamed: fifteen seconds of one that is not known, then
twenty-five of it from a random place, saved as Vorbis and as MP3 of 64 kbit/s, to the watch's own ears, half a second
at a time. Found falsely is whatever else of the bank is heard, at any moment of all streams.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hakam.live.watching.eyes import Eyes
from hakam.media import chromaprint
from hakam.media.chromaprint import RATE, Rule
from hakam.storage.known_media import Alike
from hakam.vocabulary.bank import EntryKind

BEFORE, SHOWN, MOST = 15.0, 25.0, 120.0  # seconds
CODECS = {"libvorbis": "ogg", "libmp3lame": "mp3"}


class Bank:
    """Recordings by number, each a bank of its own, so that all that is heard is told."""

    known = True

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = files
        self._known = [
            chromaprint.Known({0: chromaprint.fingerprint(decoded(path, 0, MOST))}) for path in files
        ]

    def holds(self, _kind: EntryKind) -> bool:
        """Whether there are recordings."""
        return True

    def recordings(
        self, sounds: Sequence[int], _at: float, rule: Rule = chromaprint.THOROUGH
    ) -> Iterator[Alike]:
        """Yield what is heard."""
        for number, known in enumerate(self._known):
            if known.find(sounds, rule) is not None:
                yield Alike(str(number), 0, EntryKind.CHROMAPRINT, "")


def decoded(path: Path, start: float, seconds: float, rate: int = RATE) -> NDArray[np.int16]:
    """Return a part of a recording in one channel."""
    words = ["ffmpeg", "-nostdin", "-v", "error", "-threads", "1", "-ss", f"{start}", "-t", f"{seconds}",
             "-i", str(path), "-ac", "1", "-ar", str(rate), "-f", "s16le", "pipe:1"]  # fmt: skip
    return np.frombuffer(subprocess.run(words, check=True, capture_output=True).stdout, np.int16)


def streamed(samples: NDArray[np.int16], codec: str) -> NDArray[np.int16]:
    """Return sound of 44,100 samples a second as it is heard after it was saved and sent."""
    raw = ["-f", "s16le", "-ac", "1"]
    start = ["ffmpeg", "-nostdin", "-v", "error", "-threads", "1"]
    save = [
        *start,
        *raw,
        "-ar",
        "44100",
        "-i",
        "pipe:0",
        "-c:a",
        codec,
        "-b:a",
        "64k",
        "-f",
        CODECS[codec],
        "pipe:1",
    ]
    saved = subprocess.run(save, input=samples.tobytes(), check=True, capture_output=True).stdout
    back = [*start, "-i", "pipe:0", *raw, "-ar", str(RATE), "pipe:1"]
    return np.frombuffer(subprocess.run(back, input=saved, check=True, capture_output=True).stdout, np.int16)


def heard(bank: Bank, samples: NDArray[np.int16]) -> list[tuple[float, int]]:
    """Return at which second of a stream what of the bank was heard."""
    eyes, half, out = Eyes(lambda: bank, keep=2), RATE // 2, []  # type: ignore[arg-type, return-value]
    for number, place in enumerate(range(0, len(samples) - half, half), 1):
        at = number / 2
        eyes.hear(1_000.0 + at, samples[place : place + half])
        out += [(at, int(match.alike.bank)) for match in eyes.matches()]
    return out


def measure(folders: Sequence[Path], most: int) -> None:
    """Measure and print."""
    files = sorted(
        path for folder in folders for path in folder.rglob("*") if path.suffix in {".ogg", ".mp3", ".wav"}
    )
    files = [path for path in files if path.stat().st_size > 300_000][: 2 * most]
    chance, bank, strangers = random.Random(1), Bank(files[::2]), files[1::2]
    took: list[float] = []
    false = seconds = 0
    began = time.process_time()
    tried = [(n, codec) for n in range(len(bank.files)) for codec in CODECS]
    for number, codec in tried:
        other = strangers[number % len(strangers)]
        before = decoded(other, chance.uniform(0, 20), BEFORE, 44_100)
        shown = decoded(bank.files[number], chance.uniform(0, 60), SHOWN, 44_100)
        found = heard(bank, streamed(np.concatenate([before, shown]), codec)[chance.randrange(1_000) :])
        begin = len(before) / 44_100
        right = [at - begin for at, which in found if which == number and at > begin]
        false += sum(1 for at, which in found if which != number or at <= begin)
        took += right[:1]
        seconds += round(BEFORE + SHOWN)
    worst = sorted(took)[-max(1, len(took) // 10)] if took else float("nan")
    print(f"{len(bank.files)} known recordings, {len(tried)} streams, {seconds} seconds listened to")
    print(f"heard in {len(took)}: median {statistics.median(took):.1f} s after it begins, nine in ten {worst:.1f} s, "
          f"longest {max(took):.1f} s; {false} heard falsely")  # fmt: skip
    print(f"processor for all of it, bank and saving included: {time.process_time() - began:.0f} s")

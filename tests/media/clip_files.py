"""Clips and recordings made from drawings and tones by FFmpeg: none is kept in the repository."""

from __future__ import annotations

import io
import subprocess
import tempfile
import wave
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tests.media.drawings import drawing

RATE = 12  # frames a second
WIDTH, HEIGHT = 480, 360


@cache
def clip(seeds: tuple[int, ...] = (1, 2, 3), seconds: float = 2.0, kind: str = "mp4") -> bytes:
    """Return a clip with a scene of so many seconds for each seed: a slow pan over a drawing."""
    frames = []
    for seed in seeds:
        wide = drawing(seed, WIDTH + 60, HEIGHT)
        for number in range(int(seconds * RATE)):
            left = number * 60 // int(seconds * RATE)
            frames.append(wide[:, left : left + WIDTH].tobytes())
    words = [
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-s",
        f"{WIDTH}x{HEIGHT}",
        "-r",
        str(RATE),
        "-i",
        "pipe:0",
    ]
    return ffmpeg(b"".join(frames), words, ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "20"], kind)


def edited(data: bytes, *words: str, kind: str = "mp4") -> bytes:
    """Return a clip after what FFmpeg's words do to it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in"
        path.write_bytes(data)
        more = [] if "-c" in words else ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "28"]
        return ffmpeg(b"", ["-i", str(path)], [*words, *more], kind)


def ffmpeg(given: bytes, before: Sequence[str], after: Sequence[str], kind: str) -> bytes:
    """Run it and return the file it makes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"out.{kind}"
        command = ["ffmpeg", "-y", "-v", "error", "-threads", "1", *before, *after, str(path)]
        subprocess.run(command, input=given, check=True, capture_output=True)
        return path.read_bytes()


def tones(seed: int, seconds: float = 12.0) -> NDArray[np.int16]:
    """Return sound of 11,025 samples a second: three notes at a time, which change four times a second."""
    chance = np.random.default_rng(seed)
    steps = int(seconds * 4)
    time = np.arange(11_025 // 4) / 11_025
    parts = [
        sum(np.sin(2 * np.pi * 110 * 2 ** (note / 12) * time) for note in chance.integers(0, 36, 3))
        for _ in range(steps)
    ]
    return (np.concatenate(parts) * 8_000).astype(np.int16)


def wav(samples: NDArray[np.int16]) -> bytes:
    """Return a recording."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(11_025)
        file.writeframes(samples.tobytes())
    return out.getvalue()

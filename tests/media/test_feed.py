"""Frames and sound of something that goes on, by FFmpeg as a program that is ended when it is not needed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.media.clip_files import clip, edited, ffmpeg, tones, wav

from hakam.media.feed import Feed, Feeding
from hakam.media.ffmpeg import ClipBounds, ProgramMissingError, tail
from hakam.media.sandbox import UnreadableError

pytestmark = [pytest.mark.sockets, pytest.mark.embedded]
PATIENCE = 60.0


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def shelf(tmp_path: Path) -> Any:
    """Give a folder, and the address at which it is served."""

    def handler(*given: Any, **more: Any) -> Quiet:
        return Quiet(*given, directory=str(tmp_path), **more)

    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield tmp_path, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class Sink:
    """Keeps what a feed gives."""

    def __init__(self) -> None:
        self.frames: list[tuple[float, Any]] = []
        self.samples: list[Any] = []
        self.colours: list[Any] = []

    def feed(self, url: str, **given: Any) -> Feed:
        bounds = given.pop("bounds", ClipBounds())
        what = Feeding(url, given.pop("protocols", "http,tcp"), **given)
        return Feed(
            what,
            on_frame=lambda at, luma: self.frames.append((at, luma)),
            on_sound=self.samples.append,
            on_colour=lambda _at, make: self.colours.append(make()),
            bounds=bounds,
        )

    @property
    def heard(self) -> int:
        return sum(len(part) for part in self.samples)


def ended(feed: Feed) -> None:
    until = time.monotonic() + PATIENCE
    while feed.running:
        assert time.monotonic() < until
        time.sleep(0.02)
    feed.close()


def both(folder: Path) -> None:
    (folder / "sight.mkv").write_bytes(clip((1, 2), 3.0, "mkv"))
    (folder / "sound.wav").write_bytes(wav(tones(1, 6.0)))
    words = ["ffmpeg", "-y", "-v", "error", "-i", str(folder / "sight.mkv"), "-i", str(folder / "sound.wav")]
    subprocess.run([*words, "-c:v", "copy", "-c:a", "aac", str(folder / "both.mkv")], check=True)


@pytest.mark.skipif(sys.platform == "win32", reason="two pipes of one program are POSIX")
def test_frames_and_sound_come_by_two_pipes(shelf: tuple[Path, str]) -> None:
    folder, address = shelf
    both(folder)
    sink = Sink()
    before = time.time()
    feed = sink.feed(f"{address}/both.mkv")
    ended(feed)
    assert feed.frames == len(sink.frames) == 12  # six seconds, two a second
    assert {luma.shape for _at, luma in sink.frames} == {(360, 480)}
    assert all(before <= at <= time.time() for at, _luma in sink.frames)
    assert feed.heard == sink.heard
    assert abs(sink.heard - 6 * 11_025) < 11_025
    assert np.abs(np.concatenate(sink.samples)).max() > 1_000


def test_sight_alone_and_sound_alone(shelf: tuple[Path, str]) -> None:
    folder, address = shelf
    both(folder)
    seen, heard = Sink(), Sink()
    ended(seen.feed(f"{address}/sight.mkv", sound=False))
    ended(heard.feed(f"{address}/both.mkv", sight=False))
    assert (len(seen.frames), seen.heard) == (12, 0)
    assert (len(heard.frames), heard.heard > 60_000) == (0, True)


def test_frames_are_small_however_large_the_stream(shelf: tuple[Path, str]) -> None:
    folder, address = shelf
    (folder / "large.mkv").write_bytes(edited(clip((1,), 2.0), "-vf", "scale=2560:1440", kind="mkv"))
    sink = Sink()
    ended(sink.feed(f"{address}/large.mkv", sound=False))
    assert {luma.shape for _at, luma in sink.frames} == {(512, 910)}


@pytest.mark.parametrize(
    ("protocols", "name"),
    [("http,tcp", "nothing.mkv"), ("file", "sight.mkv"), ("http,tcp", "text.txt")],
    ids=["absent", "another protocol", "no stream"],
)
def test_what_can_not_be_read_ends_without_a_frame(
    shelf: tuple[Path, str], protocols: str, name: str
) -> None:
    folder, address = shelf
    both(folder)
    (folder / "text.txt").write_text("ffconcat version 1.0\nfile /etc/passwd\n" * 50)
    sink = Sink()
    feed = sink.feed(f"{address}/{name}", protocols=protocols)
    ended(feed)
    assert (feed.frames, feed.heard) == (0, 0)


def test_a_local_file_is_never_read(shelf: tuple[Path, str]) -> None:
    folder, _address = shelf
    both(folder)
    sink = Sink()
    ended(sink.feed(str(folder / "sight.mkv"), sound=False))
    assert sink.frames == []


def test_closing_ends_the_program_at_once(shelf: tuple[Path, str]) -> None:
    folder, address = shelf
    long = "testsrc2=size=320x240:rate=10:duration=600"
    words = [
        "ffmpeg",
        "-y",
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        long,
        "-c:v",
        "mpeg4",
        str(folder / "long.mkv"),
    ]
    subprocess.run(words, check=True)
    sink = Sink()
    feed = sink.feed(f"{address}/long.mkv", sound=False)
    until = time.monotonic() + PATIENCE
    while not sink.frames:
        assert time.monotonic() < until
        time.sleep(0.01)
    process = feed._process.pid
    feed.close()
    assert not feed.running
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    feed.close()  # twice is once


def test_without_ffmpeg_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(ProgramMissingError, match="apt-get install ffmpeg"):
        Sink().feed("http://127.0.0.1:9/x")


def test_the_end_of_a_recording_is_read_alone(tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    path.write_bytes(edited(clip((1, 2, 3, 4), 3.0), "-g", "12"))
    whole, end = tail(path, 600.0), tail(path, 3.0)
    assert whole.startswith(b"\x1aE\xdf\xa3")  # Matroska
    assert len(end) < len(whole)


def test_a_recording_without_an_end_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "broken.flv"
    path.write_bytes(b"FLV\x01" + b"\x00" * 50)
    with pytest.raises(UnreadableError):
        tail(path, 10.0)
    good = tmp_path / "good.mp4"
    good.write_bytes(clip((1,), 2.0))
    with pytest.raises(UnreadableError):
        tail(good, 10.0, ClipBounds(size=100))


def test_colours_come_with_the_very_same_light(shelf: Any) -> None:
    """Frames are compared with banks by their light: that it is read with colours must not change it."""
    folder, url = shelf
    words = ["ffmpeg", "-y", "-v", "error", "-f", "lavfi", "-i", "color=c=0xC81E0A:size=320x240:rate=4:duration=2",
             "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=4:duration=2", "-filter_complex", "[0][1]hstack",
             "-pix_fmt", "yuv420p", "-c:v", "libx264", str(folder / "two.mkv")]  # fmt: skip
    subprocess.run(words, check=True)
    plain, coloured = Sink(), Sink()
    ended(plain.feed(f"{url}/two.mkv", sound=False))
    ended(coloured.feed(f"{url}/two.mkv", sound=False, colour=True))
    assert plain.colours == []
    assert len(plain.frames) == len(coloured.frames) == len(coloured.colours) > 2
    for (_, one), (_, other) in zip(plain.frames, coloured.frames, strict=True):
        assert np.array_equal(one, other)
    red, green, blue = coloured.colours[0][100, 100].astype(int)
    assert (abs(red - 200) < 12, abs(green - 30) < 12, abs(blue - 10) < 12) == (True, True, True)
    assert coloured.colours[0].shape == (*coloured.frames[0][1].shape, 3)


def test_what_is_heard_is_what_was_sent_to_the_last_sample(shelf: Any) -> None:
    folder, address = shelf
    samples = tones(3, 6.0)
    (folder / "wave").write_bytes(wav(samples))
    (folder / "tones.mkv").write_bytes(
        ffmpeg(b"", ["-i", str(folder / "wave")], ["-c:a", "pcm_s16le"], "mkv")
    )
    sink = Sink()
    ended(sink.feed(f"{address}/tones.mkv", sight=False))
    heard = np.concatenate(sink.samples).astype(np.float64)
    assert len(heard) == len(samples)
    assert np.corrcoef(heard, samples.astype(np.float64))[0, 1] > 0.99

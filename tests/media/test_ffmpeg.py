"""Strangers' clips: read within limits, refused with a reason, never followed to another file or address."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from tests.media.clip_files import HEIGHT, WIDTH, clip, edited, tones, wav
from tests.media.drawings import drawing, file_of

from hakam.media import ffmpeg
from hakam.media.ffmpeg import ClipBounds, ProgramMissingError, Told, opened
from hakam.media.sandbox import UnreadableError

pytestmark = pytest.mark.embedded  # files only: one database is enough


def frames(data: bytes, rate: float = 2.0, **bounds: float) -> list[tuple[float, tuple[int, ...]]]:
    with opened(data, ClipBounds(**bounds)) as file:  # type: ignore[arg-type]
        return [(seconds, luma.shape) for seconds, luma in file.frames(rate)]


def test_a_clip_gives_its_frames_with_their_times() -> None:
    with opened(clip()) as file:
        assert file.told == Told(sight=True, sound=False, seconds=6.0)
    assert frames(clip()) == [(n / 2, (HEIGHT, WIDTH)) for n in range(12)]


@pytest.mark.parametrize("kind", ["webm", "mkv", "avi"])
def test_other_containers_are_read_too(kind: str) -> None:
    codec = "libvpx" if kind == "webm" else "mpeg4"
    made = (
        edited(clip((1,)), "-c", codec, "-cpu-used", "8", kind=kind)
        if kind == "webm"
        else edited(clip((1,)), "-c", codec, kind=kind)
    )
    assert len(frames(made)) in {4, 5}


def test_large_frames_are_handed_over_small() -> None:
    large = edited(clip((1,)), "-vf", "scale=1920:1080", "-t", "1")
    (_, shape), *_ = frames(large)
    assert shape == (512, 910)


def test_only_the_beginning_of_a_long_clip_is_looked_at() -> None:
    assert len(frames(clip(), length=2.0)) == 4


def test_a_recording_gives_its_sound() -> None:
    samples = tones(3, 5)
    with opened(wav(samples)) as file:
        assert (file.told.sight, file.told.sound) == (False, True)
        np.testing.assert_array_equal(file.sound(), samples)


def test_what_can_be_read_of_a_clip_that_was_cut_short_is_read() -> None:
    whole = edited(clip((1, 2, 3)), "-c", "mpeg4", kind="avi")
    assert 1 <= len(frames(whole[: len(whole) // 2])) < 12


PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n"
HOSTILE = {
    "text": b"hello, I am no clip",
    "a playlist of a file": PLAYLIST.format("file:///etc/passwd").encode(),
    "a playlist of an address": PLAYLIST.format("http://127.0.0.1:9/x.ts").encode(),
    "a list of files": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "a picture": file_of(drawing(1)),
    "only a head": clip()[:64],
    "noise under a head": clip()[:32] + np.random.default_rng(1).bytes(20_000),
    "zeros": bytes(100_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_clip_is_refused(name: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        frames(HOSTILE[name])
    assert caught.value.trouble in {"not a clip", "damaged or cut short"}


def test_no_second_file_is_opened(tmp_path: Path) -> None:
    inner = tmp_path / "inner.mp4"
    inner.write_bytes(clip((1,)))
    for text in (f"ffconcat version 1.0\nfile {inner}\n", PLAYLIST.format(f"file://{inner}")):
        with pytest.raises(UnreadableError):
            frames(text.encode())


@pytest.mark.parametrize(
    ("data", "bounds", "trouble"),
    [
        (b"", {}, "empty"),
        (b"1234567890", {"size": 9}, "too many bytes"),
        (clip(), {"pixels": WIDTH * HEIGHT - 1}, "too many pixels"),
        (clip(), {"seconds": 0.01}, "took too long"),
        (clip(), {"memory": 30_000_000}, ("ended its reader", "damaged or cut short")),
    ],
    ids=["empty", "bytes", "pixels", "clock", "memory"],
)
def test_each_limit_is_told(data: bytes, bounds: dict[str, float], trouble: str | tuple[str, ...]) -> None:
    began = time.monotonic()
    with pytest.raises(UnreadableError) as caught:
        frames(data, **bounds)
    assert caught.value.trouble in trouble
    assert time.monotonic() - began < ClipBounds().seconds


def test_a_recording_has_no_frames_and_a_silent_clip_no_sound() -> None:
    with opened(wav(tones(1, 3))) as file, pytest.raises(UnreadableError, match="no frame"):
        list(file.frames(2))
    with opened(clip((1,))) as file, pytest.raises(UnreadableError, match="no sound"):
        file.sound()


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    frames(clip((1,)))
    with pytest.raises(UnreadableError):
        frames(b"nothing")
    assert list(tmp_path.iterdir()) == []


def test_without_the_program_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert not ffmpeg.available()
    with pytest.raises(ProgramMissingError, match="apt-get install ffmpeg"):
        frames(clip())


def test_a_reader_that_could_not_run_is_not_taken_for_a_file_that_is_no_clip() -> None:
    with (
        pytest.raises(UnreadableError, match="ended with code") as told,
        opened(clip(), ClipBounds(memory=10_000_000)),
    ):
        pass
    assert told.value.trouble == "ended its reader"
    with pytest.raises(UnreadableError) as plain, opened(b"no clip at all" * 100):
        pass
    assert plain.value.trouble == "not a clip"

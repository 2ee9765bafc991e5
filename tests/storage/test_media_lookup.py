"""A file is asked about by what it is: pictures in the sandbox, clips by their frames, recordings by their sound."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.media.clip_files import clip, edited, tones, wav
from tests.media.drawings import drawing, file_of, grey

from hakam.media.chromaprint import fingerprint
from hakam.media.clips import BANK_RATE, of_bank
from hakam.media.ffmpeg import File, opened
from hakam.media.long_hashes import packed_frames, packed_sounds
from hakam.media.pdq import pdq
from hakam.media.sandbox import Sandbox, UnreadableError
from hakam.storage.bank_shelf import Held, write
from hakam.storage.known_content import KnownContent, bank_folder
from hakam.storage.known_media import KnownMedia, clock
from hakam.storage.media_lookup import MOST_STILLS, look_at
from hakam.storage.published import PublishedBank
from hakam.vocabulary.bank import EntryKind

pytestmark = pytest.mark.embedded  # files only: one database is enough
K = EntryKind
AT = 1_000.0


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def long(entry: int, kind: EntryKind, data: bytes) -> Held:
    return Held(entry, kind, sha256(data).hexdigest(), data)


def of_clip(entry: int, data: bytes) -> Held:
    with opened(data) as file:
        return long(entry, K.VPDQ, packed_frames(of_bank(file.frames(BANK_RATE))))


def of_sound(entry: int, seed: int) -> Held:
    return long(entry, K.CHROMAPRINT, packed_sounds(fingerprint(tones(seed, 20))))


def known(home: Path, *banks: tuple[str, list[Held]], distance: int = 31) -> KnownMedia:
    told = []
    for number, (name, held) in enumerate(banks, 1):
        write(bank_folder(home, number), 1, held, [])
        told.append(PublishedBank(number, name, 1, distance=distance))
    return KnownMedia(KnownContent(home, told))


def test_each_bank_names_the_clip_that_lies_in_it_most(tmp_path: Path, sandbox: Sandbox) -> None:
    both = [of_clip(1, clip((7, 1))), of_clip(2, clip((1, 2, 3)))]
    media = known(tmp_path, ("a", both), ("b", [of_clip(3, clip((8, 9)))]), ("c", [of_clip(4, clip((3, 8)))]))
    looked = look_at(clip((1, 2, 3)), media, sandbox, at=AT)
    assert [(one.bank, one.entry) for one in looked.alike] == [("a", 2), ("c", 4)]
    assert set(looked.stills) == {"a", "c"}
    assert len(looked.stills["a"]) <= MOST_STILLS


def test_stills_are_of_the_frames_that_are_near(tmp_path: Path, sandbox: Sandbox) -> None:
    media = known(tmp_path, ("a", [of_clip(1, clip((3, 4)))]))
    looked = look_at(clip((1, 2, 3)), media, sandbox, at=AT)
    assert [still.seconds for still in looked.stills["a"]] == [4.0, 4.5, 5.0, 5.5]


def test_a_frame_that_shows_a_known_picture_is_found(tmp_path: Path, sandbox: Sandbox) -> None:
    picture = drawing(5, 480, 360)
    shown = edited(file_of(picture), "-vf", "loop=30:1:0", "-r", "10", "-pix_fmt", "yuv420p")
    media = known(tmp_path, ("a", [Held(9, K.PDQ, pdq(grey(picture)).hex)]))
    (alike,) = look_at(shown, media, sandbox, at=AT).alike
    assert (alike.entry, alike.kind) == (9, K.PDQ)
    assert "a frame" in alike.how


def test_a_bank_s_own_distance_counts_for_frames(tmp_path: Path, sandbox: Sandbox) -> None:
    poor = edited(clip((1, 2, 3)), "-vf", "scale=64:48,scale=480:360", "-crf", "45")
    assert look_at(poor, known(tmp_path, ("a", [of_clip(1, clip((1, 2, 3)))])), sandbox, at=AT).alike
    strict = known(tmp_path, ("a", [of_clip(1, clip((1, 2, 3)))]), distance=0)
    assert look_at(poor, strict, sandbox, at=AT).alike == []


def test_a_recording_is_heard_in_the_bank_that_has_it(tmp_path: Path, sandbox: Sandbox) -> None:
    media = known(tmp_path, ("a", [of_sound(1, 1), of_sound(2, 2)]), ("b", [of_sound(3, 3)]))
    (alike,) = look_at(wav(tones(2, 20)[20_000:]), media, sandbox, at=AT).alike
    assert (alike.bank, alike.entry, alike.kind) == ("a", 2, K.CHROMAPRINT)
    assert look_at(wav(tones(4, 20)), media, sandbox, at=AT).alike == []


@pytest.mark.parametrize("data", [b"", b"RIFF\0\0\0\0WAVE", clip((1,))[:40], b"ID3" + bytes(500)])
def test_what_can_t_be_read_is_told(tmp_path: Path, sandbox: Sandbox, data: bytes) -> None:
    with pytest.raises(UnreadableError):
        look_at(data, known(tmp_path), sandbox, at=AT)


def test_without_ffmpeg_a_clip_is_told_apart_from_a_damaged_one(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = clip((1,))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UnreadableError, match="apt-get install ffmpeg") as caught:
        look_at(data, known(tmp_path), sandbox, at=AT)
    assert caught.value.trouble == "no program for clips"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.0, "0:00"), (59.9, "0:59"), (61.0, "1:01"), (3_600.0, "60:00")]
)
def test_times_are_shown_as_players_do(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def test_what_was_seen_is_not_lost_because_there_was_no_time_for_the_rest(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = known(tmp_path, ("a", [of_clip(1, clip((1, 2)))]))
    real = File.frames

    def slow(file: File, rate: float) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        for seconds, frame in real(file, rate):
            if seconds >= 4.0:
                raise UnreadableError("took too long", "more than 60 seconds")
            yield seconds, frame

    monkeypatch.setattr(File, "frames", slow)
    looked = look_at(clip((1, 2, 3)), media, sandbox, at=AT)
    assert [(one.bank, one.entry) for one in looked.alike] == [("a", 1)]
    assert looked.missed == "after 3.5 s: more than 60 seconds"
    assert looked.stills["a"]

    def stuck(_file: File, _rate: float) -> NoReturn:
        raise UnreadableError("took too long", "more than 60 seconds")

    monkeypatch.setattr(File, "frames", stuck)
    with pytest.raises(UnreadableError, match="more than 60 seconds"):
        look_at(clip((1, 2, 3)), media, sandbox, at=AT)


def test_what_was_seen_is_not_lost_because_its_sound_took_too_long(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = known(tmp_path, ("a", [of_clip(1, clip((1, 2)))]), ("b", [of_sound(2, 3)]))
    words = ["-f", "lavfi", "-i", "sine=frequency=300", "-map", "0:v", "-map", "1:a", "-shortest"]
    talking = edited(clip((1, 2, 3)), *words)

    def slow(_file: File) -> NDArray[np.int16]:
        raise UnreadableError("took too long", "more than 60 seconds")

    monkeypatch.setattr(File, "sound", slow)
    looked = look_at(talking, media, sandbox, at=AT)
    assert [one.bank for one in looked.alike] == ["a"]
    assert looked.missed == "its sound: more than 60 seconds"
    with pytest.raises(UnreadableError):  # of a recording nothing is left
        look_at(wav(tones(3, 20)), media, sandbox, at=AT)

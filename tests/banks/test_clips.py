"""A clip in a bank is found by what is seen of it, by what is heard of it, and inside other pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.banks.conftest import NOW, Make
from tests.media.clip_files import clip, edited, tones, wav
from tests.media.drawings import drawing, file_of

from hakam.banks import publication
from hakam.banks.clips import clip_kept_as
from hakam.banks.filling import fill
from hakam.banks.kinds import BankError
from hakam.banks.withdraw import withdraw
from hakam.media.sandbox import Sandbox
from hakam.storage.known_content import KnownContent
from hakam.storage.known_media import KnownMedia
from hakam.storage.media_lookup import Looked, look_at
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
INSIDE = ("-vf", "scale=240:180,pad=480:360:220:20:color=gray", "-t", "3")
"""Shown small in a corner."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.fixture
def ask(make: Make, shelves: Path, sandbox: Sandbox):  # noqa: ANN201 -- a function
    make("attack")

    def asked(kept: bytes, seen: bytes, *, landmarks: bool = False) -> Looked:
        fill("attack", clip_kept_as(kept, label="l", landmarks=landmarks).rows, by=SYSTEM, now=NOW)
        known = KnownMedia(KnownContent(shelves, publication.bring_up(shelves, now=NOW)))
        return look_at(seen, known, sandbox, at=NOW.timestamp())

    return asked


def test_a_copy_is_found_with_frames_to_show(ask) -> None:  # noqa: ANN001
    looked = ask(clip(), edited(clip(), "-vf", "hflip", "-ss", "1", "-t", "4"))
    (alike,) = looked.alike
    assert (alike.bank, alike.kind) == ("attack", "vpdq")
    assert "frames, from 0:00 to 0:03" in alike.how
    stills = looked.stills["attack"]
    assert 3 <= len(stills) <= 6
    assert all(still.jpeg.startswith(b"\xff\xd8\xff") and len(still.jpeg) < 40_000 for still in stills)


def test_other_clips_are_not(ask) -> None:  # noqa: ANN001
    assert ask(clip(), clip((7, 8)), landmarks=True).alike == []


def test_what_lies_in_a_corner_is_found_by_landmarks(ask) -> None:  # noqa: ANN001
    seen = edited(clip(), *INSIDE)
    assert ask(clip(), seen).alike == []
    looked = ask(clip(), seen, landmarks=True)
    (alike,) = looked.alike
    assert alike.kind == "landmarks"
    assert len(looked.stills["attack"]) == 1


def test_a_recording_is_found_by_its_sound(ask) -> None:  # noqa: ANN001
    looked = ask(wav(tones(1, 20)), wav(tones(1, 20)[30_000:]))
    (alike,) = looked.alike
    assert alike.kind == "chromaprint"
    assert "seconds of sound" in alike.how
    assert ask(wav(tones(1, 20)), wav(tones(2, 20))).alike == []


def test_a_clip_is_withdrawn_with_all_that_it_was_kept_under(make: Make) -> None:
    bank = make("attack")
    kept = clip_kept_as(clip(), label="l", landmarks=True)
    assert {row.kind for row in kept.rows} == {"sha256", "vpdq", "landmarks"}
    fill("attack", kept.rows, by=SYSTEM, now=NOW)
    (item,) = set(bank.entries.values_list("item", flat=True))
    withdraw("attack", items=[item], reason="r", by=SYSTEM, now=NOW)
    assert bank.entries.count() == 0


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"hello", "no clip and no recording"),
        (clip()[:64], "no clip and no recording"),
        (wav(tones(1, 20) * 0), "nothing is to be seen or heard"),
        (file_of(drawing(1)), "no clip and no recording"),
    ],
    ids=["empty", "text", "head", "silence", "picture"],
)
def test_what_can_t_be_known_again_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BankError, match=why):
        clip_kept_as(data, label="")


def test_without_ffmpeg_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    data = clip()
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BankError, match="apt-get install ffmpeg"):
        clip_kept_as(data, label="")

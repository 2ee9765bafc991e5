"""Frames and sound of a stream, compared as they come: copies are found within seconds, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from tests.media.clip_files import clip, edited, tones
from tests.media.drawings import drawing, grey

from hakam.banks.clips import clip_kept_as
from hakam.banks.filling import fill
from hakam.banks.keeping import create_bank
from hakam.banks.kinds import BankSource
from hakam.banks.rows import Row, made
from hakam.live.watching.eyes import WINDOW, Eyes, frames_of
from hakam.live.watching.plan import LIGHTLY, Closeness
from hakam.media import chromaprint, long_hashes
from hakam.media.ffmpeg import opened
from hakam.media.pdq import pdq
from hakam.media.picture import Luma8
from hakam.storage.known_content import KnownContent
from hakam.storage.known_media import Alike, KnownMedia
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind
from hakam.wiring import publish
from hakam.wiring.settings import settings

pytestmark = pytest.mark.django_db
NOW = scene.NOW.timestamp()


def known(home: Path, *rows: Row) -> KnownMedia:
    scene.publish()
    create_bank("attack", source=BankSource.OWN, purpose="p", clause="threat", by=SYSTEM, now=scene.NOW)
    fill("attack", rows, by=SYSTEM, now=scene.NOW)
    told = publish.publish(
        replace(settings(), home=home), now=scene.NOW
    )  # what lies on the disk outlives rows
    return KnownMedia(KnownContent(home, told.banks))


def frames(data: bytes) -> list[Luma8]:
    with opened(data) as file:
        return [luma for _seconds, luma in file.frames(2.0)]


def calm(many: int) -> list[Luma8]:
    return [grey(drawing(900 + n // 4, 480, 360)) for n in range(many)]


def seen(eyes: Eyes, shown: list[Luma8]) -> list[float]:
    """Show frames, two a second; return the seconds at which something was known."""
    found = []
    for n, luma in enumerate(shown):
        eyes.see(NOW + n / 2, luma)
        found += [match.at - NOW for match in eyes.matches()]
    return found


@pytest.fixture(scope="module")
def copy() -> list[Luma8]:
    """Give a copy: saved anew, cropped, with a logo."""
    words = "crop=iw*0.9:ih*0.9,scale=640:480,drawbox=x=20:y=20:w=90:h=50:color=red@1:t=fill"
    return frames(edited(clip((1, 2, 3, 4), 3.0), "-vf", words, "-crf", "32"))


@pytest.fixture
def media(tmp_path: Path) -> KnownMedia:
    return known(
        tmp_path,
        *[row for row in clip_kept_as(clip((1, 2, 3, 4), 3.0), label="x").rows if isinstance(row, Row)],
    )


def test_a_copy_is_known_within_five_seconds_however_it_is_watched(
    media: KnownMedia, copy: list[Luma8]
) -> None:
    for how in Closeness:
        eyes = Eyes(lambda: media, keep=8)
        eyes.closeness = how
        found = seen(eyes, [*calm(20), *copy])
        assert found, how
        assert 10.0 <= found[0] <= 15.0
        assert eyes.closeness is Closeness.CLOSE  # it looks more closely by itself


def test_what_is_not_known_is_not_found_and_watched_as_planned(media: KnownMedia) -> None:
    eyes = Eyes(lambda: media, keep=8)
    eyes.closeness = Closeness.LIGHT
    assert seen(eyes, calm(60)) == []
    assert eyes.closeness is Closeness.LIGHT


def test_a_light_watch_hashes_a_fraction(media: KnownMedia, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = []
    real = Eyes._hashed
    monkeypatch.setattr(Eyes, "_hashed", lambda self, at, luma: hashed.append(at) or real(self, at, luma))
    eyes = Eyes(lambda: media, keep=8)
    eyes.closeness = Closeness.LIGHT
    seen(eyes, calm(40))
    assert len(hashed) == 40 // LIGHTLY


def test_a_single_frame_that_is_like_a_known_clip_is_no_match(media: KnownMedia, copy: list[Luma8]) -> None:
    eyes = Eyes(lambda: media, keep=8)
    assert seen(eyes, [copy[4]]) == []


def test_a_known_picture_is_found_in_one_frame(tmp_path: Path) -> None:
    picture = grey(drawing(7, 480, 360))
    media = known(tmp_path, Row(EntryKind.PDQ, pdq(picture).digest.hex()))
    eyes = Eyes(lambda: media, keep=8)
    assert seen(eyes, [*calm(3), picture])[0] == 1.5


def test_a_known_recording_is_heard(tmp_path: Path) -> None:
    samples = tones(3, 24.0)
    media = known(
        tmp_path, made(EntryKind.CHROMAPRINT, long_hashes.packed_sounds(chromaprint.fingerprint(samples)))
    )
    eyes = Eyes(lambda: media, keep=8)
    other = tones(9, 12.0)
    heard = []
    for n, start in enumerate(range(0, 24 * 11_025, 5_512)):
        part = np.concatenate([other, samples])[start : start + 5_512]
        eyes.hear(NOW + n / 2, part)
        heard += [match.at - NOW for match in eyes.matches()]
    assert heard
    assert heard[0] > 12.0
    assert heard[0] <= 21.0  # drawn tones are known by the longer stretch, looked for every four seconds


def test_each_half_second_is_listened_to_and_every_four_seconds_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half seconds come a little early and a little late; what comes in small pieces is not compared each time."""
    sounds = chromaprint.fingerprint(tones(3, 24.0))
    media = known(tmp_path, made(EntryKind.CHROMAPRINT, long_hashes.packed_sounds(sounds)))
    looks: list[tuple[float, chromaprint.Rule]] = []
    recordings = media.recordings

    def noted(heard: list[int], at: float, rule: chromaprint.Rule = chromaprint.THOROUGH) -> Iterator[Alike]:
        looks.append((at - NOW, rule))
        return recordings(heard, at, rule)

    monkeypatch.setattr(media, "recordings", noted)
    eyes, sound = Eyes(lambda: media, keep=8), tones(9, 30.0)
    for n, start in enumerate(range(0, 28 * 11_025, 5_512)):
        late = 0.05 if n % 2 else -0.04
        eyes.hear(NOW + n / 2 + late, sound[start : start + 5_000])
        eyes.hear(NOW + n / 2 + late + 0.1, sound[start + 5_000 : start + 5_512])
    moments = [at for at, rule in looks if rule is chromaprint.QUICK and at > 6.0]
    assert {round(late - early, 1) for early, late in pairwise(moments)} <= {0.4, 0.5, 0.6}
    thorough = [at for at, rule in looks if rule is chromaprint.THOROUGH]
    assert {round(late - early) for early, late in pairwise(thorough)} == {4}


def test_what_is_known_by_halves_is_heard_in_time(tmp_path: Path) -> None:
    samples = tones(3, 30.0)
    media = known(
        tmp_path, made(EntryKind.CHROMAPRINT, long_hashes.packed_sounds(chromaprint.fingerprint(samples)))
    )
    eyes, noise = Eyes(lambda: media, keep=8), np.random.default_rng(3)
    noisy = samples + noise.normal(0, 0.12 * np.abs(samples).max(), len(samples))
    heard = []
    for n, start in enumerate(range(0, 30 * 11_025, 5_512)):
        eyes.hear(NOW + n / 2, noisy[start : start + 5_512].astype(np.int16))
        heard += [match.at - NOW for match in eyes.matches()]
    assert heard


def test_moderators_see_the_newest_frames_small(media: KnownMedia) -> None:
    eyes = Eyes(lambda: media, keep=5)
    seen(eyes, calm(12))
    pictures = eyes.pictures()
    assert [round(picture.at - NOW, 1) for picture in pictures] == [3.5, 4.0, 4.5, 5.0, 5.5]
    assert all(picture.jpeg.startswith(b"\xff\xd8") and len(picture.jpeg) < 60_000 for picture in pictures)


def test_the_window_is_bounded(media: KnownMedia) -> None:
    eyes = Eyes(lambda: media, keep=2)
    seen(eyes, calm(frames_of(WINDOW) + 20))
    assert eyes._window[-1].seconds - eyes._window[0].seconds <= WINDOW


def test_without_a_bank_nothing_is_compared(tmp_path: Path) -> None:
    empty = KnownMedia(KnownContent(tmp_path))
    eyes = Eyes(lambda: empty, keep=2)
    assert seen(eyes, calm(8)) == []

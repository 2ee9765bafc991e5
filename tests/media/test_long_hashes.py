"""vPDQ and fingerprints of sound: read as exchanges write them, written as they were read, refused with a reason."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.media.long_hashes import (
    Frame,
    LongHashError,
    frames_of,
    packed_frames,
    packed_sounds,
    read,
    sounds_of,
    unpacked_frames,
    unpacked_sounds,
    written,
)
from hakam.vocabulary.bank import EntryKind

pytestmark = pytest.mark.embedded  # values only: one database is enough
HASH = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
FRAMES = st.lists(
    st.builds(
        Frame,
        st.binary(min_size=32, max_size=32),
        st.integers(0, 100),
        st.integers(0, 10_000).map(lambda n: n / 8),
    ),
    min_size=1,
    max_size=20,
)


def test_a_clip_is_read_as_threatexchange_writes_it() -> None:
    frames = frames_of(json.dumps([f"{HASH},100,0.000", f"{HASH.upper()},7,1.500"]))
    assert frames == [Frame(bytes.fromhex(HASH), 100, 0.0), Frame(bytes.fromhex(HASH), 7, 1.5)]
    assert written(EntryKind.VPDQ, packed_frames(frames)) == json.dumps(
        [f"{HASH},100,0.000", f"{HASH},7,1.500"], separators=(",", ":")
    )


@given(FRAMES)
def test_frames_come_back_as_they_were(frames: list[Frame]) -> None:
    data = packed_frames(frames)
    assert unpacked_frames(data) == frames
    plain = [frame for frame in frames if frame.plain]
    if plain:  # exchanges get those only
        assert read(EntryKind.VPDQ, written(EntryKind.VPDQ, data)) == packed_frames(plain)


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=50))
def test_sounds_come_back_as_they_were(sounds: list[int]) -> None:
    data = packed_sounds(sounds)
    assert unpacked_sounds(data) == sounds
    assert read(EntryKind.CHROMAPRINT, written(EntryKind.CHROMAPRINT, data)) == data


def test_signed_numbers_are_the_same_bits() -> None:
    assert sounds_of("-1, 2,[3]".replace("[", "").replace("]", "")) == [4_294_967_295, 2, 3]
    assert sounds_of("[1,2]") == [1, 2]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "a list of texts"),
        ("{}", "a list of texts"),
        ("[1]", "a list of texts"),
        ("[]", "1 to 50,000 frames"),
        ("[" * 100_000, "a list of texts"),
        ('["12,1,0"]', "frame 1"),
        (f'["{HASH},1,0","{HASH},101,0"]', "frame 2"),
        (f'["{HASH},x,0"]', "frame 1"),
        (f'["{HASH},1,nan"]', "no time"),
        (f'["{HASH},1,-1"]', "no time"),
        (f'["{HASH},1,1e9"]', "no time"),
        (f'["{" ".join(HASH)},1,0"]', "frame 1"),
    ],
)
def test_what_is_no_clip_is_refused_with_the_frame(text: str, why: str) -> None:
    with pytest.raises(LongHashError, match=why):
        read(EntryKind.VPDQ, text)


@pytest.mark.parametrize("text", ["", "a", "1,,2", "4294967296", "1.5", "-2147483649"])
def test_what_is_no_fingerprint_of_sound_is_refused(text: str) -> None:
    with pytest.raises(LongHashError, match="32 bits"):
        read(EntryKind.CHROMAPRINT, text)


def test_nothing_is_longer_than_anybody_posts() -> None:
    with pytest.raises(LongHashError, match="at most 200,000"):
        sounds_of("1," * 200_000 + "1")


def test_landmarks_come_from_pictures_only() -> None:
    with pytest.raises(LongHashError, match="hakam bank add"):
        read(EntryKind.LANDMARKS, "00")

"""The index of a bank's clips: what is near and where, put in, taken out, gone from the files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hakam.media.clips import KnownClip, Near, alike
from hakam.media.long_hashes import Frame, packed_frames
from hakam.storage.bank_shelf import Held, Shelf, erase, write
from hakam.storage.clip_index import NAME, ClipIndex, clips_of, moment_of, moments_in
from hakam.vocabulary.bank import EntryKind

CHANCE = np.random.default_rng(7)


def frames(count: int, *, variants: int = 2, quality: int = 90) -> list[Frame]:
    """Return frames of a made-up clip, four a second."""
    return [
        Frame(CHANCE.bytes(32), quality, number / 4, plain=not variant)
        for number in range(count)
        for variant in range(variants)
    ]


def flipped(frame: Frame, bits: int, seconds: float) -> Frame:
    """Return a frame that differs by so many bits."""
    digest = np.unpackbits(np.frombuffer(frame.digest, np.uint8))
    digest[CHANCE.choice(256, bits, replace=False)] ^= 1
    return Frame(np.packbits(digest).tobytes(), frame.quality, seconds)


def held(entry: int, clip: list[Frame]) -> Held:
    return Held(entry, EntryKind.VPDQ, f"{entry:064x}", packed_frames(clip))


def found_in(shelf: Shelf, seen: list[Frame]) -> dict[int, int]:
    """Return how many frames of each clip are near in order."""
    opened = shelf.clips()
    assert opened is not None
    index, moments = opened
    moments_seen = len({one.seconds for one in seen})
    out = {}
    for entry, pairs in index.near(seen, 31).items():
        one = alike([Near(*pair) for pair in pairs], moments_seen, moments[entry])
        if one is not None:
            out[entry] = len(one.near)
    return out


def test_the_index_says_what_comparing_one_by_one_says(tmp_path: Path) -> None:
    clips = {entry: frames(40) for entry in range(1, 30)}
    write(tmp_path, 1, [held(entry, clip) for entry, clip in clips.items()], [])
    shelf = Shelf(tmp_path)
    for entry in (1, 17, 29):
        seen = [flipped(clips[entry][2 * n], n, n / 2) for n in range(8, 32)]
        one = KnownClip(clips[entry]).compare(seen)
        assert one is not None
        assert found_in(shelf, seen) == {entry: len(one.near)}
    assert found_in(shelf, frames(30)) == {}


def test_a_clip_that_is_taken_out_is_not_found_and_leaves_the_files(tmp_path: Path) -> None:
    first, second = frames(20), frames(20)
    write(tmp_path, 1, [held(1, first), held(2, second)], [])
    write(tmp_path, 2, [], [1])
    assert found_in(Shelf(tmp_path), first) == {}
    assert found_in(Shelf(tmp_path), second) == {2: 20}
    assert erase(tmp_path)
    files = b"".join(path.read_bytes() for path in (tmp_path / NAME).rglob("*") if path.is_file())
    assert first[0].digest not in files
    assert second[0].digest in files
    assert found_in(Shelf(tmp_path), second) == {2: 20}


def test_a_clip_that_is_put_in_again_stands_there_once(tmp_path: Path) -> None:
    write(tmp_path, 1, [held(1, frames(20))], [])
    later = frames(12)
    write(tmp_path, 2, [held(1, later)], [])
    opened = Shelf(tmp_path).clips()
    assert opened is not None
    index, moments = opened
    assert (len(index), moments) == (24, {1: 12})
    assert found_in(Shelf(tmp_path), later) == {1: 12}


def test_many_clips_at_once_and_later_ones_beside_them(tmp_path: Path) -> None:
    many = {entry: frames(30, variants=20) for entry in range(1, 40)}
    write(tmp_path, 1, [held(entry, clip) for entry, clip in many.items()], [])
    more = frames(10)
    write(tmp_path, 2, [held(50, more)], [3])
    shelf = Shelf(tmp_path)
    assert found_in(shelf, many[20][::20]) == {20: 30}
    assert found_in(shelf, many[3][::20]) == {}
    assert found_in(shelf, more) == {50: 10}


def test_frames_without_structure_count_for_nothing(tmp_path: Path) -> None:
    flat = frames(10, quality=20)
    write(tmp_path, 1, [held(1, flat)], [])
    assert moments_in(flat) == 0
    assert found_in(Shelf(tmp_path), [one._replace(quality=90) for one in flat]) == {}


def test_what_is_no_clip_has_no_frames() -> None:
    assert clips_of([Held(1, EntryKind.VPDQ, "", b"xyz"), Held(2, EntryKind.CHROMAPRINT, "", b"abcd")]) == {
        1: []
    }


@pytest.mark.parametrize(("seconds", "moment"), [(0.0, 0), (0.25, 2), (0.5, 5), (1e6, 2**20 - 1)])
def test_moments_are_tenths_of_a_second(seconds: float, moment: int) -> None:
    assert moment_of(seconds) == moment


def test_keys_between_are_those_of_one_entry(tmp_path: Path) -> None:
    index = ClipIndex(tmp_path)
    index.write({1: frames(3), 2: frames(2), 2**43: frames(1)}, [])
    index.fold()
    index.write({4: frames(2)}, [2])
    assert len(index) == 6 + 2 + 4
    index.write({}, [1, 4, 2**43, 99])
    assert len(index) == 0


def test_without_clips_there_is_no_index(tmp_path: Path) -> None:
    write(tmp_path, 1, [Held(1, EntryKind.PDQ, "f" * 64)], [])
    assert Shelf(tmp_path).clips() is None
    assert not (tmp_path / NAME).exists()

"""A clip is found again after what people do to clips; other clips are not found in it."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.clip_files import clip, edited

from hakam.media.clips import (
    BANK_RATE,
    QUERY_RATE,
    KnownClip,
    Near,
    _in_order,
    alike,
    of_bank,
    of_query,
)
from hakam.media.ffmpeg import opened
from hakam.media.long_hashes import Frame

pytestmark = pytest.mark.embedded  # values only: one database is enough
EDITS = {
    "saved anew": ("-crf", "38"),
    "small": ("-vf", "scale=240:-2"),
    "grey": ("-vf", "format=gray,format=yuv420p"),
    "mirrored": ("-vf", "hflip"),
    "cropped": ("-vf", "crop=iw*0.9:ih*0.9"),
    "stretched": ("-vf", "scale=640:360"),
    "in bars": ("-vf", "pad=iw:ih*1.5:0:(oh-ih)/2"),
    "faster": ("-vf", "setpts=PTS/1.25"),
    "slower": ("-vf", "setpts=PTS/0.8"),
    "cut": ("-ss", "1.3", "-t", "3"),
}


@cache
def known() -> KnownClip:
    with opened(clip()) as file:
        return KnownClip(list(of_bank(file.frames(BANK_RATE))))


def query(data: bytes) -> list[Frame]:
    with opened(data) as file:
        return list(of_query(file.frames(QUERY_RATE)))


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_copy_is_found(name: str) -> None:
    alike = known().compare(query(edited(clip(), *EDITS[name])))
    assert alike is not None
    assert len(alike.near) >= 4
    assert list(alike.near) == sorted(alike.near)


def test_a_clip_within_other_footage_is_found_where_it_lies() -> None:
    alike = known().compare(query(clip((7, 8, 1, 2, 9), 2.0)))
    assert alike is not None
    assert (alike.near[0].seen, alike.near[-1].seen) == (4.0, 7.5)
    assert alike.frames == 20


def test_other_clips_are_not_found() -> None:
    assert known().compare(query(clip((7, 8, 9)))) is None


def frame(seed: int, seconds: float, quality: int = 100) -> Frame:
    return Frame(np.random.default_rng(seed).bytes(32), quality, seconds)


def test_a_frame_in_common_is_no_copy_of_a_long_clip() -> None:
    one = KnownClip([frame(n, n) for n in range(20)])
    assert one.compare([frame(3, 0.0), *(frame(100 + n, n) for n in range(1, 20))]) is None
    assert one.compare([frame(n, n) for n in (3, 4, 5, 6)]) is not None


def test_a_short_clip_is_found_by_its_share() -> None:
    short = KnownClip([frame(1, 0.0)])
    assert short.compare([frame(1, 0.0)]) is not None
    assert short.compare([frame(n, n) for n in range(1, 9)]) is not None  # all of the known one is in it


def test_frames_without_structure_count_for_nothing() -> None:
    poor = [frame(n, n, quality=20) for n in range(9)]
    assert KnownClip(poor).compare(poor) is None
    assert KnownClip([frame(n, n) for n in range(9)]).compare(poor) is None
    assert KnownClip([]).compare([]) is None


def test_still_frames_are_kept_once_and_blank_ones_not_at_all() -> None:
    still = np.tile(np.arange(200, dtype=np.uint8) * 5 % 251, (160, 1))
    still[40:100, 50:120] = 7
    still[110:150, 10:60] = 240
    kept = list(of_bank([(0.0, still), (0.25, still), (0.5, np.full((160, 200), 90, np.uint8))]))
    assert {one.seconds for one in kept} == {0.0}
    assert [one.plain for one in kept] == [True, *[False] * (len(kept) - 1)]


def test_a_radius_counts() -> None:
    near = bytes([0b111, *[0] * 31])
    one = KnownClip([Frame(bytes(32), 100, float(n)) for n in range(5)])
    seen = [Frame(near, 100, float(n)) for n in range(5)]
    assert one.compare(seen, radius=2) is None
    alike = one.compare(seen, radius=3)
    assert alike is not None
    assert {place.bits for place in alike.near} == {3}
    assert alike.frames == 5


def brute(near: list[Near], backwards: bool) -> int:
    """Return the longest run in order, by trying all."""
    sign = -1 if backwards else 1
    ordered = sorted(near)
    best = [1] * len(ordered)
    for place, one in enumerate(ordered):
        for earlier in range(place):
            other = ordered[earlier]
            if other.seen < one.seen and sign * other.known <= sign * one.known:
                best[place] = max(best[place], best[earlier] + 1)
    return max(best, default=0)


@given(
    st.lists(
        st.builds(Near, st.integers(0, 9).map(float), st.integers(0, 9).map(float), st.integers(0, 31)),
        max_size=25,
    ),
    st.booleans(),
)
def test_the_longest_run_in_order_is_found(near: list[Near], backwards: bool) -> None:
    found = _in_order(near, backwards=backwards)
    assert len(found) == brute(near, backwards)
    sign = -1 if backwards else 1
    assert all(a.seen < b.seen and sign * a.known <= sign * b.known for a, b in pairwise(found))
    assert set(found) <= set(near)


def test_frames_that_are_near_in_no_order_are_no_clip() -> None:
    jumbled = [Near(float(n), float(known), 3) for n, known in enumerate((9, 0, 12, 4, 17, 1, 15, 2))]
    assert alike(jumbled, 40, 40) is None
    assert alike([Near(float(n), float(n), 3) for n in range(4)], 40, 40) is not None
    assert alike([Near(float(n), 20.0 - n, 3) for n in range(4)], 40, 40) is not None  # played backwards
    assert alike([Near(float(n), 5.0, 3) for n in range(30)], 40, 40) is None  # one still, seen for long


def test_nothing_is_like_nothing() -> None:
    assert alike([], 0, 0) is None
    assert alike([], 10, 10) is None
    assert alike([Near(0.0, 0.0, 0)], 0, 5) is None

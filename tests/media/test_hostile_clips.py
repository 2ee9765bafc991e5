"""Hostile clips and recordings through all that the worker does with a file: an answer for each, none that lasts."""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest
from benchmarks.media import hostile_clips
from benchmarks.media.hostile import good, hostile, looking
from benchmarks.media.hostile_clips import BOMBS, FORMS, bomb

from hakam.media import ffmpeg
from hakam.media.ffmpeg import ClipBounds, opened
from hakam.media.sandbox import UnreadableError
from hakam.media.sniff import is_clip
from hakam.storage.media_lookup import Looked

pytestmark = pytest.mark.skipif(
    not ffmpeg.available() and "CI" not in os.environ, reason="apt-get install ffmpeg"
)
ANSWERS = {"damaged or cut short", "not a clip", "not a picture", "too many pixels", "took too long", "empty"}


def test_each_has_an_answer_and_sound_ones_are_known_afterwards() -> None:
    picture = good(random.Random(0), side=400)  # noqa: S311 -- a picture from a seed
    clip = hostile_clips.good("mp4")
    outcomes: Counter[str] = Counter()
    with looking(10.0) as (_, look):
        right = [look(picture).alike, look(clip).alike]
        assert all(right)
        for file in hostile(40, 3, hostile_clips.MAKERS, hostile_clips.DEAR):
            try:
                assert isinstance(look(file.data), Looked)
                outcomes["looked at"] += 1
            except UnreadableError as error:
                outcomes[error.trouble if str(error) else "says nothing"] += 1
        assert [look(picture).alike, look(clip).alike] == right
    assert set(outcomes) <= ANSWERS | {"looked at"}
    assert outcomes["damaged or cut short"]


@pytest.mark.parametrize("form", FORMS)
def test_every_container_that_people_post_is_read(form: str) -> None:
    data = hostile_clips.good(form)
    assert is_clip(data)
    with opened(data) as file:
        assert file.told.sight or file.told.sound
        if file.told.sight:
            assert len(list(file.frames(2.0))) in {3, 4, 5}
        if file.told.sound:
            assert len(file.sound()) > 15_000


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_that_becomes_a_large_one_ends_in_time(name: str) -> None:
    trouble, frames, sound = "", 0, 0
    try:
        with opened(bomb(name), ClipBounds(seconds=15.0, length=60.0)) as file:
            frames = len(list(file.frames(2.0))) if file.told.sight else 0
            sound = len(file.sound()) if file.told.sound else 0
    except UnreadableError as error:
        trouble = error.trouble
    assert trouble in {"", "took too long", "too many pixels", "damaged or cut short"}
    assert frames <= 121
    assert sound <= 60 * 11_025

"""The hostile files are what they say: small, of every kind in turn, and the sound one among them is sound."""

from __future__ import annotations

import io
import random
import zipfile
from collections import Counter

import pytest
from benchmarks.media.hostile import FORMS, MAKERS, good, hostile, png
from PIL import Image

from hakam.media import picture
from hakam.media.pdq import pdq
from hakam.media.trouble import Trouble

LARGEST = 10_000_000  # bytes of a hostile file: what it asks for is much, what it costs to send is not


def chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 -- the same each time


@pytest.mark.parametrize("form", FORMS)
def test_the_sound_picture_is_sound_in_every_format(form: str) -> None:
    data = good(chance(1), form)
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == form
    assert pdq(picture.luma(data)).good


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_a_hostile_file_is_cheap_to_send_and_the_same_each_time(name: str) -> None:
    for seed in range(3):
        data = MAKERS[name](chance(seed))
        assert 0 < len(data) < LARGEST
        assert data == MAKERS[name](chance(seed))


def test_kinds_come_in_turn_and_dear_ones_more_rarely() -> None:
    counted = Counter(file.name for file in hostile(400))
    assert set(counted) == set(MAKERS)
    assert counted["cut short"] >= 30
    assert 2 <= counted["PNG, zlib bomb"] <= 6


@pytest.mark.parametrize(("width", "height"), [(2**31 - 1, 1), (65_535, 65_535), (20_000, 20_000)])
def test_a_picture_says_what_it_likes_of_its_size(width: int, height: int) -> None:
    with Image.open(io.BytesIO(png(width, height))) as image:
        assert image.size == (width, height)
    with pytest.raises(picture.PictureError) as raised:
        picture.luma(png(width, height))
    assert raised.value.trouble is Trouble.TOO_LARGE


def test_a_zip_is_a_zip_and_no_picture() -> None:
    data = MAKERS["zip"](chance(2))
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert packed.namelist() == ["a.jpg"]
    with pytest.raises(picture.PictureError) as raised:
        picture.luma(data)
    assert raised.value.trouble is Trouble.NOT_A_PICTURE

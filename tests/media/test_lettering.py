"""Plates: the letters of a picture and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw
from tests.media.drawings import drawing, grey
from tests.media.memes import ARABIC, ENGLISH, meme

from hakam.media.lettering import SIDE, plates
from hakam.media.picture import Luma8, luma


def ink(plate: Luma8) -> float:
    """Return how much of a plate is black."""
    return float((plate < 128).mean())


@pytest.mark.parametrize(("words", "language"), [(ENGLISH, "en"), (ARABIC, "ar")])
@pytest.mark.parametrize("bar", [False, True])
def test_the_letters_of_a_meme_are_on_a_plate(words: tuple[str, ...], language: str, bar: bool) -> None:
    found = plates(luma(meme(words, language, bar=bar)))
    assert found
    rows = [np.flatnonzero((plate < 128).mean(axis=1) > 0.01) for plate in found]
    wanted = range(40, 110) if bar else (*range(25, 120), *range(630, 740))
    assert any(set(lines) & set(wanted) for lines in map(list, rows))
    assert all(ink(plate) < 0.2 for plate in found)


def test_what_is_no_letter_is_left_out() -> None:
    assert plates(np.full((400, 600), 255, np.uint8)) == []
    assert plates(np.zeros((400, 600), np.uint8)) == []
    alone = Image.new("L", (600, 400), 128)
    ImageDraw.Draw(alone).rectangle((100, 100, 130, 150), fill=0)
    assert plates(np.asarray(alone)) == []
    wide = Image.new("L", (600, 400), 128)
    ImageDraw.Draw(wide).rectangle((0, 0, 599, 80), fill=0)  # a bar that touches the edge
    assert plates(np.asarray(wide)) == []


@pytest.mark.parametrize("shape", [(1, 1), (5, 4_000), (31, 31), (32, 32), (40, 3_000), (3_000, 40)])
def test_any_shape_has_plates_or_none(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    assert all(plate.dtype == np.uint8 for plate in plates(noise))


def test_noise_takes_no_time_and_large_pictures_become_smaller() -> None:
    noise = np.random.default_rng(2).integers(0, 256, (2_400, 3_200), np.uint8)
    assert all(max(plate.shape) <= SIDE for plate in plates(noise))
    assert all(max(plate.shape) <= SIDE for plate in plates(grey(drawing(3, 3_200, 2_400))))

"""What the benchmark of hashes does to pictures is what its table says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.hashes.edits import EDITS, crop, saved
from benchmarks.hashes.photographs import found, photographs, unrelated
from tests.media.drawings import drawing

from hakam.media.picture import luma

pytestmark = pytest.mark.embedded  # values only: one database is enough

PICTURE, OTHER = drawing(1, 640, 480), drawing(2, 640, 480)


@pytest.mark.parametrize("name", EDITS)
def test_each_edit_gives_another_picture_that_can_be_saved(name: str) -> None:
    edited = EDITS[name](PICTURE, OTHER)
    assert edited.dtype == np.uint8
    assert edited.shape != PICTURE.shape or not np.array_equal(edited, PICTURE)
    assert luma(saved(edited)).shape == edited.shape[:2]


def test_edits_leave_the_picture_as_it_was() -> None:
    before = PICTURE.copy()
    for edit in EDITS.values():
        edit(PICTURE, OTHER)
    np.testing.assert_array_equal(PICTURE, before)


def test_a_crop_takes_its_share_from_where_it_is_told() -> None:
    assert crop(PICTURE, 0.1).shape == (432, 576, 3)
    np.testing.assert_array_equal(crop(PICTURE, 0.2, across=0, down=1), PICTURE[96:, :512])


def test_pictures_are_told_from_photographs_by_their_package(tmp_path: Path) -> None:
    for name, seed in (("backgrounds/a.jpg", 1), ("backgrounds/again.jpg", 1), ("clipart/b.png", 2)):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(saved(drawing(seed, 900, 700), 95))
    assert len(found([tmp_path], (".jpg", ".png"))) == 3
    assert len(photographs([tmp_path], 10)) == 1  # the second is a copy of the first
    assert list(unrelated([tmp_path], 10)) == [(tmp_path / "clipart/b.png").read_bytes()]

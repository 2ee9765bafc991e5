"""Edited copies: what a bank's own hashes and a look-up without borders find again."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from tests.media.drawings import drawing, grey

from hakam.media.pdq import DISTANCE, distance, pdq
from hakam.media.picture import Luma8
from hakam.media.variants import ORIENTATIONS, centre, mirror, of_bank, of_query, turned, without_border

pytestmark = pytest.mark.embedded  # values only: one database is enough

PICTURES = [grey(drawing(seed)) for seed in range(4)]
BANK = [of_bank(picture) for picture in PICTURES]


def nearest(seen: Luma8, number: int) -> int:
    return min(distance(one.hash.digest, kept.hash.digest) for one in of_query(seen) for kept in BANK[number])


def framed(picture: Luma8, above: int, aside: int, colour: int) -> Luma8:
    return np.asarray(
        cv2.copyMakeBorder(picture, above, above, aside, aside, cv2.BORDER_CONSTANT, value=colour), np.uint8
    )


def captioned(picture: Luma8) -> Luma8:
    bar = np.full((150, picture.shape[1]), 255, np.uint8)
    for line, text in ((60, "nobody:"), (120, "absolutely nobody at all:")):
        cv2.putText(bar, text, (20, line), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 0, 3)
    return np.vstack([bar, picture])


EDITS = {
    "none": lambda p: p,
    "mirror": mirror,
    "turned 90": lambda p: np.rot90(p).copy(),
    "turned 180": lambda p: np.rot90(p, 2).copy(),
    "turned 270": lambda p: np.rot90(p, 3).copy(),
    "crop 5": lambda p: centre(p, 0.05),
    "crop 8": lambda p: centre(p, 0.08),
    "crop 20": lambda p: centre(p, 0.2),
    "mirror, crop 10": lambda p: mirror(centre(p, 0.1)),
    "tilt 1": lambda p: turned(p, 1),
    "tilt 3": lambda p: turned(p, -3),
    "letterbox": lambda p: framed(p, 90, 0, 0),
    "white frame": lambda p: framed(p, 60, 60, 255),
    "frame in a frame": lambda p: framed(framed(p, 0, 50, 0), 70, 70, 255),
    "meme bar": captioned,
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_copy_is_found_and_only_it(edit: str) -> None:
    for number, picture in enumerate(PICTURES):
        seen = EDITS[edit](picture)
        assert nearest(seen, number) <= DISTANCE
        assert nearest(seen, (number + 1) % len(PICTURES)) > DISTANCE


def test_a_bare_hash_would_miss_most_of_them() -> None:
    """What the variants are for: with these at hand the test above says something."""
    missed = [
        edit
        for edit, apply in EDITS.items()
        if distance(pdq(apply(PICTURES[0])).digest, pdq(PICTURES[0]).digest) > DISTANCE
    ]
    assert len(missed) >= 11


def test_a_bare_hash_in_a_bank_is_found_in_any_orientation() -> None:
    bare = pdq(PICTURES[0]).digest
    for quarter in range(4):
        for seen in (np.rot90(PICTURES[0], quarter), mirror(np.rot90(PICTURES[0], quarter))):
            hashes = of_query(np.ascontiguousarray(seen))
            assert min(distance(one.hash.digest, bare) for one in hashes) <= 2


def test_a_query_can_leave_out_orientations() -> None:
    assert [variant.name for variant in of_query(PICTURES[0], turned=False)] == ["as it is"]
    assert [variant.name for variant in of_query(PICTURES[0])] == list(ORIENTATIONS)


def test_variants_have_names_of_their_own() -> None:
    names = [variant.name for variant in BANK[0]]
    assert len(set(names)) == len(names)
    assert names[0] == "as it is"


def test_a_blank_picture_is_kept_under_no_hash_and_looked_for_under_one() -> None:
    blank = np.full((300, 400), 200, np.uint8)
    assert of_bank(blank) == []
    assert len(of_query(blank)) == 1
    assert not of_query(blank)[0].hash.good


@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_without_border_stays_whole(picture: Luma8) -> None:
    inner = without_border(picture)
    assert inner is None or inner.size > picture.size * 0.5


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3, 3), (200, 300)])
def test_nothing_is_left_of_a_blank_picture(shape: tuple[int, int]) -> None:
    assert without_border(np.zeros(shape, np.uint8)) is None


def test_a_border_is_taken_off_to_the_pixel() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (200, 300), np.uint8)
    inner = without_border(framed(picture, 40, 25, 0))
    assert inner is not None
    np.testing.assert_array_equal(inner, picture)

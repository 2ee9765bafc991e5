"""A picture inside another, cropped anywhere, written over: geometry finds it, and finds nothing that is not there."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from tests.media.drawings import drawing, grey

from hakam.media.landmarks import LEAST_IN_PLACE, compare, landmarks, of_bank, packed, unpacked
from hakam.media.picture import Luma8
from hakam.media.variants import turned

pytestmark = pytest.mark.embedded  # values only: one database is enough

PICTURES = [grey(drawing(seed, 640, 480)) for seed in range(20, 25)]


def written_over(picture: Luma8) -> Luma8:
    out = picture.copy()
    for line in (80, 440):
        cv2.putText(out, "IT NEVER HAPPENED", (20, line), cv2.FONT_HERSHEY_SIMPLEX, 1.8, 255, 8)
    return out


def inside_another(picture: Luma8) -> Luma8:
    out = PICTURES[-1].copy()
    small = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    out[20 : 20 + len(small), 300 : 300 + small.shape[1]] = small
    return out


@pytest.mark.parametrize(
    ("edit", "scale", "degrees"),
    [
        (lambda p: p, 1.0, 0.0),
        (lambda p: p[80:, 100:].copy(), 640 / 640, 0.0),
        (written_over, 1.0, 0.0),
        (lambda p: turned(p, 10), 1.0, -10.0),
    ],
)
def test_an_edited_copy_lies_where_it_was_put(edit, scale: float, degrees: float) -> None:  # noqa: ANN001
    for picture in PICTURES[:-1]:
        place = compare(landmarks(picture), landmarks(edit(picture)))
        assert place is not None
        assert place.in_place >= LEAST_IN_PLACE
        assert place.scale == pytest.approx(scale, abs=0.05)
        assert place.degrees == pytest.approx(degrees, abs=2)


def test_a_picture_in_a_picture_is_found_by_its_half_size() -> None:
    found = 0
    for picture in PICTURES[:-1]:
        seen = landmarks(inside_another(picture))
        found += any(compare(kept, seen) is not None for kept in of_bank(picture))
    assert found == len(PICTURES) - 1


def test_unrelated_pictures_do_not_match() -> None:
    marks = [landmarks(picture) for picture in PICTURES]
    for number, known in enumerate(marks):
        assert all(compare(known, seen) is None for seen in marks[number + 1 :])


@pytest.mark.parametrize("shape", [(1, 1), (10, 10), (40, 900), (300, 300)])
def test_a_picture_without_structure_has_no_landmarks_and_matches_nothing(shape: tuple[int, int]) -> None:
    blank = landmarks(np.full(shape, 90, np.uint8))
    assert blank.points.shape == (0, 2)
    assert blank.marks.shape == (0, 32)
    assert compare(blank, landmarks(PICTURES[0])) is None
    assert compare(landmarks(PICTURES[0]), blank) is None


def test_landmarks_come_back_from_a_bank_as_they_were() -> None:
    sets = (*of_bank(PICTURES[0]), landmarks(np.full((300, 300), 9, np.uint8)))
    back = unpacked(packed(sets))
    assert len(back) == 3
    for one, other in zip(sets, back, strict=True):
        np.testing.assert_array_equal(one.points, other.points)
        np.testing.assert_array_equal(one.marks, other.marks)


@pytest.mark.parametrize("left", [1, 3, 5, 12, 4_000])
def test_landmarks_that_were_cut_short_are_refused(left: int) -> None:
    with pytest.raises(ValueError, match="cut short"):
        unpacked(packed([landmarks(PICTURES[0])])[:left])


def test_fewer_landmarks_in_place_find_more() -> None:
    known, seen = landmarks(PICTURES[0]), landmarks(turned(PICTURES[0], 4))
    place = compare(known, seen)
    assert place is not None
    assert compare(known, seen, place.in_place) == place
    assert compare(known, seen, place.in_place + 1) is None


def test_the_same_comparison_gives_the_same_place() -> None:
    known, seen = landmarks(PICTURES[0]), landmarks(turned(PICTURES[0], 4))
    assert compare(known, seen) == compare(known, seen)

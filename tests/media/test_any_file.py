"""Strangers' files: whatever is cut or changed in one, it gives a picture or says what is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.media.drawings import drawing, file_of, grey

from hakam.media.landmarks import compare, landmarks
from hakam.media.pdq import distance, pdq
from hakam.media.picture import Limits, PictureError, fitted, frames, luma
from hakam.media.trouble import Trouble
from hakam.media.variants import centre, mirror, turned

pytestmark = pytest.mark.embedded  # values only: one database is enough

PIXELS = drawing(11, 160, 120)
STILLS = [Image.fromarray(drawing(seed, 80, 60)) for seed in range(3)]
FILES = {
    "JPEG": file_of(PIXELS, "JPEG", quality=80),
    "PNG": file_of(PIXELS),
    "WEBP": file_of(PIXELS, "WEBP", quality=80),
    "BMP": file_of(PIXELS, "BMP"),
    "GIF": file_of(STILLS[0], "GIF", save_all=True, append_images=STILLS[1:]),
    "TIFF": file_of(PIXELS, "TIFF"),
}
SMALL = Limits(pixels=200_000, frames=4)


def outcome(data: bytes) -> object:
    """Return the shape of the picture, or why there is none."""
    try:
        shapes = [luma(data, SMALL).shape, *(frame.shape for frame in frames(data, SMALL))]
    except PictureError as error:
        return error.trouble
    return max(shapes)


@pytest.mark.parametrize("kind", FILES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_file_cut_anywhere_gives_a_picture_or_a_reason(kind: str, data: st.DataObject) -> None:
    whole = FILES[kind]
    found = outcome(whole[: data.draw(st.integers(0, len(whole) - 1))])
    assert isinstance(found, Trouble) or found == outcome(whole)


@pytest.mark.parametrize("kind", FILES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_file_with_changed_bytes_gives_a_bounded_picture_or_a_reason(
    kind: str, data: st.DataObject
) -> None:
    changed = bytearray(FILES[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, min(len(changed) - 1, 700)))] = data.draw(st.integers(0, 255))
    found = outcome(bytes(changed))
    if not isinstance(found, Trouble):
        assert isinstance(found, tuple)
        assert 0 < found[0] * found[1] <= SMALL.pixels


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF", b"BM", b"II*\x00"]),
    st.binary(max_size=200),
)
def test_noise_behind_a_mark_is_no_picture(mark: bytes, noise: bytes) -> None:
    assert isinstance(outcome(mark + noise), Trouble)


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 400))
def test_a_fitted_picture_keeps_its_shape_and_its_bound(height: int, width: int, side: int) -> None:
    found = fitted(np.zeros((height, width), np.uint8), side)
    assert max(found.shape) == min(max(height, width), side)
    assert min(found.shape) >= 1
    assert abs(found.shape[0] * width - found.shape[1] * height) <= max(height, width)


def test_a_mirror_twice_is_the_picture_and_a_centre_lies_inside() -> None:
    picture = grey(PIXELS)
    np.testing.assert_array_equal(mirror(mirror(picture)), picture)
    for share in (0.05, 0.1, 0.25):
        inner = centre(picture, share)
        assert all(a <= b for a, b in zip(inner.shape, picture.shape, strict=True))
        assert inner.shape[0] == pytest.approx(picture.shape[0] * (1 - share), abs=2)
    assert distance(pdq(turned(picture, 0.0)).digest, pdq(picture).digest) <= 2


@pytest.mark.parametrize("seed", range(4))
def test_a_picture_lies_in_itself_as_it_is_and_in_no_other(seed: int) -> None:
    known = landmarks(grey(drawing(seed)))
    place = compare(known, known)
    assert place is not None
    assert place.scale == pytest.approx(1, abs=0.01)
    assert place.degrees == pytest.approx(0, abs=0.5)
    assert compare(known, landmarks(grey(drawing(seed + 20)))) is None

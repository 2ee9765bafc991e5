"""Files as people see them: whatever their colours, depth and orientation, one picture has one hash."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from tests.media.drawings import drawing, file_of, grey

from hakam.media.pdq import distance, pdq
from hakam.media.picture import Limits, PictureError, Trouble, fitted, frames, luma, plain_hash

pytestmark = pytest.mark.embedded  # values only: one database is enough

NEAR = 6  # bits that another encoding of the same picture may cost
PIXELS = drawing(11)
IMAGE = Image.fromarray(PIXELS)
HASH = pdq(grey(PIXELS)).digest


def turned_by_exif(kind: str) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise to see it
    return file_of(IMAGE.transpose(Image.Transpose.ROTATE_90), kind, exif=exif)


def on_transparent_ground() -> tuple[bytes, bytes]:
    """Return a picture on a transparent ground whose hidden colours are noise, and the same on white."""
    shape = np.zeros(PIXELS.shape[:2], bool)
    shape[100:500, 150:650] = True
    noise = np.random.default_rng(1).integers(0, 256, PIXELS.shape, np.uint8)
    layered = np.dstack([np.where(shape[..., None], PIXELS, noise), np.where(shape, 255, 0)])
    white = np.where(shape[..., None], PIXELS, 255).astype(np.uint8)
    return file_of(layered.astype(np.uint8)), file_of(white)


FILES = {
    "png": file_of(IMAGE),
    "jpeg": file_of(IMAGE, "JPEG", quality=85),
    "progressive": file_of(IMAGE, "JPEG", quality=85, progressive=True),
    "cmyk jpeg": file_of(IMAGE.convert("CMYK"), "JPEG", quality=90),
    "cmyk tiff": file_of(IMAGE.convert("CMYK"), "TIFF"),
    "palette": file_of(IMAGE.convert("P", palette=Image.Palette.ADAPTIVE)),
    "gif": file_of(IMAGE, "GIF"),
    "alpha": file_of(IMAGE.convert("RGBA")),
    "grey with alpha": file_of(IMAGE.convert("LA")),
    "webp": file_of(IMAGE, "WEBP", quality=90),
    "bmp": file_of(IMAGE, "BMP"),
    "16 bits": file_of(Image.fromarray(grey(PIXELS).astype(np.uint16) * 257)),
    "turned jpeg": turned_by_exif("JPEG"),
    "turned png": turned_by_exif("PNG"),
    "floats": file_of(Image.fromarray(grey(PIXELS).astype(np.float32) / 255), "TIFF"),
}


@pytest.mark.parametrize("name", FILES)
def test_one_picture_has_one_hash(name: str) -> None:
    assert distance(pdq(luma(FILES[name])).digest, HASH) <= NEAR


def test_what_is_transparent_is_seen_as_white() -> None:
    layered, white = on_transparent_ground()
    np.testing.assert_array_equal(luma(layered), luma(white))


@pytest.mark.parametrize("name", FILES)
def test_its_plain_hash_is_that_one_too(name: str) -> None:
    assert distance(plain_hash(FILES[name]).digest, HASH) <= NEAR


def test_an_animation_gives_frames_from_all_its_length() -> None:
    pictures = [Image.fromarray(drawing(seed, 200, 160)) for seed in range(12)]
    moving = file_of(pictures[0], "GIF", save_all=True, append_images=pictures[1:])
    found = list(frames(moving, Limits(frames=4)))
    assert len(found) == 4
    for frame, seed in zip(found, (0, 3, 6, 9), strict=True):
        assert distance(pdq(frame).digest, pdq(grey(drawing(seed, 200, 160))).digest) <= 2 * NEAR


@pytest.mark.parametrize("name", ["png", "jpeg"])
def test_a_still_picture_has_one_frame(name: str) -> None:
    assert len(list(frames(FILES[name]))) == 1


@pytest.mark.parametrize(
    ("data", "trouble"),
    [
        (b"", Trouble.EMPTY),
        (b"no picture at all, but text", Trouble.NOT_A_PICTURE),
        (b"%PDF-1.7\n%more", Trouble.NOT_A_PICTURE),
        (FILES["jpeg"][:2_000], Trouble.DAMAGED),
        (FILES["jpeg"][:12], Trouble.DAMAGED),
        (FILES["png"][:5_000], Trouble.DAMAGED),
        (FILES["webp"][:3_000], Trouble.DAMAGED),
        (b"\xff\xd8\xff" + bytes(500), Trouble.DAMAGED),
    ],
)
def test_a_bad_file_says_what_is_wrong(data: bytes, trouble: Trouble) -> None:
    with pytest.raises(PictureError) as caught:
        luma(data)
    assert caught.value.trouble is trouble
    assert str(caught.value).startswith(trouble.value)


@pytest.mark.parametrize("name", ["png", "jpeg", "gif", "turned jpeg"])
def test_a_picture_beyond_the_limit_is_not_decoded(name: str) -> None:
    with pytest.raises(PictureError) as caught:
        luma(FILES[name], Limits(pixels=1_000))
    assert caught.value.trouble is Trouble.TOO_LARGE


def test_a_bomb_is_refused_by_its_header() -> None:
    bomb = file_of(Image.new("1", (30_000, 30_000)))
    assert len(bomb) < 1_000_000
    with pytest.raises(PictureError) as caught:
        luma(bomb)
    assert caught.value.trouble is Trouble.TOO_LARGE


def test_fitting_never_enlarges() -> None:
    picture = grey(PIXELS)
    assert fitted(picture, 400).shape == (300, 400)
    assert fitted(picture, 5_000) is picture
    assert fitted(np.zeros((3, 3_000), np.uint8), 100).shape == (1, 100)

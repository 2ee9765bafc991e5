"""Files as people see them: whatever their colours, depth and orientation, one picture has one hash."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps
from tests.media.drawings import drawing, file_of, grey

from hakam.media.pdq import distance, pdq
from hakam.media.picture import Limits, PictureError, coloured, fitted, frames, luma, plain_hash, shown
from hakam.media.trouble import Trouble

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


SHOWN = ("png", "jpeg", "progressive", "cmyk jpeg", "gif", "bmp", "turned jpeg", "turned png")


@pytest.mark.parametrize("name", SHOWN)
def test_a_file_without_its_end_shows_its_picture_all_the_same(name: str) -> None:
    """Every browser shows such a file whole: who lacks its last bytes must not be unseen."""
    cut = FILES[name][:-3]
    (picture,) = shown(cut)
    assert distance(pdq(picture).digest, HASH) <= NEAR
    (seen,) = coloured(cut, damaged=True)
    assert seen.size == picture.shape[::-1]


@pytest.mark.parametrize("name", ["png", "jpeg", "cmyk jpeg", "bmp"])
def test_of_a_file_that_is_cut_what_is_left_is_shown(name: str) -> None:
    whole, cut = luma(FILES[name]), FILES[name][: len(FILES[name]) * 6 // 10]
    (picture,) = shown(cut)
    assert picture.shape == whole.shape
    rows = slice(None, whole.shape[0] // 3)
    if name == "bmp":  # it begins at the foot
        rows = slice(-whole.shape[0] // 3, None)
    assert np.abs(picture[rows].astype(int) - whole[rows]).mean() < 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("grey_only", [False, True])
def test_every_orientation_is_turned_as_pillow_turns_it(orientation: int, *, grey_only: bool) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = file_of(IMAGE.convert("L") if grey_only else IMAGE, exif=exif)
    wanted = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("L")
    np.testing.assert_array_equal(luma(data), np.asarray(wanted))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "exif", [b"Exif\x00\x00no TIFF", b"Exif\x00\x00II*\x00\xff\xff\xff\xff", b"Exif\x00\x00"]
)
def test_exif_that_can_not_be_read_hides_no_picture(kind: str, exif: bytes) -> None:
    data = file_of(IMAGE, kind, exif=exif)
    assert distance(pdq(luma(data)).digest, HASH) <= NEAR
    assert len(list(coloured(data))) == 1


def test_frames_before_the_break_are_shown() -> None:
    pictures = [Image.fromarray(drawing(seed, 200, 160)) for seed in range(4)]
    moving = file_of(pictures[0], "GIF", save_all=True, append_images=pictures[1:])
    found = list(shown(moving[: len(moving) * 7 // 10], Limits(frames=8)))
    assert 2 <= len(found) <= 4
    assert distance(pdq(found[1]).digest, pdq(grey(drawing(1, 200, 160))).digest) <= 2 * NEAR


def chunk(kind: bytes, body: bytes, *, right: bool = True) -> bytes:
    return (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body) ^ (not right))
    )


BOMB = zlib.compress(bytes(20_000_000))
TRICKS = {
    "a bomb of text": ("png", 33, chunk(b"zTXt", b"k\0\0" + BOMB)),
    "a bomb of colours": ("png", 33, chunk(b"iCCP", b"k\0\0" + BOMB)),
    "a checksum of a remark": ("png", 33, chunk(b"tEXt", b"k\0v", right=False)),
    "a measure cut short": ("png", 33, chunk(b"pHYs", b"\0")),
    "colours that are none": ("jpeg", 2, b"\xff\xe2\x00\x13ICC_PROFILE\0\x09\x01abc"),
    "a list of pictures": ("jpeg", 2, b"\xff\xe2\x00\x0aMPF\0MM\0*"),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_what_readers_stumble_over_and_browsers_pass_over_hides_no_picture(trick: str) -> None:
    name, at, more = TRICKS[trick]
    data = FILES[name][:at] + more + FILES[name][at:]
    try:
        picture = luma(data)
    except PictureError:
        (picture,) = shown(data)
    assert distance(pdq(picture).digest, HASH) <= NEAR


@pytest.mark.parametrize(
    "data",
    [
        FILES["jpeg"][:2_000],
        FILES["png"][:5_000],
        FILES["webp"][:-3],  # no browser shows it either
        b"\xff\xd8\xff" + bytes(500),
        file_of(Image.new("L", (400, 300), 90)),
    ],
)
def test_too_little_is_no_picture(data: bytes) -> None:
    with pytest.raises(PictureError) as caught:
        list(shown(data))
    assert caught.value.trouble in {Trouble.DAMAGED, Trouble.NOT_A_PICTURE}


def test_patience_ends_with_the_file() -> None:
    list(shown(FILES["png"][:-3]))
    with pytest.raises(PictureError):
        luma(FILES["png"][: len(FILES["png"]) // 2])


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

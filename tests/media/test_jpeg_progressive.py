"""Progressive JPEGs hashed from their first passes: near the hash of all pixels, or left to the library."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.media.damaged import MOST, DamagedFiles
from tests.media.drawings import drawing, file_of, grey
from tests.media.progressive import Pass, blocks_of, written
from tests.media.test_jpeg import BOUNDS_CHECKED, apart, short

from hakam.media import jpeg_progressive
from hakam.media.jpeg import EXACT, REDUCED, pdq_of_jpeg
from hakam.media.jpeg_head import UnfitError, before_data
from hakam.media.jpeg_passes import end_of_data
from hakam.media.pdq import distance, pdq
from hakam.media.picture import luma, plain_hash

pytestmark = pytest.mark.embedded  # values only: one database is enough

PIXELS = drawing(7, 900, 700)
JPEG = file_of(PIXELS, "JPEG", quality=85, progressive=True)
GREY = grey(drawing(3, 557, 519))
CHROMA = [grey(drawing(seed, 557, 519)) for seed in (4, 5)]


@pytest.mark.parametrize(
    "options",
    [
        {"quality": 85},
        {"quality": 85, "subsampling": 0},
        {"quality": 75, "subsampling": 1},
        {"quality": 50},
        {"quality": 100, "subsampling": 0},
        {"quality": 85, "restart_marker_rows": 1},
        {"quality": 85, "restart_marker_blocks": 3, "subsampling": 0},
        {"quality": 85, "restart_marker_blocks": 1},
    ],
    ids=str,
)
def test_the_first_passes_give_nearly_the_hash_of_all_pixels(options: dict[str, Any]) -> None:
    for seed, (width, height) in enumerate([(900, 700), (513, 1021), (641, 512)]):
        data = file_of(drawing(seed, width, height), "JPEG", progressive=True, **options)
        assert apart(data, kept=EXACT) <= 6
        assert apart(data, kept=REDUCED) <= 8
        assert abs(short(data).quality - pdq(luma(data)).quality) <= 3


def test_a_grey_picture_is_read() -> None:
    assert apart(file_of(Image.fromarray(PIXELS).convert("L"), "JPEG", progressive=True)) <= 4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_turned_as_its_exif_says(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    for size in ((900, 700), (701, 901)):
        assert apart(file_of(drawing(3, *size), "JPEG", progressive=True, exif=exif)) <= 4


def test_what_libraries_write_we_write_as_well() -> None:
    """The files that are made here by hand are sound: Pillow sees the same picture in them."""
    seen = luma(written([GREY])).astype(int)
    assert np.abs(seen - GREY).mean() < 1.5
    assert apart(written([GREY])) <= 4


@pytest.mark.parametrize(
    "passes",
    [
        (Pass((0,), 0, 0), Pass((0,), 1, 63)),
        (Pass((0,), 0, 0), Pass((0,), 1, 2), Pass((0,), 3, 5), Pass((0,), 6, 63)),
        (Pass((0,), 0, 0, 0, 2), Pass((0,), 0, 0, 2, 1), Pass((0,), 1, 63), Pass((0,), 0, 0, 1, 0)),
        (Pass((0,), 0, 0), Pass((0,), 1, 9, 0, 1), Pass((0,), 10, 63), Pass((0,), 1, 9, 1, 0)),
        (Pass((0,), 0, 0), Pass((0,), 1, 1), Pass((0,), 2, 63, 0, 1), Pass((0,), 2, 63, 1, 0)),
    ],
)
@pytest.mark.parametrize("how", [{}, {"interval": 7}, {"long": True}, {"interval": 1, "long": True}], ids=str)
def test_passes_may_come_in_any_sound_order(passes: tuple[Pass, ...], how: dict[str, Any]) -> None:
    data = written([GREY], passes, **how)
    assert np.abs(luma(data).astype(int) - GREY).mean() < 1.5
    assert apart(data) <= 4


@pytest.mark.parametrize("together", [True, False])
def test_chroma_is_passed_over(together: bool) -> None:
    every = (0, 1, 2)
    constants = [Pass(every, 0, 0, 0, 1)] if together else [Pass((n,), 0, 0, 0, 1) for n in every]
    finer = [Pass(every, 0, 0, 1, 0)] if together else [Pass((n,), 0, 0, 1, 0) for n in (2, 0, 1)]
    passes = [
        *constants,
        *(Pass((n,), 1, 63, 0, 1) for n in (1, 0, 2)),
        *finer,
        *(Pass((n,), 1, 63, 1, 0) for n in every),
    ]
    for interval in (0, 5):
        data = written([GREY, *CHROMA], passes, interval=interval)
        assert np.abs(luma(data).astype(int) - GREY).mean() < 1.5
        assert apart(data) <= 4


def frequencies(data: bytes, kept: int, side: int) -> NDArray[np.float32]:
    """Return what is read of a file, (down, across, kept), in zigzag order."""
    told, scan, start = before_data(data)
    rows = jpeg_progressive.frequencies(data, told, scan, start, kept=kept, side=side)
    tiles = rows.reshape(rows.shape[0] // side, side, -1, side).transpose(0, 2, 1, 3)
    places = ((0, 0), (0, 1), (1, 0), (2, 0), (1, 1), (0, 2))[:kept]
    return np.stack([tiles[:, :, down, across] for down, across in places], axis=2)


@pytest.mark.parametrize(("kept", "side"), [(1, 1), (3, 2), (6, 3)])
@pytest.mark.parametrize("missing", [0, 1, 2])
@pytest.mark.parametrize("how", [{}, {"interval": 11}, {"long": True}, {"coarse": True}], ids=str)
def test_each_frequency_is_what_was_written_but_for_bits_that_come_later(
    kept: int, side: int, missing: int, how: dict[str, Any]
) -> None:
    colours = "coarse" in how
    passes = [
        Pass((0,), 0, 0, 0, 2),
        *((Pass((1,), 0, 0), Pass((2,), 0, 0)) if colours else ()),
        Pass((0,), 0, 0, 2, 1),
        Pass((0,), 1, 63, 0, missing),
        *(Pass((0,), 1, 63, n + 1, n) for n in range(missing - 1, -1, -1)),
        Pass((0,), 0, 0, 1, 0),
        *((Pass((1,), 1, 63), Pass((2,), 1, 63)) if colours else ()),
    ]
    small = GREY[:119, :157]
    planes = [small, *(plane[:119:2, :157:2] for plane in CHROMA)] if colours else [small]
    data = written(planes, passes, quantum=3, **how)
    assert np.abs(luma(data).astype(int) - small).mean() < 1.5
    wanted = blocks_of(small, 3)
    found = frequencies(data, kept, side)[: wanted.shape[0], : wanted.shape[1]] / 3
    assert (found[..., 0] == wanted[..., 0]).all()
    assert np.abs(found[..., 1:] - wanted[..., 1:kept]).max(initial=0) <= (1 << missing) - 1
    assert missing or (found == wanted[..., :kept]).all()


DC, AC = Pass((0,), 0, 0), Pass((0,), 1, 63)


@pytest.mark.parametrize(
    ("passes", "why"),
    [
        ((AC,), "no constants"),
        ((DC,), "nothing but constants, which libraries smooth"),
        ((DC, DC, AC), "constants twice: which of the two is the picture?"),
        ((DC, AC, AC), "frequencies twice"),
        ((DC, AC, Pass((0,), 2, 3)), "some of them twice"),
        ((DC, Pass((0,), 3, 63)), "lower ones never"),
        ((Pass((0,), 0, 0, 0, 1), AC), "the last bit of the constants never"),
        ((Pass((0,), 0, 0, 0, 2), Pass((0,), 0, 0, 1, 0), AC), "a bit left out"),
        ((DC, Pass((0,), 0, 0, 1, 0), AC), "a bit too many"),
        ((DC, Pass((0,), 1, 63, 0, 1)), "the last bit of the frequencies never"),
        ((DC, Pass((0,), 1, 63, 0, 1), Pass((0,), 3, 63, 1, 0)), "of some of them never"),
        ((DC, Pass((0,), 1, 63, 1, 0), AC), "the last bit before the first"),
        ((DC, Pass((0,), 1, 63, 0, 5), *(Pass((0,), 1, 63, n + 1, n) for n in range(4, -1, -1))), "too much"),
    ],
)
def test_passes_that_may_hide_another_picture_are_left_to_the_library(
    passes: tuple[Pass, ...], why: str
) -> None:
    assert pdq_of_jpeg(written([GREY], passes), MOST) is None, why


@pytest.mark.parametrize(
    "between",
    [
        b"\xff\xdb\x00\x43\x00" + bytes([200]) * 64,
        b"\xff\xdc\x00\x04\x02\x00",
        b"\xff\xc2\x00\x0b\x08\x02\x07\x02\x2d\x01\x01\x11\x00",
        b"\xff\xd8",
        b"\xff\xf0\x00\x02",
    ],
    ids=["other steps", "other height", "another frame", "another picture", "an extension"],
)
def test_what_changes_the_picture_between_passes_is_left_to_the_library(between: bytes) -> None:
    assert pdq_of_jpeg(written([GREY], between=between), MOST) is None


@pytest.mark.parametrize(
    "between", [b"\xff\xfe\x00\x04hi", b"\xff\xff\xff\xe2\x00\x02", b"\xff\xdd\x00\x04\x00\x00"]
)
def test_what_says_nothing_between_passes_is_passed_over(between: bytes) -> None:
    assert apart(written([GREY], between=between)) <= 4


def test_another_orientation_between_passes_is_not_heeded() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    body = b"Exif\x00\x00" + exif.tobytes()[6:]
    between = b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body
    assert apart(written([GREY], between=between)) <= 4


def test_more_passes_than_any_program_writes_are_left_to_the_library() -> None:
    planes = [plane[:16, :24] for plane in (GREY, *CHROMA)]
    passes = [Pass((0, 1, 2), 0, 0), AC, Pass((1,), 1, 63), Pass((2,), 1, 63)]
    assert frequencies(written(planes, passes), 3, 2).shape == (2, 3, 3)
    with pytest.raises(UnfitError):
        frequencies(written(planes, [*passes, *[Pass((1,), 1, 63)] * 200]), 3, 2)


class TestDamagedFiles(DamagedFiles):
    jpeg = JPEG


def test_no_file_makes_it_read_or_write_elsewhere(tmp_path: Path) -> None:
    """With the compiler's own check of every index, which would end it by an error."""
    files = [
        file_of(drawing(1, 560, 520), "JPEG", quality=75, progressive=True),
        file_of(drawing(2, 560, 520), "JPEG", progressive=True, restart_marker_blocks=2, subsampling=0),
        written([GREY]),
        written([GREY], [DC, AC], interval=9, long=True),
    ]
    for number, data in enumerate(files):
        (tmp_path / f"{number}.jpg").write_bytes(data)
    checked = {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", BOUNDS_CHECKED, str(tmp_path), "2", "1500"],
        env=os.environ | checked,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    assert (
        int(done.stdout.split()[1]) > 20
    )  # some are still whole enough, so the passes themselves were reached


def test_the_end_of_a_pass_is_the_next_marker_that_ends_it() -> None:
    def end(data: bytes, start: int = 0) -> int:
        return int(end_of_data(np.frombuffer(data, np.uint8), start))

    assert end(b"abc\xff\xda") == 3
    assert end(b"abcdefghij\xff\x00klm\xff\xd7nopqrstuvwxyz\xff\xc4") == 30
    assert end(b"ab\xff\xff\xda") == 2
    assert end(b"\xff\xdaabc\xff\xd9", 2) == 5
    assert end(b"") == end(b"a") == end(b"\xff") == end(b"abcdefghijk\xff") == end(b"\xff\x00\xff\xd0") == -1


def test_the_hash_of_a_progressive_file_is_that_of_its_baseline_twin() -> None:
    for seed in range(4):
        pixels = drawing(seed, 900, 700)
        one, other = (file_of(pixels, "JPEG", quality=85, progressive=way) for way in (True, False))
        assert distance(plain_hash(one).digest, plain_hash(other).digest) <= 6

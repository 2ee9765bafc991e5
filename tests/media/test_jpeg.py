"""JPEGs hashed from their frequencies: the hash that all pixels give, or none, whatever the file."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.media.damaged import MOST, DamagedFiles
from tests.media.drawings import drawing, file_of

from hakam.media.jpeg import EXACT, REDUCED, pdq_of_jpeg
from hakam.media.jpeg_scan import LOOK, MARGIN, tables, unstuffed
from hakam.media.pdq import Pdq, distance, pdq
from hakam.media.picture import PictureError, luma, plain_hash

pytestmark = pytest.mark.embedded  # values only: one database is enough

PIXELS = drawing(7, 900, 700)
JPEG = file_of(PIXELS, "JPEG", quality=85)
SPOTTED = drawing(8, 560, 530) ^ np.random.default_rng(8).integers(0, 64, (530, 560, 3), np.uint8)


def short(data: bytes, **kept: int) -> Pdq:
    found = pdq_of_jpeg(data, MOST, **kept)
    assert found is not None, "it took the long way"
    return found


def apart(data: bytes, **kept: int) -> int:
    """Return how many bits the short way is from that of all pixels."""
    return distance(short(data, **kept).digest, pdq(luma(data)).digest)


@pytest.mark.parametrize(
    "options",
    [
        {"quality": 85},
        {"quality": 85, "subsampling": 0},
        {"quality": 85, "subsampling": 1},
        {"quality": 30},
        {"quality": 100, "subsampling": 0},
        {"quality": 97, "optimize": True},
        {"quality": 85, "restart_marker_rows": 1},
        {"quality": 85, "restart_marker_blocks": 3, "subsampling": 0},
        {"quality": 85, "restart_marker_blocks": 1, "optimize": True},
    ],
    ids=str,
)
def test_six_frequencies_give_the_hash_of_all_pixels(options: dict[str, Any]) -> None:
    for seed, (width, height) in enumerate([(900, 700), (513, 1021), (641, 512)]):
        data = file_of(drawing(seed, width, height), "JPEG", **options)
        assert apart(data, kept=EXACT) <= 4
        assert abs(short(data, kept=EXACT).quality - pdq(luma(data)).quality) <= 2


def test_three_frequencies_come_near() -> None:
    for seed in range(6):
        assert apart(file_of(drawing(seed, 900, 700), "JPEG"), kept=REDUCED) <= 8


def test_codes_longer_than_the_tables_are_read() -> None:
    data = file_of(SPOTTED, "JPEG", quality=98, optimize=True, subsampling=0)
    at = data.find(b"\xff\xc4")
    longest = 0
    while at >= 0:
        lengths = [data[at + 5 + n] for n in range(16)]
        longest = max(longest, *(n + 1 for n, count in enumerate(lengths) if count))
        at = data.find(b"\xff\xc4", at + 2)
    assert longest > LOOK
    assert apart(data) <= 4


def test_a_grey_picture_is_read() -> None:
    assert apart(file_of(Image.fromarray(PIXELS).convert("L"), "JPEG")) <= 4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_turned_as_its_exif_says(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    for size in ((900, 700), (701, 901)):
        assert apart(file_of(drawing(3, *size), "JPEG", exif=exif)) <= 2


def test_an_orientation_that_does_not_exist_is_none() -> None:
    exif = Image.Exif()
    exif[0x0112] = 77
    assert short(file_of(PIXELS, "JPEG", exif=exif)) == short(file_of(PIXELS, "JPEG"))


@pytest.mark.parametrize(
    "data",
    [
        file_of(Image.fromarray(PIXELS).convert("CMYK"), "JPEG"),
        file_of(PIXELS, "JPEG", keep_rgb=True),
        file_of(drawing(1, 600, 511), "JPEG"),
        file_of(PIXELS, "PNG"),
        JPEG[:-2],
        JPEG[:-2] + b"\x00\x00\xff\xd9",
        JPEG.replace(b"\xff\xda", b"\xff\xdc", 1),
        b"\xff\xd8\xff",
        b"",
    ],
    ids=[
        "CMYK",
        "RGB",
        "small",
        "PNG",
        "no end",
        "more than said",
        "no scan",
        "a mark",
        "empty",
    ],
)
def test_what_only_a_library_can_judge_takes_the_long_way(data: bytes) -> None:
    assert pdq_of_jpeg(data, MOST) is None


def test_too_many_pixels_are_left_to_who_says_so() -> None:
    assert pdq_of_jpeg(JPEG, 900 * 700) is not None
    assert pdq_of_jpeg(JPEG, 900 * 700 - 1) is None


class TestDamagedFiles(DamagedFiles):
    jpeg = JPEG


BOUNDS_CHECKED = """
import random, sys
from pathlib import Path
from hakam.media.jpeg import pdq_of_jpeg
files = [path.read_bytes() for path in sorted(Path(sys.argv[1]).glob("*.jpg"))]
chance = random.Random(int(sys.argv[2]))
read = 0
for number in range(int(sys.argv[3])):
    data = bytearray(chance.choice(files))
    for _ in range(chance.choice((1, 2, 5, 50))):
        data[chance.randrange(2, chance.choice((700, len(data))))] = chance.choice((0, 255, chance.randrange(256)))
    if chance.random() < 0.2:
        del data[chance.randrange(len(data)) :]
    read += pdq_of_jpeg(bytes(data), 10_000_000, kept=chance.choice((3, 6))) is not None
print("read", read)
"""


def test_no_file_makes_it_read_or_write_elsewhere(tmp_path: Path) -> None:
    """With the compiler's own check of every index, which would end it by an error."""
    for number, options in enumerate(
        ({}, {"restart_marker_blocks": 2}, {"optimize": True, "subsampling": 0})
    ):
        data = file_of(drawing(number, 560, 520), "JPEG", quality=75, **options)
        (tmp_path / f"{number}.jpg").write_bytes(data)
    checked = {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", BOUNDS_CHECKED, str(tmp_path), "1", "1500"],
        env=os.environ | checked,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    assert int(done.stdout.split()[1]) > 20  # some are still whole enough, so the scan itself was reached


def test_a_code_that_cannot_be_is_refused() -> None:
    counts = np.zeros(16, np.int64)
    counts[0] = 3  # three codes of one bit
    assert not tables(counts, np.array([1, 2, 3]))[0]
    counts[0] = 1
    assert tables(counts, np.array([1]))[0]
    assert not tables(counts, np.array([0x30]))[0]  # three zeros and no value: reserved


def test_bits_are_taken_out_of_their_stuffing() -> None:
    def plain(data: bytes, most: int = 8) -> tuple[int, int, bytes, list[int]]:
        out, ends = np.zeros(len(data) + MARGIN, np.uint8), np.zeros(most, np.int64)
        stretches, marker, size = unstuffed(np.frombuffer(data, np.uint8), 0, out, ends)
        return stretches, marker, out[:size].tobytes(), ends[:stretches].tolist()

    long = bytes(range(255)) * 3
    assert plain(long + b"\xff\x00" + long + b"\xff\xd9junk") == (
        1,
        0xD9,
        long + b"\xff" + long,
        [len(long) * 2 + 1],
    )
    assert plain(b"ab\xff\xd0c\xff\xd1\xff\xd9") == (3, 0xD9, b"abc", [2, 3, 3])
    assert plain(b"ab\xff\xd1c\xff\xd9")[0] == 0  # the first is 0
    assert plain(b"ab\xff\xd0c\xff\xd1\xff\xd9", most=2)[0] == 0
    assert plain(b"ab\xff") == (0, 0, b"ab", [])
    assert plain(b"") == (0, 0, b"", [])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 9))
def test_stuffing_is_the_inverse_of_taking_it_out(data: bytes, before: int) -> None:
    stuffed = bytes(before) + data.replace(b"\xff", b"\xff\x00") + b"\xff\xd9"
    out, ends = np.zeros(len(stuffed) + MARGIN, np.uint8), np.zeros(1, np.int64)
    stretches, marker, size = unstuffed(np.frombuffer(stuffed, np.uint8), before, out, ends)
    assert (stretches, marker, out[:size].tobytes(), ends[0]) == (1, 0xD9, data, len(data))


def test_every_picture_has_a_plain_hash_and_what_is_none_says_why() -> None:
    for data in (
        JPEG,
        file_of(PIXELS),
        file_of(PIXELS, "JPEG", progressive=True),
        file_of(drawing(1, 90, 70)),
    ):
        assert distance(plain_hash(data).digest, pdq(luma(data)).digest) <= 4
    for data in (JPEG[:5_000], b"", b"\xff\xd8\xff\xe0 no", b"text"):
        with pytest.raises(PictureError):
            plain_hash(data)


def test_a_blank_has_no_quality() -> None:
    assert short(file_of(Image.new("RGB", (600, 600), "white"), "JPEG")).quality == 0


def test_threads_do_not_disturb_each_other() -> None:
    files = [file_of(drawing(seed, 640, 520), "JPEG") for seed in range(4)]
    wanted = [short(data) for data in files]
    order = [number * 7 % 4 for number in range(60)]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda n: short(files[n]), order)) == [wanted[n] for n in order]

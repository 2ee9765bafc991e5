"""The benchmark of edited copies counts what it says: near hashes, landmarks in place, and false matches."""

from __future__ import annotations

import pytest
from benchmarks.hashes.edits import EDITS, saved
from benchmarks.media.pictures import IN_PLACE, RADII, false_matches, kept, most_in_place, nearest, recall
from tests.media.drawings import drawing

from hakam.media.picture import luma

pytestmark = pytest.mark.embedded  # values only: one database is enough
PHOTOS = [drawing(seed, 640, 480) for seed in (1, 2)]


def test_a_copy_is_near_and_in_place_and_another_picture_is_neither() -> None:
    bank = [kept(photo) for photo in PHOTOS]
    same, other = luma(saved(PHOTOS[0])), luma(saved(drawing(9, 640, 480)))
    assert nearest(bank[0].digests, same) < 8
    assert most_in_place(bank, same) > 50
    assert nearest(bank[0].digests, other) > 31
    assert most_in_place(bank, other) < 12


def test_the_table_has_a_row_for_each_edit_and_its_means(capsys: pytest.CaptureFixture[str]) -> None:
    recall(PHOTOS)
    rows = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert [row[0].strip() for row in rows[2:]] == [*EDITS, "**mean**", "**least**"]
    assert {len(row) for row in rows} == {3 + len(RADII) + len(IN_PLACE)}
    shares = {row[0].strip(): [float(cell) for cell in row[1:]] for row in rows[2:]}
    assert shares["mirror"][0] == 0
    assert shares["mirror"][-1] == 100
    assert shares["noise"][:4] == [100] * 4


def test_false_matches_are_counted_and_files_that_are_no_picture_passed_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    false_matches(PHOTOS, [saved(drawing(9, 640, 480)), b"nothing", saved(PHOTOS[1], 60)])
    said = capsys.readouterr().out
    assert "2 unrelated pictures against 2 photographs" in said
    assert "| 31 bits | 1 |" in said
    assert "| 12 landmarks in place | 1 |" in said

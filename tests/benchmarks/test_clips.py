"""The benchmark of edited clips makes real clips, and counts copies and false matches as it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.media import clips
from benchmarks.media.clips import EDITS, Known, Seen, made, recall, speed, within
from tests.media.clip_files import clip

from hakam.media.ffmpeg import opened

pytestmark = pytest.mark.embedded  # values only: one database is enough
FEW = ("mirror", "picture in picture")


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    out = []
    for number, seeds in enumerate(((1, 2), (7, 8))):
        path = tmp_path / f"{number}.mp4"
        path.write_bytes(clip(seeds))
        out.append(path)
    return out


@pytest.mark.parametrize("name", [name for name in EDITS if name not in {"noise", "grey"}][::4])
def test_each_edit_gives_another_clip_that_can_be_read(paths: list[Path], name: str) -> None:
    edited = made(EDITS[name], paths[:1])
    assert edited != paths[0].read_bytes()
    with opened(edited) as file:
        assert len(list(file.frames(1.0))) >= 1


def test_a_clip_within_other_footage_is_as_long_as_all_of_it(paths: list[Path]) -> None:
    with opened(within(*paths)) as file:
        assert file.told.seconds == pytest.approx(12, abs=0.3)


def test_a_copy_is_near_and_another_clip_is_not(paths: list[Path]) -> None:
    known = Known(paths[0].read_bytes())
    same, other = Seen(made(EDITS["mirror"], paths[:1])), Seen(paths[1].read_bytes())
    share, moments = same.shares(known)
    assert share == 1.0
    assert moments > 1
    assert same.placed(known)
    assert other.shares(known) == (0.0, 0.0)
    assert not other.placed(known)


def test_the_table_has_a_row_for_each_edit_and_its_means(
    paths: list[Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clips, "EDITS", {name: EDITS[name] for name in FEW})
    recall(paths)
    said = capsys.readouterr().out
    rows = [line.split("|")[1:-1] for line in said.splitlines() if line.startswith("|")]
    assert [row[0].strip() for row in rows[2:]] == [*FEW, "within other footage", "**mean**", "**least**"]
    shares = {row[0].strip(): [float(cell) for cell in row[1:]] for row in rows[2:]}
    assert shares["mirror"] == [100.0, 100.0, 100.0, 100.0, 100.0]
    assert shares["picture in picture"][0] == 0.0
    assert shares["picture in picture"][-1] == 100.0
    assert "2 pairs of other clips: 0 found by frames, 0 by landmarks" in said


def test_speed_is_told_for_both_ways(paths: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    speed(paths[0])
    said = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in said] == ["query", "bank"]
    assert all("times real time" in line for line in said)

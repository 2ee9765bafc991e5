"""The worker keeps snapshots fresh, and spends little on it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.enforcement.conftest import Stage, play

from hakam.live.edge import EdgeFolder
from hakam.live.edge_keys import signing_key
from hakam.live.keeping import SHARE, EdgeKeeper
from hakam.live.questions import Question
from hakam.live.snapshot import Snapshot
from hakam.vocabulary.measure import Measure, MeasureKind

__all__ = ["play"]
pytestmark = pytest.mark.django_db
KEY = signing_key("test")


def test_only_platforms_that_asked_for_it_have_a_snapshot(tmp_path: Path, play: Stage) -> None:
    assert EdgeKeeper(tmp_path, lambda: "test").keep(play.now) == 0
    assert not (tmp_path / "edge").exists()


def test_who_is_barred_is_in_the_next_delta(tmp_path: Path, play: Stage) -> None:
    folder, keeper = EdgeFolder(tmp_path, "maydan"), EdgeKeeper(tmp_path, lambda: "test", clock=lambda: 0.0)
    folder.build(KEY, now=play.now)
    assert keeper.keep(play.now) == 0
    play.restrict(Measure(MeasureKind.BAR_FROM_LIVE, days=30))
    assert keeper.keep(play.later(seconds=10)) == 1
    assert keeper.keep(play.now) == 0
    read = Snapshot(folder.base.read_bytes(), folder.delta.read_bytes(), KEY.public_key())
    assert read.barred(Question.LIVE, "u1")


def test_it_rests_nineteen_times_as_long_as_it_worked(tmp_path: Path, play: Stage) -> None:
    EdgeFolder(tmp_path, "maydan").build(KEY, now=play.now)
    play.restrict(Measure(MeasureKind.BAR_FROM_LIVE, days=30))
    play.later(seconds=10)
    moments = iter([0.0, 3.0, 3.0 + 3.0 * (SHARE - 1) - 0.1, 3.0 + 3.0 * (SHARE - 1), 70.0])
    keeper = EdgeKeeper(tmp_path, lambda: "test", clock=lambda: next(moments))
    assert keeper.keep(play.now) == 1  # took three seconds
    play.restrict(Measure(MeasureKind.SUSPEND, days=30), author_id="u2")
    play.later(seconds=10)
    assert keeper.keep(play.now) == 0  # too early
    assert keeper.keep(play.now) == 1

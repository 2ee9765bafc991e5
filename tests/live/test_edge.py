"""What is barred on a platform, from the measures that hold to the file that an edge node reads."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext
from tests.enforcement.conftest import Stage, play

from hakam.enforcement.models import AppliedMeasure
from hakam.enforcement.reverse import reverse
from hakam.live.edge import SMALLEST_BOUND, EdgeFolder, barred
from hakam.live.edge_keys import signing_key
from hakam.live.questions import Question
from hakam.live.snapshot import Snapshot, split
from hakam.storage.turn import in_turn
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind

__all__ = ["play"]
pytestmark = pytest.mark.django_db
KEY = signing_key("test")
Q = Question


@pytest.fixture
def folder(tmp_path: Path) -> EdgeFolder:
    return EdgeFolder(tmp_path, "maydan")


def built(folder: EdgeFolder, play: Stage, **given: Any) -> Snapshot:
    folder.build(KEY, now=play.now, **given)
    base, delta = folder.read(folder.base), folder.read(folder.delta)
    assert base is not None
    return Snapshot(base, delta, KEY.public_key())


def on(play: Stage, kind: MeasureKind, author: str = "u1", **measure: Any) -> Any:
    return play.restrict(
        Measure(kind, **measure), author_id=author, item=ItemRef("maydan", "post", f"of-{author}")
    )


def test_nothing_is_barred_on_an_empty_platform(folder: EdgeFolder, play: Stage) -> None:
    read = built(folder, play)
    assert read.header.entries == 0
    assert folder.read(folder.folder / "nothing") is None


def test_each_measure_answers_its_questions(folder: EdgeFolder, play: Stage) -> None:
    on(play, MeasureKind.BAR_FROM_LIVE, "barred", days=30)
    on(play, MeasureKind.SUSPEND, "suspended", days=30)
    on(play, MeasureKind.REMOVE, "removed")
    on(play, MeasureKind.LIMIT_REACH, "limited")
    play.later(seconds=10)
    read = built(folder, play)
    assert read.header.entries == 4  # the suspended account counts for two questions
    assert read.barred(Q.LIVE, "barred")
    assert read.barred(Q.LIVE, "suspended")
    assert read.barred(Q.ACCOUNT, "suspended")
    assert read.barred(Q.ITEM, "of-removed", kind="post")
    for question, subject, expected in (
        (Q.LIVE, "barred", True),
        (Q.ACCOUNT, "barred", False),
        (Q.LIVE, "suspended", True),
        (Q.ACCOUNT, "suspended", True),
        (Q.LIVE, "limited", False),
        (Q.LIVE, "removed", False),
    ):
        assert barred("maydan", question, subject, now=play.now) is expected, (question, subject)
    assert barred("maydan", Q.ITEM, "of-removed", kind="post", now=play.now)
    assert not barred("maydan", Q.ITEM, "of-removed", kind="video", now=play.now)
    assert not barred("maydan", Q.ITEM, "of-limited", kind="post", now=play.now)
    assert not barred("elsewhere", Q.LIVE, "barred", now=play.now)


def test_a_measure_counts_from_its_undo_window_to_its_end(folder: EdgeFolder, play: Stage) -> None:
    on(play, MeasureKind.BAR_FROM_LIVE, days=30)
    assert built(folder, play).header.entries == 0
    assert not barred("maydan", Q.LIVE, "u1", now=play.now)
    play.later(seconds=10)
    assert built(folder, play).barred(Q.LIVE, "u1")
    assert barred("maydan", Q.LIVE, "u1", now=play.now)
    play.later(days=31)
    assert not built(folder, play).barred(Q.LIVE, "u1")
    assert not barred("maydan", Q.LIVE, "u1", now=play.now)


def test_what_is_taken_back_leaves_with_the_next_delta(folder: EdgeFolder, play: Stage) -> None:
    on(play, MeasureKind.BAR_FROM_LIVE, days=30)
    play.later(seconds=10)
    assert built(folder, play).barred(Q.LIVE, "u1")
    play.deliver()
    row = AppliedMeasure.objects.get(author_id="u1")
    reverse(
        decision=row.decision, by=play.basil, now=play.later(minutes=1), because="The complaint was right."
    )
    read = built(folder, play)
    assert not read.barred(Q.LIVE, "u1")
    assert (read.header.type, read.header.removed) == ("delta", 1)


def test_what_is_withheld_in_a_territory_is_found_from_there(folder: EdgeFolder, play: Stage) -> None:
    on(play, MeasureKind.WITHHOLD, territory=("DE", "GCC"))
    play.later(seconds=10)
    read = built(folder, play)
    for country, expected in (("DE", True), ("SA", True), ("FR", False), ("", False)):
        assert read.barred(Q.ITEM, "of-u1", kind="post", country=country) is expected, country
        exact = barred("maydan", Q.ITEM, "of-u1", kind="post", country=country, now=play.now)
        assert exact is expected, country


def test_the_exact_answer_settles_what_the_filter_leaves_open(folder: EdgeFolder, play: Stage) -> None:
    on(play, MeasureKind.BAR_FROM_LIVE)
    play.later(seconds=10)
    read = built(folder, play)
    wrong = next(f"x{n}" for n in range(100_000) if read.barred(Q.LIVE, f"x{n}"))
    assert not barred("maydan", Q.LIVE, wrong, now=play.now)


def test_numbers_grow_and_a_base_stays_while_deltas_are_short(folder: EdgeFolder, play: Stage) -> None:
    first = folder.build(KEY, now=play.now)
    base = folder.read(folder.base)
    on(play, MeasureKind.BAR_FROM_LIVE)
    play.later(seconds=10)
    second = folder.build(KEY, now=play.now, valid=timedelta(hours=2))
    assert (first.rebuilt, second.rebuilt) == (True, False)
    assert folder.read(folder.base) == base
    assert (first.header.number, second.header.number, second.header.added) == (1, 2, 1)
    assert second.header.expires_at - second.header.made_at == 7_200
    third = folder.build(KEY, now=play.now, fresh=True)
    assert (third.rebuilt, third.header.number, third.header.added) == (True, 3, 0)
    assert folder.read(folder.base) != base
    assert second.delta_bytes < SMALLEST_BOUND


def test_kept_snapshots_are_written_when_something_changed_or_half_their_time_is_over(
    folder: EdgeFolder, play: Stage
) -> None:
    def kept() -> tuple[int, bool]:
        made = folder.build(KEY, now=play.now, keep=True)
        return made.header.number, made.written

    assert kept() == (1, True)
    assert kept() == (1, False)
    on(play, MeasureKind.BAR_FROM_LIVE)
    play.later(seconds=10)
    assert kept() == (2, True)
    play.later(hours=11)
    assert kept() == (2, False)
    play.later(hours=2)
    assert kept() == (3, True)
    folder.delta.write_bytes(b"damaged")
    assert kept()[1]


def test_a_delta_that_grew_long_gives_way_to_a_new_base(
    folder: EdgeFolder, play: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hakam.live.edge.SMALLEST_BOUND", 0)
    folder.build(KEY, now=play.now)
    on(play, MeasureKind.BAR_FROM_LIVE)
    play.later(seconds=10)
    assert folder.build(KEY, now=play.now).rebuilt


@pytest.mark.parametrize("name", ["base", "hashes"])
@pytest.mark.parametrize("damage", ["gone", "short", "changed"])
def test_a_damaged_file_is_made_anew(folder: EdgeFolder, play: Stage, name: str, damage: str) -> None:
    on(play, MeasureKind.BAR_FROM_LIVE)
    play.later(seconds=10)
    built(folder, play)
    path = folder.folder / name
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(data[:-1] if damage == "short" else bytes([data[0] ^ 1]) + data[1:])
    made = folder.build(KEY, now=play.now)
    assert made.rebuilt
    assert made.header.number == 2
    assert built(folder, play).barred(Q.LIVE, "u1")


def test_another_key_signs_everything_anew(folder: EdgeFolder, play: Stage) -> None:
    folder.build(signing_key("before"), now=play.now)
    assert folder.build(KEY, now=play.now).rebuilt
    assert split(folder.base.read_bytes())[0].platform == "maydan"


def test_gathering_takes_one_query_however_many(
    folder: EdgeFolder, play: Stage, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        on(play, MeasureKind.BAR_FROM_LIVE, f"u{number}")
    play.later(seconds=10)
    queries: CaptureQueriesContext
    with django_assert_num_queries(1) as queries:
        made = folder.build(KEY, now=play.now)
    assert made.header.entries == 5
    assert len(queries) == 1


def test_who_builds_while_another_builds_waits_for_it(folder: EdgeFolder, play: Stage) -> None:
    told: list[str] = []
    held = threading.Event()

    def other() -> None:
        with in_turn(folder.folder / "lock"):
            held.set()
            time.sleep(0.5)
            told.append("the other is done")

    thread = threading.Thread(target=other)
    thread.start()
    assert held.wait(20)
    built(folder, play)
    told.append("so are we")
    thread.join()
    assert told == ["the other is done", "so are we"]

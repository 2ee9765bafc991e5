"""The watch: what is on air is read, scored each second, shown, and let go when it is over."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.adapters.test_onnx_picture import picture
from tests.live.stage import DAY, Stage
from tests.live.watching.test_senses import looking, soon
from tests.media.drawings import drawing, grey

from hakam.intake.models import ModelUse
from hakam.live import access, presence
from hakam.live.models import Stream, StreamPoint
from hakam.live.servers.server import Source
from hakam.live.states import StreamState
from hakam.live.streams import item_of
from hakam.live.watching import video_files, watcher
from hakam.live.watching.chat import ChatTally
from hakam.live.watching.judging import LASTS
from hakam.live.watching.plan import WEIGHTS
from hakam.live.watching.video_files import Form
from hakam.live.watching.watcher import LOST, Watcher, forget_points, frames_folder
from hakam.media.feed import Feeding
from hakam.review.cases import Source as Reason
from hakam.review.cases import open_case
from hakam.review.models import Case, CaseSource
from hakam.review.states import SourceKind
from hakam.staff.roles import Role
from hakam.storage.embedded.vault import FileVault
from hakam.storage.event_log import Entry
from hakam.storage.known_content import KnownContent
from hakam.storage.known_media import KnownMedia
from hakam.testing import scene
from hakam.testing.event_logs import MemoryEventLog
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db


class PaperFeed:
    """A feed that a test fills. `made` lists all of a test; `broken` ones end at once."""

    made: list[PaperFeed]
    broken = False

    def __init__(self, what: Feeding, *, on_frame: Any, on_sound: Any, on_colour: Any) -> None:
        self.what, self.on_frame, self.on_sound, self.on_colour = what, on_frame, on_sound, on_colour
        self.frames = self.heard = 0
        self.running = not self.broken
        self.closed = False
        type(self).made.append(self)

    def show(self, at: float, seed: int = 1) -> None:
        self.frames += 1
        self.on_frame(at, grey(drawing(seed, 320, 240)))

    def close(self) -> None:
        self.running, self.closed = False, True


class Room:
    """A stage with a watch over it."""

    def __init__(self, stage: Stage, home: Path) -> None:
        self.stage, self.log = stage, MemoryEventLog()
        self.at = stage.now.timestamp()
        media = KnownMedia(KnownContent(home))
        self.watcher = Watcher(
            stage.servers,
            media=lambda: media,
            vault=FileVault(home / "evidence", b"k" * 32),
            chat=ChatTally(self.log, 0),
            clock=lambda: self.at,
        )

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, tz=UTC)

    def turn(self, seconds: float = 1.1) -> int:
        self.at += seconds
        return self.watcher.turn()


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    scene.publish()
    PaperFeed.made, PaperFeed.broken = [], False
    monkeypatch.setattr(watcher, "Feed", PaperFeed)
    stage = Stage(tmp_path)
    stage.server.from_source = Source("rtmp://127.0.0.1/live/show", "rtmp,tcp")
    made = Room(stage, tmp_path)
    yield made
    made.watcher.close()


def test_nothing_on_air_is_nothing_to_do(room: Room) -> None:
    assert room.turn() == 0
    assert not StreamPoint.objects.exists()


def test_a_stream_is_read_scored_and_shown(room: Room) -> None:
    stream = room.stage.stream(account_created=room.now - timedelta(days=400))
    assert room.turn() == 1
    (feed,) = PaperFeed.made
    assert (feed.what.url, feed.what.sound) == ("rtmp://127.0.0.1/live/show", True)
    for n in range(3):
        feed.show(room.at + n / 10, n)
    room.turn()
    stream.refresh_from_db()
    assert (stream.watched, stream.trouble, stream.viewers) == ("close", "", 2)  # we are the third
    assert stream.points.count() == 2
    names = access.frames(room.stage.home, stream)
    assert len(names) == 3
    assert access.frame(room.stage.home, stream, names[0])
    assert access.frame(room.stage.home, stream, "1.000.jpg") is None
    room.turn(0.3)
    assert stream.points.count() == 2  # a point a second


def test_the_plan_is_followed(room: Room) -> None:
    stream = room.stage.stream(
        account_created=room.now - timedelta(days=400), started_at=room.now - timedelta(hours=1)
    )
    room.turn()
    stream.refresh_from_db()
    assert stream.watched == "light"
    for n in range(8):
        open_case(
            by=SYSTEM, now=room.now, item=item_of(stream), snapshot=None,
            source=Reason(kind=SourceKind.NOTICE, ref=f"notice:{n}:0", clause="hate"),
        )  # fmt: skip
    room.turn()
    stream.refresh_from_db()
    assert stream.watched == "close"
    assert stream.score > 0.3
    assert stream.points.latest("pk").parts["reports"] > 0.5


def test_the_chat_of_the_stream_counts(room: Room) -> None:
    stream = room.stage.stream()
    for n in range(10):
        raw = {"kind": "live.chat", "item": {"id": f"m{n}", "thread": stream.item_id}}
        verdict = {"firings": [{"rule": "x"}]}
        room.log.append(
            [
                Entry(
                    scene.PLATFORM,
                    f"e{n}",
                    0.0,
                    msgspec.json.encode(raw),
                    b"{}",
                    msgspec.json.encode(verdict),
                )
            ]
        )
    room.at = room.log.read(0, 99)[-1].received_at
    room.turn(0.5)
    assert StreamPoint.objects.latest("pk").parts["chat"] == 1.0


def test_a_stream_without_sound_is_read_without(room: Room) -> None:
    PaperFeed.broken = True
    stream = room.stage.stream()
    for _ in range(6):
        room.turn(20.0)
    assert [feed.what.sound for feed in PaperFeed.made[:4]] == [True, False, True, False]
    stream.refresh_from_db()
    assert "can't be read" in stream.trouble
    assert stream.watched == ""
    PaperFeed.broken = False
    room.turn(20.0)
    room.turn(20.0)
    PaperFeed.made[-1].show(room.at)
    room.turn()
    stream.refresh_from_db()
    assert stream.trouble == ""


def test_what_is_over_is_let_go(room: Room) -> None:
    stream = room.stage.stream()
    room.turn()
    PaperFeed.made[0].show(room.at)
    room.turn()
    assert frames_folder(room.stage.home, stream.pk).exists()
    Stream.objects.update(state=StreamState.CUT)
    assert room.turn() == 0
    assert PaperFeed.made[0].closed
    assert not frames_folder(room.stage.home, stream.pk).exists()


def test_a_stream_that_left_without_a_word_ends(room: Room) -> None:
    PaperFeed.broken = True
    stream = room.stage.stream()
    room.turn()
    room.stage.server.on_air.clear()
    room.turn(LOST.total_seconds() + 1)
    stream.refresh_from_db()
    assert stream.state == StreamState.ENDED


def test_a_server_that_does_not_answer_ends_nothing(room: Room) -> None:
    stream = room.stage.stream()
    room.stage.server.reachable = False
    room.turn()
    room.turn(LOST.total_seconds() + 1)
    stream.refresh_from_db()
    assert stream.state == StreamState.LIVE


def test_as_many_are_watched_as_are_allowed_the_riskiest_first(room: Room) -> None:
    path = room.stage.home / "live.json"
    written = json.loads(path.read_text())
    path.write_text(json.dumps(written | {"watching": {"most": 2}}))
    for name, total in (("a", 0.1), ("b", 0.9), ("c", 0.5)):
        room.stage.stream(name, score=total)
    assert room.turn() == 2
    Stream.objects.filter(name="a").update(score=1.0)
    assert room.turn() == 2
    path.write_text(json.dumps(written | {"watching": {"enabled": False}}))
    assert room.turn() == 0


def test_a_server_that_ffmpeg_can_not_read_is_said(room: Room) -> None:
    room.stage.server.from_source = None
    stream = room.stage.stream()
    lost = room.stage.stream("x", server="gone")
    room.turn()
    stream.refresh_from_db()
    lost.refresh_from_db()
    assert "FFmpeg can't read" in stream.trouble
    assert "FFmpeg can't read" in lost.trouble


def test_a_stream_that_can_not_be_read_for_a_minute_gets_a_case(room: Room) -> None:
    room.stage.server.from_source = None
    stream = room.stage.stream()
    for _ in range(10):
        room.turn(7.0)
    case = Case.objects.get()
    assert (case.queue, case.item_id) == ("live", stream.item_id)
    for _ in range(10):
        room.turn(7.0)
    assert CaseSource.objects.count() == 1
    stream.refresh_from_db()
    assert stream.case == case.pk


def test_without_the_programs_it_is_said_what_is_missing(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher, "available", lambda: False)
    stream = room.stage.stream()
    for _ in range(3):
        room.turn(60.0)
    stream.refresh_from_db()
    assert "hakam[media]" in stream.trouble
    assert PaperFeed.made == []
    assert not Case.objects.exists()  # the doctor says it, not a case for each stream


def test_old_points_are_forgotten(room: Room) -> None:
    stream = room.stage.stream()
    for days in (1, 29, 31, 90):
        StreamPoint.objects.create(stream=stream, at=room.now - timedelta(days=days), score=0.1)
    assert forget_points(room.now) == 2
    assert stream.points.count() == 2


def test_who_looks_is_seen_for_some_seconds(room: Room) -> None:
    stream = room.stage.stream()
    amal, oskar = scene.person("amal"), scene.person("oskar")
    presence.look(stream, user=amal, now=room.now)
    presence.look(stream, user=oskar, now=room.now + timedelta(seconds=5))
    presence.look(stream, user=amal, now=room.now + timedelta(seconds=6))
    later = room.now + timedelta(seconds=10)
    assert presence.present([stream], now=later) == {stream.pk: [amal, oskar]}
    presence.leave(stream, user=amal)
    assert presence.present([stream], now=later) == {stream.pk: [oskar]}
    assert presence.present([stream], now=later + timedelta(minutes=1)) == {}


def test_reads_hide_what_one_may_not_see(room: Room) -> None:
    hidden = room.stage.stream("x", clause="child-abuse")
    shown = room.stage.stream("y", clause="no-such-clause")
    amal, cleo = scene.person("amal"), scene.person("cleo", Role.CHILD_SAFETY)
    outsider = scene.person("fred", Role.RESEARCHER)
    given = {"home": room.stage.home, "now": room.now}
    assert [one.stream for one in access.on_air(amal, **given)] == [shown]
    assert {one.stream for one in access.on_air(cleo, **given)} == {hidden, shown}
    assert access.stream(hidden.pk, user=amal) is None
    assert access.stream(shown.pk, user=outsider) is None
    assert access.step(987, user=amal) is None
    assert access.count_on_air() == (2, False)
    assert access.last_black() == []
    assert access.refusal("") is None
    assert DAY == 86_400


def test_what_models_see_stands_in_the_score_and_in_the_chart(room: Room, tmp_path: Path) -> None:
    senses = room.watcher._senses
    senses.renew((looking(tmp_path),))
    room.stage.stream(account_created=room.now - timedelta(days=400))
    room.turn()
    (feed,) = PaperFeed.made
    assert feed.what.colour
    feed.on_colour(room.at, lambda: picture(255, 0, 0))
    soon(lambda: senses.lines[0]._found)
    room.turn()
    point = StreamPoint.objects.latest("pk")
    assert (point.parts["judge:red"], point.parts["models"]) == (1.0, 1.0)
    assert point.score == pytest.approx(WEIGHTS["models"])
    assert Stream.objects.get().score == point.score
    room.turn(LASTS + 1)
    later = StreamPoint.objects.latest("pk")
    assert "judge:red" not in later.parts  # a score of half a minute ago is not one of now
    assert later.score == 0.0
    assert ModelUse.objects.get(name="judge").texts == 1


def test_models_that_are_switched_on_later_see_colours_too(room: Room, tmp_path: Path) -> None:
    room.stage.stream()
    room.turn()
    PaperFeed.made[0].show(room.at)
    assert not PaperFeed.made[0].what.colour
    room.watcher._senses.renew((looking(tmp_path),))
    room.turn()
    room.turn()
    assert PaperFeed.made[0].closed
    assert (PaperFeed.made[-1].what.colour, PaperFeed.made[-1].what.sound) == (True, True)


def test_a_stream_that_was_heard_is_read_with_sound_again(room: Room) -> None:
    room.stage.stream()
    room.turn()
    PaperFeed.made[0].show(room.at)
    room.turn()
    PaperFeed.made[0].running = False  # its share of the processor is used up
    room.turn()
    assert PaperFeed.made[-1] is not PaperFeed.made[0]
    assert PaperFeed.made[-1].what.sound


def test_a_stream_that_began_late_is_heard_after_all(room: Room) -> None:
    PaperFeed.broken = True  # nobody sends yet
    room.stage.stream()
    room.turn()
    PaperFeed.broken = False
    room.turn()
    silent = PaperFeed.made[-1]
    assert not silent.what.sound
    silent.show(room.at)
    room.turn(3.0)
    assert PaperFeed.made[-1] is silent
    silent.show(room.at)
    room.turn(3.0)
    assert silent.closed
    assert PaperFeed.made[-1].what.sound


def test_a_stream_that_has_no_sound_is_tried_again_only_once(room: Room) -> None:
    PaperFeed.broken = True
    room.stage.stream()
    room.turn()
    PaperFeed.broken = False
    for _ in range(12):
        room.turn(3.0)
        feed = PaperFeed.made[-1]
        if feed.what.sound:
            feed.running = False  # there is none, says FFmpeg
        else:
            feed.show(room.at)
    assert [feed.what.sound for feed in PaperFeed.made].count(True) == 2
    assert not PaperFeed.made[-1].what.sound


def test_what_is_over_is_asked_about_no_more(room: Room, tmp_path: Path) -> None:
    senses = room.watcher._senses
    senses.renew((looking(tmp_path),))
    stream = room.stage.stream()
    room.turn()
    assert senses.lines[0].admitted(stream.pk)
    Stream.objects.update(state=StreamState.CUT)
    room.turn()
    assert not senses.lines[0].admitted(stream.pk)


def test_who_looks_has_a_reader_of_their_own_that_is_no_viewer(room: Room) -> None:
    stream = room.stage.stream()
    room.turn()
    assert room.stage.server.readers == [""]  # the watch
    video_files.want(room.stage.home, stream.pk, Form.PLAIN)
    os.utime(video_files.folder(room.stage.home, stream.pk, Form.PLAIN) / "wanted", (room.at, room.at))
    room.turn()
    assert room.stage.server.readers == ["", "plain"]
    room.turn(watcher.FIGURES_EVERY)
    stream.refresh_from_db()
    assert stream.viewers == 1  # of three: the watch and what is shown are two
    room.stage.server.on_air.clear()
    Stream.objects.update(state=StreamState.ENDED)
    room.turn()
    assert room.stage.server.readers_left == ["plain"]
    assert not any(video_files.root(room.stage.home).glob("*"))


def test_a_server_that_is_configured_no_more_stops_nothing_else(room: Room) -> None:
    stream = room.stage.stream()
    video_files.want(room.stage.home, stream.pk, Form.PLAIN)
    os.utime(video_files.folder(room.stage.home, stream.pk, Form.PLAIN) / "wanted", (room.at, room.at))
    room.turn(0.5)
    (room.stage.home / "live.json").write_text("{}")
    Stream.objects.update(state=StreamState.ENDED)
    assert room.turn() == 0
    assert room.stage.server.readers_left == []

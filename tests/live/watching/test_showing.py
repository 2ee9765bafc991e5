"""Moving pictures are made while somebody looks, by one reader for all, and nothing is left when nobody does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.media.films import H264, VP8, film, sent

from hakam.live.configuration import Watching
from hakam.live.servers.server import Source, Unreachable
from hakam.live.watching import showing, video_files
from hakam.live.watching.showing import Showings
from hakam.live.watching.video_files import Form, Parts, WhyNot, want

pytestmark = [pytest.mark.sockets]
FLV, MKV = ("-f", "flv"), ("-f", "matroska")
PATIENCE = 60.0
ON_AIR = {7, 8, 9}
LOOKED = 600.0  # seconds: whoever looks in a test is slower than a page


class Room:
    """A watch whose streams a test names."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.source: Source | None = None
        self.unreachable = False
        self.asked = 0
        self.left: list[tuple[int, Form]] = []
        self.later = 0.0  # seconds by which the clocks are put forward
        self.stopped: float | None = None  # the moment at which the one that goes on was stopped
        self.settings = Watching()
        self.showings = Showings(
            home,
            find=self._find,
            leave=lambda *one: self.left.append(one),
            clock=lambda: time.time() + self.later,
            goes_on=lambda: (self.stopped or time.monotonic()) + self.later,
        )

    def _find(self, _stream_id: int, _form: Form) -> Source | None:
        self.asked += 1
        if self.unreachable:
            raise Unreachable("nobody answers")
        return self.source

    def sends(self, url: str, **given: Any) -> None:
        self.source = Source(url, "http,tcp", **given)

    def turn(self, on_air: set[int] = ON_AIR) -> int:
        return self.showings.turn(on_air, self.settings)

    def look(self, stream_id: int = 7, form: Form = Form.PLAIN, run: str = "", after: int = 0) -> Parts:
        """Ask as a page does, after the watch had its turn."""
        want(self.home, stream_id, form)
        self.turn()
        return video_files.read(self.home, stream_id, form, run=run, after=after, at=time.time())

    def until(self, what: Callable[[], Any]) -> Any:
        end = time.monotonic() + PATIENCE
        while not (found := what()):
            assert time.monotonic() < end
            time.sleep(0.05)
        return found


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setattr(showing, "LOOKED", LOOKED)
    for patience in ("OPENING", "QUIET"):
        monkeypatch.setattr(showing, patience, PATIENCE)
    monkeypatch.setattr(video_files, "SILENT", PATIENCE)
    made = Room(tmp_path)
    yield made
    made.showings.close()


def test_nobody_looks_and_nothing_is_made(room: Room) -> None:
    with sent(film(*H264, *FLV, seconds=30.0), 30.0) as sender:
        room.sends(sender.url)
        assert room.turn() == 0
        assert sender.asked == 0


def test_two_who_look_share_one_reader_and_it_ends_when_both_are_gone(room: Room) -> None:
    with sent(film(*H264, *FLV, seconds=60.0), 60.0) as sender:
        room.sends(sender.url)
        first = room.until(lambda: room.look().data and room.look())
        second = room.look()
        assert (first.run, first.type) == (second.run, second.type)
        assert first.type == 'video/mp4; codecs="avc1.42c00d"'
        assert sender.asked == 1
        assert room.showings.viewers()[7] == 1
        room.later = LOOKED / 2
        assert room.turn() == 1
        room.later = LOOKED + 2
        assert room.turn() == 0
        assert room.left == [(7, Form.PLAIN)]
        assert not any(video_files.root(room.home).glob("*"))
        assert room.showings.viewers()[7] == 0


def test_a_server_that_does_not_count_us_has_no_viewer_less(room: Room) -> None:
    with sent(film(*H264, *FLV, seconds=30.0), 30.0) as sender:
        room.sends(sender.url, counted=False)
        room.until(lambda: room.look().data)
        assert room.showings.viewers()[7] == 0


def test_a_stream_that_ends_takes_its_picture_with_it(room: Room) -> None:
    with sent(film(*H264, *FLV, seconds=30.0), 30.0) as sender:
        room.sends(sender.url)
        room.until(lambda: room.look().data)
        want(room.home, 7, Form.PLAIN)
        assert room.turn(set()) == 0
        assert not any(video_files.root(room.home).glob("*"))


def test_after_an_interruption_it_goes_on_with_what_comes(room: Room) -> None:
    with sent(film(*H264, *FLV, seconds=4.0), 2.0) as sender:
        room.sends(sender.url)
        first = room.until(lambda: (found := room.look()).data and found)
        second = room.until(
            lambda: (found := room.look(run=first.run)).data and found.run != first.run and found
        )
        assert second.data.startswith(b"\x00\x00\x00\x1cftyp")  # with its head
        assert sender.asked >= 2


def test_a_stream_that_falls_silent_is_read_anew(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = film(*H264, *FLV, seconds=10.0)
    with sent(whole, 10_000.0) as slow:
        slow.seconds = 0.0
        slow.data = whole[: len(whole) // 2]
        room.sends(slow.url)
        room.until(lambda: room.look().data)
        monkeypatch.setattr(showing, "QUIET", 1.0)
        room.until(lambda: room.look() and slow.asked > 1)


def test_the_container_is_found_by_trying_and_by_what_the_server_says(room: Room) -> None:
    with sent(film(*VP8, *MKV, seconds=30.0), 10.0) as sender:
        room.sends(sender.url)
        assert room.until(lambda: room.look(7).type).startswith("video/webm")
        asked = sender.asked
        assert asked == 2  # MP4 could not be
        room.sends(sender.url, video="vp8")
        assert room.until(lambda: room.look(8).type).startswith("video/webm")
        assert sender.asked == asked + 1


def test_what_no_browser_plays_is_said_and_encoded_when_it_is_asked_for(room: Room) -> None:
    with sent(film("-c:v", "mpeg4", *MKV, seconds=60.0), 60.0) as sender:
        room.sends(sender.url)
        assert room.until(lambda: room.look().why) == WhyNot.UNPLAYABLE
        found = room.until(lambda: (parts := room.look(7, Form.ENCODED)).data and parts)
        assert found.type == 'video/webm; codecs="vp8"'


def test_sound_is_made_only_for_who_asks(room: Room) -> None:
    with sent(film(*H264, "-c:a", "aac", *FLV, seconds=60.0, sound=True), 60.0) as sender:
        room.sends(sender.url)
        assert "mp4a" not in room.until(lambda: room.look(7).type)
        assert "mp4a" in room.until(lambda: room.look(7, Form.SOUND).type)
        assert "mp4a" not in room.look(7).type
        assert sender.asked == 2


def test_a_stream_of_sound_alone_has_nothing_to_see_and_can_be_heard(room: Room) -> None:
    words = ("-c:a", "libvorbis", "-f", "ogg")
    with sent(film(*words, seconds=60.0, sight=False, sound=True), 60.0) as sender:
        room.sends(sender.url, sight=False)
        assert room.until(lambda: room.look().why) == WhyNot.NO_PICTURE
        assert sender.asked == 0
        assert room.until(lambda: room.look(7, Form.SOUND).type) == 'audio/webm; codecs="opus"'


def test_the_operator_says_whether_and_how(room: Room) -> None:
    with sent(film(*H264, *FLV, seconds=60.0), 60.0) as sender:
        room.sends(sender.url)
        for settings in (Watching(video="off"), Watching(enabled=False)):
            room.settings = settings
            assert room.look().why == WhyNot.OFF
            assert sender.asked == 0
        room.settings = Watching(video="encode")
        assert room.until(lambda: room.look().type) == 'video/webm; codecs="vp8"'
        room.settings = Watching(video="off")
        assert room.look().data == b""  # at once, for who looks already
        assert room.look().why == WhyNot.OFF
        assert room.turn() == 0


def test_no_more_are_made_than_may_be(room: Room) -> None:
    room.settings = Watching(most_videos=1)
    with sent(film(*H264, *FLV, seconds=60.0), 60.0) as sender:
        room.sends(sender.url)
        room.until(lambda: room.look(7).data)
        assert room.look(8).why == WhyNot.MANY
        assert room.look(7).data
        room.later = LOOKED + 2
        room.turn()
        room.later = 0.0
        assert room.until(lambda: room.look(8).data)


def test_a_stream_that_can_not_be_read_is_said_and_tried_again(room: Room) -> None:
    room.unreachable = True
    room.stopped = time.monotonic()
    tries = [room.look().why for _ in range(3)]
    assert tries == ["", "", ""]  # it may only just begin
    assert room.asked == 1  # and is not asked about all the time
    room.stopped = None
    room.until(lambda: room.look().why == WhyNot.UNREADABLE)
    room.unreachable = False
    with sent(film(*H264, *FLV, seconds=60.0), 60.0) as sender:
        room.sends(sender.url)
        room.until(lambda: room.look().data)


def test_without_ffmpeg_it_is_said(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.sends("http://127.0.0.1:9/")
    monkeypatch.setenv("PATH", "")
    assert room.look().why == WhyNot.NO_FFMPEG


def test_what_a_watch_that_was_killed_left_is_gone_when_it_is_back(room: Room) -> None:
    want(room.home, 7, Form.PLAIN)
    place = video_files.folder(room.home, 7, Form.PLAIN)
    video_files.Shelf(place, "0" * 16).begin(b"head")
    Showings(room.home, find=lambda *_: None, leave=lambda *_: None)
    assert not place.exists()

"""Between the watch and the console: who joins, who goes on, who fell behind, and who is not there."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from hakam.live.watching import video_files
from hakam.live.watching.video_files import (
    KEPT_BYTES,
    KEPT_SECONDS,
    SILENT,
    Form,
    Parts,
    Shelf,
    Told,
    WhyNot,
    read,
    tell,
    want,
)
from hakam.media.fragments import Fragment

RUN, NEXT_RUN = "0123456789abcdef", "fedcba9876543210"
TYPE = 'video/mp4; codecs="avc1.42c01e"'


class Room:
    """A home in which somebody looks at stream 7."""

    def __init__(self, home: Path) -> None:
        self.home = home
        want(home, 7, Form.PLAIN)
        self.place = video_files.folder(home, 7, Form.PLAIN)
        self.shelf = Shelf(self.place, RUN)

    def begin(self, run: str = RUN) -> None:
        self.shelf = Shelf(self.place, run)
        self.shelf.begin(f"head of {run[:2]};".encode())
        tell(self.place, Told(run, TYPE))

    def add(self, *texts: str, at: float = 0.0) -> None:
        for text in texts:
            self.shelf.add(Fragment(f"{text};".encode(), key=text[0] == "k"), at=at)

    def read(self, run: str = "", after: int = 0, later: float = 0.0) -> Parts:
        return read(self.home, 7, Form.PLAIN, run=run, after=after, at=time.time() + later)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_who_joins_gets_the_head_and_what_one_can_begin_with(room: Room) -> None:
    room.begin()
    room.add("k1", "p2", "k3", "p4")
    found = room.read()
    assert (found.run, found.type, found.data, found.next) == (RUN, TYPE, b"head of 01;k3;p4;", 4)
    assert found.why == ""
    assert 0.0 <= found.age < 5.0


def test_who_goes_on_gets_what_is_new_and_no_more(room: Room) -> None:
    room.begin()
    room.add("k1", "p2", "k3")
    assert room.read(RUN, 2).data == b"k3;"
    nothing = room.read(RUN, 3)
    assert (nothing.run, nothing.data, nothing.next, nothing.why) == (RUN, b"", 3, "")
    room.add("p4")
    assert room.read(RUN, 3).data == b"p4;"


def test_before_one_can_begin_there_is_nothing_and_no_trouble(room: Room) -> None:
    assert room.read() == Parts()
    tell(room.place, Told())
    assert room.read() == Parts()
    room.begin()
    room.add("p1")
    assert room.read() == Parts()
    room.add("k2")
    assert room.read().data == b"head of 01;k2;"


def test_who_fell_behind_begins_anew_without_the_head(room: Room) -> None:
    room.begin()
    room.add("k1", "p2", "p3", at=0.0)
    room.add("k4", "p5", at=KEPT_SECONDS + 1)  # the first have made room
    found = room.read(RUN, 1)
    assert (found.data, found.next) == (b"k4;p5;", 5)


def test_another_run_begins_anew_with_its_head(room: Room) -> None:
    room.begin()
    room.add("k1", "p2")
    room.shelf.clear()
    assert room.read(RUN, 2).data == b""
    room.begin(NEXT_RUN)
    room.add("k1")
    found = room.read(RUN, 2)
    assert (found.run, found.data, found.next) == (NEXT_RUN, b"head of fe;k1;", 1)


def test_what_lies_there_is_bounded_in_time_and_size(room: Room) -> None:
    room.begin()
    for second in range(40):
        room.add(f"k{second}", at=float(second))
    assert len(list(room.place.glob("*.key"))) == KEPT_SECONDS + 1
    room.shelf.add(Fragment(b"x" * (KEPT_BYTES + 1), key=True), at=40.0)
    assert len(list(room.place.glob("*.key"))) == 1  # the newest is always there


def test_why_there_is_none_is_handed_on(room: Room) -> None:
    tell(room.place, Told(why=WhyNot.MANY))
    assert room.read() == Parts(why=WhyNot.MANY)


def test_a_watch_that_gives_no_sign_is_told(room: Room) -> None:
    assert room.read(later=1.0).why == ""  # it has hardly been asked
    assert room.read(later=SILENT + 1).why == WhyNot.NOBODY
    room.begin()
    room.add("k1")
    assert room.read(later=1.0).data
    assert room.read(later=SILENT + 1).why == WhyNot.NOBODY  # killed with pieces on the shelf
    (room.place / "told").write_bytes(b"{")
    assert room.read(later=1.0).why == ""


def test_names_of_strangers_are_no_files(room: Room) -> None:
    room.begin()
    room.add("k1")
    for run in ("../../..", "*", RUN[:-1], "", "\x00"):
        assert room.read(run, 0).data.startswith(b"head")
    tell(room.place, Told("../live.json", TYPE))
    assert room.read() == Parts()


def test_it_is_for_this_user_alone_and_goes_when_it_is_over(room: Room) -> None:
    room.begin()
    room.add("k1")
    if os.name == "posix":
        assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in room.place.iterdir())
    assert set(video_files.asked(room.home)) == {(7, Form.PLAIN)}
    (video_files.root(room.home) / "stray" / "plain").mkdir(parents=True)
    (video_files.root(room.home) / "stray" / "plain" / "wanted").touch()
    assert set(video_files.asked(room.home)) == {(7, Form.PLAIN)}
    video_files.remove(room.home, 7, Form.PLAIN)
    assert not room.place.parent.exists()
    want(room.home, 7, Form.PLAIN)
    assert room.place.exists()
    video_files.remove_all(room.home)
    assert video_files.asked(room.home) == {}


def test_each_form_says_what_it_is() -> None:
    assert {form: (form.encoded, form.sound) for form in Form} == {
        Form.PLAIN: (False, False),
        Form.SOUND: (False, True),
        Form.ENCODED: (True, False),
        Form.ENCODED_SOUND: (True, True),
    }

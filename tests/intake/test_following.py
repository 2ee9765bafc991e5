"""Following the event log: each record once, nothing half done, bad records and old ones passed over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hakam.intake import cursors
from hakam.intake.following import follow
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.event_log import CorruptRecordError, Record
from hakam.testing import scene

pytestmark = pytest.mark.django_db
CURSOR = "a look"


class Follower:
    """Finds the items whose text says `look`; remembers in which order everything was done."""

    def __init__(self, log: FileEventLog) -> None:
        self.log = log
        self.done: list[str] = []

    def run(self, limit: int = 100, oldest: float | None = None) -> int:
        return follow(
            CURSOR, self.log, limit=limit, look=self.look, keep=self.keep, take_in=self.take_in, oldest=oldest
        )

    def look(self, record: Record) -> str | None:
        self.done.append(f"look {record.seq}")
        return f"{record.seq}" if b"look" in record.raw else None

    def keep(self, found: str) -> str:
        self.done.append(f"keep {found}")
        return f"copy of {found}"

    def take_in(self, found: str, copies: str) -> None:
        assert copies == f"copy of {found}"
        self.done.append(f"take in {found}")


@pytest.fixture
def follower(log: FileEventLog) -> Follower:
    scene.publish()
    for number, text in enumerate(("look", "nothing", "look again")):
        log.append([scene.entry(scene.event(text, item=str(number)), scene.verdict())])
    return Follower(log)


def test_what_is_found_is_copied_before_anything_follows_from_it(follower: Follower) -> None:
    assert follower.run() == 3
    assert follower.done == [
        "look 1", "look 2", "look 3", "keep 1", "keep 3", "take in 1", "take in 3",
    ]  # fmt: skip
    assert cursors.position(CURSOR) == 3
    assert follower.run() == 0


def test_it_goes_on_where_it_was(follower: Follower) -> None:
    assert [follower.run(limit=2) for _ in range(3)] == [2, 1, 0]
    assert [one for one in follower.done if one.startswith("look")] == ["look 1", "look 2", "look 3"]


def test_a_round_ends_in_time(follower: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hakam.intake.following.ROUND", 0.0)
    assert [follower.run() for _ in range(4)] == [1, 1, 1, 0]


def test_what_fails_is_done_again_from_the_start(follower: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_found: str, _copies: str) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(follower, "take_in", fail)
        with pytest.raises(OSError, match="full"):
            follower.run()
    assert cursors.position(CURSOR) == 0
    assert follower.run() == 3


def test_what_is_too_old_is_passed_over(follower: Follower) -> None:
    later = (scene.NOW + timedelta(days=400)).timestamp()
    assert follower.run(oldest=later) == 0
    assert follower.done == []
    assert follower.run(oldest=0.0) == 3


def test_a_record_that_can_not_be_read_is_passed(follower: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    real = FileEventLog.read

    def torn(log: FileEventLog, after: int, limit: int) -> list[Record]:
        if after < 2:
            raise CorruptRecordError(2)
        return list(real(log, after, limit))

    monkeypatch.setattr(FileEventLog, "read", torn)
    assert follower.run() == 1
    assert cursors.position(CURSOR) == 2
    assert follower.run() == 1
    assert follower.done[:1] == ["look 3"]


def test_another_worker_that_was_faster_is_left_its_work(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(found: str) -> str:
        cursors.move(CURSOR, to=3)
        return f"copy of {found}"

    monkeypatch.setattr(follower, "keep", overtaken)
    assert follower.run() == 0
    assert not [one for one in follower.done if one.startswith("take in")]

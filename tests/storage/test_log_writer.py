"""The index follows the writer, survives it, and is made anew where it is lost; nothing depends on how far it is."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hakam.storage.embedded import id_filter, log_files, log_index, log_writer
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.log_index import LogIndex, Place
from hakam.storage.embedded.log_writer import LogWriter, Tail
from hakam.storage.event_log import Appended
from hakam.testing.event_logs import entry

COUNT = 600


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do with hundreds of events what is done with millions."""
    monkeypatch.setattr(log_writer, "RUN", 50)
    monkeypatch.setattr(log_writer, "SAVE_EVENTS", 200)
    monkeypatch.setattr(log_index, "FAN_IN", 3)
    monkeypatch.setattr(log_files, "SEGMENT_BYTES", 20_000)
    monkeypatch.setattr(id_filter, "_LEAST", 1 << 12)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[FileEventLog]:
    log = FileEventLog(tmp_path / "events")
    fill(log, 0, COUNT)
    yield log
    log.close()


def fill(log: FileEventLog, start: int, end: int) -> None:
    for n in range(start, end, 20):
        log.append([entry(str(m), verdict=f"v{m}".encode()) for m in range(n, n + 20)])


def eventually(look: Callable[[], bool], seconds: float = 60.0) -> bool:
    until = time.monotonic() + seconds
    while not look():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def settled(log: FileEventLog) -> LogWriter:
    """Wait until the index has what it can have."""
    writer = log._writer
    assert writer is not None
    assert eventually(lambda: writer.known is not None and len(writer.tails) == 1)
    return writer


def all_found(log: FileEventLog, count: int = COUNT) -> bool:
    keys = [("forum", str(n)) for n in range(count)]
    return log.find([*keys, ("forum", "absent")]) == [
        *(Appended(n + 1, f"v{n}".encode()) for n in range(count)),
        None,
    ]


def test_every_event_is_found_whether_the_index_has_it_or_not(log: FileEventLog) -> None:
    assert all_found(log)
    writer = settled(log)
    assert all_found(log)
    assert len(writer.tails[0].events) < 60
    assert writer._index.covered().seq == COUNT - len(writer.tails[0].events)


def test_the_next_writer_reads_only_what_the_index_does_not_know(
    log: FileEventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(log)
    log.close()
    taken: list[int] = []
    take = Tail.take
    monkeypatch.setattr(
        Tail,
        "take",
        lambda self, segment, group: (taken.append(group.last - group.first + 1), take(self, segment, group))[
            1
        ],
    )
    again = FileEventLog(tmp_path / "events")
    again.claim()
    assert sum(taken) < 60
    assert all_found(again)
    settled(again)
    assert all_found(again)
    again.close()


@pytest.mark.parametrize("lost", ["index", "filter", "both", "damaged index"])
def test_what_is_lost_beside_the_log_is_made_anew(log: FileEventLog, tmp_path: Path, lost: str) -> None:
    settled(log)
    log.close()
    folder = tmp_path / "events"
    for path in folder.iterdir():
        if (path.suffix == ".filter" and lost in {"filter", "both"}) or (
            path.name.startswith("index.db") and lost in {"index", "both"}
        ):
            path.unlink()
    if lost == "damaged index":
        (folder / "index.db").write_bytes(b"nonsense" * 1_000)
    again = FileEventLog(folder)
    again.claim()
    assert all_found(again)
    settled(again)
    assert all_found(again)
    assert again.append([entry("3"), entry("new")]) == [Appended(4, b"v3"), Appended(COUNT + 1)]
    again.close()


def test_an_index_that_is_ahead_of_the_log_is_thrown_away(log: FileEventLog, tmp_path: Path) -> None:
    """The records were restored from an older copy than the index."""
    settled(log)
    log.close()
    folder = tmp_path / "events"
    files = sorted(folder.glob("*.events"))
    for path in files[2:]:
        path.unlink()
    (folder / "durable").unlink()
    again = FileEventLog(folder)
    again.claim()
    kept = again.last_seq()
    assert 0 < kept < COUNT
    assert all_found(again, kept)
    fill(again, kept, COUNT)
    assert all_found(again)
    again.close()


def test_the_filter_is_saved_now_and_then_and_read_at_the_next_start(
    log: FileEventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(log)
    assert eventually((tmp_path / "events" / "ids-0.filter").exists)
    log.close()
    learnt: list[int] = []
    keys = LogIndex.keys

    def told(self: LogIndex, after: int) -> Iterator[list[int]]:
        learnt.append(after)
        return keys(self, after)

    monkeypatch.setattr(LogIndex, "keys", told)
    again = FileEventLog(tmp_path / "events")
    again.claim()
    settled(again)
    assert learnt
    assert learnt[0] >= 200
    assert all_found(again)
    again.close()


def test_an_index_that_can_not_be_written_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(log_writer, "_AGAIN", 0.01)
    failures = iter([True] * 3)
    add = LogIndex.add

    def failing(self: LogIndex, *arguments: object) -> None:
        if next(failures, False):
            raise sqlite3.OperationalError("database or disk is full")
        add(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(LogIndex, "add", failing)
    log = FileEventLog(tmp_path / "events")
    with caplog.at_level(logging.WARNING):
        fill(log, 0, COUNT)
        assert all_found(log)
        settled(log)
    assert "disk is full" in caplog.text
    assert all_found(log)
    log.close()


def test_closing_waits_for_no_work(log: FileEventLog, tmp_path: Path) -> None:
    fill(log, COUNT, COUNT + 400)
    log.close()
    again = FileEventLog(tmp_path / "events")
    assert all_found(again, COUNT + 400)
    again.close()


def test_a_tail_keeps_places_a_good_way_apart() -> None:
    tail = Tail(log_index.Covered())
    tail.places = [Place(n, 1.0, 1 + n // 50, 16 + n * 10_000) for n in range(100)]
    assert [place.seq for place in tail.sparse()] == [
        0,
        7,
        14,
        21,
        28,
        35,
        42,
        49,
        50,
        57,
        64,
        71,
        78,
        85,
        92,
        99,
    ]


def test_a_reader_elsewhere_finds_all_that_is_on_disk_wherever_the_index_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hakam.storage.embedded.event_log._LONG_TAIL", 70)
    log, reader = FileEventLog(tmp_path / "events"), FileEventLog(tmp_path / "events")
    for end in range(100, COUNT + 1, 100):
        fill(log, end - 100, end)
        assert all_found(reader, end)
        assert reader.missing([("forum", str(end - 1)), ("forum", str(end))]) == [("forum", str(end))]
        assert reader.last_seq() == end
    settled(log)
    assert all_found(reader)
    times = [record.received_at for record in reader.read(0, COUNT)]
    for seq in (1, 20, 21, 300, COUNT):
        assert reader.before(times[seq - 1]) == log.before(times[seq - 1])
        assert [record.seq for record in reader.read(seq - 1, 1)] == [seq]
    reader.close()
    log.close()

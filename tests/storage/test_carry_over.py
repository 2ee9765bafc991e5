"""The log of an earlier release becomes one of this release: every record, its number, its time, its damage."""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.storage.old_logs import write_old_log

from hakam.storage.embedded import carry_over, log_files
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.log_files import Claim
from hakam.storage.event_log import Appended, Entry, LogBusyError
from hakam.testing.event_logs import entry

# Numbers of repeats were left out; events of one group share their time; so may two groups.
ROWS: list[tuple[int, float, Entry]] = [
    (number, 100.0 + number // 7, entry(f"e{number}", verdict=f"v{number}".encode(), raw=b"x" * number))
    for number in range(1, 3_000)
    if number % 5 != 3
]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "events.db"
    write_old_log(path, ROWS)
    return path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_every_record_is_carried_over(old: Path, tmp_path: Path) -> None:
    log = FileEventLog(tmp_path / "events")
    assert log.last_seq() == 2_999  # before any writer comes
    for (seq, received_at, given), record in zip(ROWS, log.scan(0), strict=True):
        assert (record.seq, record.received_at) == (seq, received_at)
        assert (record.platform, record.id, record.at) == (given.platform, given.id, given.at)
        assert (record.raw, record.signals, record.verdict) == (given.raw, given.signals, given.verdict)
    assert log.append([entry("e7"), entry("new")]) == [Appended(7, b"v7"), Appended(3_000)]
    assert list(log.damaged()) == []
    assert [record.seq for record in log.read(1, 3)] == [2, 4, 5]
    assert log.before(100.0 + 21) == 146
    log.close()
    assert names(tmp_path) == {"events", "events.db.carried", "events.lock"}
    with closing(sqlite3.connect(tmp_path / "events.db.carried")) as kept:
        assert kept.execute("SELECT count(*) FROM record").fetchone() == (len(ROWS),)


@pytest.mark.parametrize("change", ["body = zeroblob(40)", "received_at = received_at + 0", "checksum = 1"])
def test_a_damaged_record_stays_damaged_and_keeps_its_name(old: Path, tmp_path: Path, change: str) -> None:
    with closing(sqlite3.connect(old, isolation_level=None)) as db:
        db.execute(f"UPDATE record SET {change} WHERE seq = 7")  # noqa: S608 -- from above
    log = FileEventLog(tmp_path / "events")
    damaged = [] if "received_at" in change else [7]
    assert list(log.damaged()) == damaged
    assert log.find([("forum", "e7"), ("forum", "e9")]) == [
        Appended(7, damaged=True) if damaged else Appended(7, b"v7"),
        Appended(9, b"v9"),
    ]
    log.close()


def test_an_empty_log_is_carried_over(tmp_path: Path) -> None:
    write_old_log(tmp_path / "events.db", [])
    log = FileEventLog(tmp_path / "events")
    assert log.last_seq() == 0
    assert log.append([entry("1")]) == [Appended(1)]
    log.close()


def test_what_stopped_half_way_begins_anew(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = carry_over._pages

    def cut(path: Path) -> Iterator[list[carry_over._Old]]:
        yield next(pages(path))
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(carry_over, "_pages", cut)
        with pytest.raises(KeyboardInterrupt):
            FileEventLog(tmp_path / "events")
    assert names(tmp_path) == {"events.db", "events.new", "events.lock"}
    log = FileEventLog(tmp_path / "events")
    assert [record.seq for record in log.scan(0)] == [seq for seq, _, _ in ROWS]
    log.close()


def open_and_count(folder: Path, answers: multiprocessing.Queue[int]) -> None:
    log = FileEventLog(folder)
    answers.put(len(log.read(0, 10_000)))
    log.close()


def test_programs_that_start_together_carry_it_over_once(old: Path, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[int] = context.Queue()
    programs = [context.Process(target=open_and_count, args=(tmp_path / "events", answers)) for _ in range(3)]
    for program in programs:
        program.start()
    counts = [answers.get(timeout=60) for _ in programs]
    for program in programs:
        program.join(60)
    assert counts == [len(ROWS)] * 3
    assert names(tmp_path) == {"events", "events.db.carried", "events.lock"}


def test_an_old_log_that_is_still_written_is_left_alone(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carry_over, "_LOOK", 0.01)
    claim = Claim(tmp_path / "events")  # as the door of the old release holds it
    with pytest.raises(LogBusyError):
        FileEventLog(tmp_path / "events")
    assert "events" not in names(tmp_path)
    (tmp_path / "events.new").mkdir()  # now it looks as if another program carried: that is worth waiting for
    opened: list[FileEventLog] = []
    waiting = threading.Thread(target=lambda: opened.append(FileEventLog(tmp_path / "events")))
    waiting.start()
    waiting.join(0.5)
    assert waiting.is_alive()
    claim.release()
    waiting.join(60)
    assert opened[0].last_seq() == 2_999
    opened[0].close()


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    write_old_log(tmp_path / "events.db", [], version=7)
    with pytest.raises(OSError, match="format 7"):
        FileEventLog(tmp_path / "events")
    assert "events" not in names(tmp_path)


def test_a_long_one_becomes_several_files(old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "SEGMENT_BYTES", 500_000)
    log = FileEventLog(tmp_path / "events")
    assert len(list((tmp_path / "events").glob("*.events"))) == 3
    assert [record.seq for record in log.scan(0)] == [seq for seq, _, _ in ROWS]
    log.close()

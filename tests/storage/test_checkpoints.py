"""The write-ahead log of the event log stays short, and nothing is lost by it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hakam.storage.embedded import checkpoints
from hakam.storage.embedded.checkpoints import Checkpoints
from hakam.storage.embedded.event_log import SqliteEventLog
from hakam.storage.event_log import Entry

ROW = b"x" * 700


def entries(start: int, count: int) -> list[Entry]:
    return [Entry("forum", f"e{n}", 1.0, ROW, b"{}", b"{}") for n in range(start, start + count)]


def eventually(look: Callable[[], bool], seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while not look():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def test_what_is_written_reaches_the_file_beside_the_writer(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    log = SqliteEventLog(path)
    log.claim()
    before = path.stat().st_size
    for start in range(0, 3_000, 100):
        log.append(entries(start, 100))
    assert eventually(lambda: path.stat().st_size > before + 1_000_000)
    assert log.last_seq() == 3_000
    log.close()
    assert len(list(SqliteEventLog(path).scan(0))) == 3_000


def test_under_writing_without_pause_the_log_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "PASSIVE_ROWS", 200)
    monkeypatch.setattr(checkpoints, "RESTART_PAGES", 500)
    monkeypatch.setattr(checkpoints, "_REST", 0.02)
    path = tmp_path / "events.db"
    log = SqliteEventLog(path)
    log.claim()
    written = 0
    until = time.monotonic() + 3.0
    while time.monotonic() < until:
        log.append(entries(written, 50))
        written += 50
    wal = path.with_name("events.db-wal").stat().st_size
    assert log.last_seq() == written
    assert written > 1_000
    assert wal < 20_000_000  # without a new beginning: 4 kB for each row
    log.close()
    assert [r.id for r in SqliteEventLog(path).scan(0)] == [f"e{n}" for n in range(written)]


def test_a_reader_is_not_disturbed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "PASSIVE_ROWS", 100)
    log = SqliteEventLog(tmp_path / "events.db")
    log.claim()
    reader = SqliteEventLog(tmp_path / "events.db")
    for start in range(0, 1_000, 100):
        log.append(entries(start, 100))
        assert reader.last_seq() == start + 100
        assert len(reader.read(start, 100)) == 100
    reader.close()
    log.close()


def test_who_has_no_claim_starts_no_thread(tmp_path: Path) -> None:
    log = SqliteEventLog(tmp_path / "events.db")
    log.append(entries(0, 10))
    assert log._checkpoints is None
    log.close()


def test_a_failed_checkpoint_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(checkpoints, "PASSIVE_ROWS", 1)

    class Failing(sqlite3.Connection):
        tries = 0

        def execute(self, *arguments: object) -> sqlite3.Cursor:
            Failing.tries += 1
            if Failing.tries == 1:
                raise sqlite3.OperationalError("disk is full")
            return super().execute(*arguments)  # type: ignore[arg-type]

    work = Checkpoints(lambda: sqlite3.connect(tmp_path / "x.db", check_same_thread=False, factory=Failing))
    work.wrote(5)
    assert eventually(lambda: Failing.tries >= 2)
    work.close()
    assert "disk is full" in caplog.text

"""The event log keeps what it acknowledged, all of a group or nothing, and knows when a record was damaged."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.storage.embedded.event_log import SqliteEventLog
from hakam.storage.event_log import CorruptRecordError, EventLog, LogBusyError, LogFullError
from hakam.testing.event_logs import DURABLE_PROMISES, PROMISES, MemoryEventLog, check_event_log, entry


@pytest.mark.parametrize("promise", DURABLE_PROMISES, ids=lambda promise: promise.__name__.strip("_"))
def test_the_sqlite_log_keeps_every_promise(
    promise: Callable[[Callable[[str], EventLog]], None], tmp_path: Path
) -> None:
    promise(lambda name: SqliteEventLog(tmp_path / f"{name}.db"))


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__.strip("_"))
def test_the_log_in_memory_keeps_every_promise(promise: Callable[[Callable[[str], EventLog]], None]) -> None:
    promise(lambda _: MemoryEventLog())


def test_the_suite_finds_a_log_that_forgets() -> None:
    with pytest.raises(AssertionError):
        check_event_log(lambda _: MemoryEventLog(), durable=True)


def test_a_full_disk_keeps_nothing_of_the_group_and_the_log_goes_on(tmp_path: Path) -> None:
    log = SqliteEventLog(tmp_path / "events.db")
    log.append([entry("kept")])
    pages = log._writer.execute("PRAGMA page_count").fetchone()[0]
    log._writer.execute(f"PRAGMA max_page_count = {pages + 4}")
    with pytest.raises(LogFullError):
        log.append([entry(str(n), raw=b"x" * 4_000) for n in range(100)])
    assert [record.id for record in log.read(0, 1_000)] == ["kept"]
    log._writer.execute("PRAGMA max_page_count = 1000000")
    assert log.append([entry("0")])[0].earlier is None
    log.close()


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
def test_a_file_that_may_not_grow_is_an_error_and_nothing_is_acknowledged(tmp_path: Path) -> None:
    script = f"""
        import resource, signal, sys
        from pathlib import Path
        from hakam.storage.embedded.event_log import SqliteEventLog
        from hakam.testing.event_logs import entry
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        log = SqliteEventLog(Path({str(tmp_path / "events.db")!r}))
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
        acknowledged = 0
        try:
            for n in range(1_000):
                log.append([entry(str(n), raw=b"x" * 2_000)])
                acknowledged += 1
        except OSError as error:
            print(acknowledged)
            sys.exit(0)
        sys.exit("it never failed")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    log = SqliteEventLog(tmp_path / "events.db")
    assert [r.id for r in log.read(0, 2_000)] == [str(n) for n in range(int(done.stdout))]
    assert int(done.stdout) > 10
    log.close()


@pytest.mark.parametrize("column", ["body", "received_at", "seq", "checksum"])
def test_a_damaged_record_is_named(tmp_path: Path, column: str) -> None:
    path = tmp_path / "events.db"
    log = SqliteEventLog(path)
    log.append([entry(str(n)) for n in range(5)])
    damage = {
        "body": "CAST(zeroblob(40) AS BLOB)",
        "received_at": "received_at + 1",
        "seq": "99",
        "checksum": "checksum + 1",
    }
    with sqlite3.connect(path) as other:
        other.execute(f"UPDATE record SET {column} = {damage[column]} WHERE seq = 3")  # noqa: S608
    other.close()
    wrong = 99 if column == "seq" else 3
    assert list(log.damaged()) == [wrong]
    with pytest.raises(CorruptRecordError) as caught:
        log.read(0, 10)
    assert caught.value.seq == wrong
    assert [record.seq for record in log.read(0, 2)] == [1, 2]
    assert [record.seq for record in log.read(3, 1)] in ([4], [5])
    repeat, fresh = log.append(
        [entry("2"), entry("fresh")]
    )  # others are not held up, and no verdict is invented
    assert (repeat.earlier, repeat.damaged) == (None, True)
    assert (fresh.earlier, fresh.damaged) == (None, False)
    assert log.get("forum", "fresh") is not None
    log.close()


def test_one_process_writes(tmp_path: Path) -> None:
    first, second = SqliteEventLog(tmp_path / "events.db"), SqliteEventLog(tmp_path / "events.db")
    first.claim()
    first.claim()
    with pytest.raises(LogBusyError):
        second.claim()
    assert second.read(0, 1) == []
    first.close()
    second.claim()
    second.close()


def test_a_killed_writer_leaves_no_claim(tmp_path: Path) -> None:
    script = f"""
        import os, signal
        from pathlib import Path
        from hakam.storage.embedded.event_log import SqliteEventLog
        SqliteEventLog(Path({str(tmp_path / "events.db")!r})).claim()
        os.kill(os.getpid(), 9)
    """
    if sys.platform == "win32":
        script = script.replace("os.kill(os.getpid(), 9)", "os._exit(9)")
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    log = SqliteEventLog(tmp_path / "events.db")
    log.claim()
    log.close()


def test_a_log_of_a_later_format_is_refused(tmp_path: Path) -> None:
    SqliteEventLog(tmp_path / "events.db").close()
    with sqlite3.connect(tmp_path / "events.db") as other:
        other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(OSError, match="format 99"):
        SqliteEventLog(tmp_path / "events.db")


def test_a_clock_that_jumps_back_does_not_disorder_the_log(tmp_path: Path) -> None:
    times = iter([100.0, 50.0, 120.0])
    log = SqliteEventLog(tmp_path / "events.db", clock=lambda: next(times))
    for n in range(3):
        log.append([entry(str(n))])
    assert [record.received_at for record in log.read(0, 10)] == [100.0, 100.0, 120.0]
    assert [record.id for record in log.scan(100.5)] == ["2"]
    log.close()


def test_it_is_durable_by_its_settings(tmp_path: Path) -> None:
    log = SqliteEventLog(tmp_path / "events.db")
    assert log._writer.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert log._writer.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    log.close()


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    log = SqliteEventLog(tmp_path / "events.db")
    log.append([entry("1"), entry("2")])
    assert log.missing([("forum", "1"), ("forum", "3"), ("shop", "2")]) == [("forum", "3"), ("shop", "2")]
    log.close()


def told(log: EventLog, groups: list[list[str]]) -> list[tuple[str, bytes | None]]:
    """Append groups of ids; return of each answer whose record it names and the earlier verdict."""
    answers = []
    for n, group in enumerate(groups):
        entries = [entry(id_, verdict=f"{n}-{m}".encode()) for m, id_ in enumerate(group)]
        appended = log.append(entries)
        names = {record.seq: record.id for record in log.read(0, 1_000)}
        answers += [(names[answer.seq], answer.earlier) for answer in appended]
    return answers


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=6), max_size=8), st.booleans())
@settings(max_examples=60, deadline=None)
def test_it_agrees_with_the_log_in_memory(groups: list[list[str]], sole_writer: bool) -> None:
    memory = MemoryEventLog()
    with tempfile.TemporaryDirectory() as folder:
        sqlite = SqliteEventLog(Path(folder) / "events.db")
        if sole_writer:
            sqlite.claim()
        assert told(sqlite, groups) == told(memory, groups)
        assert [(r.id, r.verdict) for r in sqlite.read(0, 100)] == [
            (r.id, r.verdict) for r in memory.read(0, 100)
        ]
        sqlite.close()


@pytest.mark.parametrize("size", [1, 63, 64, 65, 200])
def test_groups_of_any_size_with_repeats_in_them(tmp_path: Path, size: int) -> None:
    log = SqliteEventLog(tmp_path / "events.db")
    log.claim()
    log.append([entry("old", verdict=b"old")])
    answers = log.append([entry(str(n)) for n in range(size)] + [entry("old"), entry("0"), entry("new")])
    assert [answer.earlier for answer in answers] == [None] * size + [b"old", b'{"v":1}', None]
    assert [record.id for record in log.read(0, 1_000)] == ["old", *map(str, range(size)), "new"]
    log.close()

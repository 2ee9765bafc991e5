"""The event log keeps what it acknowledged, all of a group or nothing, and knows when a record was damaged."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.storage.embedded import groups, log_files, log_index, log_writer
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.groups import Group
from hakam.storage.embedded.segments import START
from hakam.storage.event_log import Appended, CorruptRecordError, EventLog, LogBusyError, LogFullError
from hakam.testing.event_logs import DURABLE_PROMISES, PROMISES, MemoryEventLog, check_event_log, entry


@pytest.mark.parametrize("promise", DURABLE_PROMISES, ids=lambda promise: promise.__name__.strip("_"))
def test_the_log_in_files_keeps_every_promise(
    promise: Callable[[Callable[[str], EventLog]], None], tmp_path: Path
) -> None:
    promise(lambda name: FileEventLog(tmp_path / f"{name}"))


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__.strip("_"))
def test_the_log_in_memory_keeps_every_promise(promise: Callable[[Callable[[str], EventLog]], None]) -> None:
    promise(lambda _: MemoryEventLog())


def test_the_suite_finds_a_log_that_forgets() -> None:
    with pytest.raises(AssertionError):
        check_event_log(lambda _: MemoryEventLog(), durable=True)


def test_a_full_disk_keeps_nothing_of_the_group_and_the_log_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = FileEventLog(tmp_path / "events")
    log.append([entry("kept")])
    with monkeypatch.context() as full:
        full.setattr(os, "pwrite", Disk(room=50_000).pwrite)
        for _ in range(3):
            with pytest.raises(LogFullError):
                log.append([entry(str(n), raw=b"x" * 4_000) for n in range(100)])
            assert [record.id for record in log.read(0, 1_000)] == ["kept"]
            assert log.find([("forum", "0")]) == [None]
    assert log.append([entry("0"), entry("kept")])[0].earlier is None
    assert [record.id for record in FileEventLog(tmp_path / "events").read(0, 1_000)] == ["kept", "0"]
    log.close()


class Disk:
    """Takes `room` bytes, and then says that it is full; half of what does not fit is written."""

    def __init__(self, room: int) -> None:
        self.room = room

    def pwrite(self, file: int, data: memoryview, offset: int) -> int:
        fits = min(len(data), self.room)
        if fits == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= fits
        os.lseek(file, offset, os.SEEK_SET)
        return os.write(file, data[:fits])


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_a_disk_that_fails_to_sync_acknowledges_nothing_and_is_not_trusted_with_that_file_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    log = FileEventLog(tmp_path / "events")
    log.append([entry("kept")])

    def fail(_: int) -> None:
        raise OSError(code, "it failed")

    with monkeypatch.context() as failing:
        failing.setattr(log_files, "sync_data", fail)
        with pytest.raises(OSError) as caught:  # noqa: PT011 -- which one it is, is the point
            log.append([entry("lost")])
        assert isinstance(caught.value, LogFullError) == (code == errno.ENOSPC)
    assert log.append([entry("lost"), entry("after")]) == [Appended(2), Appended(3)]
    assert sorted(path.name for path in (tmp_path / "events").glob("*.events")) == [
        "0000000000000000001.events",
        "0000000000000000002.events",
    ]
    log.close()
    log = FileEventLog(tmp_path / "events")
    assert [record.id for record in log.read(0, 10)] == ["kept", "lost", "after"]
    assert list(log.damaged()) == []
    log.close()


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
def test_a_file_that_may_not_grow_is_an_error_and_nothing_is_acknowledged(tmp_path: Path) -> None:
    script = f"""
        import resource, signal, sys
        from pathlib import Path
        from hakam.storage.embedded.event_log import FileEventLog
        from hakam.testing.event_logs import entry
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        log = FileEventLog(Path({str(tmp_path / "events")!r}))
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
    log = FileEventLog(tmp_path / "events")
    assert [r.id for r in log.read(0, 2_000)] == [str(n) for n in range(int(done.stdout))]
    assert int(done.stdout) > 10
    log.close()


def flip(log: Path, at: int) -> None:
    """Change one byte of the log's first file."""
    path = min(log.glob("*.events"))
    data = bytearray(path.read_bytes())
    data[at] ^= 0x55
    path.write_bytes(data)


def grouped(log: FileEventLog) -> list[tuple[int, int, int]]:
    """Return where each group's head, bodies and end are."""
    with_files = log._files.walk(1, START, 1, log._mark())
    return [(item.offset, item.bodies, item.end) for _, item in with_files if isinstance(item, Group)]


def test_a_damaged_body_is_named_and_costs_no_other_record(tmp_path: Path) -> None:
    log = FileEventLog(tmp_path / "events")
    log.append([entry(str(n)) for n in range(5)])
    ((_, bodies, end),) = grouped(log)
    flip(tmp_path / "events", bodies + (end - bodies) // 2)
    assert list(log.damaged()) == [3]
    with pytest.raises(CorruptRecordError) as caught:
        log.read(0, 10)
    assert caught.value.seq == 3
    assert [record.seq for record in log.read(0, 2)] == [1, 2]
    assert [record.seq for record in log.read(3, 1)] == [4]
    with pytest.raises(CorruptRecordError):
        log.get("forum", "2")
    assert log.find([("forum", "2")]) == [Appended(3, damaged=True)]
    repeat, fresh = log.append([entry("2"), entry("fresh")])  # no verdict is invented
    assert (repeat, fresh) == (Appended(3, damaged=True), Appended(6))
    assert log.get("forum", "fresh") is not None
    log.close()


@pytest.mark.parametrize("where", range(groups.HEAD + groups.ROW))
def test_a_damaged_head_costs_the_records_of_its_group_and_no_others(tmp_path: Path, where: int) -> None:
    log = FileEventLog(tmp_path / "events")
    for group in range(4):
        log.append([entry(f"{group}-{n}") for n in range(3)])
    head, *_ = grouped(log)[1]
    flip(tmp_path / "events", head + where)
    assert list(log.damaged()) == [4, 5, 6]
    assert [record.seq for record in log.read(0, 3)] == [1, 2, 3]
    for after in (3, 4, 5):
        with pytest.raises(CorruptRecordError) as caught:
            log.read(after, 10)
        assert caught.value.seq == after + 1
    assert [record.seq for record in log.read(6, 10)] == [7, 8, 9, 10, 11, 12]
    assert log.append([entry("1-1", verdict=b"another")]) == [Appended(5, damaged=True)]
    log.close()
    log = FileEventLog(tmp_path / "events")  # the next writer leaves it for people to see
    assert log.append([entry("new")]) == [Appended(13)]
    assert list(log.damaged()) == [4, 5, 6]
    log.close()


def test_the_last_group_may_be_damaged_too(tmp_path: Path) -> None:
    log = FileEventLog(tmp_path / "events")
    log.append([entry("1")])
    log.append([entry("2"), entry("3")])
    flip(tmp_path / "events", grouped(log)[1][0] + 9)
    assert list(log.damaged()) == [2, 3]
    log.close()


def test_the_first_bytes_of_a_file_may_be_damaged_if_there_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_files, "SEGMENT_BYTES", 100)
    log = FileEventLog(tmp_path / "events")
    for n in range(3):
        log.append([entry(str(n))])
    log.close()
    flip(tmp_path / "events", 3)
    log = FileEventLog(tmp_path / "events")
    assert [record.id for record in log.read(0, 10)] == ["0", "1", "2"]
    log.close()
    for path in (tmp_path / "events").glob("*.events"):
        path.write_bytes(b"x" * 100)
    with pytest.raises(OSError, match="not a file of the event log"):
        FileEventLog(tmp_path / "events")


def test_one_process_writes(tmp_path: Path) -> None:
    first, second = FileEventLog(tmp_path / "events"), FileEventLog(tmp_path / "events")
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
        from hakam.storage.embedded.event_log import FileEventLog
        FileEventLog(Path({str(tmp_path / "events")!r})).claim()
        os.kill(os.getpid(), 9)
    """
    if sys.platform == "win32":
        script = script.replace("os.kill(os.getpid(), 9)", "os._exit(9)")
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    log = FileEventLog(tmp_path / "events")
    log.claim()
    log.close()


def test_whoever_reads_a_log_that_was_removed_is_told_so(tmp_path: Path) -> None:
    writer, reader = FileEventLog(tmp_path / "events"), FileEventLog(tmp_path / "events")
    writer.append([entry("1")])
    assert reader.last_seq() == 1
    writer.close()
    shutil.rmtree(tmp_path / "events")
    with pytest.raises(FileNotFoundError, match=r"events are gone"):
        reader.read(0, 1)
    reader.close()


def test_a_log_of_a_later_format_is_refused(tmp_path: Path) -> None:
    log = FileEventLog(tmp_path / "events")
    log.append([entry("1")])
    log.close()
    path = tmp_path / "events" / "0000000000000000001.events"
    data = bytearray(path.read_bytes())
    data[8] = 99
    path.write_bytes(data)
    with pytest.raises(OSError, match="format 99"):
        FileEventLog(tmp_path / "events")


def test_a_clock_that_jumps_back_does_not_disorder_the_log(tmp_path: Path) -> None:
    times = iter([100.0, 50.0, 120.0])
    log = FileEventLog(tmp_path / "events", clock=lambda: next(times))
    for n in range(3):
        log.append([entry(str(n))])
    assert [record.received_at for record in log.read(0, 10)] == [100.0, 100.0, 120.0]
    assert [record.id for record in log.scan(100.5)] == ["2"]
    log.close()


def test_an_answer_follows_the_sync_and_so_do_the_eyes_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, reader = FileEventLog(tmp_path / "events"), FileEventLog(tmp_path / "events")
    log.append([entry("1")])
    seen: list[list[str]] = []

    def sync(file: int) -> None:
        seen.append([record.id for record in reader.read(0, 10)])
        seen.append([record.id for record in log.read(0, 10)])
        os.fsync(file)

    monkeypatch.setattr(log_files, "sync_data", sync)
    log.append([entry("2")])
    assert seen == [["1"], ["1"]]
    assert [record.id for record in reader.read(0, 10)] == ["1", "2"]
    reader.close()
    log.close()


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    log = FileEventLog(tmp_path / "events")
    log.append([entry("1"), entry("2")])
    assert log.missing([("forum", "1"), ("forum", "3"), ("shop", "2")]) == [("forum", "3"), ("shop", "2")]
    log.close()


def told(log: EventLog, written: list[list[str]], number: int) -> list[tuple[str, bytes | None]]:
    """Append groups of ids; return of each answer whose record it names and the earlier verdict."""
    answers = []
    for n, group in enumerate(written, number):
        entries = [entry(id_, verdict=f"{n}-{m}".encode()) for m, id_ in enumerate(group)]
        appended = log.append(entries)
        names = {record.seq: record.id for record in log.read(0, 1_000)}
        answers += [(names[answer.seq], answer.earlier) for answer in appended]
    return answers


GROUPS = st.lists(st.lists(st.sampled_from("abcdefghijklmnop"), min_size=1, max_size=6), max_size=12)


@given(GROUPS, st.sets(st.integers(0, 11)), st.sampled_from([1, 200, 1_000, 1 << 20]), st.integers(1, 30))
@settings(max_examples=80, deadline=None)
def test_it_agrees_with_the_log_in_memory(
    written: list[list[str]], reopened: set[int], segment: int, run: int
) -> None:
    """However small its files, however soon events go to the index, and however often it is opened anew."""
    memory = MemoryEventLog()
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_files, "SEGMENT_BYTES", segment)
        patch.setattr(log_writer, "RUN", run)
        patch.setattr(log_index, "FAN_IN", 2)
        log = FileEventLog(Path(folder) / "events")
        reader = FileEventLog(Path(folder) / "events")
        for n, group in enumerate(written):
            if n in reopened:
                log.close()
                log = FileEventLog(Path(folder) / "events")
            assert told(log, [group], n) == told(memory, [group], n)
            assert told_of(reader) == told_of(memory)
        assert told_of(log) == told_of(memory)
        reader.close()
        log.close()


def told_of(log: EventLog) -> list[object]:
    """Return all that a log says of the letters."""
    records = log.read(0, 1_000)
    keys = [("forum", letter) for letter in "abcdefghijklmnop"]
    return [
        [(r.id, r.verdict) for r in records],
        [[r.id for r in log.read(after, 3)] for after in range(len(records) + 1)],
        [found and found.earlier for found in log.find(keys)],
        [(found := log.get(*key)) and found.verdict for key in keys],
        log.last_seq(),
    ]


@pytest.mark.parametrize("size", [1, 63, 64, 65, 200])
def test_groups_of_any_size_with_repeats_in_them(tmp_path: Path, size: int) -> None:
    log = FileEventLog(tmp_path / "events")
    log.claim()
    log.append([entry("old", verdict=b"old")])
    answers = log.append([entry(str(n)) for n in range(size)] + [entry("old"), entry("0"), entry("new")])
    assert [answer.earlier for answer in answers] == [None] * size + [b"old", b'{"v":1}', None]
    assert [record.id for record in log.read(0, 1_000)] == ["old", *map(str, range(size)), "new"]
    log.close()

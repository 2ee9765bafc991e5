"""Erasing in the files of the event log: the contents are gone from the disk, everything else stays as it was."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.storage.embedded import erasing, groups, log_files
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.groups import Group
from hakam.storage.embedded.segments import START, Segments
from hakam.storage.event_log import Appended, CorruptRecordError, Entry
from hakam.testing.event_logs import MemoryEventLog, check_event_log, entry

SECRET = "مُعرّف-sekret-7731"


def told(id_: str, text: str = "harmless") -> Entry:
    return Entry("forum", id_, 1.0, f'{{"id":"{id_}","text":"{text}"}}'.encode(), f'{{"folded":"{text}"}}'.encode(),
                 f'{{"said":"{text}"}}'.encode())  # fmt: skip


def on_disk(folder: Path, text: str = SECRET) -> list[str]:
    """Return the files below a folder in which a text can be read."""
    return [
        str(p.relative_to(folder))
        for p in folder.rglob("*")
        if p.is_file() and text.encode() in p.read_bytes()
    ]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[FileEventLog]:
    made = FileEventLog(tmp_path / "events")
    yield made
    made.close()


def test_both_logs_keep_the_promise(tmp_path: Path) -> None:
    check_event_log(lambda name: FileEventLog(tmp_path / name))
    memory: dict[str, MemoryEventLog] = {}
    check_event_log(lambda name: memory.setdefault(name, MemoryEventLog()), durable=False)


def test_nothing_of_it_is_left_on_the_disk(log: FileEventLog, tmp_path: Path) -> None:
    log.append([told("1"), told("2", SECRET), told("3")])
    log.append([told("4", SECRET)])
    log.append([told("5")])
    assert on_disk(tmp_path) != []
    assert log.erase([2, 4]) == 2
    assert on_disk(tmp_path) == []
    assert [record.id for record in log.read(0, 10)] == ["1", "3", "5"]
    assert log.read(0, 10)[1].raw == told("3").raw
    assert list(log.damaged()) == []


def test_another_process_sees_it_and_the_next_writer_too(tmp_path: Path) -> None:
    writer, reader, eraser = (FileEventLog(tmp_path / "events") for _ in range(3))
    writer.append([told(str(n), SECRET) for n in range(6)])
    assert len(reader.read(0, 10)) == 6
    assert eraser.erase([2, 3]) == 2  # a process that is not the writer
    assert [r.seq for r in reader.read(0, 10)] == [1, 4, 5, 6]
    assert writer.append([told("1", "again")]) == [Appended(2, erased=True)]
    (fresh,) = writer.append([told("new")])
    assert fresh.seq == 7
    for one in (writer, reader, eraser):
        one.close()
    again = FileEventLog(tmp_path / "events")
    assert again.append([told("2")]) == [Appended(3, erased=True)]
    assert [r.seq for r in again.read(0, 10)] == [1, 4, 5, 6, 7]
    again.close()


@pytest.mark.parametrize("lost", ["durable", "index.db"])
def test_a_writer_that_lost_its_mark_takes_erased_records_for_sound(tmp_path: Path, lost: str) -> None:
    log = FileEventLog(tmp_path / "events")
    log.append([told("1", SECRET), told("2", SECRET)])
    log.append([told("3", SECRET)])
    log.erase([1, 3])  # the newest group as well: it looks unsound, and is not torn
    log.close()
    (tmp_path / "events" / lost).unlink()
    again = FileEventLog(tmp_path / "events")
    again.claim()
    assert [r.seq for r in again.read(0, 10)] == [2]
    assert again.last_seq() == 3
    assert again.append([told("4")])[0].seq == 4
    again.close()


def test_a_half_done_erasure_reads_as_erased_and_can_be_finished(log: FileEventLog, tmp_path: Path) -> None:
    log.append([told("1"), told("2", SECRET * 50)])
    (path,) = tmp_path.joinpath("events").glob("*.events")
    files = Segments(tmp_path / "events")
    group = files.get(1).group_at(START, files.get(1).size())
    assert isinstance(group, Group)
    (place,) = erasing.places(group, [2])
    with path.open("r+b") as file:  # the first of two writes was on disk when the power went
        file.seek(place.offset)
        file.write(groups.ERASED)
    assert [r.id for r in log.read(0, 10)] == ["1"]
    assert on_disk(tmp_path) != []
    assert log.erase([2]) == 1
    assert on_disk(tmp_path) == []
    files.close()


def test_what_was_damaged_otherwise_is_still_damaged(log: FileEventLog, tmp_path: Path) -> None:
    log.append([told("1"), told("2")])
    (path,) = tmp_path.joinpath("events").glob("*.events")
    data = bytearray(path.read_bytes())
    data[-5] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(CorruptRecordError):
        log.read(1, 1)
    assert list(log.damaged()) == [2]
    assert log.erase([2]) == 1  # and can be erased
    assert list(log.damaged()) == []


def test_numbers_that_are_not_there_are_passed_over(log: FileEventLog) -> None:
    log.append([told("1")])
    assert log.erase([0, 5, 900]) == 0
    assert log.erase([]) == 0
    assert len(log.read(0, 5)) == 1


def test_a_file_that_holds_nothing_more_gives_its_room_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_files, "SEGMENT_BYTES", 4_000)
    log, reader = FileEventLog(tmp_path / "events"), FileEventLog(tmp_path / "events")
    for n in range(30):
        log.append([told(str(n), "x" * 300)])
    assert len(reader.read(0, 100)) == 30
    names = sorted(tmp_path.joinpath("events").glob("*.events"))
    assert len(names) >= 5
    assert log.shed() == 0
    second = int(names[2].name[:19])
    log.erase(list(range(1, second)))
    before = sum(path.stat().st_size for path in names)
    gone = log.shed()
    assert gone > 6_000
    assert sum(path.stat().st_size for path in names) == before - gone
    assert (
        [r.seq for r in log.read(0, 100)] == [r.seq for r in reader.read(0, 100)] == list(range(second, 31))
    )
    assert reader.get("forum", "0") is None
    assert list(log.damaged()) == []
    (answer,) = log.append([told("0", "back")])  # the log has forgotten it: it is a new event
    assert answer.earlier is None
    assert answer.seq == 31
    log.erase(list(range(1, 40)))
    assert log.shed() > 0
    assert names[-1].stat().st_size > START  # the newest file stays
    log.close()
    reader.close()
    again = FileEventLog(tmp_path / "events")
    assert again.append([told("after")])[0].seq == 32
    assert [r.seq for r in again.read(0, 100)] == [32]
    again.close()


def test_what_was_erased_at_the_end_is_known_after_others_were_read(log: FileEventLog) -> None:
    for n in range(4):
        log.append([told(str(n))])
    assert log.erase([2, 3, 4]) == 3
    assert [record.seq for record in log.read(0, 10)] == [1]
    assert [found and found.erased for found in log.find([("forum", str(n)) for n in range(4)])] == [
        False,
        True,
        True,
        True,
    ]
    assert [one.erased for one in log.append([told("1"), told("2")])] == [True, True]  # and none comes back
    assert log.last_seq() == 4


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=8),
    gone=st.sets(st.integers(1, 40)),
    after=st.integers(0, 40),
    limit=st.integers(1, 12),
)
def test_reading_is_as_in_memory_whatever_is_erased(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], gone: set[int], after: int, limit: int
) -> None:
    log = FileEventLog(tmp_path_factory.mktemp("log") / "events")
    plain = MemoryEventLog()
    n = 0
    for size in sizes:
        for one in (log, plain):
            one.append([entry(str(n + m)) for m in range(size)])
        n += size
    assert log.erase(sorted(gone)) == plain.erase(sorted(gone)) == len({g for g in gone if g <= n})
    assert [r.seq for r in log.read(after, limit)] == [r.seq for r in plain.read(after, limit)]
    assert [r.seq for r in log.scan(0.0)] == [r.seq for r in plain.scan(0.0)]
    seen, here = [], 0
    while page := log.read(here, limit):
        seen += [r.seq for r in page]
        here = page[-1].seq
    assert seen == [s for s in range(1, n + 1) if s not in gone]
    keys = [("forum", str(m)) for m in range(n)]
    assert log.find(keys) == plain.find(keys)
    log.close()


KILLED = """
import os, sys
from pathlib import Path
from hakam.storage.embedded import erasing
from hakam.storage.embedded.event_log import FileEventLog
real, count = erasing._write, [0]
def dying(file, offset, data):
    count[0] += 1
    if count[0] > int(sys.argv[2]):
        os._exit(9)
    real(file, offset, data)
erasing._write = dying
log = FileEventLog(Path(sys.argv[1]))
log.erase([2, 3, 5])
"""


@pytest.mark.parametrize("writes", [0, 1, 2, 3, 4, 5])
def test_killed_in_the_middle_nothing_is_damaged_and_it_can_go_on(tmp_path: Path, writes: int) -> None:
    log = FileEventLog(tmp_path / "events")
    log.append([told(str(n), f"{SECRET}-{n}") for n in range(1, 7)])
    log.close()
    died = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "events"), str(writes)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}, check=False, timeout=60,
    )  # fmt: skip
    assert died.returncode == 9
    again = FileEventLog(tmp_path / "events")
    there = [r.seq for r in again.read(0, 10)]
    assert {1, 4, 6} <= set(there)
    assert list(again.damaged()) == []
    assert again.erase([2, 3, 5]) == 3
    assert [r.seq for r in again.read(0, 10)] == [1, 4, 6]
    for n in (2, 3, 5):
        assert on_disk(tmp_path, f"{SECRET}-{n}") == []
    again.close()


def test_small_bodies_are_erased_whole(log: FileEventLog, tmp_path: Path) -> None:
    log.append([Entry("f", "", 0.0, b"", b"", b"")])
    assert log.erase([1]) == 1
    assert log.read(0, 1) == []

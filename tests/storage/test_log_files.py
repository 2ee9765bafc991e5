"""Wherever a writer died, the next one finds all that was on disk, cuts off the rest, and goes on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hakam.storage.embedded import log_files
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.log_files import Claim, mark_path
from hakam.storage.embedded.segments import START
from hakam.storage.event_log import Appended, LogBusyError
from hakam.testing.event_logs import entry

FIRST = "0000000000000000001.events"


@pytest.fixture
def log_in(tmp_path: Path) -> Path:
    """Two groups of two records each, on disk."""
    folder = tmp_path / "events"
    log = FileEventLog(folder)
    log.append([entry("1"), entry("2")])
    log.append([entry("3"), entry("4")])
    log.close()
    return folder


def ids(folder: Path) -> list[str]:
    """Open the log as its next writer, and return what it holds. It goes on from there."""
    log = FileEventLog(folder)
    log.claim()
    found = [record.id for record in log.read(0, 100)]
    assert list(log.damaged()) == []
    assert log.append([entry("next")]) == [Appended(len(found) + 1)]
    log.close()
    reader = FileEventLog(folder)
    assert [record.id for record in reader.read(0, 100)] == [*found, "next"]
    reader.close()
    return found


def test_a_last_group_that_was_cut_at_any_byte_is_cut_off(log_in: Path, tmp_path: Path) -> None:
    """The power failed while the third group was written: any beginning of it may be on disk."""
    before = (log_in / FIRST).stat().st_size
    told = mark_path(log_in).read_bytes()
    log = FileEventLog(log_in)
    log.append([entry("5")])
    log.close()
    whole = (log_in / FIRST).read_bytes()
    for end in range(before, len(whole), 1 if len(whole) - before < 200 else 7):
        copy = tmp_path / f"cut-{end}"
        shutil.copytree(log_in, copy)
        (copy / FIRST).write_bytes(whole[:end])
        mark_path(copy).write_bytes(told)
        assert ids(copy) == ["1", "2", "3", "4"], end
        shutil.rmtree(copy)


def test_a_last_group_with_a_page_that_did_not_reach_the_disk_is_cut_off(
    log_in: Path, tmp_path: Path
) -> None:
    before = (log_in / FIRST).stat().st_size
    told = mark_path(log_in).read_bytes()
    log = FileEventLog(log_in)
    log.append([entry("5", raw=b"x" * 300), entry("6", raw=b"y" * 300)])
    log.close()
    whole = (log_in / FIRST).read_bytes()
    for at in range(before, len(whole) - 8, 37):
        copy = tmp_path / f"hole-{at}"
        shutil.copytree(log_in, copy)
        (copy / FIRST).write_bytes(whole[:at] + bytes(8) + whole[at + 8 :])
        mark_path(copy).write_bytes(told)
        assert ids(copy) == ["1", "2", "3", "4"], at
        shutil.rmtree(copy)


def test_what_is_on_disk_beyond_the_watermark_is_found(log_in: Path) -> None:
    """The watermark is not synced: after a power cut it lags, and what was acknowledged must be there."""
    told = mark_path(log_in).read_bytes()
    log = FileEventLog(log_in)
    for n in range(5, 9):
        log.append([entry(str(n))])
    log.close()
    mark_path(log_in).write_bytes(told)
    assert ids(log_in) == [str(n) for n in range(1, 9)]


@pytest.mark.parametrize("what", ["absent", "empty", "nonsense", "too far"])
def test_the_watermark_itself_may_be_lost(log_in: Path, what: str) -> None:
    mark = mark_path(log_in)
    if what == "absent":
        mark.unlink()
    elif what == "too far":  # the records come from an older copy than the watermark
        path = log_in / FIRST
        path.write_bytes(path.read_bytes()[:-5])
        assert ids(log_in) == ["1", "2"]
        return
    else:
        mark.write_bytes(b"" if what == "empty" else b"x" * 36)
    reader = FileEventLog(log_in)
    assert reader.read(0, 10) == []  # it waits for a writer to look
    reader.close()
    assert ids(log_in) == ["1", "2", "3", "4"]


@pytest.mark.parametrize("size", [0, 1, START - 1, START])
def test_a_file_that_was_just_begun_is_no_obstacle(log_in: Path, size: int) -> None:
    top = (log_in / FIRST).read_bytes()[:START]
    (log_in / "0000000000000000005.events").write_bytes(top[:size])
    assert ids(log_in) == ["1", "2", "3", "4"]


def test_a_damaged_group_with_a_sound_one_behind_it_is_not_cut_off(log_in: Path) -> None:
    """The watermark lags and a record was damaged: what was acknowledged after it must stay."""
    told = mark_path(log_in).read_bytes()
    before = (log_in / FIRST).stat().st_size
    log = FileEventLog(log_in)
    log.append([entry("5")])
    log.append([entry("6")])
    log.close()
    data = bytearray((log_in / FIRST).read_bytes())
    data[before + 70] ^= 1
    (log_in / FIRST).write_bytes(data)
    mark_path(log_in).write_bytes(told)
    log = FileEventLog(log_in)
    log.claim()
    assert list(log.damaged()) == [5]
    assert [record.id for record in log.read(5, 10)] == ["6"]
    log.close()


def test_what_a_failed_sync_left_in_a_file_is_not_read(log_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A group was refused, and yet reached the disk: the next file begins with its numbers."""
    log = FileEventLog(log_in)

    def fail(_: int) -> None:
        raise OSError(5, "it failed")

    with monkeypatch.context() as failing:
        failing.setattr(log_files, "sync_data", fail)
        failing.setattr(log_files.os, "ftruncate", lambda *_: fail(0))
        with pytest.raises(OSError, match="it failed"):
            log.append([entry("refused")])
    assert log.append([entry("5")]) == [Appended(5)]
    for _ in range(2):
        assert [record.id for record in log.read(0, 10)] == ["1", "2", "3", "4", "5"]
        log.close()
        log = FileEventLog(log_in)
    log.close()
    mark_path(log_in).unlink()
    assert ids(log_in) == ["1", "2", "3", "4", "5"]


def test_a_copy_without_its_index_is_a_whole_log(log_in: Path) -> None:
    for path in log_in.iterdir():
        if path.suffix != ".events":
            path.unlink()
    assert ids(log_in) == ["1", "2", "3", "4"]


def test_the_claim_is_exclusive_and_given_back(tmp_path: Path) -> None:
    claim = Claim(tmp_path / "events")
    with pytest.raises(LogBusyError, match="another process writes"):
        Claim(tmp_path / "events")
    claim.release()
    Claim(tmp_path / "events").release()

"""Closed hours become Parquet files, whole or not at all; the log stays what it was."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest
from pyarrow import parquet

from hakam.storage.embedded import archive
from hakam.storage.embedded.archive import ArchiveUnavailableError, file_of, roll
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.event_log import CorruptRecordError, Entry

START = 1_767_225_600.0  # 2026-01-01T00:00:00Z
SIGNALS = msgspec.json.encode(
    {
        "signals": {"folded": "كلمه", "script": "Arab", "repairs": 2, "fold_version": 1},
        "counted": {"n": 3},
        "scores": {"spam": 0.5},
    }
)


def fill(folder: Path, *hours: float) -> FileEventLog:
    moments = iter([START + hour * 3_600 for hour in hours])
    log = FileEventLog(folder / "events", clock=lambda: next(moments))
    for n in range(len(hours)):
        log.append(
            [Entry("forum", f"{n}-{m}", START - 60, b'{"x":1}', SIGNALS, b'{"pack":{}}') for m in range(3)]
        )
    return log


def test_closed_hours_are_written_once(tmp_path: Path) -> None:
    log = fill(tmp_path, 0, 0.5, 0.99, 2.1, 3.5)
    now = START + 3.6 * 3_600
    written = roll(log, tmp_path / "archive", now=now)
    assert [path.relative_to(tmp_path).as_posix() for path in written] == [
        "archive/2026-01-01/00.parquet",
        "archive/2026-01-01/02.parquet",
    ]
    assert roll(log, tmp_path / "archive", now=now) == []
    assert [path.name for path in roll(log, tmp_path / "archive", now=now + 3_600)] == ["03.parquet"]
    assert log.last_seq() == 15
    log.close()


def test_a_file_holds_every_record_of_its_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_ROWS", 4)
    log = fill(tmp_path, 0, 0.5, 1.5)
    (path,) = roll(log, tmp_path, now=START + 3_601)
    rows = parquet.read_table(path).to_pylist()
    assert [row["id"] for row in rows] == ["0-0", "0-1", "0-2", "1-0", "1-1", "1-2"]
    assert rows[0]["raw"] == b'{"x":1}'
    assert rows[0]["folded"] == "كلمه"
    assert (rows[0]["script"], rows[0]["repairs"], rows[0]["language"]) == ("Arab", 2, None)
    assert rows[0]["counted"] == '{"n":3}'
    assert rows[0]["scores"] == '{"spam":0.5}'
    assert (rows[0]["at"], rows[0]["received_at"].timestamp()) == (START - 60, START)
    assert parquet.ParquetFile(path).metadata.row_group(0).column(5).compression == "ZSTD"
    log.close()


def test_an_hour_that_is_cut_is_not_written(tmp_path: Path) -> None:
    log = fill(tmp_path, 0, 0.5, 1.5, 2.5)
    assert roll(log, tmp_path, now=START + 10_000, since=START + 1_800) == [
        file_of(tmp_path, int(START // 3_600) + 1)
    ]
    log.close()


def test_a_corrupt_record_leaves_no_half_file(tmp_path: Path) -> None:
    log = fill(tmp_path, 0, 0.5, 1.5)
    (path,) = (tmp_path / "events").glob("*.events")
    data = path.read_bytes()
    path.write_bytes(data.replace(b"1-1", b"1-x"))
    with pytest.raises(CorruptRecordError):
        roll(log, tmp_path / "archive", now=START + 3_601)
    assert [path for path in (tmp_path / "archive").rglob("*") if path.is_file()] == []
    log.close()


def test_without_pyarrow_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = fill(tmp_path, 0)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ArchiveUnavailableError, match=r"hakam\[parquet\]"):
        roll(log, tmp_path, now=START + 10_000)
    log.close()

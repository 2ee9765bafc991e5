"""What the gate said is kept until somebody has come to it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from hakam.live.gate import spool
from hakam.live.gate.judge import Why
from hakam.live.gate.passes import Pass
from hakam.live.gate.spool import Said, Spool
from hakam.live.servers.server import Moment


def said(n: int) -> Said:
    return Said(
        at=1.5,
        server="s",
        platform="maydan",
        moment=Moment.START,
        stream=f"show-{n}",
        allowed=False,
        why=Why.COUNTRY,
        shown=Pass(account="u1", until=2.0),
    )


def test_rows_are_read_in_order_and_forgotten_when_taken_in(tmp_path: Path) -> None:
    path = spool.path_of(tmp_path)
    assert spool.read(path, 0, 9) == []
    kept = Spool(path)
    assert all(kept.add(said(n)) for n in range(5))
    rows = spool.read(path, 0, 3)
    assert [row.stream for _seq, row in rows] == ["show-0", "show-1", "show-2"]
    assert rows[0][1] == said(0)
    spool.forget(path, rows[-1][0])
    left = spool.read(path, rows[-1][0], 9)
    assert [row.stream for _seq, row in left] == ["show-3", "show-4"]
    spool.forget(path, left[-1][0])
    kept.add(said(9))
    assert spool.read(path, left[-1][0], 9)[0][0] == left[-1][0] + 1  # no number is given twice
    kept.close()


def test_what_can_not_be_written_waits_and_goes_with_the_next(tmp_path: Path) -> None:
    path = spool.path_of(tmp_path)
    kept = Spool(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert not kept.add(said(1))
    other.execute("COMMIT")
    other.close()
    assert kept.add(said(2))
    assert [row.stream for _seq, row in spool.read(path, 0, 9)] == ["show-1", "show-2"]
    kept.close()


def test_an_answer_waits_for_no_disk_and_hardly_for_the_worker(tmp_path: Path) -> None:
    path = spool.path_of(tmp_path)
    kept = Spool(path)
    assert kept._file.execute("PRAGMA synchronous").fetchone() == (0,)
    assert kept._file.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)
    assert kept._file.execute("PRAGMA busy_timeout").fetchone()[0] <= 5
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert not kept.add(said(1))
    assert kept.waiting == 1
    other.execute("COMMIT")
    other.close()
    assert kept.flush()
    assert kept.waiting == 0
    kept.close()


def test_the_worker_carries_over_what_the_gate_wrote(tmp_path: Path) -> None:
    path = spool.path_of(tmp_path)
    kept = Spool(path)
    for n in range(1_200):
        kept.add(said(n))
    before = path.stat().st_size
    spool.forget(path, 3)
    assert path.stat().st_size > before  # its commit moved the log into the file
    kept.close()


def test_rows_outlive_whoever_wrote_them(tmp_path: Path) -> None:
    path = spool.path_of(tmp_path)
    first = Spool(path)
    first.add(said(1))
    del first  # without a word
    second = Spool(path)
    second.add(said(2))
    assert len(spool.read(path, 0, 9)) == 2
    second.close()


def test_a_file_that_was_made_this_instant_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "said.sqlite"
    path.touch()
    assert spool.read(path, 0, 9) == []

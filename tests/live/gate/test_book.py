"""The book: written by the worker, read by the gate, in microseconds however large it is."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from hakam.live.gate.book import Bar, Permit, Reader, Writer, path_of

BAR = Bar("measure:1", "barred", 10.0, None, ("DE", "FR"), "token")
PERMIT = Permit("permit:1", "عرس", 1.0, 2.0)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = path_of(tmp_path)
    reader = Reader(path)
    assert reader.page("maydan", "u1") is None  # there is no book
    writer = Writer(path)
    assert not writer.stamped
    writer.write("maydan", "u1", [BAR], [PERMIT])
    assert reader.page("maydan", "u1") is None  # and it was never complete
    writer.stamp(100.0)
    assert writer.stamped
    page = reader.page("maydan", "u1")
    assert page is not None
    assert (page.bars, page.permits, page.written_at) == ((BAR,), (PERMIT,), 100.0)
    other = reader.page("elsewhere", "u1")
    assert other is not None
    assert (other.bars, other.permits) == ((), ())


def test_an_account_is_replaced_whole(tmp_path: Path) -> None:
    writer, reader = Writer(path_of(tmp_path)), Reader(path_of(tmp_path))
    writer.stamp(1.0)
    writer.write("maydan", "u1", [BAR, BAR._replace(source="measure:2")], [PERMIT])
    writer.write("maydan", "u1", [BAR._replace(ends=5.0)])
    page = reader.page("maydan", "u1")
    assert page is not None
    assert [bar.ends for bar in page.bars] == [5.0]
    assert page.permits == ()


def test_the_whole_book_is_replaced_at_once(tmp_path: Path) -> None:
    writer, reader = Writer(path_of(tmp_path)), Reader(path_of(tmp_path))
    writer.write_all([("maydan", "u1", [BAR], []), ("maydan", "u2", [BAR], [])], at=5.0)
    assert writer.write_all([("maydan", "u2", [BAR], [])], at=6.0) == 1
    first, second = reader.page("maydan", "u1"), reader.page("maydan", "u2")
    assert first is not None
    assert second is not None
    assert (first.bars, second.bars, second.written_at) == ((), (BAR,), 6.0)


def test_a_book_that_was_put_in_its_place_is_read(tmp_path: Path) -> None:
    writer, reader = Writer(path_of(tmp_path)), Reader(path_of(tmp_path))
    writer.stamp(1.0)
    assert reader.page("maydan", "u1") is not None
    other = Writer(tmp_path / "other.sqlite")
    other.write_all([("maydan", "u1", [BAR], [])], at=2.0)
    for name in ("book.sqlite-wal", "book.sqlite-shm"):
        (tmp_path / "live" / name).unlink(missing_ok=True)
    (tmp_path / "other.sqlite").replace(path_of(tmp_path))
    page = reader.page("maydan", "u1")
    assert page is not None
    assert page.written_at == 2.0


def test_a_damaged_book_says_nothing(tmp_path: Path) -> None:
    path = path_of(tmp_path)
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 100)
    assert Reader(path).page("maydan", "u1") is None


def test_a_large_book_is_as_quick(tmp_path: Path) -> None:
    writer, reader = Writer(path_of(tmp_path)), Reader(path_of(tmp_path))
    writer.write_all((("maydan", f"u{n}", [BAR], []) for n in range(50_000)), at=1.0)
    began = time.perf_counter()
    found = [reader.page("maydan", f"u{n * 7}") for n in range(1_000)]
    took = time.perf_counter() - began
    assert all(page is not None and page.bars for page in found)
    assert took / 1_000 < 0.02  # seconds: the whole answer's time, many times what it takes


def test_a_book_of_an_older_version_is_taken_over(tmp_path: Path) -> None:
    path = path_of(tmp_path)
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as book, book:
        book.execute(
            "CREATE TABLE bars (platform TEXT, account TEXT, source TEXT, why TEXT, starts REAL, ends REAL,"
            " territory TEXT, statement TEXT, PRIMARY KEY (platform, account, source)) WITHOUT ROWID"
        )
        book.execute(
            "INSERT INTO bars VALUES ('maydan', 'u1', 'measure:1', 'barred', 10, NULL, 'DE FR', 'token')"
        )
    assert Reader(path).page("maydan", "u1") is None
    writer = Writer(path)
    writer.stamp(1.0)
    writer.write("maydan", "u2", [BAR._replace(begins=True)])
    first, second = (Reader(path).page("maydan", account) for account in ("u1", "u2"))
    assert first is not None
    assert second is not None
    assert (first.bars, second.bars) == ((BAR,), (BAR._replace(begins=True),))

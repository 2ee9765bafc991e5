"""The book that the gate reads: whom something bars from live, whom a colleague approved. One indexed file.

The worker writes it from what people decided (`hakam.live.barring`), the gate only reads: a look-up costs some
microseconds however many accounts are in it, and no database is asked. Times are Unix seconds.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS bars (
    platform TEXT NOT NULL, account TEXT NOT NULL, source TEXT NOT NULL, why TEXT NOT NULL, starts REAL NOT NULL,
    ends REAL, territory TEXT NOT NULL, statement TEXT NOT NULL, begins INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (platform, account, source)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS permits (
    platform TEXT NOT NULL, account TEXT NOT NULL, source TEXT NOT NULL, event TEXT NOT NULL, starts REAL NOT NULL,
    ends REAL, PRIMARY KEY (platform, account, source)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stamp (id INTEGER PRIMARY KEY CHECK (id = 1), at REAL NOT NULL);
"""


class Bar(NamedTuple):
    """Something that keeps an account from being live."""

    source: str  # `measure:12`, `decision:7`
    why: str  # a `judge.Why`
    starts: float
    ends: float | None
    territory: tuple[str, ...]  # countries; empty: everywhere
    statement: str  # token of the statement of reasons; empty: none
    begins: bool = False  # it bars who begins, and ends nothing that runs

    def holds(self, at: float, country: str | None, *, running: bool = False) -> bool:
        """Whether it bars at a moment, for somebody in a country. A bar for some countries bars only who is there."""
        if running and self.begins:
            return False
        in_time = self.starts <= at and (self.ends is None or at < self.ends)
        return in_time and (not self.territory or country in self.territory)


class Permit(NamedTuple):
    """A colleague approved an account, or its event."""

    source: str  # `permit:3`
    event: str  # empty: whatever it is
    starts: float
    ends: float | None

    def holds(self, at: float, event: str) -> bool:
        """Whether it allows an event at a moment."""
        in_time = self.starts <= at and (self.ends is None or at < self.ends)
        return in_time and self.event in {"", event}


class Page(NamedTuple):
    """What the book says of one account."""

    bars: tuple[Bar, ...]
    permits: tuple[Permit, ...]
    written_at: float  # when the worker last said that the book is up to date


def path_of(home: Path) -> Path:
    """Return where the book lies."""
    return home / "live" / "book.sqlite"


class Writer:
    """Writes the book. Any number of processes may: each account is written whole, from the truth."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        with closing(self._open()) as book:
            book.execute("PRAGMA journal_mode = WAL")
            book.executescript(_SCHEMA)
            if "begins" not in {row[1] for row in book.execute("PRAGMA table_info(bars)")}:
                book.execute("ALTER TABLE bars ADD COLUMN begins INTEGER NOT NULL DEFAULT 0")

    def write(self, platform: str, account: str, bars: Iterable[Bar], permits: Iterable[Permit] = ()) -> None:
        """Replace what the book says of an account."""
        with closing(self._open()) as book, book:
            _replace(book, platform, account, bars, permits)

    def write_all(
        self, pages: Iterable[tuple[str, str, Iterable[Bar], Iterable[Permit]]], *, at: float
    ) -> int:
        """Replace the whole book; return how many accounts are in it. The gate reads the old one meanwhile."""
        count = 0
        with closing(self._open()) as book, book:
            book.execute("DELETE FROM bars")
            book.execute("DELETE FROM permits")
            for page in pages:
                _replace(book, *page)
                count += 1
            _stamp(book, at)
        return count

    def stamp(self, at: float) -> None:
        """Say that the book is up to date at `at`."""
        with closing(self._open()) as book, book:
            _stamp(book, at)

    @property
    def stamped(self) -> bool:
        """Whether the book was ever complete."""
        with closing(self._open()) as book:
            return book.execute("SELECT 1 FROM stamp").fetchone() is not None

    def _open(self) -> sqlite3.Connection:
        book = sqlite3.connect(self._path, timeout=30)
        book.execute("PRAGMA synchronous = NORMAL")
        return book


class Reader:
    """Reads the book, from one process. Opened when first asked, and anew when the file was replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()

    def page(self, platform: str, account: str) -> Page | None:
        """Return what the book says of an account; None where there is no book that was ever complete."""
        try:
            book = self._book()
            at = book.execute("SELECT at FROM stamp").fetchone()
            if at is None:
                return None
            key = (platform, account)
            bars = book.execute(
                "SELECT source, why, starts, ends, territory, statement, begins FROM bars"
                " WHERE platform = ? AND account = ?",
                key,
            ).fetchall()
            permits = book.execute(
                "SELECT source, event, starts, ends FROM permits WHERE platform = ? AND account = ?", key
            ).fetchall()
        except (sqlite3.Error, OSError):
            self._local.book = None
            return None
        return Page(
            tuple(Bar(s, w, a, e, tuple(t.split()), m, bool(b)) for s, w, a, e, t, m, b in bars),
            tuple(Permit(*row) for row in permits),
            float(at[0]),
        )

    def _book(self) -> sqlite3.Connection:
        file = self._path.stat().st_ino
        kept = getattr(self._local, "book", None)
        if kept is None or kept[1] != file:
            opened = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True, timeout=0.005)
            self._local.book = kept = (opened, file)
        found: sqlite3.Connection = kept[0]
        return found


def _replace(
    book: sqlite3.Connection, platform: str, account: str, bars: Iterable[Bar], permits: Iterable[Permit]
) -> None:
    for table in ("bars", "permits"):
        book.execute(f"DELETE FROM {table} WHERE platform = ? AND account = ?", (platform, account))  # noqa: S608 -- two fixed words
    book.executemany(
        "INSERT OR REPLACE INTO bars VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                platform,
                account,
                b.source,
                b.why,
                b.starts,
                b.ends,
                " ".join(b.territory),
                b.statement,
                b.begins,
            )
            for b in bars
        ],
    )
    book.executemany(
        "INSERT OR REPLACE INTO permits VALUES (?, ?, ?, ?, ?, ?)",
        [(platform, account, p.source, p.event, p.starts, p.ends) for p in permits],
    )


def _stamp(book: sqlite3.Connection, at: float) -> None:
    book.execute("INSERT INTO stamp VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at", (at,))

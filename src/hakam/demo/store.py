"""What Maydan keeps, in a SQLite file of its own: authors, posts, and what Hakam told it.

Maydan is a platform like any other: it shares no table and no code with the system that keeps it in order.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

_SCHEMA = """
CREATE TABLE IF NOT EXISTS author (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, language TEXT NOT NULL, country TEXT NOT NULL,
    joined REAL NOT NULL, followers INTEGER NOT NULL, verified INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS post (
    id TEXT PRIMARY KEY, author TEXT NOT NULL REFERENCES author (id), at REAL NOT NULL,
    language TEXT NOT NULL, text TEXT NOT NULL, reply TEXT,
    sent INTEGER NOT NULL DEFAULT 0  -- whether Hakam has taken it
) STRICT;
CREATE INDEX IF NOT EXISTS post_at ON post (at DESC);
CREATE TABLE IF NOT EXISTS measure (
    id INTEGER PRIMARY KEY, target TEXT NOT NULL, subject TEXT NOT NULL, kind TEXT NOT NULL,
    label TEXT, note TEXT, statement TEXT, reversed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS measure_subject ON measure (target, subject);
CREATE TABLE IF NOT EXISTS letter (
    id INTEGER PRIMARY KEY, recipient TEXT NOT NULL, at REAL NOT NULL, statement TEXT,
    title TEXT NOT NULL, body TEXT NOT NULL, link TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS letter_recipient ON letter (recipient, at DESC);
CREATE TABLE IF NOT EXISTS hook (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, at REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 1, body
    TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""


class Author(msgspec.Struct, frozen=True):
    """A person of Maydan. Times are Unix seconds."""

    id: str
    name: str
    language: str
    country: str
    joined: float
    followers: int
    verified: bool = False


class Post(msgspec.Struct, frozen=True):
    """Something that a person wrote."""

    id: str
    author: str
    at: float
    language: str
    text: str
    reply: str | None = None
    sent: bool = False  # whether Hakam has taken it


class Measure(msgspec.Struct, frozen=True):
    """Something that Hakam told Maydan to do about a post (`item`) or a person (`account`)."""

    id: int
    target: str
    subject: str
    kind: str
    label: str | None = None
    note: str | None = None
    statement: str | None = None
    reversed: bool = False


class Letter(msgspec.Struct, frozen=True):
    """What a person of Maydan was told, with the page where all of it stands."""

    id: int
    recipient: str
    at: float
    statement: str | None
    title: str
    body: str
    link: str


class Hook(msgspec.Struct, frozen=True):
    """A message from Hakam. `tries` counts how often the same one came."""

    id: str
    kind: str
    at: float
    tries: int
    body: str


def _post(row: dict[str, Any]) -> Post:
    return msgspec.convert(row, Post, strict=False)


class Store:
    """Opens a connection for each piece of work, so that any thread may use it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self.work() as db:
            db.executescript(_SCHEMA)

    @contextmanager
    def work(self) -> Iterator[sqlite3.Connection]:
        """Give a connection inside one write transaction, committed when the block ends well."""
        with closing(sqlite3.connect(self._path, timeout=20, isolation_level=None)) as db:
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA foreign_keys=ON")
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
            if db.in_transaction:
                db.execute("COMMIT")

    def _read(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self._path, timeout=20)) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(query, values)]

    def add_authors(self, authors: Iterable[Author]) -> None:
        """Add people; those who are there stay as they are."""
        with self.work() as db:
            db.executemany(
                "INSERT OR IGNORE INTO author VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(a.id, a.name, a.language, a.country, a.joined, a.followers, a.verified) for a in authors],
            )

    def add_posts(self, posts: Iterable[Post]) -> None:
        """Add posts; those that are there stay as they are."""
        with self.work() as db:
            db.executemany(
                "INSERT OR IGNORE INTO post VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(p.id, p.author, p.at, p.language, p.text, p.reply, p.sent) for p in posts],
            )

    def authors(self) -> dict[str, Author]:
        """Return everybody by id."""
        rows = self._read("SELECT * FROM author ORDER BY id")
        return {row["id"]: msgspec.convert(row, Author, strict=False) for row in rows}

    def post(self, id: str) -> Post | None:  # noqa: A002 -- it is the id
        """Return one post."""
        rows = self._read("SELECT * FROM post WHERE id = ?", id)
        return _post(rows[0]) if rows else None

    def timeline(
        self, *, language: str = "", author: str = "", before: float = 0, limit: int = 30
    ) -> list[Post]:
        """Return posts, newest first; `before` (Unix seconds) pages back."""
        rows = self._read(
            "SELECT * FROM post WHERE (?1 = '' OR language = ?1) AND (?2 = '' OR author = ?2)"
            " AND (?3 = 0 OR at < ?3) ORDER BY at DESC, id DESC LIMIT ?4",
            language,
            author,
            before,
            limit,
        )
        return [_post(row) for row in rows]

    def replies(self, post: str) -> list[Post]:
        """Return the answers to a post, oldest first."""
        return [_post(row) for row in self._read("SELECT * FROM post WHERE reply = ? ORDER BY at", post)]

    def unsent(self) -> list[Post]:
        """Return the posts that Hakam has not taken, oldest first."""
        return [_post(row) for row in self._read("SELECT * FROM post WHERE NOT sent ORDER BY at, id")]

    def mark_sent(self, posts: Iterable[Post]) -> None:
        """Note that Hakam has taken `posts`."""
        with self.work() as db:
            db.executemany("UPDATE post SET sent = 1 WHERE id = ?", [(post.id,) for post in posts])

    def count_posts(self) -> int:
        """Return how many posts there are."""
        return int(self._read("SELECT count(*) AS n FROM post")[0]["n"])

    def measures(self, target: str, subjects: Iterable[str]) -> dict[str, list[Measure]]:
        """Return the measures in force on each of `subjects`."""
        wanted = list(subjects)
        marks = ",".join("?" * len(wanted))
        rows = self._read(
            f"SELECT * FROM measure WHERE target = ? AND NOT reversed AND subject IN ({marks}) ORDER BY id",  # noqa: S608 -- marks only
            target,
            *wanted,
        )
        found: dict[str, list[Measure]] = {subject: [] for subject in wanted}
        for row in rows:
            found[row["subject"]].append(msgspec.convert(row, Measure, strict=False))
        return found

    def letters(self, recipient: str) -> list[Letter]:
        """Return what a person was told, newest first."""
        rows = self._read("SELECT * FROM letter WHERE recipient = ? ORDER BY at DESC, id DESC", recipient)
        return [msgspec.convert(row, Letter) for row in rows]

    def statement_link(self, statement: str | None) -> str | None:
        """Return the page of a statement of reasons, once Hakam has told it."""
        if statement is None:
            return None
        rows = self._read("SELECT link FROM letter WHERE statement = ? ORDER BY id LIMIT 1", statement)
        return str(rows[0]["link"]) if rows else None

    def hooks(self, limit: int = 100) -> list[Hook]:
        """Return the messages from Hakam, newest first."""
        return [
            msgspec.convert(r, Hook) for r in self._read("SELECT * FROM hook ORDER BY at DESC LIMIT ?", limit)
        ]

    def note(self, name: str) -> str | None:
        """Return what Maydan noted down under `name`."""
        rows = self._read("SELECT value FROM fact WHERE name = ?", name)
        return str(rows[0]["value"]) if rows else None

    def set_note(self, name: str, value: str) -> None:
        """Note something down."""
        with self.work() as db:
            db.execute(
                "INSERT INTO fact VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (name, value),
            )

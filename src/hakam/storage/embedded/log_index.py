"""Where an event lies in the log, and where a number does: a SQLite file beside the log's own, written behind it.

It follows from the log, so that it may lag, be thrown away and be made anew. Nothing in it is random access to a large
tree while it is written: events come in runs, each in the order of its keys, and sixteen runs become one, as in every
log-structured store. A key is the first half of the event's digest; the log itself has the whole.

SQLite is given many rows in one blob and cuts it itself, since Python's module takes and gives back the interpreter's
lock for each row it is given.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import msgspec

FAN_IN = 16  # runs of one level that become one of the next
LEVELS = 2  # a run of the last level stays as it is: 256 times the first size
_FORMAT = 1
_BUSY_SECONDS = 30.0
_SOME = 2_000  # keys read at a time
_CUT = "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?) "
_SCHEMA = """
CREATE TABLE IF NOT EXISTS run (id INTEGER PRIMARY KEY, level INTEGER NOT NULL, last_seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS event (run INTEGER, key BLOB, seq INTEGER, PRIMARY KEY (run, key, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS place (
    seq INTEGER PRIMARY KEY, received_at REAL NOT NULL, segment INTEGER NOT NULL, offset INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS place_time ON place (received_at);
CREATE TABLE IF NOT EXISTS covered (
    one INTEGER PRIMARY KEY CHECK (one = 1), segment INTEGER NOT NULL, offset INTEGER NOT NULL, seq INTEGER NOT NULL
);
"""
_encode = msgspec.json.Encoder().encode

KEY_BYTES = 8


class Place(NamedTuple):
    """Where a group begins, with its first number and its time of receipt."""

    seq: int
    received_at: float
    segment: int
    offset: int


class Covered(NamedTuple):
    """How far the index knows the log: the place after the last group, and that group's last number."""

    segment: int = 0
    offset: int = 0
    seq: int = 0


class LogIndex:
    """The index in the file `path`. One process writes it, any number read. Each thread that writes needs its own."""

    def __init__(self, path: Path, *, write: bool = False) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._db = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={'rwc' if write else 'rw'}",
            uri=True,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            if write:
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute(
                    "PRAGMA synchronous = NORMAL"
                )  # what a power cut takes is read from the log again
                self._db.executescript(_SCHEMA)
            else:
                self._db.execute("PRAGMA query_only = ON")
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if write and version == 0:
                self._db.execute(f"PRAGMA user_version = {_FORMAT}")
            elif version != _FORMAT:
                raise sqlite3.DatabaseError(f"{path} has format {version}")
        except sqlite3.Error:
            self._db.close()
            raise

    def covered(self) -> Covered:
        """Return how far the index knows the log."""
        with self._lock:
            row = self._db.execute("SELECT segment, offset, seq FROM covered").fetchone()
        return Covered(*row) if row else Covered()

    def find(self, digests: Sequence[bytes]) -> dict[bytes, list[int]]:
        """Return for each digest that may be known the numbers of the events that may be meant."""
        found: dict[bytes, list[int]] = {}
        if digests:
            with self._lock:
                rows = self._db.execute(
                    _CUT  # noqa: S608 -- only our own words
                    + "SELECT i, event.seq FROM n CROSS JOIN run CROSS JOIN event "
                    "ON event.run = run.id AND event.key = substr(?, i * 16 + 1, 8)",
                    (len(digests), b"".join(digests)),
                ).fetchall()
            for number, seq in rows:
                found.setdefault(digests[number], []).append(seq)
        return found

    def place_of(self, seq: int) -> Place | None:
        """Return the last known place at or before a number."""
        return self._place("SELECT * FROM place WHERE seq <= ? ORDER BY seq DESC LIMIT 1", seq)

    def place_before(self, since: float) -> Place | None:
        """Return the last known place of something received before `since`."""
        return self._place(
            "SELECT * FROM place WHERE received_at < ? ORDER BY received_at DESC, seq DESC LIMIT 1", since
        )

    def _place(self, query: str, value: float) -> Place | None:
        with self._lock:
            row = self._db.execute(query, (value,)).fetchone()
        return Place(*row) if row else None

    def add(self, events: dict[bytes, int], places: Sequence[Place], covered: Covered) -> None:
        """Add a run: events by digest, places of groups, and how far the log is known with them."""
        with self._lock, self._transaction():
            (run,) = self._db.execute("SELECT coalesce(max(id), 0) + 1 FROM run").fetchone()
            self._db.execute("INSERT INTO run VALUES (?, 0, ?)", (run, covered.seq))
            for first, digests in _stretches(events):
                self._db.execute(
                    _CUT  # noqa: S608 -- only our own words
                    + "INSERT INTO event SELECT ?, substr(?, i * 16 + 1, 8) AS key, ? + i FROM n ORDER BY key",
                    (len(digests), run, b"".join(digests), first),
                )
            for start in range(0, len(places), _SOME):
                self._db.execute(
                    "INSERT OR REPLACE INTO place SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), "
                    "json_extract(value, '$[2]'), json_extract(value, '$[3]') FROM json_each(?)",
                    (_encode(places[start : start + _SOME]).decode(),),
                )
            self._db.execute("INSERT OR REPLACE INTO covered VALUES (1, ?, ?, ?)", covered)

    def merge(self) -> bool:
        """Make one run of sixteen if there are as many of one level; return whether there were."""
        with self._lock:
            for level in range(LEVELS):
                runs = self._db.execute(
                    "SELECT id, last_seq FROM run WHERE level = ? ORDER BY last_seq LIMIT ?", (level, FAN_IN)
                ).fetchall()
                if len(runs) == FAN_IN:
                    self._merge([run for run, _ in runs], level + 1, runs[-1][1])
                    return True
        return False

    def _merge(self, runs: list[int], level: int, last_seq: int) -> None:
        asked = _encode(runs).decode()
        with self._transaction():
            (fresh,) = self._db.execute("SELECT max(id) + 1 FROM run").fetchone()
            self._db.execute(
                "INSERT INTO event SELECT ?, key, seq FROM event WHERE run IN (SELECT value FROM json_each(?)) "
                "ORDER BY key, seq",
                (fresh, asked),
            )
            self._db.execute("DELETE FROM event WHERE run IN (SELECT value FROM json_each(?))", (asked,))
            self._db.execute("DELETE FROM run WHERE id IN (SELECT value FROM json_each(?))", (asked,))
            self._db.execute("INSERT INTO run VALUES (?, ?, ?)", (fresh, level, last_seq))

    def keys(self, after: int) -> Iterator[bytes]:
        """Yield the keys of all runs that know of events beyond the number `after`, some at a time, 8 bytes each."""
        with self._lock:
            runs = self._db.execute("SELECT id FROM run WHERE last_seq > ?", (after,)).fetchall()
        for (run,) in runs:
            last = b""
            while True:
                with self._lock:
                    (text,) = self._db.execute(
                        "SELECT group_concat(hex(key), '') FROM "
                        "(SELECT key FROM event WHERE run = ? AND key > ? ORDER BY key LIMIT ?)",
                        (run, last, _SOME),
                    ).fetchone()
                if not text:
                    break
                keys = bytes.fromhex(text)
                yield keys
                last = keys[-KEY_BYTES:]

    def _transaction(self) -> _Transaction:
        return _Transaction(self._db)

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._db.close()


class _Transaction:
    """All or nothing."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if kind is None:
            try:
                self._db.execute("COMMIT")
            except sqlite3.Error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        elif self._db.in_transaction:
            self._db.execute("ROLLBACK")


def _stretches(events: dict[bytes, int]) -> Iterator[tuple[int, list[bytes]]]:
    """Yield events whose numbers follow on one another, mostly all: the first number and the digests."""
    numbers = iter(events.values())
    first = next(numbers, 0)
    if first + len(events) - 1 == next(reversed(events.values()), 0):
        yield first, list(events)
        return
    for _, members in groupby(enumerate(events.items()), key=lambda pair: pair[1][1] - pair[0]):
        stretch = [event for _, event in members]
        yield stretch[0][1], [digest for digest, _ in stretch]


def delete(path: Path) -> None:
    """Throw the index away. It will be made anew from the log."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)

"""The event log in one SQLite file of its own, so that it never waits for the lock of the control database.

WAL and `synchronous=FULL`: a commit returns when its bytes are on disk. A record is one row: a 16-byte digest of
(platform, id), unique; the time of receipt, never decreasing; a checksum; and one body with everything else.
"""

from __future__ import annotations

import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path

import msgspec

from hakam.storage.embedded.checkpoints import SAFETY_PAGES, Checkpoints
from hakam.storage.embedded.id_filter import IdFilter
from hakam.storage.event_log import Appended, CorruptRecordError, Entry, LogBusyError, LogFullError, Record

FORMAT = 1
_CHUNK = 500  # rows a query, under SQLite's limit on variables
_FILL = 5_000  # digests read at a time for the filter
_BUSY_SECONDS = 30.0
_CHECKPOINT_PAGES = 4_000  # about 16 MB of WAL between checkpoints
_FULL = frozenset({sqlite3.SQLITE_FULL})

_COLUMNS = 5
_MOST_ROWS = 64  # in one statement


@cache
def _insert(rows: int) -> str:
    return f"INSERT INTO record VALUES {','.join(['(?,?,?,?,?)'] * rows)} ON CONFLICT (digest) DO NOTHING"  # noqa: S608 -- only question marks


_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    seq INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    received_at REAL NOT NULL,
    checksum INTEGER NOT NULL,
    body BLOB NOT NULL
)
"""


class _Body(msgspec.Struct, frozen=True, array_like=True):
    platform: str
    id: str
    at: float
    raw: bytes
    signals: bytes
    verdict: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Body).decode


def _digest(platform: str, id_: str) -> bytes:
    # A platform's name can't hold NUL, so that no two pairs share their bytes.
    return blake2b(f"{platform}\0{id_}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _checksum(seq: int, received_at: float, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(f"{seq}:{received_at!r}".encode()))


class SqliteEventLog:
    """An `EventLog` in the file `path`. Any number of processes may read; one may write (see `claim`)."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._clock = clock
        self._writing = threading.Lock()
        self._reading = threading.Lock()
        self._claim: sqlite3.Connection | None = None
        self._filter: IdFilter | None = None
        self._last: tuple[int, float] | None = (
            None  # number and time of the newest record, while we are the one writer
        )
        self._filling: threading.Thread | None = None
        self._checkpoints: Checkpoints | None = None
        self._closing = False
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = self._connect()
        self._writer.execute(_SCHEMA)
        version = self._writer.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._writer.execute(f"PRAGMA user_version = {FORMAT}")
        elif version != FORMAT:
            self._writer.close()
            raise OSError(f"{path} has format {version}; this release reads {FORMAT}")
        self._reader = self._connect()
        self._reader.execute("PRAGMA query_only = ON")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        connection.execute("PRAGMA cache_size = -32000")
        return connection

    def claim(self) -> None:
        """Become the one writer until this process ends or `close`. Raises `LogBusyError` if there is another."""
        if self._claim is not None:
            return
        claim = sqlite3.connect(
            self.path.with_suffix(".lock"), timeout=0, isolation_level=None, check_same_thread=False
        )
        try:
            claim.execute("PRAGMA journal_mode = DELETE")
            claim.execute("BEGIN EXCLUSIVE")  # a lock that every system releases when the process dies
        except sqlite3.OperationalError:
            claim.close()
            raise LogBusyError(f"another process writes {self.path}") from None
        self._claim = claim
        self._writer.execute(f"PRAGMA wal_autocheckpoint = {SAFETY_PAGES}")
        self._checkpoints = Checkpoints(self._connect)
        self._filling = threading.Thread(target=self._fill, name="id-filter", daemon=True)
        self._filling.start()

    def _fill(self) -> None:
        """Learn which events are there. Until that is done, `find` asks the index for each."""
        known = IdFilter(self.last_seq())
        after = 0
        while not self._closing:
            with self._writing:  # nothing is added between the last page and the filter's first use
                with self._reading:
                    rows = self._reader.execute(
                        "SELECT seq, digest FROM record WHERE seq > ? ORDER BY seq LIMIT ?", (after, _FILL)
                    ).fetchall()
                if not rows:
                    self._filter = known
                    return
            for _, digest in rows:
                known.add(digest)
            after = rows[-1][0]

    def append(self, entries: Sequence[Entry]) -> list[Appended]:
        """Make `entries` durable together. See `EventLog.append`."""
        if not entries:
            return []
        digests = [_digest(entry.platform, entry.id) for entry in entries]
        with self._writing:
            try:
                if self._checkpoints is not None and self._checkpoints.restart_due:
                    self._checkpoints.restart(self._writer)
                answers = self._append(entries, digests)
            except sqlite3.Error as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF in _FULL:
                    raise LogFullError(f"{self.path} can't grow: {error}") from error
                raise OSError(f"{self.path} can't be written: {error}") from error
            finally:
                with suppress(sqlite3.Error):
                    if self._writer.in_transaction:
                        self._writer.execute("ROLLBACK")
            if self._filter is not None:
                for digest in digests:
                    self._filter.add(digest)
            if self._checkpoints is not None:
                self._checkpoints.wrote(len(entries))
            return answers

    def find(self, keys: Sequence[tuple[str, str]]) -> list[Appended | None]:
        """Return what appending each key would answer, or `None` if it is not in the log."""
        digests = [_digest(*key) for key in keys]
        ask = (
            digests
            if self._filter is None
            else [digest for digest in digests if self._filter.perhaps(digest)]
        )
        if not ask:
            return [None] * len(digests)
        with self._reading:
            try:
                known = _known(self._reader, ask)
            except sqlite3.Error as error:
                raise OSError(f"{self.path} can't be read: {error}") from error
        return [known.get(digest) for digest in digests]

    def _append(self, entries: Sequence[Entry], digests: list[bytes]) -> list[Appended]:
        """Insert what is not there. As few statements as can be, since each gives the interpreter away once."""
        sole = self._claim is not None
        alone = sole and len(entries) <= _MOST_ROWS  # one statement is its own transaction
        if not alone:
            self._writer.execute("BEGIN IMMEDIATE")
        if self._last is None or not sole:
            last = self._writer.execute(
                "SELECT seq, received_at FROM record ORDER BY seq DESC LIMIT 1"
            ).fetchone()
            self._last = last or (0, 0.0)
        seq, received_at = self._last[0], max(self._last[1], self._clock())
        values: list[object] = []
        for number, (entry, digest) in enumerate(zip(entries, digests, strict=True), seq + 1):
            body = _encode((entry.platform, entry.id, entry.at, entry.raw, entry.signals, entry.verdict))
            values += (number, digest, received_at, _checksum(number, received_at, body), body)
        inserted = 0
        for start in range(0, len(entries), _MOST_ROWS):
            rows = min(_MOST_ROWS, len(entries) - start)
            part = values[start * _COLUMNS : (start + rows) * _COLUMNS]
            inserted += self._writer.execute(_insert(rows), part).rowcount
        if not alone:
            self._writer.execute("COMMIT")
        self._last = (seq + len(entries), received_at)  # numbers of repeats stay unused
        answers = [Appended(number) for number in range(seq + 1, seq + 1 + len(entries))]
        if inserted == len(entries):
            return answers
        known = _known(self._writer, digests)
        return [
            mine if known[digest].seq == mine.seq else known[digest]
            for mine, digest in zip(answers, digests, strict=True)
        ]

    def read(self, after: int, limit: int) -> list[Record]:
        """Return up to `limit` records with `seq > after`, in order."""
        return [_record(row) for row in self._rows("WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit))]

    def get(self, platform: str, id: str) -> Record | None:  # noqa: A002 -- the event's own word
        """Return the record of an event, if it is there."""
        rows = self._rows("WHERE digest = ?", (_digest(platform, id),))
        return _record(rows[0]) if rows else None

    def missing(self, keys: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return those of the (platform, id) pairs that are not in the log."""
        return [key for key in keys if not self._rows("WHERE digest = ?", (_digest(*key),))]

    def scan(self, since: float) -> Iterator[Record]:
        """Yield the records received since `since`, in order, without holding anything between two of them."""
        after = self.before(since)
        while records := self.read(after, _CHUNK):
            yield from records
            after = records[-1].seq

    def last_seq(self) -> int:
        """Return the number of the newest record, 0 if there is none."""
        with self._reading:
            row = self._reader.execute("SELECT max(seq) FROM record").fetchone()
        return int(row[0] or 0)

    def damaged(self) -> Iterator[int]:
        """Yield the number of each record whose checksum does not fit. Reads the whole log."""
        after = 0
        while rows := self._rows("WHERE seq > ? ORDER BY seq LIMIT ?", (after, _CHUNK)):
            for row in rows:
                try:
                    _record(row)
                except CorruptRecordError as error:
                    yield error.seq
            after = rows[-1][0]

    def close(self) -> None:
        """Release files and the claim. Everything acknowledged is already durable."""
        self._closing = True
        if self._filling is not None:
            self._filling.join()
        if self._checkpoints is not None:
            self._checkpoints.close()
        with self._writing, self._reading:
            self._reader.close()
            self._writer.close()
            if self._claim is not None:
                self._claim.close()
                self._claim = None

    def _rows(self, where: str, values: Sequence[object]) -> list[tuple[int, float, int, bytes]]:
        with self._reading:
            query = f"SELECT seq, received_at, checksum, body FROM record {where}"  # noqa: S608 -- our own words
            return self._reader.execute(query, values).fetchall()

    def before(self, since: float) -> int:
        """Return the number of the last record received before `since`. Times never decrease: bisection finds it."""
        low, high = 0, self.last_seq()
        while low < high:
            middle = (low + high + 1) // 2
            with self._reading:
                row = self._reader.execute(
                    "SELECT received_at FROM record WHERE seq >= ? ORDER BY seq LIMIT 1", (middle,)
                ).fetchone()
            if row[0] < since:
                low = middle
            else:
                high = middle - 1
        return low


def _record(row: tuple[int, float, int, bytes]) -> Record:
    seq, received_at, checksum, data = row[:4]
    if _checksum(seq, received_at, data) != checksum:
        raise CorruptRecordError(seq)
    body = _decode(data)
    return Record(seq, received_at, body.platform, body.id, body.at, body.raw, body.signals, body.verdict)


def _known(connection: sqlite3.Connection, digests: Sequence[bytes]) -> dict[bytes, Appended]:
    known: dict[bytes, Appended] = {}
    for start in range(0, len(digests), _CHUNK):
        some = digests[start : start + _CHUNK]
        marks = ",".join("?" * len(some))
        query = f"SELECT seq, received_at, checksum, body, digest FROM record WHERE digest IN ({marks})"  # noqa: S608 -- only question marks
        for row in connection.execute(query, some).fetchall():
            try:
                known[row[4]] = Appended(row[0], _record(row).verdict)
            except CorruptRecordError:
                known[row[4]] = Appended(row[0], damaged=True)
    return known

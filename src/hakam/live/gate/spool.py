"""What the gate said, kept until the worker has come to it: a file that survives the end of either process.

A row is written before the answer leaves. It is on the disk at once but not forced there: a machine that loses power
may lose the last rows, and the streams that they tell of tell of themselves again with their next beat. The gate never
waits for a disk: the worker forces to it what it has taken in, and carries it over from the write-ahead log.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from hakam.live.gate.judge import Why
from hakam.live.gate.passes import Pass
from hakam.live.servers.server import Moment

_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS said (seq INTEGER PRIMARY KEY AUTOINCREMENT, record BLOB NOT NULL)"
)
_PATIENCE: Final = 0.003  # seconds that an answer waits for the worker's hold on the file
_MOST_WAITING: Final = 10_000  # rows that wait in memory while the file can't be written


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """One answer, or one thing that a server told of."""

    at: float  # Unix seconds
    server: str
    platform: str
    moment: Moment
    stream: str
    session: str = ""
    allowed: bool = True
    why: Why | None = None
    until: float | None = None
    source: str = ""
    statement: str = ""
    sure: bool = True
    token: str = ""  # of the page that says why
    shown: Pass | None = None
    path: str = ""
    viewers: int | None = None
    shares: int | None = None


def path_of(home: Path) -> Path:
    """Return where the file lies."""
    return home / "live" / "said.sqlite"


class Spool:
    """The file, as the gate writes it and the worker empties it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._waiting: list[bytes] = []
        with closing(self._open(30)) as file:
            file.execute("PRAGMA journal_mode = WAL")
            file.execute(_SCHEMA)
        self._file = self._open(_PATIENCE)
        self._file.execute("PRAGMA synchronous = OFF")
        self._file.execute("PRAGMA wal_autocheckpoint = 0")

    @property
    def waiting(self) -> int:
        """How many rows wait in memory."""
        return len(self._waiting)

    def add(self, said: Said) -> bool:
        """Keep a row; False while the file can't be written: it waits in memory, and goes with the next one."""
        self._waiting = [*self._waiting[-_MOST_WAITING:], msgspec.json.encode(said)]
        return self.flush()

    def flush(self) -> bool:
        """Write what waits."""
        try:
            with self._file:
                self._file.executemany(
                    "INSERT INTO said (record) VALUES (?)", [(row,) for row in self._waiting]
                )
        except sqlite3.Error:
            return False
        self._waiting = []
        return True

    def close(self) -> None:
        """Write what waits and close the file."""
        self.flush()
        self._file.close()

    def _open(self, timeout: float) -> sqlite3.Connection:
        file = sqlite3.connect(self._path, timeout=timeout, check_same_thread=False)
        file.execute("PRAGMA synchronous = NORMAL")
        return file


def read(path: Path, after: int, limit: int) -> list[tuple[int, Said]]:
    """Return up to `limit` rows after a number, in order. None of an absent file."""
    if not path.exists():
        return []
    with closing(sqlite3.connect(path, timeout=5)) as file:
        try:
            rows = file.execute(
                "SELECT seq, record FROM said WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit)
            ).fetchall()
        except sqlite3.OperationalError:
            return []  # made this instant, and still empty
    return [(int(seq), msgspec.json.decode(record, type=Said)) for seq, record in rows]


def forget(path: Path, up_to: int) -> None:
    """Remove the rows that were taken in. Their numbers are never given again."""
    with closing(sqlite3.connect(path, timeout=5)) as file, file:
        file.execute("DELETE FROM said WHERE seq <= ?", (up_to,))


__all__: Sequence[str] = ("Said", "Spool", "forget", "path_of", "read")

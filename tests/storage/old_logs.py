"""Event logs as releases up to 0.1 wrote them."""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

from hakam.storage.embedded.groups import body_of, identity_of
from hakam.storage.event_log import Entry

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    seq INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    received_at REAL NOT NULL,
    checksum INTEGER NOT NULL,
    body BLOB NOT NULL
)
"""


def write_old_log(path: Path, rows: list[tuple[int, float, Entry]], *, version: int = 1) -> None:
    """Write (number, time of receipt, entry) as the old release did."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(_SCHEMA)
        db.execute(f"PRAGMA user_version = {version}")
        for seq, received_at, entry in rows:
            body = body_of(entry)
            checksum = zlib.crc32(body, zlib.crc32(f"{seq}:{received_at!r}".encode()))
            digest = identity_of(entry.platform, entry.id).digest
            db.execute("INSERT INTO record VALUES (?,?,?,?,?)", (seq, digest, received_at, checksum, body))

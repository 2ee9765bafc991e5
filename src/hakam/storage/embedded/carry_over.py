"""The event log of earlier releases was one SQLite file, `events.db`. Its records are carried over once, all of them.

Numbers, times and bytes stay as they are, since the control database knows records by their numbers. A damaged record
stays damaged and keeps its name. The old file is kept as `events.db.carried`, and nothing reads it any more.
"""

from __future__ import annotations

import logging
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from hakam.storage.embedded import groups
from hakam.storage.embedded.durable import sync_folder
from hakam.storage.embedded.log_files import Claim, LogFiles, mark_path
from hakam.storage.embedded.watermark import NOTHING, WatermarkFile
from hakam.storage.event_log import LogBusyError

OLD_FORMAT = 1
_AT_ONCE = 1_000  # records in one sync
_LOOK = 0.2  # seconds between two looks at what another process carries
_MOMENT = 10  # looks for which a lock without a sign of carrying is borne
_LOG = logging.getLogger("hakam.door")


class _Old(NamedTuple):
    """A row of the old file. `sound`: its checksum fits."""

    seq: int
    digest: bytes
    received_at: float
    sound: bool
    body: bytes


def carry_over(folder: Path) -> None:
    """Make the log in `folder` of the old file beside it, if there is one and no such folder yet.

    Raises `LogBusyError` if an earlier release still writes the old file. Waits for another process that does the same.
    """
    old, fresh = folder.with_name(f"{folder.name}.db"), folder.with_name(f"{folder.name}.new")
    busy = 0
    while old.exists() and not folder.exists():
        try:
            claim = Claim(folder)
        except LogBusyError:
            busy = 0 if fresh.exists() else busy + 1
            if busy > _MOMENT:
                raise
            time.sleep(_LOOK)
            continue
        try:
            if old.exists() and not folder.exists():
                _carry(old, fresh)
                fresh.rename(folder)
                sync_folder(folder.parent)
                old.rename(old.with_name(f"{old.name}.carried"))
        finally:
            claim.release()


def _carry(old: Path, fresh: Path) -> None:
    _LOG.warning("%s is carried over to the log of this release", old)
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    files = LogFiles(fresh, NOTHING, secrets.randbits(32))
    carried = 0
    try:
        for records in _pages(old):
            data = b"".join(_groups(records, files.salt))
            last = records[-1]
            files.mark = files.write(records[0].seq, last.seq, last.received_at, data)
            carried += len(records)
        with closing(WatermarkFile(mark_path(fresh), write=True)) as marks:
            marks.write(files.mark)
    finally:
        files.close()
    sync_folder(fresh)
    _LOG.warning("%d records were carried over", carried)


def _pages(old: Path) -> Iterator[list[_Old]]:
    with closing(sqlite3.connect(old, isolation_level=None)) as db:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version != OLD_FORMAT:
            raise OSError(f"{old} has format {version}; this release carries over {OLD_FORMAT}")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()  # all of it in the one file that is kept
        after = 0
        while rows := db.execute(
            "SELECT seq, digest, received_at, checksum, body FROM record WHERE seq > ? ORDER BY seq LIMIT ?",
            (after, _AT_ONCE),
        ).fetchall():
            yield [
                _Old(seq, digest, at, crc32(body, crc32(f"{seq}:{at!r}".encode())) == checksum, body)
                for seq, digest, at, checksum, body in rows
            ]
            after = rows[-1][0]


def _groups(records: list[_Old], salt: int) -> Iterator[bytes]:
    """Yield groups: numbers that follow on one another, received at one time."""
    numbered = enumerate(records)
    for (_, received_at), members in groupby(
        numbered, key=lambda pair: (pair[1].seq - pair[0], pair[1].received_at)
    ):
        group = [record for _, record in members]
        bodies = [record.body for record in group]
        checksums = [
            crc32(record.body, salt) if record.sound else ~crc32(record.body, salt) & 0xFFFFFFFF
            for record in group
        ]
        yield groups.pack(
            group[0].seq, received_at, [record.digest for record in group], bodies, checksums, salt=salt
        )

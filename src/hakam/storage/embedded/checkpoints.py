"""Moving what a write-ahead log holds into the database file, beside the writer instead of in its way.

SQLite does it inside the commit that makes the log long enough, and whoever waits for that commit waits for it too:
some twenty milliseconds, several times a second under load. Here a thread with a connection of its own does it.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable

PASSIVE_ROWS = 2_000  # rows between two checkpoints: a few megabytes of log
RESTART_PAGES = 16_000  # about 64 MB: then the writer moves the little that is left, and the log begins anew
SAFETY_PAGES = 64_000  # where the writer does it itself after all, should this thread have died
_REST = 0.1  # seconds between two looks
_READERS_MS = 20  # how long a writer waits for readers that need the old log
_LOG = logging.getLogger("hakam.door")


class Checkpoints:
    """A thread that checkpoints the database behind `connect()`.

    The log can begin anew only while nobody writes, and a thread that waits for such a moment may wait for ever. So
    the writer does that, between two of its transactions, when `restart_due` says that little is left to move.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self.restart_due = False
        self._rows = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        self._thread.start()

    def restart(self, writer: sqlite3.Connection) -> None:
        """Let the log begin anew. Called by the one writer, outside transactions. A reader in the way puts it off."""
        self.restart_due = False
        patience = writer.execute("PRAGMA busy_timeout").fetchone()[0]
        writer.execute(f"PRAGMA busy_timeout = {_READERS_MS}")
        try:
            writer.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        finally:
            writer.execute(f"PRAGMA busy_timeout = {patience}")

    def wrote(self, rows: int) -> None:
        """Count rows that were committed. Called by the one writer."""
        self._rows += rows

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        connection = self._connect()
        done = 0
        try:
            while not self._stop.wait(_REST):
                rows = self._rows
                if rows - done < PASSIVE_ROWS:
                    continue
                try:
                    _busy, pages, _moved = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                    self.restart_due = pages > RESTART_PAGES
                    done = rows
                except sqlite3.Error as error:  # a full disk, above all: the writer tells who sent the events
                    _LOG.warning("the event log could not be checkpointed: %s", error)
                    self._stop.wait(1.0)
        finally:
            connection.close()

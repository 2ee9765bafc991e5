"""SQLite gives its write lock to whoever looks for it at the right moment.

A worker that writes without a pause then keeps a moderator's click waiting until it fails. Here a writer
first passes a turnstile: a lock on a file beside the database, which the system hands on in the order of
asking and takes from whoever dies. It is held until the transaction has begun, so that one writer at a time
looks for SQLite's lock, and who has just written stands at the end of the line.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.sqlite3 import base as sqlite3

try:
    import fcntl
except ImportError:  # Windows: as SQLite has it
    fcntl = None  # type: ignore[assignment,unused-ignore]


class DatabaseWrapper(sqlite3.DatabaseWrapper):
    """A connection that waits for its turn before it begins a transaction."""

    _turnstile: int | None = None

    def _start_transaction_under_autocommit(self) -> None:
        with self._turn():
            super()._start_transaction_under_autocommit()  # type: ignore[misc]

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if fcntl is None or self.is_in_memory_db():
            yield
            return
        if self._turnstile is None:
            path = f"{self.settings_dict['NAME']}-turn"
            self._turnstile = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._turnstile, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._turnstile, fcntl.LOCK_UN)

    def _close(self) -> Any:
        if self._turnstile is not None:
            os.close(self._turnstile)
            self._turnstile = None
        return super()._close()  # type: ignore[misc]

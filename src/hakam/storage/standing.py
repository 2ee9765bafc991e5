"""Measures in force, as the door knows them: written by the worker when one begins or ends, read at a verdict.

A file of its own beside the control database, which the door never reads. Whoever reads never waits for who writes.
One row for each item or account on which anything stands.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

import msgspec

from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import Measure

FILE: Final = "standing.db"
_WAIT: Final = 30.0  # seconds that a writer waits for another
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[Measure]).decode
_SCHEMA = (
    "create table if not exists standing (platform text, kind text, id text, measures blob not null,"
    " primary key (platform, kind, id)) without rowid"
)
_ACCOUNT = ""  # in the place of an item's kind


class StandingWriter:
    """Writes what stands. Use it with `with`; one whole item or account at a time, so that repeats are harmless."""

    def __init__(self, home: Path) -> None:
        self._file = sqlite3.connect(home / FILE, timeout=_WAIT, isolation_level=None)
        self._file.execute("pragma journal_mode=wal")
        self._file.execute("pragma synchronous=normal")
        self._file.execute(_SCHEMA)

    def __enter__(self) -> Self:
        """Return this."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._file.close()

    def on_item(self, item: ItemRef, measures: Iterable[Measure]) -> None:
        """Say what stands on an item, and nothing else does."""
        self._write(item.platform, item.kind, item.id, measures)

    def on_account(self, platform: str, author_id: str, measures: Iterable[Measure]) -> None:
        """Say what stands on an account, and nothing else does."""
        self._write(platform, _ACCOUNT, author_id, measures)

    def _write(self, platform: str, kind: str, id_: str, measures: Iterable[Measure]) -> None:
        held = list(measures)
        if held:
            row = (platform, kind, id_, _encode(held))
            self._file.execute("insert or replace into standing values (?, ?, ?, ?)", row)
        else:
            self._file.execute(
                "delete from standing where platform=? and kind=? and id=?", (platform, kind, id_)
            )


class StandingReader:
    """Reads what stands. For one thread. Without the file, or with one that can't be read, nothing stands."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE
        self._file: sqlite3.Connection | None = None

    def of(self, item: ItemRef, author_id: str) -> tuple[Measure, ...]:
        """Return the measures on an item and on its author's account. Some ten microseconds."""
        try:
            if self._file is None:
                if not self._path.exists():
                    return ()
                self._file = sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, timeout=0.0)
            rows = self._file.execute(
                "select measures from standing where platform=? and (kind=? and id=? or kind=? and id=?)",
                (item.platform, item.kind, item.id, _ACCOUNT, author_id),
            ).fetchall()
            return tuple(measure for (held,) in rows for measure in _decode(held))
        except (sqlite3.Error, msgspec.MsgspecError):
            self.close()  # what adds nothing is proposed again then, and the worker leaves it out
            return ()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            with suppress(sqlite3.Error):
                self._file.close()
            self._file = None

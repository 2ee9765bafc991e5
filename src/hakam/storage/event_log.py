"""The event log: what happened and what the rules said, together, in one durable record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec


class Entry(msgspec.Struct, frozen=True):
    """What the door wants kept. All byte strings are JSON."""

    platform: str
    id: str
    at: float  # Unix seconds, of the event
    raw: bytes  # as the platform sent it
    signals: bytes  # measured values that rules read, counters included, so that a replay is exact
    verdict: bytes  # a `Verdict`


class Record(msgspec.Struct, frozen=True):
    """An entry as it stands in the log. `seq` has no order but its own and never repeats; gaps are possible."""

    seq: int
    received_at: float  # Unix seconds
    platform: str
    id: str
    at: float
    raw: bytes
    signals: bytes
    verdict: bytes


class LogFullError(OSError):
    """The disk can't take more. Nothing of the group was acknowledged."""


class LogBusyError(OSError):
    """Another process is the writer of this log."""


class CorruptRecordError(ValueError):
    """A record's checksum does not fit its bytes. `seq` names it."""

    def __init__(self, seq: int) -> None:
        self.seq = seq
        super().__init__(f"record {seq} of the event log is corrupt")


class Appended(msgspec.Struct, frozen=True):
    """The answer to an append: the record's number and, if (platform, id) was there before, its earlier verdict.

    `damaged`: it was there before, but its record is corrupt, so that its verdict is not known. `erased`: it was
    there before, and its contents were erased on purpose, verdict and all.
    """

    seq: int
    earlier: bytes | None = None
    damaged: bool = False
    erased: bool = False


class EventLog(Protocol):
    """Append-only, durable before it answers, one writer, many readers."""

    def append(self, entries: Sequence[Entry]) -> list[Appended]:
        """Make `entries` durable in one group (one fsync) and return one answer each, in order.

        An entry whose (platform, id) is in the log, or earlier in the same group, is not stored again.
        Raises `LogFullError`; then none of the group is kept.
        """
        ...

    def read(self, after: int, limit: int) -> list[Record]:
        """Return up to `limit` records with `seq > after`, in order. Raises `CorruptRecordError`.

        Erased records are left out; fewer than `limit` come only at the end of the log.
        """
        ...

    def get(self, platform: str, id: str) -> Record | None:  # noqa: A002 -- the event's own word
        """Return the record of an event, if it is there."""
        ...

    def find(self, keys: Sequence[tuple[str, str]]) -> list[Appended | None]:
        """Return, for each (platform, id), what appending it would answer, or `None` if it is not in the log."""
        ...

    def scan(self, since: float) -> Iterator[Record]:
        """Yield the records received since `since` (Unix seconds), in order. For rebuilding counters."""
        ...

    def before(self, since: float) -> int:
        """Return the number of the last record received before `since` (Unix seconds), 0 if there is none."""
        ...

    def last_seq(self) -> int:
        """Return the number of the newest record, 0 if there is none."""
        ...

    def erase(self, seqs: Sequence[int]) -> int:
        """Destroy the contents of these records for good, and return how many are erased now.

        Durable when it returns. Of an erased record stay its number, its time of receipt and a digest of its name, so
        that a repeat is known. Erasing twice is erasing once; a number that is not in the log is passed over.
        """
        ...

    def close(self) -> None:
        """Release files. Everything acknowledged is already durable."""
        ...

"""The event log from its newest record backwards, a block at a time, so that a budget of time cuts off the oldest."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from hakam.storage.event_log import CorruptRecordError, EventLog, Record

BLOCK = 5_000  # records between two places where reading goes back
_PAGE = 500  # records in memory at a time, as the log itself reads


class Range(msgspec.Struct, frozen=True):
    """A stretch of the log: records with `after < seq <= last`."""

    after: int
    last: int

    @property
    def records(self) -> int:
        """How many records it holds at most; numbers may have gaps."""
        return max(0, self.last - self.after)


class Page(msgspec.Struct, frozen=True):
    """Some records in order, and how many were met whose checksum does not fit."""

    records: list[Record]
    damaged: int = 0


def range_of(log: EventLog, since: float, until: float | None = None) -> Range:
    """Return the stretch that was received from `since` until before `until` (Unix seconds)."""
    last = log.last_seq() if until is None else log.before(until)
    return Range(log.before(since) if since > 0 else 0, last)


def backwards(stretch: Range, *, block: int = BLOCK) -> Iterator[Range]:
    """Yield the blocks of a stretch, the newest first. Whoever stops between two has looked at all that is newer."""
    last = stretch.last
    while last > stretch.after:
        after = max(stretch.after, last - block)
        yield Range(after, last)
        last = after


def pages(log: EventLog, block: Range) -> Iterator[Page]:
    """Yield the records of a block in order, few at a time. A damaged one costs itself and no other."""
    after = block.after
    while after < block.last:
        limit = min(_PAGE, block.last - after)
        try:
            records = log.read(after, limit)
        except CorruptRecordError as error:
            yield Page(_before(log, after, error.seq), damaged=1)
            after = error.seq
            continue
        records = [record for record in records if record.seq <= block.last]
        if not records:
            return
        yield Page(records)
        after = records[-1].seq


def _before(log: EventLog, after: int, bad: int) -> list[Record]:
    """Return the records between `after` and a damaged one, read one by one since numbers may have gaps."""
    found: list[Record] = []
    while after < bad - 1:
        try:
            one = log.read(after, 1)
        except CorruptRecordError:
            break
        if not one or one[0].seq >= bad:
            break
        found += one
        after = one[0].seq
    return found

"""Erasing from the logs of events and notices: what is due by its time of receipt, what belongs to an account."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from hakam.intake.models import BankSighting, KnownItem
from hakam.privacy.holds import Held
from hakam.storage.event_log import CorruptRecordError, EventLog, Record
from hakam.vocabulary.event import Event

PAGE: Final = 1_000
_ROWS: Final = 500


class Step(NamedTuple):
    """What one bounded look at a log found: what can go, how much is held, and where to go on; the end if `last`."""

    seqs: list[int]
    held: int
    cursor: int
    last: bool


def names_of_event(record: Record) -> tuple[str, ...]:
    """Return the names of an event's item and account, for holds. What can't be read has none."""
    try:
        event = msgspec.json.decode(record.raw, type=Event)
    except (ValueError, RecursionError):
        return ()
    return (
        f"item:{event.platform}/{event.item_kind.value}/{event.item.id}",
        f"account:{event.platform}/{event.author.id}",
    )


def names_of_notice(record: Record) -> tuple[str, ...]:
    """Return the name of a logged notice: holds are on items, whose notices are taken in as rows besides."""
    return (f"notice:{record.id}",)


def due(
    log: EventLog,
    *,
    before: datetime,
    cursor: int,
    held: Held,
    names: Callable[[Record], Iterable[str]],
    limit: int = PAGE,
) -> Step:
    """Look at the next records after `cursor`, as far as they were received before `before`."""
    moment = before.timestamp()
    records, bad = _page(log, cursor, limit)
    old = [record for record in records if record.received_at < moment]
    free = [record.seq for record in old if not (held and held.covers(names(record)))]
    last = len(old) < len(records) or (not records and bad is None)
    if old:
        cursor = old[-1].seq
    if bad is not None and not last:
        cursor = bad
    return Step(free, len(old) - len(free), cursor, last)


def of_account(
    log: EventLog, *, platform: str, account: str, cursor: int, limit: int = PAGE
) -> tuple[list[Record], int, bool]:
    """Look at the next records after `cursor`: return those of an account, where to go on, whether it is the end."""
    records, bad = _page(log, cursor, limit)
    needle = msgspec.json.encode(account)[1:-1]
    found = [
        record
        for record in records
        if record.platform == platform
        and (needle in record.raw or b"\\" in record.raw)  # an escaped spelling is decoded to be sure
        and f"account:{platform}/{account}" in names_of_event(record)
    ]
    if not records:
        return found, bad if bad is not None else cursor, bad is None
    return found, max(records[-1].seq, bad or 0), False


def accounts(log: EventLog, *, cursor: int, limit: int = PAGE) -> tuple[set[tuple[str, str]], int, bool]:
    """Look at the next records: return whose they are as (platform, account), where to go on, whether it is the end."""
    records, bad = _page(log, cursor, limit)
    found = set()
    for record in records:
        names = names_of_event(record)
        if names:
            platform, _slash, account = names[1].removeprefix("account:").partition("/")
            found.add((platform, account))
    if not records:
        return found, bad if bad is not None else cursor, bad is None
    return found, max(records[-1].seq, bad or 0), False


def one(log: EventLog, seq: int) -> Record | None:
    """Return the record with a number, if it is there and sound."""
    try:
        found = log.read(seq - 1, 1)
    except CorruptRecordError:
        return None
    return found[0] if found and found[0].seq == seq else None


def forget_places(seqs: Iterable[int]) -> None:
    """Forget which items lay in these records, as notices look for them."""
    numbers = list(seqs)
    for start in range(0, len(numbers), _ROWS):
        KnownItem.objects.filter(seq__in=numbers[start : start + _ROWS]).delete()
        BankSighting.objects.filter(seq__in=numbers[start : start + _ROWS]).delete()


def _page(log: EventLog, after: int, limit: int) -> tuple[list[Record], int | None]:
    """Return sound records after a number, and the number of a damaged one that follows them at once, if one does."""
    try:
        return log.read(after, limit), None
    except CorruptRecordError as error:
        found = list(_until(log, after, error.seq))
        return found, error.seq


def _until(log: EventLog, after: int, bad: int) -> Iterator[Record]:
    while after < bad - 1:
        try:
            got = log.read(after, 1)
        except CorruptRecordError:
            return
        if not got or got[0].seq >= bad:
            return
        yield got[0]
        after = got[0].seq

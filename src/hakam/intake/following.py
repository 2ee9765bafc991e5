"""One way to follow the event log for looks that take their time: at pictures, at what is written in them.

What was found is copied into the vault first; then the cursor and all that follows from it are one transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final, TypeVar

from django.db import transaction

from hakam.intake import cursors
from hakam.storage.event_log import CorruptRecordError, EventLog, Record

ROUND: Final = 3.0
"""Seconds after which it stops where it is: what was found is not kept waiting, nor a bank that became known since."""
Found = TypeVar("Found")
Copies = TypeVar("Copies")


def follow(
    cursor: str,
    log: EventLog,
    *,
    limit: int,
    look: Callable[[Record], Found | None],
    keep: Callable[[Found], Copies],
    take_in: Callable[[Found, Copies], None],
    oldest: float | None = None,
) -> int:
    """Look at up to `limit` records after the cursor; return how many it passed. Raises for outages only.

    `look` says what there is in a record. `keep` writes the copies for it, outside of the transaction in which
    `take_in` does what follows. Records from before `oldest`, a Unix time, are passed over.
    """
    after = cursors.position(cursor)
    if after >= log.last_seq():
        return 0
    try:
        start = after if oldest is None else max(after, log.before(oldest))
        records = log.read(start, limit)
    except CorruptRecordError as error:  # the other reader of the log has set it aside, with a fact
        with transaction.atomic():
            return int(cursors.move(cursor, to=error.seq))
    found: list[Found] = []
    passed = 0
    until = monotonic() + ROUND
    for record in records:
        seen = look(record)
        if seen is not None:
            found.append(seen)
        passed += 1
        if monotonic() > until:
            break
    if not passed:
        return 0
    kept = [keep(one) for one in found]
    with transaction.atomic():
        if not cursors.move(cursor, to=records[passed - 1].seq):
            return 0
        for one, copies in zip(found, kept, strict=True):
            take_in(one, copies)
    return passed

"""Sending: batch after batch at a modest pace, each outcome recorded, nothing lost and nothing sent twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from hakam.compliance.eu_database import submissions
from hakam.compliance.eu_database.form import MOST, Wrong
from hakam.compliance.eu_database.submissions import Stored
from hakam.compliance.models import Submission
from hakam.enforcement.connectors.eu_database.client import Database, Denied, Faulty, Known, NotNow, Taken
from hakam.enforcement.schedule import Jitter, full_jitter

_LOCKED: Final = timedelta(seconds=60)  # a puid that another request holds is free again after 30 s
_LONGEST: Final = 3_600.0  # seconds between two tries
_DENIED: Final = timedelta(minutes=10)
SETTLED: Final = timedelta(hours=1)  # after which the database is asked what it has


class Pace(msgspec.Struct, frozen=True):
    """How fast to send. The server's own limits change; these stay far below what it ever had."""

    a_second: float = 5.0  # requests
    batches: int = 50  # at most, in one go
    jitter: Jitter = full_jitter


class Progress(msgspec.Struct):
    """What one go did."""

    sent: int = 0
    refused: int = 0
    later: int = 0
    known: int = 0  # sent before, as the database says
    error: str = ""


def send_due(
    database: Database,
    *,
    now: datetime,
    pace: Pace | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Progress:
    """Send what is due, and return what became of it. Call it outside transactions.

    A go ends early when the database asks for a pause or can't be reached.
    """
    pace = pace or Pace()
    done = Progress()
    began = time.monotonic()
    for turn in range(pace.batches):
        sleep(max(0.0, began + turn / pace.a_second - time.monotonic()))
        at = now + timedelta(seconds=time.monotonic() - began)
        rows = submissions.claim(now=at, most=MOST)
        if not rows:
            break
        answer = database.send([row.payload for row in rows])
        match answer:
            case Taken(stored=stored):
                done.sent += submissions.accepted(rows, stored, now=at)
            case Faulty(items=items):
                _faulty(rows, items, at=at, done=done)
            case Known(puids=puids):
                _known(database, rows, puids, at=at, done=done)
            case NotNow(error=error, after=after):
                done.later += len(rows)
                done.error = error
                wait = (
                    pace.jitter(min(_LONGEST, 2.0 ** min(rows[0].attempts, 12))) if after is None else after
                )
                submissions.again(rows, at=at + timedelta(seconds=wait), error=error)
                break
            case Denied(error=error):
                done.later += len(rows)
                done.error = error
                submissions.again(rows, at=at + _DENIED, error=error)
                break
    return done


def _faulty(
    rows: list[Submission], items: dict[int, tuple[Wrong, ...]], *, at: datetime, done: Progress
) -> None:
    bad = {rows[index]: wrong for index, wrong in items.items() if index < len(rows)}
    submissions.refused(bad, now=at)
    done.refused += len(bad)
    submissions.again([row for row in rows if row not in bad], at=at)


def _known(
    database: Database, rows: list[Submission], puids: frozenset[str], *, at: datetime, done: Progress
) -> None:
    """Tell those that an earlier try brought there from those that a request under way holds."""
    there: list[Submission] = []
    held: list[Submission] = []
    for row in rows:
        if row.puid in puids:
            (there if database.has(row.puid) is True else held).append(row)
    done.known += submissions.accepted(there, [Stored()] * len(there), now=at)
    submissions.again(held, at=at + _LOCKED, error="the database holds the puid")
    submissions.again([row for row in rows if row.puid not in puids], at=at)


def reconcile(
    database: Database,
    *,
    now: datetime,
    most: int = 1_000,
    pace: Pace | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Ask the database about what was sent and never asked after; send again what it does not have.

    Returns how many were asked after. An answer that can't be had leaves the rest for the next time.
    """
    pace = pace or Pace()
    known: list[Submission] = []
    lost: list[Submission] = []
    began = time.monotonic()
    for turn, row in enumerate(submissions.unconfirmed(before=now - SETTLED, most=most)):
        sleep(max(0.0, began + turn / pace.a_second - time.monotonic()))
        answer = database.has(row.puid)
        if not isinstance(answer, bool):
            break
        (known if answer else lost).append(row)
    if known or lost:
        submissions.reconciled(known, lost, now=now)
    return len(known) + len(lost)

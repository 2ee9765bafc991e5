"""A query: what is asked of the event log, and the answer. Bounded in memory whatever the size of the log."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec

from hakam.investigation.backwards import Range, backwards, pages, range_of
from hakam.investigation.stored import Said, Stored, fired_in, missed_in, read
from hakam.investigation.tops import Facet, Tally, Top
from hakam.investigation.where import Question
from hakam.signals.measure import Need, text_of
from hakam.storage.event_log import EventLog, Record
from hakam.vocabulary.event import Event
from hakam.vocabulary.verdict import Stage

MAX_HITS = 10_000
MAX_TOP = 1_000
SHOWN_TEXT = 280  # characters of a hit's text
ANY = "*"  # any rule


Each = Callable[[Stored], None]
Hidden = Callable[[Record, Event, tuple[Said, ...]], bool]


def nothing_hidden(_record: Record, _event: Event, _fired: tuple[Said, ...]) -> bool:
    """Hide nothing: for those who may see everything."""
    return False


class Step(StrEnum):
    """How wide a column of the time series is. Hours and days are of UTC."""

    HOUR = "hour"
    DAY = "day"

    @property
    def seconds(self) -> int:
        """Its width."""
        return 3_600 if self is Step.HOUR else 86_400


class Stopped(StrEnum):
    """Why a query ended before all was looked at."""

    TIME = "time"
    CANCELLED = "cancelled"


class Fired(msgspec.Struct, frozen=True):
    """What the stored verdict must say: one firing that fits all that is named. Empty: whatever it says."""

    rules: frozenset[str] = frozenset()  # `*` is any
    policies: frozenset[str] = frozenset()
    stages: frozenset[Stage] = frozenset()

    def __bool__(self) -> bool:
        """Whether anything is asked of the verdict."""
        return bool(self.rules or self.policies or self.stages)

    def fits(self, fired: tuple[Said, ...]) -> bool:
        """Tell whether a verdict fits."""
        any_rule = not self.rules or ANY in self.rules
        return any(
            (any_rule or one.rule in self.rules)
            and (not self.policies or one.policy in self.policies)
            and (not self.stages or one.stage in self.stages)
            for one in fired
        )


class Query(msgspec.Struct, frozen=True):
    """What is asked. `since` and `until` are Unix seconds of receipt; without `question` every event fits.

    `missed`: only events that were judged without one of these rules (`*` is any), as it failed or was put aside.
    """

    question: Question | None = None
    fired: Fired = Fired()
    since: float = 0.0
    until: float | None = None
    limit: int = 20
    top: tuple[Facet, ...] = ()
    top_size: int = 20
    by: Step | None = None
    finer: bool = False  # if all fell on one day: all hours of that day, whatever `by` is
    budget: float | None = None  # seconds
    missed: frozenset[str] = frozenset()


class Hit(msgspec.Struct, frozen=True):
    """An event that fits, with what the parts of the condition saw and which rules had fired."""

    seq: int
    received_at: datetime
    platform: str
    event: str
    kind: str
    author: str
    author_name: str | None
    item: str
    item_kind: str
    language: str | None
    text: str | None
    fired: tuple[Said, ...]
    values: dict[str, Any]


class Moment(msgspec.Struct, frozen=True):
    """A column of the series."""

    start: datetime
    count: int


class Answer(msgspec.Struct, frozen=True):
    """What was found.

    `looked_since` is the time of receipt of the oldest record that was looked at, `first` that of the oldest in the
    range asked for: they differ only if the query `stopped` before its end, and then every figure holds for what was
    looked at. `unsure` counts events on which the condition failed, `uncounted` those of whose counters the log has
    no value, `unread` and `damaged` records that can't be read.
    """

    looked: int
    matched: int
    hits: tuple[Hit, ...]
    top: tuple[Top, ...]
    by: Step | None
    series: tuple[Moment, ...]
    first: datetime | None
    looked_since: datetime | None
    last: datetime | None
    whole: int  # records of the range, an upper bound
    seconds: float
    stopped: Stopped | None = None
    unsure: int = 0
    uncounted: int = 0
    unread: int = 0
    damaged: int = 0


class _Run:
    """One query under way."""

    def __init__(self, query: Query, each: Each, needs_of_each: frozenset[Need], hidden: Hidden) -> None:
        self.query = query
        self.hidden = hidden
        self.question = query.question
        self.each = each
        needs: set[Need] = set(self.question.needs) if self.question else set()
        needs |= needs_of_each
        for one in query.top:
            needs |= one.needs
        self.needs = frozenset(needs)
        self.tallies = [Tally(one) for one in query.top]
        self.step = Step.HOUR if query.finer and query.by is not None else query.by
        self.columns: dict[int, int] = {}
        self.hits: list[Hit] = []
        self.looked = self.matched = self.unsure = self.uncounted = self.unread = self.damaged = 0

    def block(self, log: EventLog, block: Range) -> float | None:
        """Look at a block; return when its oldest record was received."""
        oldest: float | None = None
        fresh: deque[Stored] = deque(maxlen=max(0, self.query.limit - len(self.hits)))
        for page in pages(log, block):
            self.damaged += page.damaged
            for record in page.records:
                oldest = record.received_at if oldest is None else oldest
                found = self._look(record)
                if found is not None:
                    fresh.append(found)
        self.hits += [self._hit(one) for one in reversed(fresh)]
        return oldest

    def _look(self, record: Record) -> Stored | None:
        self.looked += 1
        question = self.question
        try:
            fired = fired_in(record)
            if self.query.fired and not self.query.fired.fits(fired):
                return None
            if self.query.missed and not self._misses(record):
                return None
            stored = read(record, self.needs, fired)
        except (ValueError, RecursionError):  # what can't be decoded
            self.unread += 1
            return None
        if self.hidden(record, stored.event, fired):
            return None
        if question is not None:
            if question.counters and not question.counters <= stored.counted.keys():
                self.uncounted += 1
            holds = question.holds(stored.event, stored.signals, stored.counters)
            if holds is None:
                self.unsure += 1
            if not holds:
                return None
        self._count(stored)
        return stored

    def _misses(self, record: Record) -> bool:
        missed = missed_in(record)
        return bool(missed) if ANY in self.query.missed else not missed.isdisjoint(self.query.missed)

    def _count(self, stored: Stored) -> None:
        self.matched += 1
        self.each(stored)
        for tally in self.tallies:
            tally.add(stored)
        if self.step is not None:
            column = int(stored.record.received_at // self.step.seconds)
            self.columns[column] = self.columns.get(column, 0) + 1

    def _hit(self, stored: Stored) -> Hit:
        event, record = stored.event, stored.record
        text = text_of(event)
        if text is not None and len(text) > SHOWN_TEXT:
            text = f"{text[:SHOWN_TEXT]}…"
        return Hit(
            record.seq,
            moment(record.received_at),
            event.platform,
            event.id,
            event.kind,
            event.author.id,
            event.author.name,
            event.item.id,
            event.item_kind,
            stored.signals.language or event.item.language,
            text,
            stored.fired,
            self.question.values(stored.seen) if self.question else {},
        )

    def series(self) -> tuple[Step | None, tuple[Moment, ...]]:
        """Return the columns in order of time, those between two that are empty included, and how wide they are."""
        by, counts = self.query.by, self.columns
        if by is None or not counts:
            return by, ()
        low, high = min(counts), max(counts)
        if self.query.finer:  # they were counted by the hour
            day = Step.DAY.seconds // Step.HOUR.seconds
            first, last = low // day, high // day
            if first == last:
                by, low, high = Step.HOUR, first * day, (first + 1) * day - 1
            elif by is Step.DAY:
                low, high, hours, counts = first, last, counts, {}
                for hour, count in hours.items():
                    counts[hour // day] = counts.get(hour // day, 0) + count
        return by, tuple(Moment(moment(n * by.seconds), counts.get(n, 0)) for n in range(low, high + 1))


def moment(seconds: float) -> datetime:
    """Return a time of the log in UTC."""
    return datetime.fromtimestamp(seconds, tz=UTC)


def ask(
    log: EventLog,
    query: Query,
    *,
    each: Each = lambda _stored: None,
    needs: frozenset[Need] = frozenset(),
    hidden: Hidden = nothing_hidden,
    progress: Callable[[float], None] = lambda _share: None,
    cancelled: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
) -> Answer:
    """Answer a query from the newest record of its range backwards.

    `each` is given every event that fits, with the signals that `needs` names, in no order that counts. `progress` is
    told the share that was looked at. What is `hidden` is in no figure but that of what was looked at. A query that is
    `cancelled`, or whose budget is used up, ends between two blocks and answers with what it has:
    everything newer than `looked_since` was looked at.
    """
    began = clock()
    stretch = range_of(log, query.since, query.until)
    run = _Run(query, each, needs, hidden)
    oldest: float | None = None
    stopped: Stopped | None = None
    done = 0
    for block in backwards(stretch):
        if cancelled():
            stopped = Stopped.CANCELLED
        elif query.budget is not None and done and clock() - began >= query.budget:
            stopped = Stopped.TIME
        if stopped is not None:
            break
        found = run.block(log, block)
        oldest = found if found is not None else oldest
        done += block.records
        progress(done / stretch.records)
    by, series = run.series()
    return Answer(
        looked=run.looked,
        matched=run.matched,
        hits=tuple(run.hits),
        top=tuple(tally.top(query.top_size) for tally in run.tallies),
        by=by,
        series=series,
        first=_received(log, stretch.after, stretch) if stopped else _moment(oldest),
        looked_since=_moment(oldest),
        last=_received(log, stretch.last - 1, stretch),
        whole=stretch.records,
        seconds=clock() - began,
        stopped=stopped,
        unsure=run.unsure,
        uncounted=run.uncounted,
        unread=run.unread,
        damaged=run.damaged,
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else moment(seconds)


def _received(log: EventLog, after: int, stretch: Range) -> datetime | None:
    """Return when the record behind a number was received, if it is in the stretch and can be read."""
    if not stretch.records:
        return None
    for page in pages(log, Range(after, min(stretch.last, after + 1))):
        if page.records:
            return moment(page.records[0].received_at)
    return None

"""The door itself, apart from any server: requests in, answers out, nothing acknowledged that is not on disk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import NamedTuple

import msgspec

from hakam.door import decode as decoding
from hakam.door import schema
from hakam.door.commit import GroupCommit
from hakam.door.config import DoorConfig
from hakam.door.decode import Batch, Limits, Received
from hakam.door.judgement import Judgement
from hakam.door.keys import CHECK, WRITE, KeyRing
from hakam.door.metrics import Metrics
from hakam.door.problems import ProblemKind, encode, headers_of
from hakam.storage.event_log import Appended, Entry, EventLog, LogFullError
from hakam.storage.published import Published, PublishedKey
from hakam.vocabulary.event import Event
from hakam.vocabulary.problem import Problem

_TURN = 100  # events judged before other requests get a turn
_MULTI_STATUS = 207
_JSON_HEADERS = [("content-type", "application/json")]
_OURS = 500
_encode = msgspec.json.Encoder().encode


class Answer(NamedTuple):
    """What goes back over the wire."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Outcome(NamedTuple):
    """What became of one event: a verdict, or a problem."""

    id: str | None
    verdict: bytes | None
    duplicate: bool = False
    problem: Problem | None = None


class _Pending(NamedTuple):
    """An event judged and not yet durable, for repeats of it that arrive meanwhile."""

    future: asyncio.Future[list[Appended]]
    place: int
    entry: Entry


def refuse(problem: Problem) -> Answer:
    """Return a problem as the whole answer."""
    return Answer(problem.status, headers_of(problem), encode(problem))


class Door:
    """Judges events and answers once they are durable. Lives in one event loop; `replace` swaps what is in force."""

    def __init__(
        self,
        config: DoorConfig,
        log: EventLog,
        loop: asyncio.AbstractEventLoop,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.config = config
        self.metrics = Metrics()
        self.judgement: Judgement | None = None
        self.published = Published(0)
        self.trouble: str | None = None  # why the latest publication is not in force
        self.stopping = False
        self.under_way = 0
        self.miscounted = False
        self._keys = KeyRing()
        self._log = log
        self._clock = clock
        self._loop = loop
        self._pending: dict[tuple[str, str], _Pending] = {}
        self.commit = GroupCommit(
            log,
            loop,
            max_events=config.max_waiting_events,
            max_bytes=config.max_waiting_bytes,
            observe=self.metrics.group,
        )

    def replace(self, published: Published, judgement: Judgement | None, trouble: str | None = None) -> None:
        """Put something published in force, between two events. `judgement` stays as it is if `None`."""
        self.published = published
        self._keys = KeyRing(published.keys)
        if judgement is not None:
            self.judgement = judgement
        self.trouble = trouble

    def pending_raws(self) -> list[tuple[tuple[str, str], bytes]]:
        """Return the events that are judged and perhaps not yet in the log, in the order of judging."""
        return [(key, pending.entry.raw) for key, pending in self._pending.items()]

    def admit(self, authorization: str | None, scope: str) -> PublishedKey | Problem:
        """Let a key in, or say what is wrong with it. For the doors in other shapes."""
        if self.published.revision == 0:  # nothing published yet: no key can be known
            return ProblemKind.NOT_READY()
        if self.stopping:
            return ProblemKind.STOPPING()
        return self._keys.admit(authorization, scope, self._clock())

    # Machines that send events

    async def events(self, authorization: str | None, content_type: str, body: bytes) -> Answer:
        """Take in the events of one request: `POST /v1/events`."""
        started = time.perf_counter()
        batch = self._open(authorization, WRITE, content_type, body)
        if isinstance(batch, Problem):
            return self._refused("events", batch, started)
        outcomes = await self._take(batch)
        for outcome in outcomes:
            if outcome.problem is not None:
                self.metrics.problem(outcome.problem)
            elif outcome.duplicate:
                self.metrics.duplicates += 1
            else:
                self.metrics.stored += 1
        answer = _answer(batch, outcomes)
        self.metrics.request("events", answer.status, time.perf_counter() - started)
        return answer

    async def check(self, authorization: str | None, content_type: str, body: bytes) -> Answer:
        """Judge without storing or counting: `POST /v1/check`."""
        started = time.perf_counter()
        batch = self._open(authorization, CHECK, content_type, body)
        if isinstance(batch, Problem):
            return self._refused("check", batch, started)
        outcomes: list[Outcome] = []
        for n, item in enumerate(batch.items):
            if n and n % _TURN == 0:
                await asyncio.sleep(0)
            judgement = self.judgement
            if item.event is None or judgement is None:
                problem = item.problem or ProblemKind.NOT_READY()
                self.metrics.problem(problem)
                outcomes.append(Outcome(item.id, None, problem=problem))
            else:
                outcomes.append(Outcome(item.event.id, judgement.consider(item.event)))
        answer = _answer(batch, outcomes, stored=False)
        self.metrics.request("check", answer.status, time.perf_counter() - started)
        return answer

    def _open(self, authorization: str | None, scope: str, content_type: str, body: bytes) -> Batch | Problem:
        now = self._clock()
        if self.judgement is None:  # nothing published yet: no key can be known
            return ProblemKind.NOT_READY()
        key = self._keys.admit(authorization, scope, now)
        if isinstance(key, Problem):
            return key
        if self.stopping:
            return ProblemKind.STOPPING()
        if scope == WRITE and self.commit.full:
            return ProblemKind.OVERLOADED()
        limits = Limits(
            key.platform,
            now,
            self.published.max_event_bytes,
            self.config.max_events,
            self.config.future_seconds,
        )
        return decoding.decode(body, content_type, limits)

    def _refused(self, route: str, problem: Problem, started: float) -> Answer:
        self.metrics.problem(problem)
        self.metrics.request(route, problem.status, time.perf_counter() - started)
        return refuse(problem)

    async def _take(self, batch: Batch) -> list[Outcome]:
        tickets: list[Outcome | _Ticket] = []
        for start in range(0, len(batch.items), _TURN):
            if start:
                await asyncio.sleep(0)
            tickets += self._turn(batch.items[start : start + _TURN])
        for future in {ticket.pending.future for ticket in tickets if isinstance(ticket, _Ticket)}:
            with suppress(Exception):  # each ticket tells of it
                await asyncio.shield(future)
        return [ticket if isinstance(ticket, Outcome) else ticket.redeem() for ticket in tickets]

    def _turn(self, items: tuple[Received, ...]) -> list[Outcome | _Ticket]:
        """Judge some events and queue them without giving up the loop, so that the log has the order of judging."""
        judgement = self.judgement
        assert judgement is not None
        keys = [item.key for item in items if item.event is not None and item.key not in self._pending]
        try:
            stored = dict(zip(keys, self._log.find(keys), strict=True)) if keys else {}
        except OSError as error:
            return [Outcome(item.id, None, problem=item.problem or _problem_of(error)) for item in items]
        future = self._loop.create_future()
        fresh: dict[tuple[str, str], tuple[Event, bytes]] = {}
        for item in items:
            if item.event is not None and item.key not in self._pending and stored[item.key] is None:
                fresh.setdefault(item.key, (item.event, item.raw))
        entries = judgement.judge(list(fresh.values()))
        for place, (key, entry) in enumerate(zip(fresh, entries, strict=True)):
            self._pending[key] = _Pending(future, place, entry)
        if entries:
            future.add_done_callback(partial(self._done, list(fresh)))
            self.commit.submit(entries, future)
        return [self._ticket(item, stored, fresh) for item in items]

    def _ticket(
        self,
        item: Received,
        stored: Mapping[tuple[str, str], Appended | None],
        fresh: dict[tuple[str, str], tuple[Event, bytes]],
    ) -> Outcome | _Ticket:
        """Return what an event waits for, or what is known of it already. Takes each of `fresh` out once."""
        if item.event is None:
            return Outcome(item.id, None, problem=item.problem)
        earlier = stored.get(item.key)
        if earlier is not None:
            return _outcome(item.event.id, earlier, b"")
        return _Ticket(item.event.id, self._pending[item.key], repeat=fresh.pop(item.key, None) is None)

    def _done(self, keys: list[tuple[str, str]], future: asyncio.Future[list[Appended]]) -> None:
        for key in keys:
            self._pending.pop(key, None)
        if future.exception() is not None:
            self.miscounted = True  # the counters hold events that the log does not

    # People and machines that watch

    def health(self) -> Answer:
        """Say whether events can be taken in: `GET /healthz`."""
        ready = self.judgement is not None and not self.stopping
        report = {
            "status": ("degraded" if self.trouble else "ok")
            if ready
            else "stopping"
            if self.stopping
            else "starting",
            "pack": str(self.judgement.engine.ref) if self.judgement else None,
            "revision": self.published.revision,
            "trouble": self.trouble,
        }
        return Answer(200 if ready else 503, _JSON_HEADERS, encode(report))

    def stats(self, authorization: str | None) -> Answer:
        """Say how much is in the log: `GET /v1/stats`."""
        key = self._keys.admit(authorization, WRITE, self._clock())
        if isinstance(key, Problem):
            return refuse(key)
        try:
            last = self._log.last_seq()
        except OSError as error:
            return refuse(_problem_of(error))
        report = {
            "last_seq": last,
            "waiting": self.commit.events,
            "stored": self.metrics.stored,
            "duplicates": self.metrics.duplicates,
            "pack": self.judgement.engine.ref if self.judgement else None,
        }
        return Answer(200, _JSON_HEADERS, encode(report))

    def exposition(self) -> Answer:
        """Return the metrics in Prometheus' text format: `GET /metrics`."""
        kind, text = self.metrics.exposition(self)
        return Answer(200, [("content-type", kind)], text)

    def event_schema(self) -> Answer:
        """Return the JSON Schema of the event: `GET /v1/schema/event.json`."""
        return Answer(200, [("content-type", "application/schema+json")], schema.event_schema())


class _Ticket(NamedTuple):
    """An event that waits for the disk."""

    id: str
    pending: _Pending
    repeat: bool

    def redeem(self) -> Outcome:
        """Return what became of it, once the future is done."""
        error = self.pending.future.exception()
        if error is not None:
            return Outcome(self.id, None, problem=_problem_of(error))
        appended = self.pending.future.result()[self.pending.place]
        outcome = _outcome(self.id, appended, self.pending.entry.verdict)
        return outcome._replace(duplicate=True) if self.repeat else outcome


def _outcome(id_: str, appended: Appended, verdict: bytes) -> Outcome:
    if appended.damaged:
        return Outcome(id_, None, problem=ProblemKind.DAMAGED(f"record {appended.seq}"))
    if appended.earlier is not None:
        return Outcome(id_, appended.earlier, duplicate=True)
    return Outcome(id_, verdict)


def _problem_of(error: BaseException) -> Problem:
    if isinstance(error, LogFullError):
        return ProblemKind.LOG_FULL()
    if isinstance(error, OSError):
        return ProblemKind.LOG_FAILED()
    return ProblemKind.INTERNAL()


def _result(outcome: Outcome, *, stored: bool) -> bytes:
    name = _encode(outcome.id)
    if outcome.verdict is None:
        return b'{"event":%b,"problem":%b}' % (name, _encode(outcome.problem))
    if not stored:
        return b'{"event":%b,"verdict":%b}' % (name, outcome.verdict)
    duplicate = b"true" if outcome.duplicate else b"false"
    return b'{"event":%b,"verdict":%b,"duplicate":%b}' % (name, outcome.verdict, duplicate)


def _answer(batch: Batch, outcomes: list[Outcome], *, stored: bool = True) -> Answer:
    problems = [outcome.problem for outcome in outcomes if outcome.problem is not None]
    if problems and (batch.single or _lost_whole(problems, len(outcomes))):
        return refuse(problems[0])
    if batch.single:
        return Answer(200, _JSON_HEADERS, _result(outcomes[0], stored=stored))
    body = b'{"results":[%b]}' % b",".join([_result(outcome, stored=stored) for outcome in outcomes])
    return Answer(_MULTI_STATUS if problems else 200, _JSON_HEADERS, body)


def _lost_whole(problems: list[Problem], events: int) -> bool:
    """Whether nothing of a batch was kept, for a reason that is ours: then the sender should send it all again."""
    return len(problems) == events and all(problem.status >= _OURS for problem in problems)

"""The door itself, apart from any server: requests in, answers out, nothing acknowledged that is not on disk.

Everything but the writing happens in one event loop. Requests that came together are judged together, in rounds, and
handed to the log in that order; when the disk has them, the answers of all are sent in one go.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from hakam.door import decode as decoding
from hakam.door import schema
from hakam.door.commit import GroupCommit
from hakam.door.config import DoorConfig
from hakam.door.decode import Batch, Limits, Received
from hakam.door.judgement import Judgement
from hakam.door.keys import CHECK, WRITE, KeyRing
from hakam.door.metrics import Metrics
from hakam.door.problems import ProblemKind, encode
from hakam.door.visit import (
    JSON_HEADERS,
    Answer,
    Reply,
    Visit,
    considered,
    refuse,
    repeated,
    stored,
)
from hakam.policy.clauses import Clause
from hakam.storage.event_log import Appended, EventLog, LogFullError
from hakam.storage.known_content import KnownContent
from hakam.storage.published import Published, PublishedKey
from hakam.storage.standing import StandingReader
from hakam.vocabulary.problem import Problem

__all__ = ["Answer", "Door", "refuse"]

_ROUND = 100  # events judged before other requests get a turn
_log = logging.getLogger("hakam.door")
_Key = tuple[str, str]


class _Pending:
    """An event on its way to the disk, and the repeats of it that came meanwhile."""

    __slots__ = ("key", "place", "raw", "repeats", "verdict", "visit")

    def __init__(self, key: _Key, raw: bytes, visit: Visit, place: int) -> None:
        self.key = key
        self.raw = raw
        self.visit = visit
        self.place = place
        self.verdict = b""
        self.repeats: list[tuple[Visit, int]] = []

    def fail(self, problem: Callable[[], Problem]) -> int:
        """Tell everybody who waits for it what went wrong; return how many they are."""
        for visit, place in ((self.visit, self.place), *self.repeats):
            visit.fail(place, problem())
        return 1 + len(self.repeats)


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
        self.known = KnownContent(config.home)
        self.standing = StandingReader(config.home)
        self.published = Published(0)
        self.trouble: str | None = None  # why the latest publication is not in force
        self.stopping = False
        self.under_way = 0
        self.miscounted = False
        self._keys = KeyRing()
        self._log = log
        self._clock = clock
        self._loop = loop
        self._pending: dict[_Key, _Pending] = {}
        self._to_judge: deque[Visit] = deque()
        self._to_consider: deque[Visit] = deque()
        self._unjudged = 0  # events of `_to_judge`
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
            judgement.known = self.known
            judgement.standing = self.standing
            self.judgement = judgement
        if self.judgement is not None:
            self.judgement.incidents = published.incidents
        self.trouble = trouble

    def use(self, known: KnownContent) -> None:
        """Ask these banks from now on, between two events."""
        self.known = known
        if self.judgement is not None:
            self.judgement.known = known

    def pending_raws(self) -> list[tuple[_Key, bytes]]:
        """Return the events that are judged and perhaps not yet in the log, in the order of judging."""
        return [(key, pending.raw) for key, pending in self._pending.items()]

    def admit(self, authorization: str | None, scope: str) -> PublishedKey | Problem:
        """Let a key in, or say what is wrong with it. For the doors in other shapes."""
        if self.published.revision == 0:  # nothing published yet: no key can be known
            return ProblemKind.NOT_READY()
        if self.stopping:
            return ProblemKind.STOPPING()
        return self._keys.admit(authorization, scope, self._clock())

    def may_read_private(self, platform: str, now: float | None = None) -> bool:
        """Whether a legal basis for reading private messages of a platform is in force. Off by default."""
        until = self.published.private.get(platform)
        return until is not None and (self._clock() if now is None else now) < until

    def clause(self, name: str) -> Clause | None:
        """Return a clause of the rule book in force. For the doors in other shapes."""
        return self.judgement.engine.pack.clauses.get(name) if self.judgement is not None else None

    # Machines that send events

    async def events(self, authorization: str | None, content_type: str, body: bytes) -> Answer:
        """Take in the events of one request: `POST /v1/events`."""
        return await self._awaited(self.take, authorization, content_type, body)

    async def check(self, authorization: str | None, content_type: str, body: bytes) -> Answer:
        """Judge without storing or counting: `POST /v1/check`."""
        return await self._awaited(self.consider, authorization, content_type, body)

    async def _awaited(
        self,
        verb: Callable[[str | None, str, bytes, Reply], None],
        authorization: str | None,
        content_type: str,
        body: bytes,
    ) -> Answer:
        future: asyncio.Future[Answer] = self._loop.create_future()

        def reply(answer: Answer) -> None:
            if not future.done():
                future.set_result(answer)

        verb(authorization, content_type, body, reply)
        return await future

    def take(self, authorization: str | None, content_type: str, body: bytes, reply: Reply) -> None:
        """Take in the events of one request, and `reply` once they are on disk or refused."""
        visit = self._open("events", WRITE, authorization, content_type, body, reply)
        if visit is not None:
            if not self._to_judge:
                self._loop.call_soon(self._judge_round)
            self._to_judge.append(visit)
            self._unjudged += len(visit.batch.items)

    def consider(self, authorization: str | None, content_type: str, body: bytes, reply: Reply) -> None:
        """Judge the events of one request without storing or counting them, and `reply`."""
        visit = self._open("check", CHECK, authorization, content_type, body, reply)
        if visit is not None:
            self._to_consider.append(visit)
            if len(self._to_consider) == 1:  # nothing waits for the disk here: no need to wait for others
                self._consider_round()

    def _open(  # noqa: PLR0917 -- the parts of a request
        self,
        route: str,
        scope: str,
        authorization: str | None,
        content_type: str,
        body: bytes,
        reply: Reply,
    ) -> Visit | None:
        """Return the request with its events, or answer it at once with what is wrong."""
        started = time.perf_counter()
        batch = self._admit(authorization, scope, content_type, body)

        def answer(answer: Answer) -> None:
            self.metrics.request(route, answer.status, time.perf_counter() - started)
            reply(answer)

        if isinstance(batch, Problem):
            self.metrics.problem(batch)
            answer(refuse(batch))
            return None
        return Visit(batch, answer)

    def _admit(
        self, authorization: str | None, scope: str, content_type: str, body: bytes
    ) -> Batch | Problem:
        now = self._clock()
        if self.judgement is None:  # nothing published yet: no key can be known
            return ProblemKind.NOT_READY()
        key = self._keys.admit(authorization, scope, now)
        if isinstance(key, Problem):
            return key
        if self.stopping:
            return ProblemKind.STOPPING()
        if scope == WRITE and self._full:
            return ProblemKind.OVERLOADED()
        limits = Limits(
            key.platform,
            now,
            self.published.max_event_bytes,
            self.config.max_events,
            self.config.future_seconds,
            self.may_read_private(key.platform, now),
        )
        return decoding.decode(body, content_type, limits)

    @property
    def _full(self) -> bool:
        return self.commit.full or self._unjudged + self.commit.events >= self.config.max_waiting_events

    def _judge_round(self) -> None:
        """Judge what came, in order, and queue it without giving up the loop: the log has the order of judging."""
        items = _round_of(self._to_judge)
        self._unjudged -= len(items)
        if self._to_judge:
            self._loop.call_soon(self._judge_round)
        known, trouble = self._look_up(items)
        fresh: dict[_Key, tuple[Visit, int, Received]] = {}
        repeats: list[tuple[_Key, Visit, int]] = []
        for visit, place, item in items:
            event = item.event
            if event is None:
                assert item.problem is not None
                self._fail(visit, place, item.problem)
                continue
            key = (event.platform, event.id)
            if key in self._pending or key in fresh:
                repeats.append((key, visit, place))
            elif trouble is not None:
                self._fail(visit, place, trouble)
            elif (earlier := known.get(key)) is not None:
                self._tell_earlier(visit, place, event.id, earlier)
            else:
                fresh[key] = (visit, place, item)
        if fresh:
            self._judge(fresh)
        for key, visit, place in repeats:
            pending = self._pending.get(key)
            if pending is not None:
                pending.repeats.append((visit, place))
            else:
                self._fail(visit, place, ProblemKind.INTERNAL())

    def _look_up(
        self, items: Sequence[tuple[Visit, int, Received]]
    ) -> tuple[dict[_Key, Appended | None], Problem | None]:
        """Ask the log which of the events it has, or return why it can't tell."""
        pending = self._pending
        keys = [
            key
            for _, _, item in items
            if (event := item.event) is not None and (key := (event.platform, event.id)) not in pending
        ]
        try:
            found = self._log.find(keys) if keys else ()
        except OSError as error:
            return {}, _problem_of(error)
        return dict(zip(keys, found, strict=True)), None

    def _judge(self, fresh: dict[_Key, tuple[Visit, int, Received]]) -> None:
        judgement = self.judgement
        assert judgement is not None
        try:
            entries = judgement.judge([item for _, _, item in fresh.values()])
        except Exception:  # noqa: BLE001 -- a mistake of ours must be answered
            _log.exception("events could not be judged")
            for visit, place, _ in fresh.values():
                self._fail(visit, place, ProblemKind.INTERNAL())
            return
        group: list[_Pending] = []
        for (key, (visit, place, item)), entry in zip(fresh.items(), entries, strict=True):
            pending = self._pending[key] = _Pending(key, item.raw, visit, place)
            pending.verdict = entry.verdict
            group.append(pending)
        self.commit.submit(entries, partial(self._done, group))

    def _done(self, group: list[_Pending], answers: Sequence[Appended] | Exception) -> None:
        """Answer everybody who waited for a group: it is on disk, or it is not."""
        if isinstance(answers, Exception):
            self.miscounted = True  # the counters hold events that the log does not
            for pending in group:
                del self._pending[pending.key]
                problem = _problem_of(answers)
                self.metrics.problem(problem, pending.fail(lambda problem=problem: problem))  # type: ignore[misc]
            return
        for pending, appended in zip(group, answers, strict=True):
            del self._pending[pending.key]
            id_ = pending.key[1]
            if appended.earlier is None and not (appended.damaged or appended.erased):
                self.metrics.stored += 1
                pending.visit.settle(pending.place, stored(id_, pending.verdict))
                appended = Appended(appended.seq, pending.verdict)  # noqa: PLW2901 -- as it is for its repeats
            else:
                self._tell_earlier(pending.visit, pending.place, id_, appended)
            for visit, place in pending.repeats:
                self._tell_earlier(visit, place, id_, appended)

    def _tell_earlier(self, visit: Visit, place: int, id_: str, earlier: Appended) -> None:
        if earlier.erased:
            self._fail(visit, place, ProblemKind.ERASED(f"record {earlier.seq}"))
        elif earlier.damaged or earlier.earlier is None:
            self._fail(visit, place, ProblemKind.DAMAGED(f"record {earlier.seq}"))
        else:
            self.metrics.duplicates += 1
            visit.settle(place, repeated(id_, earlier.earlier))

    def _fail(self, visit: Visit, place: int, problem: Problem) -> None:
        self.metrics.problem(problem)
        visit.fail(place, problem)

    def _consider_round(self) -> None:
        judgement = self.judgement
        assert judgement is not None
        items = _round_of(self._to_consider)
        if self._to_consider:
            self._loop.call_soon(self._consider_round)
        for visit, place, item in items:
            event = item.event
            if event is None:
                assert item.problem is not None
                self._fail(visit, place, item.problem)
                continue
            try:
                verdict = judgement.consider(event)
            except Exception:  # noqa: BLE001 -- one event must not end the others
                _log.exception("an event could not be judged")
                self._fail(visit, place, ProblemKind.INTERNAL())
            else:
                visit.settle(place, considered(event.id, verdict))

    # People and machines that watch

    def health(self) -> Answer:
        """Say whether events can be taken in: `GET /healthz`."""
        ready = self.judgement is not None and not self.stopping
        aside = self.judgement.engine.aside if self.judgement else {}
        troubles = [
            *([self.trouble] if self.trouble else []),
            *self.known.troubles,
            *[f"rule {rule} is put aside: {one.why}" for rule, one in sorted(aside.items())],
        ]
        trouble = "; ".join(troubles) or None
        report = {
            "status": ("degraded" if trouble else "ok")
            if ready
            else "stopping"
            if self.stopping
            else "starting",
            "pack": str(self.judgement.engine.ref) if self.judgement else None,
            "revision": self.published.revision,
            "banks": sorted(self.known.banks),
            "trouble": trouble,
        }
        return Answer(200 if ready else 503, JSON_HEADERS, encode(report))

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
            "waiting": self._unjudged + self.commit.events,
            "stored": self.metrics.stored,
            "duplicates": self.metrics.duplicates,
            "pack": self.judgement.engine.ref if self.judgement else None,
        }
        return Answer(200, JSON_HEADERS, encode(report))

    def exposition(self) -> Answer:
        """Return the metrics in Prometheus' text format: `GET /metrics`."""
        kind, text = self.metrics.exposition(self)
        return Answer(200, [("content-type", kind)], text)

    def event_schema(self) -> Answer:
        """Return the JSON Schema of the event: `GET /v1/schema/event.json`."""
        return Answer(200, [("content-type", "application/schema+json")], schema.event_schema())


def _round_of(visits: deque[Visit]) -> list[tuple[Visit, int, Received]]:
    """Take some events out of the requests in turn; a request that holds more goes to the end of the line."""
    taken: list[tuple[Visit, int, Received]] = []
    while visits and len(taken) < _ROUND:
        visit = visits.popleft()
        start, items = visit.next, visit.batch.items
        visit.next = end = min(len(items), start + _ROUND - len(taken))
        taken += [(visit, place, items[place]) for place in range(start, end)]
        if end < len(items):
            visits.append(visit)
    return taken


def _problem_of(error: BaseException) -> Problem:
    if isinstance(error, LogFullError):
        return ProblemKind.LOG_FULL()
    if isinstance(error, OSError):
        return ProblemKind.LOG_FAILED()
    return ProblemKind.INTERNAL()

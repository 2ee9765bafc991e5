"""One request under way: what became of each of its events, and the answer when all of them are known."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from hakam.door.decode import Batch
from hakam.door.problems import encode, headers_of
from hakam.vocabulary.problem import Problem

MULTI_STATUS = 207
JSON_HEADERS = [("content-type", "application/json")]
_OURS = 500
_encode = msgspec.json.Encoder().encode


class Answer(NamedTuple):
    """What goes back over the wire."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


Reply = Callable[[Answer], None]


def refuse(problem: Problem) -> Answer:
    """Return a problem as the whole answer."""
    return Answer(problem.status, headers_of(problem), encode(problem))


def considered(id_: str, verdict: bytes) -> bytes:
    """Return the result of an event that was judged and not stored."""
    return b'{"event":%b,"verdict":%b}' % (_encode(id_), verdict)


def stored(id_: str, verdict: bytes) -> bytes:
    """Return the result of an event that is on disk now."""
    return b'{"event":%b,"verdict":%b,"duplicate":false}' % (_encode(id_), verdict)


def repeated(id_: str, verdict: bytes) -> bytes:
    """Return the result of an event that was on disk before, with the verdict of then."""
    return b'{"event":%b,"verdict":%b,"duplicate":true}' % (_encode(id_), verdict)


class Visit:
    """The request. `settle` or `fail` each of its events once; the last one sends the answer."""

    __slots__ = ("_left", "_problems", "_reply", "_results", "batch", "next", "started")

    def __init__(self, batch: Batch, reply: Reply) -> None:
        self.batch = batch
        self.next = 0  # place of the first event that was not looked at
        self.started = time.perf_counter()
        self._reply = reply
        self._left = len(batch.items)
        self._results: list[bytes] = [b""] * self._left
        self._problems: list[Problem] = []

    def settle(self, place: int, result: bytes) -> None:
        """Keep the result of the event at `place`."""
        self._results[place] = result
        self._left -= 1
        if not self._left:
            self._reply(self._answer())

    def fail(self, place: int, problem: Problem) -> None:
        """Keep what is wrong with the event at `place`."""
        self._problems.append(problem)
        name = _encode(self.batch.items[place].id)
        self.settle(place, b'{"event":%b,"problem":%b}' % (name, encode(problem)))

    def _answer(self) -> Answer:
        problems, results = self._problems, self._results
        if problems and (self.batch.single or self._lost_whole()):
            return refuse(problems[0])
        if self.batch.single:
            return Answer(200, JSON_HEADERS, results[0])
        body = b'{"results":[%b]}' % b",".join(results)
        return Answer(MULTI_STATUS if problems else 200, JSON_HEADERS, body)

    def _lost_whole(self) -> bool:
        """Whether nothing was kept, for a reason that is ours: then the sender should send it all again."""
        problems = self._problems
        return len(problems) == len(self._results) and all(problem.status >= _OURS for problem in problems)

"""Sending events to a door over HTTP: in batches, on several connections, and again when the door is away."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, NoReturn

import httpx
import msgspec

from hakam.cli.replay_tally import Tally
from hakam.vocabulary.problem import Problem
from hakam.vocabulary.verdict import Stage, Verdict

AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504, 507})  # the same request may succeed later
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0  # seconds between two tries
TIMEOUT = httpx.Timeout(60.0, connect=5.0)
NEW_KEY_SECONDS = 10.0  # within which the door must have heard of a new key


class DoorError(RuntimeError):
    """The door refuses everything, or can't be reached. The message says why; the replay ends."""


class Sent(NamedTuple):
    """One event on its way, with the row that it came from."""

    file: str
    row: int
    platform: str
    id: str
    body: bytes  # JSON


class Result(msgspec.Struct, frozen=True):
    """The door's word on one event of a batch: a verdict or a problem."""

    verdict: Verdict | None = None
    duplicate: bool = False
    problem: Problem | None = None


class Answer(msgspec.Struct, frozen=True):
    """The door's answer to a batch: one result for each event, in order."""

    results: tuple[Result, ...]


Missing = Callable[[Sequence[tuple[str, str]]], list[tuple[str, str]]]


class Traffic:
    """Sends batches and counts what the door says into `tally`.

    `missing` returns which of some acknowledged (platform, id) pairs are not in the log; None where the
    log is not within reach. `patience` is how long, in seconds, one batch is tried again before the
    replay is given up.
    """

    def __init__(
        self,
        *,
        url: str,
        key: str,
        tally: Tally,
        connections: int,
        patience: float,
        missing: Missing | None = None,
        key_is_new: bool = False,
    ) -> None:
        self._url, self._tally, self._missing = url.rstrip("/") + "/v1/events", tally, missing
        self._connections, self._patience = connections, patience
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        self._until_known = time.monotonic() + (NEW_KEY_SECONDS if key_is_new else 0.0)
        self._stop = asyncio.Event()
        self.failure: DoorError | None = None

    def stop(self) -> None:
        """Send nothing new. What is on its way is waited for."""
        self._stop.set()

    async def run(self, batches: Iterator[list[Sent]]) -> None:
        """Send all batches. Raises `DoorError` when the door can't be made to take them."""
        waiting: asyncio.Queue[list[Sent] | None] = asyncio.Queue(maxsize=self._connections * 2)
        limits = httpx.Limits(max_connections=self._connections, max_keepalive_connections=self._connections)
        began = time.monotonic()
        async with httpx.AsyncClient(
            headers=self._headers, timeout=TIMEOUT, limits=limits, trust_env=False
        ) as client:
            lines = [asyncio.create_task(self._line(client, waiting)) for _ in range(self._connections)]
            try:
                for batch in batches:
                    if self._stop.is_set():
                        self._drop(batch)
                        break
                    await waiting.put(batch)
                    self._tally.seconds = time.monotonic() - began
            finally:
                for _ in lines:
                    await waiting.put(None)
                ended = await asyncio.gather(*lines, return_exceptions=True)
                self._tally.seconds = time.monotonic() - began
        for outcome in ended:
            if isinstance(outcome, BaseException):
                raise outcome
        if self.failure is not None:
            raise self.failure

    async def _line(self, client: httpx.AsyncClient, waiting: asyncio.Queue[list[Sent] | None]) -> None:
        while (batch := await waiting.get()) is not None:
            if self._stop.is_set():
                self._drop(batch)
                continue
            try:
                await self._send(client, batch)
            except DoorError as error:
                self.failure = self.failure or error
                self._stop.set()

    def _give_up(self, batch: Sequence[Sent], message: str) -> NoReturn:
        self._lose(batch, message)
        raise DoorError(message)

    def _drop(self, batch: Sequence[Sent]) -> None:
        """Count a batch that was not answered: lost to a failure, or held back since somebody ended it."""
        if self.failure is not None:
            self._lose(batch, str(self.failure))
        else:
            self._tally.unsent += len(batch)

    def _lose(self, batch: Sequence[Sent], message: str) -> None:
        for sent in batch:
            self._tally.lose(sent.file, sent.row, message)

    async def _send(self, client: httpx.AsyncClient, batch: Sequence[Sent]) -> None:
        until = time.monotonic() + self._patience
        pause = FIRST_PAUSE
        while batch:
            wait, why = pause, ""
            try:
                self._tally.requests += 1
                response = await client.post(self._url, content=_body(batch))
            except httpx.TransportError as error:
                why = f"the door can't be reached: {error or type(error).__name__}"
            else:
                if response.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE and len(batch) > 1:
                    await self._send_halves(client, batch)
                    return
                if not self._is_again(response):
                    batch, why = await self._take(batch, response)
                    if not batch:
                        return
                else:
                    why = f"the door answers {_words(response)}"
                with suppress(ValueError):
                    wait = max(pause, min(LONGEST_PAUSE, float(response.headers.get("retry-after", ""))))
            if time.monotonic() + wait > until:
                self._give_up(batch, f"{why}; given up after {self._patience:.0f} s")
            self._tally.retries += 1
            with suppress(TimeoutError):
                jitter = random.uniform(0.8, 1.2)  # noqa: S311 -- spreads load, guards nothing
                await asyncio.wait_for(self._stop.wait(), wait * jitter)
            if self._stop.is_set():
                self._drop(batch)
                return
            pause = min(LONGEST_PAUSE, pause * 2)

    async def _send_halves(self, client: httpx.AsyncClient, batch: Sequence[Sent]) -> None:
        middle = len(batch) // 2
        try:
            await self._send(client, batch[:middle])
        except DoorError as error:
            self._lose(batch[middle:], str(error))
            raise
        await self._send(client, batch[middle:])

    def _is_again(self, response: httpx.Response) -> bool:
        if response.status_code in AGAIN:
            return True
        return response.status_code == httpx.codes.UNAUTHORIZED and time.monotonic() < self._until_known

    async def _take(self, batch: Sequence[Sent], response: httpx.Response) -> tuple[Sequence[Sent], str]:
        """Count the answer; return what must be sent again, and why."""
        try:
            results = msgspec.json.decode(response.content, type=Answer).results
        except msgspec.MsgspecError:
            results = ()
        if len(results) != len(batch):
            self._give_up(batch, f"the door answers {_words(response)}")
        return await self._count(batch, results)

    async def _count(self, batch: Sequence[Sent], results: Sequence[Result]) -> tuple[Sequence[Sent], str]:
        acknowledged: list[tuple[str, str]] = []
        again: list[Sent] = []
        why = ""
        for sent, result in zip(batch, results, strict=True):
            if result.verdict is not None:
                acknowledged.append((sent.platform, sent.id))
                if result.duplicate:
                    self._tally.duplicate += 1
                else:
                    self._tally.new += 1
                self._judge(result.verdict)
                continue
            problem = result.problem
            words = (problem.detail or problem.title) if problem else "neither a verdict nor a problem"
            if problem and problem.status in AGAIN:
                again.append(sent)
                why = words
            else:
                self._tally.refuse(sent.file, sent.row, words, _within((problem and problem.pointer) or ""))
        if self._missing is not None and acknowledged:
            self._tally.not_in_log += len(await asyncio.to_thread(self._missing, acknowledged))
        return again, why

    def _judge(self, verdict: Verdict) -> None:
        tally = self._tally
        for firing in verdict.firings:
            tally.firings[firing.rule, firing.policy, firing.stage.value] += 1
        stages = {firing.stage for firing in verdict.firings}
        tally.stages[
            next((s.value for s in (Stage.LIVE, Stage.CANARY, Stage.SHADOW) if s in stages), "none")
        ] += 1
        tally.measured += bool(verdict.measures)
        tally.quarantined.update(verdict.quarantined)


def _body(batch: Sequence[Sent]) -> bytes:
    return b"[" + b",".join(sent.body for sent in batch) + b"]"


def _within(pointer: str) -> str:
    """Return a pointer into a batch as one into its event."""
    _, slash, rest = pointer.removeprefix("/").partition("/")
    return f"/{rest}" if slash else ""


def _words(response: httpx.Response) -> str:
    """Return what a response says, for a person."""
    try:
        problem: Any = response.json()
        said = problem.get("detail") or problem.get("title") or ""
    except (ValueError, AttributeError):
        said = response.text[:200]
    return f"{response.status_code} {said}".strip()

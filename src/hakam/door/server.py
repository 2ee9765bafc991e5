"""The door behind a socket: granian's RSGI, one process, one event loop, one writer of the log.

`python -m hakam.door --home DIR` runs it alone; the command line starts it through `serve`.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from hakam.door.app import Answer, Door, refuse
from hakam.door.config import DoorConfig
from hakam.door.drop_in.routes import DropIns
from hakam.door.notices import NoticeDesk
from hakam.door.problems import ProblemKind
from hakam.door.reload import Keeper
from hakam.storage.embedded.event_log import FileEventLog

__all__ = ["Application", "DoorConfig", "run", "serve"]

_BACKLOG = 2_048
_SWITCH_SECONDS = 0.001  # how long the writing thread waits for the interpreter after each fsync, at most
# Events on their way are thousands of objects and no garbage: by default the collector would look through them every
# few events, and cost a fifth of the throughput.
_COLLECT = (50_000, 20, 100)
_LOCAL = ("127.0.0.1", "::1", "::ffff:127.0.0.1", "localhost")
PUBLIC_NOTICES = "/v1/public/notices"
_log = logging.getLogger("hakam.door")


class _Protocol(Protocol):
    """What granian hands us for one request."""

    async def __call__(self) -> bytes: ...
    def __aiter__(self) -> Any: ...
    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None: ...


class Application:
    """Routes requests to a door and writes its answers."""

    def __init__(self, door: Door, notices: NoticeDesk) -> None:
        self._door = door
        self._notices = notices
        self._posts = {"/v1/events": door.events, "/v1/check": door.check, "/v1/notices": notices.take}
        self._drop_ins = DropIns(door)

    def stop(self, seconds: float) -> None:
        """End the thread of the models; wait at most `seconds`. No request comes any more."""
        self._drop_ins.analyst.stop(seconds)

    async def __rsgi__(self, scope: Any, protocol: _Protocol) -> None:
        """Answer one request."""
        door = self._door
        door.under_way += 1
        try:
            handler = self._posts.get(scope.path)
            if handler is not None:
                answer = await self._post(handler, scope, protocol)
            elif scope.path == PUBLIC_NOTICES:
                answer = await self._post(partial(self._public, scope), scope, protocol)
            elif (service := self._drop_ins.find(scope.path)) is not None:
                answer = await self._drop_ins.serve(service, scope, protocol)
            else:
                answer = self._get(scope)
        except Exception:  # noqa: BLE001 -- one request must not end the others
            _log.exception("%s %s failed", scope.method, scope.path)
            answer = refuse(ProblemKind.INTERNAL())
        finally:
            door.under_way -= 1
        if door.stopping:
            answer = answer._replace(headers=[*answer.headers, ("connection", "close")])
        protocol.response_bytes(*answer)

    async def _public(self, scope: Any, _authorization: str | None, kind: str, body: bytes) -> Answer:
        return await self._notices.public(kind, body, scope.client, scope.headers.get("x-forwarded-for"))

    async def _post(self, handler: Callable[..., Any], scope: Any, protocol: _Protocol) -> Answer:
        if scope.method != "POST":
            return _only("POST")
        headers = scope.headers
        limit = self._door.published.max_body_bytes
        length = headers.get("content-length")
        if length is not None and length.isdecimal():
            if int(length) > limit:
                return _too_large(limit)
            body = await protocol()
        else:
            pieces: list[bytes] = []
            size = 0
            async for piece in protocol:
                size += len(piece)
                if size > limit:
                    return _too_large(limit)
                pieces.append(bytes(piece))
            body = b"".join(pieces)
        if headers.get("content-encoding", "identity") != "identity":
            return refuse(ProblemKind.MEDIA_TYPE("encoded bodies are not understood"))
        answer: Answer = await handler(headers.get("authorization"), headers.get("content-type") or "", body)
        return answer

    def _get(self, scope: Any) -> Answer:
        door = self._door
        path = scope.path
        if path not in {"/healthz", "/metrics", "/v1/schema/event.json", "/v1/stats"}:
            return refuse(ProblemKind.NOT_FOUND(path))
        if scope.method not in {"GET", "HEAD"}:
            return _only("GET, HEAD")
        if path == "/healthz":
            answer = door.health()
        elif path == "/v1/stats":
            answer = door.stats(scope.headers.get("authorization"))
        elif path == "/v1/schema/event.json":
            answer = door.event_schema()
        elif door.config.metrics_public or scope.client.rpartition(":")[0].strip("[]") in _LOCAL:
            answer = door.exposition()
        else:
            answer = refuse(ProblemKind.NOT_FOUND(path))
        return answer if scope.method == "GET" else answer._replace(body=b"")


def _only(methods: str) -> Answer:
    answer = refuse(ProblemKind.METHOD(f"only {methods}"))
    return answer._replace(headers=[*answer.headers, ("allow", methods)])


def _too_large(limit: int) -> Answer:
    answer = refuse(ProblemKind.BODY_TOO_LARGE(f"at most {limit:,} bytes"))
    return answer._replace(headers=[*answer.headers, ("connection", "close")])


def notice_desk(door: Door, log: FileEventLog, loop: asyncio.AbstractEventLoop) -> NoticeDesk:
    """Return the desk for notices of a door: it admits whom the door admits."""
    return NoticeDesk(
        log,
        loop,
        published=lambda: door.published,
        admit=door.admit,
        clock=time.time,
        max_waiting=door.config.max_waiting_events,
        max_bytes=door.config.max_waiting_bytes,
    )


async def run(config: DoorConfig, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until a signal asks to stop; then finish what is under way and leave nothing unwritten."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    restore = _on_signals(loop, stop)
    log, notice_log = FileEventLog(config.log_path), FileEventLog(config.notice_log_path)
    try:
        log.claim()
        notice_log.claim()
        door = Door(config, log, loop)
        notices = notice_desk(door, notice_log, loop)
        keeper = Keeper(door, log, loop)
        application = Application(door, notices)
        server = Server(
            application,
            address=config.host,
            port=config.port,
            interface=Interfaces.RSGI,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(max_buffer_size=1024 * 1024),
            websockets=False,
            backlog=_BACKLOG,
            backpressure=_BACKLOG,
            log_enabled=False,
        )
        serving = loop.create_task(server.serve())
        stopping = loop.create_task(stop.wait())
        try:
            loop.call_soon(ready)
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            door.stopping = True
            await _drained(door, config.grace_seconds)
        finally:
            stopping.cancel()
            await loop.run_in_executor(None, keeper.stop)
            if not serving.done():
                server.stop()  # type: ignore[no-untyped-call]
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(serving), config.grace_seconds)
            await loop.run_in_executor(None, application.stop, config.grace_seconds)
            await loop.run_in_executor(None, door.commit.stop)
            await loop.run_in_executor(None, notices.commit.stop)
        if serving.done() and not serving.cancelled():
            serving.result()
    finally:
        log.close()
        notice_log.close()
        restore()


async def _drained(door: Door, seconds: float) -> None:
    """Wait until no request is under way, at most `seconds`."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while door.under_way and loop.time() < end:  # noqa: ASYNC110 -- once in the life of a door
        await asyncio.sleep(0.01)


def _on_signals(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> Callable[[], None]:
    """Set `stop` on the signals that ask a process to end; return what puts the old handlers back."""
    before: dict[int, Any] = {}
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is not None:
            before[number] = signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    return restore


def serve(config: DoorConfig) -> None:
    """Run the door until SIGTERM or SIGINT, then return. Raises `LogBusyError` if another door has the log."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.freeze()  # what was imported stays for good
    gc.set_threshold(*_COLLECT)
    asyncio.run(run(config))

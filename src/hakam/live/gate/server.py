"""The gate behind a socket: granian's RSGI, one process, one event loop, no Django.

| Address | What |
| --- | --- |
| `POST /gate/SERVER/TOKEN` | a media server asks or tells; what follows the token is the adapter's |
| `GET /healthz` | whether it can answer: 503 says why not |
| `GET /figures` | answers, refusals by reason, time to answer (from this machine only) |
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

import msgspec
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from hakam.live.gate.keeper import Gatekeeper
from hakam.live.servers.server import Call, Reply, Unreachable

LARGEST_BODY: Final = 65_536
_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = ("content-type", "application/json")
_LOCAL: Final = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
_MOST_FIELDS: Final = 100
_log: Final = logging.getLogger("hakam.gate")


class Options(NamedTuple):
    """Where the gate listens."""

    host: str = "127.0.0.1"
    port: int = 8431


class Application:
    """Answers for one gatekeeper."""

    def __init__(self, keeper: Gatekeeper) -> None:
        self.keeper = keeper
        self.counts: Counter[str] = Counter()
        self.took: deque[float] = deque(maxlen=10_000)  # seconds
        self._beyond = ThreadPoolExecutor(4, thread_name_prefix="beyond")

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        began = time.perf_counter()
        try:
            reply = await self._answer(scope, protocol)
        except ValueError as error:
            reply = _problem(400, str(error))
        except Exception:  # noqa: BLE001 -- one request must not end the others
            _log.exception("%s failed", scope.path.rpartition("/")[0])
            reply = _problem(500, "internal")
        self.took.append(time.perf_counter() - began)
        protocol.response_bytes(reply.status, list(reply.headers), reply.body)

    async def _answer(self, scope: Any, protocol: Any) -> Reply:
        _empty, place, *parts = scope.path.split("/", 4)
        if place == "healthz":
            trouble = self.keeper.trouble
            return _problem(503, trouble) if trouble else Reply(200, (_JSON,), b'{"status":"ok"}')
        if place == "figures":
            if scope.client.rpartition(":")[0].strip("[]") not in _LOCAL:
                return _problem(404, "not_found")
            return Reply(200, (_JSON,), msgspec.json.encode(self.figures()))
        server = self.keeper.server_at(parts[0], parts[1]) if place == "gate" and len(parts) > 1 else None
        if server is None:
            return _problem(404, "not_found")
        headers = {name: str(scope.headers.get(name)) for name in scope.headers.keys()}  # noqa: SIM118 -- no mapping
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > LARGEST_BODY:
            return _problem(413, "body_too_large")
        body = await protocol() if scope.method in {"POST", "PUT"} else b""
        call = Call(
            method=scope.method,
            rest=parts[2] if len(parts) > 2 else "",  # noqa: PLR2004 -- server, token, rest
            headers=headers,
            fields=_fields(scope.query_string, headers.get("content-type", ""), body),
            body=body,
            at=time.time(),
        )
        reply, beyond, first = self.keeper.handle(server, call)
        if beyond is not None and first:
            try:
                await asyncio.get_running_loop().run_in_executor(self._beyond, beyond)
            except Unreachable as error:
                _log.error("a media server did not obey: %s", error)
                reply = _problem(503, str(error))
        elif beyond is not None:
            self._beyond.submit(_do, beyond)
        self.counts[f"{server.name} {reply.status}"] += 1
        return reply

    def figures(self) -> dict[str, Any]:
        """Return answers by server and status, and the time of the last 10,000, in milliseconds."""
        took = sorted(self.took)
        share = (
            {f"p{p}": round(took[int(len(took) * p / 100)] * 1e3, 3) for p in (50, 95, 99)} if took else {}
        )
        return {"answers": dict(self.counts), "milliseconds": share}

    def close(self) -> None:
        """Wait for what is done beyond the replies."""
        self._beyond.shutdown(wait=True)


async def run(
    app: Application,
    options: Options,
    *,
    ready: Callable[[], None] = lambda: None,
    stop: asyncio.Event | None = None,
    every: float = 1.0,
) -> None:
    """Serve until `stop` is set or the task is cancelled; look for a changed configuration each second."""
    server = Server(
        app,
        address=options.host,
        port=options.port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=4_096,
        backpressure=4_096,
        log_enabled=False,
    )
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task((stop or asyncio.Event()).wait())
    ready()
    try:
        while not (serving.done() or stopping.done()):
            await asyncio.wait({serving, stopping}, timeout=every, return_when=asyncio.FIRST_COMPLETED)
            app.keeper.reload()
            app.keeper.tidy()
    finally:
        stopping.cancel()
        if not serving.done():
            server.stop()  # type: ignore[no-untyped-call]
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(serving), 5)
        app.close()
    if serving.done() and not serving.cancelled():
        error = serving.exception()
        if error is not None:
            raise error


def _fields(query: str, kind: str, body: bytes) -> dict[str, str]:
    """Return form fields and the query; of a field that comes twice, the last."""
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    if kind.partition(";")[0].strip().lower() == _FORM:
        pairs += parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
        )
    return dict(pairs)


def _do(beyond: Callable[[], None]) -> None:
    try:
        beyond()
    except Unreachable as error:
        _log.error("a media server did not obey: %s", error)
    except Exception:  # noqa: BLE001 -- a thread of its own: nobody else would tell
        _log.exception("what was to be done beyond a reply failed")


def _problem(status: int, kind: str) -> Reply:
    return Reply(status, (_JSON,), msgspec.json.encode({"error": kind}))

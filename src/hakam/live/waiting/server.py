"""A waiting room behind a socket: granian's RSGI, one process, one event loop.

| Address | What |
| --- | --- |
| `GET /` | the page, or JSON: who comes without a ticket gets one |
| `POST /ticket` | a new ticket |
| `GET /check` | 204 let in, 403 with `Retry-After` not yet, 401 no ticket that counts: for `auth_request` of nginx |
| `POST /leave` | frees the seat |
| `GET /questions`, `POST /questions` | the form, and a question of a ticket holder on its way to the door |
| `GET /gate` | the newest gate, signed |
| `GET /report`, `POST /load` | for the controller and the organiser, with the token |
| `GET /state`, `POST /hold` | of the controller, for the console, with the token |
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple
from urllib.parse import parse_qsl

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from hakam.live.waiting.admission import Admission, NodeReport, State
from hakam.live.waiting.asking import Asked, AskingError, Line
from hakam.live.waiting.asking_page import asking_page
from hakam.live.waiting.gate import Checked, Gate, GateError, Wait, sign
from hakam.live.waiting.issued import IssuedBefore
from hakam.live.waiting.node import Node
from hakam.live.waiting.page import language_of, page
from hakam.live.waiting.ticket import TicketError

TICKET_COOKIE: Final = "hakam_ticket"
HOLDER_COOKIE: Final = "hakam_holder"
_MOST_WHO: Final = 512
_LARGEST_BODY: Final = 4_096
_LARGEST_QUESTION: Final = 32_768  # 2,000 Arabic letters of a form take 12,000
_LOAD_LASTS: Final = 30.0  # seconds that what the platform measured counts
_JSON: Final = ("content-type", "application/json")
_FRESH: Final = ("cache-control", "no-store")
_log = logging.getLogger("hakam.waiting")


_STATUS: Final = {"too_soon": 429, "too_many": 429, "door_busy": 503}


class Answer(NamedTuple):
    """One HTTP answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Options(NamedTuple):
    """How a node is served. `token` is what the controller and the organiser show."""

    host: str = "127.0.0.1"
    port: int = 8430
    token: str = ""
    secure: bool = False  # cookies over TLS only
    holder_header: str = ""  # a trusted front says in this header who asks; empty: a cookie of ours does


class _Hold(msgspec.Struct, forbid_unknown_fields=True):
    step: Annotated[int, msgspec.Meta(ge=0, le=15)]


class _Load(msgspec.Struct, forbid_unknown_fields=True):
    load: Annotated[float, msgspec.Meta(ge=0, le=10)]


class Application:
    """Answers for one node."""

    def __init__(self, node: Node, options: Options, line: Line | None = None) -> None:
        self.node, self.options, self.line = node, options, line
        self.signed_gate = b""
        self.controller: Controller | None = None
        self._load, self._load_at = 0.0, -_LOAD_LASTS
        self._routes: dict[tuple[str, str], Callable[[Any, bytes], Answer | Awaitable[Answer]]] = {
            ("GET", "/"): self._room,
            ("HEAD", "/"): self._room,
            ("POST", "/ticket"): self._ticket,
            ("GET", "/check"): self._check,
            ("POST", "/leave"): self._leave,
            ("GET", "/questions"): self._form,
            ("POST", "/questions"): self._question,
            ("GET", "/gate"): self._gate,
            ("GET", "/report"): self._report,
            ("POST", "/load"): self._take_load,
            ("GET", "/state"): self._state,
            ("POST", "/hold"): self._hold,
            ("GET", "/healthz"): lambda *_: Answer(200, [_JSON], b'{"status":"ok"}'),
        }

    @property
    def load(self) -> float:
        """What the platform measured of late, 0 when nothing was said."""
        return self._load if time.monotonic() - self._load_at < _LOAD_LASTS else 0.0

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        handler = self._routes.get((scope.method, scope.path))
        try:
            if handler is None:
                known = any(path == scope.path for _, path in self._routes)
                answer = _problem(405 if known else 404, "method" if known else "not_found")
            elif int(scope.headers.get("content-length") or 0) > (
                _LARGEST_QUESTION if scope.path == "/questions" else _LARGEST_BODY
            ):
                answer = _problem(413, "body_too_large")
            else:
                given = handler(scope, await protocol() if scope.method == "POST" else b"")
                answer = given if isinstance(given, Answer) else await given
        except Exception:  # noqa: BLE001 -- one request must not end the others
            _log.exception("%s %s failed", scope.method, scope.path)
            answer = _problem(500, "internal")
        protocol.response_bytes(answer.status, answer.headers, b"" if scope.method == "HEAD" else answer.body)

    def _who(self, scope: Any) -> tuple[str, str]:
        """Return who asks and with what ticket; empty where nothing is said."""
        ticket, who = scope.headers.get("x-hakam-ticket") or "", ""
        if self.options.holder_header:
            who = scope.headers.get(self.options.holder_header.lower()) or ""
        jar: SimpleCookie = SimpleCookie()
        with contextlib.suppress(CookieError):
            jar.load(scope.headers.get("cookie") or "")
        if not ticket and TICKET_COOKIE in jar:
            ticket = jar[TICKET_COOKIE].value
        if not self.options.holder_header and HOLDER_COOKIE in jar:
            who = jar[HOLDER_COOKIE].value
        return who[:_MOST_WHO], ticket

    def _cookies(self, who: str, ticket: str) -> list[tuple[str, str]]:
        end = max(0, int(self.node.plan.ends_at.timestamp() - time.time()))
        tail = f"; Path=/; Max-Age={end}; HttpOnly; SameSite=Lax" + (
            "; Secure" if self.options.secure else ""
        )
        given = [("set-cookie", f"{TICKET_COOKIE}={ticket}{tail}")]
        if not self.options.holder_header:
            given.append(("set-cookie", f"{HOLDER_COOKIE}={who}{tail}"))
        return given

    def _room(self, scope: Any, _body: bytes) -> Answer:
        who, ticket = self._who(scope)
        cookies: list[tuple[str, str]] = []
        try:
            if not ticket:
                who, ticket = self._given(who)
                cookies = self._cookies(who, ticket)
            found = self.node.check(ticket, who)
        except TicketError as error:
            return self._refused(scope, error.code)
        answer = self._said(scope, found)
        return answer._replace(headers=[*answer.headers, *cookies])

    def _given(self, who: str) -> tuple[str, str]:
        """Give out a ticket; raises `TicketError` where this node can't, or where a front did not say who asks."""
        if not self.node.issues or (self.options.holder_header and not who):
            raise TicketError("no_ticket")
        who = who or secrets.token_urlsafe(16)
        return who, self.node.give(who)

    def _ticket(self, scope: Any, _body: bytes) -> Answer:
        who, _ = self._who(scope)
        try:
            who, ticket = self._given(who)
        except TicketError as error:
            return self._refused(scope, error.code)
        if "text/html" in (scope.headers.get("accept") or ""):
            return Answer(303, [("location", "."), _FRESH, *self._cookies(who, ticket)], b"")
        wait = self.node.waits(ticket)
        said = {"ticket": ticket, "holder": who, "wait": wait.seconds, "expected": wait.expected}
        return Answer(201, [_JSON, _FRESH, *self._cookies(who, ticket)], msgspec.json.encode(said))

    def _form(self, scope: Any, _body: bytes) -> Answer:
        if self.line is None:
            return _problem(404, "not_found")
        language = language_of(scope.headers.get("accept-language") or "")
        return _html(200, asking_page(self.node.plan, self.line.limits, language))

    async def _question(self, scope: Any, body: bytes) -> Answer:
        """Take a question of somebody who has a ticket, waiting or inside; answer once it is judged and on disk."""
        line, node = self.line, self.node
        if line is None:
            return _problem(404, "not_found")
        form = "application/x-www-form-urlencoded" in (scope.headers.get("content-type") or "")
        language = language_of(scope.headers.get("accept-language") or "")
        asked = Asked("")
        who, ticket = self._who(scope)
        try:
            holder = node.believed(ticket, who)
            asked = _read_question(body, form=form)
            account = who if self.options.holder_header else ""
            await line.ask(asked, holder=holder, account=account, now=node.now())
        except TicketError as error:
            return self._refused(scope, "no_ticket" if not ticket else error.code)
        except AskingError as error:
            node.refused[error.code] += 1
            status = _STATUS.get(error.code, 422)
            retry = [] if error.wait is None else [("retry-after", str(error.wait))]
            if form:
                text = asking_page(
                    node.plan, line.limits, language, said=error.code, wait=error.wait, text=asked.text
                )
                return _html(status, text, retry)
            answer = _problem(status, error.code)
            return answer._replace(headers=[*answer.headers, *retry])
        node.questions += 1
        if form:
            return _html(201, asking_page(node.plan, line.limits, language, said="taken"))
        return Answer(201, [_JSON, _FRESH], b'{"taken":true}')

    def _said(self, scope: Any, found: Checked) -> Answer:
        wait = found.wait
        retry = [] if wait is None else [("retry-after", str(wait.seconds))]
        if "text/html" in (scope.headers.get("accept") or ""):
            text = page(
                self.node.plan,
                language_of(scope.headers.get("accept-language") or ""),
                wait,
                asking=self.line is not None,
            )
            html = ("content-type", "text/html; charset=utf-8")
            return Answer(200, [html, _FRESH, ("vary", "accept, accept-language"), *retry], text.encode())
        said: dict[str, Any] = {"admitted": wait is None}
        if wait is not None:
            said |= {"wait": wait.seconds, "expected": wait.expected}
        return Answer(200 if wait is None else 202, [_JSON, _FRESH, *retry], msgspec.json.encode(said))

    def _refused(self, scope: Any, code: str) -> Answer:
        self.node.refused[code] += 1
        status = {"expired": 410, "no_ticket": 401}.get(code, 403)
        if "text/html" in (scope.headers.get("accept") or ""):
            language = language_of(scope.headers.get("accept-language") or "")
            text = page(self.node.plan, language, None, problem=code)
            return Answer(status, [("content-type", "text/html; charset=utf-8"), _FRESH], text.encode())
        return _problem(status, code)

    def _check(self, scope: Any, _body: bytes) -> Answer:
        who, ticket = self._who(scope)
        try:
            wait: Wait | None = self.node.check(ticket, who).wait
        except TicketError as error:
            self.node.refused["no_ticket" if not ticket else error.code] += 1
            return _problem(401, error.code)
        if wait is None:
            return Answer(204, [_FRESH], b"")
        return Answer(403, [_FRESH, ("retry-after", str(wait.seconds))], b"")

    def _leave(self, scope: Any, _body: bytes) -> Answer:
        who, ticket = self._who(scope)
        with contextlib.suppress(TicketError):
            if ticket and self.node.check(ticket, who).wait is None:
                self.node.leave(who)
        return Answer(204, [_FRESH], b"")

    def _gate(self, _scope: Any, _body: bytes) -> Answer:
        if not self.signed_gate:
            return _problem(503, "no_gate")
        return Answer(200, [("content-type", "application/octet-stream"), _FRESH], self.signed_gate)

    def _allowed(self, scope: Any) -> bool:
        given = (scope.headers.get("authorization") or "").removeprefix("Bearer ")
        return bool(self.options.token) and hmac.compare_digest(given.encode(), self.options.token.encode())

    def _report(self, scope: Any, _body: bytes) -> Answer:
        if not self._allowed(scope):
            return _problem(401, "no_token")
        return Answer(200, [_JSON, _FRESH], msgspec.json.encode(self.node.report()))

    def _state(self, scope: Any, _body: bytes) -> Answer:
        if not self._allowed(scope):
            return _problem(401, "no_token")
        if self.controller is None or self.node.gate is None:
            return _problem(404, "not_found")
        return Answer(200, [_JSON, _FRESH], msgspec.json.encode(self.controller.state(self.node.gate)))

    def _hold(self, scope: Any, body: bytes) -> Answer:
        if not self._allowed(scope):
            return _problem(401, "no_token")
        if self.controller is None:
            return _problem(404, "not_found")
        try:
            step = msgspec.json.decode(body, type=_Hold).step
        except msgspec.MsgspecError:
            return _problem(422, "malformed")
        self.controller.admission.hold(step)
        return Answer(204, [], b"")

    def _take_load(self, scope: Any, body: bytes) -> Answer:
        if not self._allowed(scope):
            return _problem(401, "no_token")
        try:
            load = msgspec.json.decode(body, type=_Load).load
        except msgspec.MsgspecError:
            return _problem(422, "malformed")
        self._load, self._load_at = load, time.monotonic()
        return Answer(204, [], b"")


def _html(status: int, text: str, more: list[tuple[str, str]] | None = None) -> Answer:
    head = [("content-type", "text/html; charset=utf-8"), _FRESH, ("vary", "accept-language"), *(more or [])]
    return Answer(status, head, text.encode())


def _read_question(body: bytes, *, form: bool) -> Asked:
    try:
        if form:
            fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=10))
            return Asked(fields.get("text", "").replace("\r\n", "\n"), fields.get("language", ""))
        return msgspec.json.decode(body, type=Asked)
    except (ValueError, msgspec.MsgspecError):
        raise AskingError("malformed") from None


def _problem(status: int, code: str) -> Answer:
    body = msgspec.json.encode({"type": f"urn:hakam:waiting:{code}", "status": status, "title": code})
    return Answer(status, [("content-type", "application/problem+json"), _FRESH], body)


class Controller:
    """Renews the gate once a second from what all nodes report. One process of an event does it."""

    def __init__(
        self, app: Application, key: Ed25519PrivateKey, path: Path, *, nodes: Sequence[str] = ()
    ) -> None:
        self.admission = Admission(app.node.plan, path)
        self._app, self._key, self._nodes = app, key, nodes
        self._issued = IssuedBefore(path.parent)
        self.reports: list[NodeReport] = []
        self.silent: list[str] = []
        app.controller = self

    async def turn(self, client: httpx.AsyncClient) -> None:
        """Renew the gate once. A node that does not answer is left out of it."""
        app = self._app
        heard = await asyncio.gather(*(self._ask(client, url) for url in self._nodes))
        nodes = [app.node.report(), *(one for one in heard if one is not None)]
        self.silent = [url for url, one in zip(self._nodes, heard, strict=True) if one is None]
        self.reports = nodes
        reports = [*nodes, *self._issued.reports()]
        now = app.node.now()
        loop = asyncio.get_running_loop()
        gate = await loop.run_in_executor(None, lambda: self.admission.tick(reports, now=now, load=app.load))
        app.signed_gate = sign(gate, self._key)
        app.node.renew(app.signed_gate)

    def state(self, gate: Gate) -> State:
        """Return what is known of the event now."""
        admission = self.admission
        return State(
            event=gate.event,
            at=gate.made_at,
            step=admission.step.name,
            steps=tuple(step.name for step in admission.plan.steps),
            held=admission.held,
            by_load=admission.by_load,
            load=self._app.load,
            lanes=admission.plan.lane_names,
            waiting=tuple(lane.waiting for lane in gate.lanes),
            floor=gate.floor,
            nodes=tuple(msgspec.structs.replace(one, issued=()) for one in self.reports),
            silent=tuple(self.silent),
        )

    async def _ask(self, client: httpx.AsyncClient, url: str) -> NodeReport | None:
        try:
            answer = await client.get(
                f"{url.rstrip('/')}/report", headers={"authorization": f"Bearer {self._app.options.token}"}
            )
            answer.raise_for_status()
            return msgspec.json.decode(answer.content, type=NodeReport)
        except (httpx.HTTPError, msgspec.MsgspecError) as error:
            _log.warning("node %s gave no report: %s", url, error)
            return None


class Follower:
    """Fetches the gate from the controller's node once a second."""

    def __init__(self, app: Application, url: str) -> None:
        self._app, self._url = app, f"{url.rstrip('/')}/gate"

    async def turn(self, client: httpx.AsyncClient) -> None:
        """Fetch the gate once; an old, false or absent one changes nothing."""
        app = self._app
        app.node.report()  # sweeps seats, writes counts down
        try:
            answer = await client.get(self._url)
            answer.raise_for_status()
            app.node.renew(answer.content)
            app.signed_gate = answer.content
        except (httpx.HTTPError, GateError) as error:
            _log.debug("no newer gate: %s", error)


async def run(
    app: Application,
    turn: Callable[[httpx.AsyncClient], Awaitable[None]],
    *,
    ready: Callable[[], None] = lambda: None,
    stop: asyncio.Event | None = None,
    every: float = 1.0,
) -> None:
    """Serve until `stop` is set or the task is cancelled."""
    options = app.options
    server = Server(
        app,
        address=options.host,
        port=options.port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=16_384,
        backpressure=16_384,
        log_enabled=False,
    )
    serving = asyncio.create_task(server.serve())
    line = None if app.line is None else asyncio.create_task(app.line.run())
    stopping = asyncio.create_task((stop or asyncio.Event()).wait())
    async with httpx.AsyncClient(timeout=every * 0.8) as client:
        await turn(client)
        ready()
        wall, used = time.monotonic(), time.process_time()
        try:
            while not (serving.done() or stopping.done()):
                await asyncio.wait({serving, stopping}, timeout=every, return_when=asyncio.FIRST_COMPLETED)
                now, cpu = time.monotonic(), time.process_time()
                app.node.load = (cpu - used) / max(1e-9, now - wall)
                wall, used = now, cpu
                try:
                    await turn(client)
                except OSError:
                    _log.exception("the gate was not renewed")
        finally:
            stopping.cancel()
            if line is not None:
                line.cancel()
            app.node.report()
            if not serving.done():
                server.stop()  # type: ignore[no-untyped-call]
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(serving), 5)

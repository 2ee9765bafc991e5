"""Controller, nodes and crowd when what they talk to is slow, false, gone or closes idle connections."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.live.waiting.hall import KEY, LOTS, PLAN

from hakam.live.waiting.gate import Gate, LaneGate, sign
from hakam.live.waiting.node import Issuing, Node
from hakam.live.waiting.rehearsal import rehearse
from hakam.live.waiting.server import Application, Controller, Follower, Options

pytestmark = [pytest.mark.sockets, pytest.mark.embedded]
Answerer = Callable[[httpx.Request], httpx.Response]


def application(name: str = "here") -> Application:
    """Return a node with its addresses, behind no socket."""
    node = Node(
        PLAN, KEY.public_key(), name=name, clock=lambda: datetime.now(tz=UTC), issuing=Issuing(KEY, LOTS)
    )
    return Application(node, Options(token="token"))


def turn(one: Controller | Follower, answer: Answerer) -> None:
    """Let it turn once, against what answers."""

    async def once() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            await one.turn(client)

    asyncio.run(once())


def broken(_request: httpx.Request) -> httpx.Response:
    """Fail as a network does."""
    raise httpx.ConnectError("gone")


@pytest.mark.parametrize(
    "answer",
    [
        broken,
        lambda _: httpx.Response(500),
        lambda _: httpx.Response(401),
        lambda _: httpx.Response(200, content=b"{"),
        lambda _: httpx.Response(200, json={"node": 3}),
    ],
)
def test_a_node_that_gives_no_report_is_left_out_and_named(
    answer: Answerer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = application()
    controller = Controller(app, KEY, tmp_path / "admission.json", nodes=["http://there:1/"])
    with caplog.at_level(logging.WARNING):
        turn(controller, answer)
    assert "node http://there:1/ gave no report" in caplog.text
    assert app.node.gate is not None
    assert app.node.gate.number == 1


def test_the_controller_shows_its_token_to_nodes(tmp_path: Path) -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(f"{request.url} {request.headers['authorization']}")
        return httpx.Response(200, json={"node": "there", "issued": [{}, {}, {}], "present": [4, 0, 0]})

    controller = Controller(
        application(), KEY, tmp_path / "admission.json", nodes=["http://there:1/", "http://then:2"]
    )
    turn(controller, answer)
    assert sorted(seen) == ["http://then:2/report Bearer token", "http://there:1/report Bearer token"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"HAKAMGT1",
        sign(Gate("talk", 9, 0, "open", (LaneGate(2**60),) * 3), Ed25519PrivateKey.generate()),
    ],
)
def test_a_false_gate_changes_nothing(content: bytes) -> None:
    app = application()
    good = sign(Gate("talk", 5, 0, "open", (LaneGate(0),) * 3), KEY)
    follower = Follower(app, "http://first:1")
    turn(follower, lambda _: httpx.Response(200, content=good))
    turn(follower, lambda _: httpx.Response(200, content=content))
    turn(follower, broken)
    assert app.node.gate is not None
    assert app.node.gate.number == 5
    assert app.signed_gate == good


def test_the_load_that_was_reported_is_forgotten_after_half_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    app = application()
    now = [100.0]
    monkeypatch.setattr("hakam.live.waiting.server.time.monotonic", lambda: now[0])
    assert app.load == 0

    class Scope:
        headers = {"authorization": "Bearer token"}

    assert app._take_load(Scope(), b'{"load": 0.8}').status == 204
    now[0] += 29.9
    assert app.load == 0.8
    now[0] += 0.2
    assert app.load == 0


def test_a_crowd_opens_anew_what_was_closed_while_it_waited() -> None:
    """A server that closes after each answer, as many do with idle connections, is no error."""
    answers = {
        "POST": b'HTTP/1.1 201 Created\r\ncontent-length: 41\r\n\r\n{"ticket":"t","holder":"h","wait":0.2    }',
        "GET": b'HTTP/1.1 202 Accepted\r\nretry-after: 1\r\ncontent-length: 28\r\n\r\n{"admitted":false,"wait":0.3}',
    }

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method = (await reader.readuntil(b"\r\n\r\n")).split()[0].decode()
        head, _, body = answers[method].partition(b"\r\n\r\n")
        writer.write(head.partition(b"content-length")[0])
        writer.write(b"content-length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def main() -> object:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            found = await rehearse(f"http://127.0.0.1:{port}/", 5, 8, within=0.1)
        await asyncio.sleep(0.2)  # the last connections are closed on this side too
        return found

    outcome = asyncio.run(main())
    assert outcome.wrong == 0, outcome.answers  # type: ignore[attr-defined]
    assert outcome.answers["ticket"] == 5  # type: ignore[attr-defined]
    assert outcome.answers["wait"] >= 10  # type: ignore[attr-defined]

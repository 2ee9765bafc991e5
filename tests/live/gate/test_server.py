"""The gate behind a socket: addresses, limits, and how long an answer takes."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import httpx
import pytest
from tests.live.real.gatehouse import gate, key, secret
from tests.live.real.rig import free_port
from tests.live.servers.answering import door

from hakam.live.gate.book import Bar, Writer, path_of
from hakam.live.gate.keeper import Gatekeeper, address_token
from hakam.live.gate.server import LARGEST_BODY
from hakam.live.gate.spool import Spool
from hakam.live.gate.spool import path_of as spool_path
from hakam.live.servers.at_work import shipped
from hakam.live.servers.server import Call

pytestmark = [pytest.mark.sockets, pytest.mark.embedded]
SETTINGS = {"control": "http://127.0.0.1:9", "stat": "http://127.0.0.1:9", "rtmp": "rtmp://127.0.0.1/live"}
ACCOUNTS = 20_000


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    folder, port = tmp_path_factory.mktemp("gate"), free_port()
    server = {"name": "rtmp-1", "kind": "nginx-rtmp", "platform": "forum", "settings": SETTINGS}
    (folder / "live.json").write_text(json.dumps({"servers": [server]}))
    bar = Bar("measure:1", "barred", 0.0, None, (), "")
    pages = (("forum", f"barred-{n}", [bar], []) for n in range(ACCOUNTS))
    Writer(path_of(folder)).write_all(pages, at=time.time())
    with gate(folder, port):
        yield folder, f"http://127.0.0.1:{port}"


def address(base: str, name: str = "rtmp-1") -> str:
    return f"{base}/gate/{name}/{address_token(secret('gate'), 'rtmp-1')}"


def ask(client: httpx.Client, base: str, account: str = "u1", **more: str) -> httpx.Response:
    given = {"call": "publish", "name": "show", "clientid": "1", "key": key(account), **more}
    return client.post(address(base), data=given)


def test_only_calls_to_its_address_are_answered(served: tuple[Path, str]) -> None:
    _folder, base = served
    with httpx.Client(trust_env=False) as client:
        assert ask(client, base).status_code == 200
        assert ask(client, base, "barred-7").status_code == 403
        for path in ("/", "/gate", "/gate/rtmp-1", "/gate/rtmp-1/wrong", "/gate/other/x", "/desk"):
            assert client.post(base + path).status_code == 404
        assert client.post(address(base, "other")).status_code == 404
        assert client.get(f"{base}/healthz").json() == {"status": "ok"}
        nonsense = client.post(address(base), data={"call": "publish"})
        assert (nonsense.status_code, "name" in nonsense.text) == (400, True)
        query = client.post(f"{address(base)}?call=publish&name=show&key={key('u1')}")
        assert query.status_code == 200


def test_bodies_have_a_limit(served: tuple[Path, str]) -> None:
    _folder, base = served
    with httpx.Client(trust_env=False) as client:
        assert client.post(address(base), content=b"x" * (LARGEST_BODY + 1)).status_code == 413
    host, _colon, port = base.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        raw.sendall(f"POST {address('')} HTTP/1.1\r\nHost: x\r\nContent-Length: zero\r\n\r\n".encode())
        assert b" 200 " not in raw.recv(200)


def test_an_answer_takes_less_than_twenty_milliseconds(served: tuple[Path, str]) -> None:
    """Beside an empty request to the same server, since machines are shared; twenty thousand accounts are barred."""
    _folder, base = served
    empty, took = [], []
    with httpx.Client(trust_env=False) as client:
        for n in range(200):
            account = f"barred-{n * 61 % ACCOUNTS}" if n % 2 else f"u{n}"
            given = {"call": "publish", "name": "show", "key": key(account)}
            began = time.perf_counter()
            client.get(f"{base}/healthz")
            between = time.perf_counter()
            answer = client.post(address(base), data=given)
            took.append(time.perf_counter() - between)
            empty.append(between - began)
            assert answer.status_code == (403 if n % 2 else 200)
    assert median(took) - median(empty) < 0.02


def test_an_answer_costs_little_of_the_processor(tmp_path: Path) -> None:
    """The gatekeeper alone, in the time of its own thread: no other program on the machine counts in it."""
    server = {"name": "rtmp-1", "kind": "nginx-rtmp", "platform": "forum", "settings": SETTINGS}
    (tmp_path / "live.json").write_text(json.dumps({"servers": [server]}))
    bar = Bar("measure:1", "barred", 0.0, None, (), "")
    pages = (("forum", f"barred-{n}", [bar], []) for n in range(ACCOUNTS))
    Writer(path_of(tmp_path)).write_all(pages, at=time.time())
    spool, read = Spool(spool_path(tmp_path)), []

    def told(name: str) -> str:
        read.append(name)
        return secret(name)

    keeper = Gatekeeper(tmp_path, shipped(), spool, secret=told, clock=time.time)
    settings, took = keeper.configuration.servers[0], []
    for n in range(400):
        account = f"barred-{n * 61 % ACCOUNTS}" if n % 2 else f"u{n}"
        call = Call(
            "POST", "", fields={"call": "publish", "name": "show", "key": key(account)}, at=time.time()
        )
        began = time.thread_time()
        reply = keeper.handle(settings, call).reply
        took.append(time.thread_time() - began)
        assert reply.status == (403 if n % 2 else 200)
    assert median(took) < 0.004
    assert read.count("live-forum") == 1  # not one look at the disk for each question
    spool.close()


def test_figures_are_for_this_machine(served: tuple[Path, str]) -> None:
    _folder, base = served
    with httpx.Client(trust_env=False) as client:
        ask(client, base)
        told = client.get(f"{base}/figures").json()
    assert told["answers"]["rtmp-1 200"] >= 1
    assert set(told["milliseconds"]) == {"p50", "p95", "p99"}


def test_another_configuration_is_in_force_within_a_second_and_a_broken_one_never(
    served: tuple[Path, str],
) -> None:
    folder, base = served
    written = json.loads((folder / "live.json").read_text())
    with httpx.Client(trust_env=False) as client:
        strict = written | {"conditions": {"forum": {"verified": True}}}
        (folder / "live.json").write_text(json.dumps(strict))
        until = time.monotonic() + 60
        while ask(client, base).status_code != 403:
            assert time.monotonic() < until
            time.sleep(0.05)
        (folder / "live.json").write_text("{")
        while client.get(f"{base}/healthz").status_code != 503:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert ask(client, base).status_code == 403  # the last one that could be used
        (folder / "live.json").write_text(json.dumps(written))
        while ask(client, base).status_code != 200:
            assert time.monotonic() < until
            time.sleep(0.05)


def test_a_room_is_there_before_the_yes_is_and_a_server_that_does_not_obey_makes_no_yes(
    tmp_path: Path,
) -> None:
    opened: list[str] = []

    def answer(_path: str) -> tuple[int, bytes]:
        said = json.loads(there.asked[-1][1])["request"]
        opened.append(said["request"])
        fails = {"error_code": 499, "error": "no room left"} if said["room"] == 6 else {}
        return 200, json.dumps({"janus": "success", "response": fails}).encode()

    with door(answer) as there:
        told = {"name": "rooms", "kind": "janus", "platform": "forum", "settings": {"admin": there.url}}
        (tmp_path / "live.json").write_text(json.dumps({"servers": [told]}))
        Writer(path_of(tmp_path)).stamp(time.time())
        port = free_port()
        with gate(tmp_path, port), httpx.Client(trust_env=False) as client:
            at = f"http://127.0.0.1:{port}/gate/rooms/{address_token(secret('gate'), 'rooms')}"
            yes = client.post(at, json={"room": 5, "key": key("u1")})
            assert (yes.status_code, yes.json()["allowed"], opened[-1]) == (200, True, "create")
            failed = client.post(at, json={"room": 6, "key": key("u1")})
            assert (failed.status_code, "no room left" in failed.json()["error"]) == (503, True)
            count = len(opened)
            assert client.post(at, json={"room": 5, "key": "guess"}).json()["why"] == "pass_false"
            assert len(opened) == count  # nobody was asked to open anything

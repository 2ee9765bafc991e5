"""The waiting room over HTTP, with real sockets: a real server in a thread, httpx and a crowd as clients."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from tests.live.waiting.hall import KEY, LOTS, plan

from hakam.live.waiting.asking import Line
from hakam.live.waiting.gate import read_gate
from hakam.live.waiting.node import Issuing, Node
from hakam.live.waiting.page import WORDS, about, language_of
from hakam.live.waiting.plan import Plan
from hakam.live.waiting.rehearsal import overtakings, rehearse
from hakam.live.waiting.server import Application, Controller, Follower, Options, run

pytestmark = [pytest.mark.sockets, pytest.mark.embedded]
TOKEN = {"authorization": "Bearer token"}


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def opened(*, ago: float = 60, **changes: object) -> Plan:
    """Return a plan whose event opened some seconds ago, by the clock of this machine."""
    opens = (datetime.now(tz=UTC) - timedelta(seconds=ago)).replace(microsecond=0)
    return plan(opens_at=opens, ends_at=opens + timedelta(hours=1), **changes)


@contextmanager
def served(
    chosen: Plan,
    folder: Path,
    *,
    name: str = "a",
    gate_from: str = "",
    nodes: tuple[str, ...] = (),
    port: int = 0,
    holder_header: str = "",
    issuing: bool = True,
    line: Line | None = None,
) -> Iterator[str]:
    """Serve a node in a thread; the gate is renewed five times a second."""
    port = port or free_port()
    node = Node(
        chosen,
        KEY.public_key(),
        name=name,
        clock=lambda: datetime.now(tz=UTC),
        path=folder / f"node-{name}.json",
        issuing=Issuing(KEY, LOTS) if issuing else None,
    )
    app = Application(node, Options("127.0.0.1", port, "token", holder_header=holder_header), line)
    turn = (
        Follower(app, gate_from).turn
        if gate_from
        else Controller(app, KEY, folder / "admission.json", nodes=nodes).turn
    )
    ready, ends = threading.Event(), threading.Event()
    failed: list[BaseException] = []

    async def main() -> None:
        stop = asyncio.Event()
        waiting = asyncio.create_task(asyncio.to_thread(ends.wait))
        waiting.add_done_callback(lambda _: stop.set())
        await run(app, turn, stop=stop, ready=ready.set, every=0.2)

    def serve() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:  # noqa: BLE001 -- told to the test
            failed.append(error)
            ready.set()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        assert ready.wait(60)
        url = f"http://127.0.0.1:{port}"
        for _ in range(1_200):
            try:
                httpx.get(f"{url}/healthz")
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield url
    finally:
        ends.set()
        thread.join(60)
        assert not thread.is_alive()
        assert not failed, failed


def until_admitted(client: httpx.Client, *, seconds: float = 60) -> httpx.Response:
    """Ask until the client is let in."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = client.get("/")
        if answer.status_code == 200:
            return answer
        assert answer.status_code == 202
        assert 1 <= int(answer.headers["retry-after"]) == answer.json()["wait"]
        time.sleep(0.1)
    pytest.fail("never let in")


def test_who_comes_gets_a_place_waits_comes_in_and_leaves(tmp_path: Path) -> None:
    with served(opened(), tmp_path) as url, httpx.Client(base_url=url) as client:
        first = client.get("/")
        assert first.status_code == 202
        assert first.headers["cache-control"] == "no-store"
        cookies = first.headers.get_list("set-cookie")
        assert len(cookies) == 2
        assert all("HttpOnly; SameSite=Lax" in cookie and "Secure" not in cookie for cookie in cookies)
        assert client.get("/check").status_code in {204, 403}
        again = client.get("/")
        assert "set-cookie" not in again.headers
        assert until_admitted(client).json() == {"admitted": True}
        assert client.get("/check").status_code == 204
        report = httpx.get(f"{url}/report", headers=TOKEN).json()
        assert (report["present"], report["entered"]) == ([1, 0, 0], 1)
        assert client.post("/leave").status_code == 204
        assert httpx.get(f"{url}/report", headers=TOKEN).json()["present"] == [0, 0, 0]


def test_tickets_work_without_cookies_and_in_no_other_hands(tmp_path: Path) -> None:
    with served(opened(), tmp_path, holder_header="X-Account") as url:
        assert httpx.get(f"{url}/").status_code == 401  # the front did not say who asks
        given = httpx.post(f"{url}/ticket", headers={"x-account": "nour"})
        assert given.status_code == 201
        head = {"x-account": "nour", "x-hakam-ticket": given.json()["ticket"]}
        with httpx.Client(base_url=url, headers=head) as client:
            until_admitted(client)
        stolen = httpx.get(f"{url}/", headers=head | {"x-account": "mallory"})
        assert stolen.status_code == 403
        assert stolen.json()["title"] == "not_yours"
        assert httpx.get(f"{url}/check", headers=head | {"x-account": "mallory"}).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("DELETE", "/", 405), ("GET", "/report", 401), ("POST", "/load", 401)],
)
def test_what_is_not_there_or_not_allowed_says_so(
    tmp_path: Path, method: str, path: str, status: int
) -> None:
    with served(opened(), tmp_path) as url:
        answer = httpx.request(method, f"{url}{path}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_bad_cookies_and_bodies_are_refused_clearly(tmp_path: Path) -> None:
    with served(opened(), tmp_path) as url:
        for cookie in ("hakam_ticket=x; hakam_holder=y", "hakam_ticket=" + "A" * 136):
            assert httpx.get(url, headers={"cookie": cookie}).json()["title"] == "malformed"
        assert httpx.get(url, headers={"cookie": ';;;=x; a b; =; "; hakam_ticket'}).status_code == 202
        for body in (b"", b"{}", b'{"load":11}', b'{"load":-1}', b'{"load":"x"}'):
            assert httpx.post(f"{url}/load", content=body, headers=TOKEN).status_code == 422
        assert httpx.post(f"{url}/load", content=b" " * 5_000, headers=TOKEN).status_code == 413


@pytest.mark.parametrize("language", sorted(WORDS))
def test_the_page_speaks_the_language_of_who_asks(tmp_path: Path, language: str) -> None:
    words = WORDS[language]
    head = {"accept": "text/html", "accept-language": f"{language}-XX,fr;q=0.3"}
    with served(opened(pace=0.001), tmp_path) as url, httpx.Client(base_url=url, headers=head) as client:
        text = client.get("/").text
        assert words.waiting in text
        assert f"lang={language} dir={words.direction}" in text
        assert '<meta http-equiv="refresh"' in text
        refused = client.get("/", headers={"cookie": "hakam_ticket=x; hakam_holder=y"})
        assert words.again in refused.text
        assert refused.status_code == 403
        assert client.post("/ticket").status_code == 303


def test_languages_are_chosen_by_weight() -> None:
    assert language_of("") == "en"
    assert language_of("en;q=0.2, ar-EG;q=0.9") == "ar"
    assert language_of("fr, de;q=x, *") == "en"
    assert language_of("AR") == "ar"
    assert all(len(set(words)) == len(words) for words in WORDS.values())


@pytest.mark.parametrize(
    ("seconds", "english", "arabic"),
    [
        (4, "5 seconds", "5 ثوانٍ"),
        (41, "45 seconds", "45 ثانية"),
        (60, "1 minute", "دقيقة واحدة"),
        (61, "2 minutes", "دقيقتين"),
        (600, "10 minutes", "10 دقائق"),
        (601, "11 minutes", "11 دقيقة"),
        (5_400, "90 minutes", "90 دقيقة"),
        (5_401, "2 hours", "ساعتين"),
        (3 * 86_400, "72 hours", "72 ساعة"),
        (4 * 86_400, "4 days", "4 أيام"),
        (20 * 86_400, "20 days", "20 يومًا"),
    ],
)
def test_times_are_said_as_people_say_them(seconds: int, english: str, arabic: str) -> None:
    assert about(seconds, WORDS["en"]) == english
    assert about(seconds, WORDS["ar"]) == arabic


def test_the_load_that_the_platform_reports_steps_admission_down(tmp_path: Path) -> None:
    with served(opened(settle_seconds=1), tmp_path) as url:

        def step() -> str:
            return read_gate(httpx.get(f"{url}/gate").content, KEY.public_key()).step

        seen, end = [step()], time.monotonic() + 60
        while seen[-1] not in {"priority", "held"} and time.monotonic() < end:
            httpx.post(f"{url}/load", json={"load": 1.0}, headers=TOKEN)
            time.sleep(0.1)
            seen.append(step())
    # a machine that stops for seconds may hide a step from the test: none is out of its order
    assert seen == sorted(seen, key=("open", "slowed", "priority", "held").index)
    assert seen[0] == "open"
    assert seen[-1] in {"priority", "held"}


def test_two_nodes_share_one_order(tmp_path: Path) -> None:
    chosen, first, second = opened(), free_port(), free_port()
    urls = [f"http://127.0.0.1:{port}" for port in (first, second)]
    with (
        served(chosen, tmp_path, name="a", port=first, nodes=(urls[1],)),
        served(chosen, tmp_path, name="b", port=second, gate_from=urls[0]),
        httpx.Client(base_url=urls[1]) as client,
    ):
        client.get("/")
        until_admitted(client)
        # the other node lets the same ticket in, without having heard of it
        ticket = {name: client.cookies[name] for name in ("hakam_ticket", "hakam_holder")}
        with httpx.Client(base_url=urls[0], cookies=ticket) as elsewhere:
            assert elsewhere.get("/").status_code == 200
        assert httpx.get(f"{urls[0]}/gate").content[:8] == httpx.get(f"{urls[1]}/gate").content[:8]


def test_a_node_that_only_checks_gives_nothing_out(tmp_path: Path) -> None:
    with served(opened(), tmp_path, issuing=False) as url:
        assert httpx.get(url).status_code == 401
        assert httpx.post(f"{url}/ticket").json()["title"] == "no_ticket"


def test_an_event_that_is_over_says_so(tmp_path: Path) -> None:
    with served(opened(ago=3_601), tmp_path) as url:
        assert httpx.get(url).status_code == 410
        assert (
            WORDS["ar"].over in httpx.get(url, headers={"accept": "text/html", "accept-language": "ar"}).text
        )


def test_a_crowd_is_let_in_in_order_and_hears_nothing_but_waits(tmp_path: Path) -> None:
    with served(opened(pace=60, lanes=(), polls=200), tmp_path) as url:
        outcome = asyncio.run(rehearse(url, 200, 14, within=3))
    assert outcome.wrong == 0, outcome.answers
    assert outcome.order_broken == 0
    assert outcome.most_open == 200
    assert outcome.admitted >= 195
    assert outcome.answers["ticket"] == 200
    assert 0 < outcome.at(0.5) <= outcome.at(0.99)


def test_a_crowd_before_a_closed_door_is_told_to_wait_and_nothing_else(tmp_path: Path) -> None:
    with served(opened(ago=-600), tmp_path) as url:
        outcome = asyncio.run(rehearse(url, 50, 3, within=1))
        with httpx.Client(base_url=url) as impatient:
            assert [impatient.get("/").status_code for _ in range(3)] == [202] * 3
    assert set(outcome.answers) == {"ticket"}  # and a clear wait with it
    assert outcome.admitted == 0


def test_a_server_that_is_not_there_is_counted_as_wrong() -> None:
    outcome = asyncio.run(rehearse(f"http://127.0.0.1:{free_port()}", 5, 2, within=0.1))
    assert outcome.wrong == 5
    with pytest.raises(ValueError, match="1 to 50,000"):
        asyncio.run(rehearse("http://127.0.0.1:1", 50_001, 2, within=0.1))


def test_overtaking_is_found_and_the_time_until_one_asks_again_is_none() -> None:
    assert overtakings([(0, 100), (0.5, 5), (1.4, 5)]) == 1  # half a second is within the bound
    assert overtakings([(0, 60), (2, 5)]) == 0
    assert overtakings([(n, n + 10) for n in range(100)]) == 0
    assert overtakings([]) == 0

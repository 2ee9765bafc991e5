"""How programs are found healthy, and the duties that the worker has."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest
from django.test import Client

from hakam.storage.embedded.event_log import FileEventLog
from hakam.wiring import duties, ports, start
from hakam.wiring.programs import answers, beats, command, near, programs, stop_on_signals
from hakam.wiring.settings import Settings
from hakam.wiring.worker import Heartbeat


@pytest.fixture
def server() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(int(self.path.strip("/")))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.mark.sockets
@pytest.mark.parametrize(
    ("status", "healthy"), [(200, True), (204, True), (404, False), (500, False), (503, False)]
)
def test_a_program_is_healthy_when_its_address_answers_well(server: str, status: int, healthy: bool) -> None:
    assert answers(f"{server}/{status}") is healthy


@pytest.mark.sockets
def test_nobody_there_is_not_healthy() -> None:
    assert not answers("http://127.0.0.1:1/healthz")


@pytest.mark.sockets
def test_health_is_never_asked_through_a_proxy(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert answers(f"{server}/200")


def test_a_worker_is_healthy_only_by_a_beat_of_its_own_life(tmp_path: Path) -> None:
    path = tmp_path / "worker.json"
    now = time.time()
    assert not beats(path, now)
    path.write_bytes(msgspec.json.encode(Heartbeat(pid=1, started_at=now - 100, at=now + 1, tasks={})))
    assert not beats(path, now), "this beat is of the worker before"
    path.write_bytes(msgspec.json.encode(Heartbeat(pid=2, started_at=now + 0.5, at=now + 1, tasks={})))
    assert beats(path, now)


@pytest.mark.parametrize(
    ("host", "reached"),
    [("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("10.0.0.5", "10.0.0.5")],  # noqa: S104 -- compared only
)
def test_this_machine_reaches_its_own_programs(host: str, reached: str) -> None:
    assert near(Settings(host=host)) == reached


def test_hakam_is_three_programs_each_run_by_this_python(tmp_path: Path) -> None:
    made = programs(Settings(home=tmp_path))
    assert [program.name for program in made] == ["console", "door", "worker"]
    for program in made:
        assert list(program.command) == list(command(program.name))
        assert program.command[0] == sys.executable


def test_every_signal_that_asks_to_end_is_heard() -> None:
    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    heard = threading.Event()
    try:
        stop_on_signals(heard.set)
        signal.raise_signal(signal.SIGTERM)
        assert heard.wait(2)
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


@pytest.mark.django_db(transaction=True)
def test_every_duty_has_a_name_of_its_own_and_a_pause(tmp_path: Path) -> None:
    with duties.lanes(Settings(home=tmp_path)) as lanes:
        tasks = [task for lane in lanes.values() for task in lane]
        assert len({task.name for task in tasks}) == len(tasks) >= 8
        longer = {task.name: task.rest for task in tasks if not 0 < task.rest <= 60}
        assert longer == {
            name: 3_600.0
            for name in longer
            if "reconcil" in name or "forget" in name or name.startswith("start clocks of ")
        }  # the EU's database is asked, what is old forgotten, reports and standing duties remembered, hourly


@pytest.mark.django_db(transaction=True)
def test_every_duty_can_be_done_when_there_is_nothing_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    for name in ("event_log", "notice_log"):  # empty ones: other tests of this process write into its home
        monkeypatch.setattr(duties.ports, name, partial(FileEventLog, tmp_path / name))
    with duties.lanes(Settings(home=tmp_path)) as lanes:
        for lane in lanes.values():
            for task in lane:
                if task.name != "start clocks of reports":  # a new year is something to do
                    assert task.run(now) == 0, task.name


def test_connectors_that_ship_are_there_by_their_id() -> None:
    found = duties.connectors()
    assert {"webhook", "email"} <= set(found)
    assert all(connector.id == name for name, connector in found.items())


@pytest.mark.django_db
def test_the_console_says_that_it_is_well(client: Client) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}


def test_the_pack_that_ships_is_in_the_package() -> None:
    assert (ports.default_pack() / "pack.yaml").is_file()


@pytest.mark.django_db
def test_the_rule_book_of_a_new_installation_is_the_pack_that_ships(tmp_path: Path) -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    name = start.ensure_rulebook(Settings(home=tmp_path), now=now)
    assert name.startswith("hakam-default@")
    assert start.ensure_rulebook(Settings(home=tmp_path, pack="/nowhere"), now=now) == name, (
        "in force stays in force"
    )

"""The door as a process: over HTTP, under load, through a reload, a stop and a kill."""

from __future__ import annotations

import json
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from hakam.storage.embedded.event_log import FileEventLog
from hakam.testing.doors import RULES, Running, dumps, event, key_text, pack_files, published_pack

pytestmark = [pytest.mark.sockets, pytest.mark.embedded]
POSIX = sys.platform != "win32"
PATIENCE = 30  # seconds: a request that takes so long was forgotten


def client(door: Running) -> httpx.Client:
    return httpx.Client(base_url=door.url, headers=door.headers, trust_env=False, timeout=PATIENCE)


def now_event(id_: str, text: str = "hello there", **more: Any) -> dict[str, Any]:
    return event(id_, text, **more)


def test_every_address_over_http(running: Running) -> None:
    running.start()
    with client(running) as http:
        answer = http.post("/v1/events", json=now_event("1", "badword"))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["verdict"]["firings"][0]["rule"] == "bad-word"
        assert http.post("/v1/events", json=now_event("1")).json()["duplicate"] is True
        assert http.post("/v1/check", json=[now_event("2")]).json()["results"][0]["event"] == "2"
        lines = b"\n".join(dumps(now_event(str(n), author=f"a{n}")) for n in range(10, 1_010))
        batch = http.post("/v1/events", content=lines, headers={"content-type": "application/x-ndjson"})
        assert [result["event"] for result in batch.json()["results"]] == [str(n) for n in range(10, 1_010)]
        assert http.get("/v1/stats").json()["last_seq"] == 1_001
        assert http.get("/healthz").json()["status"] == "ok"
        assert http.get("/v1/schema/event.json").json()["title"] == "Hakam event"
        metrics = http.get("/metrics")
        assert 'hakam_door_events_total{outcome="stored"} 1001.0' in metrics.text
        assert metrics.headers["content-type"].startswith("text/plain")
        head = http.head("/healthz")
        assert (head.status_code, head.content) == (200, b"")
    assert running.end() == 0
    log = FileEventLog(running.folder / "events")
    assert log.last_seq() == 1_001
    log.close()


def test_what_is_wrong_over_http(running: Running) -> None:
    running.publish(max_body_bytes=5_000, max_event_bytes=1_000)
    running.start()

    def chunks() -> Any:
        for _ in range(10):
            yield b" " * 1_000

    def post(
        value: Any = None, content: Any = None, **headers: str
    ) -> Callable[[httpx.Client], httpx.Response]:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        data = dumps(value) if content is None else content
        return lambda http: http.post(
            "/v1/events", content=data, headers={"content-type": "application/json", **named}
        )

    good = now_event("1")
    cases: list[tuple[Callable[[httpx.Client], httpx.Response], int, str]] = [
        (post(content=b"{"), 400, "malformed-json"),
        (post(good, authorization=""), 401, "key-missing"),
        (post(good, authorization="Bearer hk_no"), 401, "key-unknown"),
        (post(good, authorization=f"Bearer {key_text('checker')}"), 403, "scope-missing"),
        (post(now_event("1", platform="shop")), 403, "wrong-platform"),
        (lambda http: http.get("/v2/events"), 404, "not-found"),
        (lambda http: http.get("/v1/events"), 405, "method-not-allowed"),
        (lambda http: http.delete("/healthz"), 405, "method-not-allowed"),
        (post(content=b" " * 5_001), 413, "body-too-large"),
        (post(content=chunks()), 413, "body-too-large"),
        (post(now_event("1", "x" * 1_000)), 413, "event-too-large"),
        (post(content=b"x=1", content_type="text/plain"), 415, "unsupported-media-type"),
        (post(content=b"x", content_encoding="gzip"), 415, "unsupported-media-type"),
        (post({"id": 1}), 422, "invalid-event"),
    ]
    for request, status, slug in cases:
        with client(running) as http:
            answer = request(http)
            assert (answer.status_code, answer.json()["type"]) == (status, f"urn:hakam:problem:{slug}"), slug
            assert answer.json()["status"] == status
            assert answer.headers["content-type"] == "application/problem+json"
    with client(running) as http:
        assert http.get("/v1/events").headers["allow"] == "POST"
        assert post(content=iter([dumps(now_event("chunked"))]))(http).status_code == 200
        assert http.get("/v1/stats").json()["last_seq"] == 1


def test_it_starts_before_anything_is_published(running: Running) -> None:
    (running.folder / "published.json").unlink()
    running.start(wait=False)
    running.until(lambda: running.health()["status"] == "starting")
    with client(running) as http:
        answer = http.post("/v1/events", json=now_event("1"))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        running.publish()
        running.until(lambda: running.health()["status"] == "ok")
        assert http.post("/v1/events", json=now_event("1")).status_code == 200


def test_a_second_door_on_the_same_log_does_not_start(running: Running) -> None:
    running.start()
    second = Running(running.folder)
    second.start(wait=False)
    assert second.process is not None
    assert second.process.wait(timeout=60) != 0
    second.output.close()
    assert "another process writes" in second.said()
    assert running.health()["status"] == "ok"


class Load:
    """Several threads that send batches until told to stop, and remember what was acknowledged."""

    def __init__(self, door: Running, threads: int = 4, batch: int = 20) -> None:
        self.door = door
        self.acknowledged: dict[str, Any] = {}
        self.refused: list[int] = []
        self.broken = 0
        self.slowest = 0.0
        self._batch = batch
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(f"t{n}",)) for n in range(threads)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def wait_for(self, events: int, seconds: float = 60.0) -> None:
        """Let it run for a second, and on until that many events are acknowledged."""
        time.sleep(1)
        until = time.monotonic() + seconds
        while len(self.acknowledged) <= events and time.monotonic() < until:
            time.sleep(0.05)

    def versions(self) -> set[str]:
        """Return the versions of the pack that gave the verdicts so far."""
        return {verdict["pack"]["version"] for verdict in list(self.acknowledged.values())}

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def _run(self, name: str) -> None:
        http = client(self.door)
        number = 0
        while not self._stop.is_set():
            events = [now_event(f"{name}-{number}-{n}", author=f"{name}{n}") for n in range(self._batch)]
            number += 1
            started = time.perf_counter()
            try:
                answer = http.post("/v1/events", json=events)
            except httpx.TransportError:
                self.broken += 1
                http.close()
                http = client(self.door)
                time.sleep(0.01)
                continue
            self.slowest = max(self.slowest, time.perf_counter() - started)
            if answer.status_code == 200:
                for result in answer.json()["results"]:
                    self.acknowledged[result["event"]] = result["verdict"]
            else:
                self.refused.append(answer.status_code)
        http.close()


def missing(door: Running, load: Load) -> list[str]:
    """Return what was acknowledged and is not in the log, word for word."""
    log = FileEventLog(door.folder / "events")
    lost = []
    for id_, verdict in load.acknowledged.items():
        record = log.get("forum", id_)
        if record is None or json.loads(record.verdict) != verdict:
            lost.append(id_)
    assert list(log.damaged()) == []
    log.close()
    return lost


def test_a_reload_under_load_drops_no_request(running: Running) -> None:
    running.start()
    load = Load(running)
    load.start()
    try:
        for version in range(2, 6):
            rules = RULES.replace("badword", f"badword{version}")
            running.publish(pack=published_pack(pack_files(rules, version=str(version))))
            running.until(lambda version=str(version): version in load.versions())  # type: ignore[misc]
    finally:
        load.stop()
    assert (load.refused, load.broken) == ([], 0)
    assert load.slowest < PATIENCE / 2
    assert missing(running, load) == []


@pytest.mark.skipif(not POSIX, reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_under_load_finishes_what_is_under_way(running: Running, number: int) -> None:
    running.start()
    load = Load(running)
    load.start()
    try:
        load.wait_for(100)
        started = time.monotonic()
        code = running.end(number)
        took = time.monotonic() - started
    finally:
        load.stop()
    assert code == 0, running.said()
    assert took < PATIENCE
    assert len(load.acknowledged) > 100
    assert set(load.refused) <= {503}
    assert missing(running, load) == []


@pytest.mark.chaos
@pytest.mark.skipif(not POSIX, reason="POSIX signals")
def test_a_killed_door_has_kept_everything_that_it_acknowledged(running: Running) -> None:
    chance = random.Random(7)  # noqa: S311 -- moments to die at
    running.start()
    load = Load(running)
    load.start()
    try:
        for _ in range(5):
            time.sleep(chance.uniform(0.2, 1.0))
            running.end(signal.SIGKILL)
            running.start()
        load.wait_for(300)
    finally:
        load.stop()
    assert len(load.acknowledged) > 300
    assert load.broken > 0
    assert missing(running, load) == []
    with client(running) as http:  # a repeat of something acknowledged long ago still gets its verdict
        id_, verdict = next(iter(load.acknowledged.items()))
        again = http.post("/v1/events", json=now_event(id_, "badword")).json()
        assert (again["duplicate"], again["verdict"]) == (True, verdict)

"""The load of the door's benchmark is honest: events are new, lengths are right, and a stall is not hidden."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import msgspec
import pytest
from benchmarks.door.load import Load, Outcome, Task
from benchmarks.door.posts import Bodies

from hakam.vocabulary.event import Event

pytestmark = pytest.mark.embedded  # no control database
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def bodies(batch: int, *, run: int = 1) -> Bodies:
    return Bodies(path="/v1/events", host="h", key="k", platform="forum", batch=batch, run=run, variety=5)


def parts(request: bytes) -> tuple[dict[str, str], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")[1:]
    return dict(line.split(": ", 1) for line in lines), body


@pytest.mark.parametrize("batch", [1, 50])
def test_every_event_is_a_good_one_and_was_never_sent_before(batch: int) -> None:
    made = bodies(batch)
    seen: set[str] = set()
    for _ in range(40):
        headers, body = parts(made.next_request())
        assert int(headers["content-length"]) == len(body)
        events = msgspec.json.decode(body if batch > 1 else b"[" + body + b"]", type=list[Event])
        assert len(events) == batch
        assert not seen & {event.id for event in events}
        seen |= {event.id for event in events}
    assert len(seen) == 40 * batch


def test_two_runs_share_no_event_and_say_the_same() -> None:
    first, second = (parts(bodies(1, run=run).next_request())[1] for run in (1, 2))
    one, other = (msgspec.json.decode(body, type=Event) for body in (first, second))
    assert one.id != other.id
    assert one.item.text == other.item.text


def test_the_posts_are_in_both_languages() -> None:
    made = bodies(50)
    _, body = parts(made.next_request())
    events = msgspec.json.decode(body, type=list[Event])
    assert {event.item.language for event in events} == {"ar", "en"}


@contextmanager
def server(before_answer: Callable[[int], bytes]) -> Iterator[int]:
    """Answer each request with what `before_answer(number)` returns, on any number of connections."""
    listening = socket.create_server(("127.0.0.1", 0))
    number = 0
    lock = threading.Lock()

    def serve(connection: socket.socket) -> None:
        nonlocal number
        with connection, suppress(OSError):
            data = b""
            while chunk := connection.recv(65_536):
                data += chunk
                while b"\r\n\r\n" in data:
                    headers, rest = parts(data)
                    size = int(headers["content-length"])
                    if len(rest) < size:
                        break
                    data = rest[size:]
                    with lock:  # one door: a stall holds everybody up
                        number += 1
                        answer = before_answer(number)
                    connection.sendall(answer)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        listening.close()


def task(port: int, **changes: object) -> Task:
    given: dict[str, object] = {
        "host": "127.0.0.1",
        "port": port,
        "path": "/v1/events",
        "key": "k",
        "platform": "forum",
        "batch": 1,
        "connections": 4,
        "seconds": 2.0,
        "run": 1,
        "warm_up": 0.2,
    }
    return Task(**(given | changes))  # type: ignore[arg-type]


def undisturbed(
    answer: Callable[[int], bytes], enough: Callable[[Outcome], bool], **changes: object
) -> Outcome:
    """Return what a run found: of a few the first in which the machine itself did not stop for a while."""
    for _ in range(4):
        with server(answer) as port:
            outcome = Load(task(port, **changes)).run()
        if enough(outcome):
            break
    return outcome


@pytest.mark.sockets
def test_in_the_open_loop_a_stall_counts_for_all_that_was_due_meanwhile() -> None:
    def stall_once(number: int) -> bytes:
        if number == 150:
            time.sleep(0.6)
        return ANSWER

    outcome = undisturbed(stall_once, lambda found: found.p50 < 100, rate=200.0)
    assert outcome.failed == 0, outcome.example
    assert 350 <= outcome.requests <= 410
    # 0.6 s of 2 s: almost a third of the requests was late. A client that waits politely would show one.
    assert outcome.longest >= 550
    assert outcome.p90 >= 200
    assert outcome.p50 < 100


@pytest.mark.sockets
def test_in_the_closed_loop_every_connection_is_busy() -> None:
    outcome = undisturbed(lambda _: ANSWER, lambda found: found.requests > 100, seconds=1.0)
    assert outcome.failed == 0
    assert outcome.requests > 100
    assert outcome.answered >= outcome.events


@pytest.mark.sockets
def test_refusals_are_counted_and_one_is_shown() -> None:
    refusal = b'HTTP/1.1 503 Busy\r\nContent-Length: 15\r\n\r\n{"title":"busy"}'[:-1]
    with server(lambda number: ANSWER if number % 2 else refusal) as port:
        outcome = Load(task(port, seconds=0.5)).run()
    assert outcome.failed > 0
    assert "503 Busy" in outcome.example

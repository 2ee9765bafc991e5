"""The senders of the flood are honest: every notice is new and whole, and what was not receipted is not counted."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import msgspec
import pytest
from benchmarks.notices.senders import Report, Sender, Task

from hakam.door.notices import NoticeForm
from hakam.vocabulary.notice import Submission, faults

pytestmark = [pytest.mark.sockets, pytest.mark.embedded]
ITEM = "https://forum.example/live/1"


def task(port: int = 1, *, key: str = "hk", notices: int = 10, batch: int = 4, connections: int = 1) -> Task:
    return Task(f"http://127.0.0.1:{port}", key, ITEM, notices, batch, connections)


def test_a_batch_holds_notices_that_the_law_and_the_door_take() -> None:
    sender = Sender(task())
    ids: list[str] = []
    for first in sender.left:
        forms = msgspec.json.decode(sender.body(first), type=list[NoticeForm])
        ids += [form.id for form in forms]
        for form in forms:
            assert not faults(
                Submission("forum", form.harm, form.explanation, form.urls, notifier=form.notifier,
                           good_faith=form.good_faith)
            )  # fmt: skip
    assert ids == [f"n{n}" for n in range(10)]


def test_a_single_one_names_who_reports() -> None:
    form = msgspec.json.decode(Sender(task(key="", batch=1)).body(7), type=NoticeForm)
    assert (form.id, form.notifier) == ("", "")
    submission = Submission(
        "forum",
        form.harm,
        form.explanation,
        form.urls,
        name=form.name,
        email=form.email,
        good_faith=form.good_faith,
    )
    assert not faults(submission)


def served(answers: list[bytes], given: Task) -> tuple[Report, int]:
    """Send to a server that answers so, in turn; an empty answer breaks the connection off."""
    requests = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                sent = await reader.readexactly(length)
                requests += 1
                said = answers[min(requests, len(answers)) - 1]
                if not said:
                    break
                if said == b"receipt":
                    ids = [{"id": one["id"]} for one in msgspec.json.decode(sent)]
                    body = msgspec.json.encode({"results": ids})
                    said = b"HTTP/1.1 202 Accepted\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
                writer.write(said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def whole() -> Report:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            try:
                return await Sender(msgspec.structs.replace(given, url=f"http://127.0.0.1:{port}")).run()
            finally:
                await asyncio.sleep(0.05)  # this side of the last connection is closed too

    return asyncio.run(whole()), requests


def test_what_is_refused_for_now_and_what_broke_off_is_sent_again() -> None:
    busy = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
    report, requests = served([busy, b"", b"receipt"], task())
    assert report.ids == [f"n{n}" for n in range(10)]
    assert (report.again, requests) == (2, 5)
    assert 0 < report.p50 <= report.p99


def test_each_tenth_that_is_receipted_is_marked(tmp_path: Path) -> None:
    busy = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
    given = msgspec.structs.replace(task(notices=20, batch=5), marks=str(tmp_path))
    assert served([b"receipt", busy, b"receipt"], given)[0].again == 1
    assert sorted(int(path.name) for path in tmp_path.iterdir()) == list(range(1, 11))
    half = tmp_path / "half"
    half.mkdir()
    wrong = b"HTTP/1.1 422 Unprocessable Content\r\nContent-Length: 2\r\n\r\n{}"
    with pytest.raises(SystemExit):
        served([b"receipt", b"receipt", wrong], msgspec.structs.replace(given, marks=str(half)))
    assert sorted(int(path.name) for path in half.iterdir()) == list(range(1, 6))


def test_a_refusal_for_good_ends_the_run() -> None:
    wrong = b"HTTP/1.1 422 Unprocessable Content\r\nContent-Length: 2\r\n\r\n{}"
    with pytest.raises(SystemExit, match="422"):
        served([wrong], task())

"""Notices at the door: checked by the rules of all, durable before the receipt; the same one twice is one."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec
import pytest
from django.core.validators import validate_email
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hakam.door.app import Answer
from hakam.door.notices import MAX_NOTICES, NoticeDesk, sender_of
from hakam.door.problems import ProblemKind
from hakam.intake.throttle import Throttle
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.event_log import LogFullError
from hakam.storage.published import Published, PublishedKey
from hakam.testing.doors import JSON, NOW, Running, published_key
from hakam.testing.franked import carried
from hakam.vocabulary.notice import LoggedNotice, plausible_email
from hakam.vocabulary.problem import Problem

KEY = PublishedKey("d", "k", "forum", ("notices:write",))
PUBLISHED = Published(1, platform="forum", base_url="https://hakam.forum.example/")
URL = "https://forum.example/live/1"


def form(**more: Any) -> dict[str, Any]:
    """Return a notice as it is sent."""
    given: dict[str, Any] = {
        "harm": "hate_speech",
        "explanation": "It calls people vermin.",
        "urls": [URL],
        "name": "Nadia N.",
        "email": "nadia@example.net",
        "good_faith": "yes",
        "language": "ar",
    }
    return {name: value for name, value in (given | more).items() if value is not None}


class Counter:
    """A desk for notices on a log of its own."""

    def __init__(self, log: FileEventLog, **more: Any) -> None:
        self.log, self.more = log, more
        self.published = PUBLISHED
        self.key: PublishedKey | Problem = KEY

    def visit(self, story: Callable[[NoticeDesk], Awaitable[Answer]]) -> tuple[int, Any]:
        """Open the desk, live through `story`, close it; return status and body."""

        async def whole() -> Answer:
            desk = NoticeDesk(
                self.log,
                asyncio.get_running_loop(),
                published=lambda: self.published,
                admit=lambda _header, _scope: self.key,
                clock=lambda: NOW,
                **self.more,
            )
            try:
                return await story(desk)
            finally:
                await asyncio.to_thread(desk.commit.stop)

        answer = asyncio.run(whole())
        return answer.status, msgspec.json.decode(answer.body)

    def send(self, body: Any, kind: str = JSON) -> tuple[int, Any]:
        """Send what a platform hands in."""
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return self.visit(lambda desk: desk.take("Bearer x", kind, data))

    def anybody(self, body: Any, *, peer: str = "203.0.113.9:5000", kind: str = JSON) -> tuple[int, Any]:
        """Send what somebody without a key sends."""
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return self.visit(lambda desk: desk.public(kind, data, peer, None))

    def kept(self) -> list[LoggedNotice]:
        """Return what is in the log."""
        return [msgspec.json.decode(r.raw, type=LoggedNotice) for r in self.log.read(0, 10_000)]


@pytest.fixture
def counter(tmp_path: Any) -> Any:
    log = FileEventLog(tmp_path / "notices")
    yield Counter(log)
    log.close()


def test_a_notice_by_anybody_is_receipted_and_durable(counter: Counter) -> None:
    status, receipt = counter.anybody(form())
    assert status == 202
    [kept] = counter.kept()
    assert receipt == {
        "id": kept.id,
        "received_at": "2026-01-01T00:00:00Z",
        "link": f"https://hakam.forum.example/n/{kept.token}",
        "duplicate": False,
    }
    assert (kept.submission.platform, kept.submission.email, kept.by) == ("forum", "nadia@example.net", "")
    assert len(kept.token) == 44


def test_a_platform_hands_in_a_thousand_and_each_has_its_own_receipt(counter: Counter) -> None:
    batch = [form(id=f"r{n}", email=None, name=None, notifier=f"u{n}") for n in range(MAX_NOTICES)]
    status, answer = counter.send({"notices": batch})
    assert status == 202
    assert len({one["link"] for one in answer["results"]}) == MAX_NOTICES
    assert [one.key for one in counter.kept()] == [f"r{n}" for n in range(MAX_NOTICES)]
    assert counter.kept()[0].by == "forum/k"
    again, answer2 = counter.send(
        b"\n".join(msgspec.json.encode(one) for one in batch[:3]), "application/x-ndjson"
    )
    assert again == 202
    assert [one["link"] for one in answer2["results"]] == [one["link"] for one in answer["results"][:3]]
    assert all(one["duplicate"] for one in answer2["results"])
    assert len(counter.kept()) == MAX_NOTICES


def test_the_same_id_with_another_notice_is_refused(counter: Counter) -> None:
    assert counter.send(form(id="r1"))[0] == 202
    status, problem = counter.send(form(id="r1", explanation="Something else."))
    assert (status, problem["type"]) == (422, ProblemKind.KEY_REUSED.urn)
    twice = [form(id="r2"), form(id="r2"), form(id="r2", harm="spam")]
    status, answer = counter.send(twice)
    assert status == 207
    assert [one.get("duplicate") for one in answer["results"]] == [False, True, None]
    assert len(counter.kept()) == 2


def test_what_is_wrong_is_named_and_the_others_of_the_batch_are_kept(counter: Counter) -> None:
    batch = [
        form(id="a"),
        form(id="b", urls=["ftp://x"]),
        form(id="c", harm="nonsense"),
        {"id": "d"},
        form(id="e"),
    ]
    status, answer = counter.send(batch)
    assert status == 207
    problems = [one.get("problem", {}) for one in answer["results"]]
    assert [problem.get("pointer") for problem in problems] == [None, "/1/urls/0", "/2/harm", "/3", None]
    assert "begins with https://" in problems[1]["detail"]
    assert [one.key for one in counter.kept()] == ["a", "e"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (form(name=None), "/name"),
        (form(email="no address"), "/email"),
        (form(good_faith=None), "/good_faith"),
        (form(explanation=" "), "/explanation"),
        (form(urls=[]), "/urls"),
        (form(notifier="u1"), "/notifier"),
        (form(id="mine"), "/id"),
        (form(explanation="a\x00b"), "/explanation"),
        (form(surprise=1), None),
        (b"{", None),
    ],
)
def test_anybody_is_told_what_is_missing(counter: Counter, body: Any, pointer: str | None) -> None:
    status, problem = counter.anybody(body)
    assert status in {400, 422}
    if pointer is not None:
        assert problem["pointer"] == pointer
    assert counter.kept() == []


def test_no_name_is_asked_for_child_abuse_offences_and_for_the_terms_alone(counter: Counter) -> None:
    nameless = form(name=None, email=None)
    assert counter.anybody(nameless | {"harm": "csam"})[0] == 202  # DSA Art. 16(2)(c)
    assert counter.anybody(nameless | {"illegal": False, "harm": "spam"})[0] == 202
    assert counter.anybody(nameless)[0] == 422
    assert len(counter.kept()) == 2


def test_one_connection_is_slowed_and_others_are_not(tmp_path: Any) -> None:
    log = FileEventLog(tmp_path / "notices")
    counter = Counter(log, throttle=Throttle(burst=2, per_hour=3600))
    try:
        assert [counter.anybody(form())[0] for _ in range(3)] == [202, 202, 429]
        status, problem = counter.anybody(form())
        assert (status, problem["retry_after"]) == (429, 1)
        assert counter.anybody(form(), peer="203.0.113.10:5")[0] == 202
        assert counter.anybody(form(harm="no"))[0] == 422  # a mistake costs nobody a notice
    finally:
        log.close()


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxy", "sender"),
    [
        ("203.0.113.9:5000", "1.1.1.1", False, "203.0.113.9"),
        ("127.0.0.1:5000", "6.6.6.6, 198.51.100.7", True, "198.51.100.7"),
        ("127.0.0.1:5000", None, True, ""),
        ("[2001:db8::1]:5000", None, False, "2001:db8::"),
        ("[::ffff:203.0.113.9]:5000", None, False, "203.0.113.9"),
        ("nonsense", None, False, ""),
    ],
)
def test_who_sends_is_known_by_the_address(
    peer: str, forwarded: str | None, *, proxy: bool, sender: str
) -> None:
    assert sender_of(peer, forwarded, behind_proxy=proxy) == sender


def test_requests_that_can_t_be_taken(counter: Counter) -> None:
    assert counter.send([])[0] == 400
    assert counter.send(b"x", "text/plain")[0] == 415
    assert counter.send([form(id=str(n)) for n in range(MAX_NOTICES + 1)])[0] == 413
    assert counter.send(form())[1]["pointer"] == "/id"
    assert counter.anybody(form(), kind="text/plain")[0] == 415
    assert counter.anybody(b"[" + b" " * 200_000 + b"]")[0] == 413
    counter.key = ProblemKind.KEY_MISSING()
    assert counter.send(form(id="a"))[0] == 401
    counter.published = Published(0)
    assert counter.anybody(form())[0] == 503
    counter.published = Published(1)
    assert counter.anybody(form())[0] == 404
    assert counter.kept() == []


def test_nothing_is_receipted_that_the_disk_does_not_have(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_entries: object) -> None:
        raise LogFullError("no space")

    monkeypatch.setattr(counter.log, "append", full)
    status, problem = counter.anybody(form())
    assert (status, problem["type"]) == (507, ProblemKind.LOG_FULL.urn)
    monkeypatch.setattr(counter.log, "append", lambda _entries: 1 / 0)
    assert counter.anybody(form())[0] == 500


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.emails() | st.text(max_size=40) | st.from_regex(r"[a-z.+-]{1,9}@[a-z.-]{1,12}", fullmatch=True))
def test_an_address_that_the_door_takes_is_one_for_everybody(text: str) -> None:
    if plausible_email(text):
        validate_email(text)


@pytest.mark.parametrize("text", ["nadia@example.net", "a.b+c@sub.example.org", "x_1@a-b.co"])
def test_ordinary_addresses_are_taken(text: str) -> None:
    assert plausible_email(text)


@pytest.mark.sockets
def test_a_door_that_is_killed_has_lost_nothing_that_it_receipted(running: Running) -> None:
    running.publish(
        keys=(published_key("forum", "forum", "notices:write"),),
        platform="forum",
        base_url="https://h.example",
    )
    running.start()
    receipted: list[str] = []
    with httpx.Client(base_url=running.url, trust_env=False, timeout=30) as http:
        for n in range(30):
            answer = http.post("/v1/public/notices", json=form())
            assert answer.status_code == 202, answer.text
            receipted.append(answer.json()["id"])
            batch = [form(id=f"{n}-{i}", name=None, email=None, notifier=f"u{i}") for i in range(20)]
            answer = http.post("/v1/notices", json=batch, headers=running.headers)
            assert answer.status_code == 202
            receipted += [one["id"] for one in answer.json()["results"]]
        assert http.get("/v1/notices").status_code == 405
        assert http.post("/v1/notices", json=[form(id="x")]).status_code == 401
    assert running.process is not None
    running.end(signal.SIGKILL)
    log = FileEventLog(running.folder / "notices")
    kept = [msgspec.json.decode(record.raw, type=LoggedNotice).id for record in log.read(0, 10_000)]
    log.close()
    assert sorted(kept) == sorted(receipted)
    assert len(set(kept)) == 630


def test_a_desk_that_is_full_says_so_and_takes_nothing(tmp_path: Any) -> None:
    log = FileEventLog(tmp_path / "notices")
    counter = Counter(log, max_waiting=0)
    try:
        assert counter.send(form(id="a"))[1]["type"] == ProblemKind.OVERLOADED.urn
        assert counter.anybody(form())[1]["type"] == ProblemKind.OVERLOADED.urn
        assert counter.kept() == []
    finally:
        log.close()


@pytest.mark.parametrize("language", ["ar", "en", "zh-Hant"])
def test_words_of_every_script_come_back_as_they_were(counter: Counter, language: str) -> None:
    words = "يدعو إلى العنف \u200f\U0001f525 ضد الناس في الصورة"
    assert counter.anybody(form(explanation=words, language=language))[0] == 202
    [kept] = counter.kept()
    assert (kept.submission.explanation, kept.submission.language) == (words, language)


def test_the_id_of_a_platform_s_notice_is_the_same_for_ever_and_another_for_another_platform(
    tmp_path: Any,
) -> None:
    ids = []
    for place, platform in (("a", "forum"), ("b", "forum"), ("c", "shop")):
        log = FileEventLog(tmp_path / place)
        counter = Counter(log)
        counter.key = PublishedKey("d", "k", platform, ("notices:write",))
        ids.append(counter.send(form(id="r1"))[1]["id"])
        log.close()
    assert ids[0] == ids[1] != ids[2]


def test_a_door_that_starts_again_knows_what_it_receipted(tmp_path: Any) -> None:
    links = []
    for _ in range(2):
        log = FileEventLog(tmp_path / "notices")
        status, receipt = Counter(log).send(form(id="r1"))
        assert status == 202
        links.append((receipt["link"], receipt["duplicate"]))
        log.close()
    assert links[0][0] == links[1][0]
    assert [again for _link, again in links] == [False, True]


def test_an_opened_message_stands_whole_in_the_log(counter: Counter) -> None:
    message = carried(platform="forum")
    opened = msgspec.to_builtins(message)
    status, _receipt = counter.send(form(id="r1", urls=None, messages=[opened]))
    assert status == 202
    assert counter.kept()[0].submission.messages == (message,)
    status, problem = counter.send(form(id="r2", urls=None, messages=[opened | {"key": "no base64!"}]))
    assert (status, problem["pointer"]) == (422, "/messages/0/key")
    status, problem = counter.send(form(id="r3", urls=None, messages=[opened | {"sender": ""}]))
    assert (status, problem["pointer"]) == (422, "/messages/0/sender")
    assert len(counter.kept()) == 1

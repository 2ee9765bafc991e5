"""Asking with a ticket: through a real node and a real door, judged and on disk before the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec
import pytest
from tests.live.waiting.hall import plan
from tests.live.waiting.test_server import TOKEN, free_port, opened, served

from hakam.live.waiting.asking import Asked, AskingError, Line, Turns
from hakam.live.waiting.asking_page import SAID, asking_page
from hakam.live.waiting.plan import Asking
from hakam.storage.embedded.event_log import FileEventLog
from hakam.testing.doors import Running, key_text

QUESTION = "Why do nurses in our hospitals earn less today than four years ago?"
ARABIC = "متى تعود المياه إلى أحياء المدينة القديمة؟"


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Running]:
    folder = tmp_path / "door"
    folder.mkdir()
    running = Running(folder)
    running.publish()
    running.start()
    yield running
    running.end()


def line(url: str, *, key: str = "forum", **limits: object) -> Line:
    given = {"every_seconds": 0} | limits
    return Line("talk", Asking(**given), url=url, key=key_text(key), platform="forum")  # type: ignore[arg-type]


def logged(door: Running) -> list[dict[str, object]]:
    log = FileEventLog(door.folder / "events")
    try:
        return [msgspec.json.decode(record.raw) for record in log.read(0, 1_000)]
    finally:
        log.close()


@pytest.mark.sockets
@pytest.mark.embedded
def test_a_question_of_a_ticket_holder_is_judged_and_on_disk_before_the_answer(
    tmp_path: Path, door: Running
) -> None:
    with (
        served(opened(), tmp_path, line=line(door.url)) as url,
        httpx.Client(base_url=url) as client,
    ):
        client.get("/")  # a ticket, and its cookies
        answer = client.post("/questions", json={"text": f"  {QUESTION} ", "language": "en"})
        assert (answer.status_code, answer.json()) == (201, {"taken": True})
        (told,) = logged(door)
        assert told["kind"] == "live.chat"
        item = told["item"]
        assert isinstance(item, dict)
        assert (item["text"], item["thread"], item["labels"], item["language"]) == (
            QUESTION,
            "talk",
            ["question"],
            "en",
        )
        assert str(told["author"]["id"]).startswith("guest-")  # type: ignore[index]
        assert client.post("/questions", json={"text": QUESTION}).status_code == 201  # again is the same
        assert len(logged(door)) == 1
        refused = client.post("/questions", json={"text": "a badword, why?"})
        assert (refused.status_code, refused.json()["title"]) == (422, "refused")
        assert len(logged(door)) == 2  # with its verdict: the statement follows from it
        report = httpx.get(f"{url}/report", headers=TOKEN).json()
        assert (report["questions"], report["refused"]) == (2, {"refused": 1})


@pytest.mark.sockets
@pytest.mark.embedded
def test_the_form_speaks_both_languages_and_keeps_what_was_typed(tmp_path: Path, door: Running) -> None:
    arabic = {"accept": "text/html", "accept-language": "ar"}
    with (
        served(opened(), tmp_path, line=line(door.url, longest=60, each=2)) as url,
        httpx.Client(base_url=url, headers=arabic) as client,
    ):
        assert 'href="questions"' in client.get("/").text
        assert SAID["ar"]["ask"] in client.get("/questions").text
        long = client.post("/questions", data={"text": "\r\n" + ARABIC * 3})
        assert long.status_code == 422
        assert ARABIC * 3 in long.text
        taken = client.post("/questions", data={"text": ARABIC})
        assert taken.status_code == 201
        assert SAID["ar"]["taken"] in taken.text
        assert ARABIC not in taken.text
        assert client.post("/questions", data={"text": ARABIC + "!"}).status_code == 201
        spent = client.post("/questions", data={"text": ARABIC + "!!"})
        assert (spent.status_code, SAID["ar"]["too_many"] in spent.text) == (429, True)
        assert (
            client.post(
                "/questions", content=b"\xff", headers={"content-type": "application/json"}
            ).status_code
            == 422
        )


@pytest.mark.sockets
@pytest.mark.embedded
def test_who_has_no_good_ticket_asks_nothing(tmp_path: Path, door: Running) -> None:
    with served(opened(), tmp_path, line=line(door.url)) as url:
        with httpx.Client(base_url=url) as client:
            client.get("/")
            ticket = client.cookies["hakam_ticket"]
            holder = client.cookies["hakam_holder"]
        asked = {"text": QUESTION}
        assert httpx.post(f"{url}/questions", json=asked).json()["title"] == "no_ticket"
        forged = ticket[:100] + ("A" if ticket[100] != "A" else "B") + ticket[101:]
        for wrong, code in (("x", "malformed"), (forged, "forged")):
            head = {"cookie": f"hakam_ticket={wrong}; hakam_holder={holder}"}
            assert httpx.post(f"{url}/questions", json=asked, headers=head).json()["title"] == code
        head = {"cookie": f"hakam_ticket={ticket}; hakam_holder=somebody"}
        assert httpx.post(f"{url}/questions", json=asked, headers=head).json()["title"] == "not_yours"
        report = httpx.get(f"{url}/report", headers=TOKEN).json()
        assert report["refused"] == {"no_ticket": 1, "malformed": 1, "forged": 1, "not_yours": 1}
        assert report["given"] == [1, 0, 0]
        assert logged(door) == []


@pytest.mark.sockets
@pytest.mark.embedded
def test_an_account_that_a_front_vouches_for_asks_under_its_name(tmp_path: Path, door: Running) -> None:
    with served(opened(), tmp_path, line=line(door.url), holder_header="X-Account") as url:
        head = {"x-account": "nour"}
        ticket = httpx.post(f"{url}/ticket", headers=head).json()["ticket"]
        answer = httpx.post(
            f"{url}/questions", json={"text": ARABIC}, headers=head | {"x-hakam-ticket": ticket}
        )
        assert answer.status_code == 201
        assert logged(door)[0]["author"] == {"id": "nour"}


@pytest.mark.sockets
@pytest.mark.embedded
def test_without_a_door_who_asks_is_told_to_come_again_and_the_turn_is_not_spent(tmp_path: Path) -> None:
    nowhere = line(f"http://127.0.0.1:{free_port()}", each=1)
    with served(opened(), tmp_path, line=nowhere) as url, httpx.Client(base_url=url) as client:
        client.get("/")
        for _ in range(2):
            answer = client.post("/questions", json={"text": QUESTION})
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    with served(opened(), tmp_path / "other") as url:
        assert httpx.get(f"{url}/questions").status_code == 404
        assert httpx.post(f"{url}/questions", json={}).status_code == 404
        assert 'href="questions"' not in httpx.get(url, headers={"accept": "text/html"}).text


@pytest.mark.sockets
@pytest.mark.embedded
def test_a_key_that_may_not_send_is_our_trouble_and_not_the_asker_s(door: Running) -> None:
    async def story() -> str:
        wrong = line(door.url, key="checker")
        sending = asyncio.create_task(wrong.run())
        try:
            await wrong.ask(Asked(QUESTION), holder=b"h" * 16, account="", now=datetime.now(tz=UTC))
        except AskingError as error:
            return error.code
        finally:
            sending.cancel()
        return "taken"

    assert asyncio.run(story()) == "door_busy"


@pytest.mark.sockets
@pytest.mark.embedded
def test_a_key_that_does_not_fit_is_known_before_anybody_asks_and_nothing_is_kept(door: Running) -> None:
    fits = line(door.url)
    assert asyncio.run(fits.trouble()) == ""
    assert "lacks the scope" in asyncio.run(line(door.url, key="checker").trouble())
    shop = Line("talk", Asking(), url=door.url, key=key_text("forum"), platform="shop")
    assert asyncio.run(shop.trouble()) == ("another platform's event: the key is of forum, the event of shop")
    unknown = Line("talk", Asking(), url=door.url, key="hk_nobody_knows_it", platform="forum")
    assert asyncio.run(unknown.trouble()) == "unknown key"
    assert asyncio.run(line(f"http://127.0.0.1:{free_port()}").trouble()) == ""  # it may come later
    assert logged(door) == []


def test_turns_are_counted_by_holder() -> None:
    turns = Turns(Asking(each=2, every_seconds=30))
    turns.take(b"a", 100.0)
    turns.take(b"b", 100.0)
    with pytest.raises(AskingError) as soon:
        turns.take(b"a", 110.0)
    assert (soon.value.code, soon.value.wait) == ("too_soon", 21)
    turns.take(b"a", 130.0)
    with pytest.raises(AskingError) as many:
        turns.take(b"a", 900.0)
    assert (many.value.code, many.value.wait) == ("too_many", None)
    turns.give_back(b"a")
    turns.take(b"a", 900.0)


def test_the_page_says_every_code_in_both_languages() -> None:
    assert SAID["en"].keys() == SAID["ar"].keys()
    for language in SAID:
        for code in (
            "empty",
            "too_long",
            "malformed",
            "too_soon",
            "too_many",
            "door_busy",
            "refused",
            "taken",
        ):
            text = asking_page(plan(), Asking(), language, said=code, wait=20, text="<b>mine</b>")
            assert "{}" not in text
            assert "<b>mine" not in text
            assert ("&lt;b&gt;mine" in text) == (code not in {"taken", "refused"})

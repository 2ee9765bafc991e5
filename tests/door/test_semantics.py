"""A table of what senders do to a door: bodies, encodings, keys, repeats; what is answered and what is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hakam.door.app import Door
from hakam.testing.doors import JSON, KEYS, NOW, House, dumps, event, fired, key_text, published_key, read

NDJSON = "application/x-ndjson"
ONE = dumps(event("e1", "WORDS"))


def kept(house: House) -> list[bytes]:
    """Return the bytes of all events in the log, as they came."""
    return [record.raw for record in house.log.read(0, 1_000)]


@pytest.fixture(name="house")
def house_fixture(tmp_path: Path) -> Any:
    house = House(tmp_path)
    yield house
    house.log.close()


ACCEPTED = {
    "plain": (ONE, JSON),
    "white space before, however much": (b" \r\n\t" * 200 + ONE, JSON),
    "white space after": (ONE + b"\n" * 200, JSON),
    "a charset that is said": (ONE, "application/json; charset=utf-8"),
    "a media type in capitals": (ONE, "Application/JSON"),
    "a parameter in odd spacing": (ONE, "application/json ;charset=UTF-8"),
    "escapes for every letter": (ONE.replace(b"WORDS", rb"\u0628\u0627\u062f badword"), JSON),
    "a pair of surrogates": (ONE.replace(b"WORDS", rb"\ud83d\ude00"), JSON),
    "raw emoji and Arabic": (ONE.replace(b"WORDS", "😀 كلمة".encode()), JSON),
    "NUL inside a text": (ONE.replace(b"WORDS", rb"bad\u0000word"), JSON),
    "a line separator inside": (ONE.replace(b"WORDS", "a\u2028b\u0085c".encode()), JSON),
    "unknown fields of any shape": (ONE[:-1] + b',"x":{"y":[1,null,{"z":1e3}]},"":0}', JSON),
    "an integer beyond 64 bits": (ONE[:-1] + b',"extra":{"n":' + b"9" * 400 + b"}}", JSON),
    "nesting that is deep and bearable": (
        ONE[:-1] + b',"extra":{"n":' + b"[" * 500 + b"]" * 500 + b"}}",
        JSON,
    ),
}


@pytest.mark.parametrize(("body", "kind"), ACCEPTED.values(), ids=ACCEPTED)
def test_this_is_taken_and_kept_as_it_came(house: House, body: bytes, kind: str) -> None:
    ((status, answer),) = house.send(body, kind=kind)
    assert (status, answer["event"], answer["duplicate"]) == (200, "e1", False)
    assert [raw.strip() for raw in kept(house)] == [body.strip()]


REFUSED = {
    "a mark of byte order": (b"\xef\xbb\xbf" + ONE, JSON, 400, "malformed-json", None),
    "UTF-16": (ONE.decode().encode("utf-16"), JSON, 400, "malformed-json", None),
    "Latin-1": (ONE.replace(b"WORDS", "Bücher".encode("latin-1")), JSON, 400, "malformed-json", None),
    "over-long UTF-8": (ONE.replace(b"WORDS", b"\xc0\xaf"), JSON, 400, "malformed-json", None),
    "half a pair of surrogates": (ONE.replace(b"WORDS", rb"\ud800 x"), JSON, 400, "malformed-json", None),
    "a control character as it is": (ONE.replace(b"WORDS", b"a\x01b"), JSON, 400, "malformed-json", None),
    "two events that are no list": (ONE + b"\n" + ONE, JSON, 400, "malformed-json", None),
    "a comma too many": (b"[" + ONE + b",]", JSON, 400, "malformed-json", None),
    "a comment": (b"/* hi */" + ONE, JSON, 400, "malformed-json", None),
    "cut off": (ONE[:-1], JSON, 400, "malformed-json", None),
    "not a number": (ONE[:-1] + b',"scores":{"a":NaN}}', JSON, 400, "malformed-json", None),
    "an infinite score": (ONE[:-1] + b',"scores":{"a":1e999}}', JSON, 422, "invalid-event", "/scores"),
    "too deep": (
        ONE[:-1] + b',"extra":{"n":' + b"[" * 9_000 + b"]" * 9_000 + b"}}",
        JSON,
        400,
        "malformed-json",
        None,
    ),
    "only white space": (b" \n" * 500, JSON, 400, "empty-batch", None),
    "only empty lines": (b"\r\n\n \t\n", NDJSON, 400, "empty-batch", None),
    "no media type": (ONE, "", 415, "unsupported-media-type", None),
    "a form": (ONE, "application/x-www-form-urlencoded", 415, "unsupported-media-type", None),
    "JSON by another name": (ONE, "application/problem+json", 415, "unsupported-media-type", None),
}


@pytest.mark.parametrize(("body", "kind", "status", "slug", "pointer"), REFUSED.values(), ids=REFUSED)
def test_this_is_refused_and_leaves_nothing(  # noqa: PLR0917 -- a row of the table
    house: House, body: bytes, kind: str, status: int, slug: str, pointer: str | None
) -> None:
    ((found, answer),) = house.send(body, kind=kind)
    assert (found, answer["type"]) == (status, f"urn:hakam:problem:{slug}")
    assert answer.get("pointer") == pointer
    assert answer["status"] == status
    assert kept(house) == []


def test_of_a_key_that_stands_twice_the_last_counts_here_and_in_the_log(house: House) -> None:
    body = ONE.replace(b'"id":"e1"', b'"id":"first","id":"last"', 1)
    ((status, answer),) = house.send(body)
    assert (status, answer["event"]) == (200, "last")
    ((_, again),) = house.send(event("last"))
    assert again["duplicate"] is True  # known by the same name that the sender was told
    ((_, other),) = house.send(event("first"))
    assert other["duplicate"] is False


LINES = {
    "LF": b"%b\n%b\n",
    "no end of the last line": b"%b\n%b",
    "CRLF": b"%b\r\n%b\r\n",
    "empty lines": b"\n\n%b\n\n\r\n  \n%b\n\n",
    "spaces around": b"  %b  \n\t%b\t\n",
}


@pytest.mark.parametrize("form", LINES.values(), ids=LINES)
@pytest.mark.parametrize(
    "kind", ["application/x-ndjson", "application/jsonl", "Application/X-NDJSON; charset=utf-8"]
)
def test_lines_are_events_and_places_count_events(house: House, form: bytes, kind: str) -> None:
    ((status, answer),) = house.send(form % (dumps(event("1")), dumps(event("2"))), kind=kind)
    assert status == 200
    assert [result["event"] for result in answer["results"]] == ["1", "2"]
    ((status, answer),) = house.send(form % (dumps(event("3")), b'{"id": "bad"}'), kind=kind)
    assert status == 207
    assert answer["results"][1]["event"] == "bad"
    assert answer["results"][1]["problem"]["pointer"] == "/1"
    assert len(kept(house)) == 3


def test_one_line_is_a_batch_of_one(house: House) -> None:
    ((status, answer),) = house.send(ONE, kind=NDJSON)
    assert status == 200
    assert len(answer["results"]) == 1


def test_a_repeat_gets_the_first_verdict_though_it_says_something_else(house: House) -> None:
    ((_, first), (_, second)) = house.send(event("e1", "badword"), event("e1", "harmless"))
    assert fired(first) == fired(second) == ["bad-word"]
    assert (first["duplicate"], second["duplicate"]) == (False, True)
    ((_, later),) = house.send(event("e1", "also harmless"))  # another door on the same log
    assert fired(later) == ["bad-word"]
    assert len(kept(house)) == 1


def test_the_same_event_from_many_senders_at_once_is_judged_and_kept_once(house: House) -> None:
    async def story(door: Door) -> list[Any]:
        auth = f"Bearer {key_text('forum')}"
        body = dumps(event("same", "badword"))
        batch = dumps([event("same", "other"), event("own"), event("same", "badword")])
        sent = [door.events(auth, JSON, body if n % 2 else batch) for n in range(20)]
        return [read(answer)[1] for answer in await asyncio.gather(*sent)]

    results = [result for answer in house.visit(story) for result in answer.get("results", [answer])]
    same = [result for result in results if result["event"] == "same"]
    assert sum(not result["duplicate"] for result in same) == 1
    assert len({msgspec.json.encode(result["verdict"]) for result in same}) == 1  # whoever came first
    assert sum(not result["duplicate"] for result in results if result["event"] == "own") == 1
    assert len(kept(house)) == 2


def test_ids_are_equal_only_letter_for_letter(house: House) -> None:
    ids = ["a", "A", "a ", "á", "a\u0301", "ａ", "a\u200b", "a\x00", "a\x00b", "١", "1"]
    ((status, answer),) = house.send([event(id_, author=f"by {n}") for n, id_ in enumerate(ids)])
    assert status == 200 or {result.get("problem", {}).get("status") for result in answer["results"]} <= {
        None,
        422,
    }
    taken = [result for result in answer["results"] if "verdict" in result]
    assert not any(result["duplicate"] for result in taken)
    assert len(kept(house)) == len(taken) >= len(ids) - 2


SCHEMES = {
    "Bearer {}": 200,
    "bearer {}": 200,
    "BEARER   {}  ": 200,
    "Basic {}": 401,
    "{}": 401,
    "Bearer": 401,
    "Bearer ": 401,
    "Bearer {}x": 401,
    "Bearer {} {}": 401,
    "Bearer\t{}": 401,
    "": 401,
}


@pytest.mark.parametrize(("header", "status"), SCHEMES.items())
def test_a_key_is_shown_in_one_way(house: House, header: str, status: int) -> None:
    async def story(door: Door) -> int:
        return (await door.events(header.replace("{}", key_text("forum")), JSON, ONE)).status

    assert house.visit(story) == status
    assert len(kept(house)) == (status == 200)


MATRIX = [  # key, events, check, stats
    ("forum", 200, 200, 200),
    ("checker", 403, 200, 403),
    ("shop", 403, 403, 200),  # another platform may not speak for this one, nor check without the scope
    ("old", 401, 401, 401),
    ("nobody", 401, 401, 401),
]


@pytest.mark.parametrize(("name", "events", "check", "stats"), MATRIX)
def test_what_each_key_may_do(house: House, name: str, events: int, check: int, stats: int) -> None:
    async def story(door: Door) -> list[int]:
        auth = f"Bearer {key_text(name)}"
        answers = [await door.events(auth, JSON, ONE), await door.check(auth, JSON, ONE), door.stats(auth)]
        return [answer.status for answer in answers]

    assert house.visit(story) == [events, check, stats]
    assert len(kept(house)) == (events == 200)


@pytest.mark.parametrize(
    ("expires", "status"), [(NOW + 1, 200), (NOW + 0.001, 200), (NOW, 401), (NOW - 1, 401)]
)
def test_a_key_works_up_to_its_last_moment(house: House, expires: float, status: int) -> None:
    house.publish(keys=(published_key("brief", "forum", "events:write", expires_at=expires),))
    ((found, _),) = house.send(ONE, key="brief")
    assert found == status


def test_a_key_that_is_revoked_stops_at_once_and_what_is_under_way_ends(house: House) -> None:
    async def story(door: Door) -> list[int]:
        auth = f"Bearer {key_text('forum')}"
        under_way = asyncio.ensure_future(door.events(auth, JSON, dumps(event("under way"))))
        await asyncio.sleep(0)
        door.replace(msgspec.structs.replace(house.publication, revision=2, keys=KEYS[1:]), None)
        after = await door.events(auth, JSON, dumps(event("after")))
        return [(await under_way).status, after.status]

    assert house.visit(story) == [200, 401]
    assert len(kept(house)) == 1

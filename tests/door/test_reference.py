"""The door's reference says what the door does."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import msgspec
import pytest

from hakam.door.app import Door
from hakam.door.problems import ProblemKind, encode, headers_of, problem_table
from hakam.door.schema import event_schema, event_schema_document
from hakam.testing.doors import House, event, key_text
from hakam.vocabulary.event import Author, Context, Event, Item, Media

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    assert (DOCS / "event.schema.json").read_bytes() == event_schema()


def test_the_schema_is_a_schema_and_takes_what_the_door_takes() -> None:
    schema = event_schema_document()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(event("1"))
    assert validator.is_valid({**event("1"), "unknown": 1})


WRONG = ({"id": ""}, {"kind": "poem"}, {"author": {}}, {"item": {"id": "i", "reach": -1}}, {"platform": "A"})


@pytest.mark.parametrize("wrong", WRONG)
def test_the_schema_refuses_what_the_door_refuses(wrong: dict[str, object]) -> None:
    value = {**event("1"), **wrong}
    assert not jsonschema.Draft202012Validator(event_schema_document()).is_valid(value)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(value), type=Event)


def test_the_table_of_problems_is_the_one_in_the_code() -> None:
    text = (DOCS / "http-door.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- problems -->\n(.*?)<!-- /problems -->", text, re.DOTALL)
    assert found is not None
    assert found.group(1).strip() == problem_table().strip()


def test_problems_are_distinct_and_well_formed() -> None:
    slugs = [kind.value.slug for kind in ProblemKind]
    assert len(set(slugs)) == len(slugs)
    for kind in ProblemKind:
        body = msgspec.json.decode(encode(kind("detail", pointer="/x")))
        assert body["type"] == kind.urn
        assert 400 <= body["status"] < 600
        headers = dict(headers_of(kind()))
        assert headers["content-type"] == "application/problem+json"
        assert ("retry-after" in headers) is (kind.value.retry_after is not None)
        assert ("www-authenticate" in headers) is (body["status"] == 401)


@pytest.mark.parametrize("struct", [Event, Author, Item, Media, Context])
def test_every_field_of_the_event_is_explained(struct: type[msgspec.Struct]) -> None:
    text = (DOCS / "event.md").read_text(encoding="utf-8")
    for field in msgspec.structs.fields(struct):
        assert f"`{field.name}`" in text, f"{struct.__name__}.{field.name}"


def test_every_address_is_in_the_reference() -> None:
    text = (DOCS / "http-door.md").read_text(encoding="utf-8")
    for address in (
        *("POST /v1/events", "POST /v1/check", "GET /v1/stats"),
        *("GET /healthz", "GET /metrics", "GET /v1/schema/event.json"),
    ):
        assert f"`{address}`" in text


def test_every_metric_is_in_the_reference(house: House) -> None:
    async def story(door: Door) -> str:
        await door.events(f"Bearer {key_text('forum')}", "application/json", b"{}")
        return door.exposition().body.decode()

    text = (DOCS / "http-door.md").read_text(encoding="utf-8")
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", house.visit(story), re.MULTILINE):
        assert f"`{name}`" in text, (name, kind)

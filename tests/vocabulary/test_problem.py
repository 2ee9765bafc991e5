"""Errors for machines point into the request (RFC 6901), so that a program can mend it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.vocabulary.event import Event
from hakam.vocabulary.problem import Problem, pointer_from_path


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("$", ""),
        ("$.item", "/item"),
        ("$.item.media[3].url", "/item/media/3/url"),
        ("$[0].id", "/0/id"),
        ("$[0][1]", "/0/1"),
        ("$.scores[...]", "/scores"),
        ("$.item.media[0].hashes[...]", "/item/media/0/hashes"),
        ("$.a/b", "/a~1b"),
        ("$.a~b", "/a~0b"),
        ("$.~1", "/~01"),
    ],
)
def test_a_path_of_the_decoder_becomes_a_pointer(path: str, pointer: str) -> None:
    assert pointer_from_path(path) == pointer


def resolve(document: Any, pointer: str) -> Any:
    """Follow a JSON pointer as RFC 6901 says."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        document = document[int(name)] if isinstance(document, list) else document[name]
    return document


def event(**changes: Any) -> dict[str, Any]:
    return {
        "id": "e1",
        "platform": "forum",
        "kind": "post",
        "at": "2026-01-02T03:04:05Z",
        "author": {"id": "ann"},
        "item": {"id": "p1"},
        **changes,
    }


@pytest.mark.parametrize(
    ("wrong", "value"),
    [
        (event(author={"id": "a", "followers": -1}), -1),
        (event(item={"id": "i", "media": [{}, {}, {"url": 7}]}), 7),
        (event(item={"id": "i", "links": ["http://a", None]}), None),
        (event(kind="poem"), "poem"),
        (event(scores={"toxicity": "high"}), {"toxicity": "high"}),
    ],
)
def test_the_pointer_finds_what_the_decoder_refused(wrong: dict[str, Any], value: Any) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(wrong, Event)
    path = str(raised.value).rpartition("at `")[2].rstrip("`")
    assert resolve(wrong, pointer_from_path(path)) == value


names = st.from_regex(r"[a-z_]{1,6}", fullmatch=True)


@given(st.lists(names | st.integers(0, 50), max_size=5))
@settings(max_examples=80, deadline=None)
def test_any_path_is_followed(parts: list[str | int]) -> None:
    path = "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    document: Any = "found"
    for part in reversed(parts):
        document = [None] * part + [document] if isinstance(part, int) else {part: document}
    assert resolve(document, pointer_from_path(path)) == "found"


def test_a_problem_says_no_more_than_it_knows() -> None:
    problem = Problem("urn:hakam:problem:not-an-event", "Not an event", 422, pointer="/item/id")
    assert msgspec.json.decode(msgspec.json.encode(problem)) == {
        "type": "urn:hakam:problem:not-an-event",
        "title": "Not an event",
        "status": 422,
        "pointer": "/item/id",
    }

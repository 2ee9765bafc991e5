"""From bytes to events: whatever comes, there is a list of events and problems, each with its place."""

from __future__ import annotations

import gzip
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.door.decode import Batch, Limits, decode
from hakam.testing.doors import NOW, dumps, event
from hakam.vocabulary.problem import Problem

LIMITS = Limits("forum", NOW, max_event_bytes=2_000, max_events=5, future_seconds=300)


def problem_of(body: bytes, kind: str = "application/json") -> Problem:
    found = decode(body, kind, LIMITS)
    if isinstance(found, Problem):
        return found
    (item,) = found.items
    assert item.problem is not None
    return item.problem


@pytest.mark.parametrize(
    ("body", "slug", "status"),
    [
        (b"", "empty-batch", 400),
        (b"   ", "empty-batch", 400),
        (b"[]", "empty-batch", 400),
        (b'{"events": []}', "empty-batch", 400),
        (b"{", "malformed-json", 400),
        (b"[{}", "malformed-json", 400),
        (b'{"events": [', "malformed-json", 400),
        (b"not json", "malformed-json", 400),
        (b'{"id": "\xff"}', "malformed-json", 400),
        (b"\xff\xfe{\x00", "malformed-json", 400),
        (b"[" * 100_000, "malformed-json", 400),
        (b'{"extra": {"a":' + b"[" * 1_500, "malformed-json", 400),
        (b"null", "invalid-event", 422),
        (b'"text"', "invalid-event", 422),
        (b"3", "invalid-event", 422),
        (b'{"events": {}}', "invalid-event", 422),
        (b'{"events": [], "more": 1}', "invalid-event", 422),
        (b"{}", "invalid-event", 422),
        (dumps([event(str(n)) for n in range(6)]), "too-many-events", 413),
        (dumps(event("1", "x" * 2_000)), "event-too-large", 413),
    ],
)
def test_what_is_wrong_is_said(body: bytes, slug: str, status: int) -> None:
    problem = problem_of(body)
    assert problem.type == f"urn:hakam:problem:{slug}"
    assert problem.status == status


@pytest.mark.parametrize(
    ("change", "slug", "pointer"),
    [
        ({"id": ""}, "invalid-event", "/id"),
        ({"id": None}, "invalid-event", "/id"),
        ({"id": 5}, "invalid-event", "/id"),
        ({"kind": "poem"}, "invalid-event", "/kind"),
        ({"at": "yesterday"}, "invalid-event", "/at"),
        ({"at": "2026-01-01T00:00:00"}, "time-without-zone", "/at"),
        ({"at": "2026-01-01T00:05:01Z"}, "time-in-future", "/at"),
        ({"author": {}}, "invalid-event", "/author"),
        ({"author": {"id": "a", "country": "eg"}}, "invalid-event", "/author/country"),
        (
            {"author": {"id": "a", "created_at": "2020-01-01T00:00:00"}},
            "time-without-zone",
            "/author/created_at",
        ),
        ({"author": {"id": "a", "followers": -1}}, "invalid-event", "/author/followers"),
        ({"item": {"id": "i", "media": [{}, {"size": "big"}]}}, "invalid-event", "/item/media/1/size"),
        ({"scores": {"toxic": "high"}}, "invalid-event", "/scores"),
        ({"platform": "shop"}, "wrong-platform", "/platform"),
        ({"platform": "FORUM"}, "invalid-event", "/platform"),
        ({"version": 2}, "unsupported-version", "/version"),
        ({"version": 0}, "unsupported-version", "/version"),
    ],
)
def test_a_pointer_names_the_place(change: dict[str, Any], slug: str, pointer: str) -> None:
    wrong = dumps({**event("1"), **change})
    assert problem_of(wrong).type == f"urn:hakam:problem:{slug}"
    assert problem_of(wrong).pointer == pointer
    for root, body in (("/1", b"[%b,%b]"), ("/events/1", b'{"events":[%b,%b]}')):
        found = decode(body % (dumps(event("2")), wrong), "application/json", LIMITS)
        assert isinstance(found, Batch)
        assert found.items[0].event is not None
        assert found.items[1].problem is not None
        assert found.items[1].problem.pointer == root + pointer


@pytest.mark.parametrize(
    "good",
    [
        {"at": "2026-01-01T00:05:00Z"},
        {"at": "1999-01-01T00:00:00+03:00"},
        {"at": "0001-01-01T00:00:00Z"},
        {"at": "2026-01-01 00:00:00Z"},
        {"author": {"id": "a", "created_at": "2020-01-01T00:00:00Z"}},
        {"unknown": {"anything": [1, None, "x"]}},
    ],
)
def test_what_is_odd_but_right_is_taken(good: dict[str, Any]) -> None:
    found = decode(dumps({**event("1"), **good}), "application/json", LIMITS)
    assert isinstance(found, Batch)
    assert found.items[0].problem is None


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; a=b"]
)
def test_other_media_types_are_refused(kind: str) -> None:
    problem = problem_of(dumps(event("1")), kind)
    assert (problem.status, problem.type) == (415, "urn:hakam:problem:unsupported-media-type")


jsonish = st.text(alphabet='{}[]":,0123456789.eE+-truefalsn \n\\u', max_size=60).map(str.encode)


@given(st.one_of(st.binary(max_size=200), jsonish))
@settings(max_examples=1_000, deadline=None)
def test_any_bytes_give_an_answer(body: bytes) -> None:
    for kind in ("application/json", "application/x-ndjson"):
        found = decode(body, kind, LIMITS)
        if isinstance(found, Batch):
            assert all((item.event is None) is (item.problem is not None) for item in found.items)
            assert all(item.id is None or isinstance(item.id, str) for item in found.items)


numbers = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
leaves = st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=10))
nested = st.lists(leaves, max_size=3) | st.dictionaries(st.text(max_size=6), leaves, max_size=3)
values = (
    leaves | nested | st.lists(nested, max_size=3) | st.dictionaries(st.text(max_size=6), nested, max_size=3)
)
FIELDS = ("id", "platform", "kind", "at", "author", "item", "context", "scores", "extra", "version")


@given(st.sampled_from(FIELDS), values)
@settings(max_examples=600, deadline=None)
def test_any_value_in_any_field_gives_an_event_or_a_problem_with_a_pointer(field: str, value: Any) -> None:
    found = decode(dumps({**event("1"), field: value}), "application/json", LIMITS)
    assert isinstance(found, Batch)
    problem = found.items[0].problem
    assert problem is None or problem.pointer is not None
    assert problem is None or msgspec.json.encode(problem)


def test_a_compressed_body_is_not_mistaken_for_json() -> None:
    assert problem_of(gzip.compress(dumps(event("1")))).type == "urn:hakam:problem:malformed-json"

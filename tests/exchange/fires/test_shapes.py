"""The shapes of FIRES, as its protocol reference documents them."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.exchange.fires.conftest import told

from hakam.exchange.fires.shapes import (
    About,
    ChangeType,
    EntityKind,
    FiresError,
    Policy,
    Told,
    change,
    collection,
    dataset_of,
    entry_key,
    first_page_of,
    number_at,
    page_of,
)

AT = datetime(2026, 11, 29, 12, 0, 0, 400_000, tzinfo=UTC)
ABOUT = About(
    "https://x.example/fires/datasets/1",
    EntityKind.DOMAIN,
    Policy.FILTER,
    ("https://f.example/a",),
    "https://l",
)


def written(value: Any) -> bytes:
    return json.dumps(value).encode()


def page(*items: Any, **more: Any) -> bytes:
    return written({"type": "OrderedCollectionPage", "orderedItems": list(items), **more})


def test_a_recommendation_has_what_the_reference_asks_for() -> None:
    said = change(ABOUT, Told("0192", ChangeType.RECOMMENDATION, "bad.example", AT))
    assert said == {
        "id": "https://x.example/fires/datasets/1/changes/0192",
        "type": "Recommendation",
        "published": "2026-11-29T12:00:00Z",
        "entityKind": "domain",
        "entityKey": "bad.example",
        "labels": ["https://l"],
        "recommendedPolicy": "filter",
        "recommendedFilters": ["https://f.example/a"],
    }


def test_a_retraction_says_what_is_retracted_and_no_more() -> None:
    said = change(ABOUT, Told("0193", ChangeType.RETRACTION, "bad.example", AT))
    assert set(said) == {"id", "type", "published", "entityKind", "entityKey"}


def test_a_tombstone_names_a_change_and_nobody() -> None:
    said = change(ABOUT, Told("0194", ChangeType.TOMBSTONE, "", AT))
    assert set(said) == {"id", "type", "published"}


def test_what_is_written_is_read() -> None:
    rows = [
        Told("1", ChangeType.RECOMMENDATION, "bad.example", AT),
        Told("2", ChangeType.RETRACTION, "bad.example", AT),
    ]
    read = page_of(
        written(collection("https://x.example/c", [change(ABOUT, one) for one in rows])), "elsewhere"
    )
    assert [(one.type, one.key, one.kind, one.policy) for one in read.changes] == [
        (ChangeType.RECOMMENDATION, "bad.example", EntityKind.DOMAIN, Policy.FILTER),
        (ChangeType.RETRACTION, "bad.example", EntityKind.DOMAIN, None),
    ]
    assert (read.address, read.next, read.unread) == ("https://x.example/c", "", 0)


def test_a_page_of_the_documented_shape_is_read() -> None:
    items = [
        told(1, "Advisory", "maybe.example"), told(2, "Recommendation", "bad.example"), told(3, "Tombstone"),
        told(4, "Recommendation", "https://bad.example/users/eve", kind="actor", policy="reject"),
        told(5, "Recommendation", "known.example", policy=""),
    ]  # fmt: skip
    read = page_of(page(*items, next="https://n", id="https://here"), "https://asked")
    assert [one.policy for one in read.changes] == [None, Policy.DROP, None, Policy.REJECT, None]
    assert [one.kind for one in read.changes] == [
        EntityKind.DOMAIN, EntityKind.DOMAIN, None, EntityKind.ACTOR, EntityKind.DOMAIN,
    ]  # fmt: skip
    assert (read.next, read.address) == ("https://n", "https://here")


def test_names_of_before_1_5_are_read_too() -> None:
    said = {"id": "u", "type": "Recommendation", "entity_kind": "Domain", "entity_key": "bad.example",
            "recommended_policy": "drop"}  # fmt: skip
    (one,) = page_of(page(said), "a").changes
    assert (one.kind, one.key, one.policy) == (EntityKind.DOMAIN, "bad.example", Policy.DROP)


@pytest.mark.parametrize(
    "odd", [7, "words", {"type": "Like"}, {"type": "Retraction"}, {"type": "Advisory", "id": "a b"}]
)
def test_what_says_nothing_is_counted_and_costs_itself_alone(odd: Any) -> None:
    read = page_of(page(odd, told(1, "Recommendation", "bad.example")), "a")
    assert (len(read.changes), read.unread) == (1, 1)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"type": "OrderedCollectionPage", "orderedItems": 7}', b"\xff"]
)
def test_what_is_no_page_is_refused(data: bytes) -> None:
    with pytest.raises(FiresError):
        page_of(data, "a")


@given(
    st.binary(max_size=60)
    | st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists).map(written)
)
def test_whatever_comes_is_read_or_refused(data: bytes) -> None:
    for read in (lambda: page_of(data, "a"), lambda: dataset_of(data), lambda: first_page_of(data)):
        with suppress(FiresError):
            read()


def test_where_pages_begin() -> None:
    collection_ = {"type": "OrderedCollection", "first": "https://a/1"}
    assert first_page_of(written(collection_)) == "https://a/1"
    assert first_page_of(written(collection_ | {"first": {"id": "https://a/2"}})) == "https://a/2"
    assert first_page_of(page()) is None
    assert first_page_of(written(collection_ | {"orderedItems": []})) is None
    with pytest.raises(FiresError):
        first_page_of(written({"type": "OrderedCollection"}))


def test_a_dataset_names_its_changes() -> None:
    said = {"type": "Dataset", "name": "DNI", "endpoints": {"changes": "https://a/changes"}}
    assert dataset_of(written(said)) == ("DNI", "https://a/changes")
    assert dataset_of(written({"type": "Dataset", "endpoint": {"changes": "https://b"}})) == ("", "https://b")
    with pytest.raises(FiresError):
        dataset_of(written(said | {"type": "Note"}))


def test_numbers_are_of_version_7_and_in_order() -> None:
    made = [number_at(AT, count) for count in range(50)] + [number_at(AT + timedelta(milliseconds=1), 0)]
    assert made == sorted(made)
    assert {UUID(one).version for one in made} == {7}


@pytest.mark.parametrize(
    ("kind", "text", "key"),
    [
        (EntityKind.DOMAIN, "Bad.Example", "bad.example"),
        (EntityKind.DOMAIN, "https://bad.example/", "bad.example"),
        (EntityKind.DOMAIN, "https://bad.example/users/eve", None),
        (EntityKind.DOMAIN, "localhost", None),
        (EntityKind.DOMAIN, "two words.example", None),
        (EntityKind.DOMAIN, "", None),
        (EntityKind.ACTOR, "@eve@bad.example", "eve@bad.example"),
        (EntityKind.ACTOR, "acct:eve@bad.example", "eve@bad.example"),
        (EntityKind.ACTOR, "https://bad.example/users/eve", "https://bad.example/users/eve"),
        (EntityKind.ACTOR, "eve", None),
        (EntityKind.ACTOR, "e@" + "x" * 300, None),
    ],
)
def test_entries_as_a_list_has_them(kind: EntityKind, text: str, key: str | None) -> None:
    assert entry_key(kind, text) == key

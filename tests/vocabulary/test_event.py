"""The event: one struct for every kind of content, strict in what it takes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind
from hakam.vocabulary.event import ContentKind, Event, ItemRef
from hakam.vocabulary.problem import pointer_from_path

LEAST: dict[str, Any] = {
    "id": "e1",
    "platform": "my-forum",
    "kind": "post",
    "at": "2026-03-02T09:00:00Z",
    "author": {"id": "u1"},
    "item": {"id": "p1"},
}


def read(**change: Any) -> Event:
    return msgspec.json.decode(msgspec.json.encode(LEAST | change), type=Event)


def test_the_least_event_leaves_everything_else_unknown() -> None:
    event = read()
    assert event.item.text is None
    assert event.author.followers is None
    assert event.context.country is None
    assert event.version == 1


def test_an_item_is_of_the_events_kind_unless_it_says_otherwise() -> None:
    assert read().item_kind is ContentKind.POST
    assert read(kind="live.start", item={"id": "p1", "kind": "video"}).item_kind is ContentKind.VIDEO


def test_unknown_fields_are_let_through() -> None:
    assert read(weather="fine", item={"id": "p1", "mood": "calm"}).id == "e1"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"id": ""}, "/id"),
        ({"id": 7}, "/id"),
        ({"platform": "My Forum"}, "/platform"),
        ({"kind": "poem"}, "/kind"),
        ({"at": "yesterday"}, "/at"),
        ({"author": {"id": "u1", "followers": -1}}, "/author/followers"),
        ({"author": {"id": "u1", "country": "de"}}, "/author/country"),
        ({"item": {"id": "p1", "media": [{}, {"url": 7}]}}, "/item/media/1/url"),
        ({"item": {"id": "p1", "language": "e"}}, "/item/language"),
        ({"scores": {"toxicity": "high"}}, "/scores"),
    ],
)
def test_a_wrong_type_is_pointed_at(change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        read(**change)
    path = str(caught.value).rsplit("`", 2)[-2] if "`$" in str(caught.value) else ""
    assert pointer_from_path(path) == pointer


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("$", ""),
        ("$.item.text", "/item/text"),
        ("$.events[3].id", "/events/3/id"),
        ("$.scores[...]", "/scores"),
    ],
)
def test_places_become_pointers(path: str, pointer: str) -> None:
    assert pointer_from_path(path) == pointer


def test_a_pointer_escapes_what_it_must() -> None:
    assert pointer_from_path("$.a/b~c") == "/a~1b~0c"


def test_names_of_items_and_actors_are_for_people() -> None:
    assert str(ItemRef("my-forum", "post", "p1")) == "my-forum/post/p1"
    assert str(Actor(ActorKind.STAFF, "12")) == "staff:12"
    assert str(SYSTEM) == "system"


@pytest.mark.parametrize("kind", list(ActorKind))
def test_machines_are_no_people(kind: ActorKind) -> None:
    machines = {ActorKind.RULE, ActorKind.SYSTEM, ActorKind.PLATFORM}
    assert Actor(kind, "1").is_person is (kind not in machines)

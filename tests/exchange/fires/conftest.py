"""Lists outside packs to offer, and a server of the fediverse that answers from memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings

from hakam.compliance import lists
from hakam.compliance.models import ListVersion, RulebookVersion
from hakam.exchange.delivery import UnreachableError
from hakam.policy.lists import ListKind
from hakam.storage.embedded import list_files
from hakam.storage.embedded.lists import open_list
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

NOW = scene.NOW
SERVER = "https://fires.example"
DATASET = f"{SERVER}/datasets/3102b05b-55e0-4f79-9672-fa7bf8bfd7e9"
PutList = Callable[..., ListVersion]


@pytest.fixture
def book(db: None) -> RulebookVersion:
    return scene.publish()


@pytest.fixture
def put_list(book: RulebookVersion) -> PutList:
    def put(
        name: str, entries: Iterable[str], *, kind: ListKind = ListKind.DOMAINS, now: datetime = NOW
    ) -> ListVersion:
        kept = list_files.keep(settings.HAKAM_LISTS, kind, entries)
        return lists.publish(name, kind, kept.digest, kept.entries, by=SYSTEM, now=now, note="a test")

    return put


def entries_of(name: str) -> set[str]:
    """Return what a list outside packs holds now."""
    version = next(one for one in lists.in_force() if one.name == name)
    return set(open_list(settings.HAKAM_LISTS, name, version.digest).entries())


def told(
    number: int, what: str, key: str = "", *, kind: str = "domain", policy: str = "drop"
) -> dict[str, Any]:
    """Return a change as the data model of FIRES documents it."""
    said: dict[str, Any] = {
        "id": f"{DATASET}/changes/0192-{number:04}",
        "type": what,
        "published": "2026-11-01T12:00:00Z",
    }
    if what != "Tombstone":
        said |= {"entityKind": kind, "entityKey": key}
    if what in {"Advisory", "Recommendation"}:
        said["labels"] = ["https://labels.example/#spam"]
    if what == "Recommendation" and policy:
        said |= {"recommendedPolicy": policy, "recommendedFilters": []}
    return said


class Server:
    """Another server: a dataset, a collection of changes, and pages of two."""

    def __init__(self) -> None:
        self.changes: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.down = ""
        self.elsewhere = ""  # where its pages lead next, instead of on

    def get(self, address: str, accept: str) -> bytes:
        assert "application/ld+json" in accept
        self.asked.append(address)
        if self.down:
            raise UnreachableError(self.down)
        context = ["https://www.w3.org/ns/activitystreams", "https://fires.fedimod.org/context/fires.jsonld"]
        if address == DATASET:
            ends = {"changes": f"{DATASET}/changes", "snapshot": f"{DATASET}/snapshot"}
            said: dict[str, Any] = {"type": "Dataset", "id": DATASET, "name": "DNI List", "endpoints": ends}
        elif address == f"{DATASET}/changes":
            said = {"type": "OrderedCollection", "id": address, "first": f"{address}?page=0"}
        else:
            page = int(address.rpartition("=")[2])
            said = {
                "type": "OrderedCollectionPage",
                "id": address,
                "orderedItems": self.changes[page * 2 : page * 2 + 2],
            }
            if len(self.changes) > page * 2 + 2:
                said["next"] = self.elsewhere or f"{DATASET}/changes?page={page + 1}"
        return json.dumps({"@context": context, **said}).encode()


class ReferenceServer(Server):
    """A server that pages as FediMod's does: `next` names the change after the page, `since` leaves that one out.

    The collection has no items and its `first` only if there is a change; a page always has a `next`, unless it is
    empty; a `since` that is no UUID of version 7 is refused.
    """

    def get(self, address: str, accept: str) -> bytes:
        if address == DATASET:
            return super().get(address, accept)
        self.asked.append(address)
        here, _, since = address.partition("?since=")
        numbers = [one["id"].rpartition("/")[2] for one in self.changes]
        beginning = f"{here}?since=00000000-0000-7000-A000-000000000000"
        said: dict[str, Any] = {"dataset": DATASET, "totalItems": len(numbers)}
        if not since:
            said |= {"type": "OrderedCollection", "id": here}
            said |= {"first": beginning, "next": beginning} if numbers else {"orderedItems": []}
            return json.dumps(said).encode()
        assert UUID(since).version == 7
        after = [n for n, number in enumerate(numbers) if number > since.lower()]
        items = [self.changes[n] for n in after[:2]]
        onward = numbers[after[2]] if len(after) > 2 else numbers[after[:2][-1]] if after else ""
        said |= {"type": "OrderedCollectionPage", "id": address, "partOf": here, "orderedItems": items}
        return json.dumps(said | ({"next": f"{here}?since={onward}"} if onward else {})).encode()


@pytest.fixture
def reference() -> ReferenceServer:
    return ReferenceServer()


@pytest.fixture
def server() -> Server:
    return Server()

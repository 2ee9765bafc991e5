"""Datasets over HTTP: what FediMod's data model and conformance checks ask for, and one Hakam reading another."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from tests.exchange.fires.conftest import NOW, PutList, book, entries_of, put_list

from hakam.exchange.fires import following, offering
from hakam.exchange.fires.shapes import BEGINNING, CONTEXT, EntityKind, Policy
from hakam.exchange.http import HttpReach
from hakam.exchange.models import Dataset, Followed, FollowedChange
from hakam.vocabulary.actor import SYSTEM

__all__ = ["book", "put_list"]  # fixtures
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def dataset(put_list: PutList) -> Dataset:
    put_list("hosts", [f"h{n:03}.example" for n in range(150)])
    return offering.offer(
        "hosts", title="Hosts", summary="of scams", kind=EntityKind.DOMAIN, policy=Policy.REJECT, harm="fraud",
        by=SYSTEM, now=NOW,
    )  # fmt: skip


def got(client: Client, address: str) -> dict[str, Any]:
    answer = client.get(address.removeprefix("http://127.0.0.1:8420"))
    assert answer.status_code == 200, address
    assert answer["content-type"].startswith("application/ld+json")
    said: dict[str, Any] = answer.json()
    assert said["@context"] == CONTEXT
    return said


def test_nodeinfo_leads_to_the_datasets(client: Client, dataset: Dataset) -> None:
    link = client.get("/.well-known/nodeinfo").json()["links"][0]
    assert link["rel"].endswith("/schema/2.1")
    said = client.get("/" + link["href"].split("/", 3)[3]).json()
    assert (said["version"], said["protocols"]) == ("2.1", ["fires"])
    listed = got(client, said["metadata"]["fires"]["datasets"])
    assert (listed["type"], listed["totalItems"]) == ("Collection", 1)
    (one,) = listed["items"]
    assert (one["type"], one["name"], one["summary"]) == ("Dataset", "Hosts", "of scams")
    assert DATE.fullmatch(one["published"])
    assert got(client, one["id"]) == {"@context": CONTEXT, **one}
    labels = got(client, said["metadata"]["fires"]["labels"])
    assert labels["items"][0]["id"].endswith("/fires/labels#fraud")


@pytest.mark.django_db
def test_without_a_dataset_nobody_is_told_what_runs_here(client: Client) -> None:
    for address in (
        "/.well-known/nodeinfo",
        "/nodeinfo/2.1",
        "/fires/datasets/none",
        "/fires/datasets/none/changes",
    ):
        assert client.get(address).status_code == 404
    assert client.get("/fires/datasets").json()["totalItems"] == 0


def test_changes_are_paged_forwards_and_each_has_an_address(client: Client, dataset: Dataset) -> None:
    ends = got(client, f"/fires/datasets/{dataset.number}")["endpoints"]
    collection = got(client, ends["changes"])
    assert (collection["type"], collection["totalItems"]) == ("OrderedCollection", 150)
    first = got(client, collection["first"])
    assert (first["type"], len(first["orderedItems"]), first["partOf"]) == (
        "OrderedCollectionPage",
        100,
        ends["changes"],
    )
    last = got(client, first["next"])
    assert ("next" in last, len(last["orderedItems"])) == (False, 50)
    items = first["orderedItems"] + last["orderedItems"]
    assert [one["entityKey"] for one in items] == [f"h{n:03}.example" for n in range(150)]
    assert got(client, items[7]["id"]) == {"@context": CONTEXT, **items[7]}
    for beginning in ("00000000-0000-7000-A000-000000000000", "00000000-0000-0000-0000-000000000000"):
        assert got(client, f"{ends['changes']}?since={beginning}")["orderedItems"] == first["orderedItems"]
    assert {one["dataset"] for one in (collection, first, last)} == {items[7]["id"].partition("/changes")[0]}
    assert client.get(f"/fires/datasets/{dataset.number}/changes?since=0192").status_code == 404
    assert client.post(f"/fires/datasets/{dataset.number}/changes").status_code == 405


def test_who_comes_back_to_the_last_page_goes_on(client: Client, dataset: Dataset, put_list: PutList) -> None:
    address = f"/fires/datasets/{dataset.number}/changes?since={BEGINNING}"
    last = got(client, got(client, address)["next"])
    put_list("hosts", [f"h{n:03}.example" for n in range(1, 151)], now=LATER)
    offering.tell_due(LATER)
    again = got(client, last["id"])
    new = again["orderedItems"][50:]
    assert [(one["type"], one["entityKey"]) for one in new] == [
        ("Retraction", "h000.example"), ("Recommendation", "h150.example"),
    ]  # fmt: skip


def test_a_snapshot_has_the_newest_change_of_each_entry(
    client: Client, dataset: Dataset, put_list: PutList
) -> None:
    put_list("hosts", [f"h{n:03}.example" for n in range(1, 150)], now=LATER)
    offering.tell_due(LATER)
    said = got(client, f"/fires/datasets/{dataset.number}/snapshot")
    assert (said["type"], said["totalItems"]) == ("OrderedCollection", 150)
    newest = said["orderedItems"][0]
    assert (newest["type"], newest["entityKey"]) == ("Retraction", "h000.example")
    assert got(client, said["changes"])["orderedItems"] == []
    assert said["changes"] == said["endpoints"]["changes"]
    assert said["updated"] == newest["published"]


@pytest.mark.sockets
@pytest.mark.django_db(transaction=True)
def test_one_hakam_reads_another_over_http(
    live_server: Any, settings: Any, dataset: Dataset, put_list: PutList
) -> None:
    settings.HAKAM = replace(settings.HAKAM, base_url=live_server.url)
    address = f"{live_server.url}/fires/datasets/{dataset.number}"
    one = following.follow("theirs", address, kind=EntityKind.DOMAIN, by=SYSTEM, now=NOW)
    reach = HttpReach(allow_private=True)
    try:
        assert following.read(one, reach, now=NOW) == 150
        put_list("hosts", ["h003.example"], now=LATER)
        offering.tell_due(LATER)
        assert following.read_due(reach, now=NOW + following.EVERY) == 1
        put_list("hosts", ["h003.example", "h999.example"], now=LATER)
        offering.tell_due(LATER)
        offering.erase("hosts", "h001.example", because="they asked", by=SYSTEM, now=LATER)
        following.read(Followed.objects.get(), reach, now=NOW)
        assert not FollowedChange.objects.filter(key="h001.example").exists()
        assert entries_of("theirs") == {"h003.example", "h999.example"}
        Followed.objects.update(address=f"{address}x", page="", next_at=NOW)
        assert following.read_due(reach, now=NOW) == 0
    finally:
        reach.close()
    assert Followed.objects.get().last_error.startswith("404")

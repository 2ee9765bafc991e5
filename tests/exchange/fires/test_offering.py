"""A list that is offered: each version adds changes, retractions are first-class, nothing is taken away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.exchange.fires.conftest import NOW, PutList

from hakam.compliance import ledger, lists
from hakam.compliance.models import Fact
from hakam.exchange.fires import offering
from hakam.exchange.fires.shapes import BEGINNING, EntityKind, FiresError, Policy
from hakam.exchange.models import Dataset
from hakam.policy.lists import ListKind
from hakam.vocabulary.actor import SYSTEM

LATER = NOW + timedelta(minutes=1)


def offered(name: str = "hosts", **more: Any) -> Dataset:
    given: dict[str, Any] = {"title": "Hosts of scams", "kind": EntityKind.DOMAIN, "policy": Policy.REJECT}
    return offering.offer(name, **(given | more), by=SYSTEM, now=NOW)


def said(dataset: Dataset) -> list[tuple[str, str]]:
    return list(dataset.changes.order_by("pk").values_list("type", "key"))


def test_what_stands_is_recommended_at_once(put_list: PutList) -> None:
    put_list("hosts", ["b.example", "a.example"])
    assert said(offered()) == [("Recommendation", "a.example"), ("Recommendation", "b.example")]
    assert offering.tell_due(LATER) == 0


def test_a_new_version_adds_retractions_and_recommendations(put_list: PutList) -> None:
    put_list("hosts", ["a.example", "b.example"])
    dataset = offered()
    before = said(dataset)
    put_list("hosts", ["b.example", "c.example"], now=LATER)
    assert offering.tell_due(LATER) == 1
    assert said(dataset) == [*before, ("Retraction", "a.example"), ("Recommendation", "c.example")]
    put_list("hosts", ["a.example"], now=LATER)
    offering.tell_due(LATER)
    newest = {key: one.type for key, one in offering.latest(dataset).items()}
    assert newest == {"a.example": "Recommendation", "b.example": "Retraction", "c.example": "Retraction"}
    body = ledger.body_of(Fact.objects.filter(kind="dataset.told").last())  # type: ignore[arg-type]
    assert body == {"came": 1, "left": 2}


def test_a_list_that_is_gone_retracts_everything(put_list: PutList) -> None:
    put_list("hosts", ["a.example"])
    dataset = offered()
    lists.remove("hosts", by=SYSTEM, now=LATER, note="over")
    assert offering.tell_due(LATER) == 1
    assert said(dataset)[-1] == ("Retraction", "a.example")
    assert offering.tell_due(LATER) == 0


def test_what_is_withdrawn_is_retracted_and_its_history_stays(put_list: PutList) -> None:
    put_list("hosts", ["a.example"])
    dataset = offered()
    offering.withdraw("hosts", because="we were wrong", by=SYSTEM, now=LATER)
    assert said(dataset) == [("Recommendation", "a.example"), ("Retraction", "a.example")]
    put_list("hosts", ["b.example"], now=LATER)
    assert offering.tell_due(LATER) == 0
    assert offering.offered() == [Dataset.objects.get()]
    with pytest.raises(FiresError):
        offering.withdraw("hosts", because="again", by=SYSTEM, now=LATER)
    with pytest.raises(FiresError, match="already"):
        offered()


def test_pages_of_changes_begin_anywhere(put_list: PutList) -> None:
    put_list("hosts", [f"h{n}.example" for n in range(5)])
    dataset = offered()
    seen, since, more = [], BEGINNING, True
    while more:
        page = offering.changes_after(dataset, since, limit=2)
        assert page is not None
        rows, more = page
        seen += [row.key for row in rows]
        since = rows[-1].number
    assert seen == [f"h{n}.example" for n in range(5)]
    assert offering.changes_after(dataset, since) == ([], False)
    assert offering.changes_after(dataset, "0192") is None


def test_accounts_are_offered_from_a_list_of_values(put_list: PutList) -> None:
    put_list(
        "people", ["eve@bad.example", "no account", "https://bad.example/users/eve"], kind=ListKind.VALUES
    )
    dataset = offered("people", kind=EntityKind.ACTOR)
    assert {key for _type, key in said(dataset)} == {"eve@bad.example", "https://bad.example/users/eve"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": " "},
        {"harm": "mischief"},
        {"kind": EntityKind.ACTOR},
        {"policy": Policy.FILTER},
        {"filters": ["https://f.example/a"]},
        {"policy": Policy.FILTER, "filters": ["no address"]},
    ],
)
def test_what_makes_no_sense_is_refused(put_list: PutList, wrong: dict[str, Any]) -> None:
    put_list("hosts", ["a.example"])
    with pytest.raises(FiresError):
        offered(**wrong)
    assert not Dataset.objects.exists()
    assert not Fact.objects.filter(kind="dataset.offered").exists()


def test_a_list_that_is_not_there_can_t_be_offered(put_list: PutList) -> None:
    with pytest.raises(FiresError, match="no list"):
        offered("nothing")


def test_an_entry_is_erased_from_the_whole_history(put_list: PutList) -> None:
    put_list("hosts", ["a.example", "b.example"])
    dataset = offered()
    first = dataset.changes.order_by("pk")[0].number
    with pytest.raises(FiresError, match="take it out"):
        offering.erase("hosts", "a.example", because="they asked", by=SYSTEM, now=LATER)
    put_list("hosts", ["b.example"], now=LATER)
    offering.tell_due(LATER)
    assert offering.erase("hosts", "a.example", because="they asked", by=SYSTEM, now=LATER) == 2
    assert said(dataset) == [
        ("Tombstone", ""), ("Recommendation", "b.example"), ("Tombstone", ""), ("Tombstone", ""), ("Tombstone", ""),
    ]  # fmt: skip
    assert list(offering.latest(dataset)) == ["b.example"]
    rows, _more = offering.changes_after(dataset, first) or ([], True)
    assert [row.key for row in rows] == ["b.example", "", "", ""]  # who stands there goes on as before
    assert [row.of for row in rows][2] == first
    assert not any("a.example" in fact.body for fact in Fact.objects.filter(kind__startswith="dataset."))
    with pytest.raises(FiresError, match="nothing was ever said"):
        offering.erase("hosts", "a.example", because="again", by=SYSTEM, now=LATER)
    put_list("hosts", ["a.example", "b.example"], now=LATER)
    offering.tell_due(LATER)
    assert said(dataset)[-1] == ("Recommendation", "a.example")


@pytest.mark.parametrize(
    ("name", "key", "because"), [("no", "a.example", "x"), ("hosts", "", "x"), ("hosts", "b", " ")]
)
def test_what_can_t_be_erased(put_list: PutList, name: str, key: str, because: str) -> None:
    put_list("hosts", ["a.example"])
    offered()
    with pytest.raises(FiresError):
        offering.erase(name, key, because=because, by=SYSTEM, now=LATER)


def test_a_dataset_has_a_bound(put_list: PutList, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offering, "MOST_ENTRIES", 2)
    put_list("hosts", ["a.example", "b.example", "c.example"])
    with pytest.raises(FiresError, match="at most"):
        offered()
    assert not Dataset.objects.exists()

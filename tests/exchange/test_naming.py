"""An erasure reaches what was given to others: partners are told to erase it, datasets say so, sources are named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from django.conf import settings
from django.test import override_settings
from tests.exchange.conftest import NOW, page, put
from tests.exchange.test_giving import held, tell

from hakam.banks.models import Bank
from hakam.compliance import lists
from hakam.compliance.lists import ListGround
from hakam.exchange.fires import following, offering
from hakam.exchange.fires.shapes import EntityKind, Policy
from hakam.exchange.messages import Changes
from hakam.exchange.models import Dataset, Followed, FollowedChange, Mirror, Partner
from hakam.exchange.taking import take
from hakam.policy.lists import ListKind
from hakam.privacy import named
from hakam.signals.bulletins import account_digest
from hakam.storage.embedded.list_files import keep
from hakam.testing.peers import Peer
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind

pytestmark = pytest.mark.django_db
EVE = "eve@bad.example"
ZOE = "zoe@bad.example"


@pytest.fixture(autouse=True)
def lists_folder(tmp_path: Path) -> Iterator[None]:
    """Keep the files of lists apart: what one test erases from a file would be missing in the next."""
    with override_settings(HAKAM_LISTS=tmp_path / "lists"):
        yield


def put_list(*entries: str, name: str = "banned", ground: ListGround | None = None) -> None:
    made = keep(settings.HAKAM_LISTS, ListKind.VALUES, entries)
    lists.publish(
        name, ListKind.VALUES, made.digest, made.entries, by=SYSTEM, now=NOW, note="n", ground=ground
    )


def offer(name: str = "banned") -> Dataset:
    return offering.offer(
        name, title="Banned", kind=EntityKind.ACTOR, policy=Policy.REJECT, by=SYSTEM, now=NOW
    )


def erase(account: str = EVE) -> int:
    return named.erase(named.names_of(account), by=SYSTEM, now=NOW, reason="data_request:1")


def test_partners_hear_that_a_bulletin_is_withdrawn(partner: Partner, peer: Peer, shared: Bank) -> None:
    put(EVE, ZOE, kind=EntryKind.ACCOUNT)
    tell(partner, peer)
    assert held(peer, shared) == {account_digest(EVE), account_digest(ZOE)}
    (place,) = named.look(named.names_of(EVE))
    assert (place.where, place.told, place.source) == ("bank:ours", ("Maidan",), "")
    assert erase() == 1
    tell(partner, peer)
    assert held(peer, shared) == {account_digest(ZOE)}
    assert erase() == 0


def test_a_partner_who_was_told_nothing_is_not_named(partner: Partner, shared: Bank) -> None:
    put(EVE, kind=EntryKind.ACCOUNT)
    assert [place.told for place in named.look([EVE])] == [()]


def test_what_a_partner_gave_us_goes_and_the_partner_is_named(partner: Partner) -> None:
    take(partner, msgspec.convert(page(), Changes), now=NOW)
    bank = Mirror.objects.get().bank
    put(EVE, bank=bank.name, kind=EntryKind.ACCOUNT)
    (place,) = named.look([EVE])
    assert (place.where, place.source) == (f"bank:{bank.name}", "Maidan")
    assert erase() == 1
    assert not bank.entries.exists()


def test_a_dataset_retracts_and_leaves_tombstones(book: object) -> None:
    put_list(EVE, ZOE)
    dataset = offer()
    assert lists.in_force()[0].ground == "interest"  # what is offered as accounts names people
    assert {(one.where, one.number, one.why) for one in named.look(named.names_of(EVE))} == {
        ("list:banned", 2, ""),
        ("dataset:banned", 1, ""),
    }
    assert erase() > 0
    assert named.look(named.names_of(EVE)) == []
    assert set(dataset.changes.exclude(key="").values_list("type", "key")) == {("Recommendation", ZOE)}
    assert (
        dataset.changes.filter(type="Tombstone").count() == 4
    )  # both words, each where it stood and once more
    assert offering.tell_due(NOW) == 0
    assert EVE not in lists.opened()["banned"]


def test_a_dataset_stays_as_its_list_does(book: object) -> None:
    put_list(EVE, ground=ListGround.OBLIGATION)
    dataset = offer()
    assert {one.why for one in named.look([EVE])} == {"obligation"}
    assert erase() == 0
    assert list(dataset.changes.values_list("type", "key")) == [("Recommendation", EVE)]


def test_a_dataset_that_was_withdrawn_is_erased_from_whatever_its_list_says(book: object) -> None:
    put_list(EVE, ground=ListGround.OBLIGATION)
    dataset = offer()
    offering.withdraw("banned", because="over", by=SYSTEM, now=NOW)
    assert erase() > 0
    assert not dataset.changes.exclude(key="").exists()
    assert EVE in lists.opened()["banned"]


def test_what_another_server_recommended_goes_and_the_server_is_named(book: object) -> None:
    one = following.follow(
        "theirs", "https://fires.example/datasets/1", kind=EntityKind.ACTOR, by=SYSTEM, now=NOW
    )
    for number, key in enumerate((EVE, ZOE)):
        FollowedChange.objects.create(
            followed=one, number=str(number), type="Recommendation", key=key, policy="reject"
        )
    following.forget([], by=SYSTEM, now=NOW)
    put_list(EVE, ZOE, name="theirs", ground=ListGround.INTEREST)
    (place,) = named.look([EVE])
    assert (place.where, place.source) == ("list:theirs", "fires.example")
    assert erase() > 0
    assert following.recommended(Followed.objects.get()) == {ZOE}
    assert set(lists.opened()["theirs"].entries()) == {ZOE}
    assert lists.naming([EVE]) == []

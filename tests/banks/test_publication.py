"""Shelves follow the table: what came in is found, what went is not, and only banks in force are published."""

from __future__ import annotations

import random
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from tests.banks.conftest import NOW, Make

from hakam.banks import publication
from hakam.banks.filling import fill
from hakam.banks.keeping import change_bank, delete_bank
from hakam.banks.kinds import BankAction
from hakam.banks.models import Bank
from hakam.banks.rows import Row
from hakam.banks.withdraw import withdraw
from hakam.storage.bank_shelf import Shelf
from hakam.storage.known_content import KnownContent, bank_folder
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind

pytestmark = pytest.mark.django_db


def md5(number: int) -> Row:
    return Row(EntryKind.MD5, f"{number:032x}")


def shelf(home: Path, bank: Bank) -> Shelf:
    return Shelf(bank_folder(home, bank.pk))


def test_what_is_published_says_what_the_door_needs(make: Make, shelves: Path) -> None:
    end = NOW + timedelta(days=1)
    made = make("a", action=BankAction.REVIEW, distance=12, expires_at=end)
    make("b")
    first, second = publication.bring_up(shelves, now=NOW)
    assert (first.number, first.name, first.distance, first.clause) == (made.pk, "a", 12, "spam")
    assert first.expires_at == end.timestamp()
    assert (second.name, second.clause, second.expires_at) == ("b", "", None)


def test_banks_that_are_off_or_over_are_not_published(make: Make, shelves: Path) -> None:
    make("off")
    make("over", expires_at=NOW + timedelta(hours=1))
    change_bank("off", enabled=False, by=SYSTEM, now=NOW)
    assert [bank.name for bank in publication.bring_up(shelves, now=NOW)] == ["over"]
    assert publication.bring_up(shelves, now=NOW + timedelta(hours=2)) == ()


def test_a_shelf_follows_step_by_step(bank: Bank, shelves: Path) -> None:
    chance = random.Random(4)  # noqa: S311 -- the same each time
    held: set[int] = set()
    for _ in range(12):
        fresh = set(chance.sample(range(1, 400), 40)) - held
        fill(bank.name, [md5(n) for n in fresh], by=SYSTEM, now=NOW)
        held |= fresh
        gone = set(chance.sample(sorted(held), 10))
        withdraw(
            bank.name, hashes=[(EntryKind.MD5, f"{n:032x}") for n in gone], reason="r", by=SYSTEM, now=NOW
        )
        held -= gone
        if chance.random() < 0.7:  # sometimes several changes at once
            publication.bring_up(shelves, now=NOW)
    publication.bring_up(shelves, now=NOW)
    there = shelf(shelves, bank)
    assert len(there) == len(held)
    for number in range(1, 400):
        found = there.look(EntryKind.MD5, f"{number:032x}", 0)
        assert (found is not None) == (number in held), number
        if found is not None:
            assert bank.entries.get(pk=found.entry).digest == f"{number:032x}"


def test_nothing_to_do_writes_nothing(bank: Bank, shelves: Path) -> None:
    fill(bank.name, [md5(1)], by=SYSTEM, now=NOW)
    publication.bring_up(shelves, now=NOW)
    stamp = (bank_folder(shelves, bank.pk) / "shelf.json").stat().st_mtime_ns
    publication.bring_up(shelves, now=NOW)
    assert (bank_folder(shelves, bank.pk) / "shelf.json").stat().st_mtime_ns == stamp


def test_a_lost_or_damaged_shelf_is_made_again(bank: Bank, shelves: Path) -> None:
    fill(
        bank.name,
        [md5(1), Row(EntryKind.PDQ, "ab" * 32), Row(EntryKind.TEXT, "0123456789abcdef")],
        by=SYSTEM,
        now=NOW,
    )
    publication.bring_up(shelves, now=NOW)
    shutil.rmtree(bank_folder(shelves, bank.pk))
    publication.bring_up(shelves, now=NOW)
    assert len(shelf(shelves, bank)) == 3
    (bank_folder(shelves, bank.pk) / "shelf.json").write_bytes(b"{")
    assert publication.in_force(shelves, now=NOW) == ()
    publication.bring_up(shelves, now=NOW)
    assert len(shelf(shelves, bank)) == 3


def test_a_database_that_was_put_back_puts_the_shelf_back(bank: Bank, shelves: Path) -> None:
    fill(bank.name, [md5(1)], by=SYSTEM, now=NOW)
    publication.bring_up(shelves, now=NOW)
    Bank.objects.filter(pk=bank.pk).update(revision=0)
    bank.entries.all().delete()
    publication.bring_up(shelves, now=NOW)
    assert len(shelf(shelves, bank)) == 0


def test_the_shelf_of_a_deleted_bank_goes(bank: Bank, shelves: Path) -> None:
    fill(bank.name, [md5(1)], by=SYSTEM, now=NOW)
    publication.bring_up(shelves, now=NOW)
    delete_bank(bank.name, reason="r", by=SYSTEM, now=NOW)
    assert publication.bring_up(shelves, now=NOW) == ()
    assert not bank_folder(shelves, bank.pk).exists()


def test_a_bank_whose_shelf_can_t_be_written_is_left_out_and_the_others_go_on(
    make: Make, shelves: Path
) -> None:
    bad, good = make("bad"), make("good")
    for name in ("bad", "good"):
        fill(name, [md5(1)], by=SYSTEM, now=NOW)
    folder = bank_folder(shelves, bad.pk)
    folder.parent.mkdir(parents=True)
    folder.write_text("a file stands where the shelf should")
    published = publication.bring_up(shelves, now=NOW)
    assert [bank.name for bank in published] == ["good"]
    known = KnownContent(shelves, published)
    assert list(known.banks) == ["good"]
    assert known.banks["good"].bank.number == good.pk


def test_the_state_tells_every_change(bank: Bank) -> None:
    states = {publication.state()}
    fill(bank.name, [md5(1)], by=SYSTEM, now=NOW)
    states.add(publication.state())
    change_bank(bank.name, enabled=False, by=SYSTEM, now=NOW)
    states.add(publication.state())
    change_bank(bank.name, distance=3, by=SYSTEM, now=NOW)
    states.add(publication.state())
    delete_bank(bank.name, reason="r", by=SYSTEM, now=NOW)
    states.add(publication.state())
    assert len(states) == 5


def test_a_damaged_manifest_is_told_once_and_healed(
    bank: Bank, shelves: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(bank.name, [md5(1)], by=SYSTEM, now=NOW)
    publication.bring_up(shelves, now=NOW)
    manifest = bank_folder(shelves, bank.pk) / "shelf.json"
    manifest.write_bytes(b"{")
    assert publication.erase(shelves) == 0  # what the worker does every half minute: no noise of it
    assert publication.in_force(shelves, now=NOW) == ()
    assert caplog.messages == []
    (again,) = publication.bring_up(shelves, now=NOW)
    assert caplog.messages == [
        f"the shelf of the bank {bank.name} was damaged; it is written anew from its entries"
    ]
    known = KnownContent(shelves, (again,))
    assert known.find([(EntryKind.MD5, md5(1).digest, None)], NOW.timestamp()).matches
    publication.bring_up(shelves, now=NOW)
    assert len(caplog.messages) == 1

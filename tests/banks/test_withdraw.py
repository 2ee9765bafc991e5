"""What is withdrawn is gone: from the table, from matches, from the files. Only a number and a reason stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.banks.conftest import NOW

from hakam.banks import publication
from hakam.banks.filling import fill
from hakam.banks.judging import judge_entry
from hakam.banks.keeping import change_bank
from hakam.banks.kinds import BankError
from hakam.banks.models import Bank, BankEntry, BankFeedback
from hakam.banks.rows import Row
from hakam.banks.sharing import shared_banks
from hakam.banks.withdraw import retire_bank, withdraw
from hakam.compliance import ledger
from hakam.compliance.models import Fact
from hakam.storage.bank_shelf import Shelf
from hakam.storage.known_content import bank_folder
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind

pytestmark = pytest.mark.django_db
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
MD5 = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def filled(bank: Bank) -> Bank:
    rows = [
        Row(EntryKind.PDQ, PDQ, "case-1"),
        Row(EntryKind.MD5, MD5, "case-1"),
        Row(EntryKind.MD5, "1" + MD5[1:], "case-2"),
        Row(EntryKind.TEXT, "0123456789abcdef", "case-3"),
    ]
    fill(bank.name, rows, by=SYSTEM, now=NOW)
    bank.refresh_from_db()
    return bank


def test_a_thing_goes_with_all_its_hashes(filled: Bank) -> None:
    assert withdraw(filled.name, items=["case-1"], reason="her wish", by=SYSTEM, now=NOW) == 2
    assert sorted(filled.entries.values_list("item", flat=True)) == ["case-2", "case-3"]
    assert ledger.body_of(ledger.story("bank:known-spam")[-1]) == {
        "entries": 2,
        "everything": False,
        "reason": "her wish",
    }


def test_by_number_and_by_hash(filled: Bank) -> None:
    number = filled.entries.get(kind="text").pk
    hashes = [(EntryKind.MD5, MD5.upper()), (EntryKind.SHA256, PDQ)]
    assert withdraw(filled.name, entries=[number], hashes=hashes, reason="wrong", by=SYSTEM, now=NOW) == 2
    assert set(filled.entries.values_list("kind", flat=True)) == {"pdq", "md5"}


def test_twice_is_once(filled: Bank) -> None:
    assert withdraw(filled.name, items=["case-1"], reason="her wish", by=SYSTEM, now=NOW) == 2
    count = Fact.objects.count()
    assert withdraw(filled.name, items=["case-1"], reason="her wish", by=SYSTEM, now=NOW) == 0
    assert Fact.objects.count() == count
    filled.refresh_from_db()
    assert filled.revision == 2


def test_an_empty_id_names_nothing(filled: Bank) -> None:
    fill(filled.name, [Row(EntryKind.MD5, "2" + MD5[1:])], by=SYSTEM, now=NOW)
    assert withdraw(filled.name, items=[""], reason="?", by=SYSTEM, now=NOW) == 0


def test_no_entry_of_another_bank_goes(filled: Bank, make: object) -> None:
    other = make("other")  # type: ignore[operator]
    assert (
        withdraw(
            other.name,
            entries=list(filled.entries.values_list("pk", flat=True)),
            reason="r",
            by=SYSTEM,
            now=NOW,
        )
        == 0
    )
    assert filled.entries.count() == 4


def test_it_needs_a_reason_and_a_bank(filled: Bank) -> None:
    with pytest.raises(BankError, match="why"):
        withdraw(filled.name, everything=True, reason="", by=SYSTEM, now=NOW)
    with pytest.raises(BankError, match="no bank"):
        withdraw("nothing", everything=True, reason="r", by=SYSTEM, now=NOW)
    assert filled.entries.count() == 4


def test_what_people_said_of_it_goes_with_it(filled: Bank) -> None:
    judge_entry(filled.name, filled.entries.get(kind="pdq").pk, correct=True, by=SYSTEM, now=NOW)
    withdraw(filled.name, everything=True, reason="the agreement ended", by=SYSTEM, now=NOW)
    assert not BankEntry.objects.exists()
    assert not BankFeedback.objects.exists()


def files_with(folder: Path, digest: str) -> list[str]:
    """Return the files of a home in which the bits of a picture's hash, or its digits, stand."""
    needles = (bytes.fromhex(digest), digest.encode())
    return [str(p) for p in folder.rglob("*") if p.is_file() and any(n in p.read_bytes() for n in needles)]


@pytest.mark.parametrize("everything", [False, True])
def test_no_hash_stays_behind(filled: Bank, shelves: Path, everything: bool) -> None:
    publication.bring_up(shelves, now=NOW)
    assert files_with(shelves, PDQ)
    items = [] if everything else ["case-1"]
    withdraw(filled.name, items=items, everything=everything, reason="her wish", by=SYSTEM, now=NOW)
    publication.bring_up(shelves, now=NOW)
    shelf = Shelf(bank_folder(shelves, filled.pk))
    assert shelf.look(EntryKind.PDQ, PDQ, 31) is None
    assert shelf.look(EntryKind.MD5, MD5, 0) is None
    publication.erase(shelves)
    assert files_with(shelves, PDQ) == []
    assert not any(PDQ in fact.body + (fact.private or "") for fact in Fact.objects.all())
    assert publication.erase(shelves) == 0  # nothing is left to do


def test_a_bank_that_is_retired_is_empty_and_matches_nothing_more(filled: Bank, shelves: Path) -> None:
    assert retire_bank(filled.name, reason="the incident is over", by=SYSTEM, now=NOW) == 4
    filled.refresh_from_db()
    assert not filled.entries.exists()
    assert not filled.in_force(NOW)
    assert publication.bring_up(shelves, now=NOW) == ()
    fill(filled.name, [Row(EntryKind.MD5, MD5, "late")], by=SYSTEM, now=NOW)
    assert publication.bring_up(shelves, now=NOW) == ()  # whoever still fills it does no harm


def test_retiring_twice_is_retiring_once(filled: Bank) -> None:
    retire_bank(filled.name, reason="over", by=SYSTEM, now=NOW)
    before = Fact.objects.count()
    assert retire_bank(filled.name, reason="over", by=SYSTEM, now=NOW) == 0
    assert Fact.objects.count() == before


def test_partners_hear_what_a_retired_bank_withdrew(filled: Bank) -> None:
    change_bank(filled.name, shared=True, by=SYSTEM, now=NOW)
    retire_bank(filled.name, reason="over", by=SYSTEM, now=NOW)
    assert filled.retractions.count() == 4
    assert [bank.name for bank in shared_banks()] == [filled.name]

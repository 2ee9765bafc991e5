"""People say whether matches are right; the last word of each counts; bad entries show."""

from __future__ import annotations

import pytest
from tests.banks.conftest import NOW

from hakam.banks import access
from hakam.banks.filling import fill
from hakam.banks.judging import judge_entry
from hakam.banks.kinds import BankError
from hakam.banks.models import Bank, BankEntry
from hakam.banks.rows import Row
from hakam.compliance import ledger
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind
from hakam.vocabulary.bank import EntryKind

pytestmark = pytest.mark.django_db
AMAL, BASIL = (Actor(ActorKind.STAFF, n) for n in ("1", "2"))


@pytest.fixture
def entry(bank: Bank) -> BankEntry:
    fill(bank.name, [Row(EntryKind.MD5, f"{n:032x}") for n in (1, 2, 3)], by=SYSTEM, now=NOW)
    return bank.entries.order_by("pk")[1]


def test_each_person_has_one_word(bank: Bank, entry: BankEntry) -> None:
    judge_entry(bank.name, entry.pk, correct=True, by=AMAL, now=NOW)
    judge_entry(bank.name, entry.pk, correct=False, note="a beach", by=BASIL, now=NOW)
    judge_entry(bank.name, entry.pk, correct=False, by=AMAL, now=NOW)
    told = access.entry(bank, entry.pk)
    assert told is not None
    assert (told.right, told.wrong) == (0, 2)
    assert [fact.kind for fact in ledger.story("bank:known-spam")][-3:] == ["bank.judged"] * 3
    private = [ledger.private_of(fact) for fact in ledger.story("bank:known-spam")[-3:]]
    assert private == [None, {"note": "a beach"}, None]


def test_doubted_entries_can_be_listed(bank: Bank, entry: BankEntry) -> None:
    judge_entry(bank.name, entry.pk, correct=False, by=AMAL, now=NOW)
    judge_entry(bank.name, entry.pk + 1, correct=True, by=AMAL, now=NOW)
    assert [told.entry.pk for told in access.entries(bank, doubted=True)] == [entry.pk]
    (told,) = access.told()
    assert (told.entries, told.right, told.wrong) == (3, 1, 1)


def test_entries_are_listed_page_by_page(bank: Bank, entry: BankEntry) -> None:
    numbers = [told.entry.pk for told in access.entries(bank)]
    assert numbers == sorted(numbers, reverse=True)
    assert [told.entry.pk for told in access.entries(bank, limit=1)] == numbers[:1]
    assert [told.entry.pk for told in access.entries(bank, before=numbers[0])] == numbers[1:]
    assert access.entries(bank, kind="pdq") == []


def test_what_can_t_be_judged_is_refused(bank: Bank, entry: BankEntry) -> None:
    with pytest.raises(BankError, match="no entry"):
        judge_entry(bank.name, 987_654, correct=True, by=AMAL, now=NOW)
    with pytest.raises(BankError, match="500"):
        judge_entry(bank.name, entry.pk, correct=True, note="x" * 501, by=AMAL, now=NOW)


def test_who_may_not_read_banks_sees_none(bank: Bank) -> None:
    viewer, auditor = scene.person("vera", Role.VIEWER), scene.person("aud", Role.AUDITOR)
    assert access.banks(viewer) == []
    assert access.bank(viewer, bank.name) is None
    assert [told.bank for told in access.banks(auditor)] == [bank]
    told = access.bank(auditor, bank.name)
    assert told is not None
    assert told.bank == bank
    assert access.bank(auditor, "nothing") is None

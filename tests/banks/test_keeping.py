"""A bank says whose it is, what for and until when; each change is a fact; an end leaves nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.banks.conftest import NOW, Make

from hakam.banks import access
from hakam.banks.filling import fill
from hakam.banks.keeping import change_bank, delete_bank
from hakam.banks.kinds import BankAction, BankError, BankSource
from hakam.banks.models import Bank, BankEntry
from hakam.banks.rows import Row
from hakam.compliance import ledger
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind

pytestmark = pytest.mark.django_db


def facts(name: str = "known-spam") -> list[str]:
    return [fact.kind for fact in ledger.story(f"bank:{name}")]


def test_a_bank_begins_empty_and_in_force(make: Make) -> None:
    made = make(source=BankSource.STOPNCII, country="DE", action=BankAction.REVIEW, distance=20)
    assert made.in_force(NOW)
    assert access.find("known-spam") == made
    (told,) = access.told()
    assert (told.entries, told.right, told.wrong) == (0, 0, 0)
    (fact,) = ledger.story("bank:known-spam")
    body = ledger.body_of(fact)
    assert (body["source"], body["country"], body["action"], body["distance"]) == (
        "stopncii",
        "DE",
        "review",
        20,
    )


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"name": "Known Spam"}, "lower-case"),
        ({"name": "x" * 64}, "63"),
        ({"name": ""}, "name"),
        ({"purpose": "  "}, "kept for"),
        ({"purpose": "x" * 2_001}, "2000"),
        ({"country": "de"}, "capital"),
        ({"clause": "nonsense"}, "child-abuse"),
        ({"clause": ""}, "clause"),
        ({"distance": 32}, "31"),
        ({"distance": -1}, "0"),
        ({"expires_at": NOW}, "expired"),
    ],
)
def test_what_a_bank_can_t_be_is_refused_and_nothing_is_kept(
    make: Make, changes: dict[str, Any], word: str
) -> None:
    with pytest.raises(BankError, match=word):
        make(**changes)
    assert not Bank.objects.exists()
    assert facts() == []


def test_two_banks_never_have_one_name(make: Make) -> None:
    make()
    with pytest.raises(BankError, match="already"):
        make(purpose="another")
    assert facts() == ["bank.created"]


def test_an_expiry_ends_a_bank_by_itself(make: Make) -> None:
    made = make(expires_at=NOW + timedelta(days=1))
    assert made.in_force(NOW + timedelta(hours=23))
    assert not made.in_force(NOW + timedelta(days=1))
    assert access.in_force(NOW) == [made]
    assert access.in_force(NOW + timedelta(days=2)) == []


def test_switching_off_and_on_is_two_facts_and_twice_is_once(bank: Bank) -> None:
    for enabled in (False, False, True):
        change_bank(bank.name, enabled=enabled, by=SYSTEM, now=NOW)
    bank.refresh_from_db()
    assert bank.enabled
    assert facts() == ["bank.created", "bank.changed", "bank.changed"]


def test_a_change_says_what_changed_and_leaves_the_rest(bank: Bank) -> None:
    later = NOW + timedelta(days=30)
    change_bank(bank.name, action=BankAction.REVIEW, distance=10, expires_at=later, by=SYSTEM, now=NOW)
    bank.refresh_from_db()
    assert (bank.action, bank.distance, bank.expires_at, bank.clause) == ("review", 10, later, "spam")
    body = ledger.body_of(ledger.story("bank:known-spam")[-1])
    assert set(body) == {"action", "distance", "expires_at"}


@pytest.mark.parametrize("change", [{"clause": "nonsense"}, {"distance": 99}, {"expires_at": NOW}])
def test_a_change_that_can_t_be_changes_nothing(bank: Bank, change: dict[str, Any]) -> None:
    with pytest.raises(BankError):
        change_bank(bank.name, **change, by=SYSTEM, now=NOW)
    assert facts() == ["bank.created"]


def test_a_bank_that_is_not_there_can_t_be_changed(book: None) -> None:
    with pytest.raises(BankError, match="no bank 'nothing'"):
        change_bank("nothing", enabled=False, by=SYSTEM, now=NOW)


def test_deleting_takes_every_hash_with_it(bank: Bank) -> None:
    fill(bank.name, [Row(EntryKind.MD5, "1" * 31 + "2")], by=SYSTEM, now=NOW)
    with pytest.raises(BankError, match="why"):
        delete_bank(bank.name, reason=" ", by=SYSTEM, now=NOW)
    assert delete_bank(bank.name, reason="the partner left", by=SYSTEM, now=NOW) == 1
    assert not Bank.objects.exists()
    assert not BankEntry.objects.exists()
    assert ledger.body_of(ledger.story("bank:known-spam")[-1]) == {"entries": 1, "reason": "the partner left"}

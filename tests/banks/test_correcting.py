"""What entries are called can be corrected: the hashes stay, and what they hold stays held."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.banks.conftest import NOW, Make

from hakam.banks import publication, sharing
from hakam.banks.correcting import correct
from hakam.banks.filling import fill
from hakam.banks.kinds import BankError
from hakam.banks.looking import look_up
from hakam.banks.models import Bank, BankEntry
from hakam.banks.rows import row
from hakam.banks.sharing import Place
from hakam.compliance import ledger
from hakam.compliance.models import Fact
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind

MD5 = [f"{n:031x}a" for n in range(1, 10)]


@pytest.fixture
def bank(make: Make) -> Bank:
    made = make()
    fill(
        made.name,
        [row(n, "md5", one, item="a", label="spam") for n, one in enumerate(MD5[:3])],
        by=SYSTEM,
        now=NOW,
    )
    return made


def corrected(**more: Any) -> int:
    given: dict[str, Any] = {"reason": "it was another", "hashes": [(EntryKind.MD5, MD5[0])]}
    return correct("known-spam", **(given | more), by=SYSTEM, now=NOW)


def words() -> list[tuple[str, str]]:
    return list(BankEntry.objects.order_by("pk").values_list("label", "item"))


def test_a_label_and_the_thing_of_an_entry(bank: Bank) -> None:
    before = list(BankEntry.objects.order_by("pk").values_list("pk", "digest"))
    assert corrected(label="scam") == 1
    assert corrected(item="b") == 1
    assert words() == [("scam", "b"), ("spam", "a"), ("spam", "a")]
    assert list(BankEntry.objects.order_by("pk").values_list("pk", "digest")) == before
    fact = Fact.objects.filter(kind="bank.corrected").order_by("seq")[0]
    assert ledger.body_of(fact) == {"entries": 1, "reason": "it was another"}
    assert MD5[0] not in fact.body


def test_all_hashes_of_a_thing(bank: Bank) -> None:
    assert corrected(hashes=[], items=["a"], label="scam") == 3
    assert corrected(hashes=[], entries=[BankEntry.objects.first().pk], label="") == 1  # type: ignore[union-attr]
    assert words() == [("", "a"), ("scam", "a"), ("scam", "a")]


def test_what_says_so_already_changes_nothing(bank: Bank) -> None:
    revision = Bank.objects.get().revision
    assert corrected(label="spam") == 0
    assert corrected(label="x", hashes=[(EntryKind.MD5, MD5[8])]) == 0
    assert Bank.objects.get().revision == revision
    assert not Fact.objects.filter(kind="bank.corrected").exists()


@pytest.mark.parametrize(
    "wrong", [{"label": "x", "reason": " "}, {}, {"label": "x" * 201}, {"item": "a\nb"}, {"label": "\x00"}]
)
def test_what_makes_no_sense_is_refused(bank: Bank, wrong: dict[str, Any]) -> None:
    with pytest.raises(BankError):
        corrected(**wrong)
    assert words() == [("spam", "a")] * 3


def test_the_door_knows_the_hash_as_before(bank: Bank, tmp_path: Path) -> None:
    found = []
    for _ in range(2):
        publication.bring_up(tmp_path, now=NOW)
        seen, troubles = look_up(tmp_path, MD5[0], now=NOW)
        assert troubles == []
        found.append([(one.bank, one.entry) for one in seen.matches])
        corrected(label="scam")
    assert found[0] == found[1] != []


def test_who_reads_the_bank_is_told_once_more(bank: Bank) -> None:
    first = sharing.changes(Bank.objects.get(), Place(0), 10)
    assert [(one.label, one.corrected) for one in first] == [("spam", False)] * 3
    corrected(label="scam")
    (again,) = sharing.changes(Bank.objects.get(), first[-1].place, 10)
    assert (again.digest, again.label, again.corrected, again.gone) == (MD5[0], "scam", True, False)
    assert sharing.changes(Bank.objects.get(), again.place, 10) == []
    whole = sharing.changes(Bank.objects.get(), Place(0), 10)
    assert [(one.digest, one.corrected) for one in whole] == [
        (MD5[1], False),
        (MD5[2], False),
        (MD5[0], False),
    ]
    half = sharing.changes(Bank.objects.get(), first[0].place, 10)
    assert [(one.digest, one.corrected) for one in half] == [(MD5[1], False), (MD5[2], False), (MD5[0], True)]

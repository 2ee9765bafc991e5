"""A list comes in whole or not at all; bad rows are told and cost nobody else; what the source takes back goes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.banks.conftest import NOW, Make

from hakam.banks import access, filling
from hakam.banks.filling import fill
from hakam.banks.formats.form import FormatError
from hakam.banks.kinds import BankError
from hakam.banks.models import Bank, BankEntry, BankRemoval
from hakam.banks.rows import BadRow, Gone, Read, Row, row
from hakam.compliance import ledger
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind

pytestmark = pytest.mark.django_db
MD5, PDQ = EntryKind.MD5, EntryKind.PDQ


def md5(number: int) -> str:
    return f"{number:032x}"


def held(bank: Bank) -> list[str]:
    return sorted(bank.entries.values_list("digest", flat=True))


def test_good_rows_come_in_and_bad_ones_are_told(bank: Bank) -> None:
    rows: list[Read] = [Row(MD5, md5(1), "a", "A1"), BadRow(2, "no hash"), Row(PDQ, "ab" * 32)]
    filled = fill(bank.name, rows, origin="list.csv", by=SYSTEM, now=NOW)
    assert (filled.added, filled.known, filled.removed, filled.refused) == (2, 0, 0, 1)
    assert filled.bad == (BadRow(2, "no hash"),)
    first = bank.entries.get(kind="md5")
    assert (first.item, first.label, first.added_in, first.example) == ("a", "A1", 1, False)
    fact = ledger.story("bank:known-spam")[-1]
    assert ledger.body_of(fact)["added"] == 2
    assert ledger.private_of(fact) == {"origin": "list.csv"}
    assert md5(1) not in fact.body + (fact.private or "")


def test_a_list_that_comes_twice_is_known(bank: Bank) -> None:
    rows = [Row(MD5, md5(n)) for n in range(1, 6)]
    fill(bank.name, rows, by=SYSTEM, now=NOW)
    again = fill(bank.name, [*rows, rows[0], Row(MD5, md5(9))], by=SYSTEM, now=NOW)
    assert (again.added, again.known) == (1, 6) or (again.added, again.known) == (1, 5)
    bank.refresh_from_db()
    assert bank.revision == 2
    assert len(held(bank)) == 6


def test_nothing_new_is_no_new_revision(bank: Bank) -> None:
    fill(bank.name, [Row(MD5, md5(1))], by=SYSTEM, now=NOW)
    fill(bank.name, [Row(MD5, md5(1)), BadRow(2, "x")], by=SYSTEM, now=NOW)
    bank.refresh_from_db()
    assert bank.revision == 1


def test_one_digest_may_be_two_kinds(bank: Bank) -> None:
    digest = "0123456789abcdef" * 4
    fill(bank.name, [Row(EntryKind.SHA256, digest), Row(PDQ, digest)], by=SYSTEM, now=NOW)
    assert access.kinds_of(bank) == {EntryKind.PDQ: 1, EntryKind.SHA256: 1}


def test_what_the_source_takes_back_goes_by_hash_or_by_its_id(bank: Bank) -> None:
    fill(bank.name, [Row(MD5, md5(n), f"item-{n % 2}") for n in range(1, 5)], by=SYSTEM, now=NOW)
    filled = fill(
        bank.name, [Row(MD5, md5(1), gone=True), Gone("item-0"), Gone("nobody")], by=SYSTEM, now=NOW
    )
    assert filled.removed == 3
    assert held(bank) == [md5(3)]
    assert set(BankRemoval.objects.values_list("removed_in", flat=True)) == {2}


def test_a_withdrawal_of_one_kind_leaves_the_other(bank: Bank) -> None:
    digest = "0123456789abcdef" * 4
    fill(bank.name, [Row(EntryKind.SHA256, digest), Row(PDQ, digest)], by=SYSTEM, now=NOW)
    fill(bank.name, [Row(PDQ, digest, gone=True)], by=SYSTEM, now=NOW)
    assert access.kinds_of(bank) == {EntryKind.SHA256: 1}


def test_added_and_taken_back_in_one_list_is_gone(bank: Bank) -> None:
    fill(bank.name, [Row(MD5, md5(1)), Row(MD5, md5(2)), Row(MD5, md5(1), gone=True)], by=SYSTEM, now=NOW)
    assert held(bank) == [md5(2)]


def test_a_whole_list_withdraws_what_it_does_not_name(bank: Bank) -> None:
    fill(bank.name, [Row(MD5, md5(n)) for n in range(1, 11)], by=SYSTEM, now=NOW)
    filled = fill(bank.name, [Row(MD5, md5(n)) for n in range(8, 13)], whole=True, by=SYSTEM, now=NOW)
    assert (filled.added, filled.removed) == (2, 7)
    assert held(bank) == [md5(n) for n in range(8, 13)]


def test_a_whole_list_withdraws_nothing_that_it_names_in_a_row_that_can_t_be_kept(bank: Bank) -> None:
    fill(bank.name, [Row(MD5, md5(1)), Row(MD5, md5(2))], by=SYSTEM, now=NOW)
    named = row(3, "md5", md5(1), label="x" * 201)
    filled = fill(bank.name, [named], whole=True, by=SYSTEM, now=NOW)
    assert (filled.refused, filled.removed) == (1, 1)
    assert held(bank) == [md5(1)]


def test_what_is_taken_back_goes_whatever_is_said_of_it(bank: Bank) -> None:
    fill(bank.name, [Row(MD5, md5(1))], by=SYSTEM, now=NOW)
    gone = row(1, "md5", md5(1), label="x" * 201, item="a\x00b", gone=True)
    assert fill(bank.name, [gone], by=SYSTEM, now=NOW).removed == 1


def test_other_banks_keep_theirs(make: Make) -> None:
    one, other = make("one"), make("other")
    for name in ("one", "other"):
        fill(name, [Row(MD5, md5(1), "x")], by=SYSTEM, now=NOW)
    fill("one", [Gone("x"), Row(MD5, md5(1), gone=True)], by=SYSTEM, now=NOW)
    assert (held(one), held(other)) == ([], [md5(1)])


def test_a_file_that_breaks_off_changes_nothing(bank: Bank) -> None:
    def broken() -> Iterator[Read]:
        yield Row(MD5, md5(1))
        raise FormatError("cut short")

    with pytest.raises(FormatError):
        fill(bank.name, broken(), by=SYSTEM, now=NOW)
    assert held(bank) == []
    bank.refresh_from_db()
    assert bank.revision == 0
    assert [fact.kind for fact in ledger.story("bank:known-spam")] == ["bank.created"]


def test_many_rows_in_several_batches(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "AT_ONCE", 50)
    rows = [Row(MD5, md5(n), f"i{n}") for n in range(1, 331)]
    assert fill(bank.name, rows, by=SYSTEM, now=NOW).added == 330
    gone = [Gone(f"i{n}") for n in range(1, 321)]
    assert fill(bank.name, gone, by=SYSTEM, now=NOW).removed == 320
    assert len(held(bank)) == 10


def test_examples_and_variants_are_remembered(bank: Bank) -> None:
    fill(bank.name, [Row(PDQ, "ab" * 32)], example=True, variants={"ab" * 32: "mirrored"}, by=SYSTEM, now=NOW)
    entry = BankEntry.objects.get()
    assert (entry.example, entry.variant) == (True, "mirrored")


def test_no_bank_no_list(book: None) -> None:
    with pytest.raises(BankError):
        fill("nothing", [Row(MD5, md5(1))], by=SYSTEM, now=NOW)

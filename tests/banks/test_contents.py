"""A content is what several hashes of one thing have in common; its number is that of the first."""

from __future__ import annotations

import pytest
from tests.banks.conftest import NOW, Make

from hakam.banks import access
from hakam.banks.filling import fill
from hakam.banks.models import Bank
from hakam.banks.rows import row
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind

pytestmark = pytest.mark.django_db
ONE, TWO, THREE = "1" * 31 + "a", "2" * 31 + "b", "3" * 31 + "c"


@pytest.fixture
def filled(bank: Bank) -> Bank:
    rows = [
        row(1, EntryKind.MD5, ONE, item="case-7"),
        row(2, EntryKind.MD5, TWO),
        row(3, EntryKind.MD5, THREE, item="case-7"),
    ]
    fill(bank.name, rows, by=SYSTEM, now=NOW)
    return bank


def number(bank: Bank, digest: str) -> int:
    return int(bank.entries.get(digest=digest).pk)


def test_hashes_of_one_item_are_one_content(filled: Bank) -> None:
    one, two, three = (number(filled, digest) for digest in (ONE, TWO, THREE))
    assert access.contents_of([one, two, three, 10**9]) == {one: one, two: two, three: one}
    assert access.content_with(filled, EntryKind.MD5, THREE) == one
    assert [entry.digest for entry in access.content(filled, one)] == [ONE, THREE]
    assert [entry.digest for entry in access.content(filled, two)] == [TWO]


def test_an_entry_that_is_not_the_first_is_no_content(filled: Bank) -> None:
    assert access.content(filled, number(filled, THREE)) == []
    assert access.content(filled, 10**9) == []
    with pytest.raises(LookupError, match="no such hash"):
        access.content_with(filled, EntryKind.SHA1, ONE)


def test_the_same_item_in_another_bank_is_another_content(filled: Bank, make: Make) -> None:
    other = make("other")
    fill("other", [row(1, EntryKind.MD5, THREE, item="case-7")], by=SYSTEM, now=NOW)
    assert access.content_with(other, EntryKind.MD5, THREE) == number(other, THREE)
    assert access.content(filled, number(other, THREE)) == []


def test_hashes_are_counted_under_the_names_that_are_asked(filled: Bank) -> None:
    counts = access.counted({EntryKind.MD5: "video_md5", EntryKind.PDQ: "pdq"})
    assert counts == {"video_md5": (3, int(NOW.timestamp())), "pdq": (0, 0)}

"""Looking something up by hand gives what the door would give."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.banks.conftest import NOW, Make

from hakam.banks import publication
from hakam.banks.filling import fill
from hakam.banks.formats.form import text_row
from hakam.banks.keeping import change_bank
from hakam.banks.kinds import BankError
from hakam.banks.looking import look_up
from hakam.banks.rows import Row
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind

pytestmark = pytest.mark.django_db
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
TEXT = "Send me your wallet phrase now and win ten thousand dollars"


@pytest.fixture
def filled(make: Make, shelves: Path) -> Path:
    make("pictures")
    make("texts")
    fill("pictures", [Row(EntryKind.PDQ, PDQ), Row(EntryKind.MD5, PDQ[:32])], by=SYSTEM, now=NOW)
    fill("texts", [text_row(1, TEXT)], by=SYSTEM, now=NOW)
    publication.bring_up(shelves, now=NOW)
    return shelves


def banks(home: Path, given: str, kind: EntryKind | None = None) -> list[str]:
    seen, troubles = look_up(home, given, now=NOW, kind=kind)
    assert troubles == []
    return [f"{match.bank} {match.kind} {match.distance}" for match in seen.matches]


def test_hashes_are_known_by_their_length(filled: Path) -> None:
    assert banks(filled, f" {PDQ.upper()} ") == ["pictures pdq 0"]
    assert banks(filled, PDQ[:32]) == ["pictures md5 0"]
    assert banks(filled, PDQ, EntryKind.SHA256) == []


def test_anything_else_is_a_text(filled: Path) -> None:
    assert banks(filled, f"{TEXT.upper()}!") == ["texts text 0"]
    assert banks(filled, "a text about gardens and the long winter evenings") == []


def test_what_can_t_be_looked_up_is_refused(filled: Path) -> None:
    with pytest.raises(BankError, match="24 letters"):
        look_up(filled, "hello", now=NOW)
    with pytest.raises(BankError, match="32 hex"):
        look_up(filled, PDQ, now=NOW, kind=EntryKind.MD5)


def test_a_bank_that_is_off_says_nothing(filled: Path) -> None:
    change_bank("pictures", enabled=False, by=SYSTEM, now=NOW)
    assert banks(filled, PDQ) == []

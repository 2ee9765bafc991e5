"""Hashes that leave the house leave a fact; what leaves can come in elsewhere."""

from __future__ import annotations

import json

import pytest
from tests.banks.conftest import NOW, Make

from hakam.banks.exporting import export
from hakam.banks.filling import fill
from hakam.banks.formats.known import FORMATS, ListFormat
from hakam.banks.kinds import BankError
from hakam.banks.rows import Row, made, row
from hakam.compliance import ledger
from hakam.compliance.models import Fact
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("form", list(ListFormat))
def test_a_bank_moves_to_another_house(make: Make, form: ListFormat) -> None:
    here, there = make("here"), make("there")
    fill("here", [Row(EntryKind.PDQ, f"{n:064x}", f"42-{n}", "A1") for n in range(3, 60)], by=SYSTEM, now=NOW)
    data = b"".join(export("here", form, by=SYSTEM, now=NOW))
    filled = fill("there", FORMATS[form].read(data, None), by=SYSTEM, now=NOW)
    assert (filled.added, filled.refused) == (57, 0)
    assert set(here.entries.values_list("digest", flat=True)) == set(
        there.entries.values_list("digest", flat=True)
    )


FRAMES = json.dumps([f"{n:064x},80,{n}.500" for n in range(5)])


@pytest.mark.parametrize("form", [ListFormat.CSV, ListFormat.JSON])
def test_clips_and_recordings_move_in_lists_of_our_own(make: Make, form: ListFormat) -> None:
    here, there = make("here"), make("there")
    rows = [row(1, "vpdq", FRAMES, item="v"), row(2, "chromaprint", "1,-2,4294967295", item="s")]
    assert fill("here", rows, by=SYSTEM, now=NOW).added == 2
    data = b"".join(export("here", form, by=SYSTEM, now=NOW))
    assert fill("there", FORMATS[form].read(data, None), by=SYSTEM, now=NOW).added == 2
    held = [sorted((e.kind, e.digest, bytes(e.data)) for e in bank.entries.all()) for bank in (here, there)]
    assert held[0] == held[1]


@pytest.mark.parametrize("form", list(ListFormat))
def test_landmarks_stay_in_the_house(make: Make, form: ListFormat) -> None:
    make("here")
    rows = [made(EntryKind.LANDMARKS, b"\0\0\0\0"), Row(EntryKind.MD5, f"{7:032x}")]
    fill("here", rows, by=SYSTEM, now=NOW)
    data = b"".join(export("here", form, by=SYSTEM, now=NOW))
    assert f"{7:032x}".encode() in data
    assert b"landmarks" not in data
    assert rows[0].digest.encode() not in data


def test_leaving_is_recorded_before_anything_leaves(make: Make) -> None:
    make("here")
    fill("here", [Row(EntryKind.MD5, f"{7:032x}")], by=SYSTEM, now=NOW)
    export("here", ListFormat.CSV, by=SYSTEM, now=NOW)  # nobody reads it
    assert ledger.body_of(ledger.story("bank:here")[-1]) == {"entries": 1, "format": "csv", "revision": 1}


def test_what_is_not_there_does_not_leave(db: None) -> None:
    with pytest.raises(BankError):
        export("nothing", ListFormat.CSV, by=SYSTEM, now=NOW)
    assert not Fact.objects.exists()

"""What partners fetch of a shared bank."""

from __future__ import annotations

from tests.banks.conftest import NOW

from hakam.banks import sharing
from hakam.banks.filling import fill
from hakam.banks.models import Bank
from hakam.banks.rows import Row
from hakam.banks.sharing import Place
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind


def test_the_hash_of_a_text_is_told_to_partners_of_ours_alone(bank: Bank) -> None:
    """Tools that speak ThreatExchange would take it for a text."""
    rows = [Row(EntryKind.TEXT, "0123456789abcdef"), Row(EntryKind.PDQ, "0123456789abcdef" * 4)]
    fill(bank.name, rows, by=SYSTEM, now=NOW)
    assert [one.kind for one in sharing.changes(bank, Place(0), 10)] == [EntryKind.PDQ]
    everything = sharing.changes(bank, Place(0), 10, everything=True)
    assert {one.kind for one in everything} == {EntryKind.TEXT, EntryKind.PDQ}

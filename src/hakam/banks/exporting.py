"""The verb that lets a bank's hashes leave the house, which is a fact of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import transaction

from hakam.banks import access
from hakam.banks.formats.form import About, Leaving
from hakam.banks.formats.known import FORMATS, ListFormat
from hakam.banks.keeping import locked, subject_of
from hakam.banks.models import BankEntry
from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.media import long_hashes
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.bank import BULLETINS, MADE, EntryKind


def export(name: str, form: ListFormat, *, by: Actor, now: datetime) -> Iterator[bytes]:
    """Record that the bank leaves, and return the pieces of the file. Raises `BankError` before anything leaves."""
    with transaction.atomic():
        bank = locked(name)
        ledger.record(
            FactKind.BANK_EXPORTED,
            by=by,
            now=now,
            subject=subject_of(name),
            body={"entries": bank.entries.count(), "format": str(form), "revision": bank.revision},
        )
    about = About(bank.name, bank.source, bank.purpose, bank.distance, now)
    return FORMATS[form].write(about, _leaving(access.all_entries(bank), form))


def _leaving(entries: Iterable[BankEntry], form: ListFormat) -> Iterator[Leaving]:
    """Yield what a format has a place for: clips, recordings and bulletins in lists of our own, landmarks in none."""
    for one in entries:
        kind, digest = EntryKind(one.kind), one.digest
        if kind is EntryKind.LANDMARKS or (
            kind in MADE | BULLETINS and form not in {ListFormat.CSV, ListFormat.JSON}
        ):
            continue
        if kind in MADE:
            digest = long_hashes.written(kind, bytes(one.data))
        yield Leaving(kind, digest, one.item, one.label, one.added_at)

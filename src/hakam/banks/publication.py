"""From the table to the shelves: what changed since a shelf was written, and which banks are in force.

The caller sees to it that one process writes at a time.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from hakam.banks.kinds import BankAction
from hakam.banks.models import Bank, BankRetraction
from hakam.storage import bank_shelf
from hakam.storage.bank_shelf import Held, ShelfError
from hakam.storage.known_content import bank_folder
from hakam.storage.published import PublishedBank
from hakam.vocabulary.bank import MADE, EntryKind

_MADE = [kind.value for kind in MADE]
RETRACTED_FOR = timedelta(days=90)  # as ThreatExchange keeps what was deleted
_LOG = logging.getLogger(__name__)


def bring_up(home: Path, *, now: datetime) -> tuple[PublishedBank, ...]:
    """Write every shelf that is behind, drop those of deleted banks, and return the banks in force at `now`.

    A bank whose shelf can't be written is left out whole and logged, and the doctor tells (B001): otherwise what was
    withdrawn from it would still match.
    """
    banks = list(Bank.objects.order_by("name"))
    _drop_deleted(home, {bank.pk for bank in banks})
    for bank in banks:
        try:
            _bring_up(bank, bank_folder(home, bank.pk))
        except (OSError, ShelfError):
            _LOG.exception("the shelf of the bank %s can't be written", bank.name)
    return in_force(home, now=now)


def forget_retractions(now: datetime) -> None:
    """Forget what was retracted so long ago that every partner has heard of it."""
    old = BankRetraction.objects.filter(at__lt=now - RETRACTED_FOR)
    if old.exists():  # else nobody waits for a lock
        old.delete()


def in_force(home: Path, *, now: datetime) -> tuple[PublishedBank, ...]:
    """Return the banks in force at `now` whose shelves are as their entries are."""
    return tuple(
        PublishedBank(
            number=bank.pk,
            name=bank.name,
            revision=bank.revision,
            distance=bank.distance,
            clause=bank.clause if bank.action != BankAction.NOTE else "",
            hold=bank.action == BankAction.HOLD,
            shadow=bank.action == BankAction.SHADOW,
            expires_at=bank.expires_at.timestamp() if bank.expires_at else None,
        )
        for bank in Bank.objects.order_by("name")
        if bank.in_force(now) and _revision(bank_folder(home, bank.pk)) == bank.revision
    )


def _revision(folder: Path) -> int | None:
    try:
        return bank_shelf.manifest_of(folder).revision
    except ShelfError:
        return None


def state() -> tuple[tuple[object, ...], ...]:
    """Return what tells whether anything was changed since, by one query."""
    return tuple(
        Bank.objects.order_by("pk").values_list(
            "pk", "revision", "enabled", "action", "clause", "distance", "expires_at"
        )
    )


def erase(home: Path) -> int:
    """Write anew what still holds bits of withdrawn hashes; return how many shelves that were.

    A damaged shelf is left to `bring_up`, which writes it anew from the entries and says so once.
    """
    erased = 0
    for number in Bank.objects.order_by("pk").values_list("pk", flat=True):
        folder = bank_folder(home, number)
        erased += _revision(folder) is not None and bank_shelf.erase(folder)
    return erased


def _bring_up(bank: Bank, folder: Path) -> None:
    there = _revision(folder)
    if there == bank.revision:
        return
    # Damaged, emptied since, or beyond the bank: the database was put back to an older state.
    if there is None:
        _LOG.warning("the shelf of the bank %s was damaged; it is written anew from its entries", bank.name)
    anew = there is None or there < bank.emptied_in or there > bank.revision
    since = 0 if anew or there is None else there
    removed = list(bank.removals.filter(removed_in__gt=since).values_list("entry", flat=True))
    bank_shelf.write(folder, bank.revision, _added(bank, since), removed, anew=anew)


def _added(bank: Bank, since: int) -> Iterator[Held]:
    rows = bank.entries.filter(added_in__gt=since, added_in__lte=bank.revision).order_by("pk")
    hashes = rows.exclude(kind__in=_MADE).values_list("pk", "kind", "digest")
    for pk, kind, digest in hashes.iterator(chunk_size=5_000):
        yield Held(pk, EntryKind(kind), digest)
    long = rows.filter(kind__in=_MADE).values_list("pk", "kind", "digest", "data")
    for pk, kind, digest, data in long.iterator(chunk_size=50):
        yield Held(pk, EntryKind(kind), digest, bytes(data))


def _drop_deleted(home: Path, known: set[int]) -> None:
    folder = home / "banks"
    if folder.is_dir():
        for path in folder.iterdir():
            if path.name.isdecimal() and int(path.name) not in known:
                shutil.rmtree(path, ignore_errors=True)

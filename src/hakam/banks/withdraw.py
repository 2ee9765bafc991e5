"""The verb that takes entries out for good: because their source took them back, or because they were wrong.

The hash leaves the table in the transaction, matches end when the shelf is written (within a second), and the files
that still hold its bits are written anew by the worker. What stays is a number and the reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from hakam.banks.keeping import locked, subject_of
from hakam.banks.kinds import BankError
from hakam.banks.models import Bank, BankEntry, BankRemoval, BankRetraction
from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.bank import EntryKind

_AT_ONCE = 500


def withdraw(
    name: str,
    *,
    reason: str,
    by: Actor,
    now: datetime,
    entries: Iterable[int] = (),
    items: Iterable[str] = (),
    hashes: Iterable[tuple[EntryKind, str]] = (),
    everything: bool = False,
) -> int:
    """Take entries out of a bank, by number, by the source's id or by hash. Return how many that were.

    What is not there is no error: a withdrawal may come twice. Raises `BankError`.
    """
    if not reason.strip():
        raise BankError(_("say why the entries are withdrawn"))
    with transaction.atomic():
        bank = locked(name)
        bank.revision += 1
        if everything:
            removed = bank.entries.count()
            _retract(bank, bank.entries.all(), now)
            bank.entries.all().delete()
            bank.removals.all().delete()
            bank.emptied_in = bank.revision
        else:
            wanted = set(bank.entries.filter(pk__in=list(entries)).values_list("pk", flat=True))
            wanted |= set(bank.entries.filter(item__in=[i for i in items if i]).values_list("pk", flat=True))
            for kind, digest in hashes:
                wanted |= set(
                    bank.entries.filter(kind=kind.value, digest=digest.strip().lower()).values_list(
                        "pk", flat=True
                    )
                )
            removed = remove(bank, sorted(wanted), now=now)
        if removed:
            bank.save(update_fields=["revision", "emptied_in"])
            ledger.record(
                FactKind.BANK_WITHDRAWN,
                by=by,
                now=now,
                subject=subject_of(name),
                body={"entries": removed, "everything": everything, "reason": reason.strip()},
            )
    return removed


def retire_bank(name: str, *, reason: str, by: Actor, now: datetime) -> int:
    """End a bank for good: empty it and let it expire. Return how many entries that were. Raises `BankError`.

    It stays on record, empty: partners who fetched from it still have to hear what was withdrawn.
    """
    with transaction.atomic():
        removed = withdraw(name, reason=reason, by=by, now=now, everything=True)
        bank = locked(name)
        if bank.expires_at is None or bank.expires_at > now:
            bank.expires_at = now
            bank.save(update_fields=["expires_at"])
            ledger.record(
                FactKind.BANK_CHANGED, by=by, now=now, subject=subject_of(name), body={"expires_at": now}
            )
    return removed


def remove(bank: Bank, entries: Iterable[int], *, now: datetime) -> int:
    """Delete rows of a locked bank and note their numbers under its revision; return how many. Part of a verb."""
    source, removed = iter(list(entries)), 0
    while part := list(islice(source, _AT_ONCE)):
        found = list(BankEntry.objects.filter(bank=bank, pk__in=part).values_list("pk", flat=True))
        _retract(bank, BankEntry.objects.filter(pk__in=found), now)
        BankEntry.objects.filter(pk__in=found).delete()
        BankRemoval.objects.bulk_create(
            BankRemoval(bank=bank, entry=pk, removed_in=bank.revision) for pk in found
        )
        removed += len(found)
    return removed


def _retract(bank: Bank, leaving: QuerySet[BankEntry], now: datetime) -> None:
    """Keep what leaves a shared bank for those who fetched it."""
    if bank.shared:
        rows = leaving.order_by("pk").values_list("kind", "digest", "variant")
        BankRetraction.objects.bulk_create(
            (
                BankRetraction(
                    bank=bank, kind=kind, digest=digest, variant=variant, removed_in=bank.revision, at=now
                )
                for kind, digest, variant in rows.iterator(chunk_size=_AT_ONCE)
            ),
            batch_size=_AT_ONCE,
        )

"""The verb that corrects what an entry says of its hash: what it is called, and of which thing it is.

The hash itself stays, and so does what it holds; partners of a shared bank are told of the entry once more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from hakam.banks.keeping import locked, subject_of
from hakam.banks.kinds import BankError
from hakam.banks.models import BankEntry
from hakam.banks.rows import words_wrong
from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.bank import EntryKind


def correct(
    name: str,
    *,
    reason: str,
    by: Actor,
    now: datetime,
    label: str | None = None,
    item: str | None = None,
    entries: Iterable[int] = (),
    items: Iterable[str] = (),
    hashes: Iterable[tuple[EntryKind, str]] = (),
) -> int:
    """Give entries another label, or say that they are of another thing; return how many were changed.

    Entries are named by number, by the source's id, or by hash. Raises `BankError`.
    """
    if not reason.strip():
        raise BankError(_("say why the entries are corrected"))
    if label is None and item is None:
        raise BankError(_("say what is right: a label, or the id of the thing"))
    for words in (label, item):
        if words is not None and words_wrong(words):
            raise BankError(_("a label and an id have at most 200 characters, without control characters"))
    with transaction.atomic():
        bank = locked(name)
        bank.revision += 1
        wanted = Q(pk__in=list(entries)) | Q(item__in=[one for one in items if one])
        for kind, digest in hashes:
            wanted |= Q(kind=kind.value, digest=digest.strip().lower())
        found = bank.entries.filter(wanted)
        changed = mend(
            (
                (one, one.label if label is None else label, one.item if item is None else item)
                for one in found
            ),
            revision=bank.revision,
        )
        if changed:
            bank.save(update_fields=["revision"])
            ledger.record(
                FactKind.BANK_CORRECTED, by=by, now=now, subject=subject_of(name),
                body={"entries": changed, "reason": reason.strip()},
            )  # fmt: skip
    return changed


def mend(said: Iterable[tuple[BankEntry, str, str]], *, revision: int) -> int:
    """Give entries of a locked bank their labels and ids; return how many had others. Part of a verb."""
    changed = []
    for one, label, item in said:
        if (one.label, one.item) != (label, item):
            one.label, one.item, one.corrected_in = label, item, revision
            changed.append(one)
    BankEntry.objects.bulk_update(changed, ["label", "item", "corrected_in"], batch_size=500)
    return len(changed)

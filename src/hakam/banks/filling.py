"""The verb that takes a hash list into a bank: the good rows come in, what the source took back goes at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from django.db import connection, transaction
from django.utils.translation import gettext as _

from hakam.banks.keeping import locked, subject_of
from hakam.banks.kinds import BankError
from hakam.banks.models import Bank, BankEntry
from hakam.banks.rows import BadRow, Gone, Read, Row
from hakam.banks.withdraw import remove
from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.bank import EntryKind

MOST_LANDMARKS = 300  # pictures of a bank
AT_ONCE = 2_000  # rows in one statement
_MOST_BAD = 1_000  # bad rows that are told; the rest is counted


class Filled(NamedTuple):
    """What became of a list. `bad` are the first of the `refused`."""

    added: int
    known: int
    removed: int
    refused: int
    bad: tuple[BadRow, ...]


def fill(
    name: str,
    rows: Iterable[Read],
    *,
    by: Actor,
    now: datetime,
    origin: str = "",
    example: bool = False,
    whole: bool = False,
    variants: dict[str, str] | None = None,
) -> Filled:
    """Take a list into a bank, in one transaction.

    `origin` says where it came from, for the record. `whole`: the list is all there is, what it does not name is
    withdrawn. `example`: its entries are seeds, which the doctor tries. `variants`: digest to what was done to the
    picture. Raises `BankError`, and whatever `rows` raises: then nothing has changed.
    """
    refused: list[BadRow] = []
    with transaction.atomic():
        bank = locked(name)
        bank.revision += 1
        added = known = bad = 0
        gone: list[Row | Gone] = []
        last = BankEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        kept: set[tuple[str, str]] = set()
        good = 0
        for batch in _batches(rows):
            wanted: dict[tuple[str, str], Row] = {}
            for one in batch:
                if isinstance(one, BadRow):
                    bad += 1
                    kept.update(one.named)
                    if len(refused) < _MOST_BAD:
                        refused.append(one)
                elif isinstance(one, Gone) or one.gone:
                    gone.append(one)
                else:
                    wanted.setdefault((one.kind.value, one.digest), one)
                    good += 1
            if whole:
                kept.update(wanted)
            _insert(bank, wanted.values(), now=now, example=example, variants=variants or {})
        added = BankEntry.objects.filter(bank=bank, pk__gt=last).count()
        known = good - added
        if bank.entries.filter(kind=EntryKind.LANDMARKS.value).count() > MOST_LANDMARKS:
            raise BankError(
                _(
                    "a bank keeps the landmarks of at most %(most_landmarks)s pictures, since each costs every picture "
                    "that arrives some milliseconds: keep this one without"
                )
                % {"most_landmarks": MOST_LANDMARKS}
            )
        removed = remove(bank, _named(bank, gone), now=now)
        if whole:
            removed += remove(bank, _absent(bank, kept), now=now)
        if added or removed:
            bank.save(update_fields=["revision"])
        ledger.record(
            FactKind.BANK_FILLED,
            by=by,
            now=now,
            subject=subject_of(name),
            body={"added": added, "known": known, "removed": removed, "refused": bad, "whole": whole},
            private={"origin": origin[:500]} if origin else None,
        )
    return Filled(added, known, removed, bad, tuple(refused))


def _batches(rows: Iterable[Read]) -> Iterator[Sequence[Read]]:
    source = iter(rows)
    while batch := list(islice(source, AT_ONCE)):
        yield batch


def _insert(
    bank: Bank, rows: Iterable[Row], *, now: datetime, example: bool, variants: dict[str, str]
) -> None:
    BankEntry.objects.bulk_create(
        [
            BankEntry(
                bank=bank,
                kind=row.kind.value,
                digest=row.digest,
                data=row.data,
                item=row.item,
                label=row.label,
                variant=variants.get(row.digest, ""),
                example=example,
                added_at=now,
                added_in=bank.revision,
            )
            for row in rows
        ],
        ignore_conflicts=True,  # what is known stays as it is
        batch_size=None if connection.vendor != "sqlite" else AT_ONCE,
    )


def _named(bank: Bank, gone: Sequence[Row | Gone]) -> Iterator[int]:
    """Yield the entries that their source takes back, by hash or by its own id."""
    for start in range(0, len(gone), 500):
        part = gone[start : start + 500]
        items = [one.item for one in part if isinstance(one, Gone)]
        digests = {one.digest: one.kind.value for one in part if isinstance(one, Row)}
        if items:
            yield from BankEntry.objects.filter(bank=bank, item__in=items).values_list("pk", flat=True)
        for pk, kind, digest in BankEntry.objects.filter(bank=bank, digest__in=list(digests)).values_list(
            "pk", "kind", "digest"
        ):
            if digests[digest] == kind:
                yield pk


def _absent(bank: Bank, kept: set[tuple[str, str]]) -> Iterator[int]:
    for pk, kind, digest in bank.entries.values_list("pk", "kind", "digest").iterator(chunk_size=AT_ONCE):
        if (kind, digest) not in kept:
            yield pk

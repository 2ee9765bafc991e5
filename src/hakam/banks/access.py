"""Reads of the room. Those that pages use take the person who asks; "absent" and "forbidden" look the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet

from hakam.banks.kinds import EMERGENCY, BankAction
from hakam.banks.models import Bank, BankEntry, BankFeedback
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.vocabulary.bank import EntryKind

_STOPPING = (BankAction.HOLD, BankAction.REVIEW)


class Told(NamedTuple):
    """A bank with its figures."""

    bank: Bank
    entries: int
    right: int  # matches that people confirmed
    wrong: int


class EntryTold(NamedTuple):
    """An entry with what people said of its matches."""

    entry: BankEntry
    right: int
    wrong: int


def banks(user: User) -> list[Told]:
    """Return every bank by name, for who may read them."""
    return list(told()) if user.may(Permission.BANK_READ) else []


def bank(user: User, name: str) -> Told | None:
    """Return a bank, for who may read them."""
    return next(iter(told(name)), None) if user.may(Permission.BANK_READ) else None


def told(name: str | None = None) -> Iterator[Told]:
    """Yield banks by name with their figures. For the installation's own commands."""
    found = Bank.objects.filter(name=name) if name is not None else Bank.objects.all()
    for one in found.order_by("name"):
        said = one.entries.aggregate(
            right=Count("feedback", filter=Q(feedback__correct=True)),
            wrong=Count("feedback", filter=Q(feedback__correct=False)),
        )
        yield Told(one, one.entries.count(), said["right"], said["wrong"])


def things(name: str, *, entries: Iterable[int], hashes: Iterable[tuple[EntryKind, str]]) -> list[str]:
    """Return the sources' ids of the things of which these are hashes. For the installation's own commands."""
    wanted = Q(pk__in=list(entries))
    for kind, digest in hashes:
        wanted |= Q(kind=kind.value, digest=digest.strip().lower())
    found = BankEntry.objects.filter(wanted, bank__name=name).exclude(item="")
    return sorted(set(found.values_list("item", flat=True)))


def left_of(name: str, items: Iterable[str]) -> dict[str, int]:
    """Return how many entries of each of these things a bank holds, of those of which it holds any."""
    found = BankEntry.objects.filter(bank__name=name, item__in=list(items)).order_by()
    return dict(found.values_list("item").annotate(count=Count("pk")))


def entries(
    bank: Bank, *, before: int | None = None, kind: str = "", doubted: bool = False, limit: int = 50
) -> list[EntryTold]:
    """Return entries of a bank, the newest first. `doubted`: those that somebody judged wrong."""
    found = bank.entries.defer("data")
    if before is not None:
        found = found.filter(pk__lt=before)
    if kind:
        found = found.filter(kind=kind)
    if doubted:
        found = found.filter(Exists(BankFeedback.objects.filter(entry=OuterRef("pk"), correct=False)))
    return _with_words(found.order_by("-pk")[:limit])


def entry(bank: Bank, number: int) -> EntryTold | None:
    """Return one entry, or None."""
    return next(iter(_with_words(bank.entries.filter(pk=number))), None)


def all_entries(bank: Bank) -> Iterator[BankEntry]:
    """Yield every entry, oldest first, for an export."""
    yield from bank.entries.order_by("pk").iterator(chunk_size=5_000)


def examples() -> Iterator[tuple[Bank, BankEntry]]:
    """Yield the seeds of all banks."""
    for one in BankEntry.objects.filter(example=True).select_related("bank").order_by("pk"):
        yield one.bank, one


def find(name: str) -> Bank | None:
    """Return a bank by name, or None. For the installation's own commands."""
    return Bank.objects.filter(name=name).first()


def in_force(now: datetime) -> list[Bank]:
    """Return the banks whose matches count at `now`."""
    return [one for one in Bank.objects.order_by("name") if one.in_force(now)]


def emergency(clause: str, now: datetime) -> Bank | None:
    """Return the bank that an incident under a clause has opened, the newest of several, None if none is in force."""
    found = Bank.objects.filter(name__startswith=EMERGENCY, clause=clause).order_by("-created_at", "-pk")
    return next((one for one in found if one.in_force(now) and one.action in _STOPPING), None)


def kinds_of(bank: Bank) -> dict[EntryKind, int]:
    """Return how many entries of each kind a bank has, those that it has none of left out."""
    counted = bank.entries.values_list("kind").annotate(n=Count("pk")).order_by("kind")
    return {EntryKind(kind): n for kind, n in counted}


def contents_of(entries: Iterable[int]) -> dict[int, int]:
    """Return, for each entry, the number of the content that it is a hash of: the first entry of its item."""
    found = list(BankEntry.objects.filter(pk__in=list(entries)).values_list("pk", "bank_id", "item"))
    firsts: dict[tuple[int, str], int] = {}
    for bank, item in {(bank, item) for _, bank, item in found if item}:
        first = BankEntry.objects.filter(bank_id=bank, item=item).aggregate(first=Min("pk"))["first"]
        firsts[bank, item] = first
    return {pk: firsts.get((bank, item), pk) for pk, bank, item in found}


def content_with(bank: Bank, kind: EntryKind, digest: str) -> int:
    """Return the number of the content that has a hash. Raises `LookupError`."""
    pk = bank.entries.filter(kind=kind.value, digest=digest).values_list("pk", flat=True).first()
    if pk is None:
        raise LookupError(f"the bank {bank.name} has no such hash")
    return contents_of([pk])[pk]


def content(bank: Bank, number: int) -> list[BankEntry]:
    """Return the hashes of a content by its number, none if the bank has no such content."""
    first = bank.entries.filter(pk=number).first()
    if first is None or contents_of([number])[number] != number:
        return []
    return list(bank.entries.filter(item=first.item).order_by("pk")) if first.item else [first]


def counted(kinds: dict[EntryKind, str]) -> dict[str, tuple[int, int]]:
    """Return, under a name for each kind, how many hashes there are and when the newest came (Unix seconds)."""
    rows = (
        BankEntry.objects.values_list("kind").annotate(n=Count("pk"), newest=Max("added_at")).order_by("kind")
    )
    there = {kind: (n, int(newest.timestamp())) for kind, n, newest in rows}
    return {name: there.get(kind.value, (0, 0)) for kind, name in kinds.items()}


def _with_words(found: QuerySet[BankEntry]) -> list[EntryTold]:
    return [
        EntryTold(one, sum(said), len(said) - sum(said))
        for one in found.prefetch_related("feedback")
        for said in [[word.correct for word in one.feedback.all()]]
    ]

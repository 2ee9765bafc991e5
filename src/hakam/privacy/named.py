"""Where an account is named outside its own records: lists outside packs, bulletins of banks, what others were given.

Each place says on which ground it names people. What rests on our interest alone gives way to a request (GDPR Art.
17(1)(c), 21(1)); what a law, a life or a claim needs stays, and the person is told so (GDPR Art. 17(3)). Who was
given a name is told to erase it too, and the person reads who gave it to us (GDPR Art. 17(2), 19).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from django.conf import settings

from hakam.banks.kinds import BankSource
from hakam.banks.models import Bank, BankEntry
from hakam.banks.withdraw import withdraw
from hakam.compliance import lists
from hakam.compliance.lists import ListGround
from hakam.policy.lists import ListKind
from hakam.policy.outside import BadListError
from hakam.privacy import rooms_above
from hakam.signals.bulletins import account_digest
from hakam.storage.embedded.lists import open_list
from hakam.storage.event_log import Record
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.bank import EntryKind
from hakam.vocabulary.event import Event

UNDECLARED: Final = "undeclared"
"""Why something stays of which nobody has said that it names people: a list of anything may hold the same text."""
_OF_LAW: Final = frozenset({BankSource.NCMEC.value, BankSource.AUTHORITY.value})
_AT_ONCE: Final = 500


class Named(NamedTuple):
    """A place that names the account."""

    where: str  # as the ledger names it
    number: int  # versions of a list, entries of a bank, changes of a dataset
    why: str = ""  # why it stays: of `request_letters.WHY`; empty: it gives way
    told: tuple[str, ...] = ()  # who was given it, and is told to erase it
    source: str = ""  # who gave it to us


class Place(NamedTuple):
    """A kind of places: `look` says where names stand, `erase` takes those out that give way and says how many."""

    look: Callable[[Collection[str]], list[Named]]
    erase: Callable[[Collection[str], Actor, datetime, str], int]


_above: list[Place] = []
_parties: list[Callable[[str], tuple[tuple[str, ...], str]]] = []


def add(place: Place) -> None:
    """Let a room above say where it names accounts: it calls this once, when Django starts."""
    _above.append(place)


def tell_parties(of: Callable[[str], tuple[tuple[str, ...], str]]) -> None:
    """Let a room above say who is given the place of a name, and who gave it to us: once, when Django starts."""
    _parties.append(of)


def names_of(account: str, records: Iterable[Record] = ()) -> frozenset[str]:
    """Return what an account is called: its id, and what its events say that it is called across platforms."""
    found = {account}
    for record in records:
        try:
            author = msgspec.json.decode(record.raw, type=Event).author
        except (ValueError, RecursionError):
            continue
        found |= {
            name.strip()
            for name in (author.name or "", author.email or "")
            if account_digest(name) is not None
        }
    for name in list(found):
        if account_digest(name) is not None and "://" not in name:
            plain = name.removeprefix("mailto:").removeprefix("acct:").lstrip("@")
            found |= {plain, plain.lower(), f"@{plain}", f"acct:{plain}"}
    return frozenset(found)


def in_lists(names: Collection[str]) -> list[Named]:
    """Return the lists outside packs that have one of these names."""
    return _look_in_lists(names)


def look(names: Collection[str]) -> list[Named]:
    """Return every place that has one of these names."""
    return [one for place in _places() for one in place.look(names)]


def erase(names: Collection[str], *, by: Actor, now: datetime, reason: str) -> int:
    """Take these names out of every place that gives way; return how many went. Doing it twice does it once."""
    return sum(place.erase(names, by, now, reason) for place in _places())


def pairs(platforms: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield what lists that name people hold, as if it were an account of each platform: for `privacy again`."""
    for digest in sorted({one.digest for one in lists.kept() if one.ground and one.kind == ListKind.VALUES}):
        try:
            opened = open_list(settings.HAKAM_LISTS, "", digest)
        except BadListError:
            continue
        for entry in opened.entries():
            for platform in platforms:
                yield platform, entry


def _places() -> tuple[Place, ...]:
    """Return the places, those that others read from behind those that they are made from."""
    rooms_above.register()
    return (_LISTS, _BANKS, *_above)


def _parties_of(where: str) -> tuple[tuple[str, ...], str]:
    rooms_above.register()
    told: tuple[str, ...] = ()
    source = ""
    for one in _parties:
        more, of = one(where)
        told, source = (*told, *more), source or of
    return told, source


def _look_in_lists(names: Collection[str]) -> list[Named]:
    versions = lists.naming(names)
    staying = _staying()
    found: dict[tuple[str, str], int] = {}
    for one in versions:
        key = (one.name, staying.get(one.digest, ""))
        found[key] = found.get(key, 0) + 1
    return [
        Named(f"list:{name}", count, why, *_parties_of(f"list:{name}"))
        for (name, why), count in sorted(found.items())
    ]


def _staying() -> dict[str, str]:
    """Return why files of lists stay as they are, by digest. What a list says now counts for its earlier versions.

    A file of several lists stays if one of them needs it.
    """
    rows = lists.kept()
    latest = {one.name: one.ground for one in sorted(rows, key=lambda one: one.number)}
    found: dict[str, str] = {}
    for one in rows:
        ground = latest[one.name]
        if ground != ListGround.INTEREST and found.get(one.digest, UNDECLARED) == UNDECLARED:
            found[one.digest] = ground or UNDECLARED
    return found


def _erase_in_lists(names: Collection[str], by: Actor, now: datetime, reason: str) -> int:
    staying = _staying()
    files = {one.digest for one in lists.naming(names)} - set(staying)
    return sum(lists.erase(digest, names, by=by, now=now, reason=reason) for digest in sorted(files))


def _digests(names: Collection[str]) -> set[str]:
    return {digest for name in names if (digest := account_digest(name)) is not None}


def _why_of(bank: Bank) -> str:
    return ListGround.OBLIGATION.value if bank.source in _OF_LAW or bank.country else ""


def _entries(names: Collection[str]) -> dict[Bank, int]:
    found: dict[Bank, int] = {}
    rows = BankEntry.objects.filter(kind=EntryKind.ACCOUNT.value, digest__in=sorted(_digests(names)))
    for entry in rows.select_related("bank").order_by("bank__name")[:_AT_ONCE]:
        found[entry.bank] = found.get(entry.bank, 0) + 1
    return found


def _look_in_banks(names: Collection[str]) -> list[Named]:
    return [
        Named(f"bank:{bank.name}", count, _why_of(bank), *_parties_of(f"bank:{bank.name}"))
        for bank, count in _entries(names).items()
    ]


def _erase_in_banks(names: Collection[str], by: Actor, now: datetime, reason: str) -> int:
    """Withdraw the hashes: partners hear it as of every withdrawal, and what was held for them is let go."""
    hashes = [(EntryKind.ACCOUNT, digest) for digest in sorted(_digests(names))]
    return sum(
        withdraw(bank.name, hashes=hashes, reason=reason, by=by, now=now)
        for bank in _entries(names)
        if not _why_of(bank)
    )


_LISTS: Final = Place(_look_in_lists, _erase_in_lists)
_BANKS: Final = Place(_look_in_banks, _erase_in_banks)

"""Reads of the room. Those that pages use take the person who asks; "absent" and "forbidden" look the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from django.db.models import Count, Q

from hakam.banks.models import Bank, BankEntry
from hakam.banks.sharing import Place
from hakam.exchange.kinds import Way
from hakam.exchange.models import Agreement, Given, Mirror, Partner, WordIn
from hakam.intake.models import BankSighting
from hakam.review import clauses
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.vocabulary.harm import CHILD_ABUSE_OFFENCES

_SHOWN: Final = 50


class Told(NamedTuple):
    """A partner with what is agreed and its figures."""

    partner: Partner
    takes: list[Agreement]
    gives: list[Agreement]
    here: int  # hashes of its banks here
    there: int  # hashes of our banks that it confirmed, and that are still in them


class MirrorTold(NamedTuple):
    """A partner's bank as it is kept here."""

    mirror: Mirror
    hashes: int
    seen: int  # items in which something of it was seen
    held: int  # items that are held for it now
    right: int  # as people here judged
    wrong: int


class GivenTold(NamedTuple):
    """A bank of ours that a partner is given."""

    given: Given
    bank: Bank | None
    hashes: int  # that it confirmed
    behind: bool  # something is still to be told
    seen: int  # hashes that matched something there
    right: int  # as people there judged
    wrong: int


def partners(user: User) -> list[Told]:
    """Return every partner by name, for who may read them."""
    return list(told()) if user.may(Permission.PARTNER_READ) else []


def partner(user: User, name: str) -> Told | None:
    """Return a partner, for who may read them."""
    return next(told(name), None) if user.may(Permission.PARTNER_READ) else None


def told(name: str | None = None) -> Iterator[Told]:
    """Yield partners by name with their figures. For the installation's own commands."""
    found = Partner.objects.all() if name is None else Partner.objects.filter(name=name)
    for one in found.order_by("name"):
        agreed = list(one.agreements.order_by("purpose"))
        yield Told(
            one,
            [a for a in agreed if a.way == Way.TAKE.value],
            [a for a in agreed if a.way == Way.GIVE.value],
            BankEntry.objects.filter(bank__mirror__partner=one).count(),
            sum(_confirmed(given) for given in one.given.all()),
        )


def mirrors(one: Partner) -> list[MirrorTold]:
    """Return a partner's banks as they are kept here, by name."""
    found = []
    for mirror in one.mirrors.select_related("bank").order_by("title"):
        sightings = BankSighting.objects.filter(bank=mirror.bank.name)
        said = mirror.bank.entries.aggregate(
            right=Count("feedback", filter=Q(feedback__correct=True)),
            wrong=Count("feedback", filter=Q(feedback__correct=False)),
        )
        found.append(
            MirrorTold(
                mirror,
                mirror.bank.entries.count(),
                sightings.count(),
                sightings.filter(gone_at=None, held_by__state="final").values("held_by").distinct().count(),
                said["right"],
                said["wrong"],
            )
        )
    return found


def given(one: Partner) -> list[GivenTold]:
    """Return our banks that a partner is given, by name."""
    found = []
    for row in one.given.order_by("name"):
        bank = Bank.objects.filter(pk=row.bank).first()
        words = WordIn.objects.filter(partner=one, entry__bank_id=row.bank)
        found.append(
            GivenTold(
                row,
                bank,
                _confirmed(row),
                bank is None or row.closing or row.read != bank.revision,
                words.exclude(seen_at=None).count(),
                words.filter(right=True).count(),
                words.filter(right=False).count(),
            )
        )
    return found


def would_have_touched(user: User, one: Partner, limit: int = _SHOWN) -> tuple[int, list[BankSighting]]:
    """Return how many items a partner in quarantine would have touched, and the newest of them.

    What concerns the abuse of children is left out for who may not see it.
    """
    banks = {m.bank.name: m.bank.clause for m in one.mirrors.select_related("bank")}
    if not user.may(Permission.CHILD_SAFETY_READ):
        banks = {name: clause for name, clause in banks.items() if not _grave(clause)}
    seen = BankSighting.objects.filter(bank__in=banks, shadow=True)
    return seen.count(), list(seen.order_by("-pk")[:limit])


def _grave(clause: str) -> bool:
    found = clauses.find(clause)
    return found is None or found.harm in CHILD_ABUSE_OFFENCES


def _confirmed(row: Given) -> int:
    """Return how many entries of a bank lie before the place that a partner confirmed."""
    place = Place(row.revision, row.left, row.row)
    there = BankEntry.objects.filter(bank_id=row.bank)
    done = Q(added_in__lt=place.revision)
    if place.left:
        done |= Q(added_in=place.revision)
    else:
        done |= Q(added_in=place.revision, pk__lte=place.row)
    return there.filter(done).count()

"""Where the room names accounts: datasets that everybody reads, those that are followed, partners who share banks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from urllib.parse import urlsplit

from hakam.banks.models import Bank
from hakam.exchange.fires import following, offering
from hakam.exchange.fires.shapes import EntityKind, entry_key
from hakam.exchange.models import Dataset, Followed, Given, Mirror
from hakam.privacy import named
from hakam.privacy.named import Named, Place
from hakam.vocabulary.actor import Actor


def _keys(names: Collection[str]) -> set[str]:
    return {key for name in names if (key := entry_key(EntityKind.ACTOR, name)) is not None}


def _offered(keys: Collection[str]) -> list[tuple[Dataset, int]]:
    rows = Dataset.objects.filter(kind=EntityKind.ACTOR.value, changes__key__in=sorted(keys)).distinct()
    return [(one, one.changes.filter(key__in=sorted(keys)).count()) for one in rows.order_by("name")]


def look(names: Collection[str]) -> list[Named]:
    """Say which datasets name an account. What is offered follows its list, and stays only if the list does."""
    keys = _keys(names)
    whys = {one.where.removeprefix("list:"): one.why for one in _lists(names)} if keys else {}
    return [
        Named(offering.subject_of(one.name), count, whys.get(one.name, "") if one.ended_at is None else "")
        for one, count in _offered(keys)
    ]


def _lists(names: Collection[str]) -> list[Named]:
    return [one for one in named.in_lists(names) if one.why]


def erase(names: Collection[str], by: Actor, now: datetime, reason: str) -> int:
    """Retract an account where it is recommended, and leave tombstones, so that who has read it erases it too."""
    keys = _keys(names)
    gone = following.forget(keys, by=by, now=now) if keys else 0
    whys = {one.where.removeprefix("list:") for one in _lists(names)} if keys else set()
    for one, _count in _offered(keys):
        if one.ended_at is None and one.name in whys:
            continue
        for key in sorted(keys):
            gone += offering.forget(one.name, key, because=reason, by=by, now=now)
    return gone


def parties(where: str) -> tuple[tuple[str, ...], str]:
    """Say who is given a bank or a list, and who gave it to us."""
    what, _colon, name = where.partition(":")
    if what == "list":
        server = Followed.objects.filter(name=name, ended_at=None).values_list("address", flat=True).first()
        return (), urlsplit(server).hostname or "" if server else ""
    bank = Bank.objects.filter(name=name).first()
    if what != "bank" or bank is None:
        return (), ""
    mirror = Mirror.objects.filter(bank=bank).select_related("partner").first()
    given = (
        Given.objects.filter(bank=bank.pk, revision__gt=0).select_related("partner").order_by("partner__name")
    )
    return tuple(one.partner.title for one in given), mirror.partner.title if mirror is not None else ""


def register() -> None:
    """Let requests for erasure reach what the room gives away."""
    named.add(Place(look, erase))
    named.tell_parties(parties)

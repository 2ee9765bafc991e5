"""A list outside packs, offered to servers of the fediverse: each version that differs adds changes, none goes away.

What is offered is public, and stands there in words: a list of accounts is offered only if somebody says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from hakam.compliance import ledger, lists
from hakam.compliance.facts import FactKind
from hakam.compliance.models import ListVersion
from hakam.compliance.storable import storable
from hakam.exchange.fires.shapes import (
    BEGINNINGS,
    ChangeType,
    EntityKind,
    FiresError,
    Policy,
    entry_key,
    number_at,
)
from hakam.exchange.models import Dataset, DatasetChange
from hakam.policy.lists import ListKind
from hakam.policy.outside import BadListError
from hakam.storage.embedded.lists import open_list
from hakam.vocabulary.actor import SYSTEM, Actor
from hakam.vocabulary.harm import Harm

MOST_ENTRIES: Final = 50_000
AT_ONCE: Final = 100  # changes on a page
_LONGEST: Final = {"title": 200, "summary": 2_000}
_ROWS: Final = 1_000


def subject_of(name: str) -> str:
    """Return a dataset's name in the ledger."""
    return f"dataset:{name}"


def offer(
    name: str,
    *,
    title: str,
    kind: EntityKind,
    policy: Policy,
    by: Actor,
    now: datetime,
    summary: str = "",
    harm: str = "",
    filters: Iterable[str] = (),
) -> Dataset:
    """Offer a list outside packs to everybody as a dataset. Raises `FiresError`."""
    title, summary, chosen = storable(title).strip(), storable(summary).strip(), tuple(filters)
    if not title or len(title) > _LONGEST["title"] or len(summary) > _LONGEST["summary"]:
        raise FiresError(_("say in 1 to %(most)s characters what it is") % {"most": _LONGEST["title"]})
    if harm and harm not in set(Harm):
        raise FiresError(_("%(harm)s is no kind of harm") % {"harm": repr(harm[:60])})
    if bool(chosen) is not (policy is Policy.FILTER) or any(not urlsplit(one).scheme for one in chosen):
        raise FiresError(_("filters are addresses; they are named with the policy `filter`, and only there"))
    version = next((one for one in lists.in_force() if one.name == name), None)
    if version is None:
        raise FiresError(_("there is no list %(name)s in force") % {"name": repr(name[:80])})
    wanted = ListKind.DOMAINS if kind is EntityKind.DOMAIN else ListKind.VALUES
    if version.kind != wanted:
        raise FiresError(
            _("a dataset of %(kind)s takes a list of %(wanted)s") % {"kind": kind, "wanted": wanted}
        )
    with transaction.atomic():
        ledger.lock()
        try:
            with transaction.atomic():
                made = Dataset.objects.create(
                    name=name, number=str(uuid4()), title=title, summary=summary, kind=kind.value,
                    policy=policy.value, filters=list(chosen), harm=harm, created_at=now,
                )  # fmt: skip
        except IntegrityError:
            raise FiresError(_("it is offered already, or was")) from None
        ledger.record(
            FactKind.DATASET_OFFERED, by=by, now=now, subject=subject_of(name),
            body={"title": title, "kind": kind.value, "policy": policy.value, "harm": harm, "number": made.number},
        )  # fmt: skip
        if kind is EntityKind.ACTOR and not version.ground:  # it names people from now on, whoever reads it
            version = lists.publish(
                name, ListKind.VALUES, version.digest, version.entries, by=by, now=now, note=title,
                ground=lists.ListGround.INTEREST,
            )  # fmt: skip
        _tell(made, version, by=by, now=now)
    return made


def withdraw(name: str, *, because: str, by: Actor, now: datetime) -> Dataset:
    """Retract all that a dataset recommends; its history stays, so that who follows it hears. Raises `FiresError`."""
    because = storable(because).strip()[:2_000]
    if not because:
        raise FiresError(_("say why"))
    with transaction.atomic():
        ledger.lock()
        found = Dataset.objects.select_for_update().filter(name=name, ended_at=None).first()
        if found is None:
            raise FiresError(_("nothing of the kind is offered"))
        left = _append(found, (), _standing(found), now=now)[1]
        found.ended_at = now
        found.save(update_fields=["ended_at"])
        ledger.record(
            FactKind.DATASET_WITHDRAWN, by=by, now=now, subject=subject_of(name),
            body={"because": because, "left": left},
        )  # fmt: skip
    return found


def erase(name: str, key: str, *, because: str, by: Actor, now: datetime) -> int:
    """Erase the words of an entry from a dataset's whole history; return how many changes named it.

    Each of them becomes a tombstone where it stands, and is told once more as one at the end, so that who has read it
    erases it too. The entry must have left the list before (GDPR Art. 17, 19). Raises `FiresError`.
    """
    because = storable(because).strip()[:2_000]
    if not because:
        raise FiresError(_("say why"))
    with transaction.atomic():
        ledger.lock()
        found = Dataset.objects.select_for_update().filter(name=name).first()
        said = list(found.changes.filter(key=key).order_by("pk")) if found is not None and key else []
        if found is None or not said:
            raise FiresError(_("nothing was ever said of it there"))
        if said[-1].type == ChangeType.RECOMMENDATION:
            raise FiresError(_("it is recommended still: take it out of the list first"))
        found.changes.filter(key=key).update(type=ChangeType.TOMBSTONE.value, key="")
        DatasetChange.objects.bulk_create(
            DatasetChange(
                dataset=found, number=number_at(now, count), type=ChangeType.TOMBSTONE.value, key="",
                of=one.number, at=now,
            )
            for count, one in enumerate(said)
        )  # fmt: skip
        ledger.record(
            FactKind.DATASET_ERASED, by=by, now=now, subject=subject_of(name),
            body={"changes": len(said), "because": because},
        )  # fmt: skip
    return len(said)


def forget(name: str, key: str, *, because: str, by: Actor, now: datetime) -> int:
    """Retract an entry if it stands, and erase its words as `erase` does; return how many changes named it."""
    with transaction.atomic():
        ledger.lock()
        found = Dataset.objects.select_for_update().filter(name=name).first()
        newest = found.changes.filter(key=key).order_by("pk").last() if found is not None and key else None
        if found is None or newest is None:
            return 0
        if newest.type == ChangeType.RECOMMENDATION:
            _append(found, (), (key,), now=now)
            ledger.record(
                FactKind.DATASET_TOLD, by=by, now=now, subject=subject_of(name), body={"came": 0, "left": 1}
            )
        return erase(name, key, because=because, by=by, now=now)


def tell_due(now: datetime) -> int:
    """Bring every dataset up to its list; return how many have changed. A list that is gone retracts everything."""
    versions = {one.name: one for one in lists.in_force()}
    changed = 0
    for one in Dataset.objects.filter(ended_at=None).order_by("pk"):
        version = versions.get(one.name)
        if one.digest == (version.digest if version else ""):
            continue
        with transaction.atomic():
            ledger.lock()
            _tell(Dataset.objects.select_for_update().get(pk=one.pk), version, by=SYSTEM, now=now)
        changed += 1
    return changed


def _tell(dataset: Dataset, version: ListVersion | None, *, by: Actor, now: datetime) -> None:
    wanted = _entries(dataset, version)
    there = _standing(dataset)
    came, left = _append(dataset, wanted - there, there - wanted, now=now)
    dataset.digest = version.digest if version else ""
    dataset.save(update_fields=["digest"])
    if came or left:
        ledger.record(
            FactKind.DATASET_TOLD,
            by=by,
            now=now,
            subject=subject_of(dataset.name),
            body={"came": came, "left": left},
        )


def _entries(dataset: Dataset, version: ListVersion | None) -> set[str]:
    if version is None:
        return set()
    if version.entries > MOST_ENTRIES:
        raise FiresError(_("a dataset has at most %(most)s entries") % {"most": f"{MOST_ENTRIES:,}"})
    try:
        given = open_list(settings.HAKAM_LISTS, version.name, version.digest).entries()
    except BadListError as error:
        raise FiresError(str(error)) from error
    kind = EntityKind(dataset.kind)
    return {key for one in given if (key := entry_key(kind, one)) is not None}


def _standing(dataset: Dataset) -> set[str]:
    """Return what is recommended now: the newest change of each key counts."""
    return {key for key, change in latest(dataset).items() if change.type == ChangeType.RECOMMENDATION}


def latest(dataset: Dataset) -> dict[str, DatasetChange]:
    """Return the newest change of each key, the oldest of them first."""
    found: dict[str, DatasetChange] = {}
    for one in dataset.changes.exclude(type=ChangeType.TOMBSTONE).order_by("pk").iterator(chunk_size=_ROWS):
        found.pop(one.key, None)
        found[one.key] = one
    return found


def _append(dataset: Dataset, came: Iterable[str], left: Iterable[str], *, now: datetime) -> tuple[int, int]:
    wanted = [(ChangeType.RETRACTION, key) for key in sorted(left)]
    gone = len(wanted)
    wanted += [(ChangeType.RECOMMENDATION, key) for key in sorted(came)]
    rows = (
        DatasetChange(dataset=dataset, number=number_at(now, count), type=what.value, key=key, at=now)
        for count, (what, key) in enumerate(wanted)
    )
    for batch in _batches(rows):
        DatasetChange.objects.bulk_create(batch)
    return len(wanted) - gone, gone


def _batches(rows: Iterable[DatasetChange]) -> Iterator[list[DatasetChange]]:
    source = iter(rows)
    while batch := list(islice(source, _ROWS)):
        yield batch


def offered() -> list[Dataset]:
    """Return every dataset, the withdrawn too: their retractions are still to be read."""
    return list(Dataset.objects.order_by("created_at", "pk"))


def changes_after(
    dataset: Dataset, number: str, limit: int = AT_ONCE
) -> tuple[list[DatasetChange], bool] | None:
    """Return the changes after one, and whether there are more; None if there is no such change."""
    after = 0
    if number.lower() not in BEGINNINGS:
        found = dataset.changes.filter(number=number).values_list("pk", flat=True).first()
        if found is None:
            return None
        after = found
    rows = list(dataset.changes.filter(pk__gt=after).order_by("pk")[: limit + 1])
    return rows[:limit], len(rows) > limit

"""A dataset of another server, read page by page into a list outside packs: a recommendation, until a rule reads it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from hakam.compliance import ledger, lists
from hakam.compliance.facts import FactKind
from hakam.enforcement.connectors.webhook.address import url_problems
from hakam.exchange.fires.shapes import (
    ChangeType,
    EntityKind,
    FiresError,
    Heard,
    Page,
    Policy,
    dataset_of,
    entry_key,
    first_page_of,
    page_of,
)
from hakam.exchange.kinds import ExchangeError
from hakam.exchange.models import Followed, FollowedChange
from hakam.policy.lists import ListKind
from hakam.storage.embedded import list_files
from hakam.vocabulary.actor import SYSTEM, Actor

EVERY: Final = timedelta(hours=1)
LONGEST_WAIT: Final = timedelta(hours=12)
MOST_PAGES: Final = 2_000  # in one go
MOST_CHANGES: Final = 500_000
NOTHING: Final = {ListKind.DOMAINS: "nothing.invalid", ListKind.VALUES: "nobody@nothing.invalid"}
"""The one entry of a list of which nothing is left: it has one at least, and these names are nobody's (RFC 2606)."""


class Reach(Protocol):
    """How another server is read."""

    def get(self, address: str, accept: str) -> bytes:
        """Return what lies at an address. Raises `ExchangeError`."""
        ...


def subject_of(name: str) -> str:
    """Return what is followed, as the ledger names it."""
    return f"fires:{name}"


def follow(
    name: str,
    address: str,
    *,
    kind: EntityKind,
    by: Actor,
    now: datetime,
    policies: Iterable[Policy] = (Policy.REJECT, Policy.DROP),
) -> Followed:
    """Follow a dataset: what it recommends with one of the policies comes into the list `name`. Raises `FiresError`."""
    chosen = sorted({policy.value for policy in policies})
    if problems := url_problems({"url": address}):
        raise FiresError("; ".join(problems))
    if not chosen:
        raise FiresError(_("choose at least one policy"))
    try:
        lists.check_name(name)
    except lists.ListError as error:
        raise FiresError(str(error)) from error
    if any(one.name == name for one in lists.in_force()):
        raise FiresError(_("there is a list of this name: take another"))
    with transaction.atomic():
        try:
            with transaction.atomic():
                made = Followed.objects.create(
                    name=name,
                    address=address.strip(),
                    kind=kind.value,
                    policies=chosen,
                    created_at=now,
                    next_at=now,
                )
        except IntegrityError:
            raise FiresError(_("it is followed already, or was")) from None
        ledger.record(
            FactKind.DATASET_FOLLOWED, by=by, now=now, subject=subject_of(name),
            body={"address": address, "kind": kind.value, "policies": chosen},
        )  # fmt: skip
    return made


def leave(name: str, *, because: str, by: Actor, now: datetime) -> Followed:
    """Follow a dataset no longer, and forget what it said; its list is emptied. Raises `FiresError`."""
    if not because.strip():
        raise FiresError(_("say why"))
    with transaction.atomic():
        found = Followed.objects.select_for_update().filter(name=name, ended_at=None).first()
        if found is None:
            raise FiresError(_("nothing of the kind is followed"))
        found.changes.all().delete()
        found.ended_at = now
        found.save(update_fields=["ended_at"])
        ledger.record(
            FactKind.DATASET_LEFT,
            by=by,
            now=now,
            subject=subject_of(name),
            body={"because": because.strip()[:2_000]},
        )
    _publish(found, by=by, now=now)
    return found


def read_due(reach: Reach, *, now: datetime) -> int:
    """Read what is due; return how many datasets were read. One that can't be read is tried again, ever later."""
    done = 0
    for one in list(Followed.objects.filter(ended_at=None, next_at__lte=now).order_by("pk")):
        try:
            read(one, reach, now=now)
            done += 1
        except (FiresError, ExchangeError) as error:
            wait = min(LONGEST_WAIT, timedelta(minutes=5) * 2 ** min(one.failures, 10))
            Followed.objects.filter(pk=one.pk).update(
                failures=one.failures + 1, last_error=str(error)[:2_000], next_at=now + wait
            )
    return done


def read(one: Followed, reach: Reach, *, now: datetime) -> int:
    """Read a dataset's changes from where reading stopped, and put its list in force; return how many were new.

    Raises `FiresError` and what `reach` raises; what was read before stays.
    """
    where, new = one.page or _begin(one, reach), 0
    for _round in range(MOST_PAGES):
        data = reach.get(_same_house(one, where), MEDIA_TYPES)
        first = first_page_of(data)
        if first is not None:
            where = first
            continue
        page = page_of(data, where)
        new += _take(one, page, now=now)
        if not page.next or page.next == where:
            break
        where = page.next
    one.read_at, one.next_at, one.failures, one.last_error = now, now + EVERY, 0, ""
    one.save(update_fields=["title", "read_at", "next_at", "failures", "last_error"])
    if new:
        _publish(one, by=SYSTEM, now=now)
    return new


MEDIA_TYPES: Final = "application/ld+json, application/activity+json;q=0.9, application/json;q=0.8"


def _begin(one: Followed, reach: Reach) -> str:
    title, changes = dataset_of(reach.get(one.address, MEDIA_TYPES))
    one.title = "".join(c for c in title if c.isprintable())
    return changes


def _same_house(one: Followed, where: str) -> str:
    """Return an address of the dataset's own server. Raises `FiresError` for that of another."""
    if urlsplit(where)[:2] != urlsplit(one.address)[:2]:
        raise FiresError(f"it leads to another server: {where[:200]}")
    return where


def _take(one: Followed, page: Page, *, now: datetime) -> int:
    """Keep what a page says, and that it was read, in one transaction; return how many changes were new."""
    kind = EntityKind(one.kind)
    with transaction.atomic():
        locked = Followed.objects.select_for_update().get(pk=one.pk)
        known = set(
            locked.changes.filter(number__in=[c.number for c in page.changes]).values_list(
                "number", flat=True
            )
        )
        came = left = 0
        for change in page.changes:
            if change.type is ChangeType.TOMBSTONE:
                left += _bury(locked, change)
            elif change.number not in known:
                came += _keep(locked, change, kind)
        if locked.changes.count() > MOST_CHANGES:
            raise FiresError(f"more than {MOST_CHANGES:,} changes")
        locked.page = one.page = page.address
        locked.save(update_fields=["page"])
        if came or left:
            ledger.record(
                FactKind.DATASET_READ, by=SYSTEM, now=now, subject=subject_of(one.name),
                body={"changes": came, "erased": left},
            )  # fmt: skip
    return came + left


def _keep(one: Followed, change: Heard, kind: EntityKind) -> int:
    key = entry_key(kind, change.key) if change.kind is kind else None
    if key is None:
        return 0
    FollowedChange.objects.create(
        followed=one, number=change.number, type=change.type.value, key=key,
        policy=change.policy.value if change.policy is not None else "",
    )  # fmt: skip
    return 1


def _bury(one: Followed, change: Heard) -> int:
    """Erase all that was said of the entry of a change."""
    keys = list(one.changes.filter(number=change.number).values_list("key", flat=True))
    return one.changes.filter(key__in=keys).delete()[0] if keys else 0


def forget(keys: Collection[str], *, by: Actor, now: datetime) -> int:
    """Erase all that other servers said of these entries, and take them out of the lists; return how much it was.

    A server that names an entry anew brings it back: the person is told which it was.
    """
    gone = 0
    for one in Followed.objects.filter(changes__key__in=sorted(keys)).distinct().order_by("pk"):
        with transaction.atomic():
            left = one.changes.filter(key__in=sorted(keys)).delete()[0]
            ledger.record(
                FactKind.DATASET_READ, by=by, now=now, subject=subject_of(one.name),
                body={"changes": 0, "erased": left},
            )  # fmt: skip
            if one.ended_at is None:
                _publish(one, by=by, now=now)
        gone += left
    return gone


def recommended(one: Followed) -> set[str]:
    """Return what stands: entries whose newest change recommends one of the chosen policies."""
    newest: dict[str, tuple[str, str]] = {}
    rows = one.changes.order_by("pk").values_list("key", "type", "policy")
    for key, what, policy in rows.iterator(chunk_size=5_000):
        if what != ChangeType.ADVISORY:  # says that something may follow, and takes nothing back
            newest[key] = (what, policy)
    chosen = set(one.policies)
    return {
        key
        for key, (what, policy) in newest.items()
        if what == ChangeType.RECOMMENDATION and policy in chosen
    }


def _publish(one: Followed, *, by: Actor, now: datetime) -> None:
    kind = ListKind.DOMAINS if one.kind == EntityKind.DOMAIN else ListKind.VALUES
    entries = sorted(recommended(one)) or [NOTHING[kind]]
    kept = list_files.keep(settings.HAKAM_LISTS, kind, entries)
    lists.publish(
        one.name, kind, kept.digest, kept.entries, by=by, now=now, note=f"FIRES: {one.address}"[:500],
        ground=lists.ListGround.INTEREST if kind is ListKind.VALUES else None,
    )  # fmt: skip


def followed() -> list[tuple[Followed, int]]:
    """Return what is followed, by name, and how many entries each recommends."""
    return [(one, len(recommended(one))) for one in Followed.objects.filter(ended_at=None).order_by("name")]

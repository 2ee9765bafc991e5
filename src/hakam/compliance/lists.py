"""Lists that stand outside packs: each version put in force by a verb, kept for good, named in the ledger.

A list may change many times a day while the rules that read it stay as they are. Every verdict names the versions that
it read, so that it can be explained from the same ones (DSA Art. 14, 17(3)).
"""

from __future__ import annotations

import re
from datetime import datetime

from django.conf import settings
from django.db import transaction

from hakam.compliance import ledger, rulebook
from hakam.compliance.facts import FactKind
from hakam.compliance.models import ListVersion
from hakam.policy.lists import ListKind
from hakam.policy.outside import BadListError, OutsideList
from hakam.storage.embedded.lists import open_list
from hakam.vocabulary.actor import Actor

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class ListError(ValueError):
    """A list can't be published or removed as asked."""


def check_name(name: str) -> None:
    """Raise `ListError` unless a list can have this name: what a pack's own could have."""
    if not _NAME.fullmatch(name):
        raise ListError(f"`{name[:80]}` can't be a list's name: small letters, digits and `-`, at most 64")


def publish(
    name: str, kind: ListKind, digest: str, entries: int, *, by: Actor, now: datetime, note: str
) -> ListVersion:
    """Put a version of a list in force, whose file is kept already. The very one in force: that version, unchanged.

    Raises `ListError`, also if the list was of another kind before: rules that read it would break.
    """
    check_name(name)
    with transaction.atomic():
        ledger.lock()
        last = ListVersion.objects.select_for_update().filter(name=name).order_by("-number").first()
        current = last if last is not None and last.active_until is None else None
        if current is not None and current.kind != kind:
            raise ListError(f"`{name}` is a list of {current.kind}; remove it first, or choose another name")
        if current is not None and current.digest == digest:
            return current
        if current is not None:
            current.active_until = now
            current.save(update_fields=["active_until"])
        version = ListVersion.objects.create(
            name=name,
            number=last.number + 1 if last is not None else 1,
            kind=kind,
            digest=digest,
            entries=entries,
            note=note,
            published_by=str(by),
            active_from=now,
        )
        ledger.record(
            FactKind.LIST_PUBLISHED,
            by=by,
            now=now,
            subject=f"list:{name}",
            body={
                "name": name,
                "number": version.number,
                "kind": str(kind),
                "digest": digest,
                "entries": entries,
                "note": note,
                "replaces": current.digest if current is not None else None,
            },
        )
    return version


def remove(name: str, *, by: Actor, now: datetime, note: str) -> ListVersion:
    """Take a list out of force. Its versions stay, so that verdicts can be explained.

    Raises `ListError` if there is none, or if rules read it.
    """
    with transaction.atomic():
        ledger.lock()
        current = ListVersion.objects.select_for_update().filter(name=name, active_until=None).first()
        if current is None:
            raise ListError(f"there is no list `{name[:80]}` in force")
        active = rulebook.active()
        if active is not None and name in rulebook.load(active).outside:
            raise ListError(f"rules in force read the list `{name}`; publish a pack that does not, first")
        current.active_until = now
        current.save(update_fields=["active_until"])
        ledger.record(
            FactKind.LIST_REMOVED,
            by=by,
            now=now,
            subject=f"list:{name}",
            body={"name": name, "number": current.number, "digest": current.digest, "note": note},
        )
    return current


def in_force() -> list[ListVersion]:
    """Return the versions in force, by name."""
    return list(ListVersion.objects.filter(active_until=None).order_by("name"))


def opened() -> dict[str, OutsideList]:
    """Return the lists in force, ready to be looked up in. Raises `BadListError` if a file is missing."""
    return {one.name: open_list(settings.HAKAM_LISTS, one.name, one.digest) for one in in_force()}


def at_hand() -> dict[str, OutsideList]:
    """Return the lists in force as far as their files are there; of the others only the names."""
    found = {}
    for one in in_force():
        try:
            found[one.name] = open_list(settings.HAKAM_LISTS, one.name, one.digest)
        except BadListError:
            found[one.name] = OutsideList(one.name, None)
    return found


def history(name: str) -> list[ListVersion]:
    """Return every version of a list, the newest first."""
    return list(ListVersion.objects.filter(name=name).order_by("-number"))


def names() -> list[str]:
    """Return the names of all lists that ever were."""
    return sorted(set(ListVersion.objects.values_list("name", flat=True)))

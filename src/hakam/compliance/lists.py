"""Lists that stand outside packs: each version put in force by a verb, kept, named in the ledger.

A list may change many times a day while the rules that read it stay as they are. Every verdict names the versions that
it read, so that it can be explained from the same ones (DSA Art. 14, 17(3)).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django.db.models import F

from hakam.compliance import ledger, rulebook
from hakam.compliance.facts import FactKind
from hakam.compliance.models import ListVersion
from hakam.policy.lists import ListKind
from hakam.policy.outside import BadListError, OutsideList
from hakam.storage.embedded.lists import blank, open_list
from hakam.vocabulary.actor import Actor

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class ListError(ValueError):
    """A list can't be published or removed as asked."""


def check_name(name: str) -> None:
    """Raise `ListError` unless a list can have this name: what a pack's own could have."""
    if not _NAME.fullmatch(name):
        raise ListError(f"`{name[:80]}` can't be a list's name: small letters, digits and `-`, at most 64")


class ListGround(StrEnum):
    """Why a list may name people, as whoever puts it in force says. It decides what a request for erasure does."""

    INTEREST = "interest"  # GDPR Art. 6(1)(f): gives way to a request (GDPR Art. 17(1)(c), GDPR Art. 21(1))
    OBLIGATION = "obligation"  # GDPR Art. 6(1)(c): stays (GDPR Art. 17(3)(b))
    # GDPR Art. 6(1)(d): stays while somebody's life needs it; GDPR Art. 21 knows no objection
    VITAL = "vital"
    CLAIMS = "claims"  # stays for legal claims (GDPR Art. 17(3)(e))


def publish(
    name: str,
    kind: ListKind,
    digest: str,
    entries: int,
    *,
    by: Actor,
    now: datetime,
    note: str,
    ground: ListGround | None = None,
) -> ListVersion:
    """Put a version of a list in force, whose file is kept already. The very one in force: that version, unchanged.

    `ground` says that it names people, and why it may; without it that of the version before counts. Raises
    `ListError`, also if the list was of another kind before: rules that read it would break.
    """
    check_name(name)
    if ground is not None and kind is not ListKind.VALUES:
        raise ListError(f"a list of {kind} names nobody; a ground is for a list of values")
    with transaction.atomic():
        ledger.lock()
        last = ListVersion.objects.select_for_update().filter(name=name).order_by("-number").first()
        current = last if last is not None and last.active_until is None else None
        if current is not None and current.kind != kind:
            raise ListError(f"`{name}` is a list of {current.kind}; remove it first, or choose another name")
        stated = ground.value if ground is not None else last.ground if last is not None else ""
        if current is not None and current.digest == digest and current.ground == stated:
            return current
        twin = ListVersion.objects.filter(digest=digest, file_kept=True).exclude(rest="").first()
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
            ground=stated,
            rest=twin.rest if twin is not None else "",
            erased=twin.erased if twin is not None else 0,
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
            }
            | ({"ground": stated} if stated else {}),
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


def kept() -> list[ListVersion]:
    """Return every version whose file is kept, by name and number."""
    return list(ListVersion.objects.filter(file_kept=True).order_by("name", "number"))


def drop(version: ListVersion) -> None:
    """Remove the file of a version that is long out of force, unless another version needs it. Part of a verb."""
    ListVersion.objects.filter(pk=version.pk, active_until__isnull=False).update(
        file_kept=False, rest="", erased=0
    )
    if not ListVersion.objects.filter(digest=version.digest, file_kept=True).exists():
        (settings.HAKAM_LISTS / version.digest).unlink(missing_ok=True)


def naming(names: Collection[str]) -> list[ListVersion]:
    """Return the versions, in force or kept, whose files hold one of these names. A file that is gone holds none."""
    found: dict[str, bool] = {}
    rows = [one for one in kept() if one.kind == ListKind.VALUES]
    for digest in {one.digest for one in rows}:
        with suppress(BadListError):
            opened = open_list(settings.HAKAM_LISTS, "", digest)
            found[digest] = any(name in opened for name in names)
    return [one for one in rows if found.get(one.digest)]


def erase(digest: str, names: Collection[str], *, by: Actor, now: datetime, reason: str) -> int:
    """Overwrite names in the file of a version, and say so; return how many there were (GDPR Art. 17(1)).

    The fact comes first and tells the digest before and after, so that the file can be proved against the ledger; a
    file that was not reached, as after a kill, is done again with the same fact. Raises `BadListError`, `OSError`.
    """
    opened = open_list(settings.HAKAM_LISTS, "", digest)
    spans = [span for name in sorted(set(names)) if (span := opened.span_of(name)) is not None]
    if not spans:
        return 0
    rest = opened.digest_without(spans)
    with transaction.atomic():
        ledger.lock()
        rows = list(ListVersion.objects.select_for_update().filter(digest=digest).order_by("pk"))
        if any(one.rest != rest for one in rows):
            ListVersion.objects.filter(digest=digest).update(rest=rest, erased=F("erased") + len(spans))
            ledger.record(
                FactKind.LIST_ERASED,
                by=by,
                now=now,
                subject=f"list:{rows[0].name}",
                about=(reason, *(f"list:{name}" for name in sorted({one.name for one in rows[1:]}))),
                body={
                    "digest": digest,
                    "before": rows[0].rest or digest,
                    "after": rest,
                    "entries": len(spans),
                },
            )
    blank(settings.HAKAM_LISTS, digest, spans)
    return len(spans)


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

"""The shapes of FIRES as its protocol reference documents them: JSON-LD on ActivityStreams 2.0, written and read.

https://fires.fedimod.org/reference/protocol/data-model/changes.html and `datasets.html` beside it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

import msgspec

from hakam.signals.links import host_of

CONTEXT: Final = ["https://www.w3.org/ns/activitystreams", "https://fires.fedimod.org/context/fires.jsonld"]
MEDIA_TYPE: Final = "application/ld+json"
BEGINNING: Final = "00000000-0000-7000-a000-000000000000"
"""In place of a change: before the first one. A UUID of version 7, since servers refuse others."""
BEGINNINGS: Final = frozenset({BEGINNING, str(UUID(int=0))})
LONGEST_KEY: Final = 200


class EntityKind(StrEnum):
    """What an entry is."""

    DOMAIN = "domain"
    ACTOR = "actor"


class Policy(StrEnum):
    """What is recommended about an entry."""

    ACCEPT = "accept"
    FILTER = "filter"
    REJECT = "reject"  # and say so
    DROP = "drop"


class ChangeType(StrEnum):
    """What a change says."""

    ADVISORY = "Advisory"  # a recommendation may follow
    RECOMMENDATION = "Recommendation"
    RETRACTION = "Retraction"
    TOMBSTONE = "Tombstone"  # the entry must be forgotten


class FiresError(ValueError):
    """What came is not in the shape of FIRES, or what was asked can't be done. The message says why."""


def number_at(now: datetime, count: int) -> str:
    """Return a UUID of version 7 (RFC 9562) that comes after all of earlier moments and of lower counts."""
    millis = int(now.timestamp() * 1_000)
    value = (millis << 80) | (0x7 << 76) | ((count & 0xFFF) << 64) | (0b10 << 62) | secrets.randbits(62)
    return str(UUID(int=value))


def entry_key(kind: EntityKind, text: str) -> str | None:
    """Return an entry as a list has it, None for what is none: a host in lower case, or an account as it is called."""
    text = text.strip()
    if not text or len(text) > LONGEST_KEY or any(not c.isprintable() or c.isspace() for c in text):
        return None
    if kind is EntityKind.DOMAIN:
        host = host_of(text)
        return host if host and "." in host and "/" not in text.removeprefix("https://").rstrip("/") else None
    plain = text.removeprefix("acct:").lstrip("@")
    return text if "://" in text else plain if "@" in plain else None


class Told(NamedTuple):
    """A change of a dataset of ours, with what stands around it."""

    number: str
    type: ChangeType
    key: str
    at: datetime


class About(NamedTuple):
    """What the changes of one dataset share."""

    address: str
    kind: EntityKind
    policy: Policy
    filters: tuple[str, ...]
    label: str  # address of the label; empty: none


def change(about: About, one: Told) -> dict[str, Any]:
    """Return a change. A retraction says what is retracted and no more, a tombstone only which change is gone."""
    said: dict[str, Any] = {
        "id": f"{about.address}/changes/{one.number}",
        "type": one.type.value,
        "published": stamp(one.at),
    }
    if one.type is ChangeType.TOMBSTONE:
        return said
    said |= {"entityKind": about.kind.value, "entityKey": one.key}
    if one.type is ChangeType.RECOMMENDATION:
        said["labels"] = [about.label] if about.label else []
        said["recommendedPolicy"] = about.policy.value
        said["recommendedFilters"] = list(about.filters)
    return said


def collection(address: str, items: Iterable[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return an `OrderedCollection` with everything in it."""
    listed = list(items)
    return {
        "@context": CONTEXT, "id": address, "type": "OrderedCollection", "totalItems": len(listed), **more,
        "orderedItems": listed,
    }  # fmt: skip


def stamp(at: datetime) -> str:
    """Return a moment as the context has it: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Heard(NamedTuple):
    """A change of somebody else's dataset. `key` is empty for a tombstone, `kind` for one that we do not know."""

    number: str
    type: ChangeType
    kind: EntityKind | None
    key: str
    policy: Policy | None


class Page(NamedTuple):
    """A page of changes: where it is, where the next one is (empty: there is none yet), and what is on it."""

    address: str
    next: str
    changes: tuple[Heard, ...]
    unread: int  # changes that say nothing which we could keep


def dataset_of(data: bytes) -> tuple[str, str]:
    """Return a dataset's name and the address of its changes. Raises `FiresError`."""
    said = _object(data)
    ends = said.get("endpoints") or said.get("endpoint")
    where = ends.get("changes") if isinstance(ends, dict) else None
    if said.get("type") != "Dataset" or not isinstance(where, str):
        raise FiresError("no dataset of FIRES: it has no `endpoints.changes`")
    name = said.get("name")
    return (name if isinstance(name, str) else "")[:200], where


def first_page_of(data: bytes) -> str | None:
    """Return where the first page of a collection is, None if this is a page itself. Raises `FiresError`."""
    said = _object(data)
    if said.get("type") in {"OrderedCollection", "Collection"} and "orderedItems" not in said:
        first = said.get("first")
        found = first.get("id") if isinstance(first, dict) else first
        if not isinstance(found, str):
            raise FiresError("a collection without items and without `first`")
        return found
    return None


def page_of(data: bytes, address: str) -> Page:
    """Read a page of changes that was found at an address. Raises `FiresError`."""
    said = _object(data)
    items = said.get("orderedItems", said.get("items"))
    if said.get("type") not in _PAGES or not isinstance(items, list):
        raise FiresError("no page of changes")
    heard = [_heard(one) for one in items]
    following = said.get("next")
    where = said.get("id")
    return Page(
        where if isinstance(where, str) else address,
        _onward(following, items[-1] if items else None) if isinstance(following, str) else "",
        tuple(one for one in heard if one is not None),
        sum(one is None for one in heard),
    )


def _onward(following: str, last: Any) -> str:
    """Return where reading goes on after a page whose last change is `last`.

    Some servers name as `next` the change that follows, and give what comes after that: the change itself would never
    be read. So `since` names the last change that was, wherever both are told by a UUID.
    """
    if not isinstance(last, dict) or last.get("type") == ChangeType.TOMBSTONE:  # it names a change of earlier
        return following
    number = str(last.get("id", "")).rstrip("/").rpartition("/")[2]
    parts = urlsplit(following)
    query = parse_qsl(parts.query, keep_blank_values=True)
    if not _UUID.fullmatch(number) or not _UUID.fullmatch(dict(query).get("since", "")):
        return following
    query = [(name, number if name == "since" else value) for name, value in query]
    return urlunsplit(parts._replace(query=urlencode(query)))


_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_PAGES: Final = {"OrderedCollection", "OrderedCollectionPage", "Collection", "CollectionPage"}
_NUMBER: Final = re.compile(r"\S{1,500}")


def _heard(said: Any) -> Heard | None:
    if not isinstance(said, dict) or said.get("type") not in set(ChangeType):
        return None
    number = said.get("id")
    if not isinstance(number, str) or not _NUMBER.fullmatch(number):
        return None
    what = ChangeType(said["type"])
    if what is ChangeType.TOMBSTONE:
        return Heard(number, what, None, "", None)
    kind = str(said.get("entityKind", said.get("entity_kind", ""))).lower()
    key = said.get("entityKey", said.get("entity_key"))
    policy = said.get("recommendedPolicy", said.get("recommended_policy"))
    return Heard(
        number,
        what,
        EntityKind(kind) if kind in set(EntityKind) else None,
        key if isinstance(key, str) else "",
        Policy(policy) if policy in set(Policy) else None,  # none is recommended: it is for people to know
    )


def _object(data: bytes) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise FiresError(f"no JSON: {error}") from error
    if not isinstance(said, dict):
        raise FiresError("no object of JSON-LD")
    return said

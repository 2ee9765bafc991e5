"""Known items: which item lies at an address, learnt from the events seen, so that a notice finds its content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from hakam.intake.models import KnownItem
from hakam.storage.event_log import EventLog
from hakam.vocabulary.event import ItemRef

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Seen(NamedTuple):
    """An item as an event told of it."""

    ref: ItemRef
    url: str
    seq: int


def normalise(url: str) -> str:
    """Return the form of an address in which two spellings of it are equal.

    Scheme and host in lower case, no default port, no fragment, no trailing slash; the query counts, since many
    platforms keep the item in it. What is no address stays as it is, without the space around it.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    if not parts.scheme or not parts.hostname:
        return url
    scheme, host = parts.scheme.lower(), parts.hostname.lower()
    host = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORTS.get(scheme):
        host = f"{host}:{port}"
    scheme = "https" if scheme == "http" else scheme  # one item, whichever way it was opened
    return urlunsplit((scheme, host, parts.path.rstrip("/"), parts.query, ""))


def digest_of(text: str) -> str:
    """Return the key of an address, or of an item's name: 128 bits of its SHA-256, in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def learn(seen: Iterable[Seen]) -> int:
    """Keep where items lie, the newest event of each; return how many rows that took."""
    rows: dict[str, KnownItem] = {}
    for ref, url, seq in seen:
        for key in (f"item:{ref}", f"url:{normalise(url)}" if url else ""):
            if key:
                digest = digest_of(key)
                rows[digest] = KnownItem(
                    digest=digest, platform=ref.platform, item_kind=ref.kind, item_id=ref.id, seq=seq
                )
    if rows:
        KnownItem.objects.bulk_create(
            rows.values(),
            batch_size=2_000,
            update_conflicts=True,
            unique_fields=["digest"],
            update_fields=["platform", "item_kind", "item_id", "seq"],
        )
    return len(rows)


def at_url(url: str) -> KnownItem | None:
    """Return the item at an address, or None if no event told of it."""
    return KnownItem.objects.filter(digest=digest_of(f"url:{normalise(url)}")).first()


def by_ref(ref: ItemRef) -> KnownItem | None:
    """Return where the newest event of an item is, or None if there was none."""
    return KnownItem.objects.filter(digest=digest_of(f"item:{ref}")).first()


def ref_of(known: KnownItem) -> ItemRef:
    """Return the item's name."""
    return ItemRef(known.platform, known.item_kind, known.item_id)


def newest_event(known: KnownItem, log: EventLog) -> bytes | None:
    """Return the newest event of an item as the platform sent it; None if the log holds it no more."""
    found = log.read(known.seq - 1, 1)
    return found[0].raw if found and found[0].seq == known.seq else None

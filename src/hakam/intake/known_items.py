"""Known items: which item lies at an address, learnt from events, so that a notice finds its content."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

from hakam.intake.models import KnownItem
from hakam.storage.event_log import EventLog
from hakam.vocabulary.event import ItemRef

_PLAIN = re.compile(r"https?://([a-z0-9.-]+)(/[!\"$->@-~]*)?(\?[!\"$-~]+)?", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ROWS = 190  # five values each: below the 999 variables that an old SQLite takes
_TABLE = connection.ops.quote_name(KnownItem._meta.db_table)  # noqa: SLF001 -- Django's documented way
_LEARN = """
INSERT INTO {table} (digest, platform, item_kind, item_id, seq) VALUES {values}
ON CONFLICT (digest) DO UPDATE SET
    platform = excluded.platform, item_kind = excluded.item_kind,
    item_id = excluded.item_id, seq = excluded.seq
"""


class Seen(NamedTuple):
    """An item as an event told of it."""

    ref: ItemRef
    url: str
    seq: int


def normalise(url: str) -> str:
    """Return the form of an address in which two spellings of it are equal.

    Scheme and host in lower case, no default port, no fragment, no trailing slash; the query counts, since
    many platforms keep the item in it. What is no address stays as it is, without the space around it.
    """
    plain = _PLAIN.fullmatch(url)
    if plain is not None:  # most addresses, ten times as fast
        return f"https://{plain[1]}{(plain[2] or '').rstrip('/')}{plain[3] or ''}"
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
    """Return the key of an address, or of an item's name: 128 bits of BLAKE2b, in hex."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def learn(seen: Iterable[Seen]) -> int:
    """Keep where items lie, the newest event of each; return how many rows that took.

    One statement for many rows: every event that comes in passes here, and most of them pass nowhere else.
    """
    rows: dict[str, tuple[str, str, str, str, int]] = {}
    for ref, url, seq in seen:
        digest = digest_of(f"item:{ref}")
        rows[digest] = (digest, ref.platform, ref.kind, ref.id, seq)
        if url:
            digest = digest_of(f"url:{normalise(url)}")
            rows[digest] = (digest, ref.platform, ref.kind, ref.id, seq)
    ordered = sorted(rows.values())  # in one order, so that two writers can't wait for each other
    with connection.cursor() as cursor:
        for start in range(0, len(ordered), _ROWS):
            part = ordered[start : start + _ROWS]
            values = ", ".join(["(%s, %s, %s, %s, %s)"] * len(part))
            cursor.execute(
                _LEARN.format(table=_TABLE, values=values), [field for row in part for field in row]
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

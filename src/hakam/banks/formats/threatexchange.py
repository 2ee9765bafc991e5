"""ThreatExchange: pages of `threat_updates`, as its Graph API answers them.

An update that is marked for deletion, that has no descriptors left, or whose owners all call it harmless takes the hash
away. Types that we can't look up are told row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from hakam.banks.formats.form import About, FormatError, Leaving, decoded, encoded, listed, text_of
from hakam.banks.rows import BadRow, Gone, Read, row
from hakam.vocabulary.bank import EntryKind

_KINDS = {
    "HASH_PDQ": EntryKind.PDQ,
    "HASH_MD5": EntryKind.MD5,
    "HASH_VIDEO_MD5": EntryKind.MD5,
    "HASH_SHA1": EntryKind.SHA1,
    "HASH_SHA256": EntryKind.SHA256,
    "HASH_VIDEO_SHA256": EntryKind.SHA256,
}
TYPES = {  # their texts are compared as texts: a SimHash has no type
    EntryKind.PDQ: "HASH_PDQ",
    EntryKind.MD5: "HASH_MD5",
    EntryKind.SHA1: "HASH_SHA1",
    EntryKind.SHA256: "HASH_SHA256",
}


def read(data: bytes, _kind: EntryKind | None = None) -> Iterator[Read]:
    """Yield the rows of a page; places are updates."""
    page = decoded(data)
    if not isinstance(page, dict):
        raise FormatError(_("a page of ThreatExchange is an object with `data`"))
    for number, one in enumerate(listed(page.get("data"), "data"), 1):
        yield _update(number, one) if isinstance(one, dict) else BadRow(number, "no object")


def _update(place: int, one: dict[str, Any]) -> Read:
    item = text_of(one.get("id"))
    held = one.get("descriptors")
    descriptors = held.get("data") if isinstance(held, dict) else None
    deleted = one.get("should_delete") is True or not isinstance(descriptors, list) or not descriptors
    named = text_of(one.get("type"))
    kind = _KINDS.get(named)
    if deleted and item and kind is None:
        return Gone(item)
    if kind is None:
        return BadRow(place, f"the type {named[:40]!r} can't be looked up")
    known = [d for d in descriptors if isinstance(d, dict)] if isinstance(descriptors, list) else []
    harmless = bool(known) and all(d.get("status") == "NON_MALICIOUS" for d in known)
    return row(
        place, kind, text_of(one.get("indicator")), item=item, label=_tags(known), gone=deleted or harmless
    )


def _tags(descriptors: list[dict[str, Any]]) -> str:
    found: dict[str, None] = {}
    for descriptor in descriptors:
        tags = descriptor.get("tags")
        tags = tags.get("data") if isinstance(tags, dict) else tags
        for tag in tags if isinstance(tags, list) else []:
            name = text_of(tag.get("text")) if isinstance(tag, dict) else text_of(tag)
            if name:
                found[name] = None
    return ", ".join(found)[:200]


def write(about: About, entries: Iterable[Leaving]) -> Iterator[bytes]:
    """Yield the entries as one page of updates."""
    updates = [
        {
            "id": one.item or f"{about.name}-{n}",
            "indicator": one.digest,
            "type": TYPES[one.kind],
            "last_updated": int(one.added_at.timestamp()),
            "should_delete": False,
            "descriptors": {
                "data": [
                    {
                        "id": one.item or f"{about.name}-{n}",
                        "owner": {"id": about.name},
                        "status": "MALICIOUS",
                        "tags": [tag for tag in one.label.split(", ") if tag],
                    }
                ]
            },
        }
        for n, one in enumerate((one for one in entries if one.kind in TYPES), 1)
    ]
    yield from encoded({"data": updates})

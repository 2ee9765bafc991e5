"""MISP: events with hash attributes, and with objects `perceptual-hash` (`algorithm`, `hash`, `label`) for PDQ.

MISP has no object or attribute type for perceptual hashes; ours is a plain custom one that any instance keeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.utils.translation import gettext as _

from hakam.banks.formats.form import About, FormatError, Leaving, decoded, encoded, listed, text_of
from hakam.banks.rows import BadRow, Gone, Read, row
from hakam.vocabulary.bank import EXACT, EntryKind

_OBJECT = "perceptual-hash"


def read(data: bytes, _kind: EntryKind | None = None) -> Iterator[Read]:
    """Yield the rows of an event, or of several; places are attributes and objects, counted through."""
    value = decoded(data)
    response = value.get("response", [value]) if isinstance(value, dict) else value
    place = 0
    for wrapped in listed(response, "response"):
        event = wrapped.get("Event") if isinstance(wrapped, dict) else None
        if not isinstance(event, dict):
            raise FormatError(_("no MISP event: there is no `Event` in it"))
        loose = list(listed(event.get("Attribute", []), "Attribute"))
        for thing in listed(event.get("Object", []), "Object"):
            place += 1
            if isinstance(thing, dict) and thing.get("name") == _OBJECT:
                yield _perceptual(place, thing)
            elif isinstance(thing, dict):
                loose += listed(thing.get("Attribute", []), "Attribute")
            else:
                yield BadRow(place, "no object")
        for attribute in loose:
            place += 1
            if isinstance(attribute, dict) and text_of(attribute.get("type")) in set(EXACT):
                yield _attribute(place, attribute)


def _attribute(place: int, one: dict[str, Any]) -> Read:
    item = text_of(one.get("uuid"))
    if one.get("deleted") is True and item:
        return Gone(item)
    return row(
        place,
        text_of(one["type"]),
        text_of(one.get("value")),
        item=item,
        label=text_of(one.get("comment"))[:200],
    )


def _perceptual(place: int, thing: dict[str, Any]) -> Read:
    item = text_of(thing.get("uuid"))
    if thing.get("deleted") is True and item:
        return Gone(item)
    parts = thing.get("Attribute")
    held = {
        text_of(one.get("object_relation")): text_of(one.get("value"))
        for one in (parts if isinstance(parts, list) else [])
        if isinstance(one, dict)
    }
    return row(
        place, held.get("algorithm", ""), held.get("hash", ""), item=item, label=held.get("label", "")[:200]
    )


def write(about: About, entries: Iterable[Leaving]) -> Iterator[bytes]:
    """Yield one event with everything in it."""
    attributes: list[dict[str, Any]] = []
    objects: list[dict[str, Any]] = []
    for one in entries:
        uuid = str(uuid5(NAMESPACE_URL, f"{one.kind}:{one.digest}"))
        if one.kind in EXACT:
            attributes.append(
                {"uuid": uuid, "type": str(one.kind), "value": one.digest, "comment": one.label}
            )
        else:
            parts = {"algorithm": str(one.kind), "hash": one.digest, "label": one.label}
            objects.append(
                {
                    "uuid": uuid,
                    "name": _OBJECT,
                    "Attribute": [
                        {"object_relation": name, "type": "text", "value": part}
                        for name, part in parts.items()
                        if part
                    ],
                }
            )
    uuid = str(uuid5(NAMESPACE_URL, f"{about.name}:{about.made_at.isoformat()}"))
    event = {"uuid": uuid, "info": f"{about.name}: {about.purpose}", "date": about.made_at.date().isoformat()}
    yield from encoded({"Event": {**event, "Attribute": attributes, "Object": objects}})

"""STIX 2.1: bundles with indicators that compare a file's hash; `file` objects are read too.

PDQ is not in STIX's vocabulary of algorithms, which is open: it stands there under that name. STIX can't say a radius.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.utils.translation import gettext as _

from hakam.banks.formats.form import About, FormatError, Leaving, decoded, encoded, listed, text_of
from hakam.banks.rows import BadRow, Gone, Read, row
from hakam.vocabulary.bank import EntryKind

_NAMES = {
    EntryKind.MD5: "MD5",
    EntryKind.SHA1: "SHA-1",
    EntryKind.SHA256: "SHA-256",
    EntryKind.PDQ: "PDQ",
    EntryKind.TEXT: "x_simhash",
}
_KINDS = {name: kind for kind, name in _NAMES.items()}
_COMPARED = re.compile(r"file:hashes\.'?\"?([A-Za-z0-9_-]+)'?\"?\s*=\s*'([0-9A-Fa-f]+)'")


def read(data: bytes, _kind: EntryKind | None = None) -> Iterator[Read]:
    """Yield the rows of a bundle; places are objects. Objects of other types are passed over."""
    bundle = decoded(data)
    if not isinstance(bundle, dict) or bundle.get("type") != "bundle":
        raise FormatError(_("no STIX bundle"))
    for number, one in enumerate(listed(bundle.get("objects", []), "objects"), 1):
        if not isinstance(one, dict):
            yield BadRow(number, "no object")
        elif one.get("type") in ("file", "indicator"):
            yield from _object(number, one)


def _object(place: int, one: dict[str, Any]) -> Iterator[Read]:
    item = text_of(one.get("id"))
    if one.get("revoked") is True and item:
        yield Gone(item)
        return
    if one["type"] == "file":
        hashes = one.get("hashes")
        found = [(name, text_of(value)) for name, value in hashes.items()] if isinstance(hashes, dict) else []
    else:
        found = _COMPARED.findall(text_of(one.get("pattern")))
    labels = one.get("labels")
    label = ", ".join(text_of(name) for name in labels)[:200] if isinstance(labels, list) else ""
    known = [(kind, digest) for name, digest in found if (kind := _KINDS.get(name)) is not None]
    if not known:
        yield BadRow(place, f"{item[:80]} names no hash that can be looked up")
    for kind, digest in known:
        yield row(place, kind, digest, item=item, label=label)


def write(about: About, entries: Iterable[Leaving]) -> Iterator[bytes]:
    """Yield a bundle with one `indicator` for each entry. The same entries give the same ids.

    Observables can't have labels, and their hashes have a closed list in many readers: indicators compare any hash.
    """
    objects = [
        {
            "type": "indicator",
            "spec_version": "2.1",
            "id": f"indicator--{uuid5(NAMESPACE_URL, f'{one.kind}:{one.digest}')}",
            "created": _time(one.added_at),
            "modified": _time(one.added_at),
            "name": f"{_NAMES[one.kind]} of known content",
            "pattern": f"[file:hashes.'{_NAMES[one.kind]}' = '{one.digest}']",
            "pattern_type": "stix",
            "valid_from": _time(one.added_at),
            **({"labels": one.label.split(", ")} if one.label else {}),
        }
        for one in entries
    ]
    name = f"{about.name}:{about.made_at.isoformat()}"
    bundle: dict[str, Any] = {"type": "bundle", "id": f"bundle--{uuid5(NAMESPACE_URL, name)}"}
    yield from encoded({**bundle, "objects": objects} if objects else bundle)


def _time(at: datetime) -> str:
    """Return a time as STIX writes it: UTC, milliseconds, `Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"

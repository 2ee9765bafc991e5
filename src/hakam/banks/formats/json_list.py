"""JSON: `{"bank": ..., "entries": [{"kind", "hash", "id", "label", "gone"}]}`, a bare list, or one object a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from hakam.banks.formats.form import About, Leaving, decoded, encoded, listed, text_of, text_row
from hakam.banks.rows import BadRow, Read, row
from hakam.vocabulary.bank import EntryKind


def read(data: bytes, kind: EntryKind | None = None) -> Iterator[Read]:
    """Yield the rows of a list; places are entries, or lines where each line is an object."""
    start = data.lstrip()[:1]
    lines = [line for line in data.splitlines() if line.strip()] if start == b"{" else []
    if len(lines) > 1 and _whole(lines[0]):
        for number, line in enumerate(lines, 1):
            try:
                yield _entry(number, msgspec.json.decode(line), kind)
            except (msgspec.DecodeError, RecursionError) as error:
                yield BadRow(number, f"no JSON: {error}")
        return
    value = decoded(data)
    if isinstance(value, dict) and "entries" not in value and "hash" in value:
        value = [value]
    entries = listed(value.get("entries") if isinstance(value, dict) else value, "entries")
    for number, one in enumerate(entries, 1):
        yield _entry(number, one, kind)


def _whole(line: bytes) -> bool:
    try:
        msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _entry(place: int, one: Any, kind: EntryKind | None) -> Read:
    if isinstance(one, str) and kind is not None:
        return row(place, kind, one)
    if not isinstance(one, dict):
        return BadRow(place, "no object")
    item, label = text_of(one.get("id")), text_of(one.get("label"))
    hash_ = _hash(one.get("hash"))
    if not hash_ and isinstance(one.get("text"), str):
        return text_row(place, one["text"], item=item, label=label)
    said = text_of(one.get("kind")) or (str(kind) if kind is not None else "")
    if not said:
        return BadRow(place, "it does not say its kind of hash, and none was said for the list")
    return row(place, said, hash_, item=item, label=label, gone=one.get("gone") is True)


def _hash(value: Any) -> str:
    """Return the hash as text: that of a clip is a list."""
    return msgspec.json.encode(value).decode() if isinstance(value, list) else text_of(value)


def write(about: About, entries: Iterable[Leaving]) -> Iterator[bytes]:
    """Yield the list."""
    rows = [
        {"kind": one.kind, "hash": one.digest, "id": one.item, "label": one.label, "added": one.added_at}
        for one in entries
    ]
    yield from encoded(
        {
            "bank": about.name,
            "source": about.source,
            "purpose": about.purpose,
            "distance": about.distance,
            "made": about.made_at,
            "entries": rows,
        }
    )

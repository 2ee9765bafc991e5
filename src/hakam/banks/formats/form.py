"""What the formats share: how an entry leaves, and how a file that is no list of this format is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.utils.translation import gettext as _

from hakam.banks.rows import BadRow, Read, row
from hakam.signals.fold import fold, split_words
from hakam.signals.near_duplicates import simhash
from hakam.vocabulary.bank import EntryKind

LARGEST_FILE = 1_073_741_824  # bytes
MOST_ROWS = 50_000_000


class FormatError(ValueError):
    """A file is no list of this format, or can't be read to its end. Nothing of it was taken in."""


class Leaving(NamedTuple):
    """An entry as it leaves the house."""

    kind: EntryKind
    digest: str
    item: str
    label: str
    added_at: datetime


class About(NamedTuple):
    """The bank that an export is of."""

    name: str
    source: str
    purpose: str
    distance: int
    made_at: datetime


def decoded(data: bytes) -> Any:
    """Return the JSON value of a whole file. Raises `FormatError`, which also tells a file that was cut short."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise FormatError(_("no JSON, or cut short: %(error)s") % {"error": error}) from error


def listed(value: Any, what: str) -> list[Any]:
    """Return a list that a format needs, or raise `FormatError`."""
    if not isinstance(value, list):
        raise FormatError(_("`%(what)s` should be a list") % {"what": what})
    return value


def text_of(value: Any) -> str:
    """Return a text member, empty for what is none."""
    return value if isinstance(value, str) else str(value) if type(value) is int else ""


def text_row(place: int, text: str, *, item: str = "", label: str = "") -> Read:
    """Return the row of a text that is kept as its SimHash: the text itself stays nowhere."""
    hash_ = simhash(split_words(fold(text)))
    if hash_ is None:
        return BadRow(place, "the text is too short to be told apart: 24 letters at least")
    return row(place, EntryKind.TEXT, f"{hash_:016x}", item=item, label=label)


def encoded(value: Any) -> Iterator[bytes]:
    """Yield a JSON file, indented, so that people can compare two."""
    yield msgspec.json.format(msgspec.json.encode(value), indent=1)
    yield b"\n"

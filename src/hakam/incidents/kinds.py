"""What an incident is called by those who activate one: GIFCT's and the EU's words, as data with their dates.

Names of levels come and go: GIFCT retired all of its own in 2025. So no code knows one of them.

# DSA Art. 36(3): measures of a crisis response end after three months.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib.resources import files

import msgspec
from django.utils import translation


class Kind(msgspec.Struct, frozen=True):
    """A type of incident. `until` is the last day on which it may be declared; `read`: its source was read.

    Where a source gives only a year, `since` is its first day.
    """

    key: str
    issuer: str  # who activates it; empty: we do
    short: str
    name: dict[str, str]
    means: dict[str, str]
    since: date
    source: str
    read: bool
    until: date | None = None
    longest_days: int | None = None  # in all, renewals included


class _Table(msgspec.Struct, frozen=True):
    version: str
    kinds: tuple[Kind, ...]


def in_words(said: dict[str, str]) -> str:
    """Return the words in the language in force, English where there are none."""
    return said.get((translation.get_language() or "en").partition("-")[0], said["en"])


@cache
def _table() -> _Table:
    return msgspec.json.decode(files("hakam.incidents").joinpath("kinds.json").read_bytes(), type=_Table)


def kinds() -> dict[str, Kind]:
    """Return every kind by its key, those that are retired too: old incidents keep their name."""
    return {one.key: one for one in _table().kinds}


def version() -> str:
    """Return of which month the words are."""
    return _table().version


def offered(on: date) -> tuple[Kind, ...]:
    """Return what can be declared on a day."""
    return tuple(
        one for one in kinds().values() if one.since <= on and (one.until is None or on <= one.until)
    )

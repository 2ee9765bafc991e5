"""Regimes as data: which law lets whom ask for what, what a request must contain, which clock it starts.

`regimes.json` holds them, with the law of each element. What was not read for an entry is marked, so that counsel is
asked before anybody relies on it. Orders under DSA Arts 9 and 10 and TCO Art. 3 have a room of their own (`intake`).
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

import msgspec
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import translation

from hakam.compliance.profile import Profile, duties, judge


class Sender(StrEnum):
    """Who asks."""

    PERSON = "person"
    AUTHORITY = "authority"


class Does(StrEnum):
    """What is asked for."""

    REMOVE = "remove"
    ANSWER = "answer"
    PRESERVE = "preserve"


class Element(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One element that a request must contain: the field that holds it, the law that asks for it."""

    field: str  # of `Said`
    law: str
    needed: dict[str, str]  # language -> words
    read: bool = True  # the law was read for this entry; otherwise ask counsel before you rely on it

    @property
    def words(self) -> str:
        """What is needed, in the language in force."""
        return in_words(self.needed)


class Regime(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of request."""

    key: str
    law: str
    jurisdiction: str  # `EU`, a country, or empty: as the letter says
    sender: Sender
    does: Does
    clock: str  # key of the clock of its answer
    duty: str  # key of the duty that it serves; empty: of everybody
    since: date
    title: dict[str, str]
    elements: tuple[Element, ...]
    harm: str = ""  # what it is about, where the regime says so
    receipt: str = ""  # key of the clock of the acknowledgement, where there is one
    keep: str = ""  # key of the clock for which what is asked for is kept once it was done
    then: tuple[
        str, ...
    ] = ()  # keys of the clocks that start when it is answered, as of a duty that comes again
    copies: bool = False  # known identical copies go too
    longer: bool = False  # whoever asks may give longer than the law does

    @property
    def words(self) -> str:
        """Its title, in the language in force."""
        return in_words(self.title)

    @property
    def law_words(self) -> str:
        """The law, in the language in force where it is no citation."""
        return translation.gettext(self.law)


class Said(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request as it was read. What it does not say is empty."""

    reference: str = ""
    issuer: str = ""  # the authority, or the name of a person
    contact: str = ""  # e-mail address for answers
    legal_basis: str = ""
    reasons: str = ""
    notice_type: str = ""
    questions: str = ""
    urls: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    harm: str = ""
    signature: str = ""  # as it was typed or drawn, in words
    declares: bool = False
    subject: bool = False
    good_faith: bool = False
    due: datetime | None = None  # where the request sets the period
    language: str = "en"


class _Table(msgspec.Struct, frozen=True):
    regimes: tuple[Regime, ...]


def in_words(said: dict[str, str]) -> str:
    """Return the words in the language in force, English where there are none."""
    return said.get((translation.get_language() or "en").partition("-")[0], said["en"])


@cache
def regimes() -> dict[str, Regime]:
    """Return every regime by its key."""
    table = msgspec.json.decode(files("hakam.regulator").joinpath("regimes.json").read_bytes(), type=_Table)
    return {one.key: one for one in table.regimes}


def offered(profile: Profile, on: date, *, sender: Sender | None = None) -> tuple[Regime, ...]:
    """Return the regimes that bind a platform on a day, those of everybody last."""
    found = []
    for one in regimes().values():
        if on < one.since or (sender is not None and one.sender is not sender):
            continue
        if not one.duty or judge(duties()[one.duty], profile, on).applies:
            found.append(one)
    return tuple(found)


def missing(regime: Regime, said: Said) -> tuple[Element, ...]:
    """Return every element that the request lacks, in the order of the law: nothing, if it is complete."""
    return tuple(one for one in regime.elements if not _there(getattr(said, one.field)))


def _there(value: object) -> bool:
    match value:
        case bool():
            return value
        case datetime():
            return True
        case tuple():
            return bool(value) and all(_exact(str(one)) for one in value)
        case str():
            return sum(map(str.isalnum, value)) >= 2  # noqa: PLR2004 -- "-" and "." say nothing
        case _:
            return False


def _exact(text: str) -> bool:
    """Whether an address leads to one place; an account's name is exact as it is."""
    if "://" not in text:
        return bool(text.strip())
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and bool(parts.path.strip("/"))


def reachable(said: Said) -> bool:
    """Whether there is an e-mail address to answer to."""
    try:
        validate_email(said.contact.strip())
    except ValidationError:
        return False
    return True

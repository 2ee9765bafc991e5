"""What an order must contain, element by element, and which exact element is missing: pure data and one function.

| Kind | Law |
| --- | --- |
| `act` | DSA Art. 9(2) |
| `inform` | DSA Art. 10(2) |
| `removal` | TCO Art. 3(4), Annex I |
| `production` | e-Evidence Art. 5(5): not read for this entry, so each element is marked |
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hakam.compliance.eu_database.codes import EU
from hakam.vocabulary.harm import Harm


class OrderKind(StrEnum):
    """What an authority wants."""

    ACT = "act"  # against illegal content, DSA Art. 9
    INFORM = "inform"  # information about recipients, DSA Art. 10
    REMOVAL = "removal"  # of terrorist content within the hour, TCO Art. 3
    PRODUCTION = "production"  # of data, by a European Production Order, e-Evidence Art. 10


DISCLOSES: Final = frozenset(
    {OrderKind.INFORM, OrderKind.PRODUCTION}
)  # what two people release, nothing is taken down


class ContentType(StrEnum):
    """The types of terrorist content, the tick boxes of Annex I, section B (TCO Art. 2(7))."""

    INCITEMENT = "incitement"
    SOLICIT_OFFENCE = "solicit_offence"
    SOLICIT_GROUP = "solicit_group"
    INSTRUCTION = "instruction"
    THREAT = "threat"


class DataKind(StrEnum):
    """What of a recipient can be asked for, as far as it is collected already (DSA Art. 10(2)(b))."""

    ACCOUNT = "account"  # id, name, since when
    CONTACT = "contact"  # e-mail address, language
    ITEMS = "items"  # addresses and times of what was posted
    CONTENT = "content"  # the frozen copies


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it was read. What it does not say is empty."""

    kind: OrderKind
    reference: str = ""  # the authority's file reference
    legal_basis: str = ""  # Art. 9(2)(a)(i), Art. 10(2)(a)(i)
    reasons: str = ""  # why the content is illegal; why the information is needed and in proportion
    provisions: str = ""  # the specific provisions of law
    urls: tuple[str, ...] = ()  # exact locations
    accounts: tuple[str, ...] = ()  # the specific recipients, of an order to inform
    data: tuple[str, ...] = ()  # `DataKind`s asked for
    harm: str = ""
    redress: str = ""  # for provider and recipient
    territory: tuple[str, ...] = ()  # where it applies; empty: wherever the law of the Union reaches
    language: str = ""  # Art. 9(2)(c), Art. 10(2)(c): one that the provider declared
    feedback_to: str = ""  # another authority to be told, if one is named
    issued_at: datetime | None = None
    silent_days: int = 0  # nobody may be told for so long; 0: tell the recipient
    silent_because: str = ""  # the legal basis of that
    # TCO Annex I
    content_types: tuple[str, ...] = ()  # section B
    home_state: str = ""  # section A: Member State of the main establishment or representative
    representative: str = ""  # section E: name and post of who signs
    contact: str = ""  # section F: for feedback and clarification, at any hour
    redress_body: str = ""  # section G: court or body, with the deadline
    signature: bool = False  # section E: stamp or electronic signature seen
    # A removal order: no contact twelve hours before. A production order: eight hours (e-Evidence Art. 10(4)).
    emergency: bool = False
    # e-Evidence
    emergency_because: str = ""  # why it is one
    notified: bool = (
        False  # the enforcing authority has a copy and may refuse for ten days, e-Evidence Art. 8
    )
    data_from: datetime | None = None  # only what was posted from then on
    data_to: datetime | None = None  # and until then


class Missing(NamedTuple):
    """An element that is missing or wrong: its field, the law, and what is needed."""

    field: str
    law: str
    needed: Promise  # in the language in force
    read: bool = True  # the law was read for this entry; otherwise ask counsel before you rely on it


_Rule = tuple[str, str, Promise, Callable[[Contents], bool]]


def _says(text: str) -> bool:
    return sum(map(str.isalnum, text)) >= 3  # noqa: PLR2004 -- "n/a" names nothing


def _exact(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and len(parts.path.strip("/")) > 0


def _located(c: Contents) -> bool:
    return bool(c.urls) and all(map(_exact, c.urls))


_ACT: Final[tuple[_Rule, ...]] = (
    (
        "legal_basis",
        "DSA Art. 9(2)(a)(i)",
        _("the legal basis under Union or national law"),
        lambda c: _says(c.legal_basis),
    ),
    (
        "reasons",
        "DSA Art. 9(2)(a)(ii)",
        _("a statement of reasons why it is illegal"),
        lambda c: _says(c.reasons),
    ),
    (
        "provisions",
        "DSA Art. 9(2)(a)(ii)",
        _("the specific provisions of law"),
        lambda c: _says(c.provisions),
    ),
    (
        "reference",
        "DSA Art. 9(2)(a)(iii)",
        _("information to identify the order"),
        lambda c: _says(c.reference),
    ),
    ("urls", "DSA Art. 9(2)(a)(iv)", _("the exact location: one or more exact addresses"), _located),
    (
        "redress",
        "DSA Art. 9(2)(a)(v)",
        _("the redress of provider and recipient"),
        lambda c: _says(c.redress),
    ),
    ("language", "DSA Art. 9(2)(c)", _("a language that the provider declared"), lambda c: bool(c.language)),
)
_INFORM: Final[tuple[_Rule, ...]] = (
    (
        "legal_basis",
        "DSA Art. 10(2)(a)(i)",
        _("the legal basis under Union or national law"),
        lambda c: _says(c.legal_basis),
    ),
    (
        "reference",
        "DSA Art. 10(2)(a)(ii)",
        _("information to identify the order"),
        lambda c: _says(c.reference),
    ),
    (
        "accounts",
        "DSA Art. 10(2)(a)(iii)",
        _("the specific recipients, by accounts"),
        lambda c: bool(c.accounts),
    ),
    (
        "reasons",
        "DSA Art. 10(2)(a)(iv)",
        _("why it is needed, and in proportion"),
        lambda c: _says(c.reasons),
    ),
    (
        "redress",
        "DSA Art. 10(2)(a)(v)",
        _("the redress of provider and recipient"),
        lambda c: _says(c.redress),
    ),
    (
        "data",
        "DSA Art. 10(2)(b)",
        _("which information, of what is collected already"),
        lambda c: bool(c.data),
    ),
    ("language", "DSA Art. 10(2)(c)", _("a language that the provider declared"), lambda c: bool(c.language)),
)
_REMOVAL: Final[tuple[_Rule, ...]] = (
    ("home_state", "TCO Annex I, A", _("the provider's Member State"), lambda c: c.home_state in EU),
    ("issued_at", "TCO Annex I, A", _("time and date of issue"), lambda c: c.issued_at is not None),
    ("reference", "TCO Annex I, A", _("the reference number"), lambda c: _says(c.reference)),
    ("urls", "TCO Annex I, B", _("the exact address"), _located),
    ("content_types", "TCO Annex I, B", _("the type, one of five"), lambda c: bool(c.content_types)),
    ("reasons", "TCO Art. 3(4)(b)", _("a sufficiently detailed statement of reasons"), lambda c: _says(c.reasons)),
    ("legal_basis", "TCO Art. 3(4)(d)", _("the legal basis of the order"), lambda c: _says(c.legal_basis)),
    ("representative", "TCO Annex I, E", _("name and post of who signs"), lambda c: _says(c.representative)),
    ("signature", "TCO Annex I, E", _("stamp or electronic signature"), lambda c: c.signature),
    ("contact", "TCO Annex I, F", _("contact details for feedback"), lambda c: _says(c.contact)),
    ("redress_body", "TCO Annex I, G", _("the body or court, and the deadline"), lambda c: _says(c.redress_body)),
)  # fmt: skip
_PRODUCTION: Final[tuple[_Rule, ...]] = (
    (
        "reference",
        "e-Evidence Art. 5(5)",
        _("the reference number"),
        lambda c: _says(c.reference),
    ),
    (
        "representative",
        "e-Evidence Art. 5(5)(a)",
        _("who issues it, and who validates it where the law wants that"),
        lambda c: _says(c.representative),
    ),
    (
        "accounts",
        "e-Evidence Art. 5(5)(c)",
        _("the user, or what tells the data apart: the specific accounts"),
        lambda c: bool(c.accounts),
    ),
    (
        "data",
        "e-Evidence Art. 5(5)(d)",
        _("which kinds of data"),
        lambda c: bool(c.data),
    ),
    (
        "provisions",
        "e-Evidence Art. 5(5)(f)",
        _("the provisions of criminal law"),
        lambda c: _says(c.provisions),
    ),
    (
        "reasons",
        "e-Evidence Art. 5(5)(i)",
        _("why it is necessary and proportionate"),
        lambda c: _says(c.reasons),
    ),
    (
        "emergency_because",
        "e-Evidence Art. 5(5)(g)",
        _("why it is an emergency"),
        lambda c: not c.emergency or _says(c.emergency_because),
    ),
    (
        "signature",
        "e-Evidence Art. 9",
        _("stamp or electronic signature"),
        lambda c: c.signature,
    ),
    (
        "language",
        "e-Evidence Art. 9",
        _("a language that the provider declared"),
        lambda c: bool(c.language),
    ),
)
_RULES: Final = {
    OrderKind.ACT: _ACT,
    OrderKind.INFORM: _INFORM,
    OrderKind.REMOVAL: _REMOVAL,
    OrderKind.PRODUCTION: _PRODUCTION,
}
_UNREAD: Final = frozenset({OrderKind.PRODUCTION})


def missing(contents: Contents) -> tuple[Missing, ...]:
    """Return every element that the order lacks, in the order of the law: nothing, if it is complete."""
    return tuple(
        Missing(field, law, needed, read=contents.kind not in _UNREAD)
        for field, law, needed, there in _RULES[contents.kind]
        if not there(contents)
    )


def wrong(contents: Contents) -> dict[str, str]:
    """Return what can't be stored as it was typed, by field: our own mistakes, not the authority's."""
    out = {}
    for field in ("content_types", "data"):
        known = set(ContentType) if field == "content_types" else set(DataKind)
        if not set(getattr(contents, field)) <= known:
            out[field] = str(_("no such choice"))
    if contents.harm not in set(Harm):
        out["harm"] = str(_("choose what it is about"))
    unknown = [country for country in contents.territory if country not in EU]
    if unknown:
        out["territory"] = str(_("`%(country)s` is no Member State") % {"country": unknown[0][:20]})
    if contents.data_from and contents.data_to and contents.data_from > contents.data_to:
        out["data_to"] = str(_("it ends before it begins"))
    if contents.silent_days < 0 or contents.silent_days > 84:  # noqa: PLR2004 -- twice six weeks, TCO Art. 11(3)
        out["silent_days"] = str(_("0 to 84 days"))
    elif contents.silent_days and not _says(contents.silent_because):
        out["silent_because"] = str(_("a delay needs its legal basis"))
    return out

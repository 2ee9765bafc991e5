"""What a report says, and what it lacks: fields and values of the CyberTipline's interface, as data.

The values are those of its documentation (incident types, kinds of places, files' annotations). A report that lacks
what is required is not approved, so that nothing incomplete is ever sent.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hakam.vocabulary.harm import Harm

LONGEST_ESCALATION: Final = 3_000
LONGEST_PLATFORM: Final = 256


class Body(StrEnum):
    """Who receives it."""

    NCMEC = "ncmec"  # National Center for Missing & Exploited Children, United States
    NCA = "nca"  # National Crime Agency, United Kingdom


class Incident(StrEnum):
    """The kinds of incidents, word for word as the receiver takes them."""

    PORNOGRAPHY = "Child Pornography (possession, manufacture, and distribution)"
    TRAFFICKING = "Child Sex Trafficking"
    TOURISM = "Child Sex Tourism"
    MOLESTATION = "Child Sexual Molestation"
    DOMAIN = "Misleading Domain Name"
    WORDS = "Misleading Words or Digital Images on the Internet"
    ENTICEMENT = "Online Enticement of Children for Sexual Acts"
    UNSOLICITED = "Unsolicited Obscene Material Sent to a Child"


class Annotation(StrEnum):
    """What marks a report."""

    SEXTORTION = "sextortion"
    SOLICITATION = "csamSolicitation"
    MINORS = "minorToMinorInteraction"
    SPAM = "spam"
    SADISTIC = "sadisticOnlineExploitation"
    INFORMATIONAL = "informational"


INCIDENT_OF: Final = {
    Harm.CSAM: Incident.PORNOGRAPHY,
    Harm.CSAM_SYNTHETIC: Incident.PORNOGRAPHY,
    Harm.CSAM_LINK: Incident.PORNOGRAPHY,
    Harm.GROOMING: Incident.ENTICEMENT,
    Harm.SEXTORTION_MINOR: Incident.ENTICEMENT,
}
"""What a case's kind of harm suggests; a person chooses."""


class Contents(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A report as it will be sent."""

    incident: str = ""  # an `Incident`
    at: datetime | None = None  # when it happened
    platform: str = ""
    urls: tuple[str, ...] = ()
    chat: bool = False  # it happened in messages, not on a page
    escalate: str = ""  # why it can't wait: a child in danger now
    annotations: tuple[str, ...] = ()
    reporter: str = ""  # who reports: first and last name
    reporter_email: str = ""
    account: str = ""  # id of the person reported, on the platform
    screen_name: str = ""
    account_email: str = ""
    profile_urls: tuple[str, ...] = ()
    address: str = ""  # an IP address, if the platform gave one
    address_at: datetime | None = None
    address_event: str = "Unknown"  # Login, Registration, Purchase, Upload, Other, Unknown
    summary: str = ""  # further facts, for the receiver
    terms: str = ""  # address of the terms of service


class Lack(NamedTuple):
    """What is missing or wrong."""

    field: str
    needed: Promise


_EVENTS: Final = frozenset({"Login", "Registration", "Purchase", "Upload", "Other", "Unknown"})
_RULES: Final[tuple[tuple[str, Promise, Callable[[Contents], bool]], ...]] = (
    ("incident", _("choose what kind of incident it is"), lambda c: c.incident in set(Incident)),
    ("at", _("say when it happened"), lambda c: c.at is not None),
    ("platform", _("name the platform, in 256 characters at most"), lambda c: 0 < len(c.platform) <= LONGEST_PLATFORM),
    ("urls", _("give the exact address, or say that it happened in messages"), lambda c: bool(c.urls) or c.chat),
    ("escalate", _("the reason why it can't wait has 3,000 characters at most"),
     lambda c: len(c.escalate) <= LONGEST_ESCALATION),
    ("annotations", _("choose among the marks that there are"), lambda c: set(c.annotations) <= set(Annotation)),
    ("reporter", _("name the person who reports, with first and last name"), lambda c: len(c.reporter.split()) > 1),
    ("reporter_email", _("give the e-mail address of who reports"), lambda c: "@" in c.reporter_email),
    ("account", _("name the account that is reported, or its screen name"), lambda c: bool(c.account or c.screen_name)),
    ("address_event", _("choose what the address was seen at"), lambda c: c.address_event in _EVENTS),
)  # fmt: skip


def lacking(contents: Contents) -> list[Lack]:
    """Return what a report lacks, all of it."""
    return [Lack(field, needed) for field, needed, holds in _RULES if not holds(contents)]

"""How a platform is reached: by authorities, by people, through its representative; public, and kept current.

# DSA Art. 11, Art. 11(1), Art. 11(3), Art. 12(1), Art. 13(1), TCO Art. 15: what must be public is checked by field.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hakam.compliance import ledger
from hakam.compliance.eu_database.codes import EU
from hakam.compliance.facts import FactKind
from hakam.compliance.profile import Profile, duties, judge
from hakam.compliance.storable import storable
from hakam.regulator.models import ContactPoints
from hakam.vocabulary.actor import Actor

LONGEST: Final = 1_000


class ContactError(ValueError):
    """These can't be published. `wrong` maps each field to what is wrong with it. Nothing was changed."""

    def __init__(self, message: str, *, wrong: dict[str, str]) -> None:
        self.wrong = wrong
        super().__init__(message)


class Contacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The contact points. What is not there is empty."""

    authorities_email: str = ""  # DSA Art. 11(1)
    authorities_languages: tuple[str, ...] = ()  # Art. 11(3)
    removal_email: str = ""  # TCO Art. 15; empty: the same as for authorities
    people_email: str = ""  # Art. 12(1)
    people_phone: str = ""
    people_address: str = ""
    people_hours: str = ""  # when a person answers
    representative_name: str = ""  # Art. 13(1)
    representative_address: str = ""
    representative_email: str = ""
    representative_phone: str = ""
    representative_state: str = ""
    officer_name: str = ""  # the grievance officer of the Indian rules
    officer_email: str = ""


class Gap(NamedTuple):
    """What is not public and must be."""

    field: str
    law: str
    needed: Promise


_Rule = tuple[str, str, str, Promise, Callable[[Contacts, Profile], bool]]
_RULES: Final[tuple[_Rule, ...]] = (
    (
        "authorities_email", "DSA Art. 11(1)", "dsa.contact",
        gettext_lazy("an electronic contact point for authorities"), lambda c, _p: bool(c.authorities_email),
    ),
    (
        "authorities_languages", "DSA Art. 11(3)", "dsa.contact",
        gettext_lazy("the languages in which authorities may write"), lambda c, _p: bool(c.authorities_languages),
    ),
    (
        "people_email", "DSA Art. 12(1)", "dsa.contact",
        gettext_lazy("a contact point at which people answer people"),
        lambda c, _p: bool(c.people_email or c.people_phone),
    ),
    (
        "representative_name", "DSA Art. 13(1)", "dsa.representative",
        gettext_lazy("the legal representative: name, address, e-mail, telephone, Member State"),
        lambda c, p: p.established in EU or all((
            c.representative_name, c.representative_address, c.representative_email, c.representative_phone,
            c.representative_state in EU,
        )),
    ),
    (
        "removal_email", "TCO Art. 15", "tco.contact",
        gettext_lazy("an electronic contact point for removal orders"),
        lambda c, _p: bool(c.removal_email or c.authorities_email),
    ),
    (
        "officer_email", "IT Rules r.3(2)(a)", "in.grievance",
        gettext_lazy("the grievance officer: name and e-mail"),
        lambda c, _p: bool(c.officer_name and c.officer_email),
    ),
)  # fmt: skip


def contacts_of(platform: str) -> Contacts:
    """Return what is public of a platform; nothing, if nobody entered anything."""
    row = ContactPoints.objects.filter(platform=platform).first()
    return Contacts() if row is None else msgspec.convert(row.body, Contacts)


def changed_at(platform: str) -> datetime | None:
    """Return when the contact points were changed last."""
    row = ContactPoints.objects.filter(platform=platform).first()
    return None if row is None else row.changed_at


def gaps(contacts: Contacts, profile: Profile, *, now: datetime) -> tuple[Gap, ...]:
    """Return what the duties of the profile want public and is not there."""
    return tuple(
        Gap(field, law, needed)
        for field, law, duty, needed, there in _RULES
        if judge(duties()[duty], profile, now.date()).applies and not there(contacts, profile)
    )


def publish(platform: str, contacts: Contacts, *, by: Actor, now: datetime) -> Contacts:
    """Publish the contact points, in place of those before. Raises `ContactError`."""
    wrong = {}
    for field in Contacts.__struct_fields__:
        value = getattr(contacts, field)
        if field.endswith("_email") and value:
            try:
                validate_email(value)
            except ValidationError:
                wrong[field] = _("this is no e-mail address")
        if isinstance(value, str) and len(value) > LONGEST:
            wrong[field] = _("this is too long")
    if contacts.representative_state and contacts.representative_state not in EU:
        wrong["representative_state"] = _("a Member State of the Union, by its two letters")
    if wrong:
        raise ContactError("; ".join(f"{field}: {what}" for field, what in wrong.items()), wrong=wrong)
    body = storable(msgspec.to_builtins(contacts))
    with transaction.atomic():
        ledger.lock()
        ContactPoints.objects.update_or_create(
            platform=platform, defaults={"body": body, "changed_by": str(by), "changed_at": now}
        )
        ledger.record(
            FactKind.CONTACTS_CHANGED,
            by=by,
            now=now,
            subject=f"platform:{platform}",
            body={"fields": sorted(body)},
            private={"contacts": body},
        )
    return contacts

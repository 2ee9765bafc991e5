"""The register of authorities: entered by one person, confirmed by another, known by key or by calling back.

An order is believed when its signature fits the registered key, or when somebody called the registered number.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from hakam.compliance import deadlines, ledger
from hakam.compliance.eu_database.codes import EU
from hakam.compliance.facts import FactKind
from hakam.intake.models import Authority
from hakam.vocabulary.actor import Actor


class AuthorityKind(StrEnum):
    """What sort of authority it is (TCO Annex I, section E)."""

    COURT = "court"
    LAW_ENFORCEMENT = "law_enforcement"
    ADMINISTRATIVE = "administrative"
    EUROPOL = "europol"  # told of threats where no Member State is clear, DSA Art. 18(2)
    OTHER = "other"


class AuthorityError(ValueError):
    """This can't be done. `wrong` maps each field to what is wrong with it. Nothing was changed."""

    def __init__(self, message: str, *, wrong: dict[str, str] | None = None) -> None:
        self.wrong = wrong or {}
        super().__init__(message)


def subject_of(authority: Authority) -> str:
    """Return an authority's name in the ledger."""
    return f"authority:{authority.pk}"


def register(
    *,
    name: str,
    kind: str,
    country: str,
    email: str,
    by: Actor,
    now: datetime,
    phone: str = "",
    public_key: str = "",
    language: str = "en",
    removal: bool = False,
    first_contact_at: datetime | None = None,
) -> Authority:
    """Enter an authority; a second person must confirm it. Raises `AuthorityError` with everything that is wrong."""
    wrong = {}
    if not name.strip() or len(name) > 300:  # noqa: PLR2004 -- of the field
        wrong["name"] = _("1 to 300 characters")
    if kind not in set(AuthorityKind):
        wrong["kind"] = _("no such kind")
    if country.upper() not in EU and (kind, country.upper()) != (AuthorityKind.EUROPOL, "EU"):
        wrong["country"] = _("a Member State of the Union, by its two letters")
    try:
        validate_email(email.strip())
    except ValidationError:
        wrong["email"] = _("this is no e-mail address")
    if public_key.strip() and key_of(public_key) is None:
        wrong["public_key"] = _("no Ed25519 public key in PEM")
    if not public_key.strip() and not any(map(str.isdigit, phone)):
        wrong["phone"] = _("a key, or a number to call back")
    if wrong:
        raise AuthorityError("; ".join(f"{field}: {what}" for field, what in wrong.items()), wrong=wrong)
    try:
        with transaction.atomic():
            made = Authority.objects.create(
                name=name.strip(),
                kind=kind,
                country=country.upper(),
                email=email.strip().lower(),
                phone=phone.strip()[:64],
                public_key=public_key.strip(),
                language=language,
                removal=removal,
                first_contact_at=first_contact_at,
                registered_by=str(by),
                registered_at=now,
            )
            ledger.record(
                FactKind.AUTHORITY_REGISTERED,
                by=by,
                now=now,
                subject=subject_of(made),
                body={
                    "country": made.country,
                    "kind": kind,
                    "removal": removal,
                    "key": bool(made.public_key),
                },
                private={"name": made.name, "email": made.email, "phone": made.phone},
            )
            if removal and first_contact_at is not None and first_contact_at <= now:
                deadlines.start("tco.first_contact", subject=subject_of(made), by=by, now=first_contact_at)
    except IntegrityError:
        raise AuthorityError(_("it is registered"), wrong={"name": _("it is registered")}) from None
    return made


def confirm(authority_id: int, *, by: Actor, now: datetime) -> Authority:
    """Confirm an entry as a second person, who checked key, number and address elsewhere. Raises `AuthorityError`."""
    with transaction.atomic():
        ledger.lock()
        made = Authority.objects.select_for_update().filter(pk=authority_id).first()
        if made is None:
            raise AuthorityError(_("there is no such authority"))
        if made.registered_by == str(by):
            raise AuthorityError(_("somebody else must confirm what you entered"))
        if made.confirmed_at is None:
            made.confirmed_by, made.confirmed_at = str(by), now
            made.save(update_fields=["confirmed_by", "confirmed_at"])
            ledger.record(FactKind.AUTHORITY_CONFIRMED, by=by, now=now, subject=subject_of(made))
    return made


def key_of(pem: str) -> Ed25519PublicKey | None:
    """Return the key in a PEM text, or None if there is no Ed25519 key in it."""
    try:
        key = load_pem_public_key(pem.strip().encode())
    except ValueError:
        return None
    return key if isinstance(key, Ed25519PublicKey) else None


def signed(authority: Authority, document: bytes, signature: bytes) -> bool:
    """Whether `signature` is the authority's over `document`."""
    key = key_of(authority.public_key) if authority.public_key else None
    if key is None:
        return False
    try:
        key.verify(signature, document)
    except InvalidSignature:
        return False
    return True

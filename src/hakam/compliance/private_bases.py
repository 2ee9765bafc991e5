"""Legal bases for reading private messages: none is read without one that two people stand for, and that ends.

Communications are confidential (ePrivacy Art. 5(1)); what departs from that needs a law that says so. The door takes a
private message only while a basis of its platform is in force. Off by default.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import PrivateBasis
from hakam.compliance.storable import storable
from hakam.vocabulary.actor import Actor

LONGEST: Final = timedelta(days=366)  # then somebody must think about it anew
_LONGEST_LAW: Final = 300


class PrivateBasisError(ValueError):
    """This can't be done. Nothing was changed."""


def subject_of(basis: PrivateBasis) -> str:
    """Return a basis's name in the ledger."""
    return f"private_basis:{basis.pk}"


def propose(
    platform: str, *, law: str, purpose: str, until: datetime, by: Actor, now: datetime
) -> PrivateBasis:
    """Record a legal basis that a second person must confirm before anything is read.

    Raises `PrivateBasisError`: for no provision, no purpose, an end that is past or more than a year away, or while
    another one of this platform waits or is in force.
    """
    law, purpose = storable(law).strip(), storable(purpose).strip()
    if not law:
        raise PrivateBasisError(_("name the provision that allows it"))
    if len(law) > _LONGEST_LAW:
        raise PrivateBasisError(_("the provision has at most %(most)s characters") % {"most": _LONGEST_LAW})
    if not purpose:
        raise PrivateBasisError(_("say what is looked for, and why nothing milder does"))
    if not now < until <= now + LONGEST:
        raise PrivateBasisError(_("it ends within a year from now"))
    with transaction.atomic():
        ledger.lock()
        if any(waits(one, now) or in_force(one, now) for one in bases(platform)):
            raise PrivateBasisError(_("there is one already: end it first"))
        basis = PrivateBasis.objects.create(
            platform=platform, law=law, purpose=purpose, until=until, proposed_by=str(by), proposed_at=now
        )
        body = {"platform": platform, "law": law, "purpose": purpose, "until": until}
        ledger.record(FactKind.PRIVATE_BASIS_PROPOSED, by=by, now=now, subject=subject_of(basis), body=body)
    return basis


def confirm(basis_id: int, *, by: Actor, now: datetime) -> PrivateBasis:
    """Put a basis in force, by another person than who proposed it. Raises `PrivateBasisError`."""
    with transaction.atomic():
        ledger.lock()
        basis = _waiting(basis_id, now)
        if basis.proposed_by == str(by):
            raise PrivateBasisError(_("somebody else must confirm it"))
        basis.confirmed_by, basis.confirmed_at = str(by), now
        basis.save(update_fields=["confirmed_by", "confirmed_at"])
        ledger.record(
            FactKind.PRIVATE_BASIS_CONFIRMED,
            by=by,
            now=now,
            subject=subject_of(basis),
            body={"platform": basis.platform, "law": basis.law, "until": basis.until},
        )
    return basis


def refuse(basis_id: int, *, because: str, by: Actor, now: datetime) -> PrivateBasis:
    """Turn a proposal down, or take one's own back. Raises `PrivateBasisError`."""
    with transaction.atomic():
        ledger.lock()
        return _end(_waiting(basis_id, now), FactKind.PRIVATE_BASIS_REFUSED, because, by=by, now=now)


def end(basis_id: int, *, because: str, by: Actor, now: datetime) -> PrivateBasis:
    """End a basis before its time; one person is enough to stop reading. Raises `PrivateBasisError`."""
    with transaction.atomic():
        ledger.lock()
        basis = _find(basis_id)
        if not in_force(basis, now):
            raise PrivateBasisError(_("it is not in force"))
        return _end(basis, FactKind.PRIVATE_BASIS_ENDED, because, by=by, now=now)


def _end(basis: PrivateBasis, kind: FactKind, because: str, *, by: Actor, now: datetime) -> PrivateBasis:
    because = storable(because).strip()
    if not because:
        raise PrivateBasisError(_("say why"))
    basis.ended_by, basis.ended_at, basis.because = str(by), now, because
    basis.save(update_fields=["ended_by", "ended_at", "because"])
    body = {"platform": basis.platform, "because": because}
    ledger.record(kind, by=by, now=now, subject=subject_of(basis), body=body)
    return basis


def _find(basis_id: int) -> PrivateBasis:
    basis = PrivateBasis.objects.select_for_update().filter(pk=basis_id).first()
    if basis is None:
        raise PrivateBasisError(_("there is no such basis"))
    return basis


def _waiting(basis_id: int, now: datetime) -> PrivateBasis:
    basis = _find(basis_id)
    if not waits(basis, now):
        raise PrivateBasisError(_("it does not wait for anybody"))
    return basis


def waits(basis: PrivateBasis, now: datetime) -> bool:
    """Whether it waits for a second person."""
    return basis.confirmed_at is None and basis.ended_at is None and now < basis.until


def in_force(basis: PrivateBasis, now: datetime) -> bool:
    """Whether private messages are read on it now."""
    return basis.confirmed_at is not None and basis.ended_at is None and now < basis.until


def bases(platform: str) -> list[PrivateBasis]:
    """Return all that were ever proposed, the newest first."""
    return list(PrivateBasis.objects.filter(platform=platform).order_by("-pk"))


def public(platform: str) -> list[PrivateBasis]:
    """Return those that were ever in force, the newest first: people may know by what law they were read."""
    return [one for one in bases(platform) if one.confirmed_at is not None]


def published(now: datetime) -> dict[str, float]:
    """Return the platforms whose private messages may be read, each with the end in Unix seconds."""
    rows = PrivateBasis.objects.filter(confirmed_at__isnull=False, ended_at=None, until__gt=now)
    return {one.platform: one.until.timestamp() for one in rows.order_by("pk")}

"""The verbs about a bank as a whole: make it, change it, end it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from hakam.banks.kinds import BankAction, BankError, BankSource
from hakam.banks.models import Bank
from hakam.compliance import ledger, rulebook
from hakam.compliance.facts import FactKind
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.bank import BANK_NAME, LARGEST_DISTANCE
from hakam.vocabulary.event import COUNTRY_CODES

_LONGEST_PURPOSE = 2_000


def subject_of(name: str) -> str:
    """Return what the ledger calls a bank."""
    return f"bank:{name}"


def locked(name: str) -> Bank:
    """Return a bank, locked until the transaction ends. Raises `BankError` if there is none."""
    found = Bank.objects.select_for_update().filter(name=name).first()
    if found is None:
        raise BankError(_("there is no bank %(name)s") % {"name": repr(name)})
    return found


def create_bank(
    name: str,
    *,
    source: BankSource,
    purpose: str,
    clause: str,
    by: Actor,
    now: datetime,
    action: BankAction = BankAction.NOTE,
    country: str = "",
    distance: int = LARGEST_DISTANCE,
    expires_at: datetime | None = None,
) -> Bank:
    """Make an empty bank. `distance`: bits within which a picture counts as a copy. Raises `BankError`."""
    if not re.fullmatch(BANK_NAME, name):
        raise BankError(
            _("%(name)s is no name: lower-case letters, digits and hyphens, at most 63")
            % {"name": repr(name[:80])}
        )
    if not purpose.strip() or len(purpose) > _LONGEST_PURPOSE:
        raise BankError(
            _("say in 1 to %(longest_purpose)s characters what the bank is kept for")
            % {"longest_purpose": _LONGEST_PURPOSE}
        )
    if country and country not in COUNTRY_CODES:
        raise BankError(
            _("%(country)s is no country: two capital letters, as DE") % {"country": repr(country[:20])}
        )
    _check(clause=clause, distance=distance, expires_at=expires_at, now=now)
    with transaction.atomic():
        try:
            with transaction.atomic():
                bank = Bank.objects.create(
                    name=name,
                    source=source,
                    purpose=purpose.strip(),
                    country=country,
                    clause=clause,
                    action=action,
                    distance=distance,
                    created_at=now,
                    expires_at=expires_at,
                )
        except IntegrityError:
            raise BankError(_("there is a bank %(name)s already") % {"name": repr(name)}) from None
        ledger.record(
            FactKind.BANK_CREATED,
            by=by,
            now=now,
            subject=subject_of(name),
            body={
                "source": str(source),
                "purpose": bank.purpose,
                "country": country,
                "clause": clause,
                "action": str(action),
                "distance": distance,
                "expires_at": expires_at,
            },
        )
    return bank


def change_bank(
    name: str,
    *,
    by: Actor,
    now: datetime,
    enabled: bool | None = None,
    action: BankAction | None = None,
    clause: str | None = None,
    distance: int | None = None,
    expires_at: datetime | None = None,
    shared: bool | None = None,
) -> Bank:
    """Change what is given and leave the rest. What stays as it was is no change. Raises `BankError`."""
    _check(clause=clause, distance=distance, expires_at=expires_at, now=now)
    wanted: dict[str, Any] = {
        "enabled": enabled,
        "action": action,
        "clause": clause,
        "distance": distance,
        "expires_at": expires_at,
        "shared": shared,
    }
    with transaction.atomic():
        bank = locked(name)
        changes = {
            key: value for key, value in wanted.items() if value is not None and value != getattr(bank, key)
        }
        if changes:
            for key, value in changes.items():
                setattr(bank, key, value)
            bank.save(update_fields=list(changes))
            ledger.record(
                FactKind.BANK_CHANGED, by=by, now=now, subject=subject_of(name), body=_told(changes)
            )
    return bank


def delete_bank(name: str, *, reason: str, by: Actor, now: datetime) -> int:
    """End a bank with all that is in it, for good. Return how many entries that were. Raises `BankError`."""
    if not reason.strip():
        raise BankError(_("say why the bank is deleted"))
    with transaction.atomic():
        bank = locked(name)
        held = bank.entries.count()
        bank.delete()
        ledger.record(
            FactKind.BANK_DELETED,
            by=by,
            now=now,
            subject=subject_of(name),
            body={"entries": held, "reason": reason.strip()},
        )
    return held


def _told(changes: dict[str, Any]) -> dict[str, Any]:
    return {key: str(value) if isinstance(value, BankAction) else value for key, value in changes.items()}


def _check(*, clause: str | None, distance: int | None, expires_at: datetime | None, now: datetime) -> None:
    if distance is not None and not 0 <= distance <= LARGEST_DISTANCE:
        raise BankError(
            _("a distance is 0 to %(largest_distance)s bits, not %(distance)s")
            % {"largest_distance": LARGEST_DISTANCE, "distance": distance}
        )
    if expires_at is not None and expires_at <= now:
        raise BankError(_("the bank would have expired already"))
    version = rulebook.active()
    if clause is not None and version is not None and clause not in rulebook.load(version).clauses:
        known = ", ".join(sorted(rulebook.load(version).clauses))
        raise BankError(
            _("there is no clause %(clause)s in the rule book in force; it has %(known)s")
            % {"clause": repr(clause[:80]), "known": known}
        )
    if clause is not None and not clause:
        raise BankError(_("a bank names the clause that its content breaks"))

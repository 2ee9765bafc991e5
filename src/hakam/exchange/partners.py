"""The verbs about a partner: add it, agree what goes which way, raise its trust with a second person, end it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from hakam.banks.keeping import change_bank, delete_bank
from hakam.banks.kinds import BankAction
from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.enforcement.connectors.webhook.address import url_problems
from hakam.exchange import keys
from hakam.exchange.kinds import PURPOSES, ExchangeError, PartnerState, Response, Trust, Way, action_of
from hakam.exchange.models import Agreement, Partner
from hakam.exchange.states import PartnerEvent, raises, state_after
from hakam.review import clauses
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.event import COUNTRY_CODES

NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,23}", re.ASCII)
_LONGEST: Final = {"title": 200, "address": 500, "because": 2_000}


def subject_of(partner: Partner | str) -> str:
    """Return a partner's name in the ledger."""
    return f"partner:{partner if isinstance(partner, str) else partner.name}"


def locked(name: str) -> Partner:
    """Return a partner, locked until the transaction ends. Raises `ExchangeError`."""
    found = Partner.objects.select_for_update().filter(name=name).first()
    if found is None:
        raise ExchangeError(_("there is no partner %(name)s") % {"name": repr(name[:80])})
    return found


def add_partner(
    name: str, *, title: str, address: str, key: str, own: str, by: Actor, now: datetime
) -> Partner:
    """Add a platform by its public key. It starts in quarantine, and nothing goes either way until that is agreed.

    `own`: the thumbprint of our own key, which no partner has. Raises `ExchangeError`.
    """
    if not NAME.fullmatch(name):
        raise ExchangeError(
            _("%(name)s is no name: lower-case letters, digits and hyphens, at most 24")
            % {"name": repr(name[:80])}
        )
    title, address = _title(title), _address(address)
    public = keys.public_key(key)
    thumbprint = keys.thumbprint(public)
    if thumbprint == own:
        raise ExchangeError(_("that is the key of this installation: ask the partner for its own"))
    with transaction.atomic():
        try:
            with transaction.atomic():
                partner = Partner.objects.create(
                    name=name,
                    title=title,
                    address=address,
                    key=keys.written(public),
                    thumbprint=thumbprint,
                    state=PartnerState.ACTIVE,
                    trust=Trust.QUARANTINE,
                    created_at=now,
                )
        except IntegrityError:
            raise ExchangeError(_("there is a partner of this name, or with this key")) from None
        ledger.record(
            FactKind.PARTNER_ADDED,
            by=by,
            now=now,
            subject=subject_of(partner),
            body={"title": title, "address": address, "thumbprint": thumbprint},
        )
    return partner


def change_partner(
    name: str, *, by: Actor, now: datetime, title: str | None = None, address: str | None = None
) -> Partner:
    """Change what is given and leave the rest. Another key is another partner. Raises `ExchangeError`."""
    with transaction.atomic():
        partner = _living(name)
        wanted = {
            "title": None if title is None else _title(title),
            "address": None if address is None else _address(address),
        }
        changes = {k: v for k, v in wanted.items() if v is not None and v != getattr(partner, k)}
        if changes:
            for field, value in changes.items():
                setattr(partner, field, value)
            partner.next_at, partner.failures = None, 0
            partner.save(update_fields=[*changes, "next_at", "failures"])
            ledger.record(FactKind.PARTNER_CHANGED, by=by, now=now, subject=subject_of(partner), body=changes)
    return partner


def agree(
    name: str,
    way: Way,
    purpose: str,
    *,
    by: Actor,
    now: datetime,
    countries: Iterable[str] = (),
    clause: str = "",
    response: Response = Response.REVIEW,
) -> Agreement:
    """Agree what goes which way for a purpose, or change what was agreed. Raises `ExchangeError`.

    `clause`: of our rule book, which what is taken breaks. `response`: what a match of it does, once trust allows.
    """
    if purpose not in PURPOSES:
        raise ExchangeError(
            _("%(purpose)s is no purpose: %(known)s")
            % {"purpose": repr(purpose[:80]), "known": ", ".join(PURPOSES)}
        )
    chosen = sorted(set(countries))
    if wrong := [one for one in chosen if one not in COUNTRY_CODES]:
        raise ExchangeError(
            _("%(country)s is no country: two capital letters, as DE") % {"country": repr(wrong[0][:20])}
        )
    if way is Way.TAKE and clauses.find(clause) is None:
        raise ExchangeError(_("say which clause of the rule book in force what is taken breaks"))
    settled = {
        "countries": chosen,
        "clause": clause if way is Way.TAKE else "",
        "response": response.value if way is Way.TAKE else "",
    }
    with transaction.atomic():
        partner = _living(name)
        agreement, _fresh = Agreement.objects.update_or_create(
            partner=partner, way=way.value, purpose=purpose, defaults=settled
        )
        ledger.record(
            FactKind.PARTNER_AGREED,
            by=by,
            now=now,
            subject=subject_of(partner),
            body={"way": way.value, "purpose": purpose, "ended": False, **settled},
        )
        _settle_mirrors(partner, by=by, now=now)
        partner.pull_at = None
        partner.save(update_fields=["pull_at"])
    return agreement


def end_agreement(name: str, way: Way, purpose: str, *, by: Actor, now: datetime) -> None:
    """End an agreement. What was taken under it is withdrawn, and the partner withdraws what it was given.

    Raises `ExchangeError`.
    """
    with transaction.atomic():
        partner = locked(name)
        if not Agreement.objects.filter(partner=partner, way=way.value, purpose=purpose).delete()[0]:
            raise ExchangeError(_("nothing of the kind was agreed"))
        ledger.record(
            FactKind.PARTNER_AGREED,
            by=by,
            now=now,
            subject=subject_of(partner),
            body={"way": way.value, "purpose": purpose, "ended": True},
        )
        if way is Way.TAKE:
            drop_mirrors(
                partner, purpose, reason="nothing is taken for this purpose any more", by=by, now=now
            )


def ask_trust(name: str, trust: Trust, *, because: str, by: Actor, now: datetime) -> Partner:
    """Change how far a partner's word goes: less at once, more once a second person has confirmed it.

    Raises `ExchangeError`.
    """
    because = storable(because).strip()[: _LONGEST["because"]]
    if not because:
        raise ExchangeError(_("say why"))
    with transaction.atomic():
        partner = _living(name)
        if trust.value == partner.trust:
            raise ExchangeError(_("its word goes exactly that far already"))
        if not raises(Trust(partner.trust), trust):
            return _set_trust(partner, trust, because, asked_by="", by=by, now=now)
        partner.wanted_trust, partner.wanted_by = trust.value, str(by)
        partner.wanted_at, partner.wanted_because = now, because
        partner.save(update_fields=_WANTED)
        ledger.record(
            FactKind.PARTNER_TRUST_ASKED,
            by=by,
            now=now,
            subject=subject_of(partner),
            body={"from": partner.trust, "to": trust.value, "because": because},
        )
    return partner


def confirm_trust(name: str, *, by: Actor, now: datetime) -> Partner:
    """Raise a partner's trust as another person asked. Raises `ExchangeError`."""
    with transaction.atomic():
        partner = _waiting(name)
        if partner.wanted_by == str(by):
            raise ExchangeError(_("somebody else must confirm it: you asked for it"))
        return _set_trust(
            partner,
            Trust(partner.wanted_trust),
            partner.wanted_because,
            asked_by=partner.wanted_by,
            by=by,
            now=now,
        )


def refuse_trust(name: str, *, because: str, by: Actor, now: datetime) -> Partner:
    """Leave a partner's trust as it is, or take one's own wish back. Raises `ExchangeError`."""
    if not because.strip():
        raise ExchangeError(_("say why"))
    with transaction.atomic():
        partner = _waiting(name)
        wanted = partner.wanted_trust
        _forget_wish(partner)
        ledger.record(
            FactKind.PARTNER_TRUST_REFUSED,
            by=by,
            now=now,
            subject=subject_of(partner),
            body={"to": wanted, "because": storable(because).strip()[: _LONGEST["because"]]},
        )
    return partner


def pause(name: str, *, by: Actor, now: datetime) -> Partner:
    """Stop sending and taking; what came stays as it is. Raises `ExchangeError`."""
    return _step(name, PartnerEvent.PAUSE, FactKind.PARTNER_PAUSED, by=by, now=now)


def resume(name: str, *, by: Actor, now: datetime) -> Partner:
    """Go on where it was paused. Raises `ExchangeError`."""
    return _step(name, PartnerEvent.RESUME, FactKind.PARTNER_RESUMED, by=by, now=now)


def end(name: str, *, because: str, by: Actor, now: datetime) -> Partner:
    """End a partnership for good: what came is withdrawn, and what was held only for it is released.

    Raises `ExchangeError`.
    """
    because = storable(because).strip()[: _LONGEST["because"]]
    if not because:
        raise ExchangeError(_("say why"))
    with transaction.atomic():
        partner = _step(name, PartnerEvent.END, FactKind.PARTNER_ENDED, because=because, by=by, now=now)
        drop_mirrors(partner, reason="the partnership ended", by=by, now=now)
        partner.agreements.all().delete()
        partner.given.all().delete()
        _forget_wish(partner)
    return partner


def drop_mirrors(
    partner: Partner, purpose: str | None = None, *, reason: str, by: Actor, now: datetime
) -> int:
    """Withdraw what came from a partner, for one purpose or for all. Part of a verb."""
    mirrors = partner.mirrors.select_related("bank").order_by("pk")
    found = list(mirrors if purpose is None else mirrors.filter(purpose=purpose))
    for mirror in found:
        name = mirror.bank.name
        mirror.delete()
        delete_bank(name, reason=reason, by=by, now=now)
    return len(found)


def action_for(partner: Partner, agreement: Agreement) -> BankAction:
    """Return what a match of what a partner gave for a purpose does."""
    return action_of(Trust(partner.trust), Response(agreement.response))


def _settle_mirrors(partner: Partner, *, by: Actor, now: datetime) -> None:
    agreed = {one.purpose: one for one in partner.agreements.filter(way=Way.TAKE.value)}
    for mirror in partner.mirrors.select_related("bank").order_by("pk"):
        agreement = agreed.get(mirror.purpose)
        if agreement is not None:
            change_bank(
                mirror.bank.name,
                action=action_for(partner, agreement),
                clause=agreement.clause,
                by=by,
                now=now,
            )


def _set_trust(
    partner: Partner, trust: Trust, because: str, *, asked_by: str, by: Actor, now: datetime
) -> Partner:
    before = partner.trust
    partner.trust = trust.value
    partner.save(update_fields=["trust"])
    _forget_wish(partner)
    ledger.record(
        FactKind.PARTNER_TRUSTED,
        by=by,
        now=now,
        subject=subject_of(partner),
        body={"from": before, "to": trust.value, "because": because, "asked_by": asked_by},
    )
    _settle_mirrors(partner, by=by, now=now)
    return partner


_WANTED: Final = ["wanted_trust", "wanted_by", "wanted_at", "wanted_because"]


def _forget_wish(partner: Partner) -> None:
    partner.wanted_trust, partner.wanted_by, partner.wanted_at, partner.wanted_because = "", "", None, ""
    partner.save(update_fields=_WANTED)


def _step(
    name: str, event: PartnerEvent, kind: FactKind, *, by: Actor, now: datetime, because: str = ""
) -> Partner:
    with transaction.atomic():
        partner = locked(name)
        partner.state = state_after(PartnerState(partner.state), event)
        partner.next_at, partner.failures, partner.pull_at = None, 0, None
        partner.save(update_fields=["state", "next_at", "failures", "pull_at"])
        body = {"because": because} if because else {}
        ledger.record(kind, by=by, now=now, subject=subject_of(partner), body=body)
    return partner


def _living(name: str) -> Partner:
    partner = locked(name)
    if partner.state == PartnerState.ENDED:
        raise ExchangeError(_("the partnership has ended"))
    return partner


def _waiting(name: str) -> Partner:
    partner = _living(name)
    if not partner.wanted_trust:
        raise ExchangeError(_("nobody asked to raise its trust"))
    return partner


def _title(text: str) -> str:
    text = storable(text).strip()
    if not text or len(text) > _LONGEST["title"]:
        raise ExchangeError(_("say in 1 to %(most)s characters who it is") % {"most": _LONGEST["title"]})
    return text


def _address(text: str) -> str:
    text = text.strip()
    if problems := url_problems({"url": text}):
        raise ExchangeError("; ".join(problems))
    if len(text) > _LONGEST["address"]:
        raise ExchangeError(_("an address has at most %(most)s characters") % {"most": _LONGEST["address"]})
    return text

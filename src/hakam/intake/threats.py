"""Threats to life or safety (DSA Art. 18): anybody on shift raises one, the evidence is bundled, the authorities told.

The clock rings at once, day and night. Whom to tell is looked up: the law enforcement of the Member States concerned;
if these are not clear, that of the establishment, Europol, or both (Art. 18(2)).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from hakam.compliance import deadlines, ledger
from hakam.compliance.eu_database.codes import EU
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.letters import letter
from hakam.enforcement.outbox import enqueue
from hakam.intake import already
from hakam.intake.authorities import AuthorityKind
from hakam.intake.models import Authority, Threat
from hakam.review import access, evidence
from hakam.review.models import Case
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import Actor

CLOCK: Final = "threat.report"
TERROR_CLOCK: Final = "tco.threat"
_TERROR: Final = frozenset(
    {
        "terrorism_incitement",
        "terrorism_recruitment",
        "terrorism_instruction",
        "terrorism_threat",
        "perpetrator_content",
    }
)


class ThreatState(StrEnum):
    """Where a suspicion is."""

    OPEN = "open"
    REPORTED = "reported"  # the authorities were told
    DISMISSED = "dismissed"  # a second person found that it is none


class ThreatError(ValueError):
    """This can't be done. Nothing was changed."""


def subject_of(threat: Threat) -> str:
    """Return a suspicion's name in the ledger."""
    return f"threat:{threat.pk}"


def clock_of(threat: Threat) -> str:
    """Return the clock that runs: an hour for an imminent terrorist threat (TCO Art. 14(5)), else two."""
    return TERROR_CLOCK if threat.terrorist and threat.imminent else CLOCK


def start(
    case_id: int,
    *,
    what: str,
    user: User,
    vault: Vault,
    now: datetime,
    imminent: bool = False,
    countries: Iterable[str] = (),
) -> Threat:
    """Raise a suspicion about a case that this person may read; its evidence is bundled now, before it can vanish.

    Raises `ThreatError`.
    """
    what = storable(what).strip()
    concerned = sorted({code.upper() for code in countries})
    case = access.readable(user).filter(pk=case_id).first()
    if case is None:
        raise ThreatError(_("there is no such case"))
    if not what:
        raise ThreatError(_("say what threatens whom"))
    if not set(concerned) <= EU:
        raise ThreatError(_("name Member States by their two letters"))
    bundle = vault.put(_bundle(case, what, vault=vault, now=now))
    with transaction.atomic():
        ledger.lock()
        threat = Threat.objects.create(
            platform=case.platform,
            case=f"case:{case.pk}",
            what=what,
            imminent=imminent,
            terrorist=case.harm in _TERROR,
            countries=concerned,
            state=ThreatState.OPEN,
            raised_by=str(user.actor),
            raised_at=now,
            bundle=bundle,
        )
        deadlines.start(
            clock_of(threat), subject=subject_of(threat), by=user.actor, now=now, about=(threat.case,)
        )
        _record(
            FactKind.THREAT_RAISED, threat, by=user.actor, now=now,
            body={"imminent": imminent, "countries": concerned, "bundle": bundle}, private={"what": what},
        )  # fmt: skip
    return threat


def _bundle(case: Case, what: str, *, vault: Vault, now: datetime) -> bytes:
    """Gather everything that is known: content, times with their zone, who it is (DSA Art. 18(1))."""
    versions = evidence.versions_of(case, vault)
    return msgspec.json.format(
        msgspec.json.encode(
            {
                "what": what,
                "gathered_at": now,
                "item": {
                    "platform": case.platform,
                    "kind": case.item_kind,
                    "id": case.item_id,
                    "url": case.item_url,
                },
                "account": {
                    "id": case.author_id,
                    "email": case.author_email,
                    "language": case.author_language,
                },
                "opened_at": case.opened_at,
                "notices": case.notices,
                "versions": [
                    {
                        "digest": one.digest,
                        "captured_at": one.captured_at,
                        "posted_at": one.event.at if one.event else None,
                        "change": one.change,
                        "text": one.text,
                        "damaged": one.damaged,
                        "author": msgspec.to_builtins(one.event.author) if one.event else None,
                    }
                    for one in versions
                ],
            }
        )
    )


def whom(countries: Sequence[str]) -> list[Authority]:
    """Return the confirmed authorities to tell: of the countries, else Europol (DSA Art. 18(2)).

    Where Europol is not registered, all law enforcement there is: a person chooses among them.
    """
    confirmed = Authority.objects.filter(confirmed_at__isnull=False)
    there = confirmed.filter(kind=AuthorityKind.LAW_ENFORCEMENT, country__in=list(countries))
    if countries and there.exists():
        return list(there.order_by("country", "name"))
    europol = confirmed.filter(kind=AuthorityKind.EUROPOL)
    fallback = europol if europol.exists() else confirmed.filter(kind=AuthorityKind.LAW_ENFORCEMENT)
    return list(fallback.order_by("country", "name"))


def report(threat_id: str, *, to: Sequence[int], vault: Vault, by: Actor, now: datetime) -> Threat:
    """Tell confirmed authorities all that is known. Several times if another must know too. Raises `ThreatError`."""
    with transaction.atomic():
        threat = _locked(threat_id)
        if threat.state == ThreatState.DISMISSED:
            raise ThreatError(_("it was found to be none"))
        found = list(Authority.objects.filter(pk__in=list(to), confirmed_at__isnull=False).order_by("pk"))
        if not found or len(found) != len(set(to)):
            raise ThreatError(_("choose authorities that two people have entered"))
        bundle = vault.get(threat.bundle)
        for authority in found:
            enqueue(
                now=now,
                key=f"threat:{threat.pk}:{authority.pk}",
                platform=threat.platform,
                channel=Channel.EMAIL,
                kind=EffectKind.THREAT_REPORT,
                payload=_letter(threat, authority, msgspec.json.decode(bundle)),
            )
        threat.told = sorted({*threat.told, *(one.pk for one in found)})
        threat.state = ThreatState.REPORTED
        threat.settled_by, threat.settled_at = threat.settled_by or str(by), threat.settled_at or now
        threat.save(update_fields=["told", "state", "settled_by", "settled_at"])
        deadlines.meet(clock_of(threat), subject=subject_of(threat), by=by, now=now)
        _record(
            FactKind.THREAT_REPORTED, threat, by=by, now=now,
            body={"authorities": [one.pk for one in found], "countries": sorted({one.country for one in found})},
        )  # fmt: skip
    return threat


def _letter(threat: Threat, authority: Authority, known: dict[str, Any]) -> dict[str, Any]:
    account, item = known["account"], known["item"]
    newest = known["versions"][-1] if known["versions"] else {}
    with translation.override(authority.language):
        return letter(
            to=authority.email,
            language=authority.language,
            subject=_("Urgent: suspicion of a threat to life or safety (Article 18 DSA)"),
            paragraphs=[
                text
                for text in (
                    _("Immediate danger is possible.") if threat.imminent else "",
                    threat.what,
                    _("Where: %(where)s")
                    % {"where": item["url"] or f"{item['platform']}/{item['kind']}/{item['id']}"},
                    _("Posted: %(at)s (UTC)") % {"at": newest.get("posted_at") or "-"},
                    _("Account: %(account)s, e-mail: %(email)s")
                    % {"account": account["id"] or "-", "email": account["email"] or "-"},
                    _("The words: %(words)s") % {"words": newest.get("text") or "-"},
                    _(
                        "We keep copies with their times and check sums, and hand them over. Our reference: %(ours)s"
                    )
                    % {"ours": f"{threat.pk}, {threat.raised_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"},
                )
                if text
            ],
        )


def dismiss(threat_id: str, *, because: str, by: Actor, now: datetime) -> Threat:
    """Find, as a second person, that it is none. Raises `ThreatError`."""
    because = storable(because).strip()
    if not because:
        raise ThreatError(_("say why it is none"))
    with transaction.atomic():
        threat = _locked(threat_id)
        if threat.raised_by == str(by):
            raise ThreatError(_("somebody else must judge what you raised"))
        if threat.state != ThreatState.OPEN:
            raise ThreatError(str(already.THREAT[threat.state]))
        threat.state, threat.settled_by, threat.settled_at, threat.because = (
            ThreatState.DISMISSED, str(by), now, because,
        )  # fmt: skip
        threat.save(update_fields=["state", "settled_by", "settled_at", "because"])
        deadlines.meet(clock_of(threat), subject=subject_of(threat), by=by, now=now)
        _record(FactKind.THREAT_DISMISSED, threat, by=by, now=now, private={"because": because})
    return threat


def take_bundle(threat_id: str, *, vault: Vault, by: Actor, now: datetime) -> bytes:
    """Return the bundle for whoever hands it over; every copy is a fact. Raises `ThreatError`."""
    with transaction.atomic():
        threat = _locked(threat_id)
        document = vault.get(threat.bundle)
        _record(FactKind.THREAT_BUNDLE_TAKEN, threat, by=by, now=now, body={"bundle": threat.bundle})
    return document


def of_case(user: User, case_id: int) -> list[Threat]:
    """Return the suspicions raised about a case, the newest first, for who may raise one."""
    if not user.may(Permission.THREAT_RAISE):
        return []
    return list(Threat.objects.filter(case=f"case:{case_id}").order_by("-raised_at"))


def threats(user: User, *, limit: int = 200) -> list[Threat]:
    """Return the suspicions about cases that this person may read, the open ones first, for who may handle them."""
    if not user.may(Permission.CASE_READ):
        return []
    found = list(Threat.objects.order_by("-raised_at")[:limit])
    readable = set(
        access.readable(user).filter(pk__in=[_case(one) for one in found]).values_list("pk", flat=True)
    )
    return sorted(
        (one for one in found if _case(one) in readable), key=lambda one: one.state != ThreatState.OPEN
    )


def threat(user: User, threat_id: str) -> Threat | None:
    """Return one suspicion, if this person may read its case."""
    found = Threat.objects.filter(pk=threat_id).first()
    if found is None or not access.readable(user).filter(pk=_case(found)).exists():
        return None
    return found


def _case(threat: Threat) -> int:
    return int(threat.case.partition(":")[2])


def _locked(threat_id: str) -> Threat:
    ledger.lock()
    threat = Threat.objects.select_for_update().filter(pk=threat_id).first()
    if threat is None:
        raise ThreatError(_("there is no such suspicion"))
    return threat


def _record(
    kind: FactKind,
    threat: Threat,
    *,
    by: Actor,
    now: datetime,
    body: dict[str, Any] | None = None,
    private: dict[str, str] | None = None,
) -> None:
    ledger.record(
        kind, by=by, now=now, subject=subject_of(threat), about=(threat.case,),
        body={"platform": threat.platform, **(body or {})}, private=private,
    )  # fmt: skip

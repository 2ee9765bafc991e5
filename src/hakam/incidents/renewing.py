"""More time: with a reason, by two people, as long as the kind of incident allows."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.incidents import letters, powers
from hakam.incidents.closing import locked
from hakam.incidents.declaring import MOST_HOURS
from hakam.incidents.kinds import kinds
from hakam.incidents.models import Incident, IncidentRenewal
from hakam.incidents.naming import IncidentError, subject_of
from hakam.incidents.states import IncidentState, RenewalState
from hakam.vocabulary.actor import Actor


def ask_renewal(slug: str, *, hours: int, reason: str, by: Actor, now: datetime) -> IncidentRenewal:
    """Ask for more hours from the present end on. Raises `IncidentError`."""
    reason = storable(reason).strip()
    if not reason:
        raise IncidentError(_("say why it must go on"))
    if not 1 <= hours <= MOST_HOURS:
        raise IncidentError(_("an incident is renewed by 1 to %(most)s hours") % {"most": MOST_HOURS})
    with transaction.atomic():
        ledger.lock()
        incident = _running(slug, now)
        longest = kinds()[incident.kind].longest_days if incident.kind in kinds() else None
        # DSA Art. 36(3): no longer than three months.
        if longest is not None and incident.until + timedelta(hours=hours) > incident.declared_at + timedelta(
            days=longest
        ):
            raise IncidentError(_("this kind lasts at most %(days)s days in all") % {"days": longest})
        if incident.renewals.filter(state=RenewalState.ASKED).exists():
            raise IncidentError(_("more time was asked for already"))
        asked = IncidentRenewal.objects.create(
            incident=incident,
            state=RenewalState.ASKED.value,
            hours=hours,
            reason=reason,
            asked_by=str(by),
            asked_at=now,
        )
        ledger.record(
            FactKind.INCIDENT_RENEWAL_ASKED,
            by=by,
            now=now,
            subject=subject_of(incident),
            body={"hours": hours, "reason": reason, "exercise": incident.exercise},
        )
        letters.ask_for_renewal(incident, asked, now=now)
    return asked


def grant_renewal(slug: str, *, by: Actor, now: datetime) -> Incident:
    """Grant more time as the second person: everything that stands lasts as much longer. Raises `IncidentError`."""
    with transaction.atomic():
        ledger.lock()
        incident = _running(slug, now)
        asked = _asked(incident, by)
        _settle(asked, RenewalState.GRANTED, by=by, now=now)
        incident.until += timedelta(hours=asked.hours)
        incident.save(update_fields=["until"])
        powers.prolong(incident, by=by, now=now)
        ledger.record(
            FactKind.INCIDENT_RENEWED,
            by=by,
            now=now,
            subject=subject_of(incident),
            body={
                "hours": asked.hours,
                "until": incident.until,
                "reason": asked.reason,
                "asked_by": asked.asked_by,
                "exercise": incident.exercise,
            },
        )
    return incident


def refuse_renewal(slug: str, *, by: Actor, now: datetime) -> Incident:
    """Refuse more time as the second person: it ends when it would have ended. Raises `IncidentError`."""
    with transaction.atomic():
        ledger.lock()
        incident = _running(slug, now)
        asked = _asked(incident, by)
        _settle(asked, RenewalState.REFUSED, by=by, now=now)
        ledger.record(
            FactKind.INCIDENT_RENEWAL_REFUSED,
            by=by,
            now=now,
            subject=subject_of(incident),
            body={"hours": asked.hours, "exercise": incident.exercise},
        )
    return incident


def _running(slug: str, now: datetime) -> Incident:
    incident = locked(slug)
    if incident.state != IncidentState.ACTIVE or incident.until <= now:
        raise IncidentError(
            _("only an incident that two people stand for and that still runs can be renewed")
        )
    return incident


def _asked(incident: Incident, by: Actor) -> IncidentRenewal:
    asked = incident.renewals.filter(state=RenewalState.ASKED).first()
    if asked is None:
        raise IncidentError(_("nobody has asked for more time"))
    if asked.asked_by == str(by) or not by.is_person:
        raise IncidentError(_("the second person is somebody else"))
    return asked


def _settle(asked: IncidentRenewal, state: RenewalState, *, by: Actor, now: datetime) -> None:
    asked.state, asked.settled_by, asked.settled_at = state.value, str(by), now
    asked.save(update_fields=["state", "settled_by", "settled_at"])

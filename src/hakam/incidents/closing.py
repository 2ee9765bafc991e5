"""However an incident ends, all of it ends: by a person, a refusal, the hour without a second person, or its time.

The close is one transaction: state, powers and fact together, so that whoever dies in the middle leaves an incident
that is whole and still due. The door itself drops an emergency bank and a delay at their hour, worker or no worker.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.incidents import letters, powers
from hakam.incidents.models import Incident
from hakam.incidents.naming import IncidentError, bank_of, subject_of
from hakam.incidents.states import (
    IN_FORCE,
    UNCONFIRMED,
    IncidentEvent,
    IncidentState,
    Power,
    RenewalState,
    WrongMomentError,
    after,
)
from hakam.intake import sightings
from hakam.vocabulary.actor import SYSTEM, Actor

FACTS: Final = {
    IncidentEvent.REFUSE: FactKind.INCIDENT_REFUSED,
    IncidentEvent.LAPSE: FactKind.INCIDENT_LAPSED,
    IncidentEvent.EXPIRE: FactKind.INCIDENT_EXPIRED,
    IncidentEvent.END: FactKind.INCIDENT_ENDED,
}


def locked(slug: str) -> Incident:
    """Return an incident, locked until the transaction ends. Raises `IncidentError`."""
    found = Incident.objects.select_for_update().filter(slug=slug).first()
    if found is None:
        raise IncidentError(_("there is no incident %(slug)s") % {"slug": repr(slug[:60])})
    return found


def held_by(incident: Incident) -> int:
    """Return how many items its bank holds at this moment, which nobody has looked at yet."""
    return sightings.held_now(bank_of(incident))


def end(
    slug: str,
    *,
    because: str,
    by: Actor,
    now: datetime,
    keep_bank: bool = False,
    release: bool = False,
) -> Incident:
    """End an incident: every power is taken back. Raises `IncidentError`.

    `keep_bank`: its hashes stay for a year as those of an ordinary bank, of which a match asks for a person, and what
    is held stays held until one has looked. Otherwise what is held is let go; `release` says that this is meant.
    """
    because = storable(because).strip()
    if not because:
        raise IncidentError(_("say why it ends"))
    with transaction.atomic():
        ledger.lock()
        incident = locked(slug)
        waiting = held_by(incident)
        if waiting and not (keep_bank or release):
            raise IncidentError(
                ngettext(
                    "%(count)s item is held and nobody has looked at it: decide it first, keep the bank, or say that "
                    "it is released",
                    "%(count)s items are held and nobody has looked at them: decide them first, keep the bank, or say "
                    "that they are released",
                    waiting,
                )
                % {"count": waiting}
            )
        incident.bank_kept = keep_bank and powers.in_force(incident, Power.EMERGENCY_BANK)
        close(incident, IncidentEvent.END, because=because, by=by, now=now)
    return incident


def close(incident: Incident, event: IncidentEvent, *, because: str, by: Actor, now: datetime) -> None:
    """Close a locked incident inside the caller's transaction, take its powers back and tell those concerned."""
    was = IncidentState(incident.state)
    try:
        incident.state = after(was, event).value
    except WrongMomentError as error:
        raise IncidentError(str(error)) from error
    incident.closed_by, incident.closed_at, incident.because = str(by), now, because
    incident.save(update_fields=["state", "closed_by", "closed_at", "because", "bank_kept"])
    incident.renewals.filter(state=RenewalState.ASKED).update(
        state=RenewalState.OVER.value, settled_by=str(by), settled_at=now
    )
    resisted = powers.undo(incident, by=by, now=now)
    ledger.record(
        FACTS[event],
        by=by,
        now=now,
        subject=subject_of(incident),
        body={
            "exercise": incident.exercise,
            "because": because,
            "was": was.value,
            "bank_kept": incident.bank_kept,
            "not_undone": [power.value for power in resisted],
        },
    )
    letters.tell_closed(incident, now=now)
    if was in IN_FORCE:
        letters.tell_platform(incident, now=now)


def take_back_power(slug: str, power: Power, *, by: Actor, now: datetime) -> Incident:
    """Take one power back while the incident goes on. Raises `IncidentError`."""
    with transaction.atomic():
        ledger.lock()
        incident = locked(slug)
        if incident.state not in {state.value for state in IN_FORCE}:
            raise IncidentError(_("it is not in force"))
        if not powers.in_force(incident, power):
            raise IncidentError(_("it does not have this power"))
        if power is Power.EMERGENCY_BANK and powers.in_force(incident, Power.SHARE):
            powers.undo(incident, by=by, now=now, only=Power.SHARE)
        if powers.undo(incident, by=by, now=now, only=power):
            raise IncidentError(_("it can't be taken back now; see the log"))
    return incident


def close_due(now: datetime) -> int:
    """Close what nobody confirmed in its hour, and what has run its time; return how many."""
    unconfirmed, running = [s.value for s in UNCONFIRMED], [IncidentState.ACTIVE.value]
    due = Incident.objects.filter(
        Q(state__in=unconfirmed, confirm_until__lte=now) | Q(state__in=running, until__lte=now)
    )
    closed = 0
    for slug in due.order_by("pk").values_list("slug", flat=True):
        with transaction.atomic():
            ledger.lock()
            incident = locked(slug)
            lapsed = incident.state in unconfirmed and incident.confirm_until <= now
            if not lapsed and not (incident.state in running and incident.until <= now):
                continue  # somebody was faster
            event = IncidentEvent.LAPSE if lapsed else IncidentEvent.EXPIRE
            close(incident, event, because="", by=SYSTEM, now=now)
            closed += 1
    return closed

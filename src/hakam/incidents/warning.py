"""An end that comes by itself is announced: once for each end, to those who take part."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from hakam.compliance import ledger
from hakam.compliance.access import facts_of
from hakam.compliance.facts import FactKind
from hakam.incidents import letters
from hakam.incidents.clock import ends_at, ends_soon
from hakam.incidents.closing import locked
from hakam.incidents.models import Incident
from hakam.incidents.naming import subject_of
from hakam.incidents.states import IN_FORCE, UNCONFIRMED
from hakam.vocabulary.actor import SYSTEM


def warn_due(now: datetime) -> int:
    """Tell those who take part in incidents whose end is near; return of how many. A renewal makes another end."""
    states = [state.value for state in IN_FORCE | UNCONFIRMED]
    told = 0
    for one in Incident.objects.filter(state__in=states).order_by("pk"):
        if ends_soon(one, now) and not _warned(one):
            told += _warn(one.slug, now=now)
    return told


def _warned(incident: Incident) -> bool:
    end = ends_at(incident).isoformat()
    return any(
        ledger.body_of(fact)["end"] == end
        for fact in facts_of(subject_of(incident), FactKind.INCIDENT_WARNED)
    )


def _warn(slug: str, *, now: datetime) -> bool:
    with transaction.atomic():
        ledger.lock()
        incident = locked(slug)
        if not ends_soon(incident, now) or _warned(incident):
            return False  # somebody was faster
        ledger.record(
            FactKind.INCIDENT_WARNED,
            by=SYSTEM,
            now=now,
            subject=subject_of(incident),
            body={"end": ends_at(incident).isoformat(), "exercise": incident.exercise},
        )
        letters.warn(incident, now=now)
    return True

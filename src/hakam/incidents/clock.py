"""When an incident ends by itself, and when those who take part are warned of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from hakam.incidents.models import Incident
from hakam.incidents.states import IN_FORCE, UNCONFIRMED

LONGEST_WARNING: Final = timedelta(hours=2)
SHARE: Final = 4  # a warning comes in the last quarter of the time at the earliest


def ends_at(incident: Incident) -> datetime:
    """Return when it ends if nobody does anything: at its hour while one person's word is all there is."""
    waits = incident.state in {state.value for state in UNCONFIRMED}
    return min(incident.until, incident.confirm_until) if waits else incident.until


def warned_from(incident: Incident) -> datetime:
    """Return from when on its end is near: the last two hours, or the last quarter of its time if that is less."""
    ends = ends_at(incident)
    return ends - min(LONGEST_WARNING, (ends - incident.declared_at) / SHARE)


def ends_soon(incident: Incident, now: datetime) -> bool:
    """Whether it is not over and its end is near; not once it is due to be closed."""
    running = incident.state in {state.value for state in IN_FORCE | UNCONFIRMED}
    return running and warned_from(incident) <= now < ends_at(incident)

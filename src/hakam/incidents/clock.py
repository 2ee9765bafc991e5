"""When an incident ends by itself."""

from __future__ import annotations

from datetime import datetime

from hakam.incidents.models import Incident
from hakam.incidents.states import UNCONFIRMED


def ends_at(incident: Incident) -> datetime:
    """Return when it ends if nobody does anything: at its hour while one person's word is all there is."""
    waits = incident.state in {state.value for state in UNCONFIRMED}
    return min(incident.until, incident.confirm_until) if waits else incident.until

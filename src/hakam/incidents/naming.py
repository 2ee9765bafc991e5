"""What an incident and what it makes are called, and the error of the room."""

from __future__ import annotations

import re
from typing import Final

from hakam.banks.kinds import EMERGENCY
from hakam.incidents.models import Incident

SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?")
EXERCISE: Final = "exercise-"


class IncidentError(ValueError):
    """This can't be done with an incident. The message says why; nothing was changed."""


def subject_of(incident: Incident) -> str:
    """Return what the ledger calls an incident."""
    return f"incident:{incident.slug}"


def bank_of(incident: Incident) -> str:
    """Return the name of its emergency bank, which is also that of its precedence in the queue.

    Partners see it: one of an exercise says so itself.
    """
    return f"{EXERCISE if incident.exercise else EMERGENCY}{incident.slug}"

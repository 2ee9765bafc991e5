"""What the door must know of incidents: those that let uploads wait."""

from __future__ import annotations

from datetime import datetime

from hakam.incidents.clock import ends_at
from hakam.incidents.models import Incident
from hakam.incidents.naming import bank_of
from hakam.incidents.powers import scope_of, settings_of
from hakam.incidents.states import IN_FORCE, Power
from hakam.storage.published import PublishedIncident
from hakam.vocabulary.incident import DelayRule


def in_force(now: datetime) -> tuple[PublishedIncident, ...]:
    """Return the incidents in force at `now` that let uploads wait, by name.

    One that nobody has confirmed yet ends at its hour, even if nothing is published any more.
    """
    rows = Incident.objects.filter(state__in=[s.value for s in IN_FORCE], powers__power=Power.DELAY)
    found = []
    for row in rows.filter(powers__undone_at=None).distinct().order_by("slug"):
        power = row.powers.filter(power=Power.DELAY, undone_at=None).exclude(taken_at=None).first()
        until = ends_at(row)
        if power is None or until <= now:
            continue
        rule = settings_of(power)
        assert isinstance(rule, DelayRule)
        found.append(
            PublishedIncident(
                name=bank_of(row),
                platform=row.platform,
                until=until.timestamp(),
                exercise=row.exercise,
                scope=scope_of(row),
                delay=rule,
            )
        )
    return tuple(found)

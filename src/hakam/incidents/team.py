"""Who does what while an incident lasts, and what was told to whom: both append to the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.compliance.storable import storable
from hakam.incidents.closing import locked
from hakam.incidents.models import Incident, IncidentRole
from hakam.incidents.naming import IncidentError, subject_of
from hakam.incidents.states import CLOSED, RoleKind
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.vocabulary.actor import Actor

LONGEST_WHOM: Final = 200
LONGEST_WORDS: Final = 10_000
_NEEDED: Final = {
    role: (Permission.INCIDENT_READ, Permission.INCIDENT_DECLARE)
    if role is RoleKind.LEAD
    else (Permission.INCIDENT_READ,)
    for role in RoleKind
}
"""What a person must be permitted to be given a role."""


def able(role: RoleKind) -> list[User]:
    """Return the people who can be given a role, by name."""
    active = User.objects.filter(is_active=True).order_by("username")
    return [one for one in active if all(one.may(needed) for needed in _NEEDED[role])]


def give_role(slug: str, role: RoleKind, person: User, *, by: Actor, now: datetime) -> IncidentRole:
    """Give somebody a role, or hand it over. Raises `IncidentError`."""
    if not person.is_active or not person.may(Permission.INCIDENT_READ):
        raise IncidentError(_("%(name)s can't read incidents") % {"name": person.username})
    if role is RoleKind.LEAD and not person.may(Permission.INCIDENT_DECLARE):
        raise IncidentError(_("%(name)s may not lead incidents") % {"name": person.username})
    with transaction.atomic():
        ledger.lock()
        incident = locked(slug)
        if incident.state in {state.value for state in CLOSED}:
            raise IncidentError(_("it is closed"))
        before = incident.roles.filter(role=role.value).first()
        if before is not None and before.person == person.pk:
            return before
        row, _fresh = IncidentRole.objects.update_or_create(
            incident=incident, role=role.value, defaults={"person": person.pk, "since": now}
        )
        ledger.record(
            FactKind.INCIDENT_ROLE_GIVEN,
            by=by,
            now=now,
            subject=subject_of(incident),
            about=[f"staff:{person.pk}"],
            body={
                "role": role.value,
                "to": f"staff:{person.pk}",
                "from": f"staff:{before.person}" if before else None,
                "exercise": incident.exercise,
            },
        )
    return row


def note_told(slug: str, *, whom: str, words: str, by: Actor, now: datetime) -> Fact:
    """Write down who was told what, for good; also after the end. Raises `IncidentError`."""
    whom, words = storable(whom).strip(), storable(words).strip()
    if not whom or not words:
        raise IncidentError(_("say whom was told, and what"))
    if len(whom) > LONGEST_WHOM or len(words) > LONGEST_WORDS:
        raise IncidentError(_("at most %(most)s characters") % {"most": LONGEST_WORDS})
    with transaction.atomic():
        incident = Incident.objects.filter(slug=slug).first()
        if incident is None:
            raise IncidentError(_("there is no incident %(slug)s") % {"slug": repr(slug[:60])})
        return ledger.record(
            FactKind.INCIDENT_TOLD,
            by=by,
            now=now,
            subject=subject_of(incident),
            body={"exercise": incident.exercise},
            private={"whom": whom, "words": words},
        )

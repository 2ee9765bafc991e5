"""Who can be given which role: only who may read incidents, and only who may declare them leads one."""

from __future__ import annotations

import pytest

from hakam.incidents.naming import IncidentError
from hakam.incidents.states import RoleKind
from hakam.incidents.team import able, give_role
from hakam.staff.models import User
from hakam.staff.roles import PERMISSIONS, Permission, Role
from hakam.testing import scene

pytestmark = pytest.mark.django_db
NOW = scene.NOW


@pytest.fixture
def everybody() -> dict[Role, User]:
    return {role: scene.person(f"the-{role}", role) for role in Role}


@pytest.mark.parametrize("role", RoleKind)
def test_who_is_offered_is_who_can_be_given_it(role: RoleKind, everybody: dict[Role, User]) -> None:
    offered = set(able(role))
    for one in everybody.values():
        try:
            give_role("nowhere", role, one, by=one.actor, now=NOW)
        except IncidentError as error:
            told = str(error)
        assert ("there is no incident" in told) is (one in offered), (role, one.username, told)


def test_a_moderator_stands_in_for_nobody_who_leads(everybody: dict[Role, User]) -> None:
    assert everybody[Role.MODERATOR] not in able(RoleKind.LEAD)
    assert everybody[Role.MODERATOR] in able(RoleKind.COMMUNICATION)
    assert everybody[Role.RESEARCHER] not in able(RoleKind.EVIDENCE)
    leads = {role for role, may in PERMISSIONS.items() if Permission.INCIDENT_DECLARE in may}
    assert {one.role for one in able(RoleKind.LEAD)} == leads


def test_who_has_left_is_not_offered(everybody: dict[Role, User]) -> None:
    gone = everybody[Role.INCIDENT_LEAD]
    gone.is_active = False
    gone.save(update_fields=["is_active"])
    assert all(gone not in able(role) for role in RoleKind)


def test_people_stand_in_the_order_of_their_names(everybody: dict[Role, User]) -> None:
    names = [one.username for one in able(RoleKind.DEPUTY)]
    assert names == sorted(names)
    assert len(names) > len(able(RoleKind.LEAD))

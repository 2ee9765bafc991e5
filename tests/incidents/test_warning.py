"""The end of an incident is announced once, to those who take part, in the last quarter of its time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.incidents.stage import NOW, Stage, facts

from hakam.compliance import ledger
from hakam.enforcement.models import Effect
from hakam.incidents.clock import ends_soon, warned_from
from hakam.incidents.closing import end
from hakam.incidents.models import Incident
from hakam.incidents.powers import NoSettings
from hakam.incidents.renewing import ask_renewal, grant_renewal
from hakam.incidents.states import Power, RoleKind
from hakam.incidents.team import give_role
from hakam.incidents.warning import warn_due
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene

pytestmark = pytest.mark.django_db
FIRST = {Power.PRIORITY: NoSettings()}


def told() -> list[tuple[str, str]]:
    """Return whom warnings went to, and in which language."""
    found = Effect.objects.filter(key__contains=":warned:").order_by("pk")
    return sorted((one.payload["to"], one.payload["language"]) for one in found)


def test_two_hours_before_its_end_those_who_take_part_are_told_once(stage: Stage) -> None:
    scene.person("huda", Role.INCIDENT_LEAD, language="ar")
    stage.declared(FIRST, hours=24)
    give_role("harbour", RoleKind.DEPUTY, User.objects.get(username="huda"), by=stage.nadia.actor, now=NOW)
    ends = NOW + timedelta(hours=24)
    assert warn_due(ends - timedelta(hours=2, seconds=1)) == 0
    assert warn_due(ends - timedelta(hours=2)) == 1
    assert warn_due(ends - timedelta(hours=1)) == 0
    assert told() == [(User.objects.get(username="huda").email, "ar"), (stage.nadia.email, "en")]
    (fact,) = facts("incident.warned")
    assert ledger.body_of(fact) == {"end": ends.isoformat(), "exercise": False}


def test_a_short_one_is_announced_in_its_last_quarter(stage: Stage) -> None:
    incident = stage.declared(FIRST, hours=4)
    assert warned_from(incident) == NOW + timedelta(hours=3)
    assert not ends_soon(incident, NOW + timedelta(hours=2, minutes=59))
    assert ends_soon(incident, NOW + timedelta(hours=3))


def test_one_that_waits_is_announced_to_whoever_may_be_the_second(stage: Stage) -> None:
    stage.declare(FIRST)
    assert warn_due(NOW + timedelta(minutes=44)) == 0
    assert warn_due(NOW + timedelta(minutes=45)) == 1
    assert [to for to, _language in told()] == [stage.omar.email]


def test_a_renewal_makes_another_end_and_another_warning(stage: Stage) -> None:
    stage.declared(FIRST, hours=24)
    late = NOW + timedelta(hours=23)
    assert warn_due(late) == 1
    ask_renewal("harbour", hours=12, reason="copies still come", by=stage.nadia.actor, now=late)
    grant_renewal("harbour", by=stage.omar.actor, now=late)
    assert warn_due(late) == 0
    assert warn_due(NOW + timedelta(hours=34)) == 1
    assert len(facts("incident.warned")) == 2


def test_an_exercise_says_that_it_is_one(stage: Stage) -> None:
    stage.declared(FIRST, hours=24, exercise=True)
    assert warn_due(NOW + timedelta(hours=23)) == 1
    (one,) = Effect.objects.filter(key__contains=":warned:")
    assert one.payload["subject"].startswith("[Exercise]")


def test_what_is_over_is_not_announced(stage: Stage) -> None:
    incident = stage.declared(FIRST, hours=24)
    assert warn_due(NOW + timedelta(hours=24)) == 0  # it is due to be closed
    end("harbour", because="over", by=stage.nadia.actor, now=NOW + timedelta(hours=1))
    assert warn_due(NOW + timedelta(hours=23)) == 0
    incident.refresh_from_db()
    assert not ends_soon(incident, NOW + timedelta(hours=23))
    assert Incident.objects.count() == 1

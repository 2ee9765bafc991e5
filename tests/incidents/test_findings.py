"""What the doctor finds of incidents."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from tests.incidents.stage import NOW, Stage

from hakam.incidents import closing, findings, report
from hakam.incidents.models import Incident, IncidentPower, IncidentRole
from hakam.incidents.powers import BankSettings, NoSettings
from hakam.incidents.renewing import ask_renewal
from hakam.incidents.states import IncidentState, Power
from hakam.staff.models import User

pytestmark = pytest.mark.django_db
BANK = {Power.EMERGENCY_BANK: BankSettings()}


def codes() -> list[str]:
    return [one.code for one in findings.check()]


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def test_a_sound_incident_finds_nothing(stage: Stage, now: datetime) -> None:
    stage.put_in(stage.declared(BANK, now=now), now=now)
    assert codes() == []


def test_a_power_that_outlives_its_incident(stage: Stage, now: datetime) -> None:
    stage.declared({Power.PRIORITY: NoSettings()}, now=now)
    closing.end("harbour", because="over", by=stage.nadia.actor, now=now)
    IncidentPower.objects.update(undone_at=None, trouble="the disk is full")
    (found,) = findings.check()
    assert (found.code, found.subject) == ("N001", "incident:harbour")
    assert "the disk is full" in found.message


def test_an_incident_that_nobody_closes(stage: Stage) -> None:
    stage.declare({Power.PRIORITY: NoSettings()})  # long ago
    assert codes() == ["N002"]
    Incident.objects.update(state=IncidentState.ACTIVE)
    assert codes() == ["N002"]


def test_an_incident_whose_lead_is_gone(stage: Stage, now: datetime) -> None:
    stage.declared({Power.PRIORITY: NoSettings()}, now=now)
    User.objects.filter(pk=stage.nadia.pk).update(is_active=False)
    assert codes() == ["N003"]
    IncidentRole.objects.all().delete()
    assert codes() == ["N003"]


def test_a_bank_that_nobody_fills(stage: Stage, now: datetime) -> None:
    stage.declared(BANK, now=now - timedelta(minutes=5))
    assert codes() == []
    Incident.objects.update(declared_at=now - timedelta(minutes=11))
    assert codes() == ["N004"]


def test_an_end_without_a_report(stage: Stage, now: datetime) -> None:
    stage.declared(BANK, now=now)
    closing.end("harbour", because="over", by=stage.nadia.actor, now=now)
    assert codes() == []
    Incident.objects.update(closed_at=NOW)
    assert codes() == ["N005"]
    Incident.objects.update(exercise=True)
    assert codes() == []


def test_an_end_that_is_near_and_nobody_asks_for_more_time(stage: Stage, now: datetime) -> None:
    stage.declared({Power.PRIORITY: NoSettings()}, now=now - timedelta(hours=21), hours=24)
    assert codes() == []
    Incident.objects.update(until=now + timedelta(hours=1))
    assert codes() == ["N006"]
    ask_renewal("harbour", hours=12, reason="copies still come", by=stage.nadia.actor, now=now)
    assert codes() == []


def test_an_hour_that_is_nearly_over_without_a_second_person(stage: Stage, now: datetime) -> None:
    stage.declare({Power.PRIORITY: NoSettings()}, now=now - timedelta(minutes=40))
    assert codes() == []
    Incident.objects.update(
        declared_at=now - timedelta(minutes=50), confirm_until=now + timedelta(minutes=10)
    )
    assert codes() == ["N007"]


def test_what_lapsed_was_in_force_and_needs_a_report(stage: Stage, now: datetime) -> None:
    stage.declare({Power.PRIORITY: NoSettings()}, now=now - timedelta(hours=2))
    closing.close_due(now)
    assert codes() == ["N008"]
    report.publish("harbour", words="A false alarm.", by=stage.nadia.actor, now=now)
    assert codes() == []
    stage.declare({Power.PRIORITY: NoSettings()}, now=now - timedelta(hours=2), wait=True, slug="waited")
    closing.close_due(now)
    assert codes() == []  # nothing of it was ever in force


def test_every_code_is_told_of(stage: Stage) -> None:
    del stage
    assert set(findings.CODES) == {f"N00{n}" for n in range(1, 9)}

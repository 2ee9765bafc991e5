"""More time takes a reason and a second person; roles are handed over; the log only grows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.incidents.stage import CLIP, NOW, Stage, facts, held

from hakam.banks.models import Bank
from hakam.compliance import ledger
from hakam.enforcement.kinds import EffectKind
from hakam.enforcement.models import Effect
from hakam.incidents.closing import close_due, end
from hakam.incidents.declaring import MOST_HOURS
from hakam.incidents.models import IncidentRenewal, IncidentRole
from hakam.incidents.naming import IncidentError
from hakam.incidents.renewing import ask_renewal, grant_renewal, refuse_renewal
from hakam.incidents.states import IncidentState, RenewalState, RoleKind
from hakam.incidents.team import give_role, note_told
from hakam.review.models import Precedence
from hakam.staff.models import User
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
SOON = NOW + timedelta(hours=2)
DAY = NOW + timedelta(days=1)
both_ways = pytest.mark.parametrize("exercise", [False, True], ids=["real", "exercise"])


def asked(stage: Stage, hours: int = 12) -> IncidentRenewal:
    return ask_renewal("harbour", hours=hours, reason="copies still come", by=stage.nadia.actor, now=SOON)


@both_ways
def test_a_second_person_grants_more_time_for_all_that_stands(stage: Stage, exercise: bool) -> None:
    stage.declared(exercise=exercise)
    asked(stage)
    incident = grant_renewal("harbour", by=stage.omar.actor, now=SOON)
    assert incident.until == DAY + timedelta(hours=12)
    assert Bank.objects.get().expires_at == incident.until
    assert {row.until for row in Precedence.objects.all()} == (set() if exercise else {incident.until})
    assert close_due(DAY) == 0
    stage.put_in(incident)
    verdict = stage.upload("copy", CLIP, now=DAY + timedelta(hours=1))
    assert (held(verdict), verdict.delay is not None) == ((False, False) if exercise else (True, True))
    assert close_due(incident.until) == 1
    body = ledger.body_of(facts("incident.renewed")[0])
    assert (body["hours"], body["reason"], body["exercise"]) == (12, "copies still come", exercise)


def test_nobody_grants_what_they_asked_for(stage: Stage) -> None:
    stage.declared()
    asked(stage)
    for who in (stage.nadia.actor, SYSTEM):
        with pytest.raises(IncidentError, match="somebody else"):
            grant_renewal("harbour", by=who, now=SOON)
        with pytest.raises(IncidentError, match="somebody else"):
            refuse_renewal("harbour", by=who, now=SOON)


def test_a_refusal_lets_it_end_when_it_would_have(stage: Stage) -> None:
    stage.declared()
    asked(stage)
    incident = refuse_renewal("harbour", by=stage.omar.actor, now=SOON)
    assert incident.until == DAY
    with pytest.raises(IncidentError, match="nobody has asked"):
        grant_renewal("harbour", by=stage.omar.actor, now=SOON)
    assert close_due(DAY) == 1


@pytest.mark.parametrize(
    ("hours", "reason", "told"),
    [(0, "why", "1 to 72"), (MOST_HOURS + 1, "why", "1 to 72"), (12, " ", "say why")],
)
def test_what_makes_no_sense_is_refused(stage: Stage, hours: int, reason: str, told: str) -> None:
    stage.declared()
    with pytest.raises(IncidentError, match=told):
        ask_renewal("harbour", hours=hours, reason=reason, by=stage.nadia.actor, now=SOON)


def test_it_is_asked_for_once_and_only_while_it_runs(stage: Stage) -> None:
    stage.declare()
    with pytest.raises(IncidentError, match="two people"):
        ask_renewal("harbour", hours=1, reason="why", by=stage.nadia.actor, now=NOW)
    close_due(SOON)
    stage.declared(slug="quay", now=SOON)
    ask_renewal("quay", hours=1, reason="why", by=stage.nadia.actor, now=SOON)
    with pytest.raises(IncidentError, match="already"):
        ask_renewal("quay", hours=1, reason="why", by=stage.nadia.actor, now=SOON)
    with pytest.raises(IncidentError, match="two people"):
        grant_renewal("quay", by=stage.omar.actor, now=SOON + timedelta(days=1))


def test_the_end_settles_what_was_asked(stage: Stage) -> None:
    stage.declared()
    renewal = asked(stage)
    end("harbour", because="over", by=stage.nadia.actor, now=SOON)
    renewal.refresh_from_db()
    assert renewal.state == RenewalState.OVER


def test_a_crisis_under_the_dsa_ends_after_three_months(stage: Stage) -> None:
    # DSA Art. 36(3)
    incident = stage.declared(kind="dsa.36", hours=72)
    now = NOW + timedelta(hours=1)
    for _ in range(29):  # 3 + 29 x 3 = 90 days
        now += timedelta(days=2)
        ask_renewal("harbour", hours=72, reason="it goes on", by=stage.nadia.actor, now=now)
        incident = grant_renewal("harbour", by=stage.omar.actor, now=now)
    assert incident.until == NOW + timedelta(days=90)
    with pytest.raises(IncidentError, match="90 days in all"):
        ask_renewal("harbour", hours=1, reason="it goes on", by=stage.nadia.actor, now=now)


def test_a_request_for_more_time_reaches_who_may_grant_it(stage: Stage) -> None:
    stage.declared()
    asked(stage)
    letters = Effect.objects.filter(kind=EffectKind.STAFF_ALERT, key__contains=":renewal:")
    assert [letter.payload["to"] for letter in letters] == [stage.omar.email]


@both_ways
def test_a_role_is_handed_over(stage: Stage, amal: User, exercise: bool) -> None:
    stage.declared(exercise=exercise)
    give_role("harbour", RoleKind.LEAD, stage.omar, by=stage.nadia.actor, now=SOON)
    give_role("harbour", RoleKind.COMMUNICATION, amal, by=stage.omar.actor, now=SOON)
    give_role("harbour", RoleKind.COMMUNICATION, amal, by=stage.omar.actor, now=SOON)
    now_held = dict(IncidentRole.objects.values_list("role", "person"))
    assert now_held == {"lead": stage.omar.pk, "communication": amal.pk}
    first, second = map(ledger.body_of, facts("incident.role_given"))  # twice is once
    assert (first["from"], first["to"]) == (f"staff:{stage.nadia.pk}", f"staff:{stage.omar.pk}")
    assert (second["from"], second["exercise"]) == (None, exercise)


def test_nobody_leads_who_may_not_declare(stage: Stage, amal: User) -> None:
    stage.declared()
    with pytest.raises(IncidentError, match="may not lead"):
        give_role("harbour", RoleKind.LEAD, amal, by=stage.nadia.actor, now=SOON)
    amal.is_active = False
    with pytest.raises(IncidentError, match="can't read"):
        give_role("harbour", RoleKind.EVIDENCE, amal, by=stage.nadia.actor, now=SOON)
    end("harbour", because="over", by=stage.nadia.actor, now=SOON)
    with pytest.raises(IncidentError, match="closed"):
        give_role("harbour", RoleKind.DEPUTY, stage.omar, by=stage.nadia.actor, now=SOON)


@both_ways
def test_who_was_told_what_stands_in_the_ledger(stage: Stage, exercise: bool) -> None:
    stage.declared(exercise=exercise)
    note_told("harbour", whom="Europol", words="three accounts", by=stage.nadia.actor, now=SOON)
    end("harbour", because="over", by=stage.nadia.actor, now=SOON)
    note_told(
        "harbour", whom="the press", words="it is over", by=stage.omar.actor, now=DAY
    )  # after the end too
    found = facts("incident.told")
    assert [(ledger.private_of(one) or {})["whom"] for one in found] == ["Europol", "the press"]
    assert {ledger.body_of(one)["exercise"] for one in found} == {exercise}
    assert "Europol" not in found[0].body
    for whom, words in (("", "x"), ("x", " "), ("x" * 201, "x")):
        with pytest.raises(IncidentError):
            note_told("harbour", whom=whom, words=words, by=stage.nadia.actor, now=SOON)
    with pytest.raises(IncidentError, match="there is no incident"):
        note_told("quay", whom="x", words="x", by=stage.nadia.actor, now=SOON)


def test_after_its_last_hour_it_is_over(stage: Stage) -> None:
    incident = stage.declared()
    assert close_due(incident.until) == 1
    incident.refresh_from_db()
    assert incident.state == IncidentState.EXPIRED
    assert incident.closed_by == "system"

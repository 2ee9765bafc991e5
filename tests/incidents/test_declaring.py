"""Two people declare, or one for an hour."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.incidents.stage import ALL, NOW, Stage, facts

from hakam.banks.models import Bank
from hakam.compliance import ledger
from hakam.enforcement.kinds import EffectKind
from hakam.enforcement.models import Effect
from hakam.incidents.clock import ends_at
from hakam.incidents.declaring import confirm, refuse
from hakam.incidents.models import Incident
from hakam.incidents.naming import IncidentError
from hakam.incidents.powers import BankSettings, NoSettings, StricterSettings
from hakam.incidents.states import IncidentState, Power
from hakam.staff.models import User
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.incident import LONGEST_DELAY, DelayRule, Scope

pytestmark = pytest.mark.django_db
SOON = NOW + timedelta(minutes=5)
HOUR = NOW + timedelta(hours=1)
BANK = {Power.EMERGENCY_BANK: BankSettings()}


def test_one_person_s_word_is_in_force_at_once(stage: Stage) -> None:
    incident = stage.declare()
    assert incident.state == IncidentState.PROVISIONAL
    assert incident.confirm_until == HOUR
    assert incident.until == NOW + timedelta(hours=24)
    assert not incident.powers.filter(taken_at=None).exists()
    assert Bank.objects.get(name="incident-harbour").expires_at == HOUR  # at the door too, worker or not


def test_a_second_person_makes_it_last(stage: Stage) -> None:
    stage.declare()
    incident = confirm("harbour", by=stage.omar.actor, now=SOON)
    assert incident.state == IncidentState.ACTIVE
    assert Bank.objects.get(name="incident-harbour").expires_at == incident.until
    (fact,) = facts("incident.confirmed")
    assert fact.actor == str(stage.omar.actor)
    assert ledger.body_of(fact)["declared_by"] == str(stage.nadia.actor)


def test_if_it_waits_nothing_is_in_force_before_the_second_person(stage: Stage) -> None:
    incident = stage.declare(wait=True)
    assert incident.state == IncidentState.PROPOSED
    assert not Bank.objects.exists()
    assert not facts("incident.power_taken")
    assert not Effect.objects.filter(kind=EffectKind.INCIDENT_DECLARED).exists()
    incident = confirm("harbour", by=stage.omar.actor, now=SOON)
    assert incident.until == SOON + timedelta(hours=24)  # its hours begin with its powers
    assert Bank.objects.filter(name="incident-harbour").exists()
    assert {fact.actor for fact in facts("incident.power_taken")} == {str(stage.omar.actor)}


@pytest.mark.parametrize("wait", [False, True])
def test_while_it_waits_it_ends_with_the_hour(stage: Stage, wait: bool) -> None:
    assert ends_at(stage.declare(wait=wait)) == HOUR
    incident = confirm("harbour", by=stage.omar.actor, now=SOON)
    assert ends_at(incident) == incident.until > HOUR


def test_nobody_is_their_own_second_person(stage: Stage) -> None:
    stage.declare()
    for who in (stage.nadia.actor, SYSTEM):
        with pytest.raises(IncidentError, match="somebody else"):
            confirm("harbour", by=who, now=SOON)
        with pytest.raises(IncidentError, match="somebody else"):
            refuse("harbour", because="no", by=who, now=SOON)
    assert Incident.objects.get().state == IncidentState.PROVISIONAL


def test_after_the_hour_nobody_can_confirm(stage: Stage) -> None:
    stage.declare()
    with pytest.raises(IncidentError, match="the hour is over"):
        confirm("harbour", by=stage.omar.actor, now=HOUR)


def test_it_is_confirmed_once(stage: Stage, amal: User) -> None:
    stage.declared()
    with pytest.raises(IncidentError, match="waits for nobody"):
        confirm("harbour", by=amal.actor, now=SOON)


def test_a_refusal_needs_a_reason(stage: Stage) -> None:
    stage.declare()
    with pytest.raises(IncidentError, match="say why"):
        refuse("harbour", because=" ", by=stage.omar.actor, now=SOON)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"slug": "The Harbour"}, "is no name"),
        ({"slug": "-harbour"}, "is no name"),
        ({"slug": "h" * 51}, "is no name"),
        ({"title": " "}, "title"),
        ({"title": "t" * 201}, "title"),
        ({"summary": ""}, "say what happened"),
        ({"reference": "r" * 201}, "too long"),
        ({"kind": "gifct.cip"}, "can't be declared today"),  # retired
        ({"kind": "none"}, "can't be declared today"),
        ({"hours": 0}, "1 to 72 hours"),
        ({"hours": 73}, "1 to 72 hours"),
        ({"clause": "nothing"}, "there is no clause 'nothing'"),
        ({"scope": Scope(countries=("germany",))}, "is no country"),
        ({"scope": Scope(languages=("AR",))}, "is no language"),
        ({"scope": Scope(communities=tuple(map(str, range(201))))}, "at most 200"),
    ],
)
def test_what_makes_no_sense_is_refused_whole(stage: Stage, wrong: dict[str, object], told: str) -> None:
    with pytest.raises(IncidentError, match=told):
        stage.declare(BANK, **wrong)
    assert not Incident.objects.exists()
    assert not Bank.objects.exists()
    assert not facts("incident.declared")


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({}, "at least one power"),
        ({Power.SHARE: NoSettings()}, "choose it too"),
        ({Power.STRICTER: StricterSettings({})}, "give one at least"),
        ({Power.STRICTER: StricterSettings({"nothing": "3"})}, "no parameter"),
        ({Power.STRICTER: StricterSettings({"flood_limit": "1000"})}, "lies from 2 to 50"),
        ({Power.STRICTER: StricterSettings({"flood_limit": "many"})}, "flood_limit: a number"),
        ({Power.STRICTER: StricterSettings({"flood_limit": "20"})}, "this value already"),
        ({Power.DELAY: DelayRule(seconds=0)}, "1 to 60 minutes"),
        ({Power.DELAY: DelayRule(seconds=LONGEST_DELAY + 1)}, "1 to 60 minutes"),
        ({Power.DELAY: DelayRule(seconds=60, newer_than_days=0)}, "age is 1 to"),
        ({Power.DELAY: DelayRule(seconds=60, kinds=("film",))}, "no kind of content"),
    ],
)
@pytest.mark.parametrize("exercise", [False, True])
def test_powers_that_make_no_sense_are_refused_in_an_exercise_too(
    stage: Stage, chosen: dict[Power, object], told: str, exercise: bool
) -> None:
    with pytest.raises(IncidentError, match=told):
        stage.declare(BANK | chosen if Power.STRICTER in chosen else chosen, exercise=exercise)  # type: ignore[arg-type,operator]
    assert not Incident.objects.exists()
    assert not Bank.objects.exists()  # the bank was made first, and is gone with the rest


def test_settings_of_another_power_are_a_mistake_of_ours(stage: Stage) -> None:
    with pytest.raises(TypeError, match="delay takes DelayRule"):
        stage.declare({Power.DELAY: NoSettings()})


def test_a_name_is_used_once(stage: Stage) -> None:
    stage.declare(BANK)
    with pytest.raises(IncidentError, match="already"):
        stage.declare({Power.PRIORITY: NoSettings()}, exercise=True)
    assert Incident.objects.count() == 1


def test_the_declaration_is_a_fact_without_words_about_people(stage: Stage) -> None:
    stage.declare(scope=Scope(countries=("DE",), languages=("ar",)))
    (fact,) = facts("incident.declared")
    body = ledger.body_of(fact)
    assert body["powers"] == sorted(power.value for power in ALL)
    assert body["scope"] == {"countries": ["DE"], "languages": ["ar"]}
    assert body["exercise"] is False
    assert "shoots" not in fact.body
    assert (ledger.private_of(fact) or {})["summary"].endswith("shoots.")
    assert [ledger.body_of(one)["power"] for one in facts("incident.power_taken")] == list(Power)


def test_whoever_may_be_the_second_person_gets_a_letter(stage: Stage, amal: User) -> None:
    stage.declare()
    told = {effect.payload["to"] for effect in Effect.objects.filter(kind=EffectKind.STAFF_ALERT)}
    assert told == {stage.omar.email}  # not who declared it, nor who may not
    assert amal.email not in told


@pytest.mark.parametrize("exercise", [False, True])
def test_the_platform_is_told_and_an_exercise_says_so(stage: Stage, exercise: bool) -> None:
    stage.declared(exercise=exercise)
    effect = Effect.objects.get(kind=EffectKind.INCIDENT_DECLARED)
    assert effect.payload["exercise"] is exercise
    assert effect.payload["incident"] == "harbour"
    assert effect.payload["powers"] == sorted(power.value for power in ALL)
    letters = Effect.objects.filter(kind=EffectKind.STAFF_ALERT)
    assert all(("Exercise" in effect.payload["subject"]) is exercise for effect in letters)

"""Each power, for real and as an exercise: the same verbs, and what becomes of an upload at the door."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.incidents.stage import ALL, CLIP, NOW, Stage, facts, held

from hakam.banks.kinds import BankAction
from hakam.banks.models import Bank
from hakam.banks.sharing import shared_banks
from hakam.compliance import ledger, rulebook
from hakam.compliance.models import RulebookVersion
from hakam.enforcement.kinds import EffectKind
from hakam.enforcement.models import Effect
from hakam.incidents.closing import end, take_back_power
from hakam.incidents.naming import IncidentError
from hakam.incidents.powers import BankSettings, NoSettings, StricterSettings
from hakam.incidents.states import Power
from hakam.policy import tuning
from hakam.review.cases import rerank_due
from hakam.review.models import Case, Decision, Precedence
from hakam.review.priority import INCIDENT
from hakam.vocabulary.event import Author, ContentKind
from hakam.vocabulary.incident import Delay, DelayRule, Scope

pytestmark = pytest.mark.django_db
BANK = {Power.EMERGENCY_BANK: BankSettings()}
SOON = NOW + timedelta(minutes=5)
LATER = NOW + timedelta(minutes=10)
both_ways = pytest.mark.parametrize("exercise", [False, True], ids=["real", "exercise"])


def limit(community: str = "") -> float:
    version = rulebook.active()
    assert version is not None
    param = tuning.tuning_of(version.files).params["flood_limit"]
    return dict(param.by_community).get(community, param.value)


@both_ways
def test_every_power_is_taken_and_each_leaves_its_fact(stage: Stage, exercise: bool) -> None:
    incident = stage.declared(exercise=exercise)
    bodies = [ledger.body_of(fact) for fact in facts("incident.power_taken")]
    assert [body["power"] for body in bodies] == list(Power)
    assert {body["exercise"] for body in bodies} == {exercise}
    assert incident.powers.exclude(taken_at=None).count() == len(Power)


@both_ways
def test_a_copy_is_held_at_the_door_and_in_an_exercise_only_written_down(
    stage: Stage, exercise: bool
) -> None:
    incident = stage.declared(BANK, exercise=exercise)
    stage.put_in(incident)
    verdict = stage.upload("copy", CLIP, now=SOON, email="someone@example.org")
    other = stage.upload("else", b"a cat", now=SOON)
    stage.work(SOON)
    assert not other.firings
    (firing,) = verdict.firings
    assert firing.rule == f"bank:{'exercise' if exercise else 'incident'}-harbour"
    assert held(verdict) is not exercise
    assert (firing in verdict.live) is not exercise
    assert Decision.objects.count() == (0 if exercise else 1)
    assert Case.objects.count() == (0 if exercise else 1)
    told = Effect.objects.filter(kind__in=[EffectKind.MEASURE_APPLY, EffectKind.STATEMENT_ISSUED])
    assert told.exists() is not exercise  # no real person is touched


def test_a_bank_that_does_not_hold_asks_for_a_person(stage: Stage) -> None:
    stage.put_in(stage.declared({Power.EMERGENCY_BANK: BankSettings(hold=False)}))
    verdict = stage.upload("copy", CLIP, now=SOON)
    stage.work(SOON)
    assert not verdict.measures
    assert verdict.review is not None
    assert Case.objects.count() == 1
    assert not Decision.objects.exists()


@both_ways
def test_stricter_values_are_in_force_and_an_exercise_changes_none(stage: Stage, exercise: bool) -> None:
    stage.declared({Power.STRICTER: StricterSettings({"flood_limit": "5"})}, exercise=exercise)
    assert limit() == (20 if exercise else 5)
    did = ledger.body_of(facts("incident.power_taken")[0])["did"]
    assert did["before"] == [["flood_limit", "", None, "5"]]
    assert bool(did["version"]) is not exercise
    assert RulebookVersion.objects.count() == (1 if exercise else 2)
    assert len(facts("param.tuned")) == (0 if exercise else 1)


def test_stricter_values_reach_only_the_communities_of_the_scope(stage: Stage) -> None:
    chosen = {Power.STRICTER: StricterSettings({"flood_limit": "5"})}
    stage.declared(chosen, scope=Scope(communities=("news", "city")))
    assert (limit(), limit("news"), limit("city"), limit("cats")) == (20, 5, 5, 20)
    end("harbour", because="over", by=stage.nadia.actor, now=LATER)
    assert (limit(), limit("news"), limit("city")) == (20, 20, 20)
    version = rulebook.active()
    assert version is not None
    assert "tuned.yaml" not in version.files


def test_what_somebody_changed_since_is_left_alone(stage: Stage) -> None:
    chosen = {Power.STRICTER: StricterSettings({"flood_limit": "5", "quiet_days": "20d"})}
    stage.declared(chosen)
    version = rulebook.active()
    assert version is not None
    files = dict(version.files)
    files[tuning.FILE] = tuning.with_value(files, "flood_limit", "9")
    files["pack.yaml"] = files["pack.yaml"].replace(version.version, "7.0.0")
    rulebook.publish(files, by=stage.nadia.actor, now=SOON)
    end("harbour", because="over", by=stage.nadia.actor, now=LATER)
    assert limit() == 9
    version = rulebook.active()
    assert version is not None
    assert tuning.tuning_of(version.files).params["quiet_days"].value == 7 * 86_400
    did = next(
        body["did"]
        for body in map(ledger.body_of, facts("incident.power_undone"))
        if body["power"] == Power.STRICTER
    )
    assert did["left"] == ["flood_limit"]


def test_a_value_of_before_comes_back_and_not_the_default(stage: Stage) -> None:
    version = rulebook.active()
    assert version is not None
    files = dict(version.files)
    files[tuning.FILE] = tuning.with_value(files, "flood_limit", "12")
    files["pack.yaml"] = files["pack.yaml"].replace("1.0.0", "1.0.1")
    rulebook.publish(files, by=stage.nadia.actor, now=NOW)
    stage.declared({Power.STRICTER: StricterSettings({"flood_limit": "5"})})
    assert limit() == 5
    end("harbour", because="over", by=stage.nadia.actor, now=LATER)
    assert limit() == 12


def test_two_incidents_do_not_change_one_parameter(stage: Stage) -> None:
    stage.declared({Power.STRICTER: StricterSettings({"flood_limit": "5"})})
    with pytest.raises(IncidentError, match="'harbour' has changed flood_limit already"):
        stage.declare({Power.STRICTER: StricterSettings({"flood_limit": "3"})}, slug="quay")
    stage.declare({Power.STRICTER: StricterSettings({"quiet_days": "20d"})}, slug="quay")
    stage.declare({Power.STRICTER: StricterSettings({"flood_limit": "3"})}, slug="drill", exercise=True)
    end("harbour", because="over", by=stage.nadia.actor, now=LATER)
    assert limit() == 20
    stage.declare({Power.STRICTER: StricterSettings({"flood_limit": "3"})}, slug="pier", now=LATER)
    assert limit() == 3


def a_case(stage: Stage, item: str = "old", **more: object) -> Case:
    """Open a case under the incident's clause by a bank of another time."""
    from hakam.review.cases import Source, open_case  # noqa: PLC0415
    from hakam.review.states import SourceKind  # noqa: PLC0415
    from hakam.testing import scene  # noqa: PLC0415

    source = Source(SourceKind.STAFF, f"staff:{item}", clause=str(more.get("clause", "threat")))
    return open_case(
        by=stage.nadia.actor,
        now=NOW,
        item=scene.ref(scene.event(item=item)),
        source=source,
        snapshot=None,
        language=str(more.get("language", "en")),
    )


@both_ways
def test_its_cases_come_first_and_an_exercise_moves_none(stage: Stage, exercise: bool) -> None:
    old, other = a_case(stage), a_case(stage, "spam", clause="spam")
    incident = stage.declared({Power.PRIORITY: NoSettings()}, exercise=exercise)
    while rerank_due(SOON):
        pass
    old.refresh_from_db()
    other.refresh_from_db()
    assert old.priority_parts.get("incident", 0) == (0 if exercise else INCIDENT)
    assert "incident" not in other.priority_parts
    assert ledger.body_of(facts("incident.power_taken")[0])["did"]["open"] == 1  # said in both ways
    assert Precedence.objects.exists() is not exercise
    if not exercise:
        assert old.rank_again_at == incident.until  # it ends by itself
        assert a_case(stage, "new").priority >= INCIDENT


def test_its_cases_first_are_those_of_its_languages(stage: Stage) -> None:
    stage.declared({Power.PRIORITY: NoSettings()}, scope=Scope(languages=("ar",)))
    assert a_case(stage, "arabic", language="ar-EG").priority >= INCIDENT
    assert a_case(stage, "english").priority < INCIDENT


@both_ways
def test_uploads_wait_and_in_an_exercise_nobody_does(stage: Stage, exercise: bool) -> None:
    incident = stage.declared({Power.DELAY: DelayRule(seconds=600)}, exercise=exercise)
    verdict = stage.upload("clip", b"a wedding", now=SOON)
    found = verdict.rehearsed if exercise else verdict.delay
    assert found == Delay(600, f"{'exercise' if exercise else 'incident'}-harbour")
    assert (verdict.delay is None) is exercise
    assert stage.upload("words", now=SOON).delay is None  # only what has pictures, clips or sound
    assert stage.upload("after", b"a cat", now=incident.until).delay is None


def test_only_those_wait_whom_the_scope_and_the_rule_name(stage: Stage) -> None:
    stage.declared(
        {Power.DELAY: DelayRule(seconds=60, newer_than_days=7, kinds=("video",))},
        scope=Scope(countries=("DE",)),
    )

    def waits(
        days: int | None = 1, country: str | None = "DE", kind: ContentKind = ContentKind.VIDEO
    ) -> bool:
        made = None if days is None else SOON - timedelta(days=days)
        author = Author(id="u1", created_at=made, country=country)
        return (
            stage.upload(f"{days}{country}{kind}", b"x", now=SOON, kind=kind, author=author).delay is not None
        )

    assert waits()
    assert not waits(days=8)
    assert not waits(days=None)  # not known is not new
    assert not waits(country="FR")
    assert not waits(country=None)
    assert not waits(kind=ContentKind.IMAGE)


def test_nobody_waits_beyond_the_end(stage: Stage) -> None:
    incident = stage.declared({Power.DELAY: DelayRule(seconds=3_600)})
    verdict = stage.upload("clip", b"x", now=incident.until - timedelta(seconds=90))
    assert verdict.delay == Delay(90, "incident-harbour")


@pytest.mark.parametrize(
    ("exercise", "take_part", "shared"), [(False, False, True), (True, False, False), (True, True, True)]
)
def test_partners_get_the_bank_and_one_of_an_exercise_only_who_takes_part(
    stage: Stage, exercise: bool, take_part: bool, shared: bool
) -> None:
    stage.declared(BANK | {Power.SHARE: NoSettings()}, exercise=exercise, partners_take_part=take_part)
    assert bool(shared_banks()) is shared
    assert all(bank.name.startswith("exercise-") is exercise for bank in shared_banks())


def test_an_exercise_does_not_make_real_incidents_partners_take_part(stage: Stage) -> None:
    assert not stage.declared(BANK, partners_take_part=True).partners_take_part


def test_one_power_can_be_taken_back_alone(stage: Stage) -> None:
    incident = stage.declared()
    take_back_power("harbour", Power.DELAY, by=stage.omar.actor, now=SOON)
    assert stage.upload("clip", b"x", now=LATER).delay is None
    assert limit() == 5
    assert [row.power for row in incident.powers.exclude(undone_at=None)] == [Power.DELAY]
    with pytest.raises(IncidentError, match="does not have this power"):
        take_back_power("harbour", Power.DELAY, by=stage.omar.actor, now=SOON)


def test_a_bank_that_is_taken_back_is_no_longer_shared_either(stage: Stage) -> None:
    incident = stage.declared()
    take_back_power("harbour", Power.EMERGENCY_BANK, by=stage.omar.actor, now=SOON)
    assert {row.power for row in incident.powers.exclude(undone_at=None)} == {
        Power.EMERGENCY_BANK,
        Power.SHARE,
    }


def test_the_bank_of_a_real_incident_holds_and_that_of_an_exercise_watches(stage: Stage) -> None:
    stage.declared(BANK)
    stage.declared(BANK, slug="drill", exercise=True)
    actions = dict(Bank.objects.values_list("name", "action"))
    assert actions == {"incident-harbour": BankAction.HOLD, "exercise-drill": BankAction.SHADOW}


def test_without_a_rule_book_nothing_can_be_declared(stage: Stage) -> None:
    RulebookVersion.objects.update(active_until=NOW)
    with pytest.raises(IncidentError, match="no rule book"):
        stage.declare(ALL)

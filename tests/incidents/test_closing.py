"""Nothing outlives the end: by a person, a refusal, the hour, the time; and when a process dies between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from tests.incidents.stage import CLIP, NOW, Stage, facts, held

from hakam.banks.kinds import BankAction, BankError
from hakam.banks.models import Bank, BankEntry
from hakam.compliance import ledger, rulebook
from hakam.enforcement.kinds import EffectKind
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.incidents import consequences, powers
from hakam.incidents.closing import close_due, end
from hakam.incidents.consequences import Did
from hakam.incidents.declaring import confirm, refuse
from hakam.incidents.models import Incident
from hakam.incidents.naming import IncidentError
from hakam.incidents.powers import BankSettings, undo_due
from hakam.incidents.states import IncidentState, Power
from hakam.policy import tuning
from hakam.review.decisions import decide
from hakam.review.leases import take
from hakam.review.models import Case, Decision, Precedence
from hakam.review.states import DecisionState, Outcome
from hakam.staff.models import User
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.django_db
BANK = {Power.EMERGENCY_BANK: BankSettings()}
SOON = NOW + timedelta(minutes=5)
LATER = NOW + timedelta(minutes=30)
HOUR = NOW + timedelta(hours=1)
DAY = NOW + timedelta(days=1)
both_ways = pytest.mark.parametrize("exercise", [False, True], ids=["real", "exercise"])


def ended(stage: Stage) -> datetime:
    stage.declared()
    busy(stage)
    end("harbour", because="no uploads since noon", release=True, by=stage.nadia.actor, now=LATER)
    return LATER


def refused(stage: Stage) -> datetime:
    stage.declare()
    busy(stage)
    refuse("harbour", because="a film scene", by=stage.omar.actor, now=LATER)
    return LATER


def lapsed(stage: Stage) -> datetime:
    stage.declare()
    busy(stage)
    close_due(HOUR)
    return HOUR


def expired(stage: Stage) -> datetime:
    stage.declared()
    busy(stage)
    close_due(DAY)
    return DAY


def busy(stage: Stage) -> None:
    """Let every power do something."""
    stage.put_in(Incident.objects.get())
    verdict = stage.upload("copy", CLIP, now=SOON, email="someone@example.org")
    assert held(verdict)
    assert verdict.delay is not None
    stage.work(SOON)
    assert limit() == 5
    assert Case.objects.get().priority_parts["incident"]
    assert AppliedMeasure.objects.filter(kind=MeasureKind.HOLD).exclude(state="cancelled").exists()


def limit() -> float:
    version = rulebook.active()
    assert version is not None
    return tuning.tuning_of(version.files).params["flood_limit"].value


ENDS: list[tuple[Callable[[Stage], datetime], IncidentState]] = [
    (ended, IncidentState.ENDED),
    (refused, IncidentState.REFUSED),
    (lapsed, IncidentState.LAPSED),
    (expired, IncidentState.EXPIRED),
]


@pytest.mark.parametrize(("close", "state"), ENDS, ids=[state.value for _close, state in ENDS])
def test_every_power_is_taken_back_whatever_ends_it(
    stage: Stage, close: Callable[[Stage], datetime], state: IncidentState
) -> None:
    now = close(stage)
    assert Incident.objects.get().state == state
    assert not Incident.objects.get().powers.filter(undone_at=None).exists()
    # stricter values
    assert limit() == 20
    # the emergency bank: at the door, and what it held
    verdict = stage.upload("late", CLIP, now=now)
    assert not verdict.firings
    assert verdict.delay is None
    assert not BankEntry.objects.exists()
    stage.work(now)
    hold = Decision.objects.get(by="rule:bank:incident-harbour", outcome=Outcome.VIOLATION)
    assert hold.state == DecisionState.REPLACED
    ended_by = Decision.objects.get(pk=hold.replaced_by_id)
    assert ended_by.outcome == Outcome.NO_VIOLATION
    assert (
        Effect.objects.filter(kind=EffectKind.MEASURE_REVERSE).exists()
        or not AppliedMeasure.objects.exclude(state="cancelled").exists()
    )
    # its cases first
    assert not Precedence.objects.exists()
    assert "incident" not in Case.objects.order_by("pk")[0].priority_parts
    # and the platform and the people were told
    assert Effect.objects.filter(kind=EffectKind.INCIDENT_ENDED).count() == 1
    assert [ledger.body_of(fact)["power"] for fact in facts("incident.power_undone")] == list(Power)[::-1]
    assert Effect.objects.filter(key=f"incident:{Incident.objects.get().pk}:closed:{stage.nadia.pk}").exists()


@both_ways
def test_what_was_never_in_force_needs_no_undoing(stage: Stage, exercise: bool) -> None:
    stage.declare(wait=True, exercise=exercise)
    assert close_due(HOUR) == 1
    assert Incident.objects.get().state == IncidentState.LAPSED
    assert not facts("incident.power_undone")
    assert not Effect.objects.filter(kind=EffectKind.INCIDENT_ENDED).exists()


def test_nothing_is_closed_before_its_time_or_twice(stage: Stage) -> None:
    stage.declare()
    assert close_due(HOUR - timedelta(seconds=1)) == 0
    confirm("harbour", by=stage.omar.actor, now=SOON)
    assert close_due(HOUR) == 0
    assert close_due(DAY) == 1
    assert close_due(DAY) == 0
    assert len(facts("incident.expired")) == 1


def test_an_end_needs_a_reason_and_comes_once(stage: Stage) -> None:
    stage.declared()
    with pytest.raises(IncidentError, match="say why"):
        end("harbour", because="", by=stage.nadia.actor, now=LATER)
    end("harbour", because="over", by=stage.nadia.actor, now=LATER)
    with pytest.raises(IncidentError, match="can't end"):
        end("harbour", because="over", by=stage.nadia.actor, now=LATER)
    with pytest.raises(IncidentError, match="there is no incident"):
        end("quay", because="over", by=stage.nadia.actor, now=LATER)


def test_what_is_held_is_not_let_go_unseen(stage: Stage) -> None:
    stage.declared(BANK)
    stage.put_in(Incident.objects.get())
    stage.upload("copy", CLIP, now=SOON)
    stage.work(SOON)
    with pytest.raises(IncidentError, match="1 item is held"):
        end("harbour", because="over", by=stage.nadia.actor, now=LATER)
    assert Incident.objects.get().state == IncidentState.ACTIVE


def test_what_a_person_decided_stays(stage: Stage, amal: User) -> None:
    stage.declared(BANK)
    stage.put_in(Incident.objects.get())
    stage.upload("copy", CLIP, now=SOON)
    stage.work(SOON)
    case = Case.objects.get()
    take(case.pk, by=amal.actor, now=SOON)
    decide(
        case.pk,
        by=amal.actor,
        now=SOON,
        outcome=Outcome.VIOLATION,
        clause="threat",
        measures=[Measure(MeasureKind.WARN), Measure(MeasureKind.REMOVE)],
        facts="It shows the attack.",
    )
    stage.work(LATER)
    end("harbour", because="over", by=stage.nadia.actor, now=LATER)  # nothing waits for anybody
    stage.work(LATER)
    mine = Decision.objects.get(by=str(amal.actor))
    assert mine.state == DecisionState.FINAL
    assert mine.replaced_by_id is None


def test_the_bank_can_be_kept_as_an_ordinary_one_with_what_it_holds(stage: Stage) -> None:
    stage.declared(BANK)
    stage.put_in(Incident.objects.get())
    stage.upload("copy", CLIP, now=SOON)
    stage.work(SOON)
    end("harbour", because="over", keep_bank=True, by=stage.nadia.actor, now=LATER)
    stage.work(LATER)
    bank = Bank.objects.get()
    assert (bank.action, bank.expires_at) == (BankAction.REVIEW, LATER + timedelta(days=365))
    verdict = stage.upload("again", CLIP, now=NOW + timedelta(days=3))
    assert verdict.review is not None
    assert not held(verdict)
    assert Decision.objects.get().state == DecisionState.FINAL  # what is held waits for a person
    assert ledger.body_of(facts("incident.ended")[0])["bank_kept"] is True


def test_the_bank_of_an_exercise_is_never_kept(stage: Stage) -> None:
    stage.declared(BANK, exercise=True)
    stage.put_in(Incident.objects.get())
    end("harbour", because="over", keep_bank=True, by=stage.nadia.actor, now=LATER)
    assert not BankEntry.objects.exists()


def test_the_door_lets_go_at_the_hour_though_no_worker_lives(stage: Stage) -> None:
    stage.declare()
    stage.put_in(Incident.objects.get())
    assert held(stage.upload("copy", CLIP, now=HOUR - timedelta(seconds=1)))
    verdict = stage.upload("late", CLIP, now=HOUR)  # nobody closed anything
    assert not verdict.firings
    assert verdict.delay is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("power", [Power.EMERGENCY_BANK, Power.STRICTER, Power.PRIORITY])
def test_who_dies_in_the_middle_of_the_close_leaves_it_whole_and_due(stage: Stage, power: Power) -> None:
    stage.declared()
    stage.put_in(Incident.objects.get())

    class DeadError(BaseException):
        """The process is gone."""

    real = powers._undo

    def dying(incident: Incident, which: Power, did: Did, **more: Any) -> Did:
        if which is power:
            raise DeadError
        return real(incident, which, did, **more)

    with patch.object(powers, "_undo", dying), pytest.raises(DeadError):
        close_due(DAY)
    assert Incident.objects.get().state == IncidentState.ACTIVE
    assert not Incident.objects.get().powers.exclude(undone_at=None).exists()
    assert not facts("incident.expired")
    assert limit() == 5
    assert close_due(DAY) == 1  # the next worker
    assert not Incident.objects.get().powers.filter(undone_at=None).exists()
    assert limit() == 20
    assert not BankEntry.objects.exists()


def test_a_power_that_resists_holds_up_neither_the_close_nor_the_others(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.declared()

    def refusing(*_args: object, **_more: object) -> None:
        raise BankError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(consequences, "retire_bank", refusing)
        assert close_due(DAY) == 1
        incident = Incident.objects.get()
        assert incident.state == IncidentState.EXPIRED
        (left,) = incident.powers.filter(undone_at=None)
        assert (left.power, left.trouble) == (Power.EMERGENCY_BANK, "the disk is full")
        assert limit() == 20
        assert undo_due(DAY) == 0
    assert ledger.body_of(facts("incident.expired")[0])["not_undone"] == [Power.EMERGENCY_BANK]
    assert not stage.upload("late", CLIP, now=DAY).firings  # at the door it ended all the same
    assert undo_due(DAY + timedelta(seconds=5)) == 1
    assert not incident.powers.filter(undone_at=None).exists()


def test_the_close_is_one_transaction(stage: Stage) -> None:
    stage.declared()
    with transaction.atomic():
        end("harbour", because="over", by=stage.nadia.actor, now=LATER)
        transaction.set_rollback(True)
    assert Incident.objects.get().state == IncidentState.ACTIVE
    assert limit() == 5

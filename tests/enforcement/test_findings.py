# ruff: noqa: S608 -- statements of the test's own
"""Every code: break the database by hand, and see it named."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from hakam.enforcement import endpoints, findings
from hakam.enforcement.connectors.connector import Dead
from hakam.enforcement.models import Effect
from hakam.enforcement.outbox import EffectError, replay
from hakam.enforcement.reverse import expire_due, reverse
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.finding import Severity
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.django_db


def sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def codes() -> list[tuple[str, str | None]]:
    return [(finding.code, finding.subject) for finding in findings.check()]


@pytest.fixture
def measure(play: Any) -> str:
    """One removal, in force since just now."""
    play.now = timezone.now()
    done = play.restrict(undo_seconds=0)
    play.deliver()
    return f"measure:{done.measures[0].pk}"


def test_a_sound_room_has_no_findings(play: Any, measure: str) -> None:
    play.restrict(Measure(MeasureKind.SUSPEND, days=7), undo_seconds=0)
    play.deliver()
    reverse(by=play.basil, now=play.now, decision="decision:1", because="x")
    assert codes() == []
    play.deliver()
    assert codes() == []


def test_a_measure_without_a_statement(measure: str) -> None:
    sql("UPDATE enforcement_appliedmeasure SET statement_id = NULL")
    assert codes() == [("E001", measure)]


@pytest.mark.parametrize("source", ["order:6c821ddd", "request:6c821ddd"])
def test_what_an_authority_orders_owes_no_statement(measure: str, source: str) -> None:
    # DSA Art. 17(5)
    sql("UPDATE enforcement_appliedmeasure SET statement_id = NULL, decision = %s", source)
    assert codes() == []


def test_a_measure_whose_statement_was_withdrawn(measure: str) -> None:
    sql("UPDATE compliance_statement SET withdrawn_at = %s", timezone.now())
    assert codes() == [("E002", measure)]


def test_a_reversal_class_that_is_not_the_tables(measure: str) -> None:
    sql("UPDATE enforcement_appliedmeasure SET reversal = 'irreversible'")
    (finding,) = findings.check()
    assert (finding.code, finding.subject) == ("E003", measure)
    assert "irreversible, not compensable" in finding.message


@pytest.mark.parametrize("change", ["state = 'gone'", "kind = 'exile'"])
def test_a_measure_that_cannot_exist(measure: str, change: str) -> None:
    sql(f"UPDATE enforcement_appliedmeasure SET {change}")
    assert codes() == [("E004", measure)]


def test_a_measure_of_one_decision_and_a_statement_of_another(measure: str) -> None:
    sql("UPDATE compliance_statement SET decision = 'decision:99'")
    assert codes() == [("E005", measure)]


def test_a_measure_that_nobody_was_told_of(measure: str) -> None:
    Effect.objects.filter(kind="measure.apply").delete()
    assert codes() == [("E006", measure)]


def test_a_reversal_that_nobody_was_told_of(measure: str) -> None:
    sql("UPDATE enforcement_appliedmeasure SET state = 'reversing'")
    assert codes() == [("E007", measure)]


def test_a_measure_beyond_its_time(measure: str) -> None:
    sql("UPDATE enforcement_appliedmeasure SET until = %s", timezone.now() - timedelta(minutes=10))
    assert codes() == [("E008", measure)]
    expire_due(now=timezone.now())
    assert codes() == []


def test_an_end_without_a_time(measure: str) -> None:
    sql("UPDATE enforcement_appliedmeasure SET state = 'reversed'")
    assert codes() == [("E009", measure)]


@pytest.fixture
def effect(measure: str) -> Effect:
    return Effect.objects.get(kind="measure.apply")


def test_an_effect_in_no_state(effect: Effect) -> None:
    sql("UPDATE enforcement_effect SET state = 'lost' WHERE kind = 'measure.apply'")
    assert codes() == [("E020", f"effect:{effect.pk}")]


def test_an_effect_that_waits_for_ever(effect: Effect) -> None:
    sql("UPDATE enforcement_effect SET state = 'pending' WHERE kind = 'measure.apply'")
    assert codes() == [("E021", f"effect:{effect.pk}")]


def test_an_effect_that_ended_and_would_leave_again(effect: Effect) -> None:
    sql("UPDATE enforcement_effect SET next_at = %s WHERE kind = 'measure.apply'", timezone.now())
    assert codes() == [("E022", f"effect:{effect.pk}")]


def test_a_dead_letter_is_a_warning_with_its_error(play: Any) -> None:
    play.now = timezone.now()
    play.restrict(undo_seconds=0)
    play.next("statement.issued", Dead("no such person"))
    play.deliver()
    (finding,) = findings.check()
    assert (finding.code, finding.severity, finding.hint) == ("E023", Severity.WARNING, "replay it")
    assert "no such person" in finding.message


def test_nobody_is_told_to_replay_what_would_be_refused(play: Any) -> None:
    play.now = timezone.now()
    done = play.restrict(undo_seconds=0)
    play.next("measure.apply", Dead("no such post"))
    play.deliver()
    assert [finding.hint for finding in findings.check()] == ["replay it"]
    reverse(decision=done.measures[0].decision, by=SYSTEM, now=play.later(seconds=1), because="it was a joke")
    dead = Effect.objects.get(kind="measure.apply")
    with pytest.raises(EffectError) as refused:
        replay(dead, by=SYSTEM, now=play.now)
    (finding,) = [finding for finding in findings.check() if finding.code == "E023"]
    assert finding.hint == f"it stays given up: {refused.value}"


def test_messages_to_nowhere_are_one_warning_a_platform(play: Any) -> None:
    play.now = timezone.now()
    play.restrict(undo_seconds=0)
    endpoints.switch_off("maydan", by=SYSTEM, now=play.now, because="test")
    (finding,) = findings.check()
    assert (finding.code, finding.severity, finding.subject) == ("E024", Severity.WARNING, "endpoint:maydan")
    assert finding.message.startswith("2 effects wait")


def test_a_message_that_should_have_left_long_ago(effect: Effect) -> None:
    sql(
        "UPDATE enforcement_effect SET state = 'pending', next_at = %s WHERE kind = 'measure.apply'",
        timezone.now() - timedelta(hours=2),
    )
    assert codes() == [("E025", f"effect:{effect.pk}")]


def test_every_code_is_tested_here_and_documented() -> None:
    here = Path(__file__)
    page = here.parent.parent.parent.joinpath("docs", "reference", "findings.md").read_text("utf-8")
    for code, meaning in findings.CODES.items():
        assert f'"{code}"' in here.read_text("utf-8"), code
        assert f"| `{code}` | {meaning} |" in page, code

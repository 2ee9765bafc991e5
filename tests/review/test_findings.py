"""Each invariant is broken on purpose, and named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hakam.compliance import rulebook
from hakam.compliance.access import statement_of
from hakam.compliance.models import Statement
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.review import trips
from hakam.review.complaints import complain, decide_complaint
from hakam.review.decisions import replace
from hakam.review.findings import CODES, check
from hakam.review.models import Case, CaseSource, Complaint, Decision
from hakam.review.states import CaseState, Outcome
from hakam.staff.models import User
from hakam.testing import scene
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.vocabulary.verdict import Aside, PackRef

pytestmark = pytest.mark.django_db
NOW = scene.NOW


@pytest.fixture
def busy(desk: Any, amal: User, basil: User, carol: User) -> None:
    """Let a bit of everything happen."""
    decision = desk.final(desk.remove(desk.case(scene.event(item="1")), amal))
    statement = statement_of(f"decision:{decision.pk}")
    assert statement is not None
    made = complain(statement_token=statement.token, text="No.", now=NOW + timedelta(days=1))
    decide_complaint(str(made.pk), by=basil.actor, now=NOW + timedelta(days=2), uphold=True, answer="Yes.")
    kept = desk.final(desk.keep(desk.case(scene.event(item="2")), amal))
    replace(
        kept.pk,
        by=carol.actor,
        now=NOW + timedelta(days=1),
        outcome=Outcome.VIOLATION,
        because="x",
        clause="hate",
        measures=[Measure(MeasureKind.REMOVE)],
        facts="x",
    )
    desk.case(scene.event(item="3"))
    desk.case(scene.event(item="4"), clause="child-abuse", harm="csam")


def broken() -> set[str]:
    return {finding.code for finding in check()}


def test_what_is_sound_has_no_findings(busy: None) -> None:
    assert list(check()) == []


def in_force() -> PackRef:
    version = rulebook.active()
    return rulebook.ref_of(version) if version is not None else PackRef("p", "1", "d")


BREAKS: dict[str, Callable[[], object]] = {
    "R001": lambda: CaseSource.objects.filter(case__state=CaseState.OPEN).delete(),
    "R002": lambda: Case.objects.filter(state=CaseState.OPEN).update(state=CaseState.DECIDED),
    "R003": lambda: (
        AppliedMeasure.objects.update(statement=None),
        Effect.objects.filter(kind__startswith="statement").delete(),
        Statement.objects.all().delete(),
    ),
    "R004": lambda: Complaint.objects.update(decided_by=Decision.objects.order_by("pk")[0].by),
    "R005": lambda: Decision.objects.filter(state="final").update(state="pending"),
    "R006": lambda: Decision.objects.filter(state="replaced").update(replaced_by=None),
    "R007": lambda: Complaint.objects.update(decided_by="rule:r"),
    "R008": lambda: Case.objects.filter(restricted=True).update(search_text="words"),
    "R009": lambda: Case.objects.filter(state=CaseState.OPEN).update(priority=99_999),
    "R010": lambda: Case.objects.filter(state=CaseState.DECIDED).update(state=CaseState.MERGED),
    "R011": lambda: Decision.objects.update(state="forgotten"),
    "R012": lambda: Decision.objects.update(measures=[]),
    "R013": lambda: trips.note_aside(
        {"burst": Aside("it failed with ValueError", 0.0)},
        pack=in_force(),
        events=1,
        now=scene.NOW,
    ),
}


def test_every_code_is_tried() -> None:
    assert set(BREAKS) == set(CODES)


@pytest.mark.parametrize("code", sorted(BREAKS))
def test_what_is_broken_is_named(busy: None, code: str) -> None:
    BREAKS[code]()
    found = [finding for finding in check() if finding.code == code]
    assert found
    assert all(finding.subject and finding.message == CODES[code] for finding in found)


def test_a_rule_that_another_version_asks_again_is_not_broken(busy: None) -> None:
    BREAKS["R013"]()
    files = {**scene.PACK, "pack.yaml": scene.PACK["pack.yaml"].replace("1.0.0", "1.1.0")}
    scene.publish(files, now=scene.NOW)
    assert [finding for finding in check() if finding.code == "R013"] == []


@pytest.mark.parametrize("model", [Case, Complaint])
def test_states_that_do_not_exist_are_named_everywhere(busy: None, model: Any) -> None:
    model.objects.update(state="forgotten")
    assert "R011" in broken()

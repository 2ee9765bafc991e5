"""Figures that anybody may know: each counts what was heard outside, once, under the right name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hakam.review.complaints import complain_as_notifier, decide_complaint
from hakam.review.decisions import replace, undo
from hakam.review.figures import complaint_figures, decision_figures
from hakam.review.states import Outcome
from hakam.staff.models import User
from hakam.testing import scene
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.django_db
NOW = scene.NOW
LATER = NOW + timedelta(seconds=10)
HOUR = timedelta(hours=1)


def case(desk: Any, n: int, **more: Any) -> Any:
    return desk.case(scene.event("You are vermin", item=str(n), author=f"u{n}"), **more)


def test_of_nothing_there_are_no_shares() -> None:
    decided, complained = decision_figures(), complaint_figures()
    assert (decided.total, decided.automated_share, decided.median_seconds) == (0, None, None)
    assert (complained.received, complained.reversal_rate, complained.median_seconds) == (0, None, None)


def test_what_nobody_heard_of_does_not_count(desk: Any, amal: User) -> None:
    taken_back = desk.remove(case(desk, 1), amal)
    undo(taken_back.pk, by=amal.actor, now=NOW)
    desk.remove(case(desk, 2), amal)  # its window is open
    assert decision_figures().total == 0


def test_outcomes_clauses_and_measures(desk: Any, amal: User) -> None:
    both = [Measure(MeasureKind.REMOVE), Measure(MeasureKind.SUSPEND, days=30)]
    desk.final(desk.remove(case(desk, 1), amal))
    desk.final(desk.remove(case(desk, 2), amal, measures=both))
    desk.final(desk.keep(case(desk, 3), amal))
    found = decision_figures()
    assert (found.total, found.violations, found.cleared, found.automated) == (3, 2, 1, 0)
    assert [(c.clause, c.people, c.rules, c.total) for c in found.by_clause] == [("hate", 2, 0, 2)]
    assert dict(found.by_measure) == {"remove": 2, "suspend": 1}
    assert found.automated_share == 0


def test_how_long_it_took_is_a_median_from_the_opening(desk: Any, amal: User) -> None:
    for n, hours in enumerate((1, 2, 9)):
        opened = case(desk, n)
        desk.final(desk.keep(opened, amal, now=NOW + hours * HOUR), now=NOW + 10 * HOUR)
    assert decision_figures().median_seconds == 7200


def test_only_what_was_decided_since(desk: Any, amal: User) -> None:
    desk.final(desk.keep(case(desk, 1), amal))
    desk.final(desk.keep(case(desk, 2), amal, now=NOW + HOUR), now=NOW + 2 * HOUR)
    assert decision_figures(since=NOW + HOUR).total == 1
    assert decision_figures(since=NOW + 2 * HOUR).total == 0


def test_a_decision_and_what_replaced_it_are_two_decisions(desk: Any, amal: User, basil: User) -> None:
    first = desk.final(desk.remove(case(desk, 1), amal))
    replace(first.pk, by=basil.actor, now=LATER, outcome=Outcome.NO_VIOLATION, because="Satire.")
    found = decision_figures()
    assert (found.total, found.violations, found.cleared) == (2, 1, 1)


def test_complaints_and_how_many_were_right(desk: Any, amal: User, basil: User) -> None:
    made = []
    for n in range(4):
        kept = desk.final(desk.keep(case(desk, n), amal))
        made.append(
            complain_as_notifier(kept.pk, notice=f"notice:{n}:0", informed_at=LATER, text="No.", now=LATER)
        )
    restriction = {"clause": "hate", "measures": [Measure(MeasureKind.REMOVE)], "facts": "Vermin."}
    for n, (complaint, uphold) in enumerate(zip(made, (True, False, False), strict=False)):
        more: dict[str, Any] = restriction if uphold else {}
        when = LATER + (n + 1) * HOUR
        decide_complaint(str(complaint.pk), by=basil.actor, now=when, uphold=uphold, answer="So.", **more)
    found = complaint_figures()
    assert (found.received, found.open, found.upheld, found.denied, found.by_affected) == (4, 1, 1, 2, 0)
    assert found.reversal_rate == pytest.approx(1 / 3)
    assert found.median_seconds == 7200
    assert complaint_figures(since=LATER + HOUR).received == 0

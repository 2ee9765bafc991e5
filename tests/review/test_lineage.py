"""Decisions that took each other's place: whichever one asks, the answer is the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hakam.review import contested, lineage, outcomes
from hakam.review.complaints import AlreadyComplainedError, complain_as_notifier, decide_complaint
from hakam.review.decisions import replace
from hakam.review.lineage import chain, deciders, decision_named, standing
from hakam.review.models import Complaint, Decision
from hakam.review.states import Outcome
from hakam.staff.models import User
from hakam.testing import scene
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.django_db
NOW = scene.NOW
LATER = NOW + timedelta(seconds=10)
DAY = timedelta(days=1)
RESTRICTION: dict[str, Any] = {
    "clause": "hate",
    "measures": [Measure(MeasureKind.REMOVE)],
    "facts": "Vermin.",
}


@pytest.fixture
def three(desk: Any, amal: User, basil: User, carol: User) -> list[Decision]:
    """Remove an item, restore it, remove it again: three people."""
    first = desk.final(desk.remove(desk.case(), amal))
    second = replace(first.pk, by=basil.actor, now=LATER, outcome=Outcome.NO_VIOLATION, because="Satire.")
    third = replace(
        second.pk, by=carol.actor, now=LATER, outcome=Outcome.VIOLATION, because="No satire.", **RESTRICTION
    )
    return [Decision.objects.get(pk=d.pk) for d in (first, second, third)]


def test_the_last_one_stands_whichever_is_asked(three: list[Decision]) -> None:
    assert {standing(d).pk for d in three} == {three[-1].pk}
    assert [lineage.is_standing(d) for d in three] == [False, False, True]


def test_the_chain_is_the_same_from_every_link(three: list[Decision]) -> None:
    assert all([link.pk for link in chain(d)] == [d.pk for d in three] for d in three)


def test_everybody_who_took_part_is_known_from_every_link(
    three: list[Decision], amal: User, basil: User, carol: User
) -> None:
    everybody = {str(user.actor) for user in (amal, basil, carol)}
    assert all(deciders(d) == everybody for d in three)


def test_only_the_decision_in_force_is_told(three: list[Decision]) -> None:
    assert [outcomes.of_decision(lineage.name_of(d)) is not None for d in three] == [False, False, True]
    told = outcomes.of_decision(lineage.name_of(three[-1]))
    assert told is not None
    assert (told.outcome, told.notices) == (Outcome.VIOLATION, ("notice:1:0",))


@pytest.mark.parametrize(
    "name", ["", "decision:", "decision:x", "decision:-1", "decision:٣", "case:1", "decision:0"]
)
def test_what_names_no_decision_is_none(three: list[Decision], name: str) -> None:
    assert decision_named(name) is None
    assert outcomes.of_decision(name) is None


def object_to(decision: Decision, notice: str = "notice:1:0") -> Complaint:
    return complain_as_notifier(decision.pk, notice=notice, informed_at=LATER, text="No.", now=LATER + DAY)


def test_an_open_complaint_bars_another_about_what_came_after(desk: Any, amal: User, basil: User) -> None:
    kept = desk.final(desk.keep(desk.case(), amal))
    made = object_to(kept)
    new = replace(
        kept.pk, by=basil.actor, now=LATER, outcome=Outcome.VIOLATION, because="Look.", **RESTRICTION
    )
    assert contested.complaint_of_notifier(new, "notice:1:0") == made
    with pytest.raises(AlreadyComplainedError):
        object_to(new)
    assert contested.complaint_of_notifier(new, "notice:2:0") is None
    assert contested.complaint_of_notifier(new, "") is None


def test_a_decision_that_came_after_an_answered_complaint_can_be_contested(
    desk: Any, amal: User, basil: User, carol: User
) -> None:
    kept = desk.final(desk.keep(desk.case(), amal))
    made = object_to(kept)
    decide_complaint(
        str(made.pk), by=basil.actor, now=LATER + DAY, uphold=True, answer="Right.", **RESTRICTION
    )
    made.refresh_from_db()
    second = made.new_decision
    assert second is not None
    third = replace(second.pk, by=carol.actor, now=LATER + DAY, outcome=Outcome.NO_VIOLATION, because="No.")
    assert contested.complaint_of_notifier(kept, "notice:1:0") == made
    assert contested.complaint_of_notifier(third, "notice:1:0") is None
    assert object_to(third).decision_id == third.pk

"""The two moderators of the demo: how they choose a measure, and that the house binds them as it binds everybody."""

from __future__ import annotations

import pytest
from tests.console.conftest import Desk

from hakam.compliance.models import Statement
from hakam.console.installation import vault
from hakam.demo import moderators
from hakam.demo.chain import BrokenLinkError, moderator
from hakam.demo.seed import Seeded, _count
from hakam.review.decisions import finalise_due
from hakam.review.models import Decision
from hakam.review.states import Outcome
from hakam.staff.models import User
from hakam.testing import scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    scene.publish()
    return Desk()


@pytest.fixture
def amal() -> User:
    return scene.person("amal")


def test_a_grave_clause_is_answered_by_removal(desk: Desk, amal: User) -> None:
    case = desk.case("You are vermin", clause="hate", author="u7")
    [done] = moderators.work(amal, vault=vault(), limit=5, undo_seconds=0)
    assert (done.case, done.outcome, done.clause) == (case.pk, Outcome.VIOLATION, "hate")
    assert (done.author, done.item, done.by) == ("u7", case.item_id, "amal")
    assert done.measures == ("remove",)


def test_a_lesser_clause_is_answered_by_what_the_ladder_recommends(desk: Desk, amal: User) -> None:
    desk.case("buy followers", clause="spam", harm="spam")
    [done] = moderators.work(amal, vault=vault(), limit=5, undo_seconds=0)
    assert done.outcome == Outcome.VIOLATION
    assert done.measures == ("label",)


def test_no_moderator_of_the_demo_does_what_takes_two_people(desk: Desk, amal: User) -> None:
    for clause, harm in (("threat", "threat"), ("hate", "hate_speech"), ("spam", "spam")):
        desk.case(f"about {clause}", clause=clause, harm=harm)
    told = list(moderators.work(amal, vault=vault(), limit=9, undo_seconds=0))
    assert len(told) == 3
    assert not any("terminate" in done.measures for done in told)


def test_cases_are_taken_up_to_the_limit_and_each_once(desk: Desk, amal: User) -> None:
    for number in range(4):
        desk.case(f"post {number}")
    first = [done.case for done in moderators.work(amal, vault=vault(), limit=3, undo_seconds=3600)]
    rest = [done.case for done in moderators.work(amal, vault=vault(), limit=3, undo_seconds=3600)]
    assert (len(first), len(rest)) == (3, 1)
    assert not set(first) & set(rest)


def test_nobody_invents_work(desk: Desk, amal: User) -> None:
    assert list(moderators.work(amal, vault=vault(), limit=3, undo_seconds=0)) == []


@pytest.mark.parametrize(("language", "words"), [("en", "What was posted"), ("ar", "نص المنشور")])
def test_the_author_is_told_in_the_language_of_the_post(
    desk: Desk, amal: User, language: str, words: str
) -> None:
    desk.case("You are vermin", language=language)
    list(moderators.work(amal, vault=vault(), limit=1, undo_seconds=0))
    assert words in str(Statement.objects.get().reasons)
    assert "You are vermin" in str(Statement.objects.get().reasons)


def test_who_decided_is_offered_no_complaint_about_it_and_a_colleague_reverses(
    desk: Desk, amal: User
) -> None:
    oskar = scene.person("oskar")
    desk.case("You are vermin")
    [done] = moderators.work(amal, vault=vault(), limit=1, undo_seconds=1)
    finalise_due(Decision.objects.get().undo_until)
    desk.complaint(Decision.objects.get(pk=done.decision))
    assert moderators.open_complaints(amal) == ()
    [complaint] = moderators.open_complaints(oskar)
    new = moderators.reverse(oskar, complaint)
    assert new is not None
    assert Decision.objects.get(pk=done.decision).state == "replaced"
    assert Statement.objects.get(decision=f"decision:{done.decision}").withdrawn_at is not None
    assert moderators.open_complaints(oskar) == ()


def test_somebody_who_is_not_there_is_named(desk: Desk, amal: User) -> None:
    assert moderator("amal") == amal
    with pytest.raises(BrokenLinkError, match="there is no nobody"):
        moderator("nobody")


def test_only_live_rules_count_and_each_once_a_post() -> None:
    seeded = Seeded()
    fired = [{"rule": "a", "stage": "live"}, {"rule": "a", "stage": "live"}, {"rule": "b", "stage": "shadow"}]
    _count(seeded, [{"verdict": {"firings": fired}}, {"verdict": {}}, {"verdict": None}, {}])
    assert (seeded.posts, seeded.fired, dict(seeded.rules)) == (4, 1, {"a": 1})

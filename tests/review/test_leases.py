"""Two people never work on one case, and nobody loses what he wrote."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hakam.compliance import ledger
from hakam.review.leases import (
    LeaseHeldError,
    NotOpenError,
    heartbeat,
    next_case,
    release,
    save_draft,
    take,
)
from hakam.review.models import Case, Draft
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
NOW = scene.NOW
MINUTE = timedelta(minutes=1)


def test_a_case_is_taken_by_one(desk: Any, amal: User, basil: User) -> None:
    case = desk.case()
    taken = take(case.pk, by=amal.actor, now=NOW)
    assert (taken.lease_by_id, taken.lease_until) == (amal.pk, NOW + 5 * MINUTE)
    with pytest.raises(LeaseHeldError) as held:
        take(case.pk, by=basil.actor, now=NOW + MINUTE)
    assert (held.value.holder, held.value.until) == (amal.pk, NOW + 5 * MINUTE)


def test_a_heartbeat_prolongs_the_lease_without_another_fact(desk: Any, amal: User) -> None:
    case = desk.case()
    take(case.pk, by=amal.actor, now=NOW)
    facts = len(ledger.story(f"case:{case.pk}"))
    assert heartbeat(case.pk, by=amal.actor, now=NOW + 4 * MINUTE) == NOW + 9 * MINUTE
    assert len(ledger.story(f"case:{case.pk}")) == facts


def test_a_lease_that_ran_out_is_free(desk: Any, amal: User, basil: User) -> None:
    case = desk.case()
    take(case.pk, by=amal.actor, now=NOW)
    assert take(case.pk, by=basil.actor, now=NOW + 5 * MINUTE).lease_by_id == basil.pk
    with pytest.raises(LeaseHeldError):
        heartbeat(case.pk, by=amal.actor, now=NOW + 6 * MINUTE)


def test_giving_back_frees_at_once_and_only_what_is_ones_own(desk: Any, amal: User, basil: User) -> None:
    case = desk.case()
    take(case.pk, by=amal.actor, now=NOW)
    release(case.pk, by=basil.actor, now=NOW)
    with pytest.raises(LeaseHeldError):
        take(case.pk, by=basil.actor, now=NOW)
    release(case.pk, by=amal.actor, now=NOW)
    assert take(case.pk, by=basil.actor, now=NOW).lease_by_id == basil.pk
    assert [f.kind for f in ledger.story(f"case:{case.pk}")][1:] == [
        "case.leased",
        "case.released",
        "case.leased",
    ]


def test_drafts_outlive_leases(desk: Any, amal: User, basil: User) -> None:
    case = desk.case()
    take(case.pk, by=amal.actor, now=NOW)
    save_draft(case.pk, {"facts": "It says"}, by=amal.actor, now=NOW)
    take(case.pk, by=basil.actor, now=NOW + 6 * MINUTE)
    save_draft(case.pk, {"facts": "It says this"}, by=amal.actor, now=NOW + 7 * MINUTE)
    assert Draft.objects.get(case=case, user=amal).body == {"facts": "It says this"}


def test_a_decided_case_is_taken_by_nobody(desk: Any, amal: User) -> None:
    case = desk.case()
    desk.keep(case, amal)
    for verb in (take, heartbeat):
        with pytest.raises(NotOpenError):
            verb(case.pk, by=amal.actor, now=NOW)


def test_machines_hold_no_leases(desk: Any) -> None:
    with pytest.raises(PermissionError):
        take(desk.case().pk, by=SYSTEM, now=NOW)


def test_next_is_the_highest_priority_that_is_free(desk: Any, amal: User, basil: User) -> None:
    mild = desk.case(scene.event(item="1"), clause="spam", harm="spam")
    grave = desk.case(scene.event(item="2"), clause="threat", harm="threat")
    assert next_case(user=amal, now=NOW) == grave
    assert next_case(user=basil, now=NOW) == mild
    assert next_case(user=basil, now=NOW) == mild  # one's own stays one's own
    assert next_case(user=basil, now=NOW, after=mild.pk) is None


def test_the_clock_is_looked_at_before_the_next_case_is_given(desk: Any, amal: User) -> None:
    desk.case(scene.event(item="1"), clause="threat", harm="threat")
    due = desk.case(scene.event(item="2"), clause="spam", harm="spam", due_at=NOW + timedelta(days=10))
    assert next_case(user=amal, now=NOW + timedelta(days=10)) == due


def test_next_keeps_to_queues_and_languages(desk: Any) -> None:
    arabic = desk.case(scene.event("سلام", item="1", language="ar-EG"), queue="hate")
    english = desk.case(scene.event("hi", item="2", language="en"), queue="hate")
    unknown = desk.case(scene.event("?", item="3", language=None), queue="spam")
    reads_arabic = scene.person("zaid", languages_read=["ar"])
    assert {
        next_case(user=reads_arabic, now=NOW),
        next_case(user=reads_arabic, now=NOW, after=arabic.pk),
    } == {
        arabic,
        unknown,
    }
    in_hate = scene.person("yara", queues=["hate"])
    assert next_case(user=in_hate, now=NOW, queue="spam") is None
    assert next_case(user=in_hate, now=NOW) == english


def test_child_abuse_comes_to_those_who_may_see_it(desk: Any, amal: User, dana: User) -> None:
    case = desk.case(clause="child-abuse", harm="csam")
    assert next_case(user=amal, now=NOW) is None
    assert next_case(user=dana, now=NOW) == case


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR, Role.RESEARCHER])
def test_who_may_not_decide_is_given_nothing(desk: Any, role: Role) -> None:
    desk.case()
    assert next_case(user=scene.person("reader", role), now=NOW) is None


def test_a_hundred_requests_give_each_case_once(desk: Any) -> None:
    for n in range(20):
        desk.case(scene.event(item=str(n)))
    people = [scene.person(f"m{n}") for n in range(25)]
    given = [next_case(user=person, now=NOW) for person in people]
    numbers = [case.pk for case in given if case is not None]
    assert len(numbers) == len(set(numbers)) == Case.objects.count() == 20

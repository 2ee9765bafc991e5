"""Reading the ledger and its neighbours: in order, whole, and nothing but what was asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from hakam.compliance import access, deadlines, ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind
from hakam.vocabulary.event import ItemRef

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LEAD = Actor(ActorKind.STAFF, "5")


def record(subject: str, *about: str, kind: FactKind = FactKind.CASE_OPENED, by: Actor = SYSTEM) -> Fact:
    with transaction.atomic():
        return ledger.record(kind, by=by, now=NOW, subject=subject, about=about)


@pytest.fixture
def five() -> list[int]:
    """Record five facts: three touch case 1, the last names it twice over."""
    facts = [
        record("case:1", "item:a"),
        record("case:2"),
        record("decision:1", "case:1", kind=FactKind.CASE_DECIDED, by=LEAD),
        record("case:10", "case:11"),
        record("case:1", "case:1", "decision:1", kind=FactKind.CASE_RELEASED, by=LEAD),
    ]
    return [fact.seq for fact in facts]


def seqs(facts: list[Fact]) -> list[int]:
    return [fact.seq for fact in facts]


def test_a_story_is_every_fact_about_a_subject_once_in_order(five: list[int]) -> None:
    assert seqs(access.story("case:1")) == [five[0], five[2], five[4]]
    assert seqs(access.story("decision:1")) == [five[2], five[4]]
    assert access.story("case:") == access.story("case:%") == []


def test_a_follower_gets_what_it_has_not_seen(five: list[int]) -> None:
    assert seqs(access.facts_after(0)) == five
    assert seqs(access.facts_after(five[1])) == five[2:]
    assert seqs(access.facts_after(0, limit=2)) == five[:2]
    assert seqs(access.facts_after(0, kinds=[FactKind.CASE_DECIDED, FactKind.CASE_RELEASED])) == [
        five[2],
        five[4],
    ]
    assert access.facts_after(five[-1]) == []


def test_a_reader_turns_pages_backwards_without_a_gap(five: list[int]) -> None:
    seen: list[int] = []
    before = None
    while page := access.page(before=before, limit=2):
        seen += seqs(page)
        before = page[-1].seq
    assert seen == five[::-1]


def test_a_reader_narrows_by_kind_subject_and_actor(five: list[int]) -> None:
    assert seqs(access.page(kind="case.opened")) == [five[3], five[1], five[0]]
    assert seqs(access.page(subject="case:1")) == [five[4], five[2], five[0]]
    assert seqs(access.page(actor=str(LEAD))) == [five[4], five[2]]
    assert seqs(access.page(subject="case:1", actor=str(LEAD), kind="case.decided")) == [five[2]]
    assert access.page(actor="staff:55") == []


def test_one_fact_or_none(five: list[int]) -> None:
    found = access.fact(five[2])
    assert found is not None
    assert {link.subject for link in found.links.all()} == {"case:1"}
    assert access.fact(0) is None


def test_clocks_of_a_subject_and_those_that_ran_out() -> None:
    for n, hours in enumerate((5, 1, 3)):
        deadlines.start(
            "notice.decision", subject=f"notice:{n}", by=SYSTEM, now=NOW, length=timedelta(hours=hours)
        )
    deadlines.meet("notice.decision", subject="notice:1", by=SYSTEM, now=NOW)
    at = NOW + timedelta(hours=5)
    assert [clock.subject for clock in access.overdue(at)] == ["notice:2"]
    assert [clock.subject for clock in access.overdue(at + timedelta(seconds=1))] == ["notice:2", "notice:0"]
    assert [clock.clock for clock in access.deadlines_of("notice:1")] == ["notice.decision"]
    assert access.deadlines_of("notice:9") == []


def test_what_was_never_restricted_has_no_statement() -> None:
    assert access.statement_of("decision:1") is None
    assert access.statements_about(ItemRef("maydan", "post", "1")) == []

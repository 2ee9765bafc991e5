"""Cases that go first for a while, and then no longer, whoever forgets them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hakam.compliance import ledger
from hakam.compliance.models import Fact
from hakam.review import precedence
from hakam.review.cases import Source, open_case, rerank_due
from hakam.review.models import Case, Precedence
from hakam.review.priority import INCIDENT, ORDER_LANE, Inputs, explain, priority
from hakam.review.states import SourceKind
from hakam.staff.models import User
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
NOW = scene.NOW
UNTIL = NOW + timedelta(hours=3)


@pytest.fixture(autouse=True)
def _book(book: object) -> None:
    del book


def case(item: str, clause: str = "threat", language: str = "en") -> Case:
    return open_case(
        by=SYSTEM,
        now=NOW,
        item=scene.ref(scene.event(item=item)),
        source=Source(SourceKind.STAFF, f"staff:{item}", clause=clause),
        snapshot=None,
        language=language,
    )


def first(one: Case, now: object = NOW) -> bool:
    while rerank_due(now):  # type: ignore[arg-type]
        pass
    one.refresh_from_db()
    return "incident" in one.priority_parts


def give(**more: object) -> int:
    given: dict[str, object] = {"clause": "threat", "languages": (), "until": UNTIL, "by": SYSTEM, "now": NOW}
    return precedence.give("incident-a", **(given | more))  # type: ignore[arg-type]


def test_open_cases_come_first_and_those_to_come(amal: User) -> None:
    old, other = case("1"), case("2", clause="spam")
    assert give() == 1
    assert first(old)
    assert not first(other)
    assert first(case("3"))
    assert [one.item_id for one in Case.objects.order_by("-priority", "pk")][-1] == "2"
    assert amal.may  # nobody had to do anything


def test_at_the_hour_they_wait_like_others_though_nobody_ends_it() -> None:
    one = case("1")
    give()
    assert first(one)
    assert one.rank_again_at == UNTIL
    assert first(one, UNTIL - timedelta(seconds=1))
    assert not first(one, UNTIL)
    assert not first(case("2"), UNTIL)


def test_it_can_be_taken_back_before() -> None:
    one = case("1")
    give()
    assert first(one)
    assert precedence.take_back("incident-a", by=SYSTEM, now=NOW)
    assert not first(one)
    assert not precedence.take_back("incident-a", by=SYSTEM, now=NOW)
    assert [fact.kind for fact in Fact.objects.filter(subject="precedence:incident-a")] == [
        "precedence.given",
        "precedence.ended",
    ]


def test_given_again_the_new_hour_counts() -> None:
    one = case("1")
    give()
    give(until=UNTIL + timedelta(hours=1))
    assert Precedence.objects.count() == 1
    assert first(one, UNTIL)
    assert one.rank_again_at == UNTIL + timedelta(hours=1)


def test_two_incidents_under_one_clause_do_not_end_each_other() -> None:
    one = case("1")
    give()
    later = UNTIL + timedelta(hours=2)
    precedence.give("incident-b", clause="threat", languages=(), until=later, by=SYSTEM, now=NOW)
    precedence.take_back("incident-a", by=SYSTEM, now=NOW)
    assert first(one)
    assert one.rank_again_at == later


def test_only_cases_in_the_languages_named() -> None:
    arabic, english = case("1", language="ar-EG"), case("2")
    assert precedence.open_under("threat", ("ar",)) == 1
    assert give(languages=("ar",)) == 1
    assert first(arabic)
    assert not first(english)
    (fact,) = Fact.objects.filter(kind="precedence.given")
    assert ledger.body_of(fact)["languages"] == ["ar"]


def test_a_case_without_a_clause_is_nobody_s() -> None:
    give()
    assert not first(case("1", clause=""))


def test_the_formula_puts_an_incident_above_orders_and_says_so() -> None:
    inputs = Inputs(order=True)
    plain = priority(inputs, due_at=None, now=NOW)
    ahead = priority(inputs, due_at=None, now=NOW, ahead_until=UNTIL)
    over = priority(inputs, due_at=None, now=UNTIL, ahead_until=UNTIL)
    assert ahead.total == plain.total + INCIDENT
    assert INCIDENT > ORDER_LANE + 2_100  # the sum of all that another case can have beside its lane
    assert (ahead.stale_at, over.total) == (UNTIL, plain.total)
    assert "declared" in next(term.text for term in explain(ahead.terms, inputs) if term.name == "incident")

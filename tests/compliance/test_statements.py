"""A statement of reasons is complete or does not exist; it is proved, delivered, withdrawn, each once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hakam.compliance import access, ledger, rulebook, statements
from hakam.compliance.models import RulebookVersion, Statement
from hakam.compliance.rulebook import UnknownClauseError
from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.vocabulary.reasons import (
    Automation,
    Ground,
    GroundKind,
    IncompleteReasonsError,
    Reasons,
    Source,
)
from hakam.vocabulary.verdict import PackRef

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AMAL = Actor(ActorKind.STAFF, "1")
POST = ItemRef("maydan", "post", "77")
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("book")]


def reasons(**changes: Any) -> Reasons:
    version = rulebook.active()
    assert version is not None
    given: dict[str, Any] = {
        "clause": "spam",
        "pack": rulebook.ref_of(version),
        "grounds": (Ground(GroundKind.CONTRACTUAL, "scene@1.0.0, spam", "Posted 40 times."),),
        "facts": "The post repeats an advertisement.",
        "source": Source.OWN_INITIATIVE,
        "automated_detection": True,
        "automated_decision": Automation.NONE,
    }
    return Reasons(**(given | changes))


def issue(**changes: Any) -> Statement:
    given: dict[str, Any] = {
        "by": AMAL,
        "now": NOW,
        "item": POST,
        "item_url": "https://maydan.example/p/77",
        "recipient": "u1",
        "decision": "decision:1",
        "reasons": changes.pop("reasons", None) or reasons(),
        "measures": [Measure(MeasureKind.REMOVE)],
        "language": "en",
        "effective_from": NOW,
    }
    return statements.issue(**(given | changes))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("measures", []),
        ("recipient", "  "),
        ("decision", ""),
        ("language", ""),
        ("item", ItemRef("maydan", "post", "")),
    ],
)
def test_an_incomplete_statement_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(IncompleteReasonsError) as refused:
        issue(**{field: value})
    assert refused.value.missing == (field,)
    assert not Statement.objects.exists()


def test_reasons_cannot_even_be_made_incomplete() -> None:
    with pytest.raises(IncompleteReasonsError, match="facts"):
        reasons(facts=" ")
    with pytest.raises(IncompleteReasonsError, match="grounds"):
        reasons(grounds=())
    with pytest.raises(IncompleteReasonsError, match="grounds/0/explanation"):
        reasons(grounds=(Ground(GroundKind.ILLEGAL, "§ 130", ""),))


def test_a_clause_that_nobody_can_read_is_no_ground() -> None:
    with pytest.raises(UnknownClauseError, match="`nonsense`"):
        issue(reasons=reasons(clause="nonsense"))
    with pytest.raises(UnknownClauseError, match="never published"):
        issue(reasons=reasons(pack=PackRef("scene", "0", "f" * 64)))
    assert not Statement.objects.exists()


def test_it_keeps_what_was_decided_and_why() -> None:
    said = reasons(source=Source.NOTICE)
    measures = [Measure(MeasureKind.REMOVE, territory=("EU",)), Measure(MeasureKind.WARN)]
    statement = issue(reasons=said, measures=measures)
    statement.refresh_from_db()
    assert statements.reasons_of(statement) == said
    assert statements.measures_of(statement) == tuple(measures)
    assert statements.item_of(statement) == POST


def test_its_fact_joins_the_story_of_the_item_the_account_and_the_decision() -> None:
    statement = issue()
    for subject in (f"statement:{statement.pk}", "decision:1", "item:maydan/post/77", "account:maydan/u1"):
        assert [f.kind for f in ledger.story(subject)] == ["statement.issued"]


def test_the_ledger_holds_its_content_apart_from_what_anybody_may_read() -> None:
    statement = issue()
    (fact,) = ledger.story("decision:1")
    assert "advertisement" not in fact.body
    private = ledger.private_of(fact)
    assert private is not None
    assert private["reasons"]["facts"] == "The post repeats an advertisement."
    assert private == statements.content_of(statement)


def test_it_can_be_complained_about_for_six_calendar_months() -> None:
    # DSA Art. 20(1)
    assert issue().complain_until == datetime(2026, 9, 3, tzinfo=UTC)


def test_the_period_runs_from_the_day_the_person_was_informed() -> None:
    # DSA Art. 20(2)
    statement = issue()
    statements.mark_informed(statement, by=SYSTEM, now=NOW + timedelta(days=10), channel="email")
    statement.refresh_from_db()
    assert statement.informed_at == NOW + timedelta(days=10)
    assert statement.complain_until == datetime(2026, 9, 15, tzinfo=UTC)  # the 12th is a Saturday


def test_the_first_proof_of_delivery_counts() -> None:
    statement = issue()
    for day, channel in ((1, "platform"), (30, "email")):
        statements.mark_informed(statement, by=SYSTEM, now=NOW + timedelta(days=day), channel=channel)
    assert statement.informed_at == NOW + timedelta(days=1)
    informed = [f for f in ledger.story("decision:1") if f.kind == "statement.informed"]
    assert [ledger.body_of(f)["channel"] for f in informed] == ["platform"]


def test_it_is_withdrawn_once() -> None:
    statement = issue()
    for day in (1, 2):
        statements.withdraw(statement, by=AMAL, now=NOW + timedelta(days=day), because="complaint upheld")
    assert statement.withdrawn_at == NOW + timedelta(days=1)
    assert [f.kind for f in ledger.story("decision:1")] == ["statement.issued", "statement.withdrawn"]


@pytest.mark.parametrize(("days", "until"), [((None,), None), ((3,), 3), ((3, 30), 30), ((3, None), None)])
def test_its_end_is_that_of_the_longest_measure(days: tuple[int | None, ...], until: int | None) -> None:
    kinds = [MeasureKind.LIMIT_REACH, MeasureKind.REMOVE]
    statement = issue(measures=[Measure(k, days=d) for k, d in zip(kinds, days, strict=False)])
    assert statement.effective_until == (None if until is None else NOW + timedelta(days=until))


def test_a_link_cannot_be_guessed() -> None:
    tokens = {issue(decision=f"decision:{n}").token for n in range(20)}
    assert len(tokens) == 20
    assert min(map(len, tokens)) >= 32


def test_it_is_found_by_its_link_its_id_and_its_decision(book: RulebookVersion) -> None:
    statement = issue()
    assert statements.by_token(statement.token) == statement
    assert statements.by_id(str(statement.pk)) == statement
    assert access.statement_of("decision:1") == statement
    assert access.statements_about(POST) == [statement]
    assert statements.path_of(statement) == f"/s/{statement.token}"


def test_what_does_not_exist_is_none() -> None:
    assert statements.by_token("x") is None
    assert statements.by_id("not-a-uuid") is None
    assert statements.by_id("00000000-0000-4000-8000-000000000000") is None
    assert access.statement_of("decision:9") is None


def test_a_nul_from_the_platform_does_not_break_it() -> None:
    statement = issue(reasons=reasons(facts="a\x00b"), item_url="https://x/\x00")
    statement.refresh_from_db()
    assert statements.reasons_of(statement).facts == "a\ufffdb"

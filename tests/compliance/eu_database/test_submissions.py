"""Statements on their way: put in once, taken in batches, leased, mended, and never again once they are there."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.compliance.eu_database.conftest import FACTS, NOW, Issue

from hakam.compliance import ledger, statements
from hakam.compliance.eu_database import submissions
from hakam.compliance.eu_database.form import Wrong
from hakam.compliance.eu_database.payload import ItemFacts
from hakam.compliance.eu_database.submissions import Stored, SubmissionError, SubmissionState
from hakam.compliance.models import Submission
from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.django_db
AMAL = Actor(ActorKind.STAFF, "1")
minute = timedelta(minutes=1)


def put(issue: Issue, count: int = 1) -> list[Submission]:
    return [submissions.put_in(issue(), FACTS, now=NOW) for _ in range(count)]


def states() -> list[str]:
    return list(Submission.objects.order_by("pk").values_list("state", flat=True))


def test_a_statement_is_put_in_once(issue: Issue) -> None:
    statement = issue()
    first = submissions.put_in(statement, FACTS, now=NOW)
    again = submissions.put_in(statement, FACTS, now=NOW + minute)
    assert (again.pk, again.puid) == (first.pk, first.puid)
    assert first.payload["puid"] == first.puid
    assert first.state == SubmissionState.QUEUED


def test_what_is_not_due_is_kept_with_its_reason_and_never_taken(issue: Issue) -> None:
    warning = submissions.put_in(issue(Measure(MeasureKind.WARN)), FACTS, now=NOW)
    small = submissions.put_in(issue(), FACTS, now=NOW, exempt="small")
    assert [(row.state, row.because, row.payload) for row in (warning, small)] == [
        ("not_due", "no_restriction", {}),
        ("not_due", "small", {}),
    ]
    assert submissions.claim(now=NOW + minute) == []


def test_batches_have_at_most_100_and_leave_nobody_behind(issue: Issue) -> None:
    put(issue, 205)
    sizes = []
    while rows := submissions.claim(now=NOW):
        sizes.append(len(rows))
        assert {row.batch for row in rows} == {rows[0].batch}
    assert sizes == [100, 100, 5]
    assert set(states()) == {"sending"}


def test_what_is_there_is_never_taken_again(issue: Issue) -> None:
    put(issue, 3)
    rows = submissions.claim(now=NOW)
    assert submissions.accepted(rows, [Stored(f"u{n}", "x") for n in range(3)], now=NOW + minute) == 3
    assert states() == ["sent"] * 3
    assert Submission.objects.order_by("pk").first().uuid == "u0"  # type: ignore[union-attr]
    assert submissions.claim(now=NOW + timedelta(days=9)) == []
    fact = ledger.story(f"submission:{rows[0].batch}")[0]
    assert ledger.body_of(fact) == {"count": 3, "puids": [row.puid for row in rows]}


def test_a_lease_that_ran_out_is_taken_over_and_the_late_one_counts_for_nothing(issue: Issue) -> None:
    put(issue)
    dead = submissions.claim(now=NOW)
    assert submissions.claim(now=NOW + minute) == []
    alive = submissions.claim(now=NOW + 6 * minute)
    assert [row.puid for row in alive] == [row.puid for row in dead]
    assert submissions.accepted(dead, [Stored("old")], now=NOW + 7 * minute) == 0
    submissions.again(dead, at=NOW)
    assert submissions.accepted(alive, [Stored("new")], now=NOW + 7 * minute) == 1
    row = Submission.objects.get()
    assert (row.uuid, row.attempts) == ("new", 2)
    assert submissions.accepted([], [], now=NOW) == 0


def test_what_goes_back_waits_its_time(issue: Issue) -> None:
    put(issue, 2)
    rows = submissions.claim(now=NOW)
    submissions.again(rows, at=NOW + 5 * minute, error="it answered 503")
    submissions.again([], at=NOW)
    assert submissions.claim(now=NOW + minute) == []
    assert len(submissions.claim(now=NOW + 5 * minute)) == 2
    assert Submission.objects.filter(last_error="it answered 503").count() == 2


def test_what_was_reversed_before_anybody_heard_is_not_sent(issue: Issue) -> None:
    row, other = put(issue, 2)
    statements.withdraw(row.statement, by=AMAL, now=NOW, because="undone")
    assert [taken.pk for taken in submissions.claim(now=NOW)] == [other.pk]
    row.refresh_from_db()
    assert (row.state, row.because) == ("not_due", "withdrawn")


def test_what_was_tried_once_is_tried_again_even_if_it_was_reversed_meanwhile(issue: Issue) -> None:
    """The database may have it already; only the second try tells."""
    (row,) = put(issue)
    submissions.claim(now=NOW)
    statements.withdraw(row.statement, by=AMAL, now=NOW, because="undone")
    assert [taken.pk for taken in submissions.claim(now=NOW + 6 * minute)] == [row.pk]


def test_what_is_wrong_waits_for_a_person(issue: Issue) -> None:
    put(issue)
    (row,) = submissions.claim(now=NOW)
    submissions.refused({row: [Wrong("category", "refused", "The selected category is invalid.")]}, now=NOW)
    assert submissions.claim(now=NOW + timedelta(days=1)) == []
    with pytest.raises(SubmissionError, match="category"):
        submissions.mend(row, {"category": "X"}, by=AMAL, now=NOW)
    with pytest.raises(SubmissionError, match="for ever"):
        submissions.mend(row, {"puid": "x"}, by=AMAL, now=NOW)
    submissions.mend(row, {"category": "STATEMENT_CATEGORY_VIOLENCE"}, by=AMAL, now=NOW)
    (again,) = submissions.claim(now=NOW)
    assert again.payload["category"] == "STATEMENT_CATEGORY_VIOLENCE"
    kinds = [fact.kind for fact in ledger.story(f"statement:{row.statement_id}")]
    assert kinds == ["statement.issued", "statement.refused", "statement.mended"]


def test_what_is_there_is_not_mended(issue: Issue) -> None:
    put(issue)
    rows = submissions.claim(now=NOW)
    submissions.accepted(rows, [Stored()], now=NOW)
    with pytest.raises(SubmissionError, match="is sent"):
        submissions.mend(rows[0], {}, by=AMAL, now=NOW)


def test_our_own_check_comes_before_the_database(issue: Issue) -> None:
    row = submissions.put_in(issue(), ItemFacts(date(2039, 1, 1)), now=NOW)
    assert row.state == SubmissionState.NEEDS_FIX
    assert row.wrong[0][0] == "content_date"
    assert submissions.claim(now=NOW) == []


def test_what_was_sent_is_asked_after_and_sent_again_if_it_is_lost(issue: Issue) -> None:
    put(issue, 3)
    rows = submissions.claim(now=NOW)
    submissions.accepted(rows, [Stored("u")] * 3, now=NOW)
    assert submissions.unconfirmed(before=NOW) == []
    asked = submissions.unconfirmed(before=NOW + minute)
    submissions.reconciled(asked[:2], asked[2:], now=NOW + minute)
    assert submissions.unconfirmed(before=NOW + timedelta(days=1)) == []
    assert [row.puid for row in submissions.claim(now=NOW + minute)] == [asked[2].puid]
    fact = ledger.story("submissions")[0]
    assert ledger.body_of(fact) == {"known": 2, "lost": [asked[2].puid]}


def test_the_overview_counts_every_state(issue: Issue) -> None:
    put(issue, 2)
    submissions.put_in(issue(Measure(MeasureKind.WARN)), FACTS, now=NOW)
    submissions.accepted(rows := submissions.claim(now=NOW, most=1), [Stored()], now=NOW)
    assert len(rows) == 1
    seen = submissions.overview()
    assert seen.counts == {"queued": 1, "sending": 0, "sent": 1, "needs_fix": 0, "not_due": 1}
    assert seen.oldest_waiting == NOW
    assert str(SYSTEM) == "system"


def test_many_are_put_in_at_once(issue: Issue) -> None:
    entries = [
        (issue(), FACTS),
        (issue(Measure(MeasureKind.WARN)), FACTS),
        (issue(), ItemFacts(date(2039, 1, 1))),
    ]
    assert submissions.put_in_all(entries, now=NOW) == 3
    assert states() == ["queued", "not_due", "needs_fix"]


def test_the_only_sender_takes_over_at_once_what_a_dead_one_held(issue: Issue) -> None:
    put(issue, 2)
    submissions.claim(now=NOW)
    assert submissions.take_over(now=NOW + minute) == 2
    assert len(submissions.claim(now=NOW + minute)) == 2

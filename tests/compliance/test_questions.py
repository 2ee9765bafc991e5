"""Who looked into everything is on record; the words of the question can be erased."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hakam.compliance import ledger
from hakam.compliance.questions import SUBJECT, record_query
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def test_a_question_is_a_fact_whose_words_lie_beside_the_chain() -> None:
    where = 'author.id == "ali"'
    fact = record_query(
        by=SYSTEM,
        now=NOW,
        where=where,
        since=NOW,
        until=None,
        looked=10,
        matched=3,
        shown=2,
        fields=["author.id"],
    )
    assert (fact.kind, fact.subject) == ("log.queried", SUBJECT)
    assert ledger.body_of(fact) == {
        "since": NOW.isoformat(),
        "until": None,
        "looked": 10,
        "matched": 3,
        "shown": 2,
        "fields": ["author.id"],
    }
    private = ledger.private_of(fact)
    assert private is not None
    assert private["where"] == where
    assert "ali" not in fact.body
    ledger.erase_private(fact, by=SYSTEM, now=NOW, reason="asked for")
    assert list(ledger.verify_chain()) == []


def test_sql_is_kept_with_it() -> None:
    fact = record_query(
        by=SYSTEM, now=NOW, where="", since=None, until=None, looked=0, matched=0, shown=0, sql="SELECT 1"
    )
    private = ledger.private_of(fact)
    assert private is not None
    assert private["sql"] == "SELECT 1"

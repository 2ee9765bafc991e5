"""Private messages are read on a recorded legal basis alone: two people, a provision, an end.

# ePrivacy Art. 5(1)
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.compliance import private_bases
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact, PrivateBasis
from hakam.compliance.private_bases import LONGEST, PrivateBasisError
from hakam.vocabulary.actor import Actor, ActorKind

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ZAYNAB, OMAR = Actor(ActorKind.STAFF, "zaynab"), Actor(ActorKind.STAFF, "omar")
GIVEN: dict[str, Any] = {
    "law": "Child Protection Act, s. 4",
    "purpose": "Known pictures of abuse, by their hashes alone.",
    "until": NOW + timedelta(days=90),
}


def propose(**more: Any) -> PrivateBasis:
    return private_bases.propose("maydan", **({"by": ZAYNAB, "now": NOW} | GIVEN | more))


def test_nothing_is_read_before_a_second_person_confirms() -> None:
    assert private_bases.published(NOW) == {}
    basis = propose()
    assert private_bases.published(NOW) == {}
    with pytest.raises(PrivateBasisError, match="somebody else"):
        private_bases.confirm(basis.pk, by=ZAYNAB, now=NOW)
    assert private_bases.published(NOW) == {}
    private_bases.confirm(basis.pk, by=OMAR, now=NOW)
    assert private_bases.published(NOW) == {"maydan": GIVEN["until"].timestamp()}
    assert [fact.kind for fact in Fact.objects.order_by("seq")] == [
        FactKind.PRIVATE_BASIS_PROPOSED,
        FactKind.PRIVATE_BASIS_CONFIRMED,
    ]
    assert Fact.objects.get(seq=2).actor == str(OMAR)


def test_it_ends_by_itself_and_by_one_person() -> None:
    basis = private_bases.confirm(propose().pk, by=OMAR, now=NOW)
    assert private_bases.published(GIVEN["until"] - timedelta(seconds=1)) != {}
    assert private_bases.published(GIVEN["until"]) == {}
    private_bases.end(basis.pk, because="The law lapsed.", by=ZAYNAB, now=NOW)
    assert private_bases.published(NOW) == {}
    assert private_bases.public("maydan")[0].because == "The law lapsed."
    with pytest.raises(PrivateBasisError, match="not in force"):
        private_bases.end(basis.pk, because="Again.", by=ZAYNAB, now=NOW)


def test_there_is_one_at_a_time_and_the_next_after_it() -> None:
    first = propose()
    with pytest.raises(PrivateBasisError, match="one already"):
        propose(by=OMAR)
    private_bases.refuse(first.pk, because="Too wide.", by=OMAR, now=NOW)
    with pytest.raises(PrivateBasisError, match="does not wait"):
        private_bases.confirm(first.pk, by=OMAR, now=NOW)
    assert private_bases.public("maydan") == []  # it never was in force
    second = private_bases.confirm(propose().pk, by=OMAR, now=NOW)
    with pytest.raises(PrivateBasisError, match="one already"):
        propose()
    later = GIVEN["until"] + timedelta(days=1)
    propose(now=later, until=later + timedelta(days=1))  # the second is over
    assert not private_bases.in_force(second, later)
    private_bases.propose("elsewhere", by=ZAYNAB, now=NOW, **GIVEN)  # another platform's own


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"law": "  "}, "provision"),
        ({"law": "x" * 301}, "at most 300"),
        ({"purpose": ""}, "looked for"),
        ({"until": NOW}, "within a year"),
        ({"until": NOW + LONGEST + timedelta(seconds=1)}, "within a year"),
    ],
)
def test_what_is_missing_is_said(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(PrivateBasisError, match=said):
        propose(**wrong)
    assert not PrivateBasis.objects.exists()
    assert not Fact.objects.exists()


def test_an_end_needs_its_reason_and_what_is_not_there_is_said() -> None:
    basis = propose()
    with pytest.raises(PrivateBasisError, match="say why"):
        private_bases.refuse(basis.pk, because=" ", by=OMAR, now=NOW)
    with pytest.raises(PrivateBasisError, match="no such"):
        private_bases.confirm(basis.pk + 1, by=OMAR, now=NOW)
    with pytest.raises(PrivateBasisError, match="does not wait"):  # it lapsed unconfirmed
        private_bases.confirm(basis.pk, by=OMAR, now=GIVEN["until"])
    assert private_bases.published(NOW) == {}


@given(
    confirmed=st.none() | st.integers(0, 100),
    ended=st.none() | st.integers(0, 100),
    until=st.integers(1, 100),
    now=st.integers(0, 100),
)
def test_it_never_waits_and_holds_at_once(
    confirmed: int | None, ended: int | None, until: int, now: int
) -> None:
    def moment(hours: int | None) -> datetime | None:
        return None if hours is None else NOW + timedelta(hours=hours)

    basis = PrivateBasis(until=moment(until), confirmed_at=moment(confirmed), ended_at=moment(ended))
    at = moment(now)
    assert at is not None
    waits, holds = private_bases.waits(basis, at), private_bases.in_force(basis, at)
    assert not (waits and holds)
    assert (waits or holds) == (ended is None and now < until)

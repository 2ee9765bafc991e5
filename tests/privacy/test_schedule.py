"""The schedule: every kind has a period with a ground, two people change it, and no change breaks another duty."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.compliance.access import facts_of
from hakam.compliance.facts import FactKind
from hakam.compliance.ledger import body_of
from hakam.privacy import schedule
from hakam.privacy.kinds import Kind
from hakam.privacy.schedule import Kept, PeriodState, ScheduleError, shipped
from hakam.testing import scene
from hakam.vocabulary.actor import Actor, ActorKind

AMAL, BASIL = Actor(ActorKind.STAFF, "1"), Actor(ActorKind.STAFF, "2")
NOW = scene.NOW


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_says_what_how_long_and_why(kind: Kind) -> None:
    row = shipped()[kind]
    for text in (row.title, row.starts):
        assert re.search("[a-z]", text["en"])
        assert re.search("[\u0600-\u06ff]", text["ar"])
    assert row.months or row.days
    assert row.ground
    assert row.months * 31 + row.days >= row.least


def test_the_law_s_own_periods_are_not_undercut() -> None:
    """Complaints are open for six months (DSA Art. 20(1)): what decides them is kept longer."""
    for kind in (Kind.CASES, Kind.CONTACTS, Kind.NOTIFIERS, Kind.NOTICES, Kind.STATEMENTS, Kind.COMPLAINTS):
        assert shipped()[kind].least >= 184


def propose(
    kind: str = "events", months: int = 3, days: int = 0, by: Actor = AMAL, **more: str
) -> schedule.Period:
    given = {"ground": "GDPR Art. 6(1)(f)", "because": "Back-tests need a quarter."} | more
    return schedule.propose(kind, months=months, days=days, by=by, now=NOW, **given)


@pytest.mark.django_db
def test_a_change_counts_when_somebody_else_confirms_it() -> None:
    made = propose()
    assert schedule.schedule()[Kind.EVENTS].days == 180
    with pytest.raises(ScheduleError, match="somebody else"):
        schedule.settle(made.pk, confirm=True, by=AMAL, now=NOW)
    schedule.settle(made.pk, confirm=True, by=BASIL, now=NOW)
    now = schedule.schedule()[Kind.EVENTS]
    assert (now.months, now.days, now.by) == (3, 0, str(BASIL))
    (fact,) = facts_of("retention:events", FactKind.RETENTION_CHANGED)
    assert body_of(fact)["months"] == 3
    assert fact.actor == str(BASIL)
    assert schedule.schedule()[Kind.MEDIA].months == 7  # the others stay


@pytest.mark.django_db
def test_the_newest_confirmed_change_counts() -> None:
    for months in (3, 5):
        schedule.settle(propose(months=months).pk, confirm=True, by=BASIL, now=NOW + timedelta(days=months))
    assert schedule.schedule()[Kind.EVENTS].months == 5
    refused = propose(months=9)
    schedule.settle(refused.pk, confirm=False, by=BASIL, now=NOW)
    assert schedule.schedule()[Kind.EVENTS].months == 5
    assert [p.state for p in schedule.history("events")].count(PeriodState.REFUSED) == 1


@pytest.mark.django_db
def test_whoever_proposed_it_can_withdraw_it() -> None:
    made = propose()
    assert [one.pk for one in schedule.waiting()] == [made.pk]
    assert schedule.settle(made.pk, confirm=False, by=AMAL, now=NOW).state == PeriodState.WITHDRAWN
    assert schedule.waiting() == []
    with pytest.raises(ScheduleError, match="settled"):
        schedule.settle(made.pk, confirm=True, by=BASIL, now=NOW)
    with pytest.raises(ScheduleError, match="no such"):
        schedule.settle(9_999, confirm=True, by=BASIL, now=NOW)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "nothing"}, "no such kind"),
        ({"months": 0}, "not zero"),
        ({"months": -1}, "not zero"),
        ({"months": 241}, "twenty years"),
        ({"kind": "cases", "months": 3}, "184 days"),
        ({"kind": "statements", "months": 0, "days": 183}, "184 days"),
        ({"ground": " "}, "which law"),
        ({"because": ""}, "which law"),
    ],
)
def test_what_can_not_be_is_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(ScheduleError, match=said):
        propose(**given)  # type: ignore[arg-type]
    assert schedule.waiting() == []


@pytest.mark.django_db
def test_one_change_of_a_kind_waits_at_a_time() -> None:
    propose()
    with pytest.raises(ScheduleError, match="waits"):
        propose(months=4)
    propose(kind="media", months=8)
    assert len(schedule.waiting()) == 2


@given(
    st.integers(0, 16 * 365 * 86_400).map(lambda s: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=s)),
    st.integers(0, 60),
    st.integers(0, 400),
)
def test_what_is_due_only_grows_with_time(now: datetime, months: int, days: int) -> None:
    kept = Kept(Kind.EVENTS, months, days, "", shipped()[Kind.EVENTS])
    before = kept.due_before(now)
    assert before <= now
    assert now - before <= timedelta(days=31 * months + days + 2)
    assert now - before >= timedelta(days=28 * months + days)
    assert kept.due_before(now + timedelta(days=1)) >= before


def test_a_leap_day_and_the_end_of_a_month_count() -> None:
    kept = Kept(Kind.CASES, 12, 0, "", shipped()[Kind.CASES])
    assert kept.due_before(datetime(2028, 2, 29, 8, tzinfo=UTC)) == datetime(2027, 3, 1, tzinfo=UTC)
    assert Kept(Kind.CASES, 1, 0, "", shipped()[Kind.CASES]).due_before(
        datetime(2026, 3, 31, tzinfo=UTC)
    ) == datetime(2026, 3, 1, tzinfo=UTC)

"""Active recipients are published every six months (DSA Art. 24(2))."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from hakam.compliance.facts import FactKind
from hakam.compliance.models import Deadline, Fact, RecipientsCount
from hakam.compliance.reports import recipients
from hakam.compliance.reports.recipients import RecipientsError
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 8, 17, 9, tzinfo=UTC)
GIVEN: dict[str, Any] = {
    "first": date(2026, 2, 1),
    "last": date(2026, 7, 31),
    "total": 120_000,
    "method": "Signed-in accounts and, once each, browsers without one.",
}


def publish(now: datetime = NOW, **more: Any) -> RecipientsCount:
    return recipients.publish("maydan", by=SYSTEM, now=now, **(GIVEN | more))


def test_a_publication_is_a_fact_and_starts_the_next_six_months() -> None:
    count = publish(by_state={"DE": 70_000, "GR": 50_000})
    assert recipients.latest("maydan") == count
    assert recipients.latest("elsewhere") is None
    assert '"total":120000' in Fact.objects.get(kind=FactKind.RECIPIENTS_PUBLISHED).body
    clock = Deadline.objects.get(clock="recipients.publish")
    assert (clock.met_at, clock.due_at.date()) == (None, date(2027, 2, 18))


def test_the_next_publication_meets_the_clock_of_the_one_before() -> None:
    first, later = publish(), NOW + timedelta(days=170)
    second = publish(later, first=date(2026, 8, 1), last=date(2027, 1, 31))
    clocks = {c.subject: c.met_at for c in Deadline.objects.filter(clock="recipients.publish")}
    assert clocks == {recipients.subject_of(first): later, recipients.subject_of(second): None}
    assert recipients.published("maydan") == [second, first]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"last": date(2026, 1, 1)}, "six months that are over"),
        ({"last": NOW.date()}, "six months that are over"),
        ({"total": -1}, "not negative"),
        ({"by_state": {"DE": -1}}, "not negative"),
        ({"by_state": {"US": 1, "XX": 2}}, "US, XX"),
        ({"method": " "}, "how it was counted"),
    ],
)
def test_what_can_not_be_published_says_why(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipientsError, match=said):
        publish(**wrong)
    assert not RecipientsCount.objects.exists()
    assert not Deadline.objects.exists()

"""Clocks: data with versions, started once, met or missed with a fact."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hakam.compliance import access, deadlines, ledger
from hakam.compliance.clocks import clock, clocks
from hakam.compliance.models import Deadline
from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AMAL = Actor(ActorKind.STAFF, "1")
pytestmark = pytest.mark.django_db


def kinds(subject: str = "notice:1") -> list[str]:
    return [fact.kind for fact in ledger.story(subject)]


def test_every_clock_names_its_law_a_length_and_both_languages() -> None:
    for key, data in clocks().items():
        assert data.key == key
        assert data.law.startswith("DSA Art. ")
        assert data.length > timedelta(0)
        assert {"en", "ar"} <= set(data.title)


def test_an_unknown_clock_names_the_known_ones() -> None:
    with pytest.raises(LookupError, match=r"notice\.decision"):
        clock("notice.decided")


def test_a_clock_runs_for_its_own_length() -> None:
    deadline = deadlines.start("notice.decision", subject="notice:1", by=SYSTEM, now=NOW)
    assert deadline.due_at - NOW == clock("notice.decision").length
    body = ledger.body_of(ledger.story("notice:1")[0])
    assert (body["clock"], body["version"], body["law"]) == ("notice.decision", 1, "DSA Art. 16(6)")


def test_an_operator_may_set_another_target() -> None:
    deadline = deadlines.start(
        "complaint.answer",
        subject="complaint:1",
        by=SYSTEM,
        now=NOW,
        length=timedelta(days=3),
        about=("decision:1",),
    )
    assert deadline.due_at == NOW + timedelta(days=3)
    assert kinds("decision:1") == ["deadline.started"]


def test_no_clock_runs_backwards() -> None:
    with pytest.raises(ValueError, match="can't run"):
        deadlines.start("complaint.answer", subject="complaint:1", by=SYSTEM, now=NOW, length=timedelta(0))


def test_a_clock_starts_once() -> None:
    first = deadlines.start("notice.decision", subject="notice:1", by=SYSTEM, now=NOW)
    again = deadlines.start("notice.decision", subject="notice:1", by=SYSTEM, now=NOW + timedelta(hours=5))
    assert (again.pk, again.due_at) == (first.pk, first.due_at)
    assert kinds() == ["deadline.started"]


def test_a_duty_done_in_time_is_met_once() -> None:
    deadlines.start("notice.decision", subject="notice:1", by=SYSTEM, now=NOW)
    for hour in (1, 2):
        met = deadlines.meet("notice.decision", subject="notice:1", by=AMAL, now=NOW + timedelta(hours=hour))
    assert met is not None
    assert met.met_at == NOW + timedelta(hours=1)
    assert kinds() == ["deadline.started", "deadline.met"]
    assert ledger.body_of(ledger.story("notice:1")[1])["late"] is False


def test_a_duty_done_late_says_so() -> None:
    deadlines.start("notice.decision", subject="notice:1", by=SYSTEM, now=NOW)
    deadlines.meet("notice.decision", subject="notice:1", by=AMAL, now=NOW + timedelta(days=9))
    assert ledger.body_of(ledger.story("notice:1")[1])["late"] is True


def test_meeting_what_never_ran_is_nothing() -> None:
    assert deadlines.meet("notice.decision", subject="notice:9", by=AMAL, now=NOW) is None
    assert kinds("notice:9") == []


def test_a_miss_is_recorded_once_and_the_duty_stays() -> None:
    deadlines.start("notice.decision", subject="notice:1", by=SYSTEM, now=NOW)
    deadlines.start("complaint.answer", subject="complaint:1", by=SYSTEM, now=NOW)
    late = NOW + timedelta(hours=25)
    assert [d.subject for d in deadlines.missed(now=late)] == ["notice:1"]
    assert deadlines.missed(now=late) == []
    assert kinds() == ["deadline.started", "deadline.missed"]
    assert [d.subject for d in access.overdue(late)] == ["notice:1"]
    deadlines.meet("notice.decision", subject="notice:1", by=AMAL, now=late)
    assert access.overdue(late) == []
    assert kinds() == ["deadline.started", "deadline.missed", "deadline.met"]


def test_a_clock_is_not_missed_on_the_very_instant() -> None:
    deadline = deadlines.start("notice.decision", subject="notice:1", by=SYSTEM, now=NOW)
    assert deadlines.missed(now=deadline.due_at) == []


def test_misses_come_longest_overdue_first_and_in_portions() -> None:
    for n in range(5):
        deadlines.start("notice.decision", subject=f"notice:{n}", by=SYSTEM, now=NOW - timedelta(hours=n))
    late = NOW + timedelta(days=5)
    assert [d.subject for d in deadlines.missed(now=late, limit=2)] == ["notice:4", "notice:3"]
    assert len(deadlines.missed(now=late)) == 3
    assert Deadline.objects.filter(missed_at=None).count() == 0


def test_a_subject_tells_its_clocks() -> None:
    deadlines.start("notice.decision", subject="notice:1", by=SYSTEM, now=NOW)
    deadlines.start("notice.receipt", subject="notice:1", by=SYSTEM, now=NOW)
    assert [d.clock for d in access.deadlines_of("notice:1")] == ["notice.receipt", "notice.decision"]

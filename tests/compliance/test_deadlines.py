"""Clocks: data with versions, started once, met or missed with a fact."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

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
        assert data.law
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


def test_a_clock_warns_each_role_at_its_time_and_records_the_miss() -> None:
    deadlines.start("tco.removal", subject="order:1", by=SYSTEM, now=NOW)
    said = []
    for minute in range(70):
        now = NOW + timedelta(minutes=minute)
        deadlines.warned(now=now)
        deadlines.missed(now=now)
        said += [
            (minute, fact.kind, ledger.body_of(fact)["tell"])
            for fact in ledger.story("order:1")[len(said) + 1 :]
        ]
    assert said == [
        (0, "deadline.warned", "incident_lead"),
        (15, "deadline.warned", "incident_lead"),
        (30, "deadline.escalated", "legal"),
        (45, "deadline.escalated", "administrator"),
        (61, "deadline.missed", "administrator"),
    ]


def test_warnings_that_were_slept_through_are_one_warning() -> None:
    deadlines.start("tco.removal", subject="order:1", by=SYSTEM, now=NOW)
    deadlines.warned(now=NOW + timedelta(minutes=50))
    last = ledger.story("order:1")[-1]
    assert (last.kind, ledger.body_of(last)["minutes_left"]) == ("deadline.escalated", 10)
    assert deadlines.warned(now=NOW + timedelta(minutes=59)) == []


def test_after_the_end_nobody_is_warned_but_told_of_the_miss() -> None:
    deadlines.start("tco.removal", subject="order:1", by=SYSTEM, now=NOW)
    late = NOW + timedelta(hours=3)
    deadlines.warned(now=late)
    deadlines.missed(now=late)
    assert kinds("order:1") == ["deadline.started", "deadline.missed"]


def test_what_is_met_warns_nobody() -> None:
    deadlines.start("tco.removal", subject="order:1", by=SYSTEM, now=NOW)
    deadlines.meet("tco.removal", subject="order:1", by=AMAL, now=NOW + timedelta(minutes=1))
    assert deadlines.warned(now=NOW + timedelta(minutes=46)) == []


@pytest.mark.parametrize("month", [3, 10])
def test_a_one_hour_order_in_the_night_when_the_wall_clock_changes(month: int) -> None:
    """At 03:00 on the last Sunday of March and of October, in a zone that changes."""
    berlin = ZoneInfo("Europe/Berlin")
    received = datetime(2026, month, 29 if month == 3 else 25, 3, 0, tzinfo=berlin).astimezone(UTC)
    for wall in (received, received - timedelta(minutes=45)):  # the second hour spans the change itself
        subject = f"order:{wall.isoformat()}"
        deadline = deadlines.start("tco.removal", subject=subject, by=SYSTEM, now=wall, zone=berlin)
        deadline.refresh_from_db()
        assert deadline.due_at - wall == timedelta(hours=1)
        for minutes in (1, 16, 31, 46, 61):
            deadlines.warned(now=wall + timedelta(minutes=minutes))
            deadlines.missed(now=wall + timedelta(minutes=minutes))
        facts = ledger.story(subject)
        assert [f.kind for f in facts][1:] == [
            "deadline.warned",
            "deadline.warned",
            "deadline.escalated",
            "deadline.escalated",
            "deadline.missed",
        ]
        recorded = datetime.fromisoformat(ledger.body_of(facts[-1])["due_at"])
        assert recorded == wall + timedelta(hours=1)


def test_a_clock_that_stood_still_goes_on_with_what_was_left() -> None:
    deadlines.start("tco.removal", subject="order:1", by=SYSTEM, now=NOW)
    deadlines.pause(
        "tco.removal", subject="order:1", by=AMAL, now=NOW + timedelta(minutes=20), reason="cable cut"
    )
    assert deadlines.warned(now=NOW + timedelta(hours=5)) == []
    assert deadlines.missed(now=NOW + timedelta(hours=5)) == []
    assert access.overdue(NOW + timedelta(hours=5)) == []
    again = NOW + timedelta(hours=6)
    resumed = deadlines.resume("tco.removal", subject="order:1", by=AMAL, now=again, reason="cable mended")
    assert resumed.due_at == again + timedelta(minutes=40)
    assert kinds("order:1")[1:] == ["deadline.paused", "deadline.resumed"]


def test_what_is_done_while_the_clock_stands_still_is_not_late() -> None:
    # TCO Art. 3(7)
    who: Any = {"subject": "order:1", "by": AMAL}
    deadlines.start("tco.removal", now=NOW, **who)
    deadlines.pause("tco.removal", now=NOW + timedelta(minutes=20), reason="cable cut", **who)
    deadlines.meet("tco.removal", now=NOW + timedelta(hours=5), **who)
    assert ledger.body_of(ledger.story("order:1")[-1])["late"] is False


def test_a_clarified_order_has_its_whole_hour_again() -> None:
    # TCO Art. 3(8)
    deadlines.start("tco.removal", subject="order:1", by=SYSTEM, now=NOW)
    deadlines.warned(now=NOW + timedelta(minutes=31))
    deadlines.pause(
        "tco.removal", subject="order:1", by=AMAL, now=NOW + timedelta(minutes=50), reason="no URL"
    )
    again = NOW + timedelta(days=1)
    resumed = deadlines.resume(
        "tco.removal", subject="order:1", by=AMAL, now=again, reason="URL came", anew=True
    )
    assert resumed.due_at == again + timedelta(hours=1)
    deadlines.warned(now=again + timedelta(minutes=16))
    assert kinds("order:1")[-1] == "deadline.warned"


def test_what_makes_no_sense_is_refused_and_leaves_nothing() -> None:
    deadlines.start("tco.removal", subject="order:1", by=SYSTEM, now=NOW)
    at = NOW + timedelta(minutes=5)
    who: Any = {"subject": "order:1", "by": AMAL, "now": at}
    with pytest.raises(deadlines.DeadlineError, match="for a reason"):
        deadlines.pause("tco.removal", **who, reason=" ")
    with pytest.raises(deadlines.DeadlineError, match="does not stand still"):
        deadlines.resume("tco.removal", **who, reason="x")
    with pytest.raises(deadlines.DeadlineError, match="knows no extension"):
        deadlines.extend("tco.removal", **who, to=NOW + timedelta(hours=2), reason="x")
    with pytest.raises(deadlines.DeadlineError, match="no later than"):
        deadlines.extend("tco.removal", **who, to=at, reason="x")
    with pytest.raises(deadlines.DeadlineError, match="no clock"):
        deadlines.pause("tco.removal", **(who | {"subject": "order:2"}), reason="x")
    deadlines.pause("tco.removal", **who, reason="x")
    with pytest.raises(deadlines.DeadlineError, match="stands still already"):
        deadlines.pause("tco.removal", **who, reason="x")
    deadlines.meet("tco.removal", **who)
    with pytest.raises(deadlines.DeadlineError, match="ended"):
        deadlines.resume("tco.removal", **who, reason="x")
    assert kinds("order:1") == ["deadline.started", "deadline.paused", "deadline.met"]


def test_what_ran_out_is_not_paused() -> None:
    deadlines.start("tco.removal", subject="order:1", by=SYSTEM, now=NOW)
    with pytest.raises(deadlines.DeadlineError, match="ran out"):
        deadlines.pause("tco.removal", subject="order:1", by=AMAL, now=NOW + timedelta(hours=2), reason="x")


def test_a_dispute_body_has_180_days_at_most() -> None:
    # DSA Art. 21(4)
    deadlines.start("dispute.decision", subject="dispute:1", by=SYSTEM, now=NOW, zone=UTC)
    who: Any = {"subject": "dispute:1", "by": AMAL, "now": NOW, "reason": "highly complex"}
    to = NOW + timedelta(days=180)
    assert deadlines.extend("dispute.decision", **who, to=to).due_at == to
    with pytest.raises(deadlines.DeadlineError, match="allows no end after"):
        deadlines.extend("dispute.decision", **who, to=to + timedelta(days=2))
    body = ledger.body_of(ledger.story("dispute:1")[-1])
    assert body["reason"] == "highly complex"


def test_a_period_of_keeping_ends_without_blame() -> None:
    # TCO Art. 6
    deadline = deadlines.start("tco.preserve", subject="item:x/post/1", by=SYSTEM, now=NOW, zone=UTC)
    assert deadline.due_at == datetime(2026, 9, 3, tzinfo=UTC)
    late = NOW + timedelta(days=200)
    assert deadlines.missed(now=late) == []
    assert [d.pk for d in deadlines.ended(now=late)] == [deadline.pk]
    assert deadlines.ended(now=late) == []
    assert kinds("item:x/post/1") == ["deadline.started", "deadline.ended"]


def test_clocks_that_run_are_listed_the_first_due_first() -> None:
    deadlines.start("notice.decision", subject="notice:1", by=SYSTEM, now=NOW)
    deadlines.start("tco.removal", subject="order:1", by=SYSTEM, now=NOW)
    deadlines.start("tco.removal", subject="order:2", by=SYSTEM, now=NOW)
    deadlines.meet("tco.removal", subject="order:2", by=SYSTEM, now=NOW)
    assert [d.subject for d in access.running()] == ["order:1", "notice:1"]

"""Clocks are data: each names its law, its start, its proof, in both languages, and has exactly one length."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest

from hakam.compliance.clocks import Clock, ClockKind, Count, clock, clocks, version_of, versions
from hakam.intake.notices import DECISION_CLOCK, FLAGGER_CLOCK
from hakam.review.complaints import ANSWER_CLOCK
from hakam.staff.roles import Role

EVERY = [one for found in versions().values() for one in found]
NAMES = [f"{one.key}-{one.version}" for one in EVERY]
LAWS = r"DSA Art\. \d+|TCO Art\. \d+|e-Evidence Art\. \d+|OSA s\.\d+|IT Rules r\.3|18 USC|TAKE IT DOWN|[A-Z]"


@pytest.mark.parametrize("found", EVERY, ids=NAMES)
def test_each_clock_says_what_for(found: Clock) -> None:
    assert re.match(LAWS, found.law)
    assert re.search("[a-z]", found.title["en"])
    assert re.search("[\u0600-\u06ff]", found.title["ar"])
    assert not re.search("[A-Za-z]", found.title["ar"])
    assert found.starts
    assert found.proof


@pytest.mark.parametrize("found", EVERY, ids=NAMES)
def test_each_clock_has_one_length(found: Clock) -> None:
    lengths = [bool(found.length), bool(found.months), bool(found.before), found.given]
    assert sum(lengths) == 1
    assert not (found.count is Count.CALENDAR and found.hours)
    assert not (found.most_days and found.most_days <= found.days)


@pytest.mark.parametrize("found", EVERY, ids=NAMES)
def test_who_must_act_is_warned_before_and_told_after(found: Clock) -> None:
    if found.kind is not ClockKind.ACT or (found.target and found.hours == 1 and not found.warn):
        return
    assert found.warn, "nobody is warned"
    assert found.escalate, "nobody is told of a miss"
    minutes = [minutes for minutes, _role in found.warn]
    assert minutes == sorted(minutes, reverse=True)
    if not (found.months or found.before or found.given):
        assert minutes[0] <= found.length.total_seconds() / 60


@pytest.mark.parametrize("key", sorted(versions()))
def test_versions_of_a_clock_follow_each_other_without_overlap(key: str) -> None:
    found = versions()[key]
    assert [one.version for one in found] == list(range(1, len(found) + 1))
    for old, new in pairwise(found):
        assert old.until is not None
        assert old.until < new.since


# What the reference says, clause by clause: (clock, hours, days, months).
DEADLINES = [
    ("tco.removal", 1, 0, 0),
    ("tco.first_contact", 12, 0, 0),
    ("tco.scrutiny.ask", 48, 0, 0),
    ("tco.scrutiny.decision", 72, 0, 0),
    ("tco.complaint", 0, 14, 0),
    ("tco.measures", 0, 0, 3),
    ("tco.preserve", 0, 0, 6),
    ("complaint.window", 0, 0, 6),
    ("recipients.publish", 0, 0, 6),
    ("report.yearly", 0, 0, 2),
    ("dispute.decision", 0, 90, 0),
    ("evidence.production", 0, 10, 0),
    ("evidence.production.emergency", 8, 0, 0),
    ("evidence.preservation", 0, 60, 0),
    ("uk.intimate", 48, 0, 0),
    ("us.intimate", 48, 0, 0),
    ("us.preserve", 0, 0, 12),
    ("in.order", 3, 0, 0),
    ("in.intimate", 2, 0, 0),
    ("in.content", 36, 0, 0),
    ("in.acknowledge", 24, 0, 0),
    ("in.grievance", 168, 0, 0),
    ("au.removal", 24, 0, 0),
    ("apple.report", 24, 0, 0),
    ("fr.removal", 24, 0, 0),
]


@pytest.mark.parametrize(("key", "hours", "days", "months"), DEADLINES, ids=[row[0] for row in DEADLINES])
def test_the_deadlines_are_those_of_the_law(key: str, hours: int, days: int, months: int) -> None:
    found = clock(key)
    assert (found.hours, found.days, found.months) == (hours, days, months)


def test_a_dispute_body_may_take_180_days() -> None:
    # DSA Art. 21(4)
    assert clock("dispute.decision").most_days == 180


def test_the_report_on_terrorist_content_is_due_before_the_first_of_march() -> None:
    # TCO Art. 7(2)
    assert clock("tco.transparency").before == "03-01"


def test_on_a_one_hour_order_people_are_told_at_once_and_every_quarter_of_an_hour() -> None:
    # TCO Art. 3(3)
    assert [minutes for minutes, _role in clock("tco.removal").warn] == [60, 45, 30, 15]
    assert clock("tco.removal").warn[-1][1] is Role.ADMINISTRATOR
    assert clock("tco.removal").rings


@pytest.mark.parametrize("key", [DECISION_CLOCK, FLAGGER_CLOCK, ANSWER_CLOCK])
def test_the_clocks_that_are_started_exist(key: str) -> None:
    assert key in clocks()


def test_a_trusted_flagger_waits_less() -> None:
    # DSA Art. 22(1)
    assert clock(FLAGGER_CLOCK).length < clock(DECISION_CLOCK).length


def test_an_unknown_clock_is_answered_with_those_there_are() -> None:
    with pytest.raises(LookupError, match=re.escape(DECISION_CLOCK)):
        clock("notice.decison")


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 2, 19), 36), (date(2026, 2, 20), 3), (date(2027, 1, 1), 3)]
)
def test_what_began_under_the_old_law_runs_under_the_old_law(day: date, hours: int) -> None:
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    assert clock("in.order", at=at).hours == hours


def test_a_repealed_law_starts_no_clock() -> None:
    assert clock("de.manifest", at=datetime(2024, 5, 13, tzinfo=UTC)).hours == 24
    with pytest.raises(LookupError, match="from 2018-01-01 to 2024-05-13"):
        clock("de.manifest", at=datetime(2024, 5, 14, tzinfo=UTC))


def test_a_version_that_is_gone_is_answered_by_the_newest() -> None:
    assert version_of("in.order", 1).hours == 36
    assert version_of("in.order", 99).version == 2


def test_days_and_hours_add_up() -> None:
    assert Clock("x", 1, "DSA Art. 1", target=True, title={}, hours=5, days=2).length == timedelta(hours=53)


def test_a_misspelt_field_of_the_data_is_refused() -> None:
    row = b'{"key": "x", "version": 1, "law": "L", "target": true, "title": {}, "houres": 1}'
    with pytest.raises(msgspec.ValidationError, match="houres"):
        msgspec.json.decode(row, type=Clock)

"""A one-hour order at three in the night in which the clocks on the wall change (TCO Art. 3(3))."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hakam.compliance import counting, deadlines
from hakam.compliance.clocks import clock
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Deadline, Fact
from hakam.vocabulary.actor import SYSTEM

HOUR = timedelta(hours=1)
# The zone, three o'clock on the wall on the last Sunday of March and October, in UTC, and the wall an hour later.
NIGHTS = [
    ("Europe/Berlin", "2026-03-29 03:00", "01:00", "04:00"),
    ("Europe/Berlin", "2026-10-25 03:00", "02:00", "04:00"),
    ("Europe/Berlin", "2027-03-28 03:00", "01:00", "04:00"),
    ("Europe/Berlin", "2027-10-31 03:00", "02:00", "04:00"),
    ("Europe/Berlin", "2028-03-26 03:00", "01:00", "04:00"),
    ("Europe/Berlin", "2028-10-29 03:00", "02:00", "04:00"),
    ("Europe/Berlin", "2029-03-25 03:00", "01:00", "04:00"),
    ("Europe/Berlin", "2029-10-28 03:00", "02:00", "04:00"),
    ("Europe/Berlin", "2030-03-31 03:00", "01:00", "04:00"),
    ("Europe/Berlin", "2030-10-27 03:00", "02:00", "04:00"),
    ("Europe/Berlin", "2031-03-30 03:00", "01:00", "04:00"),
    ("Europe/Berlin", "2031-10-26 03:00", "02:00", "04:00"),
    ("Europe/Berlin", "2032-03-28 03:00", "01:00", "04:00"),
    ("Europe/Berlin", "2032-10-31 03:00", "02:00", "04:00"),
    ("Europe/Berlin", "2033-03-27 03:00", "01:00", "04:00"),
    ("Europe/Berlin", "2033-10-30 03:00", "02:00", "04:00"),
    ("Europe/Berlin", "2034-03-26 03:00", "01:00", "04:00"),
    ("Europe/Berlin", "2034-10-29 03:00", "02:00", "04:00"),
    ("Europe/Berlin", "2035-03-25 03:00", "01:00", "04:00"),
    ("Europe/Berlin", "2035-10-28 03:00", "02:00", "04:00"),
    ("Europe/Berlin", "2036-03-30 03:00", "01:00", "04:00"),
    ("Europe/Berlin", "2036-10-26 03:00", "02:00", "04:00"),
    ("Europe/Berlin", "2037-03-29 03:00", "01:00", "04:00"),
    ("Europe/Berlin", "2037-10-25 03:00", "02:00", "04:00"),
    ("Europe/Berlin", "2038-03-28 03:00", "01:00", "04:00"),
    ("Europe/Berlin", "2038-10-31 03:00", "02:00", "04:00"),
    ("Europe/Berlin", "2039-03-27 03:00", "01:00", "04:00"),
    ("Europe/Berlin", "2039-10-30 03:00", "02:00", "04:00"),
    ("Europe/Berlin", "2040-03-25 03:00", "01:00", "04:00"),
    ("Europe/Berlin", "2040-10-28 03:00", "02:00", "04:00"),
    ("Europe/Berlin", "2041-03-31 03:00", "01:00", "04:00"),
    ("Europe/Berlin", "2041-10-27 03:00", "02:00", "04:00"),
    ("Europe/Berlin", "2042-03-30 03:00", "01:00", "04:00"),
    ("Europe/Berlin", "2042-10-26 03:00", "02:00", "04:00"),
    ("Europe/Berlin", "2043-03-29 03:00", "01:00", "04:00"),
    ("Europe/Berlin", "2043-10-25 03:00", "02:00", "04:00"),
    ("Europe/Lisbon", "2026-03-29 03:00", "02:00", "04:00"),
    ("Europe/Lisbon", "2026-10-25 03:00", "03:00", "04:00"),
    ("Europe/Lisbon", "2027-03-28 03:00", "02:00", "04:00"),
    ("Europe/Lisbon", "2027-10-31 03:00", "03:00", "04:00"),
    ("Europe/Lisbon", "2028-03-26 03:00", "02:00", "04:00"),
    ("Europe/Lisbon", "2028-10-29 03:00", "03:00", "04:00"),
    ("Europe/Lisbon", "2029-03-25 03:00", "02:00", "04:00"),
    ("Europe/Lisbon", "2029-10-28 03:00", "03:00", "04:00"),
    ("Europe/Lisbon", "2030-03-31 03:00", "02:00", "04:00"),
    ("Europe/Lisbon", "2030-10-27 03:00", "03:00", "04:00"),
    ("Europe/Lisbon", "2031-03-30 03:00", "02:00", "04:00"),
    ("Europe/Lisbon", "2031-10-26 03:00", "03:00", "04:00"),
    ("Europe/Lisbon", "2032-03-28 03:00", "02:00", "04:00"),
    ("Europe/Lisbon", "2032-10-31 03:00", "03:00", "04:00"),
    ("Europe/Lisbon", "2033-03-27 03:00", "02:00", "04:00"),
    ("Europe/Lisbon", "2033-10-30 03:00", "03:00", "04:00"),
    ("Europe/Lisbon", "2034-03-26 03:00", "02:00", "04:00"),
    ("Europe/Lisbon", "2034-10-29 03:00", "03:00", "04:00"),
    ("Europe/Lisbon", "2035-03-25 03:00", "02:00", "04:00"),
    ("Europe/Lisbon", "2035-10-28 03:00", "03:00", "04:00"),
    ("Europe/Lisbon", "2036-03-30 03:00", "02:00", "04:00"),
    ("Europe/Lisbon", "2036-10-26 03:00", "03:00", "04:00"),
    ("Europe/Lisbon", "2037-03-29 03:00", "02:00", "04:00"),
    ("Europe/Lisbon", "2037-10-25 03:00", "03:00", "04:00"),
    ("Europe/Lisbon", "2038-03-28 03:00", "02:00", "04:00"),
    ("Europe/Lisbon", "2038-10-31 03:00", "03:00", "04:00"),
    ("Europe/Lisbon", "2039-03-27 03:00", "02:00", "04:00"),
    ("Europe/Lisbon", "2039-10-30 03:00", "03:00", "04:00"),
    ("Europe/Lisbon", "2040-03-25 03:00", "02:00", "04:00"),
    ("Europe/Lisbon", "2040-10-28 03:00", "03:00", "04:00"),
    ("Europe/Lisbon", "2041-03-31 03:00", "02:00", "04:00"),
    ("Europe/Lisbon", "2041-10-27 03:00", "03:00", "04:00"),
    ("Europe/Lisbon", "2042-03-30 03:00", "02:00", "04:00"),
    ("Europe/Lisbon", "2042-10-26 03:00", "03:00", "04:00"),
    ("Europe/Lisbon", "2043-03-29 03:00", "02:00", "04:00"),
    ("Europe/Lisbon", "2043-10-25 03:00", "03:00", "04:00"),
    ("Europe/Athens", "2026-03-29 03:00", "01:00", "05:00"),
    ("Europe/Athens", "2026-10-25 03:00", "00:00", "03:00"),
    ("Europe/Athens", "2027-03-28 03:00", "01:00", "05:00"),
    ("Europe/Athens", "2027-10-31 03:00", "00:00", "03:00"),
    ("Europe/Athens", "2028-03-26 03:00", "01:00", "05:00"),
    ("Europe/Athens", "2028-10-29 03:00", "00:00", "03:00"),
    ("Europe/Athens", "2029-03-25 03:00", "01:00", "05:00"),
    ("Europe/Athens", "2029-10-28 03:00", "00:00", "03:00"),
    ("Europe/Athens", "2030-03-31 03:00", "01:00", "05:00"),
    ("Europe/Athens", "2030-10-27 03:00", "00:00", "03:00"),
    ("Europe/Athens", "2031-03-30 03:00", "01:00", "05:00"),
    ("Europe/Athens", "2031-10-26 03:00", "00:00", "03:00"),
    ("Europe/Athens", "2032-03-28 03:00", "01:00", "05:00"),
    ("Europe/Athens", "2032-10-31 03:00", "00:00", "03:00"),
    ("Europe/Athens", "2033-03-27 03:00", "01:00", "05:00"),
    ("Europe/Athens", "2033-10-30 03:00", "00:00", "03:00"),
    ("Europe/Athens", "2034-03-26 03:00", "01:00", "05:00"),
    ("Europe/Athens", "2034-10-29 03:00", "00:00", "03:00"),
    ("Europe/Athens", "2035-03-25 03:00", "01:00", "05:00"),
    ("Europe/Athens", "2035-10-28 03:00", "00:00", "03:00"),
    ("Europe/Athens", "2036-03-30 03:00", "01:00", "05:00"),
    ("Europe/Athens", "2036-10-26 03:00", "00:00", "03:00"),
    ("Europe/Athens", "2037-03-29 03:00", "01:00", "05:00"),
    ("Europe/Athens", "2037-10-25 03:00", "00:00", "03:00"),
    ("Europe/Athens", "2038-03-28 03:00", "01:00", "05:00"),
    ("Europe/Athens", "2038-10-31 03:00", "00:00", "03:00"),
    ("Europe/Athens", "2039-03-27 03:00", "01:00", "05:00"),
    ("Europe/Athens", "2039-10-30 03:00", "00:00", "03:00"),
    ("Europe/Athens", "2040-03-25 03:00", "01:00", "05:00"),
    ("Europe/Athens", "2040-10-28 03:00", "00:00", "03:00"),
    ("Europe/Athens", "2041-03-31 03:00", "01:00", "05:00"),
    ("Europe/Athens", "2041-10-27 03:00", "00:00", "03:00"),
    ("Europe/Athens", "2042-03-30 03:00", "01:00", "05:00"),
    ("Europe/Athens", "2042-10-26 03:00", "00:00", "03:00"),
    ("Europe/Athens", "2043-03-29 03:00", "01:00", "05:00"),
    ("Europe/Athens", "2043-10-25 03:00", "00:00", "03:00"),
    ("Europe/Dublin", "2026-03-29 03:00", "02:00", "04:00"),
    ("Europe/Dublin", "2026-10-25 03:00", "03:00", "04:00"),
    ("Europe/Dublin", "2027-03-28 03:00", "02:00", "04:00"),
    ("Europe/Dublin", "2027-10-31 03:00", "03:00", "04:00"),
    ("Europe/Dublin", "2028-03-26 03:00", "02:00", "04:00"),
    ("Europe/Dublin", "2028-10-29 03:00", "03:00", "04:00"),
    ("Europe/Dublin", "2029-03-25 03:00", "02:00", "04:00"),
    ("Europe/Dublin", "2029-10-28 03:00", "03:00", "04:00"),
    ("Europe/Dublin", "2030-03-31 03:00", "02:00", "04:00"),
    ("Europe/Dublin", "2030-10-27 03:00", "03:00", "04:00"),
    ("Europe/Dublin", "2031-03-30 03:00", "02:00", "04:00"),
    ("Europe/Dublin", "2031-10-26 03:00", "03:00", "04:00"),
    ("Europe/Dublin", "2032-03-28 03:00", "02:00", "04:00"),
    ("Europe/Dublin", "2032-10-31 03:00", "03:00", "04:00"),
    ("Europe/Dublin", "2033-03-27 03:00", "02:00", "04:00"),
    ("Europe/Dublin", "2033-10-30 03:00", "03:00", "04:00"),
    ("Europe/Dublin", "2034-03-26 03:00", "02:00", "04:00"),
    ("Europe/Dublin", "2034-10-29 03:00", "03:00", "04:00"),
    ("Europe/Dublin", "2035-03-25 03:00", "02:00", "04:00"),
    ("Europe/Dublin", "2035-10-28 03:00", "03:00", "04:00"),
    ("Europe/Dublin", "2036-03-30 03:00", "02:00", "04:00"),
    ("Europe/Dublin", "2036-10-26 03:00", "03:00", "04:00"),
    ("Europe/Dublin", "2037-03-29 03:00", "02:00", "04:00"),
    ("Europe/Dublin", "2037-10-25 03:00", "03:00", "04:00"),
    ("Europe/Dublin", "2038-03-28 03:00", "02:00", "04:00"),
    ("Europe/Dublin", "2038-10-31 03:00", "03:00", "04:00"),
    ("Europe/Dublin", "2039-03-27 03:00", "02:00", "04:00"),
    ("Europe/Dublin", "2039-10-30 03:00", "03:00", "04:00"),
    ("Europe/Dublin", "2040-03-25 03:00", "02:00", "04:00"),
    ("Europe/Dublin", "2040-10-28 03:00", "03:00", "04:00"),
    ("Europe/Dublin", "2041-03-31 03:00", "02:00", "04:00"),
    ("Europe/Dublin", "2041-10-27 03:00", "03:00", "04:00"),
    ("Europe/Dublin", "2042-03-30 03:00", "02:00", "04:00"),
    ("Europe/Dublin", "2042-10-26 03:00", "03:00", "04:00"),
    ("Europe/Dublin", "2043-03-29 03:00", "02:00", "04:00"),
    ("Europe/Dublin", "2043-10-25 03:00", "03:00", "04:00"),
    ("Europe/Madrid", "2026-03-29 03:00", "01:00", "04:00"),
    ("Europe/Madrid", "2026-10-25 03:00", "02:00", "04:00"),
    ("Europe/Madrid", "2027-03-28 03:00", "01:00", "04:00"),
    ("Europe/Madrid", "2027-10-31 03:00", "02:00", "04:00"),
    ("Europe/Madrid", "2028-03-26 03:00", "01:00", "04:00"),
    ("Europe/Madrid", "2028-10-29 03:00", "02:00", "04:00"),
    ("Europe/Madrid", "2029-03-25 03:00", "01:00", "04:00"),
    ("Europe/Madrid", "2029-10-28 03:00", "02:00", "04:00"),
    ("Europe/Madrid", "2030-03-31 03:00", "01:00", "04:00"),
    ("Europe/Madrid", "2030-10-27 03:00", "02:00", "04:00"),
    ("Europe/Madrid", "2031-03-30 03:00", "01:00", "04:00"),
    ("Europe/Madrid", "2031-10-26 03:00", "02:00", "04:00"),
    ("Europe/Madrid", "2032-03-28 03:00", "01:00", "04:00"),
    ("Europe/Madrid", "2032-10-31 03:00", "02:00", "04:00"),
    ("Europe/Madrid", "2033-03-27 03:00", "01:00", "04:00"),
    ("Europe/Madrid", "2033-10-30 03:00", "02:00", "04:00"),
    ("Europe/Madrid", "2034-03-26 03:00", "01:00", "04:00"),
    ("Europe/Madrid", "2034-10-29 03:00", "02:00", "04:00"),
    ("Europe/Madrid", "2035-03-25 03:00", "01:00", "04:00"),
    ("Europe/Madrid", "2035-10-28 03:00", "02:00", "04:00"),
    ("Europe/Madrid", "2036-03-30 03:00", "01:00", "04:00"),
    ("Europe/Madrid", "2036-10-26 03:00", "02:00", "04:00"),
    ("Europe/Madrid", "2037-03-29 03:00", "01:00", "04:00"),
    ("Europe/Madrid", "2037-10-25 03:00", "02:00", "04:00"),
    ("Europe/Madrid", "2038-03-28 03:00", "01:00", "04:00"),
    ("Europe/Madrid", "2038-10-31 03:00", "02:00", "04:00"),
    ("Europe/Madrid", "2039-03-27 03:00", "01:00", "04:00"),
    ("Europe/Madrid", "2039-10-30 03:00", "02:00", "04:00"),
    ("Europe/Madrid", "2040-03-25 03:00", "01:00", "04:00"),
    ("Europe/Madrid", "2040-10-28 03:00", "02:00", "04:00"),
    ("Europe/Madrid", "2041-03-31 03:00", "01:00", "04:00"),
    ("Europe/Madrid", "2041-10-27 03:00", "02:00", "04:00"),
    ("Europe/Madrid", "2042-03-30 03:00", "01:00", "04:00"),
    ("Europe/Madrid", "2042-10-26 03:00", "02:00", "04:00"),
    ("Europe/Madrid", "2043-03-29 03:00", "01:00", "04:00"),
    ("Europe/Madrid", "2043-10-25 03:00", "02:00", "04:00"),
]


@pytest.mark.parametrize(("zone", "wall", "in_utc", "wall_later"), NIGHTS)
def test_an_hour_is_sixty_minutes_in_the_night_of_the_change(
    zone: str, wall: str, in_utc: str, wall_later: str
) -> None:
    local = ZoneInfo(zone)
    received = datetime.fromisoformat(wall).replace(tzinfo=local)
    due = counting.due_at(clock("tco.removal"), received, zone=local)
    assert f"{received.astimezone(UTC):%H:%M}" == in_utc
    assert f"{due.astimezone(local):%H:%M}" == wall_later
    assert due - received.astimezone(UTC) == HOUR
    alerts = counting.warnings(clock("tco.removal"), received, due)
    before = [int((due - alert.at).total_seconds() // 60) for alert in alerts]
    assert before == [60, 45, 30, 15]
    assert [alert.escalates for alert in alerts] == [False, False, True, True]


@pytest.mark.django_db
@pytest.mark.parametrize("wall", ["2027-03-28 03:00", "2027-10-31 03:00"])
def test_the_night_is_warned_of_escalated_and_recorded(wall: str) -> None:
    local = ZoneInfo("Europe/Berlin")
    received = datetime.fromisoformat(wall).replace(tzinfo=local).astimezone(UTC)
    deadlines.start("tco.removal", subject="order:night", by=SYSTEM, now=received, zone=local)
    for minutes in range(0, 75, 5):
        now = received + timedelta(minutes=minutes)
        deadlines.warned(now=now)
        deadlines.missed(now=now)
    told = Fact.objects.filter(subject="order:night").exclude(kind=FactKind.DEADLINE_STARTED).order_by("seq")
    assert [(fact.kind, int((fact.at - received).total_seconds() // 60)) for fact in told] == [
        ("deadline.warned", 0),
        ("deadline.warned", 15),
        ("deadline.escalated", 30),
        ("deadline.escalated", 45),
        ("deadline.missed", 65),
    ]
    kept = Deadline.objects.get(subject="order:night")
    assert (kept.started_at, kept.due_at - kept.started_at) == (received, HOUR)

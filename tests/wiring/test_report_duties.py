"""The lane of reports: what was asked for is made, by kind where the law counts by kind."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hakam.compliance.models import Deadline, MadeReport
from hakam.compliance.reports import keeping, making
from hakam.compliance.reports.period import year
from hakam.compliance.reports.sheets import Stated
from hakam.regulator import contacts
from hakam.regulator.contacts import Contacts
from hakam.vocabulary.actor import SYSTEM
from hakam.wiring import report_duties

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(("law", "kinds"), [("tco", 1), ("uk", 16)])
def test_the_lane_makes_what_was_asked_for(law: str, kinds: int) -> None:
    make, *_others = report_duties.tasks("p")
    assert make.run(NOW) == 0
    making.ask("p", law, year(2025), stated=Stated(provider="P", service="S"), by=SYSTEM, now=NOW)
    assert make.run(NOW) == 1
    (page,) = keeping.sheets_of(MadeReport.objects.get())
    assert len({row[1] for row in page.rows}) == kinds


def test_the_lane_starts_the_clocks() -> None:
    _make, start, *_others = report_duties.tasks("p")
    assert start.run(NOW) == 0  # nothing is on record yet
    contacts.publish("p", Contacts(), by=SYSTEM, now=NOW.replace(year=2025))
    assert start.run(NOW) == 1
    assert Deadline.objects.get().clock == "report.yearly"

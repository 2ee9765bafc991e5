"""The clocks of each law as a table of dates, reckoned by hand: where it runs, when it starts, when it runs out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hakam.compliance.clocks import Clock, ClockKind, clock, clocks
from hakam.compliance.counting import due_at, latest, warnings

TABLE = """
# clock                    zone               starts (UTC)          runs out (UTC)
# Hours pass, whatever the wall clock does: CET becomes CEST on 29 March, CEST becomes CET on 25 October.
tco.removal                Europe/Berlin      2026-03-29T00:30:00   2026-03-29T01:30:00
tco.removal                Europe/Berlin      2026-10-25T00:30:00   2026-10-25T01:30:00
tco.removal                UTC                2026-12-31T23:30:00   2027-01-01T00:30:00
tco.feedback               UTC                2026-02-28T23:30:00   2026-03-01T00:30:00
tco.first_contact          Europe/Berlin      2026-03-28T14:00:00   2026-03-29T02:00:00
tco.scrutiny.ask           UTC                2028-02-28T12:00:00   2028-03-01T12:00:00
tco.scrutiny.decision      UTC                2026-02-26T12:00:00   2026-03-01T12:00:00
# A fortnight of days, to the end of a working day: Monday to Monday; Saturday goes on to Monday.
tco.complaint              Europe/Berlin      2026-03-02T09:00:00   2026-03-16T23:00:00
tco.complaint              Europe/Berlin      2026-03-07T09:00:00   2026-03-23T23:00:00
tco.complaint              Europe/Berlin      2026-03-16T09:00:00   2026-03-30T22:00:00
tco.complaint              UTC                2026-03-08T09:00:00   2026-03-24T00:00:00
tco.complaint              Europe/Berlin      2026-03-01T23:30:00   2026-03-16T23:00:00
# Months to the same number of a day or the last of the month; what is kept ends on a Sunday too, a duty does not.
tco.preserve               Europe/Berlin      2026-08-31T12:00:00   2027-02-28T23:00:00
tco.preserve               UTC                2027-08-31T12:00:00   2028-03-01T00:00:00
tco.measures               Europe/Berlin      2026-11-30T12:00:00   2027-03-01T23:00:00
tco.measures               UTC                2026-03-31T00:00:00   2026-07-01T00:00:00
tco.measures.yearly        UTC                2028-02-29T12:00:00   2029-03-01T00:00:00
tco.exposure               UTC                2026-03-02T12:00:00   2027-03-03T00:00:00
tco.silence                UTC                2026-03-02T12:00:00   2026-04-14T00:00:00
# "Before 1 March" (TCO Art. 7(2)) is where the provider is; on the day itself the next one counts.
tco.transparency           UTC                2026-02-28T23:30:00   2026-03-01T00:00:00
tco.transparency           Europe/Berlin      2026-02-28T23:30:00   2027-02-28T23:00:00
tco.transparency           UTC                2026-03-01T00:00:00   2027-03-01T00:00:00
tco.transparency           UTC                2027-12-31T23:59:59   2028-03-01T00:00:00
# DSA Art. 20(1): six months to complain, to the end of a working day: 2 September is a Wednesday, the 5th a Saturday.
complaint.window           UTC                2026-03-02T09:00:00   2026-09-03T00:00:00
complaint.window           UTC                2026-03-05T09:00:00   2026-09-08T00:00:00
complaint.window           Africa/Cairo       2026-03-02T22:30:00   2026-09-03T21:00:00
complaint.window           UTC                2026-08-31T09:00:00   2027-03-02T00:00:00
complaint.answer           UTC                2026-03-02T09:00:00   2026-03-16T09:00:00
notice.receipt             UTC                2026-03-02T23:30:00   2026-03-03T00:30:00
notice.decision            Europe/Berlin      2026-03-28T12:00:00   2026-03-29T12:00:00
notice.decision.flagger    UTC                2026-03-02T13:00:00   2026-03-03T01:00:00
# DSA Art. 21(4), Art. 24(2), Art. 15(1), Art. 42
dispute.decision           UTC                2026-03-02T12:00:00   2026-06-01T00:00:00
recipients.publish         UTC                2026-02-17T00:00:00   2026-08-18T00:00:00
report.yearly              UTC                2026-12-31T12:00:00   2027-03-01T00:00:00
report.yearly              UTC                2027-12-31T12:00:00   2028-03-01T00:00:00
report.half_yearly         UTC                2026-06-30T12:00:00   2026-08-31T00:00:00
report.public              UTC                2026-03-02T12:00:00   2031-03-03T00:00:00
audit.publish              UTC                2026-11-30T12:00:00   2027-03-01T00:00:00
small.grace                UTC                2024-02-29T12:00:00   2025-03-01T00:00:00
# e-Evidence
evidence.production        Europe/Berlin      2026-10-20T12:00:00   2026-10-30T23:00:00
evidence.production.emergency UTC             2026-03-02T20:00:00   2026-03-03T04:00:00
evidence.preservation      UTC                2026-12-31T12:00:00   2027-03-02T00:00:00
# The United Kingdom, the United States, India, Australia, France, Egypt
uk.intimate                Europe/London      2026-03-28T12:00:00   2026-03-30T12:00:00
uk.inspection              UTC                2026-02-25T12:00:00   2026-03-04T12:00:00
us.intimate                America/New_York   2026-03-07T12:00:00   2026-03-09T12:00:00
us.preserve                America/New_York   2026-03-02T03:00:00   2027-03-02T05:00:00
in.order                   Asia/Kolkata       2026-03-02T21:00:00   2026-03-03T00:00:00
in.intimate                Asia/Kolkata       2026-03-02T23:00:00   2026-03-03T01:00:00
in.content                 Asia/Kolkata       2026-03-02T12:00:00   2026-03-04T00:00:00
in.grievance               Asia/Kolkata       2026-02-23T12:00:00   2026-03-02T12:00:00
in.preserve                Asia/Kolkata       2026-03-02T20:00:00   2026-08-30T18:30:00
au.removal                 Australia/Sydney   2026-04-04T12:00:00   2026-04-05T12:00:00
fr.removal                 Europe/Paris       2026-10-24T12:00:00   2026-10-25T12:00:00
eg.retention               Africa/Cairo       2026-03-02T12:00:00   2026-08-29T21:00:00
"""
ROWS = [line.split() for line in TABLE.splitlines() if line.strip() and not line.startswith("#")]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("key", "zone", "starts", "ends"), ROWS, ids=[f"{r[0]}-{r[2]}" for r in ROWS])
def test_each_clock_runs_out_on_its_day(key: str, zone: str, starts: str, ends: str) -> None:
    due = due_at(clock(key), at(starts), zone=ZoneInfo(zone))
    assert due == at(ends)
    assert due.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("key", "starts", "most"),
    [
        ("dispute.decision", "2026-03-02T12:00:00", "2026-08-30T00:00:00"),  # DSA Art. 21(4): 180 days
        ("tco.silence", "2026-03-02T12:00:00", "2026-05-26T00:00:00"),  # twice six weeks
        ("evidence.preservation", "2026-03-02T12:00:00", "2026-06-01T00:00:00"),  # 60 days and 30 more
    ],
)
def test_no_clock_is_extended_beyond_its_day(key: str, starts: str, most: str) -> None:
    assert latest(clock(key), at(starts)) == at(most)


@pytest.mark.parametrize("found", [c for c in clocks().values() if not c.given], ids=lambda c: c.key)
def test_who_is_warned_can_still_act(found: Clock) -> None:
    start = at("2026-03-02T12:00:00")
    due = due_at(found, start)
    for alert in warnings(found, start, due):
        assert start <= alert.at < due
        assert found.kind is not ClockKind.KEEP, "what is kept needs no haste"


def test_the_table_holds_the_periods_that_the_law_itself_counts() -> None:
    # A target is the operator's; a period that the law counts and that was read is reckoned here by hand.
    wanted = {
        c.key for c in clocks().values() if c.jurisdiction == "EU" and c.read and not (c.target or c.given)
    }
    assert wanted - {row[0] for row in ROWS} == set()

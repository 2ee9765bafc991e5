"""Reports stay: in versions, each figure with its facts, each correction with its reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.compliance.reports.conftest import FIRST, PLATFORM, YEAR, K, Year

from hakam.compliance import access
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Deadline, Fact, LedgerHead, MadeReport
from hakam.compliance.reports import keeping, laws
from hakam.compliance.reports.keeping import ReportError
from hakam.compliance.reports.period import half
from hakam.compliance.reports.period import year as year_of
from hakam.compliance.reports.sheets import Stated
from hakam.compliance.reports.writing import as_csv
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.measure import MeasureKind
from hakam.vocabulary.reasons import Source

pytestmark = pytest.mark.django_db
LATER = datetime(YEAR + 1, 2, 1, tzinfo=UTC)


def make(now: datetime = LATER, **more: Any) -> MadeReport:
    stated = Stated(**({"provider": "Maydan Ltd", "service": "Maydan"} | more))
    return keeping.make(PLATFORM, year_of(YEAR), stated=stated, by=SYSTEM, now=now, zone=UTC)


def head() -> None:
    """Let the ledger go on after facts that were written at once."""
    last = Fact.objects.latest("seq")
    LedgerHead.objects.create(pk=1, seq=last.seq, digest=last.digest)


def removal(year: Year, at: datetime = FIRST) -> None:
    year.decision(at, harm="spam", source=Source.OWN_INITIATIVE, illegal=False, measures=[MeasureKind.REMOVE])


def figure(report: MadeReport, part: int = 6, column: int = 5) -> tuple[Any, tuple[int, ...]]:
    """Return the first figure of a part, and the facts that make it."""
    page = next(p for p in keeping.sheets_of(report) if p.part == part)
    return page.rows[0][column], keeping.facts_of(report, part, 0, column)


def test_every_figure_that_is_kept_is_recomputed_from_the_facts_it_names(
    write: Callable[[int], Year],
) -> None:
    # DSA Art. 15(1)
    write(60)
    head()
    report = make()
    checked = 0
    for page in keeping.sheets_of(report):
        for (row, column), count in keeping.places(report, page.part).items():
            facts = keeping.facts_of(report, page.part, row, column)
            assert len(facts) == count
            value = page.rows[row][column]
            items = page.part in {3, 4} and page.header[column].startswith("Number of specific items")
            if items:
                summed = 0
                for seq in facts:
                    found = access.fact(seq)
                    assert found is not None
                    summed += int(found.body.partition('"items":')[2].partition(",")[0].rstrip("}"))
                assert value == summed
            elif isinstance(value, int):
                assert value == count
            checked += 1
    assert checked > 300
    assert keeping.facts_of(report, 6, 9_999, 0) == ()


def test_a_draft_is_made_anew_in_place_of_the_one_before(year: Year) -> None:
    first = make()
    removal(year)
    second = make()
    assert [one.pk for one in keeping.made(PLATFORM)] == [second.pk]
    assert keeping.find(first.pk) is None
    assert figure(second)[0] == 1
    assert second.facts_until > first.facts_until
    assert keeping.published(PLATFORM) == []
    assert keeping.find(second.pk, public=True) is None


def test_what_is_published_stays_and_a_correction_stands_beside_it(year: Year) -> None:
    removal(year)
    first = keeping.publish(make().pk, by=SYSTEM, now=LATER)
    removal(year, FIRST + timedelta(days=3))
    draft = make(LATER + timedelta(days=1))
    with pytest.raises(ReportError, match="say what was corrected"):
        keeping.publish(draft.pk, by=SYSTEM, now=LATER)
    second = keeping.publish(draft.pk, by=SYSTEM, now=LATER, note="One decision came late; counted again.")
    assert [one.version for one in keeping.published(PLATFORM)] == [2, 1]
    assert figure(first)[0] == 1
    assert figure(second)[0] == 2
    assert keeping.differences(first) == []
    changed = {(d.part, d.row, d.column): (d.before, d.after) for d in keeping.differences(second)}
    assert changed[6, 0, 5] == (1, 2)
    assert all(part in {6, 8, 11} for part, _row, _column in changed)
    fact = Fact.objects.filter(kind=FactKind.REPORT_PUBLISHED).latest("seq")
    assert '"version":2' in fact.body


def days_in(report: MadeReport) -> list[object]:
    """Return the days of publication that the report itself names: its own, and that of the one before."""
    return [row[-1] for row in keeping.sheets_of(keeping.find(report.pk) or report)[0].rows[1:3]]


def test_what_is_published_names_the_day_and_that_of_the_report_before(year: Year) -> None:
    # 2024/2835, Annex I, Part 1
    draft = make()
    before = days_in(draft)
    first = keeping.publish(draft.pk, by=SYSTEM, now=LATER)
    second = keeping.publish(
        make(LATER + timedelta(days=1)).pk, by=SYSTEM, now=LATER + timedelta(days=2), note="Late."
    )
    assert not any(before)
    assert days_in(first) == [LATER.date().isoformat(), None]
    assert days_in(second) == [(LATER + timedelta(days=2)).date().isoformat(), LATER.date().isoformat()]
    assert not any(one.part == 1 for one in keeping.differences(second))  # no correction of a figure


def test_publishing_meets_its_clock_and_starts_that_of_keeping(year: Year) -> None:
    # DSA Art. 15(1): public for at least five years
    keeping.publish(make().pk, by=SYSTEM, now=LATER)
    clock = Deadline.objects.get(clock="report.public")
    assert clock.due_at.year == LATER.year + 5
    assert clock.subject == f"report:{PLATFORM}/{YEAR}-01-01/{YEAR}-12-31/1"


def test_what_can_not_be_published_says_why(year: Year) -> None:
    report = make(now=FIRST + timedelta(days=40))
    with pytest.raises(ReportError, match="not over"):
        keeping.publish(report.pk, by=SYSTEM, now=FIRST + timedelta(days=40))
    done = keeping.publish(report.pk, by=SYSTEM, now=LATER)
    with pytest.raises(ReportError, match="published already"):
        keeping.publish(done.pk, by=SYSTEM, now=LATER)
    with pytest.raises(ReportError, match="published already"):
        keeping.publish(987_654, by=SYSTEM, now=LATER)
    with pytest.raises(ReportError, match="lies ahead"):
        make(now=FIRST - timedelta(days=1))
    assert MadeReport.objects.count() == 1


def test_what_happened_after_it_was_counted_is_not_left_out(year: Year) -> None:
    # DSA Art. 15(1): of the whole period
    draft = make(now=FIRST + timedelta(days=40))
    removal(year, FIRST + timedelta(days=300))
    with pytest.raises(ReportError, match="count it again"):
        keeping.publish(draft.pk, by=SYSTEM, now=LATER)
    removal(year, LATER)  # of the year after
    again = make()
    assert figure(again)[0] == figure(draft)[0] + 1
    assert keeping.publish(again.pk, by=SYSTEM, now=LATER).version == 1


def test_every_fact_of_which_a_law_has_figures_counts_as_late() -> None:
    assert set(laws._Walk(PLATFORM, {}).handlers) <= keeping.COUNTED


@pytest.mark.parametrize(
    ("zone", "over"), [("America/New_York", False), ("UTC", True), ("Pacific/Auckland", True)]
)
def test_a_year_is_over_where_the_platform_is(year: Year, zone: str, over: bool, settings: Any) -> None:
    settings.TIME_ZONE = zone
    now = datetime(YEAR + 1, 1, 1, 3, tzinfo=UTC)
    report = make(now)
    if over:
        assert days_in(keeping.publish(report.pk, by=SYSTEM, now=now))[0] == f"{YEAR + 1}-01-01"
    else:
        with pytest.raises(ReportError, match="not over"):
            keeping.publish(report.pk, by=SYSTEM, now=now)


def test_a_half_year_is_another_report_than_its_year(year: Year) -> None:
    keeping.publish(make().pk, by=SYSTEM, now=LATER)
    stated = Stated(provider="P", service="S")
    part = keeping.make(PLATFORM, half(YEAR, 1), stated=stated, by=SYSTEM, now=LATER, zone=UTC)
    assert keeping.newest(part) is None
    assert keeping.publish(part.pk, by=SYSTEM, now=LATER).version == 1


def test_files_of_a_kept_report_are_those_of_a_fresh_one(write: Callable[[int], Year]) -> None:
    write(40)
    head()
    from hakam.compliance.profile import profile_of  # noqa: PLC0415 -- of this comparison alone
    from hakam.compliance.reports import gathering, sheets  # noqa: PLC0415 -- the same

    report = make()
    tally = gathering.gather(PLATFORM, year_of(YEAR), zone=UTC)
    stated = Stated(provider="Maydan Ltd", service="Maydan")
    fresh = sheets.Report(profile_of(PLATFORM), year_of(YEAR), stated, tally).sheets()
    assert [as_csv(p) for p in keeping.sheets_of(report)] == [as_csv(p) for p in fresh]
    assert K.REPORT_MADE in {fact.kind for fact in access.page(limit=3)}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no wrong answer
@given(st.lists(st.integers(min_value=0, max_value=2**53), max_size=20).map(sorted))
def test_packed_numbers_come_back(numbers: list[int]) -> None:
    assert keeping.unpack(keeping.pack(numbers)) == tuple(numbers)


def test_a_million_facts_take_little_room() -> None:
    assert len(keeping.pack(range(3, 4_000_003, 4))) < 20_000

"""Reports by the worker: asked for, made with progress, taken up after a kill; clocks of those that fall due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Deadline, Fact, MadeReport, ReportWish
from hakam.compliance.profile import Profile, Size, Tier, set_profile
from hakam.compliance.reports import keeping, making
from hakam.compliance.reports.keeping import ReportError
from hakam.compliance.reports.making import WishState
from hakam.compliance.reports.period import year
from hakam.compliance.reports.sheets import Stated
from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
LENA = Actor(ActorKind.STAFF, "7")
MINUTE = timedelta(minutes=1)


def ask(law: str = "dsa", *, number: int = 2025, now: datetime = NOW) -> ReportWish:
    return making.ask("p", law, year(number), stated=Stated(provider="P", service="S"), by=LENA, now=now)


def run(now: datetime = NOW) -> int:
    return making.run_next(now=now, zone=UTC, groups={})


def test_a_report_is_made_by_the_worker_in_the_name_of_who_asked() -> None:
    wish = ask()
    assert making.waiting("p") == [wish]
    assert run() == 1
    wish.refresh_from_db()
    report = MadeReport.objects.get()
    assert (wish.state, wish.report_id) == (WishState.DONE, report.pk)
    assert report.made_by == "staff:7"
    assert making.waiting("p") == []
    assert run() == 0


def test_the_oldest_wish_goes_first_and_one_at_a_time() -> None:
    ask("uk")
    ask("tco", now=NOW - MINUTE)
    run()
    assert MadeReport.objects.get().law == "tco"
    run()
    assert MadeReport.objects.count() == 2


def test_asking_again_asks_once() -> None:
    ask()
    ask()
    assert run() + run() == 1
    again = ask()
    assert again.state == WishState.ASKED
    assert run() == 1
    assert MadeReport.objects.count() == 1  # the draft was made anew


def test_a_killed_worker_leaves_its_wish_to_the_next() -> None:
    wish = ask()
    ReportWish.objects.filter(pk=wish.pk).update(state=WishState.RUNNING, beat_at=NOW)
    assert run(NOW + MINUTE) == 0  # it gives signs of life
    assert run(NOW + 3 * MINUTE) == 1
    wish.refresh_from_db()
    assert wish.state == WishState.DONE


def test_what_can_not_be_made_is_told() -> None:
    with pytest.raises(ReportError):
        ask(number=2027)
    with pytest.raises(ReportError):
        ask("moon")
    wish = ask()
    ReportWish.objects.filter(pk=wish.pk).update(first="2027-01-01", last="2027-12-31")
    run()
    wish.refresh_from_db()
    assert wish.state == WishState.FAILED
    assert wish.error
    assert making.waiting("p") == [wish]


def test_progress_is_told_by_facts() -> None:
    seen: list[int] = []
    with transaction.atomic():
        for n in range(3):
            ledger.record(FactKind.CASE_OPENED, by=SYSTEM, now=NOW, subject=f"case:{n}")
            ledger.record(
                FactKind.ORDER_RECEIVED, by=SYSTEM, now=NOW - 90 * timedelta(days=1), subject=f"order:{n}",
                body={"platform": "p", "kind": "act", "law": "dsa", "harm": "spam", "items": 1, "country": "DE"},
            )  # fmt: skip
    keeping.make(
        "p",
        year(2025),
        stated=Stated(provider="P", service="S"),
        by=SYSTEM,
        now=NOW,
        zone=UTC,
        progress=seen.append,
    )
    assert seen
    assert max(seen) == 6


# Clocks ----------------------------------------------------------------------------------------------


def clocks() -> dict[str, Deadline]:
    return {one.clock: one for one in Deadline.objects.all()}


def old_record() -> None:
    """Let the record begin in 2025."""
    if not Fact.objects.filter(at__year=2025).exists():
        at = datetime(2025, 1, 2, tzinfo=UTC)
        with transaction.atomic():
            ledger.record(FactKind.CONTACTS_CHANGED, by=SYSTEM, now=at, subject="platform:p", body={})


def start(now: datetime = NOW, *, old: bool = True) -> int:
    """Start what is due, where the record began in 2025 unless `old` is false."""
    if old:
        old_record()
    return making.start_due("p", now=now, zone=UTC)


def test_the_clock_of_the_yearly_report_starts_by_itself_and_once() -> None:
    # DSA Art. 15(1)
    assert start() == 1
    assert start() == 0
    clock = clocks()["report.yearly"]
    assert clock.started_at.date().isoformat() == "2025-12-31"
    assert clock.due_at.date().isoformat() == "2026-03-01"
    assert clock.subject == "report:p/2025-01-01/2025-12-31"


def test_a_house_that_began_this_year_owes_no_report_of_the_last_one() -> None:
    # DSA Art. 15(1)
    assert start(old=False) == 0
    with transaction.atomic():
        ledger.record(FactKind.CONTACTS_CHANGED, by=SYSTEM, now=NOW, subject="platform:p", body={})
    assert start(old=False) == 0
    assert start(NOW.replace(year=NOW.year + 1), old=False) == 1


def test_publishing_meets_it() -> None:
    start()
    ask()
    run()
    keeping.publish(MadeReport.objects.get().pk, by=SYSTEM, now=NOW)
    assert clocks()["report.yearly"].met_at == NOW
    assert start() == 0


def test_what_was_published_before_starts_nothing() -> None:
    ask()
    run()
    keeping.publish(MadeReport.objects.get().pk, by=SYSTEM, now=NOW)
    assert start() == 0


def test_who_owes_no_report_has_no_clock() -> None:
    set_profile(Profile(platform="p", size=Size.MICRO), by=SYSTEM, now=NOW)
    assert start() == 0


def test_a_very_large_platform_reports_twice_a_year() -> None:
    # DSA Art. 42(1)
    old_record()
    set_profile(Profile(platform="p", tier=Tier.VERY_LARGE), by=SYSTEM, now=NOW)
    start()
    assert clocks()["report.half_yearly"].subject == "report:p/2025-07-01/2025-12-31"
    start(NOW.replace(month=7))
    found = Deadline.objects.filter(clock="report.half_yearly").order_by("-pk")[0]
    assert found.subject == "report:p/2026-01-01/2026-06-30"


@pytest.mark.parametrize(("law", "expected"), [("tco", 1), ("dsa", 0)])
def test_terrorist_content_is_reported_where_an_order_came(law: str, expected: int) -> None:
    # TCO Art. 7(2)
    with transaction.atomic():
        ledger.record(
            FactKind.ORDER_RECEIVED, by=SYSTEM, now=datetime(2025, 6, 1, tzinfo=UTC), subject="order:1",
            body={"platform": "p", "law": law, "kind": "act", "harm": "terrorism_threat", "items": 1, "country": "DE"},
        )  # fmt: skip
    start()
    found = Deadline.objects.filter(clock="tco.transparency")
    assert found.count() == expected
    if expected:
        assert found[0].due_at.date().isoformat() == "2026-03-01"
        ask("tco")
        run()
        keeping.publish(MadeReport.objects.get(law="tco").pk, by=SYSTEM, now=NOW)
        assert Deadline.objects.get(clock="tco.transparency").met_at == NOW

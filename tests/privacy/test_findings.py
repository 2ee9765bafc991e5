"""What a data protection officer must be told: late answers, one person alone, holds that are over or missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.privacy.conftest import DAY, NOW, YEAR, World
from tests.privacy.test_requests import enter, released

from hakam.compliance.models import Deadline
from hakam.compliance.profile import Profile, set_profile
from hakam.intake.models import Authority, Order
from hakam.privacy import holds, retention, schedule
from hakam.privacy.findings import CODES, check
from hakam.privacy.models import Hold, Pass, Project, Subject
from hakam.safeguarding.models import Report
from hakam.testing import scene
from hakam.vocabulary.finding import Severity

pytestmark = pytest.mark.django_db


def codes(now: datetime = NOW) -> list[str]:
    return [one.code for one in check(now=now)]


def test_a_new_house_is_sound(world: World) -> None:
    assert codes() == []
    assert list(check()) == []


def test_who_asked_waits_a_month_and_no_longer(world: World) -> None:
    # GDPR Art. 12(3)
    made = enter(world)
    assert codes(NOW + 28 * DAY) == []
    (found,) = check(now=NOW + 40 * DAY)
    assert (found.code, found.subject, found.severity) == (
        "D001",
        f"data_request:{made.pk}",
        Severity.WARNING,
    )
    Deadline.objects.update(met_at=NOW + 20 * DAY)
    assert codes(NOW + 40 * DAY) == []


def test_one_person_alone_is_an_error(world: World) -> None:
    made = released(world)
    assert codes() == []
    Subject.objects.filter(pk=made.pk).update(prepared_by=made.released_by)
    (found,) = check(now=NOW)
    assert (found.code, found.severity) == ("D002", Severity.ERROR)


def test_a_hold_that_nobody_ended_is_named(world: World) -> None:
    hold = holds.place("item:maydan/post/7", reason="r", until=NOW + 30 * DAY, by=world.amal.actor, now=NOW)
    assert codes(NOW + 31 * DAY) == []  # the worker comes by within two days
    assert [one.subject for one in check(now=NOW + 33 * DAY)] == [f"hold:{hold.pk}"]
    holds.lapse_due(NOW + 33 * DAY)
    assert codes(NOW + 33 * DAY) == []


def test_a_schedule_that_stands_still_is_named(world: World) -> None:
    assert codes(NOW + YEAR) == []  # it never ran: a house that was just made
    while retention.run(world.stores, now=NOW):
        pass
    assert Pass.objects.exists()
    assert codes(NOW + DAY) == []
    assert "D004" in codes(NOW + 4 * DAY)


def test_a_key_of_pseudonyms_does_not_outlive_its_project(world: World) -> None:
    # DSA Art. 40
    made = Project.objects.create(
        title="t", researcher="r", email="r@uni.example", purpose="p", platform=scene.PLATFORM,
        first=NOW.date(), last=NOW.date(), owner="staff:1", state="made", asked_at=NOW, key="k",
        expires_on=(NOW + DAY).date(),
    )  # fmt: skip
    assert codes(NOW + 2 * DAY) == []
    assert [one.subject for one in check(now=NOW + 5 * DAY) if one.code == "D005"] == [f"research:{made.pk}"]
    Project.objects.update(key="", document="")
    assert "D005" not in codes(NOW + 5 * DAY)


def carried_out(kind: str = "removal", **contents: object) -> Order:
    office = Authority.objects.create(
        name=f"Office {Authority.objects.count()}", kind="law_enforcement", country="DE", email="o@office.example",
        registered_by="staff:0", registered_at=NOW,
    )  # fmt: skip
    return Order.objects.create(
        platform=scene.PLATFORM, kind=kind, authority=office, state="carried_out", received_at=NOW, carried_out_at=NOW,
        contents={"kind": kind, "urls": ["https://maydan.example/1"], **contents},
    )  # fmt: skip


def test_what_a_removal_order_took_without_a_hold_is_an_error(world: World) -> None:
    # TCO Art. 6(2)
    order = carried_out()
    assert codes(NOW + DAY) == []
    (found,) = check(now=NOW + 5 * DAY)
    assert (found.code, found.subject, found.severity) == ("D006", f"order:{order.pk}", Severity.ERROR)
    holds.place(
        "item:maydan/post/1",
        reason="r",
        until=NOW + YEAR,
        origin=f"order:{order.pk}",
        by=world.amal.actor,
        now=NOW,
    )
    assert codes(NOW + 5 * DAY) == []
    Hold.objects.update(origin=None)
    assert codes(NOW + 200 * DAY) == []  # its six months are over


def test_orders_to_act_need_no_hold(world: World) -> None:
    carried_out("act")
    carried_out("removal", urls=[])
    assert codes(NOW + 5 * DAY) == []


def test_a_filed_report_of_child_abuse_without_its_hold_is_an_error(world: World) -> None:
    made = Report.objects.create(
        body="ncmec", platform=scene.PLATFORM, case=1, state="filed", contents={}, prepared_by="staff:1",
        prepared_at=NOW, approved_by="staff:2", filed_at=NOW,
    )  # fmt: skip
    assert codes(NOW + timedelta(hours=1)) == []
    assert [(one.code, one.subject) for one in check(now=NOW + 5 * DAY)] == [
        ("D007", f"child_report:{made.pk}")
    ]
    holds.place(
        "case:1", reason="r", until=NOW + YEAR, origin=f"child_report:{made.pk}", by=world.amal.actor, now=NOW
    )
    assert codes(NOW + 5 * DAY) == []


def test_every_code_begins_with_the_letter_of_the_room() -> None:
    assert all(code.startswith("D") and CODES[code][0].islower() for code in CODES)


def test_a_law_that_lets_data_be_kept_longer_than_the_schedule_does_is_named(world: World) -> None:
    # DIS Standard 2024: two years
    set_profile(Profile(platform="maydan", countries=("EG",)), by=world.amal.actor, now=NOW)
    assert codes(datetime(2026, 12, 1, tzinfo=UTC)) == []  # events are kept for 180 days anyhow
    set_profile(Profile(platform="maydan", countries=("AU",)), by=world.amal.actor, now=NOW)
    found = [one for one in check(now=datetime(2026, 12, 1, tzinfo=UTC)) if one.code == "D008"]
    assert [one.subject for one in found] == ["retention:cases", "retention:media"]
    assert "DIS Standard 2024" in (found[0].hint or "")


def test_events_that_go_before_180_days_are_named_in_egypt(world: World) -> None:
    # Law 175/2018
    set_profile(Profile(platform="maydan", countries=("EG",)), by=world.amal.actor, now=NOW)
    made = schedule.propose(
        "events", months=1, days=0, ground="GDPR Art. 5(1)(e)", because="less", by=world.amal.actor, now=NOW
    )
    schedule.settle(made.pk, confirm=True, by=world.basil.actor, now=NOW)
    found = [one.subject for one in check(now=datetime(2026, 12, 1, tzinfo=UTC)) if one.code == "D008"]
    assert found == ["retention:events"]

"""On call: who has the role is told by e-mail, in his language, once, at any hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hakam.compliance import deadlines, ledger
from hakam.compliance.facts import FactKind
from hakam.enforcement import alerts
from hakam.enforcement.models import Effect
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.wiring import subscriptions

NOW = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # the night in which summer time begins
pytestmark = pytest.mark.django_db


def letters() -> list[dict[str, str]]:
    return [
        effect.payload for effect in Effect.objects.filter(kind="staff.alert").order_by("created_at", "key")
    ]


def pass_on(now: datetime) -> None:
    deadlines.warned(now=now)
    deadlines.missed(now=now)
    for fact in ledger.facts_after(0, kinds=alerts.KINDS):
        alerts.on_fact(fact, now)


def test_a_running_order_wakes_whoever_is_named_and_then_others() -> None:
    lead = scene.person("lead", Role.INCIDENT_LEAD)
    lawyer = scene.person("lawyer", Role.LEGAL, language="ar")
    boss = scene.person("boss", Role.ADMINISTRATOR)
    scene.person("moderator")
    deadlines.start("tco.removal", subject="order:1", by=SYSTEM, now=NOW)
    told = []
    for minute in (0, 15, 30, 45, 61):
        before = len(letters())
        pass_on(NOW + timedelta(minutes=minute))
        told.append([letter["to"] for letter in letters()[before:]])
    assert told == [[lead.email], [lead.email], [lawyer.email], [boss.email], [boss.email]]
    assert letters()[-1]["subject"] == "Missed: Remove terrorist content on an order"
    arabic = letters()[2]
    assert arabic["language"] == "ar"
    assert "إزالة المحتوى الإرهابي بموجب أمر" in arabic["subject"]


def test_where_nobody_has_the_role_an_administrator_is_told() -> None:
    boss = scene.person("boss", Role.ADMINISTRATOR)
    deadlines.start("tco.removal", subject="order:1", by=SYSTEM, now=NOW)
    pass_on(NOW)
    assert [letter["to"] for letter in letters()] == [boss.email]


def test_a_target_of_the_house_wakes_nobody() -> None:
    scene.person("senior", Role.SENIOR_MODERATOR)
    deadlines.start("notice.decision", subject="notice:1", by=SYSTEM, now=NOW)
    pass_on(NOW + timedelta(hours=19))
    assert ledger.story("notice:1")[-1].kind == FactKind.DEADLINE_WARNED
    assert letters() == []


def test_the_worker_passes_warnings_on_and_the_letter_leaves() -> None:
    scene.person("lead", Role.INCIDENT_LEAD)
    deadlines.start("tco.removal", subject="order:1", by=SYSTEM, now=NOW)
    deadlines.warned(now=NOW)
    subscriptions.advance_all(now=NOW)
    sent = scene.deliver(NOW + timedelta(seconds=1))
    assert [message.data["to"] for message in sent.messages] == ["lead@example.org"]
    assert sent.messages[0].data["links"][0]["url"].endswith("/desk/clocks")

"""A platform asks how far a notice of a crowd is, and hands on the complaint against its outcome."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from tests.api.conftest import Caller, problem, vault
from tests.intake import flood as floods
from tests.intake.flood import PLATFORM_KEY, Flood, decided

from hakam.api.problems import ProblemKind
from hakam.intake import crowds
from hakam.intake.models import Notice
from hakam.staff.models import User
from hakam.storage.event_log import EventLog

OPENED: dict[str, EventLog] = {}


def notice_log() -> EventLog:
    """Lend the log of notices of the test that runs."""
    return OPENED["log"]


@pytest.fixture
def flood(
    tmp_path: Path, platform: Caller, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Flood]:
    monkeypatch.setattr(crowds, "FULL", 5)
    monkeypatch.setattr(floods, "NOW", timezone.now())
    monkeypatch.setattr(floods, "LATER", timezone.now() + timedelta(seconds=1))
    made = Flood(tmp_path, vault())
    OPENED["log"] = made.log
    settings.HAKAM_NOTICE_LOG = f"{__name__}.notice_log"
    yield made
    made.log.close()
    OPENED.clear()


def test_a_notice_can_be_asked_for_before_the_worker_came_to_it(platform: Caller, flood: Flood) -> None:
    [made] = flood.report(1, by=PLATFORM_KEY)
    answer = platform.get(f"/notices/{made.id}").json()
    assert (answer["id"], answer["answered"], answer["items"][0]["upheld"]) == (made.id, False, None)
    assert answer["link"].endswith(f"/n/{made.token}")


def test_a_notice_of_a_crowd_is_answered_with_the_others(platform: Caller, flood: Flood, amal: User) -> None:
    made = flood.report(20, by=PLATFORM_KEY)
    flood.take()
    assert platform.get(f"/notices/{made[-1].id}").json()["answered"] is False
    decided(amal)
    answer = platform.get(f"/notices/{made[-1].id}").json()
    assert answer["answered"] is True
    assert answer["items"][0]["upheld"] is False
    assert answer["items"][0]["decision"].startswith("decision:")
    assert not Notice.objects.filter(pk=made[-1].id).exists()  # asking makes nothing


def test_another_platform_sees_nothing_of_it(platform: Caller, flood: Flood) -> None:
    [made] = flood.report(1, by=PLATFORM_KEY)
    [by_anybody] = flood.report(1)
    problem(Caller(platform="another").get(f"/notices/{made.id}"), ProblemKind.NOT_FOUND)
    problem(platform.get(f"/notices/{by_anybody.id}"), ProblemKind.NOT_FOUND)
    problem(platform.get("/notices/no-id"), ProblemKind.NOT_FOUND)


def test_a_notifier_of_a_crowd_complains_through_the_platform(
    platform: Caller, flood: Flood, amal: User
) -> None:
    made = flood.report(20, by=PLATFORM_KEY)
    flood.take()
    given = {"notice": made[-1].id, "text": "It does break the rules."}
    assert platform.post("/complaints", given).status_code >= 400  # nothing is decided yet
    decided(amal)
    answer = platform.post("/complaints", given)
    assert answer.status_code == 201, answer.content
    assert Notice.objects.get(pk=made[-1].id).token == made[-1].token
    again = platform.get(f"/notices/{made[-1].id}").json()
    assert again["items"][0]["complaint_state"] == "open"
    assert again["items"][0]["complain_until"] is None

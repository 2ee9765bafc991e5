"""The pages of incidents, real and rehearsed, break no rule of accessibility: both languages, light, dark, narrow."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser
from tests.console.test_accessibility import LOOKS, NARROW, broken_rules
from tests.incidents.stage import ALL, PACK, said

from hakam.incidents import closing, declaring, renewing, report, team
from hakam.incidents.models import Incident
from hakam.incidents.powers import StricterSettings
from hakam.incidents.states import Power, RoleKind
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene

pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def people(transactional_db: None) -> tuple[User, User]:
    from django.utils import timezone  # noqa: PLC0415

    scene.publish(PACK)
    nadia, root = (
        scene.person(name, role, languages_read=["en", "ar"])
        for name, role in (("nadia", Role.INCIDENT_LEAD), ("root", Role.ADMINISTRATOR))
    )
    now = timezone.now()

    def declare(slug: str, title: str, *, exercise: bool = False) -> Incident:
        told = said(slug=slug, title=title, exercise=exercise)
        chosen = {**ALL, Power.STRICTER: StricterSettings({"flood_limit": "4" if exercise else "5"})}
        return declaring.declare(
            told, chosen, platform=scene.PLATFORM, lead=nadia.pk, by=nadia.actor, now=now
        )

    declare("gone", "Attack at the quay")
    declaring.confirm("gone", by=root.actor, now=now)
    closing.end("gone", because="over", by=nadia.actor, now=now)
    report.publish("gone", words="An attack was streamed.", by=nadia.actor, now=now)
    declare("harbour", "هجوم في المرفأ")
    declaring.confirm("harbour", by=root.actor, now=now)
    team.note_told("harbour", whom="Europol", words="Three accounts.", by=nadia.actor, now=now)
    team.give_role("harbour", RoleKind.DEPUTY, root, by=nadia.actor, now=now)
    renewing.ask_renewal("harbour", hours=12, reason="It goes on.", by=nadia.actor, now=now)
    declare("drill", "Drill", exercise=True)
    return nadia, root


@pytest.mark.embedded
@pytest.mark.parametrize(
    "look", [*LOOKS, ("ar", "light", NARROW)], ids=lambda look: f"{look[0]}-{look[1]}-{look[2]['width']}"
)
def test_no_page_of_incidents_breaks_a_rule(
    browser: Browser, live_server: Any, people: tuple[User, User], look: tuple[str, str, dict[str, int]]
) -> None:
    del people
    pages = {
        "root": [
            "/desk/incidents",
            "/desk/incidents/new",
            "/desk/incidents/harbour",
            "/desk/incidents/drill",
            "/desk/incidents/gone",
            "/desk/incidents/gone/report",
        ],
        "": ["/incidents", "/incidents/gone", "/transparency"],
    }
    assert broken_rules(browser, live_server.url, pages, look) == []

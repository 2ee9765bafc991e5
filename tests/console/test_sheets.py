"""The sheets of a report in a real browser: long texts stand in columns in which they can be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser
from tests.console.conftest import Desk
from tests.journeys.conftest import Enter, enter, language

from hakam.compliance.reports import keeping
from hakam.compliance.reports.period import year
from hakam.compliance.reports.sheets import Stated
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

__all__ = ["enter", "language"]
pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.django_db(transaction=True)]


def test_no_text_of_a_sheet_is_squeezed_to_a_word_a_line(
    live_server: Any, settings: Any, browser: Browser, enter: Enter
) -> None:
    settings.HAKAM = replace(settings.HAKAM, platform=scene.PLATFORM)
    scene.publish()
    scene.person("lena", Role.LEGAL)
    desk = Desk()
    last = desk.now - timedelta(days=366)
    made = keeping.make(
        scene.PLATFORM, year(last.year), stated=Stated(provider="P", service="S"), by=SYSTEM, now=desk.now,
        zone=desk.now.tzinfo,
    )  # fmt: skip
    page = enter("lena")
    page.goto(f"/desk/reports/{made.pk}?part=7&all=1")
    heights = page.eval_on_selector_all("table.sheet tbody tr", "rows => rows.map(r => r.offsetHeight)")
    assert len(heights) > 20
    assert max(heights) < 130  # pixels: five lines at most
    assert page.evaluate(
        "document.documentElement.scrollWidth <= innerWidth"
    )  # the sheet scrolls, the page does not

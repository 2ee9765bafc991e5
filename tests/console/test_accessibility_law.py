"""The pages of the rooms of law that need people of their own: child safety, research, disputes, what is owed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser
from tests.console.conftest import Desk
from tests.console.test_accessibility import LOOKS, broken_rules

from hakam.compliance import deadlines
from hakam.compliance.profile import Profile, set_profile
from hakam.console.installation import vault
from hakam.intake import disputes, threats
from hakam.intake.disputes import DisputeOutcome
from hakam.privacy import research
from hakam.safeguarding import reports
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.django_db(transaction=True)]
NARROW = ("ar", "light", {"width": 390, "height": 844})


@pytest.fixture
def house_of_law(live_server: Any) -> dict[str, list[str]]:
    """Give a house in which these pages have something to show; return the pages by who opens them."""
    scene.publish()
    desk = Desk()
    desk.now -= timedelta(days=3)
    lena = scene.person("lena", Role.LEGAL)
    sana = scene.person("sana", Role.CHILD_SAFETY)
    removed = desk.remove(desk.case("They call us vermin"), lena, illegal=True)
    board = disputes.register_body(
        name="Appeals Board", country="IE", email="c@board.example", by=SYSTEM, now=desk.now,
        certified_on=desk.now.date() - timedelta(days=90), certified_until=desk.now.date() + timedelta(days=900),
    )  # fmt: skip
    open_one, lost = (
        disputes.open_dispute(
            body_id=board.pk, decision=f"decision:{removed.pk}", reference=f"AB-{n}", received_at=desk.now,
            by=lena.actor, now=desk.now,
        )
        for n in (1, 2)
    )  # fmt: skip
    disputes.decide(
        str(lost.pk), outcome=DisputeOutcome.REVERSED, text="It quotes somebody.", by=lena.actor, now=desk.now
    )
    abuse = desk.case("zq7", clause="child-abuse", harm="csam")
    report, other = (
        reports.prepare(
            abuse.pk, body, user=sana, platform_name="Maydan", vault=vault(), now=desk.now
        )
        for body in ("ncmec", "nca")
    )  # fmt: skip
    project = research.ask(
        title="How people argue", researcher="R. Sato, University", email="r@uni.example", purpose="Systemic risks",
        platform=scene.PLATFORM, tables=list(research.TABLES)[:2], first=desk.now.date() - timedelta(days=60),
        last=desk.now.date() - timedelta(days=1), expires_on=desk.now.date() + timedelta(days=90), owner=lena.actor,
        now=desk.now,
    )  # fmt: skip
    threatened = desk.case("Tonight.", clause="threat", harm="threat")
    threats.start(
        threatened.pk, what="He says where she lives.", imminent=True, user=lena, vault=vault(), now=desk.now
    )
    deadlines.start(
        "gdpr.request", subject=f"data_request:{project.pk}", by=SYSTEM, now=desk.now - timedelta(days=50)
    )
    deadlines.missed(now=desk.now)
    set_profile(Profile(platform=settings.HAKAM.platform, countries=("DE", "GB")), by=SYSTEM, now=desk.now)
    return {
        "lena": ["/desk/clocks", "/desk/clocks?of=gdpr.request,threat.report", "/desk/disputes",
                 f"/desk/disputes/{open_one.pk}", f"/desk/disputes/{lost.pk}", "/desk/research",
                 f"/desk/research/{project.pk}", f"/desk/cases/{threatened.pk}/", f"/desk/cases/{removed.case_id}/",
                 "/desk/checklists/google-play", "/desk/checklists/apple"],
        "sana": ["/desk/child-reports", f"/desk/child-reports/{report.pk}", f"/desk/child-reports/{other.pk}",
                 f"/desk/child-reports?case={abuse.pk}", f"/desk/cases/{abuse.pk}/", "/desk/clocks"],
    }  # fmt: skip


@pytest.mark.embedded  # what is on a page is the same on any database
@pytest.mark.timeout(600)
@pytest.mark.parametrize("look", [*LOOKS, NARROW], ids=lambda look: f"{look[0]}-{look[1]}-{look[2]['width']}")
def test_no_page_of_the_law_breaks_a_rule(
    browser: Browser,
    live_server: Any,
    house_of_law: dict[str, list[str]],
    look: tuple[str, str, dict[str, int]],
) -> None:
    assert broken_rules(browser, live_server.url, house_of_law, look) == []

"""Journeys through data protection and child protection in a real browser, in English and in Arabic."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.console.conftest import Desk, Stored
from tests.journeys.conftest import Enter, enter, language, press, speaks, submit

from hakam.console.installation import vault
from hakam.privacy import work
from hakam.privacy.models import Hold, Subject
from hakam.privacy.retention import Stores
from hakam.review.models import Case
from hakam.safeguarding.models import Report
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.testing.event_logs import MemoryEventLog

__all__ = ["enter", "language"]
pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def house(live_server: Any, stored: Stored) -> Desk:
    """Give a house with two colleagues of the legal office and two of child safety."""
    scene.publish()
    for name, role in (
        ("lena", Role.LEGAL), ("omar", Role.LEGAL), ("sana", Role.CHILD_SAFETY), ("huda", Role.CHILD_SAFETY),
    ):  # fmt: skip
        made = scene.person(name, role)
        made.first_name, made.last_name = name.title(), "Haddad"
        made.save()
    return Desk()


def serve(stored: Stored, house: Desk) -> None:
    stores = Stores(stored.log, MemoryEventLog(), vault())
    while work.step(stores, secret="key", now=house.now):
        pass


def ask(page: Page, kind: str, language: str) -> Subject:
    page.goto("/desk/data-requests")
    speaks(page, language)
    page.check(f"[data-form=request] [name=kind][value={kind}]")
    page.fill("[data-form=request] [name=account]", "u1")
    page.fill("[data-form=request] [name=platform]", scene.PLATFORM)
    page.fill("[data-form=request] [name=email]", "u1@people.example")
    page.select_option("[data-form=request] [name=language]", language)
    submit(page, "request")
    speaks(page, language)
    page.fill("[data-form=identify] [name=text]", "Signed in on the platform.")
    press(page, "identify", "identify")
    return Subject.objects.get()


def test_somebody_gets_a_copy_of_their_data(
    house: Desk, stored: Stored, enter: Enter, language: str, tmp_path: Path
) -> None:
    # GDPR Art. 15, GDPR Art. 20
    stored.post("my own words")
    lena, omar = enter("lena"), enter("omar")
    made = ask(lena, "access", language)
    serve(stored, house)
    lena.reload()
    assert lena.locator("[data-form=release] button[value=release]").count() == 0  # who prepared it
    omar.goto(f"/desk/data-requests/{made.pk}")
    speaks(omar, language)
    press(omar, "release", "release")
    with omar.expect_download() as download:
        omar.locator("[data-form=take] button[value=take]").click()
    download.value.save_as(tmp_path / "copy.zip")
    with zipfile.ZipFile(io.BytesIO((tmp_path / "copy.zip").read_bytes())) as archive:
        assert json.loads(archive.read("data.json"))["events"][0]["text"] == "my own words"
        page = archive.read(f"data-{language}.html").decode()
    omar.set_content(page)
    expect(omar.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    expect(omar.locator("#events")).to_contain_text("my own words")
    assert omar.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_an_erasure_with_a_hold(house: Desk, stored: Stored, enter: Enter, language: str) -> None:
    # GDPR Art. 17(1), GDPR Art. 17(3)
    stored.post("erase me")
    stored.post("hold me", item="p-held")
    house.remove(house.case("You are vermin"), User.objects.get(username="lena"))
    lena, omar = enter("lena"), enter("omar")
    lena.goto("/desk/holds")
    speaks(lena, language)
    lena.fill("[data-form=hold] [name=target]", f"item:{scene.PLATFORM}/post/p-held")
    lena.fill("[data-form=hold] [name=reason]", "The court asks for it.")
    lena.fill("[data-form=hold] [name=until]", "2099-12-31")
    submit(lena, "hold")
    assert Hold.objects.get().target.endswith("p-held")
    made = ask(lena, "erasure", language)
    serve(stored, house)
    omar.goto(f"/desk/data-requests/{made.pk}")
    speaks(omar, language)
    expect(omar.locator("[data-outcome]")).to_be_visible()
    press(omar, "release", "release")
    serve(stored, house)
    assert [record.raw.count(b"hold me") for record in stored.log.read(0, 9)] == [1]
    assert Case.objects.get().excerpt == ""
    omar.reload()
    expect(omar.locator("[data-outcome] li").first).to_be_visible()


def test_a_report_of_child_abuse_is_completed_approved_and_sent(
    house: Desk, enter: Enter, language: str
) -> None:
    # OSA s.66
    case = house.case("zq7", clause="child-abuse", harm="csam")
    sana, huda = enter("sana"), enter("huda")
    sana.goto(f"/desk/child-reports?case={case.pk}")
    speaks(sana, language)
    sana.check("[data-form=prepare] [name=body][value=nca]")
    submit(sana, "prepare")
    speaks(sana, language)
    sana.select_option("[data-form=report] [name=incident]", "")
    press(sana, "report", "save")
    made = Report.objects.get()
    huda.goto(f"/desk/child-reports/{made.pk}")
    press(huda, "approve", "approve")
    expect(huda.locator("[data-lacks] li")).to_have_count(1)
    sana.select_option("[data-form=report] [name=incident]", "Child Sexual Molestation")
    press(sana, "report", "save")
    huda.goto(f"/desk/child-reports/{made.pk}")
    press(huda, "approve", "approve")
    huda.fill("[data-form=sent] [name=number]", "NCA-7")
    press(huda, "sent", "sent")
    made.refresh_from_db()
    assert (made.state, made.number) == ("filed", "NCA-7")
    huda.goto("/desk/child-reports")
    assert "zq7" not in huda.content()

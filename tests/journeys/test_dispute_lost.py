"""A certified body finds for the person; the platform carries that out, restores the post and pays."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from tests.console.conftest import Desk
from tests.journeys.album import Album
from tests.journeys.conftest import Enter, press, speaks, submit

from hakam.enforcement.models import AppliedMeasure
from hakam.intake.models import Dispute
from hakam.review.lineage import standing
from hakam.staff.models import User
from hakam.testing import scene

pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.django_db(transaction=True)]
BODY = {"en": "Appeals Board Dublin", "ar": "مجلس التظلّمات في دبلن"}
POST = {"en": "They call us vermin.", "ar": "يصفوننا بالحشرات."}
FACTS = {"en": "The post calls people vermin.", "ar": "يصف المنشور الناس بالحشرات."}
FOUND = {
    "en": "The post quotes what others said, and distances itself from it. It is not hate speech.",
    "ar": "ينقل المنشور قول غيره ويتبرأ منه، فليس خطاب كراهية.",
}


def test_a_dispute_that_the_platform_loses(house: Desk, enter: Enter, album: Album, language: str) -> None:
    # DSA Art. 21(2), Art. 21(3), Art. 21(5)
    case = house.case(POST[language], language=language)
    removed = house.remove(case, User.objects.get(username="mina"), facts=FACTS[language])
    scene.deliver(timezone.now())
    lena = enter("lena")
    lena.goto("/desk/disputes")
    speaks(lena, language)
    lena.fill("[data-form=body] [name=name]", BODY[language])
    lena.select_option("[data-form=body] [name=country]", "IE")
    lena.fill("[data-form=body] [name=email]", "cases@board.example")
    lena.fill("[data-form=body] [name=certified_on]", "2025-01-01")
    lena.fill("[data-form=body] [name=certified_until]", "2029-12-31")
    submit(lena, "body")
    lena.fill("[data-form=dispute] [name=decision]", f"decision:{removed.pk}")
    lena.fill("[data-form=dispute] [name=reference]", "AB-2026-17")
    lena.fill("[data-form=dispute] [name=received_at]", house.now.strftime("%Y-%m-%dT00:00"))
    submit(lena, "dispute")
    made = Dispute.objects.get()

    with lena.expect_download() as download:
        lena.locator("button[value=export]").click()
    file = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert [one["text"] for one in file["content"]] == [POST[language]]
    lena.check("[data-form=outcome] [value=reversed]")
    lena.fill("[data-form=outcome] [name=because]", FOUND[language])
    lena.fill("[data-form=outcome] [name=fee]", "250")
    lena.fill("[data-form=outcome] [name=reimburse]", "40.50")
    album.keep(lena, "1-what-the-body-found")
    press(lena, "outcome", "decide")
    speaks(lena, language)
    album.keep(lena, "2-answer-for-it")
    press(lena, "settle", "reverse")
    assert standing(removed).outcome == "no_violation"
    scene.deliver(timezone.now())
    assert AppliedMeasure.objects.get().state == "reversed"
    with lena.expect_navigation():
        lena.locator("button[value=pay]").click()
    made.refresh_from_db()
    assert (made.state, made.implemented_at is not None, made.paid_at is not None) == ("closed", True, True)
    assert (made.fee, made.reimbursed) == (Decimal(250), Decimal("40.50"))
    speaks(lena, language)
    album.keep(lena, "3-carried-out-and-paid")

    author = enter("")
    author.goto(f"/s/{house.statement(removed).token}")
    speaks(author, language)
    expect(author.locator("[role=status]")).to_be_visible()  # it was reversed
    album.keep(author, "4-the-person-reads-it")

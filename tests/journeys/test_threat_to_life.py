"""A moderator on shift sees that somebody's life is in danger; the authorities are told within the hour."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.console.conftest import Desk
from tests.journeys.album import Album
from tests.journeys.conftest import Enter, press, speaks, submit

from hakam.enforcement.models import Effect
from hakam.intake.models import Authority, Threat

pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.django_db(transaction=True)]
POST = {"en": "I know where she lives. Tonight.", "ar": "أعرف أين تسكن. الليلة."}
WHAT = {
    "en": "He says that he will kill her tonight, and names her street.",
    "ar": "يقول إنه سيقتلها الليلة، ويذكر شارعها.",
}
POLICE = {"en": "Federal Police, permanent desk", "ar": "الشرطة الاتحادية، مكتب المناوبة"}


def test_a_threat_to_life(house: Desk, enter: Enter, album: Album, language: str) -> None:
    # DSA Art. 18(1)
    case = house.case(POST[language], clause="threat", harm="threat", language=language)
    office = Authority.objects.create(
        name=POLICE[language], kind="law_enforcement", country="DE", email="p@police.example", language=language,
        phone="+49 611 55", registered_by="staff:0", registered_at=house.now, confirmed_by="staff:1",
        confirmed_at=house.now,
    )  # fmt: skip
    mina, lena = enter("mina"), enter("lena")
    mina.goto(f"/desk/cases/{case.pk}/")
    with mina.expect_navigation():
        mina.locator(f"a[href='/desk/threats?case={case.pk}']").click()  # one step from the case
    speaks(mina, language)
    mina.fill("[data-form=threat] [name=what]", WHAT[language])
    mina.check("[data-form=threat] [name=imminent]")
    mina.select_option("[data-form=threat] [name=countries]", ["DE"])
    album.keep(mina, "1-raised-on-shift")
    submit(mina, "threat")
    expect(mina.locator("[data-clock='threat.report']")).to_be_visible()
    assert mina.locator("[data-form=report-threat]").count() == 0  # a moderator raises, a senior tells
    made = Threat.objects.get()
    assert made.imminent

    lena.goto(f"/desk/threats/{made.pk}")
    speaks(lena, language)
    expect(lena.locator(f"[name=to][value='{office.pk}']")).to_be_checked()  # suggested
    album.keep(lena, "2-whom-to-tell")
    with lena.expect_download() as download:
        lena.locator("button[value=take]").click()
    assert POST[language] in json.dumps(
        json.loads(Path(download.value.path()).read_text("utf-8")), ensure_ascii=False
    )
    press(lena, "report-threat", "report")
    made.refresh_from_db()
    assert (made.state, made.told) == ("reported", [office.pk])
    sent = Effect.objects.get(kind="threat.report").payload
    assert sent["language"] == language
    assert WHAT[language] in sent["sections"][0]["paragraphs"]
    speaks(lena, language)
    album.keep(lena, "3-told")
    mina.goto(f"/desk/cases/{case.pk}/")
    expect(mina.locator("[data-threats]")).to_be_visible()

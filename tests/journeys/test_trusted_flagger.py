"""A trusted flagger is entered, signs in to the one page that there is for them, and goes first."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.console.conftest import Desk
from tests.journeys.album import Album
from tests.journeys.conftest import Enter, press, speaks, submit

from hakam.intake.models import Flagger, Notice
from hakam.review.models import Case

pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.django_db(transaction=True)]
NAME = {"en": "Hotline for a Safe Net", "ar": "مرصد الإنترنت الآمن"}
WORDS = {
    "en": "It calls people vermin and asks to chase them.",
    "ar": "يصف أناسًا بالحشرات ويدعو إلى مطاردتهم.",
}
WHY = {"en": "Inquiry of 2 March", "ar": "استفسار 2 مارس"}


def register(root: Page, language: str) -> Flagger:
    """Enter the body as the Coordinator's letter names it, and open its channel."""
    root.goto("/desk/flaggers")
    speaks(root, language)
    root.fill("[name=name]", NAME[language])
    root.fill("[name=email]", "notices@hotline.example")
    root.select_option("[name=country]", "DE")
    root.fill("[name=coordinator_email]", "dsc@coordinator.example")
    root.fill("[name=awarded_on]", "2025-05-01")
    root.select_option("[name=scope]", ["hate_speech", "threat"])
    submit(root, "flagger")
    flagger = Flagger.objects.get()
    assert flagger.scope == ["hate_speech", "threat"]
    root.select_option("[name=username]", "nora")
    press(root, "channel", "admit")
    speaks(root, language)
    return flagger


def test_a_trusted_flagger(house: Desk, enter: Enter, album: Album, language: str) -> None:
    # DSA Art. 22(1), Art. 22(6)
    house.case("You are vermin" if language == "en" else "أنتم حشرات")
    root = enter("root")
    flagger = register(root, language)

    nora = enter("nora")
    nora.goto("/desk/")
    assert nora.url.endswith("/desk/flag")  # the one page that there is for her
    speaks(nora, language)
    assert nora.locator("#navigation a").count() == 1
    nora.select_option("[name=harm]", "hate_speech")
    nora.fill("[name=addresses]", "https://maydan.example/p/1")
    nora.fill("[name=explanation]", WORDS[language])
    submit(nora, "flag")  # without the statement of good faith
    assert nora.locator("[name=explanation]").input_value() == WORDS[language]
    album.keep(nora, "1-nothing-is-lost")
    nora.check("[name=good_faith]")
    submit(nora, "flag")
    notice = Notice.objects.get()
    assert nora.url.endswith(f"/n/{notice.token}")
    assert notice.trusted

    mina = enter("mina")
    mina.goto("/desk/")
    speaks(mina, language)
    first = Case.objects.order_by("-priority")[0]
    assert first.item_id == "https://maydan.example/p/1"
    expect(mina.locator("tr[data-case]").first).to_have_attribute("data-case", str(first.pk))
    album.keep(mina, "2-first-in-the-queue")

    root.goto(f"/desk/flaggers/{flagger.pk}")
    root.locator("[data-form=status] [name=because]").fill(WHY[language])
    album.keep(root, "3-register")
    press(root, "status", "suspend")
    flagger.refresh_from_db()
    assert flagger.state == "suspended"
    nora.goto("/desk/flag")
    nora.select_option("[name=harm]", "hate_speech")
    nora.fill("[name=addresses]", "https://maydan.example/p/2")
    nora.fill("[name=explanation]", WORDS[language])
    nora.check("[name=good_faith]")
    submit(nora, "flag")
    assert Notice.objects.filter(trusted=True).count() == 1  # nothing goes first any more

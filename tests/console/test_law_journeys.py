"""Journeys through the offices of the law in a real browser, in English and in Arabic: what people click and read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from tests.console.conftest import Desk
from tests.intake.test_orders import PEM

from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.intake.models import (
    Authority,
    Conduct,
    Dispute,
    Flagger,
    Notice,
    NoticeItem,
    Order,
    Suspension,
    Threat,
)
from hakam.review.lineage import standing
from hakam.review.models import Case
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene

pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.django_db(transaction=True)]
LANGUAGES = ["en", "ar"]
Enter = Callable[..., Page]


@pytest.fixture
def house(live_server: Any) -> Desk:
    """Give a house with colleagues of every office."""
    scene.publish()
    for name, role in (
        ("lena", Role.LEGAL),
        ("omar", Role.LEGAL),
        ("root", Role.ADMINISTRATOR),
        ("nora", Role.TRUSTED_FLAGGER),
    ):
        scene.person(name, role)
    return Desk()


@pytest.fixture
def enter(browser: Browser, live_server: Any) -> Any:
    """Return a function that opens a browser, signed in as somebody or as nobody."""
    opened = []

    def open_for(who: str, language: str) -> Page:
        context = browser.new_context(base_url=live_server.url)
        opened.append(context)
        cookies = {"django_language": language}
        if who:
            client = Client()
            client.force_login(User.objects.get(username=who))
            cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies(
            [{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items()]
        )
        page = context.new_page()
        page.set_default_timeout(15_000)
        return page

    yield open_for
    for context in opened:
        context.close()


def speaks(page: Page, language: str) -> None:
    """Check that the page is written in the language, in its direction."""
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    heading = page.locator("h1").first.inner_text()
    arabic = any("\u0600" <= letter <= "\u06ff" for letter in heading)
    assert arabic is (language == "ar") or heading in {"Hotline e. V.", "u9"}, heading


def press(page: Page, form: str, do: str) -> None:
    """Press a button of a form that says what is done, and wait for the page that follows."""
    with page.expect_navigation():
        page.locator(f"[data-form={form}] button[value={do}]").click()


def submit(page: Page, form: str) -> None:
    with page.expect_navigation():
        page.locator(f"[data-form={form}] button:not([type=button])").last.click()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_flagger_is_entered_signs_in_and_goes_first(house: Desk, enter: Enter, language: str) -> None:
    # DSA Art. 22(1)
    house.case("older")
    root = enter("root", language)
    root.goto("/desk/flaggers")
    speaks(root, language)
    root.fill("[name=name]", "Hotline e. V.")
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

    nora = enter("nora", language)
    nora.goto("/desk/")
    assert nora.url.endswith("/desk/flag")  # the one page that there is for her
    speaks(nora, language)
    assert nora.locator("#navigation a").count() == 1
    nora.select_option("[name=harm]", "hate_speech")
    nora.fill("[name=addresses]", "https://maydan.example/p/1")
    nora.fill("[name=explanation]", "It calls people vermin.")
    submit(nora, "flag")  # without the statement of good faith
    assert nora.locator("[name=explanation]").input_value() == "It calls people vermin."
    nora.check("[name=good_faith]")
    submit(nora, "flag")
    notice = Notice.objects.get()
    assert nora.url.endswith(f"/n/{notice.token}")
    assert notice.trusted
    assert Case.objects.order_by("-priority")[0].item_id == "https://maydan.example/p/1"
    root.reload()
    expect(root.locator("h1")).to_have_text("Hotline e. V.")
    root.goto(f"/desk/flaggers/{flagger.pk}")
    press_status = root.locator("[data-form=status] [name=because]")
    press_status.fill("Inquiry of 2 March")
    press(root, "status", "suspend")
    flagger.refresh_from_db()
    assert flagger.state == "suspended"


def wrong_report(page: Page, number: int) -> Notice:
    """Report something through the public form that is then found wrong."""
    page.goto("/report")
    page.select_option("[name=harm]", "hate_speech")
    page.fill("[name=addresses]", f"https://maydan.example/w/{number}")
    page.check("[name=illegal][value=yes]")
    page.fill("[name=explanation]", "I dislike it.")
    page.fill("[name=name]", "N. N.")
    page.fill("[name=email]", "n@example.net")
    page.check("[name=good_faith]")
    submit(page, "report")
    notice = Notice.objects.latest("received_at")
    NoticeItem.objects.filter(notice=notice).update(upheld=False, answered_at=notice.received_at)
    return notice


def mark(page: Page, notice: Notice) -> None:
    page.goto(f"/desk/misuse?ref=notice:{notice.pk}")
    page.fill("[data-form=strike] [name=because]", "Anybody sees it.")
    submit(page, "strike")


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_misuses_notices_is_warned_suspended_and_heard(house: Desk, enter: Enter, language: str) -> None:
    # DSA Art. 23(2), Art. 20(6)
    stranger, lena, omar = enter("", language), enter("lena", language), enter("omar", language)
    mark(lena, wrong_report(stranger, 1))
    speaks(lena, "en" if lena.locator("h1").inner_text() == "u9" else language)
    lena.fill("[data-form=warn] [name=because]", "Please stop.")
    press(lena, "warn", "warn")
    assert lena.locator("[data-form=suspend]").count() == 0
    mark(lena, wrong_report(stranger, 2))
    lena.fill("[data-form=suspend] [name=days]", "7")
    lena.fill("[data-form=suspend] [name=gravity]", "It costs people's time.")
    lena.fill("[data-form=suspend] [name=because]", "It went on.")
    press(lena, "suspend", "suspend")
    made = Suspension.objects.get()
    assert made.factors["strikes"] == 2

    wrong_report(stranger, 3)
    held = Notice.objects.latest("received_at")
    assert held.held_by == made
    with stranger.expect_navigation():
        stranger.locator(f"a[href='/m/{made.conduct.token}']").click()
    speaks(stranger, language)
    expect(stranger.get_by_text("It went on.")).to_be_visible()
    stranger.fill("[data-form=object] [name=text]", "They were right!")
    submit(stranger, "object")
    expect(stranger.locator("[data-objection]")).to_contain_text("They were right!")

    lena.reload()
    assert lena.locator("[data-form=objection]").count() == 0  # she suspended
    omar.goto(f"/desk/misuse/{Conduct.objects.get().pk}")
    omar.fill("[data-form=objection] [name=because]", "You were right.")
    press(omar, "objection", "uphold")
    held.refresh_from_db()
    assert held.held_by is None
    stranger.reload()
    expect(stranger.locator("[data-objection]")).to_contain_text("You were right.")
    told = Effect.objects.filter(kind="complaint.outcome", channel="email").get()
    assert told.payload["language"] == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_removal_order_from_its_arrival_to_annex_two(house: Desk, enter: Enter, language: str) -> None:
    # TCO Art. 3(3), Art. 3(6)
    lena, omar = enter("lena", language), enter("omar", language)
    lena.goto("/desk/authorities")
    speaks(lena, language)
    lena.fill("[name=name]", "Office for Internet Crime")
    lena.select_option("[name=kind]", "law_enforcement")
    lena.select_option("[name=country]", "DE")
    lena.fill("[name=email]", "orders@office.example")
    lena.fill("[name=phone]", "+49 611 1")
    lena.fill("[name=public_key]", PEM)
    lena.select_option("select[name=language]", language)
    submit(lena, "authority")
    office = Authority.objects.get()
    assert lena.locator(f"[data-authority='{office.pk}'] button").count() == 0  # not by who entered it
    omar.goto("/desk/authorities")
    with omar.expect_navigation():
        omar.locator(f"[data-authority='{office.pk}'] button").click()

    lena.goto("/desk/orders")
    speaks(lena, language)
    lena.locator("details summary").first.click()
    form = lena.locator("[data-form=order]")
    form.locator("[name=kind]").select_option("removal")
    form.locator("[name=harm]").select_option("terrorism_incitement")
    form.locator("[name=reference]").fill("BKA-1")
    form.locator("[name=urls]").fill("https://maydan.example/p/78")
    form.locator("[name=reasons]").fill("It calls for attacks.")
    form.locator("[name=content_types][value=incitement]").check()
    submit(lena, "order")
    order = Order.objects.get()
    speaks(lena, language)
    expect(lena.locator("[data-clock='tco.removal']")).to_be_visible()
    assert lena.locator("[data-missing] li").count() == 7  # of Annex I, what was not typed
    lena.fill("[data-form=verify] [name=because]", "Ms M.")
    press(lena, "verify", "verify")
    press(lena, "carry-out", "carry_out")
    assert AppliedMeasure.objects.get().measure == {"kind": "remove"}
    press(lena, "answer", "answer")
    order.refresh_from_db()
    assert order.state == "answered"
    sent = Effect.objects.get(kind="order.answer").payload
    assert sent["language"] == language
    assert ("الملحق الثاني" if language == "ar" else "Annex II") in sent["subject"]
    lena.goto("/desk/orders?state=closed")
    expect(lena.locator(f"[data-order='{order.pk}']")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_threat_to_life_is_raised_and_told(house: Desk, enter: Enter, language: str) -> None:
    # DSA Art. 18(1)
    case = house.case("Tonight.", clause="threat", harm="threat")
    scene.person("mina")
    office = Authority.objects.create(
        name="Police", kind="law_enforcement", country="DE", email="p@police.example", language=language,
        registered_by="staff:0", registered_at=house.now, confirmed_by="staff:1", confirmed_at=house.now,
    )  # fmt: skip
    mina, lena = enter("mina", language), enter("lena", language)
    mina.goto(f"/desk/threats?case={case.pk}")
    speaks(mina, language)
    mina.fill("[data-form=threat] [name=what]", "He will kill her tonight.")
    mina.check("[data-form=threat] [name=imminent]")
    mina.select_option("[data-form=threat] [name=countries]", ["DE"])
    submit(mina, "threat")
    expect(mina.locator("[data-clock='threat.report']")).to_be_visible()
    assert mina.locator("[data-form=report-threat]").count() == 0  # a moderator raises, a senior tells
    made = Threat.objects.get()
    lena.goto(f"/desk/threats/{made.pk}")
    speaks(lena, language)
    expect(lena.locator(f"[name=to][value='{office.pk}']")).to_be_checked()  # suggested
    press(lena, "report-threat", "report")
    made.refresh_from_db()
    assert (made.state, made.told) == ("reported", [office.pk])
    sent = Effect.objects.get(kind="threat.report").payload
    assert sent["language"] == language
    assert "He will kill her tonight." in sent["sections"][0]["paragraphs"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_dispute_is_noted_found_for_the_recipient_and_carried_out(
    house: Desk, enter: Enter, language: str
) -> None:
    # DSA Art. 21(2), Art. 21(5)
    removed = house.remove(house.case(), User.objects.get(username="omar"))
    lena = enter("lena", language)
    lena.goto("/desk/disputes")
    speaks(lena, language)
    lena.fill("[data-form=body] [name=name]", "Appeals Board")
    lena.select_option("[data-form=body] [name=country]", "IE")
    lena.fill("[data-form=body] [name=email]", "cases@board.example")
    lena.fill("[data-form=body] [name=certified_on]", "2025-01-01")
    lena.fill("[data-form=body] [name=certified_until]", "2029-12-31")
    submit(lena, "body")
    lena.fill("[data-form=dispute] [name=decision]", f"decision:{removed.pk}")
    lena.fill("[data-form=dispute] [name=reference]", "AB-1")
    lena.fill("[data-form=dispute] [name=received_at]", "2026-01-02T10:00")
    submit(lena, "dispute")
    lena.check("[data-form=outcome] [value=reversed]")
    lena.fill("[data-form=outcome] [name=because]", "It quotes somebody.")
    lena.fill("[data-form=outcome] [name=fee]", "250")
    press(lena, "outcome", "decide")
    press(lena, "settle", "reverse")
    assert standing(removed).outcome == "no_violation"
    made = Dispute.objects.get()
    assert (made.state, made.implemented_at is not None) == ("closed", True)

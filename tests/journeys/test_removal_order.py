"""A removal order arrives as the form of Annex I, lacks what matters, goes back, comes again and is carried out."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.console.conftest import Desk
from tests.intake.test_orders import PEM
from tests.journeys.album import Album
from tests.journeys.conftest import Enter, press, speaks, submit

from hakam.compliance.models import Deadline
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.intake.models import Authority, Order

pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.django_db(transaction=True)]
OFFICE = {"en": "Office for Internet Crime", "ar": "مكتب مكافحة جرائم الإنترنت"}
WHICH = {
    "en": "The order does not say which post it means. Please name its exact address.",
    "ar": "لا يحدد الأمر المنشور المقصود. نرجو ذكر عنوانه الدقيق.",
}
REASONS = {"en": "It calls for attacks on a market.", "ar": "يدعو إلى الهجوم على سوق."}
SIGNER = {"en": "K. Vogel, head of unit", "ar": "ك. فوغل، رئيس الوحدة"}
COURT = {"en": "Administrative Court, one month", "ar": "المحكمة الإدارية، شهر واحد"}
REACHED = {"en": "Ms Vogel, at the number on file", "ar": "السيدة فوغل، على الرقم المسجل"}
ADDRESS = "https://maydan.example/p/78"
GAPS = Path(__file__).parent.parent / "intake" / "fixtures" / "annex with gaps.txt"


def register(lena: Page, omar: Page, language: str) -> Authority:
    """Enter the authority by one person and confirm it by another."""
    lena.goto("/desk/authorities")
    speaks(lena, language)
    lena.fill("[name=name]", OFFICE[language])
    lena.select_option("[name=kind]", "law_enforcement")
    lena.select_option("[name=country]", "FR")
    lena.fill("[name=email]", "orders@office.example")
    lena.fill("[name=phone]", "+33 1 1")
    lena.fill("[name=public_key]", PEM)
    lena.check("[name=removal]")
    lena.select_option("select[name=language]", language)
    submit(lena, "authority")
    office = Authority.objects.get()
    assert lena.locator(f"[data-authority='{office.pk}'] button").count() == 0  # not by who entered it
    omar.goto("/desk/authorities")
    with omar.expect_navigation():
        omar.locator(f"[data-authority='{office.pk}'] button").click()
    return office


def test_a_removal_order_that_lacks_an_element(
    house: Desk, enter: Enter, album: Album, language: str, tmp_path: Path
) -> None:
    # TCO Art. 3(3), Art. 3(6), Art. 3(8)
    lena, omar = enter("lena"), enter("omar")
    register(lena, omar, language)
    form = tmp_path / "order.txt"
    form.write_text(GAPS.read_text("utf-8").partition("=====\n")[0], encoding="utf-8")
    lena.goto("/desk/orders")
    speaks(lena, language)
    lena.set_input_files("[data-form=read] [name=form]", form)
    submit(lena, "read")
    expect(lena.locator("[data-read] [data-field] .pill.warn").first).to_be_visible()
    album.keep(lena, "1-the-form-is-read", at=lena.locator("[data-read]"))
    lena.select_option("[data-form=order] [name=harm]", "terrorism_incitement")
    submit(lena, "order")
    order = Order.objects.get()
    assert order.document  # the form itself is kept
    expect(lena.locator("[data-clock='tco.removal']")).to_be_visible()
    assert lena.locator("[data-missing] li").count() == 7
    speaks(lena, language)
    album.keep(lena, "2-what-is-missing")

    lena.fill("[data-form=return] [name=because]", WHICH[language])
    press(lena, "return", "return")
    assert Deadline.objects.get(clock="tco.removal").paused_at is not None  # TCO Art. 3(8)
    sent = Effect.objects.get(kind="order.answer").payload
    assert sent["language"] == language
    assert ("الملحق الثالث" if language == "ar" else "Annex III") in sent["subject"]
    assert [one["name"] for one in sent["attachments"]] == [f"annex-3-{order.pk}.pdf"]
    with lena.expect_download() as download:
        lena.locator("a[href$='/annex/3']").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
    album.keep(lena, "3-back-to-the-authority")

    clarify(lena, language)
    expect(lena.locator("[data-missing] li")).to_have_count(0)
    assert Deadline.objects.get(clock="tco.removal").paused_at is None
    lena.fill("[data-form=verify] [name=because]", REACHED[language])
    press(lena, "verify", "verify")
    press(lena, "carry-out", "carry_out")
    assert AppliedMeasure.objects.get().measure == {"kind": "remove"}
    press(lena, "answer", "answer")
    order.refresh_from_db()
    assert order.state == "answered"
    answer = Effect.objects.filter(kind="order.answer").latest("created_at").payload
    assert ("الملحق الثاني" if language == "ar" else "Annex II") in answer["subject"]
    assert [one["name"] for one in answer["attachments"]] == [f"annex-2-{order.pk}.pdf"]
    speaks(lena, language)
    album.keep(lena, "4-carried-out")
    lena.goto("/desk/orders?state=closed")
    expect(lena.locator(f"[data-order='{order.pk}']")).to_be_visible()


def clarify(lena: Page, language: str) -> None:
    """Enter what the authority sent after it was asked."""
    lena.locator("details:has([data-form=clarify]) summary").click()
    for name, value in {
        "issued_at": "2026-03-01T08:00", "urls": ADDRESS, "reasons": REASONS[language],
        "representative": SIGNER[language], "contact": "+33 1 2", "redress_body": COURT[language],
    }.items():  # fmt: skip
        lena.fill(f"[data-form=clarify] [name={name}]", value)
    lena.check("[data-form=clarify] [name=content_types][value=incitement]")
    lena.check("[data-form=clarify] [name=signature]")
    submit(lena, "clarify")

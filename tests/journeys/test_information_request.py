"""An authority asks who an account is: the least that is asked for, released by two people, every copy on record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.console.conftest import Desk
from tests.journeys.album import Album
from tests.journeys.conftest import Enter, press, speaks, submit

from hakam.compliance.models import Fact
from hakam.enforcement.models import Effect
from hakam.intake.models import Authority, Disclosure, Order

pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.django_db(transaction=True)]
COURT = {"en": "Regional Court Bonn", "ar": "المحكمة الإقليمية في بون"}
WHY = {"en": "A threat to a neighbour must be traced.", "ar": "يجب تتبّع تهديد لجار."}
REDRESS = {"en": "Appeal within two weeks.", "ar": "اعتراض خلال أسبوعين."}
REACHED = {"en": "The registry, at the number on file", "ar": "قلم المحكمة، على الرقم المسجل"}


def order(lena: Page, language: str) -> Order:
    """Take the order as it was read."""
    lena.goto("/desk/orders")
    lena.locator("details:has([data-form=order]) summary").first.click()
    form = lena.locator("[data-form=order]")
    form.locator("[name=kind]").select_option("inform")
    form.locator("[name=harm]").select_option("threat")
    for name, value in {
        "reference": "4 Js 9/26", "legal_basis": "Section 100j StPO", "reasons": WHY[language],
        "accounts": "u1", "redress": REDRESS[language],
    }.items():  # fmt: skip
        form.locator(f"[name={name}]").fill(value)
    form.locator("[name=information][value=contact]").check()
    form.locator("[name=language]").select_option("en")
    submit(lena, "order")
    return Order.objects.get()


def test_information_released_by_two_people(house: Desk, enter: Enter, album: Album, language: str) -> None:
    # DSA Art. 10(1), Art. 10(2)(b)
    house.case("I will find you", clause="threat", harm="threat", author="u1", email="u1@people.example")
    house.case("my holiday", author="u2", email="u2@people.example")
    Authority.objects.create(
        name=COURT[language], kind="court", country="DE", email="orders@court.example", phone="+49 228 1",
        language=language, registered_by="staff:0", registered_at=house.now, confirmed_by="staff:1",
        confirmed_at=house.now,
    )  # fmt: skip
    lena, omar = enter("lena"), enter("omar")
    made = order(lena, language)
    speaks(lena, language)
    press(lena, "disclose", "prepare")  # before anybody called back
    expect(lena.locator("[role=alert]")).to_be_visible()
    assert not Disclosure.objects.exists()
    lena.fill("[data-form=verify] [name=because]", REACHED[language])
    press(lena, "verify", "verify")
    press(lena, "disclose", "prepare")
    assert Disclosure.objects.get().fields == {"u1": ["contact"]}  # not the content, not the name
    assert lena.locator("button[value=release]").count() == 0  # not by who prepared it
    speaks(lena, language)
    album.keep(lena, "1-prepared-by-one", at=lena.locator("[data-form=disclose]"))

    omar.goto(f"/desk/orders/{made.pk}")
    speaks(omar, language)
    album.keep(omar, "2-released-by-another", at=omar.locator("[data-form=disclose]"))
    press(omar, "disclose", "release")
    with omar.expect_download() as download:
        omar.locator("button[value=take]").click()
    given = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert given["accounts"] == {"u1": {"contact": {"email": ["u1@people.example"], "language": "en"}}}
    assert Fact.objects.filter(kind="disclosure.taken", subject=f"order:{made.pk}").count() == 1

    omar.reload()
    press(omar, "answer", "answer")
    assert Effect.objects.get(kind="order.answer").payload["language"] == language
    omar.goto(f"/desk/ledger/story?subject=order:{made.pk}")
    speaks(omar, language)
    kinds = list(
        Fact.objects.filter(subject=f"order:{made.pk}").order_by("seq").values_list("kind", flat=True)
    )
    told = [kind for kind in kinds if kind.startswith("disclosure.")]
    assert told == ["disclosure.prepared", "disclosure.released", "disclosure.taken"]
    expect(omar.locator("[data-fact]")).to_have_count(len(kinds))
    album.keep(omar, "3-log-of-disclosures", at=omar.locator("[data-fact]").nth(kinds.index(told[0])))

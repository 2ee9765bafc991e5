"""Somebody reads why their post was removed, objects, and another person finds that they are right."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from tests.console.conftest import Desk
from tests.journeys.album import Album
from tests.journeys.conftest import Enter, speaks, submit

from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.review.models import Complaint
from hakam.staff.models import User
from hakam.testing import scene

pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.django_db(transaction=True)]
POST = {
    "en": "They call us vermin, and we will not be silent about it any more.",
    "ar": "يصفوننا بالحشرات، ولن نسكت على ذلك بعد اليوم.",
}
FACTS = {"en": "The post calls a group of people vermin.", "ar": "يصف المنشور جماعة من الناس بالحشرات."}
OBJECTION = {
    "en": "I quote what was said to us, to show how it sounds. Please read the whole sentence.",
    "ar": "أنقل ما قيل لنا لأبيّن وقعه. أرجو قراءة الجملة كاملة.",
}
ANSWER = {
    "en": "The post quotes an insult to object to it. That is allowed, and the decision was wrong.",
    "ar": "ينقل المنشور الإساءة ليعترض عليها، وهذا جائز، والقرار لم يكن في محله.",
}


def test_a_complaint_that_is_right(house: Desk, enter: Enter, album: Album, language: str) -> None:
    # DSA Art. 17(3), Art. 20(1), Art. 20(4), Art. 20(6)
    case = house.case(POST[language], language=language, email="author@people.example")
    removed = house.remove(case, User.objects.get(username="mina"), facts=FACTS[language])
    scene.deliver(timezone.now())
    assert AppliedMeasure.objects.get().state == "sent"
    author = enter("")
    author.goto(f"/s/{house.statement(removed).token}")
    speaks(author, language)
    expect(author.locator("[data-statement]")).to_contain_text(FACTS[language])
    album.keep(author, "1-statement-of-reasons")
    author.fill("#id_text", OBJECTION[language])
    album.keep(author, "2-objection", at=author.locator("form[data-form=complain]"))
    submit(author, "complain")
    expect(author.locator("ol.way")).to_have_attribute("data-state", "open")
    complaint = Complaint.objects.get()

    mina, basim = enter("mina"), enter("basim")
    mina.goto(f"/desk/complaints/{complaint.pk}")
    expect(mina.locator("[data-may-not]")).to_be_visible()  # she took the decision
    assert mina.locator("form[data-form=complaint]").count() == 0
    basim.goto(f"/desk/complaints/{complaint.pk}")
    speaks(basim, language)
    basim.check("input[name=verdict][value=uphold]")
    basim.fill("#answer", ANSWER[language])
    album.keep(basim, "3-another-person-judges")
    submit(basim, "complaint")

    assert Effect.objects.filter(kind="measure.reverse").exists()
    scene.deliver(timezone.now())
    assert AppliedMeasure.objects.get().state == "reversed"
    author.reload()
    speaks(author, language)
    expect(author.locator("ol.way")).to_have_attribute("data-state", "upheld")
    expect(author.locator("[data-answer]")).to_contain_text(ANSWER[language])
    album.keep(author, "4-reversed")
    author.goto(f"/s/{house.statement(removed).token}")
    expect(author.locator("[role=status]")).to_be_visible()

"""Somebody sends notices that are manifestly unfounded: marked, warned, suspended, heard, and set right."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.console.conftest import Desk
from tests.journeys.album import Album
from tests.journeys.conftest import Enter, press, speaks, submit

from hakam.enforcement.models import Effect
from hakam.intake.models import Conduct, Notice, NoticeItem, Suspension

pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.django_db(transaction=True)]
WORDS = {
    "en": {
        "wrong": "I dislike it.",
        "mark": "A picture of a cake, reported as hate speech.",
        "warn": "You reported pictures of cakes as hate speech. Reports take people's time; please stop.",
        "gravity": "Each report takes a person's time from reports that are right.",
        "suspend": "After the warning you went on reporting what anybody can see is harmless.",
        "object": "The last one was a real insult in the caption. Please look again.",
        "uphold": "You were right: the caption was an insult. The suspension is lifted.",
    },
    "ar": {
        "wrong": "لا يعجبني.",
        "mark": "صورة كعكة أُبلغ عنها بوصفها خطاب كراهية.",
        "warn": "أبلغت عن صور كعك بوصفها خطاب كراهية. البلاغات تأخذ وقت الناس، فنرجو التوقف.",
        "gravity": "يأخذ كل بلاغ وقتًا من بلاغات صحيحة.",
        "suspend": "واصلت بعد التحذير الإبلاغ عما يرى أي أحد أنه غير ضار.",
        "object": "كان في آخرها إساءة حقيقية في الشرح. أرجو النظر مرة أخرى.",
        "uphold": "كنت على حق: كان الشرح إساءة، ورُفع التعليق.",
    },
}


def wrong_report(page: Page, number: int, words: str) -> Notice:
    """Report something through the public form that is then found wrong."""
    page.goto("/report")
    page.select_option("[name=harm]", "hate_speech")
    page.fill("[name=addresses]", f"https://maydan.example/w/{number}")
    page.check("[name=illegal][value=yes]")
    page.fill("[name=explanation]", words)
    page.fill("[name=name]", "N. N.")
    page.fill("[name=email]", "n@example.net")
    page.check("[name=good_faith]")
    submit(page, "report")
    notice = Notice.objects.latest("received_at")
    NoticeItem.objects.filter(notice=notice).update(upheld=False, answered_at=notice.received_at)
    return notice


def mark(page: Page, notice: Notice, because: str) -> None:
    page.goto(f"/desk/misuse?ref=notice:{notice.pk}")
    page.fill("[data-form=strike] [name=because]", because)
    submit(page, "strike")


def test_misuse_with_a_warning(house: Desk, enter: Enter, album: Album, language: str) -> None:
    # DSA Art. 23(2), Art. 23(3), Art. 20(6)
    said = WORDS[language]
    stranger, lena, omar = enter(""), enter("lena"), enter("omar")
    mark(lena, wrong_report(stranger, 1, said["wrong"]), said["mark"])
    speaks(lena, language)
    assert lena.locator("[data-form=suspend]").count() == 0  # nobody is suspended unwarned
    lena.fill("[data-form=warn] [name=because]", said["warn"])
    album.keep(lena, "1-warning")
    press(lena, "warn", "warn")
    assert lena.locator("[data-form=suspend]").count() == 0  # nor before it went on
    mark(lena, wrong_report(stranger, 2, said["wrong"]), said["mark"])
    lena.fill("[data-form=suspend] [name=days]", "7")
    lena.fill("[data-form=suspend] [name=gravity]", said["gravity"])
    lena.fill("[data-form=suspend] [name=because]", said["suspend"])
    album.keep(lena, "2-suspension")
    press(lena, "suspend", "suspend")
    made = Suspension.objects.get()
    assert made.factors["strikes"] == 2

    wrong_report(stranger, 3, said["wrong"])
    held = Notice.objects.latest("received_at")
    assert held.held_by == made
    with stranger.expect_navigation():
        stranger.locator(f"a[href='/m/{made.conduct.token}']").click()
    speaks(stranger, language)
    expect(stranger.get_by_text(said["suspend"])).to_be_visible()
    stranger.fill("[data-form=object] [name=text]", said["object"])
    album.keep(stranger, "3-what-the-person-reads")
    submit(stranger, "object")
    expect(stranger.locator("[data-objection]")).to_contain_text(said["object"])

    lena.reload()
    assert lena.locator("[data-form=objection]").count() == 0  # she suspended
    omar.goto(f"/desk/misuse/{Conduct.objects.get().pk}")
    omar.fill("[data-form=objection] [name=because]", said["uphold"])
    speaks(omar, language)
    album.keep(omar, "4-heard-by-another")
    press(omar, "objection", "uphold")
    held.refresh_from_db()
    assert held.held_by is None
    stranger.reload()
    expect(stranger.locator("[data-objection]")).to_contain_text(said["uphold"])
    told = Effect.objects.filter(kind="complaint.outcome", channel="email").get()
    assert told.payload["language"] == language

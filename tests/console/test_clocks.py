"""The page of clocks: what runs, what is late, what stands still; and every clock there is."""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from tests.console.conftest import SignIn

from hakam.compliance import deadlines
from hakam.compliance.clocks import clock, clocks
from hakam.compliance.profile import Profile, set_profile
from hakam.console.desk.clocks import length_of
from hakam.console.owed import WORDS
from hakam.privacy import findings as privacy
from hakam.privacy.models import Hold
from hakam.regulator import findings as regulator
from hakam.safeguarding import findings as safeguarding
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db


def test_what_runs_is_listed_with_its_law_and_its_story(sign_in: SignIn) -> None:
    now = timezone.now()
    deadlines.start("tco.removal", subject="order:1", by=SYSTEM, now=now - timedelta(hours=2))
    deadlines.start("order.act.effect", subject="order:2", by=SYSTEM, now=now)
    deadlines.start("complaint.window", subject="case:3", by=SYSTEM, now=now)
    deadlines.pause("order.act.effect", subject="order:2", by=SYSTEM, now=now, reason="asked back")
    page = sign_in(Role.LEGAL).get(reverse("console:clocks")).content.decode()
    assert "TCO Art. 3(3)" in page
    assert "overdue by 1 h" in page
    assert "stands still" in page
    assert f"{reverse('console:story')}?subject=order%3A1" in page
    assert reverse("console:case", args=[3]) in page
    for one in clocks().values():
        assert one.law in page


def test_the_page_is_in_arabic_too(sign_in: SignIn) -> None:
    deadlines.start("tco.removal", subject="order:1", by=SYSTEM, now=timezone.now())
    page = sign_in(Role.LEGAL, language="ar").get(reverse("console:clocks")).content.decode()
    assert "إزالة المحتوى الإرهابي بموجب أمر" in page
    assert "المهل" in page


def test_an_empty_page_says_so(sign_in: SignIn) -> None:
    assert "No clock runs" in sign_in(Role.LEGAL).get(reverse("console:clocks")).content.decode()


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("tco.removal", "1 h"),
        ("tco.transparency", "before 1/3"),
        ("complaint.window", "6 months"),
        ("tco.silence", "42 days"),
        ("ae.order", "as the order says"),
    ],
)
def test_lengths_are_said_in_words(key: str, words: str) -> None:
    assert length_of(clock(key)) == words


# What is owed -----------------------------------------------------------------------------------------


def test_each_code_of_the_rooms_of_law_has_words_at_the_desk() -> None:
    assert set(WORDS) == {*regulator.CODES, *privacy.CODES, *safeguarding.CODES}
    with translation.override("en"):
        for codes in (regulator.CODES, privacy.CODES, safeguarding.CODES):
            assert {code: str(WORDS[code]).lower() for code in codes} == {
                c: m.lower() for c, m in codes.items()
            }


def late_everything(now: datetime) -> None:
    """Let something be late in each of the three rooms."""
    for clock_key, subject in (
        ("gdpr.request", f"data_request:{uuid.uuid4()}"),
        ("us.csam", f"child_report:{uuid.uuid4()}"),
    ):
        deadlines.start(clock_key, subject=subject, by=SYSTEM, now=now - timedelta(days=50))
    Hold.objects.create(
        target="item:maydan/post/7", reason="r", placed_by="staff:1", placed_at=now - timedelta(days=90),
        until=now - timedelta(days=30),
    )  # fmt: skip
    set_profile(Profile(platform=scene.PLATFORM, countries=("GB",)), by=SYSTEM, now=now)


def test_what_is_owed_stands_on_top_with_the_page_where_to_act(sign_in: SignIn) -> None:
    late_everything(timezone.now())
    page = sign_in(Role.LEGAL).get(reverse("console:clocks")).content.decode()
    assert {"D001", "D003", "G004"} <= set(re.findall(r'data-owed="(\w+)"', page))
    assert reverse("console:hold", args=[Hold.objects.get().pk]) in page
    assert reverse("console:risks") in page
    assert page.index("What must be looked at") < page.index("Running")
    found = re.findall(r'data-owed="(\w+)"', page)
    assert len(found) == len(set(found))  # several gaps of one subject are one line, with their number
    assert 'data-owed="Y001"' not in page  # reports of child abuse are for those who handle them


def test_child_safety_is_told_of_late_reports_in_arabic(sign_in: SignIn) -> None:
    late_everything(timezone.now())
    page = sign_in(Role.CHILD_SAFETY, language="ar").get(reverse("console:clocks")).content.decode()
    assert set(re.findall(r'data-owed="(\w+)"', page)) == {"Y001"}
    assert "What must be looked at" not in page
    assert "sent in time" not in page


def test_where_nothing_is_owed_nothing_is_said(sign_in: SignIn) -> None:
    assert "data-owed" not in sign_in(Role.LEGAL).get(reverse("console:clocks")).content.decode()


# By hand ----------------------------------------------------------------------------------------------


def test_a_person_starts_a_clock_and_says_that_it_was_done(sign_in: SignIn) -> None:
    # DSA Art. 37(1), DSA Art. 42(4)
    client = sign_in(Role.LEGAL)
    page = client.get(reverse("console:clocks")).content.decode()
    assert 'data-form="by-hand"' in page
    assert all(f'<option value="{key}"' in page for key, one in clocks().items() if one.hand)
    assert 'value="tco.removal"' not in page
    given = {"clock": "audit", "since": "2026-01-05T09:00", "about": "Auditors & Sons", "because": "Post."}
    shown = client.post(reverse("console:begin_clock"), given, follow=True).content.decode()
    assert "Undergo the yearly audit" in shown
    assert "Auditors &amp; Sons" in shown
    assert "Publish the audit" in shown  # what begins with its end
    url = reverse("console:duty_clock", args=["audit", 1])
    assert url in client.get(reverse("console:clocks")).content.decode()
    wrong = client.post(reverse("console:clock_done", args=["audit", 1]), {"note": "  ", "at": ""})
    assert wrong.status_code == 422
    assert "say what was done" in wrong.content.decode()
    assert (
        client.post(reverse("console:clock_done", args=["audit", 1]), {"note": "x", "at": "soon"}).status_code
        == 422
    )
    done = client.post(
        reverse("console:clock_done", args=["audit", 1]), {"note": "It is public.", "at": ""}, follow=True
    )
    assert "It is public." in done.content.decode()
    assert 'data-form="done"' not in done.content.decode()
    page = client.get(reverse("console:clocks")).content.decode()
    assert 'data-clock="audit.publish"' in page


def test_what_was_typed_stays_when_it_is_refused(sign_in: SignIn) -> None:
    client = sign_in(Role.LEGAL)
    answer = client.post(
        reverse("console:begin_clock"),
        {"clock": "audit", "since": "2999-01-01T00:00", "about": "A", "because": "Letter"},
    )
    assert answer.status_code == 422
    assert "this lies ahead" in answer.content.decode()
    assert "Letter" in answer.content.decode()
    assert "<details" in answer.content.decode()
    assert (
        client.post(reverse("console:begin_clock"), {"clock": "tco.removal", "because": "x"}).status_code
        == 422
    )


def test_who_may_only_read_starts_none_and_an_unknown_one_is_not_there(sign_in: SignIn) -> None:
    auditor = sign_in(Role.AUDITOR)
    assert 'data-form="by-hand"' not in auditor.get(reverse("console:clocks")).content.decode()
    assert auditor.post(reverse("console:begin_clock"), {"clock": "audit", "because": "x"}).status_code in {
        403,
        404,
    }
    assert auditor.get(reverse("console:duty_clock", args=["audit", 1])).status_code == 404


def test_a_clock_by_hand_speaks_arabic(sign_in: SignIn) -> None:
    given = {"clock": "adverts.repository", "about": "إعلان 7", "because": "توقف العرض"}
    page = (
        sign_in(Role.LEGAL, language="ar")
        .post(reverse("console:begin_clock"), given, follow=True)
        .content.decode()
    )
    assert "حفظ الإعلان في المستودع" in page
    assert "Started by" not in page
    listing = sign_in(Role.LEGAL, language="ar").get(reverse("console:clocks")).content.decode()
    assert "عرض إعلان لآخر مرة" in listing
    assert "Start a clock" not in listing

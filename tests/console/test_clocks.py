"""The page of clocks: what runs, what is late, what stands still; and every clock there is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.console.conftest import SignIn

from hakam.compliance import deadlines
from hakam.compliance.clocks import clock, clocks
from hakam.console.desk.clocks import length_of
from hakam.staff.roles import Role
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

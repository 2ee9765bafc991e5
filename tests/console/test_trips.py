"""A rule whose quota is used up, on the page of the rules."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from tests.console.conftest import SignIn

from hakam.compliance import rulebook
from hakam.compliance.models import RulebookVersion
from hakam.review import trips
from hakam.review.models import RuleTrip
from hakam.staff.roles import Role
from hakam.vocabulary.verdict import Aside


def said(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


@pytest.fixture
def tripped(book: RulebookVersion) -> RuleTrip:
    with transaction.atomic():
        trips.note(["known-spam"], pack=rulebook.ref_of(book), now=timezone.now())
    return RuleTrip.objects.get(kind="quota")


def test_it_stands_above_the_rules_and_counts_in_the_navigation(sign_in: SignIn, tripped: RuleTrip) -> None:
    answer = said(sign_in(Role.POLICY_LEAD).get("/desk/rules"))
    assert 'data-trip="known-spam"' in answer
    assert "asked for people instead" in answer
    assert "rules whose quota is used up" in answer


def test_who_may_change_rules_settles_it_with_words(sign_in: SignIn, tripped: RuleTrip) -> None:
    lead = sign_in(Role.POLICY_LEAD)
    url = f"/desk/rules/trips/{tripped.pk}"
    assert "Say what you make of it" in said(lead.post(url, {"because": ""}, follow=True))
    answer = said(lead.post(url, {"because": "a raid"}, follow=True))
    assert "data-trip" not in answer
    assert "a raid" in answer
    assert "the-policy-lead" in answer


def test_others_read_it_without_a_form(sign_in: SignIn, tripped: RuleTrip) -> None:
    answer = said(sign_in(Role.MODERATOR).get("/desk/rules"))
    assert "data-trip" in answer
    assert "/desk/rules/trips/" not in answer


def test_it_reads_in_arabic(sign_in: SignIn, tripped: RuleTrip) -> None:
    assert "نفدت حصة قاعدة" in said(sign_in(Role.POLICY_LEAD, language="ar").get("/desk/rules"))


@pytest.fixture
def put_aside(book: RulebookVersion) -> RuleTrip:
    now = timezone.now()
    with transaction.atomic():
        trips.note_aside(
            {"known-spam": Aside("it failed with ValueError", now.timestamp())},
            pack=rulebook.ref_of(book),
            events=12,
            now=now,
        )
    return RuleTrip.objects.get(kind="aside")


def test_a_rule_put_aside_stands_first_with_why(
    sign_in: SignIn, tripped: RuleTrip, put_aside: RuleTrip
) -> None:
    answer = said(sign_in(Role.POLICY_LEAD).get("/desk/rules"))
    assert answer.index('data-aside="known-spam"') < answer.index('data-trip="known-spam"')
    assert "it failed with ValueError" in answer
    assert '<span class="num">12</span> events were judged without it' in answer
    assert "rules that are put aside" in answer


def test_who_may_change_rules_takes_it_back_with_words(sign_in: SignIn, put_aside: RuleTrip) -> None:
    lead = sign_in(Role.POLICY_LEAD)
    url = f"/desk/rules/trips/{put_aside.pk}"
    assert 'data-aside="known-spam"' in said(lead.post(url, {"because": " "}, follow=True))
    answer = said(lead.post(url, {"because": "the list was empty"}, follow=True))
    assert "data-aside" not in answer
    assert "the list was empty" in answer
    assert set(trips.taken_back()) == {"known-spam"}


def test_others_read_why_without_a_form(sign_in: SignIn, put_aside: RuleTrip) -> None:
    answer = said(sign_in(Role.MODERATOR).get("/desk/rules"))
    assert 'data-aside="known-spam"' in answer
    assert "/desk/rules/trips/" not in answer


def test_a_rule_put_aside_reads_in_arabic(sign_in: SignIn, put_aside: RuleTrip) -> None:
    answer = said(sign_in(Role.POLICY_LEAD, language="ar").get("/desk/rules"))
    assert "نُحّيت قاعدة" in answer
    assert 'قُيّم <span class="num">12</span> حدثًا من دونها' in answer

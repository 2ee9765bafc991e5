"""Nobody lands on an empty page: reloading after a refusal, another language, and a session that ran out."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.console.conftest import SignIn
from tests.console.test_admission import PAGES

from hakam.compliance.models import RulebookDraft, RulebookVersion
from hakam.console.returning import page_above
from hakam.staff.roles import Role

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
FORMS = [(name, arguments) for method, name, arguments, _permission in PAGES if method == "POST"]


@pytest.fixture
def lead(sign_in: SignIn) -> Client:
    return sign_in(Role.POLICY_LEAD)


@pytest.mark.parametrize(
    ("path", "above"),
    [
        ("/desk/rules/drafts/7/trial/ask", "/desk/rules/drafts/7/trial"),
        ("/desk/rules/drafts/begin", "/desk/rules/drafts"),
        ("/desk/rules/versions/3/back", "/desk/rules"),
        ("/desk/investigate/sql/run", "/desk/investigate/sql"),
        ("/desk/investigate/kept/5/forget", "/desk/investigate"),
        ("/desk/together/4/ask", "/desk/together/4"),
        ("/desk/cases/9/decide", "/desk/cases/9/"),
        ("/desk/decisions/9/undo", "/desk/"),
        ("/language", "/"),
    ],
)
def test_the_page_above_a_form(path: str, above: str) -> None:
    assert page_above(path) == above


def test_there_is_nothing_above_the_first_page() -> None:
    assert page_above("/") is None


@pytest.mark.parametrize(("name", "arguments"), FORMS)
def test_every_address_of_a_form_leads_to_a_page(
    db: None, lead: Client, name: str, arguments: tuple[Any, ...]
) -> None:
    answer = lead.get(reverse(f"console:{name}", args=arguments), headers=BROWSER, follow=True)
    assert answer.redirect_chain
    assert answer.status_code in {200, 404}  # of what is not there, or not for this person


def test_another_language_after_a_refusal(lead: Client, book: RulebookVersion) -> None:
    refused = lead.post("/desk/rules/drafts/begin", {"title": ""}, headers=BROWSER)
    assert refused.status_code == 422
    switched = lead.post("/language", {"language": "ar", "next": "/desk/rules/drafts/begin"})
    page = lead.get(switched["Location"], headers=BROWSER, follow=True)
    assert (page.status_code, page.redirect_chain) == (200, [("/desk/rules/drafts", 302)])
    assert 'dir="rtl"' in page.content.decode()


def test_a_session_that_ran_out_is_told_and_leads_back_to_the_page(
    sign_in: SignIn, book: RulebookVersion
) -> None:
    client = sign_in(Role.POLICY_LEAD)
    client.logout()
    answer = client.post("/desk/rules/drafts/begin", {"title": "Lamps"}, headers=BROWSER, follow=True)
    assert answer.redirect_chain[0][0].endswith("login/?next=/desk/rules/drafts/begin")
    assert "what you sent was not taken" in answer.content.decode()
    assert not RulebookDraft.objects.exists()


def test_a_question_too_long_to_lead_back_to_leads_to_its_page(client: Client, lead: Client) -> None:
    long = "/desk/investigate?where=" + "x" * 20_000
    assert client.get(long, headers=BROWSER)["Location"].endswith("login/?next=/desk/investigate")
    assert lead.post("/language", {"language": "ar", "next": long})["Location"] == "/desk/investigate"
    far = f"//evil.example/{'x' * 20_000}?a"
    assert lead.post("/language", {"language": "ar", "next": far})["Location"] == "/"


def test_who_only_reads_is_asked_to_sign_in_without_more_words(client: Client, db: None) -> None:
    answer = client.get("/desk/rules", headers=BROWSER, follow=True)
    assert "what you sent" not in answer.content.decode()


@pytest.mark.parametrize("headers", [{}, {"Accept": "application/json"}, {**BROWSER, "HX-Request": "true"}])
def test_programs_are_told_the_method(lead: Client, headers: dict[str, str]) -> None:
    answer = lead.get("/desk/rules/drafts/begin", headers=headers)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_pages_that_are_read_only_take_no_form(lead: Client, book: RulebookVersion) -> None:
    assert lead.post("/desk/rules", headers=BROWSER).status_code == 405

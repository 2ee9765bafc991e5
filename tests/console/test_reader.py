from __future__ import annotations

import pytest
from django.test import Client, RequestFactory
from django.utils import translation

from hakam.console import reader
from hakam.console.reader import Theme, digits, theme_of
from hakam.staff.models import User
from hakam.testing import scene

pytestmark = pytest.mark.django_db


def test_a_stranger_is_answered_in_the_language_of_the_browser() -> None:
    page = Client().get("/", HTTP_ACCEPT_LANGUAGE="ar-EG,ar;q=0.9")
    assert '<html lang="ar" dir="rtl"' in page.content.decode()


def test_english_is_the_language_of_all_others() -> None:
    page = Client().get("/", HTTP_ACCEPT_LANGUAGE="xx")
    assert '<html lang="en" dir="ltr"' in page.content.decode()


def test_a_choice_of_language_lasts() -> None:
    client = Client()
    answer = client.post("/language", {"language": "ar", "next": "/rules"})
    assert answer.headers["Location"] == "/rules"
    assert 'lang="ar"' in client.get("/", HTTP_ACCEPT_LANGUAGE="en").content.decode()


def test_the_choice_of_a_colleague_is_saved_with_the_account(book: object) -> None:
    amal = scene.person("amal")
    client = Client()
    client.force_login(amal)
    client.post("/language", {"language": "ar"})
    amal.refresh_from_db()
    assert amal.language == "ar"
    other = Client()
    other.force_login(amal)
    assert 'lang="ar"' in other.get("/desk/").content.decode()


def test_there_is_no_third_language() -> None:
    assert Client().post("/language", {"language": "xx"}).status_code == 400


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_a_switch_never_leads_away(target: str) -> None:
    answer = Client().post("/language", {"language": "ar", "next": target})
    assert answer.headers["Location"] == "/"


def test_the_theme_is_kept_by_browser_and_account() -> None:
    amal = scene.person("amal")
    client = Client()
    client.force_login(amal)
    client.post("/theme", {"theme": "dark", "next": "/"})
    assert 'data-theme="dark"' in client.get("/rules").content.decode()
    amal.refresh_from_db()
    assert amal.theme == "dark"
    assert client.post("/theme", {"theme": "pink"}).status_code == 400


def test_a_theme_that_does_not_exist_is_the_systems() -> None:
    request = RequestFactory().get("/")
    request.user = User(theme="neon")
    assert theme_of(request) is Theme.AUTO


def test_digits_are_western_unless_asked_otherwise() -> None:
    mark = reader._arabic_indic.set(False)
    with translation.override("ar"):
        assert digits("12") == "12"
    reader._arabic_indic.reset(mark)


def test_arabic_indic_digits_are_for_arabic_pages_only() -> None:
    mark = reader._arabic_indic.set(True)
    with translation.override("ar"):
        assert digits("2026") == "٢٠٢٦"
    with translation.override("en"):
        assert digits("2026") == "2026"
    reader._arabic_indic.reset(mark)


def test_a_page_uses_the_digits_of_its_reader(book: object) -> None:
    amal = scene.person("amal")
    amal.arabic_indic_digits, amal.language = True, "ar"
    amal.save()
    client = Client()
    client.force_login(amal)
    assert "٠" in client.get("/desk/").content.decode()


@pytest.mark.parametrize(
    "path", ["/", "/report", "/rules", "/transparency", "/accounts/login/", "/nothing-here"]
)
def test_every_page_forbids_foreign_and_inline_code(path: str) -> None:
    policy = Client().get(path).headers["Content-Security-Policy"]
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"].split() == ["'self'"]
    assert rules["style-src"].split() == ["'self'"]
    assert "unsafe" not in policy
    assert rules["frame-ancestors"] == "'none'"

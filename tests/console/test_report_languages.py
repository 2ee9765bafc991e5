"""The way of a report speaks six languages: the form, its mistakes, the receipt, and the pages of who went astray."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from tests.console.conftest import Desk, SignIn
from tests.console.test_outside import REPORT

from hakam.console.templatetags.hakam import colon, semicolon
from hakam.enforcement.letters import LANGUAGES
from hakam.enforcement.models import Effect
from hakam.intake.harms import GROUPS
from hakam.intake.models import Notice
from hakam.staff.models import User

THANKS = {
    "en": "Thank you.", "ar": "شكرًا", "fr": "Merci.", "de": "Danke.", "es": "Gracias.", "it": "Grazie.",
}  # fmt: skip
FORM = {
    "en": "Report content", "ar": "الإبلاغ عن محتوى", "fr": "Signaler", "de": "melden", "es": "Notificar",
    "it": "Segnala un contenuto",
}  # fmt: skip
NO_PAGE = {
    "en": "There is no such page", "ar": "لا توجد صفحة كهذه", "fr": "Cette page n'existe pas",
    "de": "Diese Seite gibt es nicht", "es": "Esta página no existe", "it": "Questa pagina non esiste",
}  # fmt: skip
TOO_OLD = {"fr": "Le formulaire est trop ancien", "de": "Das Formular ist zu alt"}


class Summary(HTMLParser):
    """The mistakes at the head of a form, each as one line of text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._in = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "div" and ("class", "errors") in attrs:
            self._in = "errors"
        elif self._in == "errors" and tag == "li":
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "div":
            self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in and self.lines:
            self.lines[-1] += data


def speaking(language: str, **more: Any) -> Client:
    return Client(HTTP_ACCEPT_LANGUAGE=f"{language},en;q=0.1", **more)


def send(client: Client, change: dict[str, Any] | None = None) -> Any:
    return client.post("/report", {k: v for k, v in (REPORT | (change or {})).items() if v is not None})


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_the_receipt_and_the_letter_speak_one_language(desk: Desk, language: str) -> None:
    # DSA Art. 16(1): easy to access; Art. 16(4): a receipt
    client = speaking(language)
    form = client.get("/report").content.decode()
    assert f'<html lang="{language}"' in form
    assert FORM[language] in form
    assert re.findall(r'data-language="(\w+)"', form) == list(LANGUAGES)
    answer = send(client)
    notice = Notice.objects.get()
    assert notice.language == language
    receipt = client.get(answer.headers["Location"]).content.decode()
    assert THANKS[language] in receipt
    told = Effect.objects.get(kind="notice.receipt").payload
    assert (told["to"], told["language"]) == ("huda@example.org", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_good_faith_that_is_kept_is_the_one_that_was_read(desk: Desk, language: str) -> None:
    # DSA Art. 16(2)(d)
    client = speaking(language)
    send(client)
    kept = Notice.objects.get().good_faith
    assert kept in client.get("/report").content.decode().replace("&#x27;", "'")
    if language != "en":
        assert "good faith" not in kept


def test_a_language_chosen_on_the_form_holds_on_the_receipt(desk: Desk) -> None:
    client = speaking("de")
    answer = client.post("/language", {"language": "it", "next": "/report?url=https://a.example/1"})
    assert answer.headers["Location"] == "/report?url=https://a.example/1"
    form = client.get(answer.headers["Location"]).content.decode()
    assert '<html lang="it"' in form
    assert "https://a.example/1" in form
    assert '<html lang="it"' in client.get(send(client).headers["Location"]).content.decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_of_the_mistakes_has_two_marks(desk: Desk, language: str) -> None:
    answer = send(speaking(language), dict.fromkeys(REPORT) | {"illegal": "yes", "addresses": "post 7"})
    assert answer.status_code == 422
    lines = Summary(answer.content.decode()).lines
    assert len(lines) == 6
    for line in lines:
        assert not re.search(r"[.?!…؟]\s*[:;]", line), line
    said = [line for line in lines if re.search(r"\w[\u202f ]?: \w", line)]
    assert len(said) == 3  # the others follow a question or a sentence


def test_french_sets_a_narrow_space_before_a_mark_of_two_parts(desk: Desk) -> None:
    lines = Summary(send(speaking("fr"), {"explanation": "", "name": ""}).content.decode()).lines
    assert lines == [
        "Expliquez pourquoi\u202f: Expliquez pourquoi, avec vos propres mots.",
        "Votre nom\u202f: Indiquez votre nom.",
    ]
    form = speaking("fr").get("/report").content.decode().replace("&#x27;", "'")
    assert "De quoi s'agit-il\u202f?" in form
    read = re.sub(r"<[^>]*>", " ", re.sub(r"<(style|script).*?</\1>", "", form, flags=re.DOTALL))
    assert not re.search(r"\w [:;?!](\s|$)", read)


@pytest.mark.parametrize(
    ("label", "between"),
    [
        ("Your name", ": "),
        ("What is it about?", " "),
        ("It is true.", " "),
        ("Choose…", " "),
        ("ما هذا؟", " "),
    ],
)
def test_a_colon_follows_no_sentence(label: str, between: str) -> None:
    assert colon(label) == between
    assert semicolon() == "; "


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_sends_very_many_is_asked_to_wait_in_his_language(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    from hakam.console.outside import senders  # noqa: PLC0415 -- of this test alone
    from hakam.intake.throttle import Throttle  # noqa: PLC0415

    monkeypatch.setattr(senders, "THROTTLE", Throttle(burst=1, per_hour=1))
    client = speaking(language)
    assert send(client).status_code == 302
    slowed = send(client)
    assert (slowed.status_code, 3_000 < int(slowed.headers["Retry-After"]) <= 3_600) == (429, True)
    page = slowed.content.decode()
    assert f'<html lang="{language}"' in page
    assert ("Very many reports" in page) is (language == "en")
    assert REPORT["explanation"] in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_group_of_harms_has_its_words(desk: Desk, language: str) -> None:
    form = speaking(language).get("/report").content.decode()
    groups = re.findall(r'<optgroup label="([^"]+)"', form)
    assert len(set(groups)) == len(GROUPS)
    assert ("Hate and harassment" in groups) is (language == "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_went_astray_reads_it_in_his_language(desk: Desk, language: str) -> None:
    for path in ("/n/nothing", "/q/nothing", "/nowhere"):
        answer = speaking(language).get(path)
        assert answer.status_code == 404
        page = answer.content.decode()
        assert f'<html lang="{language}"' in page
        assert NO_PAGE[language] in page


@pytest.mark.parametrize("language", TOO_OLD)
def test_a_form_that_was_open_for_too_long_says_so_in_its_language(desk: Desk, language: str) -> None:
    answer = send(speaking(language, enforce_csrf_checks=True))
    assert answer.status_code == 403
    page = answer.content.decode()
    assert f'<html lang="{language}"' in page
    assert TOO_OLD[language] in page
    assert not Notice.objects.exists()


def test_staff_that_goes_astray_reads_the_language_of_the_account(
    desk: Desk, amal: User, sign_in: SignIn
) -> None:
    client = sign_in(amal)
    client.post("/language", {"language": "fr", "next": "/report"})
    assert '<html lang="en"' in client.get("/desk/nowhere").content.decode()
    assert '<html lang="fr"' in client.get("/report").content.decode()
    assert '<html lang="en"' in client.get("/desk/").content.decode()


def test_a_page_that_is_forbidden_says_so_in_the_language_of_who_reads_it(
    desk: Desk, basil: User, sign_in: SignIn
) -> None:
    client = sign_in(basil)
    client.post("/language", {"language": "ar", "next": "/"})
    answer = client.get("/desk/retention")
    assert answer.status_code in {403, 404}
    assert '<html lang="ar"' in answer.content.decode()

"""A file that is put into a bank shows how far it is: sent, read, done or refused, with a script and without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, Route, expect
from tests.console.conftest import SignIn
from tests.console.test_incidents import told
from tests.incidents.stage import PACK

from hakam.banks.keeping import create_bank
from hakam.banks.kinds import BankSource
from hakam.banks.models import BankEntry
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

MD5 = [f"{n:031x}a" for n in range(1, 60)]
LIST = "kind,hash,id,label\n" + "".join(f"md5,{one},c-{n},A1\n" for n, one in enumerate(MD5))
PATIENCE = 30_000  # milliseconds
SCRIPT = {"X-Requested-With": "fetch"}
Enter = Callable[[str], Page]


def listed() -> SimpleUploadedFile:
    return SimpleUploadedFile("list.csv", LIST.encode(), "text/csv")


@pytest.fixture
def bank(db: None) -> None:
    scene.publish(PACK)
    create_bank("ours", source=BankSource.OWN, purpose="p", clause="spam", by=SYSTEM, now=timezone.now())


@pytest.fixture
def lead(bank: None, sign_in: SignIn) -> Client:
    return sign_in(scene.person("nadia", Role.INCIDENT_LEAD))


def test_a_script_is_told_where_to_go_on_and_what_was_done_waits_there(lead: Client) -> None:
    answer = lead.post("/desk/banks/ours/fill", {"file": listed(), "form": "csv"}, headers=SCRIPT)
    assert answer.json() == {"next": "/desk/banks/ours/"}
    assert BankEntry.objects.count() == len(MD5)
    assert f"{len(MD5)} added" in lead.get("/desk/banks/ours/").content.decode()


def test_without_a_script_it_is_a_form_like_any_other(lead: Client) -> None:
    answer = lead.post("/desk/banks/ours/fill", {"file": listed(), "form": "csv"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/desk/banks/ours/")


def test_a_refusal_is_the_page_that_says_why(lead: Client) -> None:
    lead.post("/desk/incidents/declare", told())
    wrong = SimpleUploadedFile("a.png", b"no picture", "image/png")
    answer = lead.post("/desk/incidents/harbour/act", {"do": "fill", "file": wrong}, headers=SCRIPT)
    assert answer.status_code == 422
    assert '<p class="note danger" role="alert">' in answer.content.decode()


@pytest.mark.parametrize("path", ["/desk/banks/ours/", "/desk/incidents/harbour"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_both_forms_say_how_far_a_file_is_in_the_readers_language(
    lead: Client, path: str, language: str
) -> None:
    lead.post("/desk/incidents/declare", told())
    lead.cookies["django_language"] = language
    page = lead.get(path).content.decode()
    (form,) = [one for one in page.split("<form")[1:] if "data-filling>" in one]
    for name in ("sending", "reading", "failed"):
        words = form.partition(f'data-{name}="')[2].partition('"')[0]
        assert words
        assert words.isascii() is (language == "en")


@pytest.fixture
def enter(browser: Browser, live_server: Any, transactional_db: None) -> Iterator[Enter]:
    scene.publish(PACK)
    create_bank("ours", source=BankSource.OWN, purpose="p", clause="spam", by=SYSTEM, now=timezone.now())
    scene.person("nadia", Role.INCIDENT_LEAD)
    opened = []

    def open_for(path: str) -> Page:
        client = Client()
        client.force_login(User.objects.get(username="nadia"))
        context = browser.new_context(base_url=live_server.url)
        opened.append(context)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.goto(path)
        return page

    yield open_for
    for context in opened:
        context.close()


@pytest.mark.browser
@pytest.mark.sockets
@pytest.mark.django_db(transaction=True)
class TestInABrowser:
    def test_who_waits_sees_it_sent_and_read(self, enter: Enter, tmp_path: Path) -> None:
        page = enter("/desk/banks/ours/")
        waiting: list[Route] = []

        def hold(route: Route) -> None:  # Playwright marks its handlers: a list's own method takes no mark
            waiting.append(route)

        page.route("**/fill", hold)
        (tmp_path / "list.csv").write_text(LIST)
        page.set_input_files("input[type=file]", tmp_path / "list.csv")
        page.get_by_role("button", name="Take it in").click()
        place = page.locator("[data-filling-told]")
        expect(place).to_be_visible()
        expect(place.locator("progress")).to_be_visible()
        expect(page.get_by_role("button", name="Take it in")).to_be_disabled()  # once is enough
        expect(page.locator("#said")).not_to_be_empty()
        waiting[0].continue_()
        expect(page.locator(".toast").first).to_contain_text(f"{len(MD5)} added", timeout=PATIENCE)
        assert page.url.endswith("/desk/banks/ours/")
        expect(page.locator("[data-filling-told]")).to_be_hidden()

    def test_what_was_chosen_stays_when_it_does_not_get_through(self, enter: Enter, tmp_path: Path) -> None:
        page = enter("/desk/banks/ours/")
        page.route("**/fill", lambda route: route.abort())
        (tmp_path / "list.csv").write_text(LIST)
        page.set_input_files("input[type=file]", tmp_path / "list.csv")
        page.get_by_role("button", name="Take it in").click()
        expect(page.locator("[data-filling-words]")).to_contain_text("did not get through")
        expect(page.get_by_role("button", name="Take it in")).to_be_enabled()
        assert page.evaluate("document.querySelector('input[type=file]').files.length") == 1

    def test_why_a_file_is_refused_stands_beside_it(self, enter: Enter, tmp_path: Path) -> None:
        client = Client()
        client.force_login(User.objects.get(username="nadia"))
        client.post("/desk/incidents/declare", told())
        page = enter("/desk/incidents/harbour")
        (tmp_path / "a.png").write_bytes(b"no picture")
        page.set_input_files("input[type=file]", tmp_path / "a.png")
        page.get_by_role("button", name="Put it in").click()
        expect(page.locator("[data-filling-told].danger")).to_be_visible(timeout=PATIENCE)
        expect(page.locator("[data-filling-words]")).not_to_be_empty()
        expect(page.locator("[data-filling-words]")).not_to_contain_text("did not get through")

    def test_without_a_file_the_server_says_what_is_missing(self, enter: Enter) -> None:
        page = enter("/desk/banks/ours/")
        page.get_by_role("button", name="Take it in").click()
        expect(page.locator(".toast").first).to_contain_text("Choose a file")

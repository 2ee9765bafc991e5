"""A house that runs, and a browser that forgives nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from tests.furnish import Person
from tests.house import ROOT, House

RESULTS = ROOT / "test-results"  # pictures of what went wrong
PASSWORD = "correct-horse-battery-staple"
PEOPLE = (
    Person("mona", "moderator", PASSWORD, "Mona Field", "en"),
    Person("omar", "senior_moderator", PASSWORD, "Omar Stone", "en"),
    Person("amal", "moderator", PASSWORD, "أمل صالح", "ar"),
    Person("basim", "senior_moderator", PASSWORD, "باسم نور", "ar"),
    Person("ada", "administrator", PASSWORD, "Ada Admin", "en"),
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Give an installation with people of both languages and a platform that is always well."""
    home = tmp_path_factory.mktemp("stories")
    with House(home, people=PEOPLE, settings={"HAKAM_UNDO_SECONDS": "2"}) as made:
        yield made


class Visitor:
    """A person at a browser of her own. Whatever the browser complains about fails the story."""

    def __init__(self, context: BrowserContext, house: House) -> None:
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self._house = house
        self.page.set_default_timeout(60_000)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("console", self._console)
        self.page.on("request", self._request)
        self.page.on("response", self._response)

    def _console(self, message: object) -> None:
        if getattr(message, "type", "") in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text}")  # type: ignore[attr-defined]

    def _request(self, request: object) -> None:
        url = str(getattr(request, "url", ""))
        ours = urlsplit(self._house.console_url).netloc
        if not url.startswith(("data:", "blob:", "about:")) and urlsplit(url).netloc != ours:
            self.complaints.append(f"a request to {url}")

    def _response(self, response: object) -> None:
        if int(getattr(response, "status", 0)) >= 500:
            self.complaints.append(f"{response.status} {response.url}")  # type: ignore[attr-defined]

    def go(self, path: str) -> Page:
        """Open a page of the house."""
        self.page.goto(path if path.startswith("http") else self._house.console_url + path)
        return self.page

    def sign_in(self, username: str) -> Page:
        """Sign in with the keyboard."""
        page = self.go("/desk/")
        page.locator("#id_login").press_sequentially(username)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{self._house.console_url}/desk/")
        return page


class Visitors:
    """Opens browsers for people."""

    def __init__(self, browser: Browser, house: House) -> None:
        self._browser, self._house = browser, house

    @contextmanager
    def visitor(self, language: str) -> Iterator[Visitor]:
        """Give somebody whose browser speaks `language`."""
        context = self._browser.new_context(locale=language, viewport={"width": 1280, "height": 900})
        try:
            visitor = Visitor(context, self._house)
            yield visitor
            assert visitor.complaints == []
        except BaseException:
            RESULTS.mkdir(exist_ok=True)
            name = f"{language}-{len(list(RESULTS.iterdir()))}"
            for page in context.pages:
                page.screenshot(path=RESULTS / f"{name}.png", full_page=True)
                said = page.locator("body").inner_text()[:2_000]
                sys.stderr.write(f"{page.url}\n{visitor.complaints}\n{said}\n")
            raise
        finally:
            context.close()


@pytest.fixture
def visitors(browser: Browser, house: House) -> Visitors:
    """Give browsers at the house's door."""
    return Visitors(browser, house)

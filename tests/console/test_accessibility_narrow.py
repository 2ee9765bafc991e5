"""Every page on a narrow screen, held against the same rules as on a wide one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.console.test_accessibility import NARROW, broken_rules, everything

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["everything"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.sockets,
    pytest.mark.embedded,
    pytest.mark.django_db(transaction=True),
]


@pytest.mark.timeout(900)  # more than fifty pages
@pytest.mark.parametrize(
    "look", [("ar", "light", NARROW), ("en", "dark", NARROW)], ids=["ar-light", "en-dark"]
)
def test_no_page_breaks_a_rule_on_a_narrow_screen(
    browser: Browser,
    live_server: Any,
    everything: dict[str, list[str]],
    look: tuple[str, str, dict[str, int]],
) -> None:
    assert broken_rules(browser, live_server.url, everything, look) == []

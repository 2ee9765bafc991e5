"""A flood of reports from one connection is slowed; a person who reports loses no word and waits seconds at most."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from django.conf import Settings
from django.test import Client, RequestFactory
from tests.console.conftest import Desk
from tests.console.test_outside import report

from hakam.compliance.access import deadlines_of
from hakam.console.outside import senders
from hakam.console.outside.senders import sender_of
from hakam.intake.models import Notice
from hakam.intake.throttle import BURST, PER_HOUR, Throttle


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two reports through, then one an hour."""
    monkeypatch.setattr(senders, "THROTTLE", Throttle(burst=2, per_hour=1))


def sender(address: str, **headers: str) -> str:
    return sender_of(RequestFactory().post("/report", REMOTE_ADDR=address, headers=headers))


def test_a_flood_is_told_when_to_come_again_and_keeps_its_words(desk: Desk, narrow: None) -> None:
    for _ in range(2):
        assert report().status_code == 302
    answer = report({"explanation": "My precious words"})
    found = answer.content.decode()
    assert answer.status_code == 429
    assert 3_500 < int(answer.headers["Retry-After"]) <= 3_600
    assert "Please send this one again in a moment." in found
    assert "My precious words</textarea>" in found
    assert 'value="huda@example.org"' in found
    assert Notice.objects.count() == 2


def test_it_is_said_in_arabic_too(desk: Desk, narrow: None) -> None:
    for _ in range(2):
        report()
    found = report(HTTP_ACCEPT_LANGUAGE="ar").content.decode()
    (said,) = re.findall(r"<li>([^<]*بلاغات كثيرة[^<]*)</li>", found)
    assert not re.search("[A-Za-z]", said)


def test_another_connection_is_not_slowed(desk: Desk, narrow: None) -> None:
    for _ in range(3):
        report(REMOTE_ADDR="192.0.2.1")
    assert report(REMOTE_ADDR="192.0.2.2").status_code == 302


def test_a_form_that_is_mended_costs_nothing(desk: Desk, narrow: None) -> None:
    for _ in range(5):
        assert report({"explanation": ""}).status_code == 422
    assert report().status_code == 302


def test_reading_the_form_is_never_slowed(desk: Desk, narrow: None) -> None:
    for _ in range(3):
        report()
    assert Client().get("/report").status_code == 200


def test_the_limit_is_one_that_nobody_meets_by_hand() -> None:
    assert BURST >= 60
    assert 3600 / PER_HOUR <= 6  # seconds: the longest that a person behind a busy address waits


def test_no_address_is_kept() -> None:
    name = sender("192.0.2.77")
    assert re.fullmatch("[0-9a-f]{64}", name)
    assert name != sender("192.0.2.78")


def test_one_household_is_one_sender_whatever_address_it_takes() -> None:
    assert sender("2001:db8:1:2::1") == sender("2001:db8:1:2:ffff::9")
    assert sender("2001:db8:1:2::1") != sender("2001:db8:1:3::1")
    assert sender("::ffff:192.0.2.1") == sender("192.0.2.1")


def test_nobody_names_another_as_the_sender() -> None:
    assert sender("192.0.2.1", **{"X-Forwarded-For": "198.51.100.9"}) == sender("192.0.2.1")


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("198.51.100.9", "198.51.100.9"),
        ("203.0.113.7, 198.51.100.9", "198.51.100.9"),
        (" 198.51.100.9 ", "198.51.100.9"),
    ],
)
def test_behind_a_proxy_the_one_that_it_names_last_counts(settings: Settings, told: str, meant: str) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    behind = sender("10.0.0.1", **{"X-Forwarded-For": told})
    settings.SECURE_PROXY_SSL_HEADER = None
    assert behind == sender(meant)


@pytest.mark.parametrize("told", ["", "unknown", "198.51.100.9:4711", "not an address, nor this"])
def test_who_cannot_be_told_from_others_is_never_slowed(
    desk: Desk, narrow: None, settings: Any, told: str
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert sender("10.0.0.1", **{"X-Forwarded-For": told}) == ""
    request = RequestFactory().post("/report", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": told})
    assert [senders.wait_of(request, now=desk.now) for _ in range(5)] == [0] * 5


def test_a_report_and_a_complaint_have_the_operators_own_targets(desk: Desk, settings: Any) -> None:
    settings.HAKAM = settings.HAKAM.__class__(**{**_fields(settings.HAKAM), "notice_hours": 5})
    report()
    notice = Notice.objects.get()
    (clock,) = deadlines_of(notice.items.get().ref)
    assert (clock.due_at - notice.received_at).total_seconds() == 5 * 3600


def _fields(chosen: Any) -> dict[str, Any]:
    return dict(msgspec.structs.asdict(chosen)) if isinstance(chosen, msgspec.Struct) else dict(vars(chosen))

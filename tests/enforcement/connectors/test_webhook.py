"""Webhooks as platforms meet them: signed, verifiable, patient, and never sent where they must not go."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from hakam.enforcement.connectors.connector import (
    Confirmed,
    Delivered,
    Destination,
    Gone,
    Retry,
)
from hakam.enforcement.connectors.webhook.address import (
    ForbiddenAddressError,
    UnresolvedError,
    is_public,
    resolve,
    url_problems,
)
from hakam.enforcement.connectors.webhook.hook import WebhookConnector, body_of, judge, retry_after
from hakam.enforcement.connectors.webhook.secret import BadSecretError, check_secret, new_secret
from hakam.testing.connectors import Behaviour, ConnectorSuite, Rig, message

_SPEC = importlib.util.spec_from_file_location("receiver", Path(__file__).with_name("receiver.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
_MODULE = importlib.util.module_from_spec(_SPEC)
sys.modules["receiver"] = _MODULE
_SPEC.loader.exec_module(_MODULE)
receiver, said, Receiver = _MODULE.receiver, _MODULE.said, _MODULE.Receiver

sockets = pytest.mark.sockets


@pytest.fixture
def secret() -> str:
    return new_secret()


@pytest.fixture
def server(secret: str) -> Iterator[Any]:
    with receiver(secret) as running:
        yield running


@pytest.fixture
def hook() -> Iterator[WebhookConnector]:
    connector = WebhookConnector()
    yield connector
    connector.close()


def to(server: Any, **changes: Any) -> Destination:
    given: dict[str, Any] = {
        "platform": "maydan",
        "settings": {"url": server.url},
        "allow_private": True,
        "timeout": 30.0,
    }
    return Destination(**(given | changes))


@sockets
class TestConformance(ConnectorSuite):
    @pytest.fixture
    def rig(self, server: Any, hook: WebhookConnector, secret: str) -> Rig:
        answers = {
            Behaviour.ACCEPT: (202, {}, b""),
            Behaviour.CONFIRM: (200, {}, said({"status": "applied"})),
            Behaviour.REFUSE: (200, {}, said({"status": "failed", "detail": "no such post"})),
            Behaviour.BUSY: (503, {"retry-after": "7"}, b"busy"),
            Behaviour.BROKEN: (500, {}, b"oops"),
            Behaviour.GONE: (410, {}, b""),
        }

        def behave(how: Behaviour) -> bool:
            server.answer = answers[how]
            return True

        return Rig(hook, to(server), secret, behave, lambda: [h["webhook-id"] for h, _ in server.got])


@sockets
class TestPosting:
    def test_the_platform_can_verify_it(self, server: Any, hook: WebhookConnector, secret: str) -> None:
        sent = message(1, {"measure": {"id": 1}, "text": "نصّ"})
        assert hook.deliver(sent, to(server), secret) == Delivered(200)
        assert server.verified == [
            {
                "type": "measure.apply",
                "timestamp": sent.created_at.isoformat().replace("+00:00", "Z"),
                "data": {"measure": {"id": 1}, "text": "نصّ"},
            }
        ]
        headers, body = server.got[0]
        assert headers["content-type"] == "application/json"
        assert headers["host"] == f"127.0.0.1:{server.server_port}"
        assert headers["user-agent"].startswith("Hakam/")
        assert headers["webhook-id"] == sent.id
        assert body == body_of(sent)
        assert server.paths == ["/hooks?x=1"]

    def test_another_secret_does_not_verify(self, server: Any, hook: WebhookConnector) -> None:
        other = new_secret()
        server.secret = ""
        hook.deliver(message(), to(server), other)
        headers, body = server.got[0]
        Webhook(other).verify(body, headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(new_secret()).verify(body, headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(other).verify(body.replace(b"apply", b"allow"), headers)

    def test_a_confirmation_is_read(self, server: Any, hook: WebhookConnector, secret: str) -> None:
        server.answer = (200, {}, said({"status": "failed", "detail": "لا يوجد", "more": 1}))
        assert hook.deliver(message(), to(server), secret) == Confirmed(
            applied=False, detail="لا يوجد", status=200
        )

    def test_a_redirect_is_not_followed(self, server: Any, hook: WebhookConnector, secret: str) -> None:
        server.answer = (302, {"location": "http://169.254.169.254/latest"}, b"")
        outcome = hook.deliver(message(), to(server), secret)
        assert isinstance(outcome, Retry)
        assert "not followed" in outcome.error
        assert len(server.got) == 1

    def test_a_receiver_that_drips_is_cut_off(
        self, server: Any, hook: WebhookConnector, secret: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server.drip = 0.05
        ticks = iter((0.0, 1.0, 1e6))  # when it is sent, when the first byte comes, and far too late
        monkeypatch.setattr(f"{WebhookConnector.__module__}.monotonic", lambda: next(ticks))
        outcome = hook.deliver(message(), to(server), secret)
        assert next(ticks, None) is None
        assert outcome == Delivered(200), "it has the message; what it goes on to say does not matter"

    def test_a_receiver_that_is_not_there_is_tried_again(self, hook: WebhookConnector, secret: str) -> None:
        nowhere = Destination("maydan", {"url": "http://127.0.0.1:9/"}, allow_private=True, timeout=1.0)
        outcome = hook.deliver(message(), nowhere, secret)
        assert isinstance(outcome, Retry)
        assert "ConnectError" in outcome.error

    def test_a_bad_secret_is_said_without_showing_it(self, server: Any, hook: WebhookConnector) -> None:
        outcome = hook.deliver(message(), to(server), "whsec_hunter2")
        assert isinstance(outcome, Retry)
        assert "hunter2" not in outcome.error
        assert server.got == []

    def test_connections_are_kept(self, server: Any, hook: WebhookConnector, secret: str) -> None:
        for n in range(5):
            hook.deliver(message(n), to(server), secret)
        assert len(hook._clients) == 1

    def test_private_addresses_are_refused_by_default(
        self, server: Any, hook: WebhookConnector, secret: str
    ) -> None:
        outcome = hook.deliver(message(), to(server, allow_private=False), secret)
        assert isinstance(outcome, Retry)
        assert "not a public address" in outcome.error
        assert server.got == []

    def test_the_address_that_was_judged_is_the_one_that_is_called(self, server: Any, secret: str) -> None:
        """A name that answers with a public address first and a private one later gains nothing."""
        answers = iter([["127.0.0.1"], ["10.0.0.1"]])
        connector = WebhookConnector(resolver=lambda _h, _p: next(answers))
        url = f"http://platform.example:{server.server_port}/hooks"
        try:
            assert connector.deliver(message(), to(server, settings={"url": url}), secret) == Delivered(200)
        finally:
            connector.close()
        assert server.got[0][0]["host"] == f"platform.example:{server.server_port}"

    def test_a_proxy_in_the_environment_is_not_used(
        self, server: Any, hook: WebhookConnector, secret: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
        assert hook.deliver(message(), to(server), secret) == Delivered(200)


class TestJudging:
    @pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
    def test_any_success_is_delivered(self, status: int) -> None:
        assert judge(status, {}, b"") == Delivered(status)

    @pytest.mark.parametrize(
        "body",
        [b"", b"ok", b"[]", b"{}", b'{"status": "maybe"}', b'{"status": 1}', b"\xff\xfe", b'"applied"'],
    )
    def test_a_body_that_says_nothing_known_is_no_confirmation(self, body: bytes) -> None:
        assert judge(200, {}, body) == Delivered(200)

    @pytest.mark.parametrize("status", [100, 301, 307, 400, 401, 403, 404, 408, 413, 429, 500, 502, 503])
    def test_anything_else_is_tried_again(self, status: int) -> None:
        outcome = judge(status, {}, b"")
        assert isinstance(outcome, Retry)
        assert str(status) in outcome.error
        assert outcome.status == status

    def test_410_is_gone(self) -> None:
        assert isinstance(judge(410, {}, b""), Gone)

    @pytest.mark.parametrize("status", [429, 503])
    def test_the_receivers_wish_is_read(self, status: int) -> None:
        outcome = judge(status, {"retry-after": "120"}, b"slow down")
        assert outcome == Retry(f"the endpoint answered {status}: slow down", 120.0, status)

    @given(st.integers(100, 599), st.binary(max_size=80))
    def test_no_answer_is_a_surprise(self, status: int, body: bytes) -> None:
        assert isinstance(judge(status, {}, body), Delivered | Confirmed | Retry | Gone)


NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 30 ", 30.0),
        ("-1", None),
        ("soon", None),
        ("٣", None),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0.0),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


class TestAddresses:
    @pytest.mark.parametrize(
        "ip",
        [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",  # noqa: S104 -- an address to refuse
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fe80::1%eth0",
            "fc00::1",
            "fd12:3456::1",
            "ff02::1",
            "2001:db8::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "2002:c0a8:101::",
            "3fff::1",
            "fec0::1",
        ],
    )
    def test_what_is_not_public_is_refused(self, ip: str) -> None:
        assert not is_public(ip)
        with pytest.raises(ForbiddenAddressError, match="not a public address"):
            resolve("https://platform.example/", allow_private=False, resolver=lambda _h, _p: [ip])

    @pytest.mark.parametrize(
        "ip", ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
    )
    def test_what_is_public_is_called(self, ip: str) -> None:
        assert is_public(ip)
        address = resolve("https://platform.example/h", allow_private=False, resolver=lambda _h, _p: [ip])
        assert (address.ip, address.host, address.port) == (ip, "platform.example", 443)
        assert address.url == f"https://[{ip}]:443/h" if ":" in ip else f"https://{ip}:443/h"
        assert address.host_header == "platform.example"

    def test_one_private_address_among_public_ones_is_enough(self) -> None:
        with pytest.raises(ForbiddenAddressError, match=r"10\.0\.0\.1"):
            resolve(
                "https://x.example/", allow_private=False, resolver=lambda _h, _p: ["8.8.8.8", "10.0.0.1"]
            )

    def test_private_addresses_can_be_permitted(self) -> None:
        address = resolve("http://x.example:8080", allow_private=True, resolver=lambda _h, _p: ["10.0.0.1"])
        assert (address.url, address.host_header) == ("http://10.0.0.1:8080/", "x.example:8080")

    @pytest.mark.parametrize(
        "url", ["http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://[::1]/", "http://localhost/"]
    )
    def test_other_ways_to_write_this_machine_resolve_to_it(self, url: str) -> None:
        with pytest.raises((ForbiddenAddressError, UnresolvedError)):
            resolve(url, allow_private=False)

    def test_a_name_without_an_address_may_have_one_later(self) -> None:
        with pytest.raises(UnresolvedError):
            resolve("https://x.example/", allow_private=False, resolver=lambda _h, _p: [])

    @pytest.mark.parametrize(
        ("url", "why"),
        [
            (None, "missing"),
            ("", "missing"),
            ("ftp://x.example/", "https:"),
            ("x.example/hooks", "https:"),
            ("https:///hooks", "no host"),
            ("https://u:p@x.example/", "signed instead"),
            ("https://x.example/#a", "fragment"),
            ("https://x.example:99999/", "no address"),
            ("https://x.example:0/", "port 0"),
            ("https://x.example/\r\nHost: y", "control character"),
            ("https://[::1/", "no address"),
        ],
    )
    def test_what_is_no_address_is_said_in_words(self, url: str | None, why: str) -> None:
        problems = url_problems({"url": url})
        assert any(why in problem for problem in problems), problems

    def test_a_good_address_has_no_problems(self) -> None:
        assert url_problems({"url": "https://platform.example:8443/hooks?x=1"}) == []
        assert WebhookConnector().problems({"url": "https://platform.example/", "secret": "x"}) == [
            "`secret` is no setting of a webhook"
        ]


class TestSecrets:
    def test_a_new_secret_is_well_formed_and_new(self) -> None:
        assert check_secret(new_secret())
        assert len({new_secret() for _ in range(50)}) == 50

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("", "whsec_"),
            ("c2VjcmV0", "whsec_"),
            ("whsec_", "0 bytes"),
            ("whsec_c2hvcnQ=", "5 bytes"),
            ("whsec_not base64!", "not Base64"),
            ("whsec_" + "A" * 100, "75 bytes"),
        ],
    )
    def test_what_is_no_secret_is_refused(self, text: str, why: str) -> None:
        with pytest.raises(BadSecretError, match=why):
            check_secret(text)


def test_the_body_is_the_same_at_every_try() -> None:
    one = message(1, {"b": 1, "a": 2})
    assert body_of(one) == body_of(one)
    assert list(json.loads(body_of(one))) == ["type", "timestamp", "data"]

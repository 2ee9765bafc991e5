"""Letters: one message in two forms, in the direction of its language, and nothing smuggled into it."""

from __future__ import annotations

import json
import smtplib
from email import message_from_bytes
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend

from hakam.enforcement.connectors.connector import Dead, Delivered, Destination, Message, Outcome, Retry
from hakam.enforcement.connectors.email.letter_box import (
    EmailConnector,
    as_html,
    as_text,
    direction,
    letter_problem,
    message_id,
)
from hakam.enforcement.letters import Attachment, Letter, LetterSection, Link, letter
from hakam.testing.connectors import Behaviour, ConnectorSuite, Rig
from hakam.testing.connectors import message as nth

DATA = letter(
    to="u1@example.org",
    language="en",
    subject="Your notice arrived",
    paragraphs=["We got your notice.", "Thank you."],
    links=(("Follow it", "https://hakam.example/n/abc"),),
)
TO = Destination("maydan", {"from": "Maydan <safety@maydan.example>"})


def deliver(**changes: Any) -> Any:
    given = nth(1)
    return EmailConnector().deliver(
        Message(given.id, "notice.receipt", given.created_at, given.sent_at, DATA | changes), TO, ""
    )


class TestConformance(ConnectorSuite):
    @pytest.fixture
    def rig(self, settings: Any) -> Rig:
        def behave(how: Behaviour) -> bool:
            backends = {
                Behaviour.ACCEPT: "django.core.mail.backends.locmem.EmailBackend",
                Behaviour.BUSY: f"{__name__}.Busy",
                Behaviour.BROKEN: f"{__name__}.Away",
            }
            if how in backends:
                settings.EMAIL_BACKEND = backends[how]
            return how in backends

        def received() -> list[str]:
            return [m.extra_headers["Message-ID"].strip("<").partition("@")[0] for m in mail.outbox]

        return Rig(EmailConnector(), TO, "", behave, received, DATA)


class Raising(BaseEmailBackend):
    """A mail server in trouble."""

    error: Exception

    def send_messages(self, email_messages: Any) -> int:
        raise self.error


class Busy(Raising):
    error = smtplib.SMTPRecipientsRefused({"u1@example.org": (451, b"try again later")})


class Away(Raising):
    error = ConnectionRefusedError("nobody there")


class NoSuchPerson(Raising):
    error = smtplib.SMTPRecipientsRefused({"u1@example.org": (550, b"no such user")})


class WrongPassword(Raising):
    error = smtplib.SMTPAuthenticationError(535, b"bad credentials")


class TooMuch(Raising):
    error = smtplib.SMTPDataError(554, b"rejected")


def test_it_is_sent_in_text_and_html_under_a_stable_id() -> None:
    assert deliver() == Delivered()
    assert deliver() == Delivered()
    one, two = mail.outbox
    assert (
        one.extra_headers["Message-ID"] == two.extra_headers["Message-ID"] == f"<{nth(1).id}@maydan.example>"
    )
    raw = message_from_bytes(one.message().as_bytes())
    assert [p.get_content_type() for p in raw.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert raw["Subject"] == "Your notice arrived"
    assert raw["To"] == "u1@example.org"
    assert raw["From"] == "Maydan <safety@maydan.example>"
    assert raw["Auto-Submitted"] == "auto-generated"
    assert raw["Content-Language"] == "en"


def with_files(*files: Attachment) -> Outcome:
    """Send a letter with files, as it comes out of the outbox."""
    made = letter(to="u1@example.org", language="en", subject="s", paragraphs=["p"], attachments=files)
    stored = json.loads(json.dumps(made))  # the outbox keeps JSON
    return EmailConnector().deliver(msgspec.structs.replace(nth(1), data=stored), TO, "")


def test_files_go_with_it_byte_by_byte() -> None:
    content = bytes(range(256))
    assert with_files(Attachment("annex-2-x.pdf", "application/pdf", content)) == Delivered()
    raw = message_from_bytes(mail.outbox[-1].message().as_bytes())
    (part,) = [one for one in raw.walk() if one.get_content_type() == "application/pdf"]
    assert part.get_filename() == "annex-2-x.pdf"
    assert part.get_payload(decode=True) == content
    kinds = {one.get_content_type() for one in raw.walk()}
    assert {"text/plain", "text/html"} <= kinds  # the words are still there


@pytest.mark.parametrize(
    ("name", "mime"),
    [
        ("a\r\nBcc: x@y.example", "application/pdf"),
        ("../up.pdf", "application/pdf"),
        ("", "application/pdf"),
        ("a.pdf", "text/html\r\nX: y"),
        ("a.pdf", ""),
        (".hidden", "application/pdf"),
    ],
)
def test_a_file_that_would_add_a_header_or_a_path_is_refused(name: str, mime: str) -> None:
    sent = len(mail.outbox)
    assert isinstance(with_files(Attachment(name, mime, b"x")), Dead)
    assert len(mail.outbox) == sent


def test_without_a_sender_of_its_own_it_uses_the_installations(settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "Hakam <hakam@house.example>"
    given = nth(1)
    EmailConnector().deliver(
        Message(given.id, "x", given.created_at, given.sent_at, DATA), Destination("m"), ""
    )
    assert mail.outbox[0].from_email == "Hakam <hakam@house.example>"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subject", "Hello\r\nBcc: everybody@example.org"),
        ("subject", "Hello\nX: y"),
        ("to", "u1@example.org\r\nBcc: x@example.org"),
        ("to", "u1@example.org, x@example.org"),
        ("to", "not an address"),
        ("to", ""),
        ("language", "en\r\nX: y"),
        ("subject", " "),
        ("subject", "a\x00b"),
    ],
)
def test_what_would_add_a_header_or_a_reader_is_refused(field: str, value: str) -> None:
    outcome = deliver(**{field: value})
    assert isinstance(outcome, Dead)
    assert f"`{field}`" in outcome.error
    assert mail.outbox == []


def test_what_is_no_letter_is_refused() -> None:
    given = nth(1)
    outcome = EmailConnector().deliver(
        Message(given.id, "x", given.created_at, given.sent_at, {"a": 1}), TO, ""
    )
    assert isinstance(outcome, Dead)
    assert "not a letter" in outcome.error


@pytest.mark.parametrize(
    ("backend", "outcome"),
    [
        ("NoSuchPerson", Dead("the mail server answered 550: no such user", 550)),
        ("TooMuch", Dead("the mail server answered 554: rejected", 554)),
        ("Busy", Retry("the mail server answered 451: try again later", status=451)),
        ("Away", Retry("ConnectionRefusedError: nobody there")),
    ],
)
def test_trouble_that_passes_is_tried_again_and_trouble_that_stays_is_not(
    settings: Any, backend: str, outcome: Any
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.{backend}"
    assert deliver() == outcome


def test_a_wrong_password_is_ours_to_put_right(settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.WrongPassword"
    assert isinstance(deliver(), Retry)


ARABIC = Letter(
    to="u1@example.org",
    language="ar",
    subject="بيان الأسباب",
    sections=(
        LetterSection(("إزالة المنشور.", "<script>alert(1)</script>\nline two"), "مضمون القرار"),
        LetterSection(("فقرة",), links=(Link("البند", "https://hakam.example/rules/1#a&b"),)),
    ),
    links=(Link("الاطلاع", "https://hakam.example/s/x"), Link("odd", "javascript:alert(1)")),
)


class Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_an_arabic_letter_reads_from_right_to_left() -> None:
    outline = Outline()
    outline.feed(as_html(ARABIC))
    tags = dict(reversed(outline.tags))
    assert (tags["html"]["lang"], tags["html"]["dir"], tags["body"]["dir"]) == ("ar", "rtl", "rtl")
    assert {attrs.get("dir") for tag, attrs in outline.tags if tag == "p" and "dir" in attrs} == {"auto"}


def test_nothing_in_a_letter_is_read_as_html_or_loaded() -> None:
    outline = Outline()
    outline.feed(as_html(ARABIC))
    assert {tag for tag, _ in outline.tags} <= {
        "html", "head", "meta", "title", "body", "h2", "p", "a", "br", "bdi",
    }  # fmt: skip
    assert [attrs["href"] for tag, attrs in outline.tags if tag == "a"] == [
        "https://hakam.example/rules/1#a&b",
        "https://hakam.example/s/x",
    ]


def test_the_text_says_all_that_the_html_says() -> None:
    text = as_text(ARABIC)
    for part in (
        "مضمون القرار",
        "إزالة المنشور.",
        "https://hakam.example/rules/1#a&b",
        "https://hakam.example/s/x",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("language", "side"),
    [("ar", "rtl"), ("ar-EG", "rtl"), ("he", "rtl"), ("en", "ltr"), ("de-AT", "ltr"), ("", "ltr")],
)
def test_direction_follows_the_language(language: str, side: str) -> None:
    assert direction(language) == side


def test_an_id_needs_no_domain_of_ours() -> None:
    assert message_id("abc", "nobody") == "<abc@hakam.invalid>"


def test_a_letter_survives_its_way_through_the_outbox() -> None:
    import msgspec  # noqa: PLC0415 -- as the connector reads it

    assert msgspec.convert(ARABIC.payload(), Letter) == ARABIC
    assert letter_problem(ARABIC) is None


def test_the_senders_address_is_judged() -> None:
    assert EmailConnector().problems({}) == []
    assert EmailConnector().problems({"from": "Maydan <a@b.example>"}) == []
    assert EmailConnector().problems({"from": "Maydan"}) == ["`from` is no address: 'Maydan'"]

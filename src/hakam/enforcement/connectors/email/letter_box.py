"""The e-mail connector: one letter in text and in simple HTML, each in the direction of its language."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Mapping
from email.utils import parseaddr
from html import escape
from typing import Any, ClassVar

import msgspec
from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email

from hakam.enforcement.connectors.connector import Dead, Delivered, Destination, Message, Outcome, Retry
from hakam.enforcement.letters import Letter, LetterSection, Link

_RTL = frozenset({"ar", "fa", "he", "ur", "ckb", "ps", "sd", "ug", "yi", "dv"})
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")
_MIME = re.compile(r"[a-z]+/[a-z0-9.+-]+")
_PERMANENT = 500  # SMTP replies from here on are final (RFC 5321, section 4.2.1)


class EmailConnector:
    """Sends letters by Django's mail settings."""

    id: ClassVar[str] = "email"

    def problems(self, settings: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with `{"from": ...}`; it may be left out."""
        sender = settings.get("from")
        return (
            [] if not sender or _is_address(parseaddr(sender)[1]) else [f"`from` is no address: {sender!r}"]
        )

    def deliver(self, message: Message, to: Destination, secret: str) -> Outcome:  # noqa: ARG002 -- mail has its own
        """Send once."""
        try:
            letter = msgspec.convert(message.data, Letter)
        except msgspec.ValidationError as error:
            return Dead(f"not a letter: {error}")
        problem = letter_problem(letter)
        if problem is not None:
            return Dead(problem)
        sender = str(to.settings.get("from") or django_settings.DEFAULT_FROM_EMAIL)
        mail = EmailMultiAlternatives(
            subject=letter.subject,
            body=as_text(letter),
            from_email=sender,
            to=[letter.to],
            headers={
                "Message-ID": message_id(message.id, sender),
                "Auto-Submitted": "auto-generated",  # RFC 3834: no out-of-office replies
                "Content-Language": letter.language,
            },
        )
        mail.attach_alternative(as_html(letter), "text/html")
        for one in letter.attachments:
            mail.attach(one.name, one.data, one.mime)
        try:
            connection = get_connection()
            if hasattr(connection, "timeout"):
                connection.timeout = to.timeout
            mail.connection = connection
            mail.send()
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()), (0, b""))
            return _refused(code, text)
        except smtplib.SMTPDataError as error:
            return _refused(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            return Retry(f"{type(error).__name__}: {error}")
        return Delivered()


def letter_problem(letter: Letter) -> str | None:
    """Return why a letter is never sent, or None. What would add a header is refused, not repaired."""
    for name, value in (("to", letter.to), ("subject", letter.subject), ("language", letter.language)):
        if any(c in value for c in "\r\n\x00"):
            return f"`{name}` holds a line break or NUL"
    if not _is_address(letter.to):
        return "`to` is no e-mail address"
    if not letter.subject.strip():
        return "`subject` is empty"
    for one in letter.attachments:
        if not _FILE.fullmatch(one.name) or not _MIME.fullmatch(one.mime):
            return f"`attachments`: {one.name!r} of the kind {one.mime!r} is no file that can be attached"
    return None


def message_id(effect: str, sender: str) -> str:
    """Return the Message-ID of an effect: the same at every try, so that a repeat can be recognised."""
    _, at, domain = parseaddr(sender)[1].rpartition("@")
    return f"<{effect}@{domain if at and domain else 'hakam.invalid'}>"


def direction(language: str) -> str:
    """Return `rtl` or `ltr`."""
    return "rtl" if language.partition("-")[0].lower() in _RTL else "ltr"


def as_text(letter: Letter) -> str:
    """Return the letter as plain text."""
    blocks: list[str] = []
    for section in letter.sections:
        if section.heading:
            blocks.append(f"{section.heading}\n{'-' * min(len(section.heading), 60)}")
        blocks += section.paragraphs
        blocks += [f"{link.label}:\n{link.url}" for link in section.links]
    blocks += [f"{link.label}:\n{link.url}" for link in letter.links]
    return "\n\n".join(blocks) + "\n"


def as_html(letter: Letter) -> str:
    """Return the letter as HTML: no script, no picture, nothing loaded, every paragraph in its own direction."""
    side = direction(letter.language)
    parts = [_section(section) for section in letter.sections]
    parts += [_link(link) for link in letter.links]
    return (
        f'<!DOCTYPE html><html lang="{escape(letter.language)}" dir="{side}"><head><meta charset="utf-8">'
        f"<title>{escape(letter.subject)}</title></head>"
        f'<body dir="{side}" style="font-family:sans-serif;line-height:1.6;max-width:40em;margin:0 auto;padding:1em">'
        f"{''.join(parts)}</body></html>"
    )


def _section(section: LetterSection) -> str:
    heading = f'<h2 style="font-size:1.1em">{escape(section.heading)}</h2>' if section.heading else ""
    paragraphs = "".join(
        f'<p dir="auto">{escape(p).replace(chr(10), "<br>")}</p>' for p in section.paragraphs
    )
    return heading + paragraphs + "".join(_link(link) for link in section.links)


def _link(link: Link) -> str:
    if not link.url.startswith(("https://", "http://")):
        return f'<p dir="auto">{escape(link.label)}: <bdi>{escape(link.url)}</bdi></p>'
    return f'<p><a href="{escape(link.url)}">{escape(link.label)}</a></p>'


def _refused(code: int, text: bytes | str) -> Outcome:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    error = f"the mail server answered {code}: {said[:200]}"
    return Dead(error, code) if code >= _PERMANENT else Retry(error, status=code or None)


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True

"""Letters: what an e-mail effect carries. Written in one language, whole, by whoever enqueues it."""

from __future__ import annotations

from typing import Any, Final

import msgspec

LANGUAGES: Final = (
    "en",
    "ar",
    "fr",
    "de",
    "es",
    "it",
)  # each has a catalogue of every letter to people outside


class Link(msgspec.Struct, frozen=True):
    """A link below the text. `url` may be a path from the root of the site."""

    label: str
    url: str


class LetterSection(msgspec.Struct, frozen=True, omit_defaults=True):
    """Paragraphs, under a heading or none."""

    paragraphs: tuple[str, ...]
    heading: str | None = None
    links: tuple[Link, ...] = ()


class Attachment(msgspec.Struct, frozen=True):
    """A file that goes with a letter."""

    name: str
    mime: str
    data: bytes  # as base64 in the outbox


class Letter(msgspec.Struct, frozen=True, omit_defaults=True):
    """A letter to one person. Plain text throughout: nothing in it is read as HTML."""

    to: str
    language: str
    subject: str
    sections: tuple[LetterSection, ...]
    links: tuple[Link, ...] = ()
    attachments: tuple[Attachment, ...] = ()

    def payload(self) -> dict[str, Any]:
        """Return the letter as the payload of an effect on the channel `email`."""
        built: dict[str, Any] = msgspec.to_builtins(self)
        return built


def tongue(language: str) -> str:
    """Return in which of our languages a person who reads `language` is written to; English where we have none."""
    main = language.partition("-")[0].lower()
    return main if main in LANGUAGES else "en"


def letter(
    *,
    to: str,
    language: str,
    subject: str,
    paragraphs: list[str],
    links: tuple[tuple[str, str], ...] = (),
    attachments: tuple[Attachment, ...] = (),
) -> dict[str, Any]:
    """Return the payload of a letter without headings. `links` are (label, path or address)."""
    return Letter(
        to=to,
        language=tongue(language),
        subject=subject,
        sections=(LetterSection(tuple(paragraphs)),),
        links=tuple(Link(label, url) for label, url in links),
        attachments=attachments,
    ).payload()

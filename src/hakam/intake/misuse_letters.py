"""What somebody is told about their misuse (DSA Art. 23): the warning, the suspension, its end. In their language."""

from __future__ import annotations

from datetime import datetime

import msgspec
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.letters import letter
from hakam.enforcement.outbox import enqueue
from hakam.intake.models import Conduct, Suspension


class Told(msgspec.Struct, frozen=True):
    """A message: a subject and paragraphs of plain text."""

    subject: str
    paragraphs: tuple[str, ...]
    link: str


def _what(kind: str) -> str:
    return {
        "illegal_content": _("content that is manifestly illegal"),
        "notices": _("reports that are manifestly unfounded"),
        "complaints": _("complaints that are manifestly unfounded"),
    }[kind]


def warning(conduct: Conduct) -> Told:
    """Word the warning."""
    with translation.override(conduct.language):
        return Told(
            _("A warning about your use of the service"),
            (
                _("You have repeatedly sent %(what)s.") % {"what": _what(conduct.kind)},
                conduct.warning,
                _("If it goes on, your account is suspended for a time.")
                if conduct.kind == "illegal_content"
                else _("If it goes on, what you send is not processed for a time."),
            ),
            _("See what is on record"),
        )


def suspension(conduct: Conduct, made: Suspension) -> Told:
    """Word the suspension of notices or complaints, with reasons, start, end and redress."""
    with translation.override(conduct.language):
        until = date_format(localtime(made.ends), "DATETIME_FORMAT")
        return Told(
            _("Your reports are not processed for a time")
            if conduct.kind == "notices"
            else _("Your complaints are not processed for a time"),
            (
                _("You were warned, and have again sent %(what)s.") % {"what": _what(conduct.kind)},
                made.because,
                _("Until %(until)s what you send is kept, but not processed. A person decided this.")
                % {"until": until},
                _("Reports of child abuse, terrorism and intimate pictures are always processed.")
                if conduct.kind == "notices"
                else "",
                _("If you do not agree, you can object on the page below, free of charge."),
                _("You can also turn to a certified out-of-court dispute settlement body, or to a court."),
            ),
            _("See the reasons, or object"),
        )


def held(made: Suspension, language: str) -> Told:
    """Word the answer to a notice that is kept and not processed."""
    with translation.override(language):
        until = date_format(localtime(made.ends), "DATETIME_FORMAT")
        return Told(
            _("Your report is kept, but not processed"),
            (
                _(
                    "Your report has arrived. Because earlier reports of yours were manifestly unfounded, and you were "
                    "warned, reports of yours are not processed until %(until)s."
                )
                % {"until": until},
                _("You can object to this on the page below, free of charge."),
            ),
            _("See the reasons, or object"),
        )


def lifted(conduct: Conduct, because: str) -> Told:
    """Word the end of a suspension before its time."""
    with translation.override(conduct.language):
        return Told(
            _("Your suspension has ended"),
            (because, _("What was kept in the meantime is processed now.")),
            _("See what is on record"),
        )


def objected(conduct: Conduct, *, upheld: bool, answer: str) -> Told:
    """Word the outcome of an objection."""
    with translation.override(conduct.language):
        return Told(
            _("Your objection to the suspension"),
            (
                _("You were right: the suspension is lifted.") if upheld else _("The suspension stands."),
                answer,
                _("You can also turn to a certified out-of-court dispute settlement body, or to a court."),
            ),
            _("See what is on record"),
        )


def tell(conduct: Conduct, kind: EffectKind, words: Told, *, now: datetime, key: str, email: str = "") -> int:
    """Put a message into the outbox and return on how many channels it goes out."""
    path = f"/m/{conduct.token}"
    paragraphs = [text for text in words.paragraphs if text]
    channels = 0
    address = conduct.email or email
    if address:
        channels += 1
        enqueue(
            now=now,
            key=f"misuse:{conduct.pk}:{key}:email",
            platform=conduct.platform,
            channel=Channel.EMAIL,
            kind=kind,
            payload=letter(
                to=address,
                language=conduct.language,
                subject=words.subject,
                paragraphs=paragraphs,
                links=((words.link, path),),
            ),
            stream=f"misuse:{conduct.pk}#email",
        )
    if conduct.account:
        channels += 1
        enqueue(
            now=now,
            key=f"misuse:{conduct.pk}:{key}:platform",
            platform=conduct.platform,
            channel=Channel.PLATFORM,
            kind=kind,
            payload={
                "recipient": conduct.account,
                "kind": conduct.kind,
                "language": conduct.language,
                "subject": words.subject,
                "text": "\n\n".join(paragraphs),
                "links": {"misuse": path},
            },
            stream=f"misuse:{conduct.pk}#platform",
        )
    return channels

"""A notice as it is handed in (DSA Art. 16), what can be wrong with it, and how it stands in the log of notices.

Pure: the door, the pages and the interface judge a notice by the same rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.harm import CHILD_ABUSE_OFFENCES, Harm

MAX_ITEMS: Final = 100
MAX_TEXT: Final = 20_000
MAX_MESSAGE: Final = 200_000  # characters: what an event may hold
MAX_URL: Final = 8_192
MAX_NAME: Final = 300
MAX_ID: Final = 512
MAX_KIND: Final = 32
MAX_EMAIL: Final = 320
LOGGED_AS: Final = "notice"
"""What stands for the platform in the keys of the log of notices: a notice is found by its id alone."""
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(
    rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+)*@(?:{_LABEL}\.)+[A-Za-z]{{2,63}}"
)
_SPACE = re.compile(r"[\s\x00]")
_HARMS: Final = frozenset(harm.value for harm in Harm)
_NAMELESS: Final = frozenset(harm.value for harm in CHILD_ABUSE_OFFENCES)


class OpenedMessage(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A message of an end-to-end encrypted chat, as who was sent it opened it (docs/reference/franking.md).

    Bytes are base64 in JSON. Nobody but the notifier could read it before; the proof says whether it was sent as told.
    """

    conversation: str
    id: str
    sender: str
    recipient: str  # one account, or the group that the conversation is
    sent_at: datetime
    text: str
    key: bytes  # the sender's, out of the ciphertext
    commitment: bytes
    key_id: str  # of the platform's key
    tag: bytes
    attachments: tuple[bytes, ...] = ()  # SHA-256 of each


class Submission(msgspec.Struct, frozen=True, omit_defaults=True):
    """A notice as it was filled in. Several items may be named; each is decided on its own."""

    platform: str
    harm: str  # key of a `Harm`
    explanation: str  # DSA Art. 16(2)(a)
    urls: tuple[str, ...] = ()  # Art. 16(2)(b)
    items: tuple[ItemRef, ...] = ()  # what a platform names by its own ids
    illegal: bool = True  # alleged illegal; False: against the rules only
    clause: str = ""  # the clause alleged, if one was named
    name: str = ""  # Art. 16(2)(c)
    email: str = ""
    notifier: str = ""  # the notifier's id on the platform
    good_faith: str = ""  # Art. 16(2)(d): the statement, word for word as it was confirmed
    language: str = "en"
    messages: tuple[OpenedMessage, ...] = ()  # of end-to-end encrypted chats; each is an item of its own
    trusted: bool = False  # by a trusted flagger (Art. 22)


class LoggedNotice(msgspec.Struct, frozen=True, omit_defaults=True):
    """A notice in the log: what was handed in, its id, the secret of its public page, and who handed it in."""

    submission: Submission
    id: str  # a UUID
    token: str  # of the page /n/<token>; begins with the id, so that the notice is found by it
    by: str = ""  # `platform/prefix` of the key; empty: the notifier
    key: str = ""  # the platform's own id of it


class Fault(NamedTuple):
    """One thing that is wrong with a notice. `text` is translatable; `values` go into it."""

    pointer: str  # JSON pointer
    code: str  # stable
    text: str
    values: Mapping[str, Any] = {}

    @property
    def english(self) -> str:
        """The sentence, for machines."""
        return self.text % self.values if self.values else self.text


def _(text: str) -> str:
    """Mark a text for translation; whoever knows the reader's language translates it."""
    return text


def plausible_email(text: str) -> bool:
    """Whether it is surely an address: stricter than the standard, so that nobody refuses it later."""
    return len(text) <= MAX_EMAIL and _EMAIL.fullmatch(text) is not None


def needs_name(submission: Submission) -> bool:
    """Whether name and e-mail are asked for: for alleged illegality, but never for child-abuse offences.

    # DSA Art. 16(2)(c). Whom the platform knows needs no second introduction.
    """
    if not submission.illegal or submission.notifier:
        return False
    return submission.harm not in _NAMELESS


def faults(s: Submission, *, is_email: Callable[[str], bool] = plausible_email) -> list[Fault]:
    """Return everything that is wrong with a notice: nothing, if it can be taken."""
    wrong: list[Fault] = []
    if s.harm not in _HARMS:
        wrong.append(Fault("/harm", "unknown", _("`%(harm)s` is no kind of harm"), {"harm": s.harm[:60]}))
    named = needs_name(s)
    for pointer, value, most, needed in (
        ("/explanation", s.explanation, MAX_TEXT, _("say what is wrong with it, and why")),
        ("/name", s.name, MAX_NAME, _("a name is needed") if named else ""),
        ("/email", s.email, MAX_EMAIL, _("an e-mail address is needed") if named else ""),
        (
            "/good_faith",
            s.good_faith,
            MAX_TEXT,
            _("confirm that it is accurate and complete") if s.illegal else "",
        ),
        ("/notifier", s.notifier, MAX_ID, ""),
        ("/language", s.language, 35, _("a language is needed")),
    ):
        if needed and not value.strip():
            wrong.append(Fault(pointer, "missing", needed))
        elif len(value) > most:
            text = _("%(value)s characters, but at most %(most)s")
            wrong.append(Fault(pointer, "too_long", text, {"value": len(value), "most": most}))
        elif "\x00" in value:
            wrong.append(Fault(pointer, "bad_character", _("the character NUL can't be kept")))
    if s.email and s.email.strip() and not is_email(s.email.strip()):
        wrong.append(Fault("/email", "malformed", _("this is no e-mail address")))
    wrong += _places(s)
    return wrong


def _places(s: Submission) -> list[Fault]:
    wrong: list[Fault] = []
    count = len(s.urls) + len(s.items) + len(s.messages)
    if not count:
        wrong.append(Fault("/urls", "missing", _("name at least one exact address")))
    if count > MAX_ITEMS:
        text = _("%(items)s items, but at most %(max_items)s in one notice")
        wrong.append(Fault("/urls", "too_many", text, {"items": count, "max_items": MAX_ITEMS}))
    for n, url in enumerate(s.urls[:MAX_ITEMS]):
        problem = _wrong_url(url)
        if problem is not None:
            wrong.append(Fault(f"/urls/{n}", "malformed", *problem))
    for n, ref in enumerate(s.items[:MAX_ITEMS]):
        named = ref.id.strip() and len(ref.id) <= MAX_ID and "\x00" not in ref.id + ref.kind
        if not named or not 0 < len(ref.kind) <= MAX_KIND:
            wrong.append(Fault(f"/items/{n}", "malformed", _("an item has a kind and an id")))
    for n, message in enumerate(s.messages[:MAX_ITEMS]):
        wrong += _wrong_message(message, f"/messages/{n}")
    return wrong


def _wrong_message(message: OpenedMessage, place: str) -> list[Fault]:
    """Return what keeps a message from being read at all. Whether it was sent so is for the proof to say."""
    wrong = []
    for name in ("conversation", "id", "sender", "recipient"):
        value = getattr(message, name)
        if not value.strip() or len(value) > MAX_ID or "\x00" in value:
            text = _("1 to %(most)s characters are needed")
            wrong.append(Fault(f"{place}/{name}", "malformed", text, {"most": MAX_ID}))
    if message.sent_at.tzinfo is None:
        wrong.append(Fault(f"{place}/sent_at", "malformed", _("a time needs its zone")))
    if not message.text.strip() and not message.attachments:
        wrong.append(Fault(f"{place}/text", "missing", _("the message is empty")))
    elif len(message.text) > MAX_MESSAGE:
        text = _("%(value)s characters, but at most %(most)s")
        values = {"value": len(message.text), "most": MAX_MESSAGE}
        wrong.append(Fault(f"{place}/text", "too_long", text, values))
    elif "\x00" in message.text:
        wrong.append(Fault(f"{place}/text", "bad_character", _("the character NUL can't be kept")))
    return wrong


def _wrong_url(url: str) -> tuple[str, Mapping[str, Any]] | None:
    if len(url) > MAX_URL:
        text = _("%(url)s characters, but an address has at most %(max_url)s")
        return text, {"url": len(url), "max_url": MAX_URL}
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname
    except ValueError:
        return _("this is no address"), {}
    if parts.scheme.lower() not in {"http", "https"} or not host:
        return _("an exact address begins with https:// or http:// and names a site"), {}
    if _SPACE.search(url.strip()):
        return _("an address holds no spaces"), {}
    return None

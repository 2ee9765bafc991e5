"""The log of notices, as the worker and the pages read it: what a record says, and which notice a link leads to."""

from __future__ import annotations

import base64
import binascii
import hmac
import uuid
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from hakam.intake.known_items import digest_of, normalise
from hakam.storage.event_log import CorruptRecordError, EventLog, Record
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.notice import LOGGED_AS, LoggedNotice, Submission

_decode = msgspec.json.Decoder(LoggedNotice).decode


class Logged(NamedTuple):
    """A notice as it stands in the log."""

    seq: int
    at: datetime  # when it was received
    notice: LoggedNotice

    @property
    def submission(self) -> Submission:
        """What was handed in."""
        return self.notice.submission

    @property
    def ref(self) -> str:
        """The name of its first item."""
        return f"notice:{self.notice.id}:0"

    @property
    def place(self) -> str:
        """The digest of the one place that it names; empty if it names several."""
        s = self.submission
        if len(s.urls) + len(s.items) != 1 or s.messages:
            return ""
        return digest_of(f"url:{normalise(s.urls[0])}") if s.urls else digest_of(f"item:{s.items[0]}")

    @property
    def by(self) -> Actor:
        """Who handed it in: a platform, or the notifier."""
        if self.notice.by:
            return Actor(ActorKind.PLATFORM, self.notice.by)
        return Actor(ActorKind.NOTIFIER, self.notice.id)

    @property
    def told(self) -> bool:
        """Whether anybody can be told of it: an address, or the platform that handed it in."""
        return bool(self.submission.email or self.notice.by)


def read(record: Record) -> Logged:
    """Return the notice that a record holds. Raises `msgspec.MsgspecError`."""
    return Logged(record.seq, datetime.fromtimestamp(record.received_at, tz=UTC), _decode(record.raw))


def by_id(notice_id: str, log: EventLog) -> Logged | None:
    """Return the notice with this id, or None."""
    try:
        found = log.get(LOGGED_AS, str(uuid.UUID(notice_id)))
        return None if found is None else read(found)
    except (ValueError, CorruptRecordError, msgspec.MsgspecError):
        return None


def by_token(token: str, log: EventLog) -> Logged | None:
    """Return the notice behind a link, or None. The link begins with the id, by which it is found."""
    if len(token) != 44:  # noqa: PLR2004 -- 16 bytes of the id and 17 of the secret
        return None
    try:
        number = uuid.UUID(bytes=base64.urlsafe_b64decode(token)[:16])
    except (ValueError, binascii.Error):
        return None
    found = by_id(str(number), log)
    if found is None or not hmac.compare_digest(found.notice.token.encode(), token.encode()):
        return None
    return found

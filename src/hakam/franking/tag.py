"""What the platform vouches for when it carries a message, and how it checks a report.

A tag binds a commitment to who sent it, to whom, where and when, under a key that the platform alone holds. It is made
without reading the message and nothing of it is stored: it travels with the ciphertext and comes back in a report.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from hakam.franking.message import COMMITMENT_BYTES, KEY_BYTES, FrankingError, framed, opens

TAG_BYTES: Final = 32
MAX_ID: Final = 512
SKEW: Final = timedelta(minutes=5)  # by how much a message may be of the future: clocks of servers differ
_TAG: Final = b"hakam franking 1 tag\0"


class Envelope(NamedTuple):
    """Who sent a message to whom. All of it is known to the platform that carries it."""

    platform: str
    conversation: str
    message_id: str
    sender: str
    recipient: str  # one account, or the group that the conversation is
    sent_at: datetime  # with its time zone; whole milliseconds count

    def encoded(self) -> bytes:
        """Return it as bytes that no other envelope makes. Raises `FrankingError`."""
        fields = (self.platform, self.conversation, self.message_id, self.sender, self.recipient)
        raw = []
        for name, value in zip(self._fields, fields, strict=False):
            if not 0 < len(value) <= MAX_ID or "\0" in value:
                raise FrankingError("bad_envelope", f"`{name}` has 1 to {MAX_ID} characters and no NUL")
            try:
                raw.append(value.encode())
            except UnicodeEncodeError as error:
                raise FrankingError("bad_envelope", f"`{name}` holds half of a surrogate pair") from error
        return framed(*raw, milliseconds(self.sent_at).to_bytes(8))


class Frank(NamedTuple):
    """What the platform adds to a message that it carries."""

    key_id: str
    tag: bytes


class Report(NamedTuple):
    """A message as it was opened by who was sent it: all that is needed to check it."""

    envelope: Envelope
    text: str
    attachments: Sequence[bytes]  # SHA-256 of each, in the order of the message
    key: bytes  # the sender's, out of the ciphertext
    commitment: bytes
    frank: Frank


def milliseconds(moment: datetime) -> int:
    """Return a moment as milliseconds since 1970. Raises `FrankingError` for one without a time zone or before it."""
    if moment.tzinfo is None:
        raise FrankingError("bad_envelope", "`sent_at` needs a time zone")
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    if since < timedelta(0):
        raise FrankingError("bad_envelope", "`sent_at` lies before 1970")
    return since // timedelta(milliseconds=1)


def tag(secret: bytes, envelope: Envelope, commitment: bytes) -> bytes:
    """Vouch for a commitment that the platform carries. `secret` has 32 bytes. Raises `FrankingError`."""
    if len(secret) != KEY_BYTES:
        raise FrankingError("bad_key", f"a key of the platform has {KEY_BYTES} bytes, not {len(secret)}")
    if len(commitment) != COMMITMENT_BYTES:
        raise FrankingError(
            "bad_commitment", f"a commitment has {COMMITMENT_BYTES} bytes, not {len(commitment)}"
        )
    return hmac.digest(secret, _TAG + framed(commitment, envelope.encoded()), "sha256")


def verify(report: Report, keys: Mapping[str, bytes], *, now: datetime) -> None:
    """Check that a message was sent as reported. `keys` are the platform's, by id; old ones stay for old messages.

    Raises `FrankingError`: `unknown_key`, `not_carried` (this platform never carried this commitment in this envelope),
    `not_this_message` (it carried one, but of another message), `from_the_future`, or what was malformed.
    """
    secret = keys.get(report.frank.key_id)
    if secret is None:
        raise FrankingError("unknown_key", f"no key `{report.frank.key_id[:40]}` of this platform is known")
    expected = tag(secret, report.envelope, report.commitment)
    if not hmac.compare_digest(expected, report.frank.tag):
        raise FrankingError("not_carried", "the platform carried no such message: its tag is another")
    if not opens(report.commitment, report.key, report.text, report.attachments):
        raise FrankingError("not_this_message", "the message sent was another: the key does not open it")
    if report.envelope.sent_at - now > SKEW:
        raise FrankingError("from_the_future", "the message was sent after it was reported")

"""Messages of end-to-end encrypted chats that the person who was sent them opened in a notice.

Nobody scanned them: the notifier hands one over, and message franking says whether exactly this was sent, by whom, to
whom and when (docs/reference/franking.md). What can't be proven is taken all the same (DSA Art. 16), and said to be so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from hakam.franking.message import FrankingError
from hakam.franking.tag import Envelope, Frank, Report, verify
from hakam.vocabulary.event import Audience, Author, ContentKind, Event, Item
from hakam.vocabulary.notice import OpenedMessage


class Proof(StrEnum):
    """Whether a message was sent as the notifier opened it."""

    PROVEN = "proven"
    UNKNOWN_KEY = "unknown_key"  # the platform no longer keeps the key, or it is none of ours
    NOT_CARRIED = "not_carried"  # the platform carried no such message
    NOT_THIS_MESSAGE = "not_this_message"  # it carried another
    FROM_THE_FUTURE = "from_the_future"
    MALFORMED = "malformed"


_FORGED: Final = frozenset({Proof.NOT_CARRIED, Proof.NOT_THIS_MESSAGE})
"""Why a proof fails that should have held. The others say nothing against the notifier."""
_CODES: Final = frozenset(Proof)
_SURER: Final = 0.8
_DOUBTFUL: Final = 0.1
_encode = msgspec.json.Encoder(order="sorted").encode


def proof_of(message: OpenedMessage, platform: str, keys: Mapping[str, bytes], *, now: datetime) -> Proof:
    """Return whether a message was sent as it was opened, or why that is not proven. Never raises."""
    envelope = Envelope(
        platform, message.conversation, message.id, message.sender, message.recipient, message.sent_at
    )
    report = Report(
        envelope,
        message.text,
        message.attachments,
        message.key,
        message.commitment,
        Frank(message.key_id, message.tag),
    )
    try:
        verify(report, keys, now=now)
    except FrankingError as error:
        return Proof(error.code) if error.code in _CODES else Proof.MALFORMED
    return Proof.PROVEN


def event_of(
    message: OpenedMessage, platform: str, keys: Mapping[str, bytes], *, now: datetime
) -> tuple[Event, Proof]:
    """Return the message as an event that people judge, and its proof. It never went through the door."""
    proof = proof_of(message, platform, keys, now=now)
    named = hashlib.sha256(f"{message.conversation}\0{message.id}".encode("utf-8", "surrogatepass"))
    event = Event(
        id=f"opened:{named.hexdigest()}",
        platform=platform,
        kind=ContentKind.MESSAGE,
        at=message.sent_at,
        author=Author(id=message.sender),
        item=Item(id=message.id, text=message.text, thread=message.conversation, audience=Audience.PRIVATE),
        extra={
            "recipient": message.recipient,
            "proof": proof,
            "attachments": [digest.hex() for digest in message.attachments],
        },
    )
    return event, proof


def encode(event: Event) -> bytes:
    """Return the bytes of the copy: the same message, the same copy."""
    return _encode(event)


def confidence(proof: str, otherwise: float) -> float:
    """Return how sure a notice is of what it says: surer of a message that is proven, hardly of one that is forged."""
    if not proof:
        return otherwise
    return _SURER if proof == Proof.PROVEN else _DOUBTFUL if proof in _FORGED else otherwise

"""A message of an end-to-end encrypted chat, as it was sent, carried and opened."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from hakam.franking.message import commit, digest_of, new_key
from hakam.franking.tag import Envelope, tag
from hakam.testing import scene
from hakam.vocabulary.notice import OpenedMessage

TEXT = "سأجدك. I will find you."
SECRET = bytes(range(32))
KEYS = {"2026-03": SECRET}


def carried(
    sent: str = TEXT,
    *,
    platform: str = scene.PLATFORM,
    secret: bytes = SECRET,
    key_id: str = "2026-03",
    at: datetime = scene.NOW - timedelta(minutes=3),
    **more: Any,
) -> OpenedMessage:
    """Return a message as who was sent it opened it; `more` is changed after it was sent: a forgery."""
    key, attachments = new_key(), (digest_of(b"a picture"),)
    commitment = commit(key, sent, attachments)
    envelope = Envelope(platform, "c-7", "m-1", "mallory", "nadia", at)
    return msgspec.structs.replace(
        OpenedMessage(
            conversation=envelope.conversation,
            id=envelope.message_id,
            sender=envelope.sender,
            recipient=envelope.recipient,
            sent_at=envelope.sent_at,
            text=sent,
            key=key,
            commitment=commitment,
            key_id=key_id,
            tag=tag(secret, envelope, commitment),
            attachments=attachments,
        ),
        **more,
    )

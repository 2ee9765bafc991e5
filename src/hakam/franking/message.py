"""What a sender commits to, and how a commitment is made and opened.

The sender of an end-to-end encrypted message draws a fresh key, commits to the message under it, and sends the key
inside the ciphertext and the commitment beside it. The platform sees the commitment alone, which says nothing of the
message. Who was sent the message opens it; who reports it hands message and key to the platform, which checks them
against the commitment that it vouched for. Specification: docs/reference/franking.md. After the scheme that Facebook
published in 2016, in the form that Grubbs, Lu and Ristenpart proved ("Message Franking via Committing Authenticated
Encryption", 2017): HMAC-SHA256 under a key of fixed length hides and binds.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

KEY_BYTES: Final = (
    32  # fixed: HMAC fills shorter keys up with zeros, so two of unlike length could open one commitment
)
COMMITMENT_BYTES: Final = 32
MAX_TEXT: Final = 1 << 20  # bytes of UTF-8
MAX_ATTACHMENTS: Final = 100
DIGEST_BYTES: Final = 32
_MESSAGE: Final = b"hakam franking 1 message\0"


class FrankingError(ValueError):
    """What was given can't be franked, opened or believed. `code` is stable and names the reason."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def framed(*fields: bytes) -> bytes:
    """Return fields as one string of bytes that no other fields make: each after its length, 8 bytes, big-endian."""
    return b"".join(len(field).to_bytes(8) + field for field in fields)


def encoded(text: str, attachments: Sequence[bytes] = ()) -> bytes:
    """Return what is committed to: a text, and the SHA-256 of the plain bytes of each attachment, in order.

    Raises `FrankingError` for a text or a list that is too long, a lone surrogate, or a digest of another length.
    """
    try:
        raw = text.encode()
    except UnicodeEncodeError as error:
        raise FrankingError("bad_text", "the text holds half of a surrogate pair") from error
    if len(raw) > MAX_TEXT:
        raise FrankingError("too_long", f"the text has {len(raw)} bytes, but at most {MAX_TEXT}")
    if len(attachments) > MAX_ATTACHMENTS:
        raise FrankingError("too_many", f"{len(attachments)} attachments, but at most {MAX_ATTACHMENTS}")
    if any(len(digest) != DIGEST_BYTES for digest in attachments):
        raise FrankingError("bad_digest", f"the digest of an attachment has {DIGEST_BYTES} bytes")
    return framed(raw, *attachments)


def digest_of(content: bytes) -> bytes:
    """Return what a message holds of an attachment: SHA-256 of its plain bytes."""
    return hashlib.sha256(content).digest()


def new_key() -> bytes:
    """Draw a key for one message. A key used twice shows that two messages are the same."""
    return secrets.token_bytes(KEY_BYTES)


def commit(key: bytes, text: str, attachments: Sequence[bytes] = ()) -> bytes:
    """Commit to a message: what the sender sends beside the ciphertext. Raises `FrankingError`."""
    if len(key) != KEY_BYTES:
        raise FrankingError("bad_key", f"a key has {KEY_BYTES} bytes, not {len(key)}")
    return hmac.digest(key, _MESSAGE + encoded(text, attachments), "sha256")


def opens(commitment: bytes, key: bytes, text: str, attachments: Sequence[bytes] = ()) -> bool:
    """Whether key and message open a commitment. Who is sent a message that they don't open must refuse to show it.

    Otherwise a sender could send what can't be reported. Never raises: what can't be committed to opens nothing.
    """
    try:
        return hmac.compare_digest(commit(key, text, attachments), commitment)
    except FrankingError:
        return False

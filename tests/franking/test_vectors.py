"""The vectors that other implementations are held against, computed a second time here from the specification alone."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hakam.franking.message import FrankingError, commit, opens
from hakam.franking.tag import Envelope, Frank, Report, tag, verify
from hakam.vocabulary.notice import OpenedMessage

DOCUMENT = Path(__file__).parents[2] / "docs/reference/franking.md"
VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "docs/reference/franking-vectors.json").read_text(encoding="utf-8")
)["vectors"]


def by_hand(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA256 as RFC 2104 writes it, for a key of 32 bytes."""
    block = key + bytes(32)
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in block) + data).digest()
    return hashlib.sha256(bytes(b ^ 0x5C for b in block) + inner).digest()


def field(data: bytes) -> bytes:
    """One field: its length in 8 bytes, then itself."""
    return len(data).to_bytes(8, "big") + data


def envelope_of(vector: dict[str, Any]) -> Envelope:
    """Return the envelope of a vector."""
    e = vector["envelope"]
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=e["sent_at_ms"])
    return Envelope(e["platform"], e["conversation"], e["message_id"], e["sender"], e["recipient"], moment)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_a_vector_follows_from_the_specification(vector: dict[str, Any]) -> None:
    key, secret = bytes.fromhex(vector["key"]), bytes.fromhex(vector["platform_key"])
    body = field(vector["text"].encode()) + b"".join(field(bytes.fromhex(a)) for a in vector["attachments"])
    assert by_hand(key, b"hakam franking 1 message\0" + body).hex() == vector["commitment"]
    e = vector["envelope"]
    names = ("platform", "conversation", "message_id", "sender", "recipient")
    wrapped = b"".join(field(e[name].encode()) for name in names) + field(e["sent_at_ms"].to_bytes(8, "big"))
    data = field(bytes.fromhex(vector["commitment"])) + field(wrapped)
    assert by_hand(secret, b"hakam franking 1 tag\0" + data).hex() == vector["tag"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_the_library_makes_and_believes_a_vector(vector: dict[str, Any]) -> None:
    key, secret = bytes.fromhex(vector["key"]), bytes.fromhex(vector["platform_key"])
    attachments = [bytes.fromhex(a) for a in vector["attachments"]]
    envelope = envelope_of(vector)
    commitment = commit(key, vector["text"], attachments)
    assert commitment.hex() == vector["commitment"]
    assert tag(secret, envelope, commitment).hex() == vector["tag"]
    assert opens(commitment, key, vector["text"], attachments)
    report = Report(
        envelope, vector["text"], attachments, key, commitment, Frank("k", bytes.fromhex(vector["tag"]))
    )
    verify(report, {"k": secret}, now=envelope.sent_at)


def test_there_is_a_vector_in_arabic_one_with_pictures_and_one_without_words() -> None:
    assert any("\u0600" <= c <= "\u06ff" for v in VECTORS for c in v["text"])
    assert any(len(v["attachments"]) > 1 for v in VECTORS)
    assert any(v["text"] == "" for v in VECTORS)


def test_the_message_that_the_document_shows_is_read_and_proven() -> None:
    """The platform is `forum`, its key the bytes from 0 to 31."""
    (shown,) = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    opened = msgspec.json.decode(shown, type=OpenedMessage)
    envelope = Envelope(
        "forum", opened.conversation, opened.id, opened.sender, opened.recipient, opened.sent_at
    )
    report = Report(
        envelope,
        opened.text,
        opened.attachments,
        opened.key,
        opened.commitment,
        Frank(opened.key_id, opened.tag),
    )
    verify(report, {"2026-11": bytes(range(32))}, now=opened.sent_at)
    with pytest.raises(FrankingError, match="was another"):
        verify(report._replace(text="I found you"), {"2026-11": bytes(range(32))}, now=opened.sent_at)

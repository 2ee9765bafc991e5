"""Envelopes: what one platform says to another, as a JWT (RFC 7519) that is signed with EdDSA (RFC 8037).

Sender and recipient are the thumbprints of their keys, so nobody needs to know by what name the other one calls him. An
envelope is for one recipient, lives for minutes, and is opened once. An answer names the envelope that it answers.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from jwt.types import Options

from hakam.exchange.keys import thumbprint

TYPE: Final = "hakam-exchange+jwt"
LIFETIME: Final = timedelta(minutes=5)
LONGEST: Final = timedelta(minutes=15)  # that an envelope may live
SKEW: Final = timedelta(seconds=60)  # by which two clocks may differ


class EnvelopeError(ValueError):
    """An envelope is refused. `code` is for programs, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class Sealed(NamedTuple):
    """An envelope, ready to be sent, and its number."""

    text: str
    number: str


class Envelope(NamedTuple):
    """What an envelope says, once it was found to be genuine."""

    sender: str
    number: str
    kind: str
    body: dict[str, Any]
    answers: str  # the number of the envelope that this one answers; empty: none
    until: datetime


class _Claims(msgspec.Struct):
    iss: str
    aud: str
    iat: int
    exp: int
    jti: str
    kind: str
    body: dict[str, Any]
    re: str = ""


def seal(
    kind: str,
    body: Any,
    *,
    key: Ed25519PrivateKey,
    to: str,
    now: datetime,
    answers: str = "",
    number: str = "",
) -> Sealed:
    """Sign what is said to the owner of the key with the thumbprint `to`. `body`: what JSON can hold."""
    sender, number = thumbprint(key.public_key()), number or secrets.token_hex(16)
    claims = {
        "iss": sender,
        "aud": to,
        "iat": int(now.timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
        "jti": number,
        "kind": kind,
        "body": msgspec.to_builtins(body),
    }
    if answers:
        claims["re"] = answers
    return Sealed(jwt.encode(claims, key, algorithm="EdDSA", headers={"typ": TYPE, "kid": sender}), number)


def unseal(
    text: str, *, own: str, sender: Callable[[str], Ed25519PublicKey | None], now: datetime
) -> Envelope:
    """Return what a genuine envelope for us says. `own`: our thumbprint; `sender`: a partner's key by its own.

    Raises `EnvelopeError`. Whether it was opened before is for the caller to know.
    """
    try:
        head = jwt.get_unverified_header(text)
    except jwt.InvalidTokenError as error:
        raise EnvelopeError("malformed", f"no envelope: {error}") from error
    if head.get("typ") != TYPE or head.get("alg") != "EdDSA":
        raise EnvelopeError("malformed", f"an envelope has typ {TYPE} and alg EdDSA")
    key = sender(str(head.get("kid", "")))
    if key is None:
        raise EnvelopeError("unknown-sender", "no partner has this key")
    try:
        read = jwt.decode(text, key, algorithms=["EdDSA"], options=_OURS)
    except jwt.InvalidSignatureError as error:
        raise EnvelopeError("forged", "the signature is not of this key") from error
    except jwt.InvalidTokenError as error:
        raise EnvelopeError("malformed", str(error)) from error
    try:
        claims = msgspec.convert(read, _Claims)
    except msgspec.ValidationError as error:
        raise EnvelopeError("malformed", str(error)) from error
    return _checked(claims, str(head["kid"]), own, now)


_OURS: Final[Options] = {  # checked below, against a clock that is given
    "verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False, "verify_iss": False,
}  # fmt: skip


def _checked(claims: _Claims, key: str, own: str, now: datetime) -> Envelope:
    if claims.iss != key:
        raise EnvelopeError("forged", "it was signed with another key than its sender's")
    if claims.aud != own:
        raise EnvelopeError("misrouted", "it is for another platform")
    try:
        since, until = datetime.fromtimestamp(claims.iat, UTC), datetime.fromtimestamp(claims.exp, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise EnvelopeError("malformed", "its times are none") from error
    if since > now + SKEW:
        raise EnvelopeError("future", f"it says that it was made at {since.isoformat()}: compare the clocks")
    if not since < until <= since + LONGEST:
        raise EnvelopeError("malformed", f"an envelope lives {LONGEST.total_seconds():.0f} seconds at most")
    if now > until + SKEW:
        raise EnvelopeError("expired", f"its time was over at {until.isoformat()}")
    if not claims.jti or len(claims.jti) > _LONGEST_NUMBER:
        raise EnvelopeError("malformed", f"its number `jti` has 1 to {_LONGEST_NUMBER} characters")
    if not (claims.jti.isprintable() and claims.kind.isprintable()):
        raise EnvelopeError("malformed", "its number `jti` and its kind are plain text")
    return Envelope(claims.iss, claims.jti, claims.kind, claims.body, claims.re, until + SKEW)


_LONGEST_NUMBER: Final = 64

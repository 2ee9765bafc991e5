"""Live passes: what a platform gives an account to go live with. Signed, so that the gate looks nothing up.

    hakam1.<base64url of JSON>.<base64url of HMAC-SHA256 over "hakam1.<first part>">

A broadcaster uses it as stream key or password. The key of the HMAC is the secret `live-<platform>`, which the platform
and the gate share. The members of the JSON are those of `Pass`; times are Unix seconds.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Annotated, Final

import msgspec

VERSION: Final = "hakam1"
LONGEST: Final = 2_048  # characters


class PassError(ValueError):
    """The text is no pass of this platform. `code`: `missing`, `false` or `expired`."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class Pass(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who may use it, for what, and what the platform says of the account. Absent means that it does not say."""

    account: Annotated[str, msgspec.Meta(min_length=1, max_length=512, pattern=r"^[^\x00]+$(?!\n)")]
    until: float  # Unix seconds
    stream: Annotated[str, msgspec.Meta(max_length=200)] = (
        ""  # the one stream name that it is for; empty: any
    )
    item: Annotated[str, msgspec.Meta(max_length=512, pattern=r"^[^\x00]*$(?!\n)")] = ""
    """The platform's id of the broadcast, as in its event `live.start`."""
    url: Annotated[str, msgspec.Meta(max_length=2_048)] = ""  # where people see it
    title: Annotated[str, msgspec.Meta(max_length=200)] = ""
    language: Annotated[str, msgspec.Meta(max_length=35)] = ""  # of the account, BCP 47
    event: Annotated[str, msgspec.Meta(max_length=200)] = ""  # a planned event that a colleague can approve
    created: float | None = None  # of the account, Unix seconds
    verified: bool | None = None  # its identity
    age: Annotated[int, msgspec.Meta(ge=0, le=150)] | None = None  # years of the person
    country: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}$(?!\n)")] | None = None


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _signature(secret: str, signed: str) -> bytes:
    return hmac.digest(secret.encode(), signed.encode("ascii"), hashlib.sha256)


def issue(given: Pass, secret: str) -> str:
    """Return a pass as text."""
    signed = f"{VERSION}.{_encode(msgspec.json.encode(given))}"
    return f"{signed}.{_encode(_signature(secret, signed))}"


def read(text: str, secret: str, *, now: float, stream: str = "") -> Pass:
    """Return what a pass says. `now`: Unix seconds; `stream`: the name that is to go live. Raises `PassError`."""
    if not text:
        raise PassError("missing", "no pass was shown")
    signed, _dot, signature = text.rpartition(".")
    version, _dot, body = signed.partition(".")
    try:
        if len(text) > LONGEST or version != VERSION:
            raise PassError("false", "this is no pass")
        if not hmac.compare_digest(_decode(signature), _signature(secret, signed)):
            raise PassError("false", "the pass is signed by nobody we know")
        found = msgspec.json.decode(_decode(body), type=Pass)
    except (binascii.Error, UnicodeEncodeError, msgspec.MsgspecError) as error:
        raise PassError("false", "this is no pass") from error
    if found.until <= now:
        raise PassError("expired", "the pass has expired")
    if found.stream and stream and found.stream != stream:
        raise PassError("false", "the pass is for another stream")
    return found


def account_in(text: str) -> str:
    """Return whose a pass is that was read before; empty for what is none. It checks no signature."""
    try:
        return msgspec.json.decode(_decode(text.split(".")[1]), type=Pass).account
    except (IndexError, binascii.Error, UnicodeEncodeError, msgspec.MsgspecError):
        return ""

"""Tickets: a signed place in the order of an event, bound to who holds it. Nobody keeps a list of them.

docs/reference/waiting-room.md has the format byte for byte. A *place* is a moment in microseconds since 1970: of those
who came before the opening a drawn one in the time before it, of the others a drawn one in the second they came in. So
one axis orders everybody, any number of nodes hand out places without asking each other, the order is that of arrival
to a second, and hurrying by less gains nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hakam.live.waiting.plan import Plan

VERSION: Final = 1
_FORM: Final = Struct(">BB8sQI16s")  # version, lane, event, place, end, holder
_SIGNATURE: Final = 64
SECOND: Final = 1_000_000  # microseconds
TEXT_LENGTH: Final = 4 * ((_FORM.size + _SIGNATURE + 2) // 3)  # characters of base64 with its filling
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class TicketError(ValueError):
    """A ticket can't be used. `code` is stable: `malformed`, `forged`, `other_event`, `not_yours`, `expired`."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Ticket(NamedTuple):
    """What a ticket says, believed or not."""

    lane: int  # place in the plan's `lane_names`
    event: bytes  # first 8 bytes of SHA-256 of the event's name
    place: int  # microseconds since 1970
    ends: int  # seconds since 1970
    holder: bytes  # 16 bytes, see `holder_of`


def microseconds(moment: datetime) -> int:
    """Return a moment on the axis of places."""
    return (moment - _EPOCH) // _MICROSECOND


def event_of(name: str) -> bytes:
    """Return what a ticket holds of an event's name."""
    return hashlib.sha256(name.encode()).digest()[:8]


def holder_of(event: str, who: str) -> bytes:
    """Return what a ticket holds of its holder: an account's id or the secret of a browser. Unlike for each event."""
    return hashlib.blake2b(who.encode("utf-8", "surrogatepass"), digest_size=16, key=event_of(event)).digest()


def place_of(plan: Plan, holder: bytes, *, lots: bytes, now: datetime) -> int:
    """Return the place of who comes at `now`.

    Before the opening it is drawn by `lots`, a secret: the same holder always draws the same lot, however often and
    wherever they ask, and hurrying gains nothing. From the opening on it is drawn in the second of `now`, so that any
    part of a second holds its part of who came in it, however they crowd.
    """
    if now >= plan.opens_at:
        start, wide = microseconds(now) // SECOND * SECOND, SECOND
    else:
        wide = max(1, plan.draw_minutes * 60 * SECOND)
        start = microseconds(plan.opens_at) - wide
    drawn = hmac.digest(lots, event_of(plan.event) + start.to_bytes(8) + holder, "sha256")
    return start + int.from_bytes(drawn[:8]) * wide // (1 << 64)


def issue(key: Ed25519PrivateKey, plan: Plan, who: str, *, lots: bytes, now: datetime, lane: int = 0) -> str:
    """Return a ticket for `who`, 136 characters that stand in a cookie or an address.

    Raises `TicketError` `expired` once the event is over and `ValueError` for a lane that the plan does not have.
    """
    if not 0 <= lane < len(plan.lane_names):
        raise ValueError(f"there is no lane {lane}")
    if now >= plan.ends_at:
        raise TicketError("expired")
    holder = holder_of(plan.event, who)
    place = place_of(plan, holder, lots=lots, now=now)
    said = _FORM.pack(VERSION, lane, event_of(plan.event), place, int(plan.ends_at.timestamp()), holder)
    return urlsafe_b64encode(said + key.sign(said)).rstrip(b"=").decode()


def parse(text: str) -> tuple[Ticket, bytes, bytes]:
    """Return what a ticket says, the bytes signed and the signature, unchecked. Raises `TicketError` `malformed`."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4)) if len(text) <= TEXT_LENGTH else b""
    except ValueError:
        raw = b""
    if len(raw) != _FORM.size + _SIGNATURE or raw[0] != VERSION:
        raise TicketError("malformed")
    said = raw[: _FORM.size]
    _, lane, event, place, ends, holder = _FORM.unpack(said)
    return Ticket(lane, event, place, ends, holder), said, raw[_FORM.size :]


def believe(key: Ed25519PublicKey, said: bytes, signature: bytes) -> None:
    """Check the signature. Raises `TicketError` `forged`."""
    try:
        key.verify(signature, said)
    except InvalidSignature:
        raise TicketError("forged") from None

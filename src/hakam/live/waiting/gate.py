"""The gate: how far the order has been let in, published once a second and signed; and what a node says to a ticket."""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_right
from typing import Annotated, Final, NamedTuple

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hakam.live.waiting.ticket import TicketError, believe, event_of, parse

STALE: Final = 15.0  # seconds without a new gate after which a node lets nobody in who is not inside
LONGEST_WAIT: Final = 300  # seconds that anybody is told to wait at once
WITHOUT_FORECAST: Final = 60  # seconds, while nobody can say when it goes on
_SIGNATURE: Final = 64
_MAGIC: Final = b"HAKAMGT1"


class GateError(ValueError):
    """Bytes are no gate, are not signed by the key, or are older than the gate in use."""


class LaneGate(msgspec.Struct, frozen=True):
    """How far one lane is let in: every place below `frontier`. `forecast` holds (place, Unix time) in order."""

    frontier: int
    waiting: int = 0
    forecast: Annotated[tuple[tuple[int, float], ...], msgspec.Meta(max_length=64)] = ()


class Gate(msgspec.Struct, frozen=True):
    """The state of admission that all nodes share. Times are Unix seconds."""

    event: str
    number: int
    made_at: float
    step: str
    lanes: tuple[LaneGate, ...]
    floor: float = 2.0  # seconds that who is not yet due waits at least, so that all nodes bear the asking
    revoked: tuple[bytes, ...] = ()  # holders who are shown out


def sign(gate: Gate, key: Ed25519PrivateKey) -> bytes:
    """Return a gate as bytes: magic, signature, JSON."""
    body = msgspec.json.encode(gate)
    return _MAGIC + key.sign(_MAGIC + body) + body


def read_gate(data: bytes, key: Ed25519PublicKey, *, newer_than: int = -1) -> Gate:
    """Return a gate. Raises `GateError`."""
    head = len(_MAGIC)
    signature, body = data[head : head + _SIGNATURE], data[head + _SIGNATURE :]
    if data[:head] != _MAGIC:
        raise GateError("this is no gate")
    try:
        key.verify(signature, _MAGIC + body)
        gate = msgspec.json.decode(body, type=Gate)
    except InvalidSignature:
        raise GateError("the gate is not signed by this key") from None
    except msgspec.MsgspecError as error:
        raise GateError(f"the gate can't be read: {error}") from error
    if gate.number <= newer_than:
        raise GateError(f"gate {gate.number} is not newer than {newer_than}")
    return gate


class Wait(NamedTuple):
    """Not yet. Come back in `seconds`; `expected` seconds are left until the turn, None while nobody can say."""

    seconds: int
    expected: int | None


class Checked(NamedTuple):
    """What a ticket is at this gate: let in, or told to wait."""

    holder: bytes
    lane: int
    wait: Wait | None


def spread(holder: bytes, number: int) -> float:
    """Return a fraction that differs by holder and time, so that those who wait don't all come back at once."""
    return int.from_bytes(hashlib.blake2b(holder, digest_size=4, salt=number.to_bytes(16)).digest()) / (
        1 << 32
    )


def expected_at(lane: LaneGate, place: int) -> float | None:
    """Return when a place is expected to be let in, Unix seconds; None while nobody can say.

    Between two points of the forecast the moment lies as the place does; beyond the last, at the pace of the whole.
    """
    points = lane.forecast
    if not points:
        return None
    after = bisect_right(points, (place, math.inf))
    if after == 0:
        return points[0][1]
    if after == len(points):
        return points[-1][1]
    (p0, t0), (p1, t1) = points[after - 1], points[after]
    return t0 + (t1 - t0) * (place - p0) / (p1 - p0) if p1 > p0 else t1


def how_long(gate: Gate, lane: LaneGate, place: int, holder: bytes, now: float) -> Wait:
    """Return how long to wait: to the turn where it is near, else half of the way, never all at the same moment."""
    moment = expected_at(lane, place)
    part = spread(holder, gate.number)
    if moment is None:
        return Wait(math.ceil(max(WITHOUT_FORECAST, gate.floor) * (1 + part / 2)), None)
    left = max(0.0, moment - now)
    aim = left if left <= max(5.0, gate.floor) else min(max(left / 2, gate.floor), left)
    seconds = max(1.0, aim) + part * max(1.0, aim / 4)
    return Wait(min(math.ceil(seconds), max(LONGEST_WAIT, math.ceil(gate.floor * 1.25))), math.ceil(left))


def check(text: str, holder: bytes, gate: Gate, key: Ed25519PublicKey, *, now: float) -> Checked:
    """Say what a ticket is worth at `now`, without asking anybody.

    Who lies about a place that is not yet due is only told to wait, so the signature is checked once it is.
    Raises `TicketError`.
    """
    ticket, said, signature = parse(text)
    if ticket.event != event_of(gate.event):
        raise TicketError("other_event")
    if ticket.holder != holder or holder in gate.revoked:
        raise TicketError("not_yours")
    if now >= ticket.ends:
        raise TicketError("expired")
    if ticket.lane >= len(gate.lanes):
        raise TicketError("malformed")
    lane = gate.lanes[ticket.lane]
    if ticket.place >= lane.frontier:
        return Checked(holder, ticket.lane, how_long(gate, lane, ticket.place, holder, now))
    believe(key, said, signature)
    return Checked(holder, ticket.lane, None)

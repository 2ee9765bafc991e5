"""An edge node of a waiting room: gives out tickets, checks them against the newest gate, counts who is inside."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hakam.live.waiting.admission import SLOT, NodeReport
from hakam.live.waiting.gate import STALE, Checked, Gate, Wait, check, how_long, read_gate, spread
from hakam.live.waiting.plan import Plan, replace
from hakam.live.waiting.ticket import TicketError, believe, event_of, holder_of, issue, parse

FULL_WAIT: Final = 10  # seconds, while every seat is taken or nothing is heard of the gate


class Issuing(NamedTuple):
    """What a node needs to give out tickets; a node without it only checks them."""

    key: Ed25519PrivateKey
    lots: bytes


class _Seat:
    """Who is inside."""

    __slots__ = ("lane", "seen", "ticket")

    def __init__(self, ticket: str, lane: int, seen: float) -> None:
        self.ticket, self.lane, self.seen = ticket, lane, seen


class _Counts(msgspec.Struct):
    """What a node must not forget when it is restarted."""

    issued: list[dict[int, int]]
    entered: int = 0
    given: list[int] = []


class Node:
    """One node of one event. `clock` gives the moment, with its time zone; `path` keeps the node's counts."""

    def __init__(
        self,
        plan: Plan,
        key: Ed25519PublicKey,
        *,
        name: str,
        clock: Callable[[], datetime],
        path: Path | None = None,
        issuing: Issuing | None = None,
    ) -> None:
        self.plan, self.name = plan, name
        self.gate: Gate | None = None
        self._renewed_at = 0.0  # by this node's own clock: that of the controller may be another
        self.load = 0.0
        self._key, self._clock, self._path, self._issuing = key, clock, path, issuing
        self._counts = _Counts([{} for _ in plan.lane_names])
        if path is not None and path.exists():
            kept = msgspec.json.decode(path.read_bytes(), type=_Counts)
            if len(kept.issued) == len(plan.lane_names):
                self._counts = kept
        if len(self._counts.given) != len(plan.lane_names):
            self._counts.given = [0] * len(plan.lane_names)
        self.refused: Counter[str] = Counter()  # by code
        self.questions = 0  # taken
        self._written = msgspec.json.encode(self._counts)
        self._seats: OrderedDict[bytes, _Seat] = OrderedDict()  # in the order of the last sign of life
        self._present = [0] * len(plan.lane_names)

    def renew(self, data: bytes) -> Gate:
        """Take a newer gate. Raises `GateError`."""
        self.gate = read_gate(data, self._key, newer_than=-1 if self.gate is None else self.gate.number)
        self._renewed_at = self._clock().timestamp()
        for lane, counts in enumerate(self._counts.issued):
            first = self.gate.lanes[lane].frontier // SLOT
            for slot in [s for s in counts if s < first]:
                del counts[slot]
        for holder in self.gate.revoked:
            self._leave(holder)
        return self.gate

    def now(self) -> datetime:
        """Return the moment by this node's clock."""
        return self._clock()

    @property
    def issues(self) -> bool:
        """Whether this node gives out tickets."""
        return self._issuing is not None

    def give(self, who: str, *, lane: int = 0) -> str:
        """Give out a ticket and count it. Raises `TicketError` `expired`, and `RuntimeError` without `Issuing`."""
        if self._issuing is None:
            raise RuntimeError("this node gives out no tickets")
        made = issue(self._issuing.key, self.plan, who, lots=self._issuing.lots, now=self._clock(), lane=lane)
        self.count(made)
        return made

    def count(self, text: str) -> None:
        """Count a ticket that was given out."""
        ticket = parse(text)[0]
        counts = self._counts.issued[ticket.lane]
        slot = ticket.place // SLOT
        counts[slot] = counts.get(slot, 0) + 1
        self._counts.given[ticket.lane] += 1

    def check(self, text: str, who: str) -> Checked:
        """Say what a ticket is worth now; whoever is let in has a seat from here on. Raises `TicketError`."""
        now = self._clock().timestamp()
        holder = holder_of(self.plan.event, who)
        seat = self._seats.get(holder)
        if seat is not None and seat.ticket == text and now < self.plan.ends_at.timestamp():
            seat.seen = now
            self._seats.move_to_end(holder)
            return Checked(holder, seat.lane, None)
        gate = self.gate
        if gate is None:
            parse(text)
            return Checked(holder, 0, self._hold(holder, 0))
        found = check(text, holder, gate, self._key, now=self._by_gate(gate))
        if found.wait is not None or seat is not None:
            return found
        if now - self._renewed_at > STALE or len(self._seats) >= self.plan.capacity:
            return found._replace(wait=self._hold(holder, gate.number))
        self._seats[holder] = _Seat(text, found.lane, now)
        self._present[found.lane] += 1
        self._counts.entered += 1
        return found

    def believed(self, text: str, who: str) -> bytes:
        """Return the holder of a ticket that is good, whether its turn has come or not. Raises `TicketError`."""
        ticket, said, signature = parse(text)
        holder = holder_of(self.plan.event, who)
        if ticket.event != event_of(self.plan.event):
            raise TicketError("other_event")
        if ticket.holder != holder or (self.gate is not None and holder in self.gate.revoked):
            raise TicketError("not_yours")
        if self._clock().timestamp() >= ticket.ends:
            raise TicketError("expired")
        believe(self._key, said, signature)
        return holder

    def waits(self, text: str) -> Wait:
        """Return how long the holder of a fresh ticket waits."""
        ticket, gate = parse(text)[0], self.gate
        if gate is None:
            return self._hold(ticket.holder, 0)
        return how_long(gate, gate.lanes[ticket.lane], ticket.place, ticket.holder, self._by_gate(gate))

    def _by_gate(self, gate: Gate) -> float:
        """Return the moment by the clock that the gate was made by: turns are told by that one on every node."""
        return gate.made_at + (self._clock().timestamp() - self._renewed_at)

    def _hold(self, holder: bytes, number: int) -> Wait:
        return Wait(FULL_WAIT + int(FULL_WAIT * spread(holder, number)), None)

    def leave(self, who: str) -> None:
        """Free a seat at once, for somebody who goes."""
        self._leave(holder_of(self.plan.event, who))

    def _leave(self, holder: bytes) -> None:
        seat = self._seats.pop(holder, None)
        if seat is not None:
            self._present[seat.lane] -= 1

    def report(self) -> NodeReport:
        """Free the seats of who gave no sign, write the counts down and return them."""
        old = self._clock().timestamp() - self.plan.absent_seconds
        while self._seats:
            holder, seat = next(iter(self._seats.items()))
            if seat.seen > old:
                break
            self._leave(holder)
        written = msgspec.json.encode(self._counts)
        if self._path is not None and written != self._written:
            replace(self._path, written)
            self._written = written
        return NodeReport(
            self.name,
            tuple(dict(lane) for lane in self._counts.issued),
            tuple(self._present),
            self._counts.entered,
            self.load,
            tuple(self._counts.given),
            dict(self.refused),
            self.questions,
        )

"""The crowd of a live event: tickets issued and checked, misuse tried, everybody let in by simulated seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray

from hakam.live.waiting.admission import SLOT, Admission, NodeReport
from hakam.live.waiting.gate import Gate, LaneGate, check
from hakam.live.waiting.plan import Lane, Plan
from hakam.live.waiting.ticket import SECOND, TicketError, holder_of, issue, microseconds, parse

OPENS = datetime(2026, 6, 1, 18, tzinfo=UTC)
EARLY = 0.9  # of the people come in the hour before the opening, the others in the half hour after it
BLOCK = 250_000  # tickets that a process holds at once
TRIED = 2_000  # tickets of which each kind of misuse is tried
LOADED = (
    (600, 700),
    (1_500, 1_600),
)  # seconds after the opening in which the platform says that it is too much
BUSY, CALM = 0.95, 0.3
LOTS = b"l" * 32
SEED = bytes(range(32))


@dataclass(frozen=True)
class Part:
    """What one process did: arrivals and places in microseconds, CPU seconds by what was done, refusals."""

    arrivals: NDArray[np.int64]
    places: NDArray[np.int64]
    counts: dict[int, int]
    issuing: float
    due: float
    waiting: float
    refused: dict[str, int]
    peak_mib: float


def plan_of(people: int) -> Plan:
    """Return an event at which all are let in within an hour, if nothing slows it."""
    return Plan(
        event="bench",
        title={"en": "Bench"},
        opens_at=OPENS,
        ends_at=OPENS + timedelta(hours=12),
        capacity=people,
        pace=max(1.0, people / 3_600),
        lanes=(Lane("press", 0),),
        settle_seconds=10,
    )


def peak() -> float:
    """Return the most memory that this process ever had, in MiB; nan where the system does not tell."""
    if sys.platform == "win32":
        return float("nan")
    import resource

    scale = 1 if sys.platform == "darwin" else 1_024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale / 2**20


def take_part(first: int, people: int, total: int) -> Part:
    """Issue and check the tickets of some of the people, a block at a time: one node's work."""
    blocks = [_block(n, min(BLOCK, first + people - n), total) for n in range(first, first + people, BLOCK)]
    counts: dict[int, int] = {}
    for block in blocks:
        for slot, count in block.counts.items():
            counts[slot] = counts.get(slot, 0) + count
    return Part(
        np.concatenate([block.arrivals for block in blocks]),
        np.concatenate([block.places for block in blocks]),
        counts,
        sum(block.issuing for block in blocks),
        sum(block.due for block in blocks),
        sum(block.waiting for block in blocks),
        blocks[0].refused,
        peak(),
    )


def _block(first: int, people: int, total: int) -> Part:
    plan, key = plan_of(total), Ed25519PrivateKey.from_private_bytes(SEED)
    dice = np.random.default_rng(first)
    early = dice.random(people) < EARLY
    offsets = np.where(early, -3_600 + 3_600 * dice.random(people), 1_800 * dice.random(people))
    opening = microseconds(OPENS)
    arrivals = opening + (offsets * SECOND).astype(np.int64)
    moments = [OPENS + timedelta(microseconds=int(at) - opening) for at in arrivals]
    names = [f"person-{first + n}" for n in range(people)]
    start = time.process_time()
    tickets = [issue(key, plan, who, lots=LOTS, now=now) for who, now in zip(names, moments, strict=True)]
    issuing = time.process_time() - start
    places = np.fromiter((parse(text)[0].place for text in tickets), np.int64, people)
    slots, counted = np.unique(places // SLOT, return_counts=True)
    holders = [holder_of(plan.event, who) for who in names]
    public, now = key.public_key(), OPENS.timestamp() + 60
    everybody = Gate("bench", 1, now, "open", (LaneGate(opening * 2), LaneGate(0)))
    nobody = Gate("bench", 1, now, "open", (LaneGate(0, people, ((opening, now + 60),)), LaneGate(0)))

    def checked(gate: Gate, *, let_in: bool) -> float:
        start = time.process_time()
        for text, holder in zip(tickets, holders, strict=True):
            assert (check(text, holder, gate, public, now=now).wait is None) is let_in
        return time.process_time() - start

    due, waiting = checked(everybody, let_in=True), checked(nobody, let_in=False)
    refused = misused(tickets[:TRIED], holders[:TRIED], everybody, plan)
    counts = dict(zip(slots.tolist(), counted.tolist(), strict=True))
    return Part(arrivals, places, counts, issuing, due, waiting, refused, peak())


def misused(tickets: list[str], holders: list[bytes], gate: Gate, plan: Plan) -> dict[str, int]:
    """Try what must not work with each ticket; return how often each was refused, by its reason."""
    public = Ed25519PrivateKey.from_private_bytes(SEED).public_key()
    foreign = Ed25519PrivateKey.generate()
    now, over = gate.made_at, plan.ends_at.timestamp()
    refused: dict[str, int] = {}

    def tried(text: str, holder: bytes, at: float, among: Gate = gate) -> None:
        try:
            check(text, holder, among, public, now=at)
        except TicketError as error:
            refused[error.code] = refused.get(error.code, 0) + 1

    elsewhere = Gate("another", 1, now, "open", gate.lanes)
    for n, (text, holder) in enumerate(zip(tickets, holders, strict=True)):
        tried(text, holders[n - 1], now)  # replayed by somebody else
        tried(text, holder, over)  # used again after the end
        tried(text, holder, now, elsewhere)  # at another event
        tried(
            issue(foreign, plan, f"forger-{n}", lots=LOTS, now=OPENS), holder_of("bench", f"forger-{n}"), now
        )
        tried(("A" if text[40] != "A" else "B").join((text[:40], text[41:])), holder, now)  # another place
    return refused


def admit(
    plan: Plan, counts: Iterable[dict[int, int]], places: NDArray[np.int64], home: Path
) -> tuple[NDArray[np.int32], list[str], float]:
    """Let everybody in by simulated seconds; return the second of each sorted place, the steps taken, CPU seconds."""
    admission = Admission(plan, home / "admission.json")
    reports = [NodeReport(f"node-{n}", (count, {}), (0, 0)) for n, count in enumerate(counts)]
    turn = np.full(len(places), -1, np.int32)
    steps, let_in, second = [admission.step.name], 0, 0
    start = time.process_time()
    while let_in < len(places):
        now = plan.opens_at + timedelta(seconds=second)
        load = BUSY if any(begins <= second < ends for begins, ends in LOADED) else CALM
        arrived = [_until(report, microseconds(now)) for report in reports]
        gate = admission.tick(arrived, now=now, load=load)
        if admission.step.name != steps[-1]:
            steps.append(admission.step.name)
        reached = int(np.searchsorted(places, gate.lanes[0].frontier))
        turn[let_in:reached] = second
        let_in, second = max(let_in, reached), second + 1
        if second > 12 * 3_600:
            raise RuntimeError(f"{len(places) - let_in} people were never let in")
    return turn, steps, time.process_time() - start


def _until(report: NodeReport, now: int) -> NodeReport:
    """Return what a node can have counted by now: nobody of the seconds to come."""
    issued = {slot: count for slot, count in report.issued[0].items() if slot * SLOT <= now}
    return NodeReport(report.node, (issued, {}), report.present, load=0.0)


def overtaken(
    arrivals: NDArray[np.int64], turn: NDArray[np.int32], opening: int, *, bound: int = SECOND
) -> int:
    """Count who was let in before somebody that had come more than `bound` microseconds earlier.

    Those who came before the opening drew lots: among themselves none overtakes, but all of them come first.
    """
    came = np.maximum(arrivals, opening - 1)
    order = np.argsort(came, kind="stable")
    came, turns = came[order], turn[order]
    latest = np.maximum.accumulate(turns)  # the latest turn of all who came until then
    before = np.searchsorted(came, came - bound, side="left") - 1
    rows = before >= 0
    return int(np.count_nonzero(turns[rows] < latest[before[rows]]))

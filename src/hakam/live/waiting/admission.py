"""Who is let in, second by second: as many as there are seats, at a pace that steps down before anything falls over."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from hakam.live.waiting.gate import Gate, LaneGate
from hakam.live.waiting.plan import Plan, Step, replace
from hakam.live.waiting.ticket import SECOND, microseconds

SLOT: Final = SECOND  # microseconds of places that are counted together
_LAG: Final = SECOND // 2  # a slot that ended so recently may not have been counted by every node yet
_POINTS: Final = 32  # of a forecast
_LOST: Final = 30.0  # seconds after which a silent node no longer holds the others up
_TICK_MOST: Final = 2.0  # seconds; a longer pause does not let the crowd of the whole pause in at once
_SHORTEST_FLOOR: Final = 2.0  # seconds
_BUSY, _IDLE = 0.8, 0.5  # load of a node above and below which the asking is made rarer and more often
_RAREST: Final = 64.0  # times the floor


class NodeReport(msgspec.Struct, frozen=True):
    """What a node tells: tickets given out by lane and slot, who is inside by lane, and how busy it is (1: all)."""

    node: str
    issued: tuple[dict[int, int], ...]
    present: tuple[int, ...]
    entered: int = 0  # holders that came in since the node's counts began
    load: float = 0.0
    given: tuple[int, ...] = ()  # tickets given out by lane since the counts began
    refused: dict[str, int] = {}  # tickets and questions that were not taken, by code, since the node started
    questions: int = 0  # that were taken since the node started


class State(msgspec.Struct, frozen=True):
    """What the controller knows of its event: for people who watch over it."""

    event: str
    at: float  # Unix seconds
    step: str
    steps: tuple[str, ...]
    held: int  # the step at which a person holds it, 0: nobody does
    by_load: int  # the step that the load alone asks for
    load: float  # that the platform reported
    lanes: tuple[str, ...]
    waiting: tuple[int, ...]  # of each lane
    floor: float
    nodes: tuple[NodeReport, ...]
    silent: tuple[str, ...]  # addresses of nodes that gave no report


class _Kept(msgspec.Struct):
    """What a restart must know."""

    number: int
    step: int
    stepped_at: float
    frontiers: list[int]
    used: list[float]
    counts: dict[str, list[dict[int, int]]]
    held: int = 0  # the step at which a person holds it, or below


class Admission:
    """Moves the frontiers of one event. One process does it; `home` keeps what a restart must know."""

    def __init__(self, plan: Plan, path: Path) -> None:
        self.plan, self._path = plan, path
        start = microseconds(plan.opens_at) - plan.draw_minutes * 60 * SLOT
        lanes = len(plan.lane_names)
        self._kept = _Kept(0, 0, 0.0, [start] * lanes, [0.0] * lanes, {})
        if path.exists():
            kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
            if len(kept.frontiers) == lanes:
                self._kept = kept
        self._kept.step = min(self._kept.step, len(plan.steps) - 1)
        self._kept.held = min(self._kept.held, len(plan.steps) - 1)
        self._last: float | None = None
        self._let_in: deque[tuple[float, float]] = deque()  # (when, how many)
        self._entered: deque[tuple[float, int]] = deque()  # (when, how many in all)
        self._credit = 0.0
        self._heard: dict[str, float] = {}
        self._rarer = 1.0

    @property
    def step(self) -> Step:
        """The level of admission now: that of the load, or where a person holds it, whichever lets in less."""
        return self.plan.steps[max(self._kept.step, self._kept.held)]

    @property
    def held(self) -> int:
        """The step at which a person holds it, 0: nobody does."""
        return self._kept.held

    @property
    def by_load(self) -> int:
        """The step that the load alone asks for."""
        return self._kept.step

    def hold(self, step: int) -> None:
        """Let in no more than at this step, until another word; 0 lets go. On disk before it returns."""
        self._kept.held = min(max(step, 0), len(self.plan.steps) - 1)
        replace(self._path, msgspec.json.encode(self._kept))

    def waiting(self, lane: int) -> float:
        """Return how many of a lane are not let in yet."""
        kept = self._kept
        slot = kept.frontiers[lane] // SLOT
        total = sum(n for s, n in self._counts(lane).items() if s >= slot)
        return max(0.0, total - kept.used[lane])

    def tick(
        self,
        reports: Sequence[NodeReport],
        *,
        now: datetime,
        load: float = 0.0,
        revoked: Sequence[bytes] = (),
    ) -> Gate:
        """Let in those whose turn it is and return the new gate; what it rests on is on disk before.

        `load` is what the platform measures of what serves the event, 1 for all that it bears: it moves the steps. The
        load of nodes comes from those who wait, so it only makes them ask less often.
        """
        at = now.timestamp()
        kept = self._kept
        for report in reports:
            kept.counts[report.node] = [dict(lane) for lane in report.issued]
            self._heard[report.node] = at
        self._heard = {node: heard for node, heard in self._heard.items() if at - heard < _LOST}
        self._step(load, at)
        busiest = max((report.load for report in reports), default=0.0)
        if busiest > _BUSY:
            self._rarer = min(_RAREST, self._rarer * 1.5)
        elif busiest < _IDLE:
            self._rarer = max(1.0, self._rarer / 1.2)
        present = [sum(r.present[lane] for r in reports) for lane in range(len(kept.frontiers))]
        entered = sum(r.entered for r in reports)
        free = self._free(sum(present), entered, at)
        seconds = 0.0 if self._last is None else min(max(0.0, at - self._last), _TICK_MOST)
        self._last = at
        if now >= self.plan.opens_at:
            # A node that is not heard of may be giving out places that nobody has counted: none of them is passed.
            heard = min([at, *self._heard.values()])
            self._admit(present, free, seconds, at, int(heard * 1_000_000) - _LAG)
        kept.number += 1
        self._forget()
        replace(self._path, msgspec.json.encode(kept))
        total = sum(self.waiting(lane) for lane in range(len(kept.frontiers)))
        return Gate(
            event=self.plan.event,
            number=kept.number,
            made_at=at,
            step=self.step.name,
            lanes=tuple(self._lane_gate(lane, at, free=free) for lane in range(len(kept.frontiers))),
            floor=round(max(_SHORTEST_FLOOR, total / self.plan.polls) * self._rarer, 1),
            revoked=tuple(revoked),
        )

    def _step(self, load: float, at: float) -> None:
        kept, plan = self._kept, self.plan
        kept.stepped_at = min(
            kept.stepped_at, at
        )  # a clock that was set back must not hold the step for as long
        if at - kept.stepped_at < plan.settle_seconds:
            return
        wanted = kept.step + (load >= plan.step_down_at) - (load <= plan.step_up_at)
        wanted = min(max(wanted, 0), len(plan.steps) - 1)
        if wanted != kept.step:
            kept.step, kept.stepped_at = wanted, at

    def _free(self, present: int, entered: int, at: float) -> float:
        """Return how many seats nobody has: those let in a moment ago may still be on their way."""
        old = at - self.plan.absent_seconds
        self._entered.append((at, entered))
        while len(self._entered) > 1 and self._entered[1][0] <= old:
            self._entered.popleft()
        while self._let_in and self._let_in[0][0] <= old:
            self._let_in.popleft()
        coming = sum(n for _, n in self._let_in) - (entered - self._entered[0][1])
        return self.plan.capacity - present - max(0.0, coming)

    def _admit(self, present: Sequence[int], free: float, seconds: float, at: float, limit: int) -> None:
        plan, step = self.plan, self.step
        pace = plan.pace * step.share
        self._credit = min(self._credit, max(1.0, pace)) + pace * seconds
        left = min(self._credit, free)
        taken = 0.0
        for lane in range(1, len(plan.lane_names)):  # priority lanes first, in their order
            taken += self._let(lane, left - taken, limit)
        if not step.priority_only:
            kept_free = sum(max(0, lane.reserved - present[n]) for n, lane in enumerate(plan.lanes, 1))
            taken += self._let(0, min(left, free - kept_free) - taken, limit)
        self._credit -= taken
        if taken:
            self._let_in.append((at, taken))

    def _let(self, lane: int, most: float, limit: int) -> float:
        """Move a lane's frontier past at most so many; return how many. It never moves back, nor beyond `limit`."""
        kept = self._kept
        counts = self._counts(lane)
        frontier = kept.frontiers[lane]
        taken = 0.0
        for slot in sorted(s for s in counts if s >= frontier // SLOT):
            end = (slot + 1) * SLOT
            if end > limit:
                break
            used = kept.used[lane] if slot == frontier // SLOT else 0.0
            here = max(0.0, counts[slot] - used)
            if here <= most - taken:
                taken += here
                frontier, kept.used[lane] = max(frontier, end), 0.0
                continue
            part = max(0.0, most - taken)
            if part > 0:
                taken += part
                kept.used[lane] = used + part
                frontier = max(frontier, slot * SLOT + int(SLOT * kept.used[lane] / counts[slot]))
            break
        else:
            # Nobody counted is left: whoever comes later is not counted yet.
            if most > taken:
                ahead = limit // SLOT * SLOT
                if ahead > frontier:
                    frontier, kept.used[lane] = ahead, 0.0
        kept.frontiers[lane] = frontier
        return taken

    def _counts(self, lane: int) -> Mapping[int, int]:
        total: dict[int, int] = {}
        for node in self._kept.counts.values():
            if lane < len(node):
                for slot, n in node[lane].items():
                    total[slot] = total.get(slot, 0) + n
        return total

    def _forget(self) -> None:
        """Drop counts that every frontier has passed."""
        kept = self._kept
        for node in kept.counts.values():
            for lane, counts in enumerate(node):
                first = kept.frontiers[lane] // SLOT
                for slot in [s for s in counts if s < first]:
                    del counts[slot]

    def _lane_gate(self, lane: int, at: float, *, free: float) -> LaneGate:
        kept, plan = self._kept, self.plan
        waiting = math.ceil(self.waiting(lane))
        gate = LaneGate(kept.frontiers[lane], waiting)
        pace = plan.pace * self.step.share
        if lane == 0 and self.step.priority_only:
            pace = 0.0
        if free < 1:  # only as fast as others leave
            pace = min(pace, sum(n for _, n in self._let_in) / plan.absent_seconds)
        start = max(at, plan.opens_at.timestamp())
        if pace <= 0:
            return gate
        points: list[tuple[int, float]] = [(kept.frontiers[lane], start)]
        counts = self._counts(lane)
        every, ahead, due = max(1.0, waiting / (_POINTS - 2)), -kept.used[lane], 0.0
        for slot in sorted(s for s in counts if s >= kept.frontiers[lane] // SLOT):
            ahead += counts[slot]
            if ahead >= due:
                points.append((max((slot + 1) * SLOT, points[-1][0] + 1), start + max(0.0, ahead) / pace))
                due = ahead + every
        if ahead > 0 and due - every < ahead:
            points.append((points[-1][0] + SLOT, start + ahead / pace))
        return LaneGate(gate.frontier, waiting, tuple(points[: _POINTS + 2]))

"""Fairness and safety over whole events: many nodes, clocks that differ, kills, and a model to compare with."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.live.waiting.hall import KEY, LOTS, OPENS, Hall, plan

from hakam.live.edge_keys import signing_key, waiting_key
from hakam.live.waiting.admission import Admission
from hakam.live.waiting.gate import sign
from hakam.live.waiting.node import Issuing, Node
from hakam.live.waiting.plan import Lane, Plan
from hakam.live.waiting.ticket import TicketError, holder_of, parse


class Visitor:
    """Somebody who comes once, asks when told and stays."""

    def __init__(self, who: str, ticket: str, came: datetime) -> None:
        self.who, self.ticket, self.came = who, ticket, came
        self.due = came
        self.turn: datetime | None = None  # when the frontier passed the place
        self.entered: datetime | None = None


def event(hall: Hall, arrivals: list[tuple[float, str]], seconds: int) -> list[Visitor]:
    """Play an event: people come at their seconds to nodes in turn, and do as they are told."""
    visitors: list[Visitor] = []
    waiting = sorted(arrivals)
    start = hall.now
    for second in range(seconds):
        while waiting and waiting[0][0] < second + 1:
            offset, who = waiting.pop(0)
            hall.now = start + timedelta(seconds=offset)
            node = hall.nodes[len(visitors) % len(hall.nodes)]
            visitors.append(Visitor(who, node.give(who), hall.now))
        hall.now = start + timedelta(seconds=second + 1)
        gate = hall.tick()
        for n, visitor in enumerate(visitors):
            if visitor.turn is None and parse(visitor.ticket)[0].place < gate.lanes[0].frontier:
                visitor.turn = hall.now
            if visitor.due > hall.now:
                continue
            found = hall.nodes[n % len(hall.nodes)].check(visitor.ticket, visitor.who)
            if found.wait is not None:
                visitor.due = hall.now + timedelta(seconds=found.wait.seconds)
            elif visitor.entered is None:
                visitor.entered = hall.now
                visitor.due = hall.now + timedelta(seconds=30)
            else:
                visitor.due = hall.now + timedelta(seconds=30)
    return visitors


def overtaken(visitors: list[Visitor], bound: timedelta) -> list[tuple[str, str]]:
    """Return pairs whose turns came in the wrong order although they came more than `bound` apart."""
    return [
        (one.who, other.who)
        for one in visitors
        for other in visitors
        if one.came + bound <= other.came
        and other.turn is not None
        and (one.turn is None or one.turn > other.turn)
    ]


def crowd(seed: int, size: int, over: float) -> list[tuple[float, str]]:
    """Return so many people who come over so many seconds, most of them at the beginning."""
    dice = random.Random(seed)  # noqa: S311 -- a crowd, no secret
    return [(over * dice.random() ** 3, f"u{n}") for n in range(size)]


@pytest.mark.parametrize("seed", range(4))
def test_nobody_is_overtaken_by_who_came_a_second_later(tmp_path: Path, seed: int) -> None:
    hall = Hall(tmp_path, plan(capacity=10_000, pace=10, lanes=(), polls=100), nodes=1 + seed)
    visitors = event(hall, crowd(seed, 400, 20), 70)
    assert len(visitors) == 400
    assert all(visitor.turn is not None for visitor in visitors)
    assert overtaken(visitors, timedelta(seconds=1)) == []
    assert all(visitor.entered is not None for visitor in visitors)


@pytest.mark.parametrize("step", ["slowed", "held"])
def test_stepping_down_keeps_the_order(tmp_path: Path, step: str) -> None:
    hall = Hall(tmp_path, plan(capacity=10_000, pace=10, lanes=(), settle_seconds=2))
    hall.load = 1.0 if step == "held" else 0.0
    visitors = event(hall, crowd(7, 200, 10), 20)
    hall.load = 0.95 if step == "slowed" else 0.1
    later = event(hall, [(n / 10, f"late{n}") for n in range(50)], 60)
    assert overtaken(visitors, timedelta(seconds=1)) == []
    assert overtaken(later, timedelta(seconds=1)) == []


def test_clocks_of_nodes_that_differ_bound_the_order_by_their_difference(tmp_path: Path) -> None:
    """Node 1 is 300 ms behind: an order of 1.3 s holds, and nobody is let in uncounted."""
    hall = Hall(tmp_path, plan(capacity=10_000, pace=10, lanes=()), nodes=2)
    hall.nodes[1] = Node(
        hall.plan,
        KEY.public_key(),
        name="node-1",
        clock=lambda: hall.now - timedelta(milliseconds=300),
        issuing=Issuing(KEY, LOTS),
    )
    visitors = event(hall, crowd(3, 300, 20), 60)
    assert all(visitor.turn is not None for visitor in visitors)
    assert overtaken(visitors, timedelta(seconds=1.3)) == []


def test_those_who_drew_lots_are_let_in_by_lot_whoever_came_first(tmp_path: Path) -> None:
    hall = Hall(tmp_path, plan(capacity=10_000, pace=20, lanes=()), now=OPENS - timedelta(seconds=60))
    early = event(hall, [(n / 10, f"u{n}") for n in range(500)], 90)
    by_turn = sorted(early, key=lambda visitor: (visitor.turn, parse(visitor.ticket)[0].place))
    half = {visitor.who for visitor in by_turn[:250]}
    first_to_come = {f"u{n}" for n in range(250)}
    # the first half to come holds half of the first places: 125 of 250, standard deviation 5.6
    assert abs(len(half & first_to_come) - 125) < 5 * 5.6


def test_a_lot_is_the_same_wherever_it_is_asked_for(tmp_path: Path) -> None:
    hall = Hall(tmp_path, nodes=3, now=OPENS - timedelta(minutes=3))
    places = {parse(node.give("nour"))[0].place for node in hall.nodes for _ in range(3)}
    assert len(places) == 1


def test_keys_of_waiting_rooms_and_of_snapshots_are_different() -> None:
    def raw(key: object) -> bytes:
        return key.public_key().public_bytes_raw()  # type: ignore[attr-defined,no-any-return]

    assert raw(waiting_key("secret")) == raw(waiting_key("secret"))
    assert raw(waiting_key("secret")) != raw(waiting_key("another"))
    assert raw(waiting_key("secret")) != raw(signing_key("secret"))


class Event(RuleBasedStateMachine):
    """An event in which anything happens, against what must always hold."""

    @initialize(capacity=st.integers(5, 40), pace=st.integers(1, 10), reserved=st.integers(0, 5))
    def begin(self, capacity: int, pace: int, reserved: int) -> None:
        """Open a hall."""
        import tempfile  # noqa: PLC0415 -- one folder for each run

        self.folder = tempfile.TemporaryDirectory()
        chosen: Plan = plan(
            capacity=capacity, pace=pace, lanes=(Lane("press", min(reserved, capacity)),), absent_seconds=20
        )
        self.hall = Hall(Path(self.folder.name), chosen)
        self.tickets: dict[str, str] = {}
        self.inside: set[str] = set()
        self.out: set[str] = set()
        self.frontier = [0, 0]
        self.number = 0

    def teardown(self) -> None:
        """Leave nothing behind."""
        if hasattr(self, "folder"):
            self.folder.cleanup()

    @rule(lane=st.integers(0, 1), many=st.integers(1, 8))
    def come(self, lane: int, many: int) -> None:
        """Give tickets to some people."""
        for _ in range(many):
            who = f"u{len(self.tickets)}"
            self.tickets[who] = self.hall.nodes[0].give(who, lane=lane)

    @rule(seconds=st.integers(1, 5))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        for _ in range(seconds):
            self.hall.now += timedelta(seconds=1)
            self.renew()

    def renew(self) -> None:
        """Renew the gate: frontiers and numbers only grow."""
        revoked = [holder_of("talk", who) for who in sorted(self.out)]
        gate = self.hall.admission.tick(
            [self.hall.nodes[0].report()], now=self.hall.now, load=self.hall.load, revoked=revoked
        )
        self.hall.nodes[0].renew(sign(gate, KEY))
        assert gate.number > self.number
        for lane, before in zip(gate.lanes, self.frontier, strict=True):
            assert lane.frontier >= before
        self.number, self.frontier = gate.number, [lane.frontier for lane in gate.lanes]

    @rule()
    def all_ask(self) -> None:
        """Everybody asks; nobody hears anything but a seat, a wait, or that they were shown out."""
        for who, text in self.tickets.items():
            try:
                found = self.hall.nodes[0].check(text, who)
            except TicketError as error:
                if error.code == "not_yours" and who in self.out:
                    continue
                raise
            if found.wait is None:
                self.inside.add(who)
            else:
                assert found.wait.seconds >= 1

    @rule(load=st.sampled_from([0.0, 0.7, 1.0]))
    def load(self, load: float) -> None:
        """Report the load of the platform."""
        self.hall.load = load

    @precondition(lambda self: getattr(self, "inside", None))
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        """Somebody goes, and does not come back."""
        who = data.draw(st.sampled_from(sorted(self.inside)))
        self.hall.nodes[0].leave(who)
        self.inside.discard(who)
        self.tickets.pop(who, None)

    @precondition(lambda self: getattr(self, "tickets", None))
    @rule(data=st.data())
    def show_out(self, data: st.DataObject) -> None:
        """Somebody is shown out."""
        who = data.draw(st.sampled_from(sorted(self.tickets)))
        self.out.add(who)
        self.inside.discard(who)
        self.renew()

    @rule()
    def kill_all(self) -> None:
        """Node and controller are killed and start again; seats are found again as people ask."""
        self.hall.nodes[0].report()
        self.hall.nodes = [self.hall.node("node-0")]
        self.hall.admission = Admission(self.hall.plan, self.hall.home / "admission.json")
        self.inside.clear()

    @invariant()
    def seats_hold(self) -> None:
        """There are never more people inside than seats."""
        if hasattr(self, "hall"):
            assert sum(self.hall.nodes[0].report().present) <= self.hall.plan.capacity


TestEvent = Event.TestCase
TestEvent.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)


def frontiers(hall: Hall, seconds: int) -> Iterator[int]:
    """Yield how many places the frontier moves, second by second."""
    for _ in range(seconds):
        hall.now += timedelta(seconds=1)
        before = hall.admission.waiting(0)
        hall.tick()
        yield round(before - hall.admission.waiting(0))


def test_millions_of_lots_are_let_in_at_the_pace_by_counts_alone(tmp_path: Path) -> None:
    """Eight million waiting: the controller never sees a ticket, and still lets in the pace to one in a thousand."""
    chosen = plan(capacity=100_000_000, pace=20_000, lanes=(), draw_minutes=60, polls=100_000)
    hall = Hall(tmp_path, chosen, now=OPENS - timedelta(seconds=1))
    first = int(OPENS.timestamp()) - 3_600
    dice = random.Random(1)  # noqa: S311 -- a crowd, no secret
    counts = {first + n: 2_222 + dice.randrange(-200, 200) for n in range(3_600)}
    node = hall.nodes[0]
    node._counts.issued[0].update(counts)  # as millions of tickets would have left them
    hall.tick()
    total = sum(counts.values())
    assert hall.admission.waiting(0) == total
    moved = list(frontiers(hall, 60))
    assert all(abs(n - 20_000) <= 20 for n in moved[2:]), moved
    assert total - hall.admission.waiting(0) <= 61 * 20_000
    gate = hall.gate
    assert gate is not None
    assert gate.floor == pytest.approx(hall.admission.waiting(0) / 100_000, rel=0.01)
    last = gate.lanes[0].forecast[-1]
    assert last[1] - hall.now.timestamp() == pytest.approx(hall.admission.waiting(0) / 20_000, rel=0.05)
    assert len(sign(gate, KEY)) < 4_096

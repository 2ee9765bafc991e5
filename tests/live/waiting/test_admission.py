"""Admission: fair, bounded by seats and pace, stepping down and up, and not confused by a crash."""

from __future__ import annotations

import math
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.live.waiting.hall import OPENS, PLAN, Hall, plan

from hakam.live.waiting.admission import SLOT, Admission, NodeReport
from hakam.live.waiting.plan import Lane, Step
from hakam.live.waiting.ticket import microseconds, parse

EARLY = OPENS - timedelta(minutes=5)


def crowd(hall: Hall, size: int, *, lane: int = 0, prefix: str = "u") -> dict[str, str]:
    """Give out tickets, from node to node in turn."""
    return {
        f"{prefix}{n}": hall.nodes[n % len(hall.nodes)].give(f"{prefix}{n}", lane=lane) for n in range(size)
    }


def enter(hall: Hall, tickets: dict[str, str], inside: dict[str, float]) -> None:
    """Let everybody try once; `inside` gets the second in which each came in."""
    for n, (who, text) in enumerate(tickets.items()):
        if hall.nodes[n % len(hall.nodes)].check(text, who).wait is None:
            inside.setdefault(who, (hall.now - OPENS).total_seconds())


def test_nobody_is_let_in_before_the_opening(tmp_path: Path) -> None:
    hall = Hall(tmp_path, now=EARLY)
    tickets, inside = crowd(hall, 50), {}
    hall.pass_by(299, lambda: enter(hall, tickets, inside))
    assert inside == {}
    hall.pass_by(10, lambda: enter(hall, tickets, inside))
    assert len(inside) == 50


def test_the_pace_and_the_order_of_lots_are_kept(tmp_path: Path) -> None:
    hall = Hall(tmp_path, now=EARLY, nodes=3)
    tickets, inside = crowd(hall, 900), {}
    hall.pass_by(299)
    hall.pass_by(31, lambda: enter(hall, tickets, inside))
    assert len(inside) == 900
    by_second: dict[float, int] = {}
    for second in inside.values():
        by_second[second] = by_second.get(second, 0) + 1
    # one slot of the draw holds 900 / 600 = 1.5 people, so the frontier is exact to a slot or two
    assert max(by_second.values()) <= 50 + 8
    order = sorted(inside, key=lambda who: parse(tickets[who])[0].place)
    entered = [inside[who] for who in order]
    assert entered == sorted(entered)


def test_seats_are_never_exceeded_and_those_freed_are_given_on(tmp_path: Path) -> None:
    hall = Hall(tmp_path, plan(capacity=100, lanes=(), absent_seconds=30), now=EARLY)
    tickets, inside = crowd(hall, 400), {}
    hall.pass_by(300)
    seen = []

    def live() -> None:
        enter(hall, tickets, inside)
        seen.append(sum(hall.nodes[0].report().present))

    hall.pass_by(60, live)
    assert max(seen) <= 100
    assert 95 <= len(inside) <= 100
    for who in list(inside)[:40]:
        hall.nodes[0].leave(who)
        del tickets[who]
    hall.pass_by(60, live)
    assert max(seen) <= 100
    assert 135 <= len(inside) <= 140


def test_seats_of_those_who_vanish_are_given_on(tmp_path: Path) -> None:
    hall = Hall(tmp_path, plan(capacity=100, lanes=(), absent_seconds=30), now=EARLY)
    tickets, inside = crowd(hall, 200), {}
    hall.pass_by(300)
    hall.pass_by(20, lambda: enter(hall, tickets, inside))
    first = set(inside)
    rest = {who: text for who, text in tickets.items() if who not in first}
    hall.pass_by(60, lambda: enter(hall, rest, inside))
    assert len(inside) >= 190


def test_those_let_in_who_never_come_do_not_hold_their_seats_for_ever(tmp_path: Path) -> None:
    hall = Hall(tmp_path, plan(capacity=100, lanes=(), absent_seconds=30), now=EARLY)
    crowd(hall, 300, prefix="ghost")
    hall.pass_by(300)
    hall.pass_by(10)
    late = hall.nodes[0].give("nour")
    hall.pass_by(29)
    assert hall.nodes[0].check(late, "nour").wait is not None
    hall.pass_by(90)
    assert hall.nodes[0].check(late, "nour").wait is None


def test_priority_lanes_come_first_and_their_seats_are_kept_free(tmp_path: Path) -> None:
    hall = Hall(tmp_path, plan(capacity=100, absent_seconds=600), now=EARLY)
    public, inside = crowd(hall, 300), {}
    hall.pass_by(300)
    hall.pass_by(60, lambda: enter(hall, public, inside))
    assert 45 <= len(inside) <= 50  # 10 + 40 are reserved
    interpreters, entered = crowd(hall, 10, lane=1, prefix="i"), {}
    hall.pass_by(5, lambda: enter(hall, interpreters, entered))
    assert len(entered) == 10


@pytest.mark.parametrize("lane", [0, 1])
def test_while_only_priority_is_let_in_the_public_waits(tmp_path: Path, lane: int) -> None:
    steps = (Step("priority", 1.0, priority_only=True),)
    hall = Hall(tmp_path, plan(steps=steps), now=OPENS)
    tickets, inside = crowd(hall, 20, lane=lane), {}
    hall.pass_by(20, lambda: enter(hall, tickets, inside))
    assert len(inside) == (20 if lane else 0)
    if not lane:
        assert hall.nodes[0].check(tickets["u0"], "u0").wait.expected is None  # type: ignore[union-attr]


def test_it_steps_down_under_load_and_up_again_when_it_is_over(tmp_path: Path) -> None:
    hall = Hall(tmp_path, plan(settle_seconds=5), now=OPENS)
    steps = []
    hall.pass_by(12, lambda: steps.append(hall.admission.step.name))
    hall.load = 0.95
    hall.pass_by(16, lambda: steps.append(hall.admission.step.name))
    hall.load = 0.7
    hall.pass_by(20, lambda: steps.append(hall.admission.step.name))
    hall.load = 0.1
    hall.pass_by(20, lambda: steps.append(hall.admission.step.name))
    changes = [a for a, b in zip(steps, [None, *steps], strict=False) if a != b]
    assert changes == ["open", "slowed", "priority", "held", "priority", "slowed", "open"]


def test_a_busy_node_is_asked_less_often_and_nobody_is_kept_out_for_it(tmp_path: Path) -> None:
    hall = Hall(tmp_path, plan(settle_seconds=1), now=OPENS, nodes=3)
    floors = []
    hall.nodes[2].load = 1.0
    hall.pass_by(5, lambda: floors.append(hall.gate.floor))  # type: ignore[union-attr]
    assert floors == sorted(floors)
    assert floors[-1] > 5 * 2
    assert hall.admission.step.name == "open"
    hall.nodes[2].load = 0.1
    hall.pass_by(30)
    assert hall.gate is not None
    assert hall.gate.floor == 2.0


def test_slowed_means_a_quarter_of_the_pace(tmp_path: Path) -> None:
    steps = (Step("slowed", 0.25),)
    hall = Hall(tmp_path, plan(steps=steps, lanes=()), now=EARLY)
    tickets, inside = crowd(hall, 1_000), {}
    hall.pass_by(300)
    hall.pass_by(20, lambda: enter(hall, tickets, inside))
    assert 21 * 12.5 - 5 <= len(inside) <= 21 * 12.5 + 5  # 21 renewals of the gate


def test_a_long_pause_of_the_controller_does_not_let_a_crowd_in(tmp_path: Path) -> None:
    hall = Hall(tmp_path, plan(lanes=()), now=EARLY)
    tickets, inside = crowd(hall, 1_000), {}
    hall.pass_by(302)
    enter(hall, tickets, inside)
    before = len(inside)
    hall.now += timedelta(seconds=120)
    hall.tick()
    enter(hall, tickets, inside)
    assert len(inside) - before <= 2 * 50 + 8


def test_a_killed_controller_goes_on_where_it_was(tmp_path: Path) -> None:
    hall = Hall(tmp_path, plan(lanes=()), now=EARLY)
    tickets, inside = crowd(hall, 1_000), {}
    hall.pass_by(300)
    hall.pass_by(5, lambda: enter(hall, tickets, inside))
    before, last = len(inside), hall.gate
    hall.admission = Admission(hall.plan, tmp_path / "admission.json")  # as after a kill
    hall.nodes = [hall.node("node-0")]
    hall.pass_by(1)
    assert hall.gate is not None
    assert last is not None
    assert hall.gate.number == last.number + 1
    assert hall.gate.lanes[0].frontier >= last.lanes[0].frontier
    enter(hall, tickets, inside)
    assert before <= len(inside) <= before + 50 + 8
    hall.pass_by(20, lambda: enter(hall, tickets, inside))
    assert len(inside) == 1_000


def test_places_given_out_by_a_node_out_of_reach_are_not_passed(tmp_path: Path) -> None:
    """A cut-off node keeps giving tickets out; nobody who came after its silence began is let in uncounted."""
    hall = Hall(tmp_path, plan(lanes=(), pace=1), now=OPENS, nodes=2)
    hall.pass_by(5)
    for second in range(10):
        hall.nodes[1].give(f"cut-off-{second}")
        hall.now += timedelta(seconds=1)
        hall.tick(silent=1)
        assert hall.gate is not None
        assert hall.gate.lanes[0].frontier <= microseconds(OPENS) + 5 * SLOT
    hall.tick()
    assert hall.admission.waiting(0) >= 8  # the others are let in now, at the pace


def test_a_node_that_is_lost_holds_nobody_up_for_longer_than_half_a_minute(tmp_path: Path) -> None:
    hall = Hall(tmp_path, plan(lanes=()), now=OPENS, nodes=2)
    hall.pass_by(5)
    ticket = hall.nodes[0].give("nour")
    for _ in range(29):
        hall.now += timedelta(seconds=1)
        hall.tick(silent=1)
    assert hall.nodes[0].check(ticket, "nour").wait is not None
    for _ in range(6):
        hall.now += timedelta(seconds=1)
        hall.tick(silent=1)
    assert hall.nodes[0].check(ticket, "nour").wait is None


def test_waits_that_are_told_come_true(tmp_path: Path) -> None:
    """Everybody comes back when told; nobody waits much longer than their turn, and the asking stays bounded."""
    chosen = plan(capacity=100_000, pace=40, lanes=(), polls=100)
    hall = Hall(tmp_path, chosen, now=EARLY)
    tickets = crowd(hall, 2_000)
    due = dict.fromkeys(tickets, 0.0)
    turn: dict[str, float] = {}
    entered: dict[str, float] = {}
    asked: list[int] = []

    def come() -> None:
        at = (hall.now - OPENS).total_seconds()
        asked.append(0)
        frontier = hall.gate.lanes[0].frontier  # type: ignore[union-attr]
        for who, text in tickets.items():
            if who not in turn and parse(text)[0].place < frontier:
                turn[who] = at
            if who in entered or due[who] > at:
                continue
            asked[-1] += 1
            found = hall.nodes[0].check(text, who)
            if found.wait is None:
                entered[who] = at
            else:
                due[who] = at + found.wait.seconds

    hall.pass_by(300)
    hall.pass_by(120, come)
    assert len(entered) == 2_000
    late = sorted(entered[who] - turn[who] for who in entered)
    assert late[0] >= 0
    assert late[len(late) // 2] <= 10
    assert late[-1] <= 40
    assert sum(asked[1:]) <= 2_000 * 6  # the first second is the flood itself
    assert max(asked[3:]) <= 400


def test_the_forecast_is_about_right(tmp_path: Path) -> None:
    hall = Hall(tmp_path, plan(capacity=100_000, pace=10, lanes=()), now=EARLY)
    tickets = crowd(hall, 1_000)
    hall.pass_by(310)
    order = sorted(tickets, key=lambda who: parse(tickets[who])[0].place)
    for rank in (200, 500, 900):
        wait = hall.nodes[0].check(tickets[order[rank]], order[rank]).wait
        assert wait is not None
        assert wait.expected is not None
        assert abs(wait.expected - (rank / 10 - 10)) <= 8


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=12), st.integers(1, 40), st.integers(0, 2))
def test_as_many_are_let_in_as_were_given_tickets_and_no_more_than_the_pace(
    arrivals: list[int], pace: int, extra: int
) -> None:
    import tempfile  # noqa: PLC0415 -- one folder for each example

    with tempfile.TemporaryDirectory() as folder:
        chosen = plan(capacity=10_000, pace=pace, lanes=(Lane("press"),) if extra else ())
        hall = Hall(Path(folder), chosen, now=OPENS, nodes=1 + extra)
        tickets: dict[str, str] = {}
        inside: dict[str, float] = {}
        for second, n in enumerate(arrivals):
            for k in range(n):
                who = f"{second}-{k}"
                tickets[who] = hall.nodes[k % len(hall.nodes)].give(who)
            hall.pass_by(1, lambda: enter(hall, tickets, inside))
            assert len(inside) <= pace * (second + 2) + 5  # lots of a few do not fill a second evenly
        hall.pass_by(math.ceil(sum(arrivals) / pace) + 5, lambda: enter(hall, tickets, inside))
        assert set(inside) == set(tickets)


def test_counts_that_were_passed_are_forgotten(tmp_path: Path) -> None:
    hall = Hall(tmp_path, now=EARLY)
    crowd(hall, 300)
    hall.pass_by(330)
    assert sum(map(len, hall.nodes[0].report().issued)) <= 3
    assert (tmp_path / "admission.json").stat().st_size < 1_000


def test_the_least_wait_grows_with_those_who_wait(tmp_path: Path) -> None:
    admission = Admission(PLAN, tmp_path / "admission.json")
    start = microseconds(OPENS) // SLOT - 600
    report = NodeReport("n", ({start + n: 10_000 for n in range(600)}, {}, {}), (0, 0, 0))
    gate = admission.tick([report], now=EARLY)
    assert gate.lanes[0].waiting == 6_000_000
    assert gate.floor == pytest.approx(6_000_000 / PLAN.polls)
    assert len(gate.lanes[0].forecast) <= 34

"""A node: who has a seat keeps it, a stale gate lets nobody in, counts survive a kill."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest
from tests.live.waiting.hall import KEY, LOTS, OPENS, PLAN, Hall, plan

from hakam.live.waiting.gate import STALE, Gate, GateError, sign
from hakam.live.waiting.issued import Issued, IssuedBefore
from hakam.live.waiting.node import Node
from hakam.live.waiting.ticket import TicketError, holder_of, issue


def inside(hall: Hall, who: str = "nour") -> str:
    """Bring somebody in; return the ticket."""
    ticket = hall.nodes[0].give(who)
    hall.pass_by(3)
    assert hall.nodes[0].check(ticket, who).wait is None
    return ticket


def test_who_is_inside_stays_inside_though_nothing_is_heard_of_the_gate(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    ticket, late = inside(hall), hall.nodes[0].give("yusuf")
    hall.pass_by(3)
    hall.now += timedelta(seconds=STALE + 1)
    assert hall.nodes[0].check(ticket, "nour").wait is None
    wait = hall.nodes[0].check(late, "yusuf").wait
    assert wait is not None
    assert wait.expected is None
    hall.pass_by(1)
    assert hall.nodes[0].check(late, "yusuf").wait is None


@pytest.mark.parametrize("ahead", [-60, -20, 20, 60])
def test_a_node_whose_clock_differs_lets_in_while_it_hears_of_the_gate_and_nobody_after(
    tmp_path: Path, ahead: int
) -> None:
    hall = Hall(tmp_path)
    node = Node(
        PLAN,
        KEY.public_key(),
        name="other",
        clock=lambda: hall.now + timedelta(seconds=ahead),
        issuing=hall.nodes[0]._issuing,
    )
    hall.nodes.append(node)
    early, late = (hall.nodes[0].give(who) for who in ("nour", "yusuf"))
    hall.pass_by(3)
    assert node.check(early, "nour").wait is None
    hall.now += timedelta(seconds=STALE + 1)
    assert node.check(early, "nour").wait is None
    assert node.check(late, "yusuf").wait is not None


@pytest.mark.parametrize("ahead", [-60, 60])
def test_a_node_whose_clock_differs_tells_the_same_wait_as_the_others(tmp_path: Path, ahead: int) -> None:
    hall = Hall(tmp_path, plan(pace=1), nodes=2)
    other = hall.nodes[1]
    other._clock = lambda: hall.now + timedelta(seconds=ahead)
    tickets = {f"u{n}": hall.nodes[0].give(f"u{n}") for n in range(40)}
    hall.pass_by(3)
    for who, ticket in tickets.items():
        assert hall.nodes[0].waits(ticket) == other.waits(ticket)
        assert hall.nodes[0].check(ticket, who).wait == other.check(ticket, who).wait


def test_a_node_that_never_heard_of_a_gate_lets_everybody_wait(tmp_path: Path) -> None:
    node = Hall(tmp_path).node("fresh")
    ticket = node.give("nour")
    assert node.check(ticket, "nour").wait is not None
    assert node.waits(ticket).seconds >= 10
    with pytest.raises(TicketError, match="malformed"):
        node.check("x", "nour")


def test_a_seat_does_not_outlive_the_event(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    ticket = inside(hall)
    hall.now = PLAN.ends_at
    with pytest.raises(TicketError, match="expired"):
        hall.nodes[0].check(ticket, "nour")


def test_the_seat_of_one_is_no_seat_for_another_with_the_same_ticket(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    ticket = inside(hall)
    with pytest.raises(TicketError, match="not_yours"):
        hall.nodes[0].check(ticket, "mallory")


def test_a_holder_has_one_seat_however_many_tickets(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    inside(hall)
    hall.pass_by(2)
    second = hall.nodes[0].give("nour")
    hall.pass_by(3)
    assert hall.nodes[0].check(second, "nour").wait is None
    assert hall.nodes[0].report().present == (1, 0, 0)


def test_who_is_shown_out_loses_the_seat_at_once(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    ticket = inside(hall)
    gate = hall.admission.tick([hall.nodes[0].report()], now=hall.now, revoked=[holder_of("talk", "nour")])
    hall.nodes[0].renew(sign(gate, KEY))
    assert hall.nodes[0].report().present == (0, 0, 0)
    with pytest.raises(TicketError, match="not_yours"):
        hall.nodes[0].check(ticket, "nour")


def test_leaving_twice_frees_one_seat(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    inside(hall)
    hall.nodes[0].leave("nour")
    hall.nodes[0].leave("nour")
    hall.nodes[0].leave("nobody")
    assert hall.nodes[0].report().present == (0, 0, 0)


def test_an_older_gate_is_not_taken(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    old = sign(hall.tick(), KEY)
    hall.pass_by(1)
    with pytest.raises(GateError, match="not newer"):
        hall.nodes[0].renew(old)


def test_a_node_of_its_own_never_exceeds_the_seats_whatever_the_gate_says(tmp_path: Path) -> None:
    hall = Hall(tmp_path, plan(capacity=3, lanes=()))
    tickets = {f"u{n}": hall.nodes[0].give(f"u{n}") for n in range(5)}
    wide = Gate("talk", 99, (OPENS + timedelta(seconds=9)).timestamp(), "open", ())
    hall.now += timedelta(seconds=9)
    lane = hall.tick().lanes[0]
    hall.nodes[0].renew(sign(Gate(wide.event, wide.number, wide.made_at, "open", (type(lane)(2**62),)), KEY))
    waits = [hall.nodes[0].check(text, who).wait for who, text in tickets.items()]
    assert [wait is None for wait in waits] == [True, True, True, False, False]


def test_counts_that_were_written_survive_a_kill(tmp_path: Path) -> None:
    hall = Hall(tmp_path, now=OPENS - timedelta(minutes=1))
    for n in range(20):
        hall.nodes[0].give(f"u{n}")
    before = hall.nodes[0].report()
    again = hall.node("node-0")
    assert again.report().issued == before.issued
    assert sum(again.report().issued[0].values()) == 20


def test_counts_for_other_lanes_are_not_taken_over(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.nodes[0].give("nour")
    hall.nodes[0].report()
    narrower = Node(
        plan(lanes=()), KEY.public_key(), name="node-0", clock=lambda: OPENS, path=tmp_path / "node-0.json"
    )
    assert narrower.report().issued == ({},)


def test_a_node_without_the_secret_only_checks(tmp_path: Path) -> None:
    node = Node(PLAN, KEY.public_key(), name="edge", clock=lambda: OPENS)
    assert not node.issues
    with pytest.raises(RuntimeError, match="no tickets"):
        node.give("nour")
    assert node.check(issue(KEY, PLAN, "nour", lots=LOTS, now=OPENS), "nour").wait is not None


def test_what_was_given_out_beforehand_is_counted_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    issued, before = Issued(PLAN), OPENS - timedelta(hours=1)
    for n in range(30):
        issued.count(issue(KEY, PLAN, f"u{n}", lots=LOTS, now=before, lane=n % 2))
    issued.keep(tmp_path)
    found = IssuedBefore(tmp_path)
    assert [sum(lane.values()) for lane in found.reports()[0].issued] == [15, 15, 0]
    (tmp_path / "issued-broken.json").write_text("{")
    with caplog.at_level(logging.ERROR):
        assert len(found.reports()) == len(found.reports()) == 1
    assert caplog.text.count("issued-broken.json is damaged") == 1
    hall = Hall(tmp_path, now=before)
    hall.admission.tick(found.reports(), now=before)
    assert hall.admission.waiting(0) == hall.admission.waiting(1) == 15

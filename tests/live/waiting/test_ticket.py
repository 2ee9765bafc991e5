"""Tickets: bound to a holder, ordered fairly, and never forged."""

from __future__ import annotations

import statistics
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tests.live.waiting.hall import KEY, LOTS, OPENS, PLAN, plan

from hakam.live.waiting.gate import Gate, LaneGate, check
from hakam.live.waiting.ticket import (
    TEXT_LENGTH,
    TicketError,
    believe,
    holder_of,
    issue,
    microseconds,
    parse,
    place_of,
)

DAY = microseconds(OPENS + timedelta(days=1))
WIDE_OPEN = Gate("talk", 1, OPENS.timestamp(), "open", (LaneGate(DAY), LaneGate(DAY), LaneGate(DAY)))


def code_of(text: str, who: str = "nour", *, gate: Gate = WIDE_OPEN, later: float = 1) -> str:
    """Return why a ticket is refused, `wait` or `fine`."""
    try:
        found = check(text, holder_of("talk", who), gate, KEY.public_key(), now=OPENS.timestamp() + later)
    except TicketError as error:
        return error.code
    return "fine" if found.wait is None else "wait"


def test_a_ticket_says_what_it_was_given_out_for() -> None:
    text = issue(KEY, PLAN, "nour", lots=LOTS, now=OPENS, lane=2)
    ticket, said, signature = parse(text)
    believe(KEY.public_key(), said, signature)
    assert ticket.lane == 2
    assert 0 <= ticket.place - microseconds(OPENS) < 1_000_000
    assert ticket.ends == PLAN.ends_at.timestamp()
    assert ticket.holder == holder_of("talk", "nour")
    assert len(text) == TEXT_LENGTH == 136
    assert text.replace("-", "").replace("_", "").isalnum()


def test_a_ticket_of_ones_own_making_is_refused() -> None:
    other = Ed25519PrivateKey.generate()
    assert code_of(issue(other, PLAN, "nour", lots=LOTS, now=OPENS)) == "forged"


@given(st.integers(0, TEXT_LENGTH - 1), st.sampled_from("ABCDEFGHabcdefgh01234567-_"))
def test_who_changes_a_character_of_a_ticket_is_not_let_in(at: int, letter: str) -> None:
    text = issue(KEY, PLAN, "nour", lots=LOTS, now=OPENS)
    changed = text[:at] + letter + text[at + 1 :]
    if changed != text:
        assert code_of(changed) != "fine"


def test_a_ticket_is_worth_nothing_in_other_hands() -> None:
    text = issue(KEY, PLAN, "nour", lots=LOTS, now=OPENS)
    assert code_of(text) == "fine"
    assert code_of(text, "mallory") == "not_yours"


def test_a_ticket_is_worth_nothing_at_another_event_or_after_the_end() -> None:
    text = issue(KEY, PLAN, "nour", lots=LOTS, now=OPENS)
    assert code_of(issue(KEY, plan(event="other"), "nour", lots=LOTS, now=OPENS)) == "other_event"
    assert code_of(text, later=3 * 3600 - 1) == "fine"
    assert code_of(text, later=3 * 3600) == "expired"
    with pytest.raises(TicketError, match="expired"):
        issue(KEY, PLAN, "nour", lots=LOTS, now=PLAN.ends_at)


def test_who_is_shown_out_stays_out() -> None:
    text = issue(KEY, PLAN, "nour", lots=LOTS, now=OPENS)
    gate = Gate("talk", 2, 0, "open", WIDE_OPEN.lanes, revoked=(holder_of("talk", "nour"),))
    assert code_of(text, gate=gate) == "not_yours"


@pytest.mark.parametrize(
    "text", ["", "x", "é" * 136, "A" * 136, "A" * 137, "=" * 136, "A" * 5_000_000, "\ud800"]
)
def test_what_is_no_ticket_is_malformed(text: str) -> None:
    assert code_of(text) == "malformed"


def test_a_lane_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="no lane 3"):
        issue(KEY, PLAN, "nour", lots=LOTS, now=OPENS, lane=3)
    wider = plan(lanes=(*PLAN.lanes, PLAN.lanes[0].__class__("guests")))
    assert code_of(issue(KEY, wider, "nour", lots=LOTS, now=OPENS, lane=3)) == "malformed"


def test_before_the_opening_lots_are_drawn_and_asking_again_changes_nothing() -> None:
    early = [OPENS - timedelta(minutes=n) for n in (600, 9, 1)]
    places = {place_of(PLAN, holder_of("talk", "nour"), lots=LOTS, now=now) for now in early}
    assert len(places) == 1
    assert places != {place_of(PLAN, holder_of("talk", "yusuf"), lots=LOTS, now=early[0])}
    assert places != {place_of(PLAN, holder_of("talk", "nour"), lots=b"x" * 32, now=early[0])}


def test_lots_are_even() -> None:
    """20,000 holders over ten minutes: each tenth holds a tenth, within five standard deviations (42 each)."""
    before = OPENS - timedelta(hours=1)
    opens = microseconds(OPENS)
    places = [place_of(PLAN, holder_of("talk", f"u{n}"), lots=LOTS, now=before) for n in range(20_000)]
    assert all(opens - 600_000_000 <= place < opens for place in places)
    tenths = [(place - opens + 600_000_000) * 10 // 600_000_000 for place in places]
    assert all(abs(tenths.count(n) - 2_000) < 5 * 42.5 for n in range(10))
    # and who asked first gains nothing: correlation of order and place is that of chance (1/sqrt(20,000) = 0.007)
    assert abs(statistics.correlation(range(20_000), places)) < 5 * 0.0071


@given(st.text(max_size=20), st.text(max_size=20), st.integers(0, 10**10), st.integers(1_000_000, 10**10))
def test_from_the_opening_on_who_came_a_second_earlier_is_first(
    one: str, other: str, came: int, later: int
) -> None:
    first = OPENS + timedelta(microseconds=came)
    places = [
        place_of(PLAN, holder_of("talk", who), lots=LOTS, now=now)
        for who, now in ((one, first), (other, first + timedelta(microseconds=later)))
    ]
    assert places[0] < places[1]
    assert abs(places[0] - microseconds(first)) < 1_000_000


def test_who_comes_in_the_same_second_draws_lots_that_fill_it_evenly() -> None:
    """5,000 who all come in one microsecond: each fifth of the second holds a fifth (1,000, deviation 28)."""
    places = [place_of(PLAN, holder_of("talk", f"u{n}"), lots=LOTS, now=OPENS) for n in range(5_000)]
    fifths = [(place - microseconds(OPENS)) // 200_000 for place in places]
    assert all(abs(fifths.count(n) - 1_000) < 5 * 28.3 for n in range(5))


def test_all_who_drew_lots_come_before_all_who_came_later() -> None:
    drawn = [
        place_of(PLAN, holder_of("talk", f"u{n}"), lots=LOTS, now=OPENS - timedelta(seconds=1))
        for n in range(99)
    ]
    assert max(drawn) < microseconds(OPENS)


def test_a_plan_without_a_draw_lets_those_who_came_before_be_first() -> None:
    place = place_of(plan(draw_minutes=0), b"h", lots=LOTS, now=OPENS - timedelta(hours=1))
    assert place == microseconds(OPENS) - 1

"""No path skips a state, and what has ended stays ended."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.enforcement.states import (
    EFFECT,
    IN_FORCE,
    MEASURE,
    MEASURE_ENDS,
    RECEIVED,
    UNFINISHED,
    EffectEvent,
    EffectState,
    MeasureEvent,
    MeasureState,
    TransitionError,
    can,
    step,
)

M, ME, E, EE = MeasureState, MeasureEvent, EffectState, EffectEvent


def walk(table: dict, start: StrEnum, events: list[StrEnum]) -> list[StrEnum]:
    """Return the states that a row of events leads through; those that can't happen change nothing."""
    states = [start]
    for event in events:
        if can(table, states[-1], event):
            states.append(step(table, states[-1], event))
    return states


@given(st.lists(st.sampled_from(MeasureEvent), max_size=40))
def test_a_measure_lives_by_the_law(events: list[MeasureEvent]) -> None:
    states = walk(MEASURE, M.PLANNED, events)
    for before, after in pairwise(states):
        if before in MEASURE_ENDS:
            assert after in {M.REVERSING, M.EXPIRING}, "what surfaces after its end is only taken back"
        if after is M.APPLIED:
            assert before in {M.SENT, M.FAILED, M.APPLIED}, "nothing is in force that was never sent"
        if after is M.REVERSED:
            assert before is M.REVERSING, "nothing is reversed unless the platform was told"
        if after is M.CANCELLED:
            assert before in {M.PLANNED, M.FAILED}, "what may be in force is not simply forgotten"
        if after is M.EXPIRED:
            assert before in {M.EXPIRING, M.PLANNED, M.FAILED}
    if M.APPLIED in states:
        assert M.SENT in states


@given(st.lists(st.sampled_from(EffectEvent), max_size=40))
def test_an_effect_lives_by_the_law(events: list[EffectEvent]) -> None:
    states = walk(EFFECT, E.PENDING, events)
    for before, after in pairwise(states):
        if before is E.CANCELLED:
            assert after in {E.CONFIRMED, E.FAILED}, "only the word of the receiver is still heard"
        if after is E.DELIVERED:
            assert before is E.SENDING, "nothing is delivered that nobody sent"
        if after is E.DEAD:
            assert before is E.SENDING
        if before is E.DEAD and after is E.PENDING:
            continue
        if before in RECEIVED:
            assert after not in UNFINISHED, "what was received is not sent again"


@pytest.mark.parametrize("state", MeasureState)
def test_every_state_of_a_measure_can_be_reached(state: MeasureState) -> None:
    reached, grown = {M.PLANNED}, True
    while grown:
        more = {after for (before, _), after in MEASURE.items() if before in reached} - reached
        grown, reached = bool(more), reached | more
    assert state in reached


@pytest.mark.parametrize("state", EffectState)
def test_every_state_of_an_effect_can_be_reached(state: EffectState) -> None:
    reached, grown = {E.PENDING}, True
    while grown:
        more = {after for (before, _), after in EFFECT.items() if before in reached} - reached
        grown, reached = bool(more), reached | more
    assert state in reached


@pytest.mark.parametrize("state", sorted(set(MeasureState) - MEASURE_ENDS))
def test_every_living_measure_can_end(state: MeasureState) -> None:
    ways = {after for (before, _), after in MEASURE.items() if before is state}
    assert ways - {state}


def test_whatever_is_in_force_can_be_reversed_and_can_expire() -> None:
    for state in IN_FORCE:
        assert can(MEASURE, state, ME.REVERSE)
        assert can(MEASURE, state, ME.EXPIRE)
        assert not can(MEASURE, state, ME.CANCEL)


def test_every_event_is_used() -> None:
    assert {event for _, event in MEASURE} == set(MeasureEvent)
    assert {event for _, event in EFFECT} == set(EffectEvent)


def test_what_cannot_happen_says_so() -> None:
    with pytest.raises(TransitionError, match="`reverse` can't happen to what is `reversed`"):
        step(MEASURE, M.REVERSED, ME.REVERSE)

"""The lives of cases, decisions and complaints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.review.states import (
    CASE,
    COMPLAINT,
    DECISION,
    STANDING,
    CaseEvent,
    CaseState,
    ComplaintEvent,
    ComplaintState,
    DecisionEvent,
    DecisionState,
    TransitionError,
    case_after,
    complaint_after,
    decision_after,
)

Table = Mapping[tuple[Any, Any], Any]
Life = tuple[type[StrEnum], type[StrEnum], Table, Callable[[Any, Any], Any], StrEnum]

LIVES: dict[str, Life] = {
    "case": (CaseState, CaseEvent, CASE, case_after, CaseState.OPEN),
    "decision": (DecisionState, DecisionEvent, DECISION, decision_after, DecisionState.PENDING),
    "complaint": (ComplaintState, ComplaintEvent, COMPLAINT, complaint_after, ComplaintState.OPEN),
}


@pytest.mark.parametrize("life", LIVES.values(), ids=LIVES)
def test_every_state_can_be_reached_and_every_event_can_happen(life: Life) -> None:
    states, events, table, _, start = life
    reached = {start}
    while new := {to for (at, _), to in table.items() if at in reached} - reached:
        reached |= new
    assert reached == set(states)
    assert {event for _, event in table} == set(events)


@pytest.mark.parametrize("life", LIVES.values(), ids=LIVES)
@given(data=st.data())
def test_whatever_happens_the_state_stays_in_the_table(life: Life, data: st.DataObject) -> None:
    states, events, table, reduce, state = life
    for event in data.draw(st.lists(st.sampled_from(list(events)), max_size=12)):
        if (state, event) in table:
            state = reduce(state, event)
            assert state in states
        else:
            with pytest.raises(TransitionError) as refused:
                reduce(state, event)
            assert refused.value.state is state
            assert refused.value.event is event


@given(st.lists(st.sampled_from(list(DecisionEvent)), max_size=12))
def test_a_decision_that_was_undone_or_replaced_never_comes_back(events: list[DecisionEvent]) -> None:
    for end in set(DecisionState) - STANDING:
        for event in events:
            with pytest.raises(TransitionError):
                decision_after(end, event)


def test_what_left_cannot_be_undone() -> None:
    with pytest.raises(TransitionError, match="`undo` can't happen to what is `final`"):
        decision_after(DecisionState.FINAL, DecisionEvent.UNDO)


@pytest.mark.parametrize("event", list(ComplaintEvent))
@pytest.mark.parametrize("state", [ComplaintState.UPHELD, ComplaintState.DENIED])
def test_a_complaint_is_decided_once(state: ComplaintState, event: ComplaintEvent) -> None:
    with pytest.raises(TransitionError):
        complaint_after(state, event)

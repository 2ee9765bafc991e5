"""The life of an incident, as a table."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.incidents.states import (
    CLOSED,
    IN_FORCE,
    TABLE,
    UNCONFIRMED,
    IncidentEvent,
    IncidentState,
    WrongMomentError,
    after,
)


def test_every_state_is_open_or_closed_and_what_is_closed_stays_so() -> None:
    open_states = UNCONFIRMED | IN_FORCE
    assert open_states | CLOSED == set(IncidentState)
    assert not open_states & CLOSED
    assert not {state for state, _event in TABLE} & CLOSED


def test_from_every_open_state_a_way_leads_out_without_anybody() -> None:
    alone = {IncidentEvent.LAPSE, IncidentEvent.EXPIRE}  # what the clock does
    for state in UNCONFIRMED | IN_FORCE:
        assert {event for here, event in TABLE if here is state} & alone


def test_a_person_can_end_it_in_every_open_state() -> None:
    assert {s for s in IncidentState if (s, IncidentEvent.END) in TABLE} == UNCONFIRMED | IN_FORCE


@pytest.mark.parametrize(
    ("state", "event"), [pair for pair in product(IncidentState, IncidentEvent) if pair not in TABLE]
)
def test_what_the_table_does_not_know_is_refused(state: IncidentState, event: IncidentEvent) -> None:
    with pytest.raises(WrongMomentError, match=event.value):
        after(state, event)


@given(st.lists(st.sampled_from(IncidentEvent), max_size=12))
def test_no_order_of_events_confirms_twice_or_reopens(events: list[IncidentEvent]) -> None:
    state, confirmed, closed = IncidentState.PROVISIONAL, 0, 0
    for event in events:
        try:
            state = after(state, event)
        except WrongMomentError:
            continue
        confirmed += event is IncidentEvent.CONFIRM
        closed += state in CLOSED
    assert confirmed <= 1
    assert closed <= 1
    assert (closed == 1) == (state in CLOSED)

"""The benchmark of the waiting room runs through, refuses what it must, and would see an overtaking."""

from __future__ import annotations

import re
import sys

import numpy as np
import pytest
from benchmarks.waiting.__main__ import main
from benchmarks.waiting.simulation import overtaken, plan_of, take_part
from hypothesis import given
from hypothesis import strategies as st

SECOND = 1_000_000


def test_it_prints_every_figure_that_the_documents_give(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["waiting", "--people", "3000", "--processes", "1"])
    main()
    said = capsys.readouterr().out
    assert len(re.findall(r"[\d.]+ us of CPU, +[\d,]+/s a core", said)) == 3
    assert "10,000 of 10,000 tries refused" in said
    assert re.search(r"steps: open > slowed > priority > held > .* > open > slowed > .* > open\n", said)
    assert "order: 0 people" in said


def test_two_nodes_give_the_same_holder_the_same_lot() -> None:
    one, other = take_part(0, 300, 1_000), take_part(0, 300, 1_000)
    assert (one.places == other.places).all()
    assert sum(one.counts.values()) == 300
    assert plan_of(1_000).capacity == 1_000


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=2, max_size=30))
def test_overtakings_are_counted_as_one_would_by_hand(people: list[tuple[int, int]]) -> None:
    came = [second * SECOND for second, _turn in people]
    arrivals = np.array(came, np.int64)
    turns = np.array([turn for _second, turn in people], np.int32)
    by_hand = sum(
        any(other < mine - SECOND and later > turn for other, later in zip(came, turns, strict=True))
        for mine, turn in zip(came, turns, strict=True)
    )
    assert overtaken(arrivals, turns, 0) == by_hand


def test_those_who_drew_lots_overtake_nobody_among_themselves() -> None:
    early, late = [-9 * SECOND, -5 * SECOND], [3 * SECOND]
    arrivals = np.array([*early, *late], np.int64)
    assert overtaken(arrivals, np.array([7, 2, 8], np.int32), 0) == 0
    assert (
        overtaken(arrivals, np.array([7, 2, 6], np.int32), 0) == 1
    )  # who came after the opening, before one of them

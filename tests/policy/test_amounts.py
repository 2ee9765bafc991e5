"""A few amounts of a key are an array, many or great ones are kept exactly; the sums are those of a plain list."""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum, inf, isnan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.policy.counters import MemoryCounters
from hakam.policy.windows import FEW, GREAT, PLAIN, SEVERAL, Amounts, Sums, entries_of, newest_of

Rows = list[tuple[float, float, bool]]
amounts = st.one_of(
    st.integers(-5, 5).map(float),
    st.floats(-1e6, 1e6),
    st.sampled_from((0.1, 1e-300, GREAT, -GREAT, 1e299, -1e299, PLAIN, 1.0 - PLAIN, 2.0**53, inf)),
)
rows = st.lists(
    st.tuples(amounts, st.sampled_from((0.0, 0.0, 0.5, 1.0, 3.0, -1.0, 30.0)), st.booleans()), max_size=60
)


def by_a_list(given_rows: Rows, within: float) -> Iterable[float]:
    """Return the sum after each row, added up anew from all that came before."""
    held: list[tuple[float, float]] = []
    at, newest = 1_000.0, float("-inf")
    for amount, step, adds in given_rows:
        at += step
        if adds:
            newest = max(newest, at)
            held.append((at, amount))
        end = max(newest, at) - within
        yield fsum(amount for time, amount in held if time > end)


@given(rows, st.sampled_from((1.0, 4.0, 100.0)))
@settings(max_examples=300, deadline=None)
def test_sums_are_those_of_a_list(given_rows: Rows, within: float) -> None:
    counters = MemoryCounters()
    at, found = 1_000.0, []
    for amount, step, adds in given_rows:
        at += step
        found.append(counters.total("t", "k", amount, at, within, add=adds))
        assert counters.entries == counters.held()
    assert found == list(by_a_list(given_rows, within))


def held(counters: MemoryCounters) -> object:
    return counters._tables["t"].fresh["k"]


def add(counters: MemoryCounters, *given_amounts: float, within: float = 100.0, start: float = 1.0) -> float:
    total = 0.0
    for n, amount in enumerate(given_amounts):
        total = counters.total("t", "k", amount, start + n, within, add=True)
    return total


def test_the_second_amount_makes_an_array_with_their_sum_before() -> None:
    counters = MemoryCounters()
    assert add(counters, 1.0) == 1.0
    assert held(counters) == complex(1.0, 1.0)  # its time, the amount
    assert add(counters, 2.0, start=2.0) == 3.0
    assert list(held(counters)) == [3.0, 1.0, 1.0, 2.0, 2.0]  # type: ignore[call-overload]  # an array
    assert add(counters, 4.0, start=3.0) == 7.0
    assert held(counters)[0] == 7.0  # type: ignore[index]  # as above


def test_amounts_with_fractions_are_added_up_anew_until_there_are_many() -> None:
    counters = MemoryCounters()
    assert add(counters, *[0.1] * FEW) == fsum([0.1] * FEW)
    assert type(held(counters)) is Amounts
    assert isnan(held(counters)[0])  # type: ignore[index]  # an array
    assert add(counters, 0.1, 0.1, start=50.0) == fsum([0.1] * (FEW + 2))
    assert type(held(counters)) is Sums


def test_whole_amounts_are_an_array_until_there_are_several() -> None:
    counters = MemoryCounters()
    assert add(counters, *[1.0] * SEVERAL) == SEVERAL
    assert type(held(counters)) is Amounts
    assert add(counters, 1.0, 1.0, start=90.0) == SEVERAL + 2
    assert type(held(counters)) is Sums


def test_the_sum_stands_again_when_the_fraction_has_left() -> None:
    counters = MemoryCounters()
    add(counters, 0.5, 1.0, 2.0, within=3.0)
    assert isnan(held(counters)[0])  # type: ignore[index]  # an array
    assert counters.total("t", "k", 0.5, 4.5, 3.0, add=True) == 3.5
    assert isnan(held(counters)[0])  # type: ignore[index]  # an array
    assert counters.total("t", "k", 4.0, 7.6, 3.0, add=True) == 4.0
    assert list(held(counters)) == [4.0, 4.0, 7.6]  # type: ignore[call-overload]  # an array


@pytest.mark.parametrize("amount", [GREAT, -GREAT, inf])
@pytest.mark.parametrize("first", [True, False])
def test_great_amounts_are_kept_exactly_at_once(amount: float, first: bool) -> None:
    counters = MemoryCounters()
    add(counters, *((amount, 1.0) if first else (1.0, amount)))
    assert type(held(counters)) is Sums


def test_the_window_leaves_what_is_old_behind() -> None:
    counters = MemoryCounters()
    add(counters, 1.0, 2.0, 4.0, within=2.5)  # at 1, 2 and 3
    assert counters.total("t", "k", 8.0, 5.0, 2.5, add=True) == 12.0
    assert list(held(counters)) == [12.0, 4.0, 3.0, 8.0, 5.0]  # type: ignore[call-overload]  # an array
    assert counters.total("t", "k", 0.0, 6.0, 2.5, add=False) == 8.0
    assert counters.total("t", "k", 1.0, 90.0, 2.5, add=True) == 1.0
    assert counters.entries == counters.held() == 2


def test_what_comes_late_stands_where_it_belongs() -> None:
    counters = MemoryCounters()
    add(counters, 1.0, 2.0, start=10.0)
    assert counters.total("t", "k", 4.0, 10.5, 100.0, add=True) == 7.0
    assert counters.total("t", "k", 0.0, 110.0, 100.0, add=False) == 6.0  # the one of 10 has left
    assert counters.total("t", "k", 0.0, 110.5, 100.0, add=False) == 2.0  # and the late one of 10.5


def test_an_array_of_amounts_says_what_it_takes() -> None:
    some = Amounts.of(complex(5.0, 1.0))
    assert list(some) == [1.0, 1.0, 5.0]
    assert some.add(2.0, 6.0, 10.0) == 1
    assert list(some) == [3.0, 1.0, 5.0, 2.0, 6.0]
    assert isnan(Amounts.of(complex(5.0, 0.5))[0])
    assert newest_of(some) == 6.0
    assert entries_of(some) == 3
    assert some.total(6.0, 10.0) == 3.0
    assert some.many(10.0).total(6.0, 10.0) == 3.0


def test_a_key_that_alone_has_too_many_keeps_the_newest() -> None:
    counters = MemoryCounters(max_entries=9)
    add(counters, *[float(n) for n in range(12)])
    assert counters.entries == counters.held() <= 9
    assert counters.forgotten > 0
    assert counters.total("t", "k", 0.0, 12.0, 100.0, add=False) == fsum(
        range(12 - (counters.held() - 1), 12)
    )

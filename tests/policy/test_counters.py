"""Counters against a plain reference that keeps everything and looks through all of it."""

from __future__ import annotations

import pickle
from math import fsum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.policy.counters import MemoryCounters, PeekingCounters, RecordedCounters, RecordingCounters


class Reference:
    """Keeps every event of a key and counts anew each time."""

    def __init__(self) -> None:
        self.events: dict[tuple[str, str], list[tuple[float, str]]] = {}

    def ask(self, name: str, key: str, member: str, at: float, within: float, *, add: bool) -> list[str]:
        events = self.events.setdefault((name, key), [])
        newest = max((time for time, _ in events), default=float("-inf"))
        if add and at > newest - within:
            events.append((at, member))
        end = max(newest, at)
        return [who for time, who in events if end - within < time <= end]


ops = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from("uvwxyz"),
        st.integers(0, 3_600) | st.integers(0, 40),  # any order within the lateness that is kept
        st.booleans() | st.just(value=True),
    ),
    max_size=120,
)


@given(ops, st.sampled_from([1.0, 10.0, 60.0, 300.0]))
@settings(max_examples=300, deadline=None)
def test_exact_in_any_order_of_arrival(steps: list[tuple[str, str, int, bool]], within: float) -> None:
    counters, reference = MemoryCounters(), Reference()
    for key, member, second, add in steps:
        now = float(second)
        wanted = reference.ask("n", key, member, now, within, add=add)
        assert counters.count("n", key, now, within, add=add) == len(wanted)
        assert counters.distinct("d", key, member, now, within, add=add) == len(set(wanted))


@given(ops)
@settings(max_examples=100, deadline=None)
def test_memory_stays_within_its_bound(steps: list[tuple[str, str, int, bool]]) -> None:
    counters = MemoryCounters(max_entries=12)
    now = 0.0
    for key, member, step, add in steps:
        now += step
        counters.count("n", key, now, 1e6, add=add)
        counters.distinct("d", key, member, now, 1e6, add=add)
        assert counters.entries <= 12
        counters.total("t", key, float(step), now, 1e6, add=add)
        counters.mark("m", member, now, 1e6)
        assert counters.entries <= 12
        assert counters.held() == counters.entries


def test_a_busy_key_forgets_its_oldest_times_first() -> None:
    counters = MemoryCounters(max_entries=100)
    for n in range(1_000):
        value = counters.count("n", "hot", float(n), 1e6, add=True)
    assert counters.entries <= 100
    assert counters.forgotten > 0
    assert 25 <= value <= 100


def test_idle_keys_are_swept() -> None:
    counters = MemoryCounters()
    for n in range(1_000):
        counters.count("n", f"key{n}", n * 60.0, 10.0, add=True)
    assert len(counters) < 100
    assert counters.forgotten == 0


def test_many_repeats_of_few_members_take_little_room() -> None:
    counters = MemoryCounters()
    for n in range(10_000):
        assert counters.distinct("d", "k", f"m{n % 3}", float(n), 1e9, add=True) <= 3
    assert counters.entries < 100


def test_reading_a_key_that_never_was_keeps_nothing() -> None:
    counters = MemoryCounters()
    assert counters.count("n", "ghost", 1.0, 10.0, add=False) == 0
    assert counters.distinct("d", "ghost", "m", 1.0, 10.0, add=False) == 0
    assert len(counters) == 0


def test_counters_with_different_names_do_not_meet() -> None:
    counters = MemoryCounters()
    assert counters.count("one", "k", 1.0, 10.0, add=True) == 1
    assert counters.count("two", "k", 1.0, 10.0, add=True) == 1


def test_a_late_event_counts_while_it_is_in_the_window() -> None:
    counters = MemoryCounters()
    assert counters.count("n", "k", 100.0, 10.0, add=True) == 1
    assert counters.count("n", "k", 95.0, 10.0, add=True) == 2
    assert counters.count("n", "k", 90.0, 10.0, add=True) == 2
    assert counters.count("n", "k", 104.0, 10.0, add=True) == 3
    assert counters.count("n", "k", 105.0, 10.0, add=True) == 3  # 95 has left


def test_a_replay_answers_what_was_seen() -> None:
    recording = RecordingCounters(MemoryCounters())
    recording.start()
    assert recording.count("n", "k", 1.0, 10.0, add=True) == 1
    assert recording.distinct("d", "k", "m", 1.0, 10.0, add=True) == 1
    replay = RecordedCounters(recording.seen)
    assert replay.count("n", "other", 99.0, 1.0, add=True) == 1
    assert replay.distinct("d", "other", "m", 99.0, 1.0, add=False) == 1
    assert replay.count("unheard", "k", 1.0, 10.0, add=True) is None
    recording.start()
    assert recording.seen == {}


def test_peeking_answers_without_keeping() -> None:
    counters = MemoryCounters()
    assert counters.count("n", "k", 1.0, 10.0, add=True) == 1
    peeking = PeekingCounters(counters)
    before = counters.entries
    peeking.count("n", "k", 2.0, 10.0, add=True)
    peeking.distinct("d", "k", "m", 2.0, 10.0, add=True)
    assert counters.entries == before
    assert counters.count("n", "k", 3.0, 10.0, add=False) == 1


amounts = (
    st.integers(-(10**6), 10**6).map(float)
    | st.floats(-1e300, 1e300)
    | st.sampled_from([0.1, 1e-320, 5e-324, -0.1, 1e16, -1e16])
)


@given(st.lists(st.tuples(st.sampled_from("ab"), amounts, st.integers(0, 60), st.booleans()), max_size=60))
@settings(max_examples=300, deadline=None)
def test_sums_are_those_of_adding_up_anew(steps: list[tuple[str, float, int, bool]]) -> None:
    counters = MemoryCounters()
    events: dict[str, list[tuple[float, float]]] = {}
    for key, amount, second, add in steps:
        at, kept = float(second), events.setdefault(key, [])
        newest = max((time for time, _ in kept), default=float("-inf"))
        if add and at > newest - 10.0:
            kept.append((at, amount))
        end = max(newest, at)
        wanted = fsum(part for time, part in kept if end - 10.0 < time <= end)
        assert counters.total("t", key, amount, at, 10.0, add=add) == wanted
        assert counters.held() == counters.entries


def test_amounts_that_are_not_finite_leave_the_sum_when_they_leave_the_window() -> None:
    counters = MemoryCounters()
    assert counters.total("t", "k", 1.0, 0.0, 10.0, add=True) == 1.0
    assert counters.total("t", "k", float("inf"), 1.0, 10.0, add=True) == float("inf")
    assert counters.total("t", "k", 2.0, 12.0, 10.0, add=True) == 2.0
    with pytest.raises(OverflowError):
        counters.total("t", "k", 10**400, 13.0, 10.0, add=True)
    assert counters.total("t", "k", 3.0, 14.0, 10.0, add=True) == 5.0


def test_a_sum_that_no_number_can_hold_is_an_error_and_nothing_is_lost() -> None:
    counters = MemoryCounters()
    counters.total("t", "k", 1.7e308, 0.0, 10.0, add=True)
    with pytest.raises(OverflowError):
        counters.total("t", "k", 1.7e308, 1.0, 10.0, add=True)
    assert counters.total("t", "k", -1.7e308, 2.0, 10.0, add=True) == 1.7e308


@given(ops, st.sampled_from([10.0, 300.0]), st.integers(2, 40))
@settings(max_examples=100, deadline=None)
def test_exact_over_days_for_what_is_an_hour_late_at_most(
    steps: list[tuple[str, str, int, bool]], within: float, days: int
) -> None:
    """Generations come and go many times; what a window can still hold is never lost."""
    counters, reference = MemoryCounters(), Reference()
    for n, (key, member, second, add) in enumerate(steps):
        at = n * days * 400.0 - second
        wanted = reference.ask("n", key, member, at, within, add=add)
        assert counters.count("n", key, at, within, add=add) == len(wanted)
        assert counters.distinct("d", key, member, at, within, add=add) == len(set(wanted))
    assert counters.held() == counters.entries
    assert counters.forgotten == 0


def test_the_oldest_keys_go_first_when_memory_is_short() -> None:
    counters = MemoryCounters(max_entries=4_000)
    for n in range(6_000):
        counters.count("n", f"key{n}", float(n), 1e6, add=True)
        assert counters.entries <= 4_000
    recent = [counters.count("n", f"key{n}", 6_000.0, 1e6, add=False) for n in range(5_500, 6_000)]
    assert recent == [1] * 500
    assert counters.forgotten >= 4_000


def test_idle_keys_fade_a_few_at_a_time() -> None:
    counters = MemoryCounters()
    for n in range(10_000):
        counters.count("n", f"old{n}", 0.0, 10.0, add=True)
    most, before = 0, counters.entries
    for n in range(20_000):
        counters.count("n", f"new{n}", 2_000.0 * (1 + n // 4_000) + n * 1e-3, 10.0, add=True)
        most, before = max(most, before - counters.entries), counters.entries
    assert 0 < most <= 200
    assert counters.held() == counters.entries
    assert counters.count("n", "old7", 12_000.0, 10.0, add=False) == 0
    assert counters.forgotten == 0


@given(
    st.lists(st.tuples(st.integers(0, 150), st.integers(0, 900), st.booleans()), min_size=100, max_size=250),
    st.integers(5, 500),
)
@settings(max_examples=60, deadline=None)
def test_many_members_of_one_key_are_exact_too(steps: list[tuple[int, int, bool]], within: int) -> None:
    """More than a small dictionary holds: the key changes its form on the way."""
    counters, reference = MemoryCounters(), Reference()
    for n, (member, second, add) in enumerate(steps):
        at = float(second + n)
        wanted = len(set(reference.ask("d", "k", f"m{member}", at, within, add=add)))
        peeked = PeekingCounters(counters).distinct("d", "k", f"m{member}", at, within, add=False)
        assert counters.distinct("d", "k", f"m{member}", at, within, add=add) == wanted
        assert add or peeked == wanted
        assert counters.held() == counters.entries


class Hashed(str):
    """A text that has the hash it is told."""

    __slots__ = ("number",)
    number: int

    def __hash__(self) -> int:
        return self.number


def hashed(text: str, number: int) -> Hashed:
    made = Hashed(text)
    made.number = number
    return made


def test_two_members_of_one_sign_are_counted_as_one_and_nothing_else_is_wrong() -> None:
    one, other = hashed("one", 2**62), hashed("other", 2**62 + 1)  # no double lies between them
    counters = MemoryCounters()
    many = [
        counters.distinct("d", "k", member, float(at), 10.0, add=True)
        for at, member in enumerate([one, other, "third", one, "fourth", other])
    ]
    assert many == [1, 1, 2, 2, 3, 3]
    assert counters.distinct("d", "k", "x", 13.5, 10.0, add=True) == 3  # `third` has left
    assert counters.held() == counters.entries


def test_what_members_were_called_is_not_kept() -> None:
    counters = MemoryCounters()
    for n in range(40):
        for key in ("few", "many")[n > 5 :]:
            counters.distinct("d", key, f"somebody's words {n}", float(n), 1e6, add=True)
    held = pickle.dumps(counters)
    assert b"many" in held
    assert b"somebody" not in held


def test_members_of_a_key_that_has_too_many_are_forgotten_from_the_oldest() -> None:
    counters = MemoryCounters(max_entries=12)
    for n in range(11):
        counters.distinct("d", "k", f"m{n}", float(n), 1e6, add=True)
    assert counters.distinct("d", "k", "m11", 11.0, 1e6, add=True) == 3  # a quarter of the bound
    peeking = PeekingCounters(counters)
    assert [peeking.distinct("d", "k", f"m{n}", 11.0, 1e6, add=True) for n in (8, 9, 10, 11)] == [4, 3, 3, 3]
    assert counters.held() == counters.entries


def test_a_mark_lives_as_long_as_the_newest_rules_say() -> None:
    counters = MemoryCounters()
    counters.mark("m", "k", 0.0, 60.0)
    counters.mark("m", "k", 1.0, 86_400.0)
    for n in range(1, 40):
        counters.mark("m", f"other{n}", n * 1_800.0, 86_400.0)
    assert counters.count("m", "k", 80_000.0, 86_400.0, add=False) == 1
    assert counters.count("m", "k", 86_401.0, 86_400.0, add=False) == 0


def test_a_late_mark_does_not_set_it_back() -> None:
    counters = MemoryCounters()
    counters.mark("m", "k", 100.0, 60.0)
    counters.mark("m", "k", 50.0, 60.0)
    assert counters.count("m", "k", 155.0, 60.0, add=False) == 1
    assert counters.held() == counters.entries == 2


def test_peeking_sees_sums_and_members_of_late_events() -> None:
    counters = MemoryCounters()
    counters.distinct("d", "k", "m", 10.0, 60.0, add=True)
    counters.total("t", "k", 2.5, 10.0, 60.0, add=True)
    peeking = PeekingCounters(counters)
    assert peeking.distinct("d", "k", "m", 11.0, 60.0, add=True) == 1
    assert peeking.distinct("d", "k", "other", 11.0, 60.0, add=True) == 2
    assert peeking.distinct("d", "unheard", "m", 11.0, 60.0, add=True) == 1
    assert peeking.total("t", "k", 1.5, 11.0, 60.0, add=True) == 4.0
    assert peeking.total("t", "unheard", 1.5, 11.0, 60.0, add=True) == 1.5

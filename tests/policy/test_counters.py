"""Counters against a plain reference that keeps everything and looks through all of it."""

from __future__ import annotations

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
        held = sum(len(window.times) + 1 for window, _ in counters._windows.values())
        assert held == counters.entries


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

"""What one key of a counter holds, in its smallest forms and at its edges."""

from __future__ import annotations

from array import array
from math import inf

import pytest

from hakam.policy.windows import SMALL, Members, Sums, entries_of, in_window, late, newest_of, see


def test_one_time_needs_no_array_until_a_second_comes() -> None:
    assert in_window(5.0, 5.0, 10.0) == 1
    assert in_window(5.0, 14.9, 10.0) == 1
    assert in_window(5.0, 15.0, 10.0) == 0  # the window is open at its beginning
    times, grown = late(5.0, 4.0, 10.0)
    assert (list(times) if isinstance(times, array) else times, grown) == ([4.0, 5.0], 1)


@pytest.mark.parametrize(("at", "grown"), [(1.0, 0), (2.0, 0), (2.5, 1), (11.0, 1)])
def test_a_late_time_is_put_in_if_the_window_can_hold_it(at: float, grown: int) -> None:
    assert late(array("d", (3.0, 12.0)), at, 10.0)[1] == grown
    assert late(12.0, at, 10.0)[1] == grown


def test_late_times_stand_in_order() -> None:
    times: float | array[float] = 10.0
    for at in (7.0, 9.0, 8.0, 7.0):
        times, _ = late(times, at, 60.0)
    assert isinstance(times, array)
    assert list(times) == [7.0, 7.0, 8.0, 9.0, 10.0]


def test_a_window_ends_at_the_newest_time_even_for_an_older_question() -> None:
    times = array("d", (1.0, 5.0, 9.0))
    assert in_window(times, 0.0, 5.0) == 2
    assert in_window(times, 9.0, 5.0) == 2
    assert in_window(times, 12.0, 5.0) == 1
    assert in_window(times, 14.0, 5.0) == 0


def test_each_form_says_its_newest_time_and_its_entries() -> None:
    sums = Sums()
    sums.add(2.0, 7.0, 60.0)
    forms = [(3.0, 3.0, 2), (array("d", (1.0, 4.0)), 4.0, 3), ((5.0, "m"), 5.0, 2), (sums, 7.0, 2)]
    assert [(newest_of(form), entries_of(form)) for form, _, _ in forms] == [
        rest for _, *r in forms for rest in [tuple(r)]
    ]


def test_few_members_stand_in_the_order_of_their_newest_times() -> None:
    few = {"a": 0.0}
    assert [
        see(few, member, at, 10.0) for member, at in (("b", 1.0), ("a", 2.0), ("c", 1.5), ("a", 0.5))
    ] == [1, 0, 1, 0]
    assert list(few.items()) == [("b", 1.0), ("c", 1.5), ("a", 2.0)]
    assert see(few, "d", 11.5, 10.0) == -1  # it came, two went
    assert list(few) == ["a", "d"]
    assert see(few, "e", 1.5, 10.0) == 0  # too late to count
    assert newest_of(few) == 11.5
    assert entries_of(few) == 3


def test_a_member_counts_once_at_its_newest_time() -> None:
    members = Members({"a": 0.0})
    assert members.add("b", 1.0, 10.0) == 1
    assert members.add("a", 2.0, 10.0) == 1
    assert members.add("a", 1.5, 10.0) == 0  # older than what is known of it
    assert members.count(2.0, 10.0) == 2
    assert members.expire(1.0) == 2  # the first sighting of `a`, and `b`
    assert members.count(2.0, 10.0) == 1
    assert members.members == {"a": 2.0}


def test_a_reading_newer_than_all_sightings_sees_what_is_left_then() -> None:
    members = Members({"a": 0.0})
    members.add("b", 5.0, 10.0)
    assert members.count(9.9, 10.0) == 2
    assert members.count(10.0, 10.0) == 1
    assert members.count(15.0, 10.0) == 0


def test_late_members_stand_in_order_and_too_late_ones_do_not_count() -> None:
    members = Members({"a": 10.0})
    assert members.add("b", 4.0, 10.0) == 1
    assert members.add("c", 0.0, 10.0) == 0
    assert list(members.times) == [4.0, 10.0]
    assert members.names == ["b", "a"]


def test_repeats_of_few_members_are_thrown_out() -> None:
    members = Members({"m0": 0.0})
    for n in range(1, 10 * SMALL):
        members.add(f"m{n % 3}", float(n), 1e9)
        assert len(members.times) == len(members.names) <= SMALL
    assert members.count(1e3, 1e9) == 3


def test_members_forget_the_oldest_first() -> None:
    members = Members({"a": 0.0})
    for n, name in enumerate("bac", 1):
        members.add(name, float(n), 60.0)
    members.forget(2)
    assert members.members == {"a": 2.0, "c": 3.0}


def test_a_sum_leaves_no_error_behind() -> None:
    sums = Sums()
    for n, amount in enumerate((1e16, 1.0, -1e16, 1e-320)):
        sums.add(amount, float(n), 60.0)
    assert sums.total(3.0, 60.0) == 1.0
    assert sums.expire(2.0) == 3
    assert sums.total(3.0, 60.0) == 1e-320
    assert sums.expire(3.0) == 1
    assert sums.whole == 0


def test_a_sum_as_of_later_leaves_out_what_has_passed() -> None:
    sums = Sums()
    sums.add(1.0, 0.0, 10.0)
    sums.add(2.0, 5.0, 10.0)
    assert sums.total(5.0, 10.0) == 3.0
    assert sums.total(12.0, 10.0) == 2.0
    assert sums.total(15.0, 10.0) == 0.0


def test_what_is_not_finite_is_counted_out_again() -> None:
    sums = Sums()
    sums.add(inf, 0.0, 10.0)
    sums.add(1.0, 1.0, 10.0)
    assert sums.total(1.0, 10.0) == inf
    sums.forget(1)
    assert sums.odd == 0
    assert sums.total(1.0, 10.0) == 1.0

"""What one key of a counter holds, in its smallest forms and at its edges."""

from __future__ import annotations

from array import array
from math import inf, nan

import pytest

from hakam.policy.windows import (
    PLAIN,
    REPEATS,
    SEVERAL,
    Few,
    Members,
    Sums,
    again,
    entries_of,
    in_window,
    inside,
    late,
    newest_of,
    plain,
    seen_late,
)


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
    pairs = (6.0, "n", 5.0, "m")
    forms = [
        (3.0, 3.0, 2),
        (array("d", (1.0, 4.0)), 4.0, 3),
        ((5.0, "m"), 5.0, 2),
        (pairs, 6.0, 3),
        (Few.of(pairs), 6.0, 3),
        (sums, 7.0, 2),
    ]
    assert [(newest_of(form), entries_of(form)) for form, _, _ in forms] == [
        rest for _, *r in forms for rest in [tuple(r)]
    ]


def test_a_member_seen_again_moves_to_the_front() -> None:
    held = (3.0, "c", 2.0, "b", 1.0, "a")
    assert again(held, "a", 4.0, 0.0) == (4.0, "a", 3.0, "c", 2.0, "b")
    assert again(held, "c", 4.0, 0.0) == (4.0, "c", 2.0, "b", 1.0, "a")
    assert again(held, "d", 4.0, 0.0) == (4.0, "d", *held)


@pytest.mark.parametrize(
    ("member", "end", "left"),
    [
        ("a", 1.0, (9.0, "a", 3.0, "c", 2.0, "b")),  # it had left itself
        ("a", 2.0, (9.0, "a", 3.0, "c")),
        ("c", 2.0, (9.0, "c")),
        ("d", 2.5, (9.0, "d", 3.0, "c")),
        ("d", 8.0, (9.0, "d")),
    ],
)
def test_members_that_the_window_left_are_gone_when_another_is_seen(
    member: str, end: float, left: tuple[object, ...]
) -> None:
    assert again((3.0, "c", 2.0, "b", 1.0, "a"), member, 9.0, end) == left


def test_a_late_sighting_stands_where_it_belongs_or_changes_nothing() -> None:
    held = (10.0, "c", 6.0, "b")
    assert seen_late(held, "a", 8.0, 10.0) == (10.0, "c", 8.0, "a", 6.0, "b")
    assert seen_late(held, "b", 8.0, 10.0) == (10.0, "c", 8.0, "b")
    assert seen_late(held, "b", 5.0, 10.0) == held
    assert seen_late(held, "c", 8.0, 10.0) == held
    assert seen_late(held, "a", 0.0, 10.0) == held  # the window is open at its beginning


def test_pairs_tell_what_the_window_holds_as_of_later() -> None:
    held = (10.0, "c", 6.0, "b")
    assert inside(held, 3.0, 5.0) == ["c", "b"]
    assert inside(held, 11.0, 5.0) == ["c"]
    assert inside(held, 15.0, 5.0) == []


def test_some_members_are_told_by_a_bound_below_their_times() -> None:
    few = Few.of((4.0, "d", 3.0, "c", 2.0, "b", 1.0, "a"))
    assert (few.last, few.floor) == (4.0, 1.0)
    few["a"] = few.last = 5.0
    few.expire(2.0)
    assert few.in_order() == {"c": 3.0, "d": 4.0, "a": 5.0}
    assert few.floor == 3.0
    assert few.count(5.0, 2.0) == 2
    assert few.count(6.5, 2.0) == 1


def test_late_sightings_of_some_members_lower_the_bound() -> None:
    few = Few.of((14.0, "d", 13.0, "c", 12.0, "b", 11.0, "a"))
    few.late("e", 4.0, 10.0)  # too late
    few.late("a", 10.0, 10.0)  # older than what is known of it
    assert few.floor == 11.0
    assert len(few) == 4
    few.late("e", 5.0, 10.0)
    assert few.floor == 5.0
    few.forget(2)
    assert few.pairs() == (14.0, "d", 13.0, "c", 12.0, "b")


@pytest.mark.parametrize(
    ("amount", "is_plain"),
    [
        (0.0, True),
        (-0.0, True),
        (-7.0, True),
        (0.5, False),
        (PLAIN, False),
        (PLAIN - 1, True),
        (inf, False),
        (nan, False),
    ],
)
def test_plain_amounts_are_whole_and_small(amount: float, is_plain: bool) -> None:
    assert plain(amount) is is_plain


def test_as_many_plain_amounts_as_an_array_takes_add_up_without_rounding() -> None:
    assert (SEVERAL + 1) * int(PLAIN) < 2**53


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
    for n in range(1, 10 * REPEATS):
        members.add(f"m{n % 3}", float(n), 1e9)
        assert len(members.times) == len(members.names) <= REPEATS
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

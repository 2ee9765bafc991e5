"""What one key of a counter holds, in its smallest forms and at its edges."""

from __future__ import annotations

from array import array
from math import inf, nan

import pytest

from hakam.policy.windows import (
    PLAIN,
    REPEATS,
    SEVERAL,
    Members,
    Sightings,
    Sums,
    entries_of,
    in_window,
    late,
    newest_of,
    plain,
    seen,
    sign_of,
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
    several = Sightings("d", (5.0, 111.0, 6.0, 222.0))
    forms = [
        (3.0, 3.0, 2),
        (array("d", (1.0, 4.0)), 4.0, 3),
        (complex(5.0, 111.0), 5.0, 2),
        (several, 6.0, 3),
        (Members(several), 6.0, 3),
        (sums, 7.0, 2),
    ]
    assert [(newest_of(form), entries_of(form)) for form, _, _ in forms] == [
        rest for _, *r in forms for rest in [tuple(r)]
    ]


# Signs that no time looks like
A, B, C, D = 1e18, -2e18, 3e18, -4e18


def test_a_member_has_the_same_sign_each_time_and_no_other_has_it() -> None:
    assert sign_of("spam") == sign_of("sp" + "am".lower())
    assert len({sign_of(f"member {n}") for n in range(100_000)}) == 100_000


@pytest.mark.parametrize(
    ("sign", "at", "held"),
    [
        (A, 8.0, [6.0, B, 8.0, A, 10.0, C]),
        (B, 8.0, [8.0, B, 10.0, C]),
        (B, 5.0, [6.0, B, 10.0, C]),
        (C, 8.0, [6.0, B, 10.0, C]),
        (A, 3.0, [3.0, A, 6.0, B, 10.0, C]),
        (A, 0.0, [6.0, B, 10.0, C]),  # the window is open at its beginning
    ],
)
def test_a_late_sighting_stands_where_it_belongs_or_changes_nothing(
    sign: float, at: float, held: list[float]
) -> None:
    several = Sightings("d", (6.0, B, 10.0, C))
    several.late(sign, at, 10.0)
    assert list(several) == held


def test_sightings_tell_what_the_window_holds_as_of_later() -> None:
    several = Sightings("d", (6.0, B, 8.0, A, 10.0, C))
    assert [several.count(at, 5.0) for at in (3.0, 10.0, 11.0, 13.0, 14.9, 15.0)] == [3, 3, 2, 1, 1, 0]
    assert (seen(several, A), seen(several, D)) == (8.0, None)
    assert (seen(complex(6.0, B), B), seen(complex(6.0, B), A)) == (6.0, None)
    several.forget(2)
    assert list(several) == [10.0, C]


def test_a_sign_that_looks_like_a_time_leaves_the_order_as_it_is() -> None:
    """Chance makes that once in 2**60 times or so: it may count wrongly, and nothing else."""
    several = Sightings("d", (6.0, B, 8.0, A, 10.0, C))
    assert seen(several, 8.0) == 8.0
    several.late(8.0, 9.0, 10.0)
    assert list(several) == [6.0, B, 9.0, 8.0, 10.0, C]


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
    members = Members(Sightings("d", (0.0, A)))
    assert members.add(B, 1.0, 10.0) == 1
    assert members.add(A, 2.0, 10.0) == 1
    assert members.add(A, 1.5, 10.0) == 0  # older than what is known of it
    assert members.count(2.0, 10.0) == 2
    assert members.expire(1.0) == 2  # the first sighting of `a`, and `b`
    assert members.count(2.0, 10.0) == 1
    assert members.members == {A: 2.0}
    assert (seen(members, A), seen(members, B)) == (2.0, None)


def test_a_reading_newer_than_all_sightings_sees_what_is_left_then() -> None:
    members = Members(Sightings("d", (0.0, A)))
    members.add(B, 5.0, 10.0)
    assert members.count(9.9, 10.0) == 2
    assert members.count(10.0, 10.0) == 1
    assert members.count(15.0, 10.0) == 0


def test_late_members_stand_in_order_and_too_late_ones_do_not_count() -> None:
    members = Members(Sightings("d", (10.0, A)))
    assert members.add(B, 4.0, 10.0) == 1
    assert members.add(C, 0.0, 10.0) == 0
    assert list(members.times) == [4.0, 10.0]
    assert list(members.signs) == [B, A]


def test_repeats_of_few_members_are_thrown_out() -> None:
    members = Members(Sightings("d", (0.0, A)))
    for n in range(1, 10 * REPEATS):
        members.add((A, B, C)[n % 3], float(n), 1e9)
        assert len(members.times) == len(members.signs) <= REPEATS
    assert members.count(1e3, 1e9) == 3


def test_members_forget_the_oldest_first() -> None:
    members = Members(Sightings("d", (0.0, A)))
    for n, sign in enumerate((B, A, C), 1):
        members.add(sign, float(n), 60.0)
    members.forget(2)
    assert members.members == {A: 2.0, C: 3.0}


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

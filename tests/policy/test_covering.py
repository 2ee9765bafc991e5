"""What a measure that stands leaves to do for another one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.policy.covering import IMPLIED, covers, divided
from hakam.policy.territories import TERRITORIES
from hakam.vocabulary.measure import NATURE, Measure, MeasureKind

K = MeasureKind


def m(kind: MeasureKind, *territory: str, days: int | None = None, label: str | None = None) -> Measure:
    return Measure(kind, territory, days, label)


CASES = [
    (m(K.REMOVE), m(K.REMOVE), True),
    (m(K.REMOVE), m(K.LIMIT_REACH), True),
    (m(K.REMOVE), m(K.LABEL, label="graphic"), True),
    (m(K.REMOVE), m(K.HOLD), True),
    (m(K.REMOVE), m(K.WITHHOLD, "DE"), True),
    (m(K.REMOVE), m(K.DEMONETISE), False),  # money is another thing
    (m(K.REMOVE), m(K.NOTIFY), False),  # a message is another thing
    (m(K.REMOVE), m(K.SUSPEND), False),  # the account is
    (m(K.REMOVE), m(K.WARN), False),
    (m(K.LIMIT_REACH), m(K.REMOVE), False),
    (m(K.HOLD), m(K.LIMIT_REACH), False),  # a hold ends with a look
    (m(K.REMOVE, days=3), m(K.LIMIT_REACH), False),  # it ends before
    (m(K.REMOVE, days=7), m(K.LIMIT_REACH, days=7), True),
    (m(K.REMOVE, days=7), m(K.REMOVE, days=8), False),
    (m(K.WITHHOLD, "EU"), m(K.WITHHOLD, "DE", "FR"), True),
    (m(K.WITHHOLD, "EU"), m(K.AGE_GATE, "DE"), True),
    (m(K.WITHHOLD, "EU"), m(K.AGE_GATE), False),  # elsewhere it is shown
    (m(K.WITHHOLD, "DE"), m(K.WITHHOLD, "EU"), False),
    (m(K.WITHHOLD, "GCC"), m(K.LIMIT_REACH, "SA"), True),
    (m(K.REMOVE, "DE"), m(K.REMOVE), False),
    (m(K.LABEL, label="a"), m(K.LABEL, label="a"), True),
    (m(K.LABEL, label="a"), m(K.LABEL, label="b"), False),
    (m(K.SUSPEND), m(K.BAR_FROM_LIVE, days=30), True),
    (m(K.SUSPEND, days=3), m(K.BAR_FROM_LIVE, days=30), False),
    (m(K.TERMINATE), m(K.SUSPEND), True),
    (m(K.SUSPEND), m(K.TERMINATE), False),
    (m(K.SUSPEND), m(K.REMOVE), False),
]


@pytest.mark.parametrize(("standing", "wanted", "adds_nothing"), CASES)
def test_what_adds_nothing(standing: Measure, wanted: Measure, adds_nothing: bool) -> None:
    assert covers(standing, wanted) is adds_nothing


measures = st.builds(
    Measure,
    st.sampled_from(K),
    st.sampled_from([(), ("DE",), ("EU",), ("SA", "AE"), ("GCC",)]),
    st.none() | st.integers(1, 30),
    st.none() | st.sampled_from(["a", "b"]),
)


@given(measures)
def test_every_measure_covers_itself(measure: Measure) -> None:
    assert covers(measure, measure)


@given(measures, measures, measures)
def test_what_is_covered_by_what_is_covered_is_covered(one: Measure, two: Measure, three: Measure) -> None:
    if covers(one, two) and covers(two, three):
        assert covers(one, three)


@given(st.lists(measures, max_size=6), st.lists(measures, max_size=4))
def test_all_that_is_wanted_is_on_one_side(wanted: list[Measure], standing: list[Measure]) -> None:
    adding, already = divided(wanted, standing)
    assert sorted(map(str, (*adding, *already))) == sorted(map(str, wanted))
    assert all(any(covers(held, one) for held in standing) for one in already)
    assert not any(covers(held, one) for one in adding for held in standing)


def test_only_milder_measures_on_the_same_thing_are_implied() -> None:
    for kind, implied in IMPLIED.items():
        for other in implied:
            assert NATURE[other].severity < NATURE[kind].severity
            assert NATURE[other].target is NATURE[kind].target
    assert all(len(countries) > 1 for countries in TERRITORIES.values())

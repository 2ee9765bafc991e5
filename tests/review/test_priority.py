"""What a moderator is shown first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hakam.review.priority import (
    BANDS,
    Inputs,
    accuracy_of,
    explain,
    merge,
    priority,
    reach_factor,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
unit = st.floats(0, 1)
inputs = st.builds(
    Inputs,
    order=st.booleans(),
    trusted=st.booleans(),
    live=st.booleans(),
    severity=st.integers(0, 100),
    reach=st.none() | st.integers(0, 10**9),
    confidence=unit,
    accuracy=st.none() | unit,
    urgency=unit,
    notices=st.integers(0, 10**6),
)
dues = st.none() | st.timedeltas(timedelta(days=-30), timedelta(days=30)).map(lambda left: NOW + left)


def total(given_inputs: Inputs, due_at: datetime | None = None) -> float:
    return priority(given_inputs, due_at=due_at, now=NOW).total


@given(inputs, dues)
def test_the_terms_are_shown_and_sum_to_the_total(known: Inputs, due_at: datetime | None) -> None:
    result = priority(known, due_at=due_at, now=NOW)
    assert abs(sum(result.terms.values()) - result.total) < 0.01
    assert set(result.terms) == {"lane", "clock", "live", "harm", "urgency", "volume"}
    assert all(value >= 0 for value in result.terms.values())


@given(inputs, inputs, dues, dues)
def test_an_order_goes_before_all_that_is_none(
    one: Inputs, other: Inputs, due: datetime | None, other_due: datetime | None
) -> None:
    ordered = priority(merge(one, Inputs(order=True)), due_at=due, now=NOW).total
    if not other.order and not other.trusted:
        assert ordered > priority(other, due_at=other_due, now=NOW).total


@given(inputs, dues)
def test_a_trusted_flagger_goes_before_a_plain_notice(known: Inputs, due: datetime | None) -> None:
    if not known.order and not known.trusted:
        assert total(Inputs(trusted=True)) < total(Inputs(order=True))
        assert total(merge(known, Inputs(trusted=True)), due) > total(known, due)


@given(inputs, inputs, inputs)
def test_sources_can_arrive_in_any_order(a: Inputs, b: Inputs, c: Inputs) -> None:
    assert merge(merge(a, b), c) == merge(a, merge(b, c)) == merge(merge(c, a), b)


@given(inputs, inputs, dues)
def test_another_source_never_lowers_a_case(one: Inputs, other: Inputs, due: datetime | None) -> None:
    # A known reach or reporter takes the place of an assumed one; beyond that, sources only add.
    if one.reach is not None and one.accuracy is not None:
        assert total(merge(one, other), due) >= total(one, due)


@given(inputs, dues)
def test_the_priority_says_when_it_goes_stale(known: Inputs, due: datetime | None) -> None:
    before = priority(known, due_at=due, now=NOW)
    if before.stale_at is None:
        later = NOW + timedelta(days=365)
        assert priority(known, due_at=due, now=later).terms == before.terms
    else:
        assert before.stale_at > NOW
        just_before = before.stale_at - timedelta(microseconds=1)
        assert priority(known, due_at=due, now=just_before).terms == before.terms
        assert priority(known, due_at=due, now=before.stale_at).terms["clock"] > before.terms["clock"]


def test_the_clock_climbs_as_time_runs_out() -> None:
    known = Inputs(severity=50, confidence=1)
    left = [edge for edge, _ in BANDS][::-1]
    climbing = [total(known, NOW + edge) for edge in left]
    assert climbing == sorted(set(climbing))


def test_live_goes_before_recorded() -> None:
    assert total(Inputs(live=True)) > total(Inputs(severity=100, reach=10**7, confidence=1, accuracy=1))


def test_the_tenth_notice_weighs_less_than_the_second() -> None:
    gain = [total(Inputs(notices=n + 1)) - total(Inputs(notices=n)) for n in (1, 9)]
    assert gain[0] > gain[1] > 0


def test_a_reporter_who_was_never_answered_is_neither_believed_nor_doubted() -> None:
    assert accuracy_of(0, 0) is None
    assert accuracy_of(9, 10) > 0.5 > accuracy_of(1, 10)  # type: ignore[operator]
    doubted = Inputs(severity=80, confidence=1, accuracy=accuracy_of(0, 20))
    believed = Inputs(severity=80, confidence=1, accuracy=accuracy_of(20, 20))
    unknown = Inputs(severity=80, confidence=1)
    assert total(doubted) < total(unknown) < total(believed)


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_more_reach_never_weighs_less(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert 0.25 <= reach_factor(low) <= reach_factor(high) <= 1


def test_people_read_each_term_with_its_value() -> None:
    known = Inputs(trusted=True, severity=70, reach=1000, confidence=0.9, notices=3)
    shown = priority(known, due_at=NOW + timedelta(hours=2), now=NOW)
    terms = explain(shown.terms, known)
    assert [term.name for term in terms][:2] == ["lane", "clock"]
    assert "trusted flagger" in terms[0].text
    harm = next(term for term in terms if term.name == "harm")
    assert "Severity 70 of 100" in harm.text
    assert "0.50" in harm.text  # the reporter's unknown accuracy
    assert next(term for term in terms if term.name == "volume").text == "Notices received: 3"

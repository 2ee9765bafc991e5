"""Durations and times, as a pack writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.policy.kinds import parse_duration, parse_time, show_duration, show_seen, show_time, unix


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("24h", 86_400),
        ("7d", 604_800),
        ("2w", 1_209_600),
        ("1h30m", 5_400),
        ("0.5s", 0.5),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "m", "10 m", "1m1m", "-1d", "1y", "١٠m", "1e3s", "10M"])
def test_what_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None


@given(st.integers(0, 10**9))
def test_a_duration_shown_can_be_read(seconds: int) -> None:
    assert parse_duration(show_duration(seconds)) == seconds


def test_times_without_a_zone_are_utc() -> None:
    assert parse_time("2026-03-01") == unix(datetime(2026, 3, 1, tzinfo=UTC))
    assert parse_time("2026-03-01T12:00:00+02:00") == unix(datetime(2026, 3, 1, 10, tzinfo=UTC))
    assert unix(datetime(2026, 3, 1)) == unix(datetime(2026, 3, 1, tzinfo=UTC))  # noqa: DTZ001 -- the case
    assert unix(datetime(2026, 3, 1, tzinfo=timezone(timedelta(hours=3)))) == parse_time(
        "2026-02-28T21:00:00Z"
    )
    assert parse_time("tomorrow") is None
    assert show_time(0) == "1970-01-01T00:00:00Z"
    assert show_time(1e30) == "1e+30"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0, "0s"),
        (59.5, "59.5s"),
        (60, "1m"),
        (3_599, "59m59s"),
        (694_861.25, "1w1d1h1m1.25s"),
        (31_536_000, "52w1d"),
        (31_708_799, "52w2d23h59m59s"),
        (316_224_000, "522w6d"),
        (-90, "-1m30s"),
    ],
)
def test_durations_are_shown_in_the_largest_units_that_hold_them(seconds: float, shown: str) -> None:
    assert show_duration(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (59.5, "59.5s"),
        (60.5, "1m"),
        (171_033_184.35754, "282w5d13h13m4s"),
        (-90.75, "-1m30s"),
        (-3.5, "-3.5s"),
    ],
)
def test_what_was_seen_is_told_without_parts_of_a_second_from_a_minute_on(seconds: float, shown: str) -> None:
    assert show_seen(seconds) == shown

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from hakam.console.timewords import ago, exact, left, span

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=47), "47 h"),
        (timedelta(hours=48), "2 days"),
        (timedelta(days=400), "400 days"),
    ],
)
def test_a_span_is_said_in_its_largest_unit(length: timedelta, words: str) -> None:
    with translation.override("en"):
        assert span(length) == words


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (2, "يومان"),
        (3, "3 أيام"),
        (10, "10 أيام"),
        (11, "11 يومًا"),
        (99, "99 يومًا"),
        (100, "100 يوم"),
        (103, "103 أيام"),
    ],
)
def test_arabic_counts_days_in_its_forms(days: int, words: str) -> None:
    with translation.override("ar"):
        assert span(timedelta(days=days)) == words


@pytest.mark.parametrize(
    ("hours", "words"), [(1, "ساعة واحدة"), (2, "ساعتان"), (5, "5 ساعات"), (11, "11 ساعة"), (47, "47 ساعة")]
)
def test_arabic_counts_hours_in_its_forms(hours: int, words: str) -> None:
    with translation.override("ar"):
        assert span(timedelta(hours=hours)) == words


@pytest.mark.parametrize(
    ("length", "word"),
    [
        (timedelta(seconds=2), "ثانيتين"),
        (timedelta(minutes=2), "دقيقتين"),
        (timedelta(hours=2), "ساعتين"),
        (timedelta(days=2), "يومين"),
        (timedelta(days=5), "5 أيام"),
    ],
)
def test_the_arabic_dual_follows_what_stands_before_it(length: timedelta, word: str) -> None:
    with translation.override("ar"):
        assert ago(NOW - length, NOW) == f"قبل {word}"
        assert ago(NOW + length, NOW) == f"بعد {word}"
        assert left(NOW - length, NOW).endswith(word)
        assert left(NOW + length, NOW) == f"بقي {span(length)}"


def test_the_past_and_the_future() -> None:
    with translation.override("en"):
        assert ago(NOW - timedelta(hours=3), NOW) == "3 h ago"
        assert ago(NOW + timedelta(hours=3), NOW) == "in 3 h"


def test_deadlines() -> None:
    with translation.override("en"):
        assert left(NOW + timedelta(minutes=5), NOW) == "5 min left"
        assert left(NOW - timedelta(days=3), NOW) == "overdue by 3 days"
    with translation.override("ar"):
        assert left(NOW + timedelta(minutes=5), NOW) == "بقي 5 دقائق"


@pytest.mark.parametrize(
    ("seconds", "english", "arabic"),
    [
        (0.4, "0 s", "لحظات"),
        (59.6, "1 min", "دقيقة واحدة"),
        (61, "1 min 1 s", "دقيقة واحدة وثانية واحدة"),
        (3_599, "59 min 59 s", "59 دقيقة و59 ثانية"),
        (7_199, "2 h", "ساعتان"),
        (7_160, "1 h 59 min", "ساعة واحدة و59 دقيقة"),
        (90_000, "25 h", "25 ساعة"),
        (172_799, "2 days", "يومان"),
        (302_400, "3 days 12 h", "3 أيام و12 ساعة"),
    ],
)
def test_a_report_says_a_span_in_two_units(seconds: float, english: str, arabic: str) -> None:
    for language, words in (("en", english), ("ar", arabic)):
        with translation.override(language):
            assert exact(timedelta(seconds=seconds)) == words

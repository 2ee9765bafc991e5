"""Figures about notices (DSA Art. 15(1)(b)): every notice counts once, and silence is not an answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hakam.intake.figures import notice_figures, notices_by_day
from hakam.intake.models import Notice, NoticeItem
from hakam.testing import scene

pytestmark = pytest.mark.django_db
NOW = scene.NOW
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def notice(
    at: Any = NOW, *, harm: str = "hate_speech", illegal: bool = True, trusted: bool = False
) -> Notice:
    return Notice.objects.create(
        token=f"t{Notice.objects.count()}",
        platform=scene.PLATFORM,
        harm=harm,
        illegal=illegal,
        trusted=trusted,
        explanation="It calls people vermin.",
        language="en",
        received_at=at,
    )


def item(of: Notice, *, after: timedelta | None, upheld: bool | None = None) -> None:
    NoticeItem.objects.create(
        notice=of,
        ref=f"notice:{of.pk}:{of.items.count()}",
        item_id=str(of.items.count()),
        answered_at=None if after is None else of.received_at + after,
        upheld=upheld,
    )


def test_of_nothing_there_is_no_median() -> None:
    found = notice_figures()
    assert (found.received, found.answered_items, found.median_seconds, found.by_harm) == (0, 0, None, ())


def test_a_notice_with_several_items_is_one_notice_and_several_answers() -> None:
    one = notice()
    item(one, after=HOUR, upheld=True)
    item(one, after=3 * HOUR, upheld=False)
    item(one, after=None)
    found = notice_figures()
    assert (found.received, found.answered_items, found.upheld_items) == (1, 2, 1)
    assert found.median_seconds == 2 * 3600


def test_what_waits_does_not_shorten_the_median() -> None:
    item(notice(), after=10 * HOUR, upheld=True)
    item(notice(), after=None)
    assert notice_figures().median_seconds == 36_000


def test_sorts_of_notices_are_told_apart() -> None:
    notice()
    notice(illegal=False, harm="spam")
    notice(trusted=True)
    found = notice_figures()
    assert (found.received, found.illegal, found.trusted) == (3, 2, 1)
    assert found.by_harm == (("hate_speech", 2), ("spam", 1))


def test_a_span_counts_what_was_received_in_it() -> None:
    old = notice(NOW - 40 * DAY)
    item(old, after=39 * DAY, upheld=True)  # answered within the span, received before it
    notice(NOW - DAY)
    found = notice_figures(since=NOW - 30 * DAY)
    assert (found.received, found.answered_items, found.median_seconds) == (1, 0, None)
    assert notice_figures().received == 2


def test_days_without_a_notice_are_shown_as_such() -> None:
    notice(NOW)
    notice(NOW)
    notice(NOW - 2 * DAY)
    notice(NOW - 9 * DAY)  # before the first day
    shown = notices_by_day(days=4, today=NOW.date())
    assert [n for _day, n in shown] == [0, 1, 0, 2]
    assert [day for day, _n in shown] == [NOW.date() - n * DAY for n in (3, 2, 1, 0)]

"""Figures about notices that anybody may know: counts and medians, never a person or an address."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from django.db.models import Count, Q
from django.db.models.functions import TruncDate

from hakam.intake.models import Crowd, Notice, NoticeItem


@dataclass(frozen=True)
class NoticeFigures:
    """Notices of a span of time (DSA Art. 15(1)(b))."""

    received: int
    trusted: int  # by trusted flaggers
    illegal: int  # alleging illegal content
    by_harm: tuple[tuple[str, int], ...]  # the most frequent first
    answered_items: int
    upheld_items: int
    median_seconds: float | None  # from receipt to answer, per item


def notice_figures(*, since: datetime | None = None) -> NoticeFigures:
    """Count the notices received since a moment; all without one."""
    found = Notice.objects.all()
    items = NoticeItem.objects.filter(answered_at__isnull=False)
    crowds = Crowd.objects.all()
    if since is not None:
        found = found.filter(received_at__gte=since)
        items = items.filter(notice__received_at__gte=since)
        crowds = crowds.filter(last_at__gte=since)
    found, items = (
        found.exclude(items__crowd__isnull=False),
        items.filter(crowd=None),
    )  # counted with their crowd
    tally = found.aggregate(
        received=Count("pk"),
        trusted=Count("pk", filter=Q(trusted=True)),
        illegal=Count("pk", filter=Q(illegal=True)),
    )
    harms = Counter(dict(found.values_list("harm").annotate(n=Count("pk"))))
    many = list(crowds)
    for crowd in many:
        for kind, count in crowd.kinds.items():
            harm, _slash, ground = kind.partition("/")
            harms[harm] += count
            tally["received"] += count
            tally["illegal"] += count if ground == "illegal" else 0
    answered = [crowd for crowd in many if crowd.answered_at is not None]
    spans = [
        (end - start).total_seconds()
        for start, end in items.values_list("notice__received_at", "answered_at").iterator()
        if end is not None
    ]
    return NoticeFigures(
        **tally,
        by_harm=tuple(harms.most_common()),
        answered_items=items.count() + sum(crowd.count for crowd in answered),
        upheld_items=items.filter(upheld=True).count() + sum(c.count for c in answered if c.upheld),
        median_seconds=median(spans) if spans else None,
    )


def notices_by_day(*, days: int, today: date) -> tuple[tuple[date, int], ...]:
    """Return how many notices came in on each of the last `days` days, the oldest first, empty days too."""
    first = today - timedelta(days=days - 1)
    counted = dict(
        Notice.objects.filter(received_at__date__gte=first)
        .annotate(day=TruncDate("received_at"))
        .values_list("day")
        .annotate(n=Count("pk"))
    )
    return tuple((day, counted.get(day, 0)) for day in (first + timedelta(days=n) for n in range(days)))

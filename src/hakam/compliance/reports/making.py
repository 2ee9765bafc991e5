"""Reports asked for at the desk and made by the worker, with progress; and the clocks of those that fall due.

A year of a large platform takes a minute to count: nobody waits for it in a request. A worker that was killed in the
middle leaves its wish behind; another takes it up when it gave no sign of life for two minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

import msgspec
from django.db import transaction
from django.db.models import F, Max, Q
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from hakam.compliance import deadlines
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Deadline, Fact, MadeReport, ReportWish
from hakam.compliance.profile import Tier, duties, judge, profile_of
from hakam.compliance.reports import keeping
from hakam.compliance.reports.keeping import ReportError
from hakam.compliance.reports.period import Period, half, year
from hakam.compliance.reports.sheets import Stated
from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind

SILENT: Final = timedelta(minutes=2)
Groups = Mapping[str, Sequence[tuple[str, str, Sequence[str]]]]
"""Of each law: (key, title, harms) of the kinds by which its report counts."""


class WishState(StrEnum):
    """Where a report that was asked for is."""

    ASKED = "asked"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


def ask(platform: str, law: str, period: Period, *, stated: Stated, by: Actor, now: datetime) -> ReportWish:
    """Ask the worker for a report; asking again while it waits changes what is stated. Raises `ReportError`."""
    if period.first > localdate(now):
        raise ReportError(_("the period lies ahead"))
    if law not in keeping.LAWS:
        raise ReportError(_("there is no report of this law"))
    with transaction.atomic():
        wish, _fresh = ReportWish.objects.update_or_create(
            platform=platform,
            law=law,
            first=period.first,
            last=period.last,
            defaults={
                "stated": msgspec.to_builtins(stated),
                "state": WishState.ASKED,
                "asked_by": str(by),
                "asked_at": now,
                "seen": 0,
                "of": Fact.objects.aggregate(n=Max("seq"))["n"] or 0,
                "error": "",
                "report": None,
            },
        )
    return wish


def waiting(platform: str) -> list[ReportWish]:
    """Return what is asked for and not done, the oldest first."""
    return list(
        ReportWish.objects.filter(platform=platform).exclude(state=WishState.DONE).order_by("asked_at")
    )


def run_next(*, now: datetime, zone: tzinfo, groups: Groups) -> int:
    """Make the report that waits longest; return 1, or 0 if none waits."""
    wish = _take(now)
    if wish is None:
        return 0

    def progress(seq: int) -> None:
        ReportWish.objects.filter(pk=wish.pk).update(seen=seq, beat_at=datetime.now(tz=now.tzinfo))

    try:
        report = keeping.make(
            wish.platform,
            Period(wish.first, wish.last),
            law=wish.law,
            groups=groups.get(wish.law, ()),
            stated=msgspec.convert(wish.stated, Stated),
            by=_actor(wish.asked_by),
            now=now,
            zone=zone,
            progress=progress,
        )
    except ReportError as error:
        ReportWish.objects.filter(pk=wish.pk).update(state=WishState.FAILED, error=str(error))
        return 1
    ReportWish.objects.filter(pk=wish.pk, state=WishState.RUNNING).update(
        state=WishState.DONE, report=report, seen=F("of")
    )
    return 1


def _actor(text: str) -> Actor:
    kind, _sep, name = text.partition(":")
    return Actor(ActorKind(kind), name)


def _take(now: datetime) -> ReportWish | None:
    with transaction.atomic():
        silent = Q(state=WishState.RUNNING, beat_at__lt=now - SILENT)
        found = ReportWish.objects.select_for_update().filter(Q(state=WishState.ASKED) | silent)
        wish = found.order_by("asked_at").first()
        if wish is not None:
            wish.state, wish.beat_at = WishState.RUNNING, now
            wish.save(update_fields=["state", "beat_at"])
    return wish


def start_due(platform: str, *, now: datetime, zone: tzinfo) -> int:
    """Start the clock of every report that the profile owes for periods that are over; return how many began.

    # DSA Art. 15(1): two months after the year. DSA Art. 42(1): after the half-year. TCO Art. 7(2): before 1 March, if
    there was anything to do in the year. A period that was over before the record began is none of ours.
    """
    today = now.astimezone(zone).date()
    profile, began = profile_of(platform), 0
    owed: list[tuple[str, str, Period]] = []
    last = year(today.year - 1)
    if judge(duties()["dsa.report"], profile, today).applies:
        if profile.tier is Tier.VERY_LARGE:
            ended = half(today.year, 1) if today > date(today.year, 6, 30) else half(today.year - 1, 2)
            owed.append(("report.half_yearly", "dsa", ended))
        else:
            owed.append(("report.yearly", "dsa", last))
    if judge(duties()["tco.report"], profile, today).applies and _was_active(platform, last, zone):
        owed.append(("tco.transparency", "tco", last))
    for clock, law, period in owed:
        if not on_record(period, zone):
            continue
        subject = keeping.name_of(platform, law, period)
        known = Deadline.objects.filter(clock=clock, subject=subject).exists()
        done = MadeReport.objects.filter(
            platform=platform, law=law, first=period.first, last=period.last, version__isnull=False
        )
        if not known and not done.exists():
            at = period.end(zone) - timedelta(microseconds=1)  # its last day counts as the event
            deadlines.start(clock, subject=subject, by=SYSTEM, now=at, zone=zone)
            began += 1
    return began


def on_record(period: Period, zone: tzinfo) -> bool:
    """Whether the record began before a period was over: of another period no report can be made from it."""
    first = Fact.objects.order_by("seq").values_list("at", flat=True).first()
    return first is not None and first < period.end(zone)


def _was_active(platform: str, period: Period, zone: tzinfo) -> bool:
    """Whether a removal order came in a period."""
    found = Fact.objects.filter(
        kind=FactKind.ORDER_RECEIVED, at__gte=period.begin(zone), at__lt=period.end(zone)
    ).values_list("body", flat=True)
    bodies = (msgspec.json.decode(text) for text in found.iterator())
    return any(body.get("law") == "tco" and body.get("platform", platform) == platform for body in bodies)

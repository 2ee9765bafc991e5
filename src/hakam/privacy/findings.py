"""What must hold in this room, and what a data protection officer must be told. `hakam doctor` runs it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db.models import F
from django.utils import timezone

from hakam.compliance import counting
from hakam.compliance.clocks import clocks
from hakam.compliance.models import Deadline, PlatformProfile
from hakam.intake.models import Order
from hakam.intake.order_contents import OrderKind
from hakam.privacy.kinds import Kind
from hakam.privacy.models import Hold, Pass, Project, Subject
from hakam.privacy.requests import subject_of
from hakam.privacy.schedule import schedule
from hakam.safeguarding.models import Report
from hakam.vocabulary.finding import Finding, Severity

CODES: Final = {
    "D001": "somebody who asked about their data was not answered in time",
    "D002": "who prepared somebody's data released it",
    "D003": "a hold is past its end and was not ended",
    "D004": "nothing was erased by the schedule for days",
    "D005": "data or the key of a research project is still here after its end",
    "D006": "what a removal order took away is not held for six months",
    "D008": "the schedule keeps something shorter than a law where the platform is offered",
    "D007": "what a filed report of child abuse is about is not held for a year",
}
_SLACK: Final = timedelta(days=2)  # the worker may have been down for a weekend's night
_SIX_MONTHS: Final = timedelta(days=180)  # the least that six calendar months can be, TCO Art. 6(2)


def check(*, now: datetime | None = None) -> Iterator[Finding]:
    """Yield everything that is broken or owed in this room."""
    now = now or timezone.now()
    late = Deadline.objects.filter(
        subject__startswith="data_request:", kind="act", met_at=None, paused_at=None, due_at__lt=now
    )
    for clock in late.order_by("due_at"):
        yield _found("D001", clock.subject, f"it was due {clock.due_at:%Y-%m-%d}, GDPR Art. 12(3)")
    alone = Subject.objects.exclude(released_by="").filter(released_by=F("prepared_by"))
    for one in alone.order_by("released_at"):
        yield _found("D002", subject_of(one), error=True)
    over = Hold.objects.filter(ended_at=None, until__lt=now - _SLACK)
    for hold in over.order_by("until"):
        yield _found("D003", f"hold:{hold.pk}", "is the worker running?")
    last = Pass.objects.order_by("-day").values_list("day", flat=True).first()
    if last is not None and last < (now - _SLACK).date():
        yield _found("D004", "retention:schedule", f"the last pass was on {last}; is the worker running?")
    ended = Project.objects.filter(expires_on__lt=(now - _SLACK).date()).exclude(key="", document="")
    for project in ended.order_by("expires_on"):
        yield _found("D005", f"research:{project.pk}", "is the worker running?")
    yield from _too_short(now)
    yield from _not_held(now)


def _found(code: str, subject: str, hint: str = "", *, error: bool = False) -> Finding:
    severity = Severity.ERROR if error else Severity.WARNING
    return Finding(code=code, severity=severity, message=CODES[code], subject=subject, hint=hint or None)


def _too_short(now: datetime) -> Iterator[Finding]:
    """Find periods of the schedule that end before a law lets them (Law 175/2018, DIS Standard 2024)."""
    kept, where = (
        schedule(),
        {code for one in PlatformProfile.objects.all() for code in one.body.get("countries", ())},
    )
    for data in clocks().values():
        if data.jurisdiction not in where or not data.in_force(now.date()):
            continue
        for kind in map(Kind, data.keeps):
            ends = counting.due_at(data, now)
            if now + (now - kept[kind].due_before(now)) < ends - _SLACK:
                yield _found(
                    "D008",
                    f"retention:{kind}",
                    f"{data.law} wants it kept until {ends:%Y-%m-%d}, if it came today",
                )


def _not_held(now: datetime) -> Iterator[Finding]:
    """Find acts that are without the hold that follows from them: the eraser could take what a law keeps."""
    held = set(Hold.objects.exclude(origin=None).values_list("origin", flat=True))
    orders = Order.objects.filter(carried_out_at__gt=now - _SIX_MONTHS, carried_out_at__lt=now - _SLACK)
    for order in orders.exclude(state="annulled").order_by("carried_out_at"):
        removes = order.contents.get("kind") == OrderKind.REMOVAL and order.contents.get("urls")
        if removes and f"order:{order.pk}" not in held:
            yield _found("D006", f"order:{order.pk}", "TCO Art. 6(2)", error=True)
    year = timedelta(days=365)
    filed = Report.objects.filter(filed_at__gt=now - year, filed_at__lt=now - _SLACK, retracted_at=None)
    for pk in filed.order_by("filed_at").values_list("pk", flat=True):
        if f"child_report:{pk}" not in held:
            yield _found("D007", f"child_report:{pk}", "18 USC 2258A(h)", error=True)

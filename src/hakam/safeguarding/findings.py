"""What must hold in this room, and what whoever is in charge of child safety must be told. `hakam doctor` runs it.

It names numbers and states, never contents.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from hakam.compliance.models import Deadline, PlatformProfile
from hakam.compliance.profile import duties, judge, profile_of
from hakam.review.models import Case, Decision
from hakam.review.states import STANDING, Outcome
from hakam.safeguarding.models import Report
from hakam.safeguarding.reports import ReportState, subject_of
from hakam.vocabulary.finding import Finding, Severity
from hakam.vocabulary.harm import CHILD_ABUSE_OFFENCES

CODES: Final = {
    "Y001": "a report of child abuse was not sent in time",
    "Y002": "the receiver does not take a report of child abuse as it is",
    "Y003": "one person prepared and approved a report of child abuse",
    "Y004": "child abuse was found, and no report was prepared",
}
_DUTIES: Final = ("us.csam", "uk.csea")
_DAY: Final = timedelta(days=1)


def check(*, now: datetime | None = None) -> Iterator[Finding]:
    """Yield everything that is broken or owed in this room."""
    now = now or timezone.now()
    late = Deadline.objects.filter(
        subject__startswith="child_report:", kind="act", met_at=None, paused_at=None, due_at__lt=now
    )
    for clock in late.order_by("due_at"):
        yield _found("Y001", clock.subject, f"it was due {clock.due_at:%Y-%m-%d %H:%M} UTC")
    for one in Report.objects.filter(state=ReportState.FAILED).order_by("prepared_at"):
        yield _found("Y002", subject_of(one), "mend it on its page")
    alone = Report.objects.exclude(approved_by="").filter(approved_by=F("prepared_by"))
    for one in alone.order_by("prepared_at"):
        yield _found("Y003", subject_of(one), error=True)
    yield from _unreported(now)


def _found(code: str, subject: str, hint: str = "", *, error: bool = False) -> Finding:
    severity = Severity.ERROR if error else Severity.WARNING
    return Finding(code=code, severity=severity, message=CODES[code], subject=subject, hint=hint or None)


def _unreported(now: datetime) -> Iterator[Finding]:
    # 18 USC 2258A(a), OSA s.66: whom the duty binds says the profile
    bound = [
        platform
        for platform in PlatformProfile.objects.values_list("platform", flat=True)
        if any(judge(duties()[duty], profile_of(platform), now.date()).applies for duty in _DUTIES)
    ]
    found = Decision.objects.filter(
        case=OuterRef("pk"), outcome=Outcome.VIOLATION, state__in=STANDING, at__lt=now - _DAY
    )
    told = Report.objects.filter(case=OuterRef("pk"))
    cases = Case.objects.filter(platform__in=bound, harm__in=[harm.value for harm in CHILD_ABUSE_OFFENCES])
    for pk in cases.filter(Exists(found), ~Exists(told)).order_by("pk").values_list("pk", flat=True):
        yield _found("Y004", f"case:{pk}", "prepare one from the case, or give it up with the reason")

"""What must hold in this room, and what a compliance officer must be told. `hakam doctor` runs it.

What is broken is an error; what somebody owes, and has not done yet, is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Count, Min
from django.utils import timezone

from hakam.compliance.clocks import clock
from hakam.compliance.eu_database.submissions import WAITING
from hakam.compliance.models import Deadline, Fact, MadeReport, PlatformProfile, Submission
from hakam.compliance.profile import Profile, duties, judge, profile_of
from hakam.regulator import contacts, keepers, risks
from hakam.regulator.models import Attestation, Request
from hakam.regulator.requests import CLOSED, subject_of
from hakam.vocabulary.finding import Finding, Severity

CODES: Final = {
    "G001": "a request is not answered, and its time is over",
    "G002": "nobody who is here is in charge of a request",
    "G003": "a risk assessment is due to be reviewed",
    "G004": "a risk assessment that the law asks for was never approved",
    "G005": "an attestation of a checklist ran out",
    "G006": "a contact point that the law wants public is missing",
    "G007": "a yearly report is due and not published",
    "G008": "a request is closed, and its clock still runs",
    "G009": "statements of reasons wait longer for the Transparency Database than their clock allows",
}
_REPORTS: Final = {"dsa": "dsa.report", "tco": "tco.report"}
_DUE: Final = (
    3,
    1,
)  # month and day: DSA Art. 15(1) with Regulation (EU) 2024/2835, two months; TCO Art. 7(2), 1 March


def check(*, now: datetime | None = None) -> Iterator[Finding]:
    """Yield everything that is broken or owed in this room."""
    now = now or timezone.now()
    yield from _requests(now)
    yield from _late_statements(now)
    today = now.date()
    for one in Attestation.objects.filter(until__lt=today).order_by("platform", "checklist", "line"):
        yield _found(
            "G005", f"checklist:{one.platform}/{one.checklist}", f"line {one.line}, until {one.until}"
        )
    for platform in PlatformProfile.objects.order_by("platform").values_list("platform", flat=True):
        profile = profile_of(platform)
        yield from _assessments(profile, today)
        said = contacts.contacts_of(platform)
        for gap in contacts.gaps(said, profile, now=now):
            yield _found("G006", f"contacts:{platform}", f"`{gap.field}`, {gap.law}")
        yield from _reports(profile, now)


def _found(code: str, subject: str, hint: str = "", *, error: bool = False) -> Finding:
    severity = Severity.ERROR if error else Severity.WARNING
    return Finding(code=code, severity=severity, message=CODES[code], subject=subject, hint=hint or None)


def _requests(now: datetime) -> Iterator[Finding]:
    for one in Request.objects.exclude(state__in=CLOSED).order_by("received_at", "pk"):
        running = Deadline.objects.filter(subject=subject_of(one), kind="act", met_at=None, paused_at=None)
        for late in running.filter(due_at__lt=now).order_by("due_at"):
            yield _found("G001", subject_of(one), f"`{late.clock}` was due {late.due_at:%Y-%m-%d %H:%M} UTC")
        if keepers.in_charge(one.owner, one.deputy, now=now) is None:
            yield _found("G002", subject_of(one), "name an owner and a deputy")
    closed = Request.objects.filter(state__in=CLOSED).values_list("pk", flat=True)
    for subject in (
        Deadline.objects.filter(subject__startswith="request:", kind="act", met_at=None)
        .order_by("subject")
        .values_list("subject", flat=True)
    ):
        if closed.filter(pk=subject.removeprefix("request:")).exists():
            yield _found("G008", subject, error=True)


def _late_statements(now: datetime) -> Iterator[Finding]:
    """# DSA Art. 24(5): without undue delay. One clock for each of a million statements would say no more."""
    since = now - clock("statement.database", at=now).length
    late = Submission.objects.filter(state__in=WAITING, created_at__lt=since)
    seen = late.aggregate(n=Count("pk"), first=Min("created_at"))
    if seen["n"]:
        yield _found(
            "G009", "database:statements", f"{seen['n']}, the oldest since {seen['first']:%Y-%m-%d %H:%M} UTC"
        )


def _assessments(profile: Profile, today: date) -> Iterator[Finding]:
    for scheme in risks.schemes().values():
        newest = risks.newest(profile.platform, scheme.key)
        subject = f"risk:{profile.platform}/{scheme.key}"
        if newest is not None:
            if newest.review_on is not None and newest.review_on < today:
                yield _found(
                    "G003", subject, f"version {newest.version} was to be reviewed on {newest.review_on}"
                )
        elif judge(duties()[scheme.duty], profile, today).applies:
            yield _found("G004", subject, scheme.law)


def _reports(profile: Profile, now: datetime) -> Iterator[Finding]:
    year = now.year - 1
    began = Fact.objects.order_by("seq").values_list("at", flat=True).first()
    if began is None or began.year > year or now.date() < date(now.year, *_DUE) + timedelta(days=1):
        return  # there was nothing to report of, or it is not due yet
    for law, duty in _REPORTS.items():
        made = MadeReport.objects.filter(
            platform=profile.platform, law=law, version__isnull=False, last__year=year
        )
        if judge(duties()[duty], profile, date(year, 12, 31)).applies and not made.exists():
            yield _found(
                "G007",
                f"report:{profile.platform}/{law}/{year}",
                f"the report of {year} under {duties()[duty].law}",
            )

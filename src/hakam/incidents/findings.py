"""What must hold in this room at all times. `hakam doctor` runs it; docs/reference/findings.md has the codes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from hakam.banks import access as banks
from hakam.incidents.clock import ends_soon
from hakam.incidents.models import Incident, IncidentPower
from hakam.incidents.naming import bank_of, subject_of
from hakam.incidents.states import CLOSED, IN_FORCE, UNCONFIRMED, IncidentState, Power, RenewalState, RoleKind
from hakam.staff.models import User
from hakam.vocabulary.finding import Finding, Severity

CODES = {
    "N001": "a power outlives its incident",
    "N002": "an incident should be over and is not",
    "N003": "an incident in force has nobody who leads it",
    "N004": "an emergency bank is still empty",
    "N005": "an incident is over and nothing was published about it",
    "N006": "an incident ends soon, and nobody has asked for more time",
    "N007": "an incident stands by one person's word, and its hour is nearly over",
    "N008": "an incident lapsed without a second person, and nothing was published about what its powers did",
}
_LATE = timedelta(minutes=1)
_EMPTY = timedelta(minutes=10)
_REPORT = timedelta(days=30)


def check() -> Iterator[Finding]:
    """Yield everything that is broken in this room."""
    now = timezone.now()
    closed, in_force = [s.value for s in CLOSED], [s.value for s in IN_FORCE]
    left = IncidentPower.objects.filter(undone_at=None, incident__state__in=closed).exclude(taken_at=None)
    for row in left.select_related("incident").order_by("pk"):
        yield Finding(
            code="N001",
            severity=Severity.ERROR,
            message=f"`{row.power}` is not taken back: {row.trouble or 'nobody tried'}",
            subject=subject_of(row.incident),
            hint="the worker tries it every few seconds; its log says why it can't",
        )
    late = Q(state__in=[s.value for s in UNCONFIRMED], confirm_until__lt=now - _LATE)
    late |= Q(state=IncidentState.ACTIVE, until__lt=now - _LATE)
    for one in Incident.objects.filter(late).order_by("pk"):
        yield Finding(
            code="N002",
            severity=Severity.ERROR,
            message=f"it is {one.state}, and its time is over",
            subject=subject_of(one),
            hint="start the worker",
        )
    for one in Incident.objects.filter(state__in=in_force).order_by("pk"):
        yield from _running(one, now)
        if one.declared_at < now - _EMPTY and one.powers.filter(power=Power.EMERGENCY_BANK, undone_at=None):
            bank = banks.find(bank_of(one))
            if bank is None or not bank.entries.exists():
                yield _warning("N004", "nothing is in it", one, f"`hakam bank add {bank_of(one)} FILE`")
    public = Incident.objects.filter(state__in=["ended", "expired"], exercise=False, reported_at=None)
    for one in public.filter(closed_at__lt=now - _REPORT).order_by("pk"):
        yield _warning("N005", "30 days have passed", one, f"`hakam incident report {one.slug} --publish`")

    lapsed = Incident.objects.filter(state=IncidentState.LAPSED, exercise=False, reported_at=None)
    for one in lapsed.filter(powers__taken_at__isnull=False).distinct().order_by("pk"):
        yield _warning(
            "N008", "it was in force for an hour by one person's word alone", one,
            f"look at its story, and `hakam incident report {one.slug} --publish`",
        )  # fmt: skip


def _running(one: Incident, now: datetime) -> Iterator[Finding]:
    lead = one.roles.filter(role=RoleKind.LEAD).first()
    if lead is None or not User.objects.filter(pk=lead.person, is_active=True).exists():
        yield _warning("N003", "its lead is gone", one, "give the role to somebody on the incident's page")
    if not ends_soon(one, now):
        return
    if one.state == IncidentState.PROVISIONAL:
        message = f"it lapses at {one.confirm_until.isoformat(timespec='minutes')}"
        yield _warning("N007", message, one, f"a second person: `hakam incident confirm {one.slug}`")
    elif not one.renewals.filter(state=RenewalState.ASKED).exists():
        message = f"it ends at {one.until.isoformat(timespec='minutes')}"
        yield _warning("N006", message, one, f"`hakam incident renew {one.slug}`, or let it end")


def _warning(code: str, message: str, one: Incident, hint: str) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, message=message, subject=subject_of(one), hint=hint)

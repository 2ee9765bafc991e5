"""Who hears of an incident: the second person, those who take part, and the platform by its endpoint."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.letters import letter
from hakam.enforcement.outbox import enqueue
from hakam.incidents.clock import ends_at
from hakam.incidents.models import Incident, IncidentRenewal
from hakam.incidents.naming import subject_of
from hakam.incidents.states import CLOSED, UNCONFIRMED, IncidentState
from hakam.staff import access
from hakam.staff.models import User
from hakam.staff.roles import Permission


def ask_for_second(incident: Incident, *, now: datetime) -> None:
    """Write to everybody who may be the second person."""
    for person in _others(incident.declared_by):
        with translation.override(person.language):
            words = (
                _("Its powers are in force now, and end at %(until)s unless a second person confirms it.")
                if incident.state == IncidentState.PROVISIONAL
                else _("Nothing is in force before a second person confirms it, until %(until)s.")
            )
            subject = _("An incident waits for a second person: %(title)s")
            _write(
                incident,
                person,
                subject,
                [words % {"until": _at(incident.confirm_until)}],
                what="second",
                now=now,
            )


def ask_for_renewal(incident: Incident, asked: IncidentRenewal, *, now: datetime) -> None:
    """Write to everybody who may grant more time."""
    for person in _others(asked.asked_by):
        with translation.override(person.language):
            words = _("A colleague asks for %(hours)s hours more; it ends at %(until)s otherwise.")
            said = [words % {"hours": asked.hours, "until": _at(incident.until)}, asked.reason]
            _write(
                incident,
                person,
                _("More time for an incident: %(title)s"),
                said,
                what=f"renewal:{asked.pk}",
                now=now,
            )


def warn(incident: Incident, *, now: datetime) -> None:
    """Write to those who take part that it ends soon; of one that waits, to those who may be the second person."""
    ends = ends_at(incident)
    waits = incident.state in {state.value for state in UNCONFIRMED}
    for person in _others(incident.declared_by) if waits else _team(incident):
        with translation.override(person.language):
            words = (
                _("Nobody has confirmed it yet: it lapses at %(until)s, and everything that it changed is taken back.")
                if waits
                else _("It ends at %(until)s, and everything that it changed is taken back then. "
                       "More time takes a reason and a second person.")
            )  # fmt: skip
            said = [words % {"until": _at(ends)}]
            subject = _("An incident ends soon: %(title)s")
            _write(incident, person, subject, said, what=f"warned:{ends.isoformat()}", now=now)


def tell_closed(incident: Incident, *, now: datetime) -> None:
    """Write to those who take part, and to whoever declared it."""
    for person in _team(incident):
        with translation.override(person.language):
            words = {
                IncidentState.LAPSED: _("Nobody confirmed it within the hour."),
                IncidentState.EXPIRED: _("Its time has run out."),
                IncidentState.REFUSED: _("The second person refused it."),
            }.get(IncidentState(incident.state), _("A colleague ended it."))
            said = [words, _("Everything that it changed was taken back."), *filter(None, [incident.because])]
            _write(incident, person, _("An incident is over: %(title)s"), said, what="closed", now=now)


def tell_platform(incident: Incident, *, now: datetime) -> None:
    """Let the platform know that an incident is in force, or that it is over."""
    over = incident.state in {state.value for state in CLOSED}
    enqueue(
        now=now,
        key=f"incident:{incident.pk}:{'ended' if over else 'declared'}",
        platform=incident.platform,
        channel=Channel.PLATFORM,
        kind=EffectKind.INCIDENT_ENDED if over else EffectKind.INCIDENT_DECLARED,
        payload=payload(incident),
        stream=subject_of(incident),
    )


def payload(incident: Incident) -> dict[str, Any]:
    """Return the `data` of both webhooks. Of an exercise it says so: nothing is to be done then."""
    return {
        "incident": incident.slug,
        "exercise": incident.exercise,
        "kind": incident.kind,
        "state": incident.state,
        "powers": sorted(incident.powers.values_list("power", flat=True)),
        "scope": incident.scope,
        "declared_at": incident.declared_at.isoformat(),
        "until": incident.until.isoformat(),
        "closed_at": None if incident.closed_at is None else incident.closed_at.isoformat(),
    }


def _team(incident: Incident) -> Iterable[User]:
    """Return those who have a role in it, and who declared it."""
    numbers = {role.person for role in incident.roles.all()}
    kind, _colon, number = incident.declared_by.partition(":")
    if kind == "staff" and number.isdecimal():
        numbers.add(int(number))
    return User.objects.filter(pk__in=numbers, is_active=True).order_by("pk")


def _others(actor: str) -> Iterable[User]:
    able = access.with_permission(Permission.INCIDENT_DECLARE)
    return [person for person in able if str(person.actor) != actor]


def _at(moment: datetime) -> str:
    return date_format(localtime(moment), "DATETIME_FORMAT")


def _write(
    incident: Incident, person: User, subject: str, said: list[str], *, what: str, now: datetime
) -> None:
    title = subject % {"title": incident.title}
    if incident.exercise:
        title = _("[Exercise] %(subject)s") % {"subject": title}
        said = [_("This is an exercise: nothing in it is real."), *said]
    enqueue(
        now=now,
        key=f"incident:{incident.pk}:{what}:{person.pk}",
        platform="",
        channel=Channel.EMAIL,
        kind=EffectKind.STAFF_ALERT,
        payload=letter(
            to=person.email,
            language="ar" if person.language.startswith("ar") else "en",
            subject=title,
            paragraphs=said,
            links=((_("The incident"), f"/desk/incidents/{incident.slug}"),),
        ),
    )

"""Reads of the room: who may see incidents sees all of them; the public sees reports that were published."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db.models import Q

from hakam.banks import access as banks
from hakam.compliance import ledger
from hakam.compliance.access import facts_of, story
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.incidents.closing import held_by
from hakam.incidents.models import Incident, IncidentPower, IncidentRenewal, IncidentRole
from hakam.incidents.naming import bank_of, subject_of
from hakam.incidents.states import CLOSED, IN_FORCE, UNCONFIRMED, RenewalState
from hakam.intake.models import BankSighting
from hakam.staff.models import User
from hakam.staff.roles import Permission

_SHOWN: Final = 200
_BARS: Final = 48  # at most
_LEAST_BARS: Final = 24
_WIDTHS: Final = tuple(timedelta(minutes=n) for n in (1, 2, 5, 15, 30, 60, 120, 360, 1_440))


class Counters(NamedTuple):
    """What happens at this moment."""

    hashes: int
    sightings: int
    held: int  # and nobody has looked yet
    bars: tuple[tuple[datetime, int], ...]  # copies seen from each moment on, the oldest first
    width: timedelta  # of a bar


class Note(NamedTuple):
    """An entry of the communication log. Words are empty once they were erased."""

    fact: Fact
    whom: str
    words: str


class Told(NamedTuple):
    """An incident with all that its page shows."""

    incident: Incident
    powers: list[IncidentPower]
    roles: dict[str, IncidentRole]
    people: dict[int, User]
    asked: IncidentRenewal | None
    counters: Counters
    log: list[Note]
    story: list[Fact]


def incidents(user: User) -> list[Incident]:
    """Return incidents, those that are not over first, for who may read them."""
    if not user.may(Permission.INCIDENT_READ):
        return []
    closed = Q(state__in=[s.value for s in CLOSED])
    running = Incident.objects.exclude(closed).order_by("-declared_at")
    return [*running, *Incident.objects.filter(closed).order_by("-declared_at")[:_SHOWN]]


def incident(user: User, slug: str) -> Incident | None:
    """Return one incident, for who may read them."""
    return Incident.objects.filter(slug=slug).first() if user.may(Permission.INCIDENT_READ) else None


def find(slug: str) -> Incident | None:
    """Return one incident. For the installation's own commands."""
    return Incident.objects.filter(slug=slug).first()


def running(user: User) -> list[Incident]:
    """Return what is not over, exercises too, for who may read them."""
    if not user.may(Permission.INCIDENT_READ):
        return []
    states = [state.value for state in UNCONFIRMED | IN_FORCE]
    return list(Incident.objects.filter(state__in=states).order_by("declared_at"))


def told(one: Incident, *, now: datetime) -> Told:
    """Return an incident with all that its page shows."""
    roles = {row.role: row for row in one.roles.all()}
    numbers = [row.person for row in roles.values()]
    notes = [
        Note(fact, private.get("whom", ""), private.get("words", ""))
        for fact in facts_of(subject_of(one), FactKind.INCIDENT_TOLD)
        for private in [ledger.private_of(fact) or {}]
    ]
    return Told(
        incident=one,
        powers=list(one.powers.order_by("pk")),
        roles=roles,
        people={person.pk: person for person in User.objects.filter(pk__in=numbers)},
        asked=one.renewals.filter(state=RenewalState.ASKED).first(),
        counters=counters(one, now=now),
        log=notes,
        story=story(subject_of(one)),
    )


def counters(one: Incident, *, now: datetime) -> Counters:
    """Return what its bank has seen and holds now."""
    bank = banks.find(bank_of(one))
    seen = BankSighting.objects.filter(bank=bank_of(one))
    start, end = one.declared_at, min(now, one.closed_at or now)
    width = next((one for one in _WIDTHS if (end - start) / one <= _BARS), _WIDTHS[-1])
    counted: dict[int, int] = {}
    for at in seen.filter(at__gte=start, at__lte=end).values_list("at", flat=True).iterator(chunk_size=5_000):
        place = int((at - start) / width)
        counted[place] = counted.get(place, 0) + 1
    last = max(_LEAST_BARS - 1, int((end - start) / width))
    return Counters(
        hashes=bank.entries.count() if bank else 0,
        sightings=seen.count(),
        held=held_by(one),
        bars=tuple((start + place * width, counted.get(place, 0)) for place in range(last + 1)),
        width=width,
    )


def reported() -> list[Incident]:
    """Return the incidents whose report is public, the newest first."""
    return list(Incident.objects.exclude(reported_at=None).order_by("-reported_at")[:_SHOWN])


def seconds(one: Incident) -> list[User]:
    """Return who could be the second person, by their names."""
    people = User.objects.filter(is_active=True).order_by("last_name", "first_name", "username")
    return [user for user in people if may_be_second(user, one)]


def may_be_second(user: User, one: Incident) -> bool:
    """Whether somebody can confirm or refuse an incident."""
    waits = one.state in {state.value for state in UNCONFIRMED}
    return waits and user.may(Permission.INCIDENT_DECLARE) and str(user.actor) != one.declared_by

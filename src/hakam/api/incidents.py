"""Incidents over HTTP: the verbs of the desk, for programs of people who lead one.

A key with these scopes is one person's: each deed is that person's, with what the role permits at that moment. So the
second person is somebody else here too, with a key of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Status

from hakam.api import installation
from hakam.api.incident_shapes import (
    BecauseIn,
    DeclarationIn,
    EndIn,
    HoursIn,
    IncidentOut,
    NoteIn,
    NoteOut,
    PowerOut,
    PowersIn,
    PublicationIn,
    RenewalOut,
    RoleIn,
    RoleOut,
)
from hakam.api.keys import PlatformKey, caller
from hakam.api.problems import ProblemError, ProblemKind
from hakam.incidents import access, closing, declaring, powers, renewing, report, team
from hakam.incidents.clock import ends_at
from hakam.incidents.models import Incident
from hakam.incidents.naming import IncidentError
from hakam.incidents.states import IncidentState, Power, RoleKind
from hakam.staff.models import User
from hakam.staff.roles import Permission, Scope
from hakam.vocabulary.incident import DelayRule
from hakam.vocabulary.incident import Scope as Where

router = Router(tags=["incidents"])
_READ, _ACT = PlatformKey(Scope.INCIDENTS_READ), PlatformKey(Scope.INCIDENTS_ACT)


def _person(request: HttpRequest, permission: Permission) -> User:
    """Return whose key it is. Raises `ProblemError` unless the role permits it now."""
    person = caller(request).person
    if person is None:
        raise ProblemError(
            ProblemKind.SCOPE_MISSING, "this key is nobody's: `hakam key issue --for NAME` makes one"
        )
    if not person.may(permission):
        raise ProblemError(ProblemKind.SCOPE_MISSING, f"whose key it is may not do this: `{permission}`")
    return person


@contextmanager
def _deed(
    request: HttpRequest, permission: Permission = Permission.INCIDENT_DECLARE
) -> Iterator[tuple[User, datetime]]:
    """Give a verb the person and the time; tell its refusals."""
    person = _person(request, permission)
    try:
        yield person, timezone.now()
    except IncidentError as error:
        raise ProblemError(ProblemKind.REFUSED, str(error)) from error


def _found(request: HttpRequest, slug: str) -> Incident:
    found = access.incident(_person(request, Permission.INCIDENT_READ), slug)
    if found is None or found.platform != caller(request).platform:
        raise ProblemError(ProblemKind.NOT_FOUND)
    return found


def _shown(one: Incident) -> IncidentOut:
    one.refresh_from_db()
    now = timezone.now()
    told = access.told(one, now=now)
    return IncidentOut(
        slug=one.slug, title=one.title, summary=one.summary, kind=one.kind, reference=one.reference, clause=one.clause,
        scope=one.scope, exercise=one.exercise, partners_take_part=one.partners_take_part,
        state=IncidentState(one.state), declared_by=one.declared_by, declared_at=one.declared_at,
        confirmed_by=one.confirmed_by, confirmed_at=one.confirmed_at, ends_at=ends_at(one), closed_by=one.closed_by,
        closed_at=one.closed_at, because=one.because, reported_at=one.reported_at,
        powers=[
            PowerOut(power=Power(row.power), settings=row.settings, taken_at=row.taken_at, undone_at=row.undone_at,
                     trouble=row.trouble)
            for row in told.powers
        ],
        renewal=None if told.asked is None else RenewalOut(
            hours=told.asked.hours, because=told.asked.reason, asked_by=told.asked.asked_by,
            asked_at=told.asked.asked_at,
        ),
        roles=[
            RoleOut(role=RoleKind(row.role), person=told.people[row.person].username, since=row.since)
            for row in told.roles.values() if row.person in told.people
        ],
        notes=[NoteOut(at=note.fact.at, by=note.fact.actor, whom=note.whom, words=note.words) for note in told.log],
        hashes=told.counters.hashes, copies_seen=told.counters.sightings, held=told.counters.held,
    )  # fmt: skip


@router.get("", response=list[IncidentOut], operation_id="listIncidents", auth=_READ)
def listing(request: HttpRequest) -> list[IncidentOut]:
    """List the incidents of this platform, those that are not over first."""
    person, platform = _person(request, Permission.INCIDENT_READ), caller(request).platform
    return [_shown(one) for one in access.incidents(person) if one.platform == platform]


@router.get("/{slug}", response=IncidentOut, operation_id="getIncident", auth=_READ)
def get(request: HttpRequest, slug: str) -> IncidentOut:
    """Return one incident with its powers, people, log and counters."""
    return _shown(_found(request, slug))


@router.post("", response={201: IncidentOut}, operation_id="declareIncident", auth=_ACT)
def declare(request: HttpRequest, said: DeclarationIn) -> Status[IncidentOut]:
    """Declare an incident: in force at once, for an hour, until a second person confirms; or `wait` for that first."""
    with _deed(request) as (person, now):
        made = declaring.declare(
            declaring.Declared(
                slug=said.slug, title=said.title, kind=said.kind, summary=said.summary, clause=said.clause,
                hours=said.hours, reference=said.reference, exercise=said.exercise,
                partners_take_part=said.partners_take_part,
                scope=Where(
                    communities=tuple(said.scope.communities), countries=tuple(said.scope.countries),
                    languages=tuple(said.scope.languages), streams=tuple(said.scope.streams),
                ),
            ),
            _chosen(said.powers),
            platform=caller(request).platform, lead=person.pk, by=person.actor, now=now, wait=said.wait,
        )  # fmt: skip
    return Status(201, _shown(made))


def _chosen(said: PowersIn) -> dict[Power, powers.Settings]:
    chosen: dict[Power, powers.Settings] = {}
    if said.emergency_bank is not None:
        chosen[Power.EMERGENCY_BANK] = powers.BankSettings(hold=said.emergency_bank.hold)
    if said.stricter is not None:
        chosen[Power.STRICTER] = powers.StricterSettings(dict(said.stricter.values))
    if said.delay is not None:
        chosen[Power.DELAY] = DelayRule(
            seconds=said.delay.seconds,
            newer_than_days=said.delay.newer_than_days,
            kinds=tuple(said.delay.kinds),
        )
    if said.priority:
        chosen[Power.PRIORITY] = powers.NoSettings()
    if said.share:
        chosen[Power.SHARE] = powers.NoSettings()
    return chosen


@router.post("/{slug}/confirmation", response=IncidentOut, operation_id="confirmIncident", auth=_ACT)
def confirm(request: HttpRequest, slug: str) -> IncidentOut:
    """Stand for an incident as the second person."""
    one = _found(request, slug)
    with _deed(request) as (person, now):
        declaring.confirm(one.slug, by=person.actor, now=now)
    return _shown(one)


@router.post("/{slug}/refusal", response=IncidentOut, operation_id="refuseIncident", auth=_ACT)
def refuse(request: HttpRequest, slug: str, said: BecauseIn) -> IncidentOut:
    """Say as the second person that it is none: what it changed is taken back."""
    one = _found(request, slug)
    with _deed(request) as (person, now):
        declaring.refuse(one.slug, because=said.because, by=person.actor, now=now)
    return _shown(one)


@router.post("/{slug}/renewal", response=IncidentOut, operation_id="askForRenewal", auth=_ACT)
def ask(request: HttpRequest, slug: str, said: HoursIn) -> IncidentOut:
    """Ask for more time, with a reason; a second person grants it."""
    one = _found(request, slug)
    with _deed(request) as (person, now):
        renewing.ask_renewal(one.slug, hours=said.hours, reason=said.because, by=person.actor, now=now)
    return _shown(one)


@router.post("/{slug}/renewal/grant", response=IncidentOut, operation_id="grantRenewal", auth=_ACT)
def grant(request: HttpRequest, slug: str) -> IncidentOut:
    """Grant more time as the second person."""
    one = _found(request, slug)
    with _deed(request) as (person, now):
        renewing.grant_renewal(one.slug, by=person.actor, now=now)
    return _shown(one)


@router.post("/{slug}/renewal/refusal", response=IncidentOut, operation_id="refuseRenewal", auth=_ACT)
def decline(request: HttpRequest, slug: str) -> IncidentOut:
    """Refuse more time as the second person: it ends when it would have ended."""
    one = _found(request, slug)
    with _deed(request) as (person, now):
        renewing.refuse_renewal(one.slug, by=person.actor, now=now)
    return _shown(one)


@router.delete("/{slug}/powers/{power}", response=IncidentOut, operation_id="takeBackPower", auth=_ACT)
def take_back(request: HttpRequest, slug: str, power: Power) -> IncidentOut:
    """Take one power back while the incident goes on."""
    one = _found(request, slug)
    with _deed(request) as (person, now):
        closing.take_back_power(one.slug, power, by=person.actor, now=now)
    return _shown(one)


@router.put("/{slug}/roles/{role}", response=IncidentOut, operation_id="giveIncidentRole", auth=_ACT)
def give_role(request: HttpRequest, slug: str, role: RoleKind, said: RoleIn) -> IncidentOut:
    """Give somebody a role, or hand it over."""
    one = _found(request, slug)
    with _deed(request) as (person, now):
        who = User.objects.filter(username=said.person).first()
        if who is None:
            raise IncidentError("there is nobody of that name")
        team.give_role(one.slug, role, who, by=person.actor, now=now)
    return _shown(one)


@router.post("/{slug}/notes", response={201: IncidentOut}, operation_id="noteIncident", auth=_ACT)
def note(request: HttpRequest, slug: str, said: NoteIn) -> Status[IncidentOut]:
    """Write down who was told what. It can't be changed."""
    one = _found(request, slug)
    with _deed(request, Permission.INCIDENT_READ) as (person, now):
        team.note_told(one.slug, whom=said.whom, words=said.words, by=person.actor, now=now)
    return Status(201, _shown(one))


@router.post("/{slug}/end", response=IncidentOut, operation_id="endIncident", auth=_ACT)
def end(request: HttpRequest, slug: str, said: EndIn) -> IncidentOut:
    """End an incident: every power is taken back. `held` says what becomes of what nobody has looked at."""
    one = _found(request, slug)
    with _deed(request) as (person, now):
        closing.end(
            one.slug, because=said.because, by=person.actor, now=now, keep_bank=said.held == "keep",
            release=said.held == "release",
        )  # fmt: skip
    return _shown(one)


@router.get("/{slug}/report", response=dict[str, Any], operation_id="getIncidentReport", auth=_READ)
def read_report(request: HttpRequest, slug: str, *, confidential: bool = False) -> dict[str, Any]:
    """Return the after-action report as it stands now, as the public reads it; `confidential`: with people and log."""
    one, now = _found(request, slug), timezone.now()
    if confidential:
        _person(request, Permission.INCIDENT_DECLARE)
        return report.confidential(one, now=now)
    words = (one.report or {}).get("words", "")
    built: dict[str, Any] = msgspec.to_builtins(report.report_of(one, words=words, now=now))
    return built


@router.post("/{slug}/report", response=dict[str, Any], operation_id="publishIncidentReport", auth=_ACT)
def publish(request: HttpRequest, slug: str, said: PublicationIn) -> dict[str, Any]:
    """Publish the report of an incident that is over, with words for the public, or publish it anew."""
    one = _found(request, slug)
    with _deed(request) as (person, now):
        made = report.publish(one.slug, words=said.words, by=person.actor, now=now)
    built: dict[str, Any] = msgspec.to_builtins(made)
    return built | {"link": f"{installation.base_url()}/incidents/{one.slug}"}

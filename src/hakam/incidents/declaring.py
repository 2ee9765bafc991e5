"""To declare an incident: two people, or one whose word holds for an hour until a second person stands for it too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from hakam.compliance import ledger, rulebook
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.incidents import closing, letters, powers
from hakam.incidents.kinds import kinds, offered
from hakam.incidents.models import Incident, IncidentRole
from hakam.incidents.naming import SLUG, IncidentError, subject_of
from hakam.incidents.powers import Settings
from hakam.incidents.states import (
    IN_FORCE,
    UNCONFIRMED,
    IncidentEvent,
    IncidentState,
    Power,
    RoleKind,
    WrongMomentError,
    after,
)
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.event import COUNTRY_CODES
from hakam.vocabulary.incident import Scope

CONFIRM_WITHIN: Final = timedelta(hours=1)
MOST_HOURS: Final = 72
LONGEST_TITLE: Final = 200
LONGEST_SUMMARY: Final = 10_000
MOST_PLACES: Final = 200
RESERVED: Final = frozenset({"new", "declare"})  # addresses of the console


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """What is declared. `hours`: how long it lasts at most; `reference`: of whoever activated it."""

    slug: str
    title: str
    kind: str
    summary: str
    clause: str
    hours: int
    scope: Scope = Scope()
    reference: str = ""
    exercise: bool = False
    partners_take_part: bool = False


def declare(
    said: Declared,
    chosen: Mapping[Power, Settings],
    *,
    platform: str,
    lead: int,
    by: Actor,
    now: datetime,
    wait: bool = False,
) -> Incident:
    """Declare an incident: its powers are in force at once, and lapse after an hour unless a second person confirms.

    `wait`: nothing is in force before the second person. `lead`: number of the account that leads it. Raises
    `IncidentError`.
    """
    if said.slug in RESERVED:
        raise IncidentError(_("%(slug)s is a word of ours: take another name") % {"slug": repr(said.slug)})
    _check(said, now=now)
    state = IncidentState.PROPOSED if wait else IncidentState.PROVISIONAL
    try:
        with transaction.atomic():
            ledger.lock()
            incident = Incident.objects.create(
                slug=said.slug,
                platform=platform,
                title=storable(said.title.strip()),
                kind=said.kind,
                reference=storable(said.reference.strip()),
                summary=storable(said.summary.strip()),
                clause=said.clause,
                scope=msgspec.to_builtins(said.scope),
                exercise=said.exercise,
                partners_take_part=said.exercise and said.partners_take_part,
                state=state.value,
                hours=said.hours,
                declared_by=str(by),
                declared_at=now,
                confirm_until=now + CONFIRM_WITHIN,
                until=now + timedelta(hours=said.hours),
            )
            IncidentRole.objects.create(incident=incident, role=RoleKind.LEAD.value, person=lead, since=now)
            powers.choose(incident, chosen)
            ledger.record(
                FactKind.INCIDENT_DECLARED,
                by=by,
                now=now,
                subject=subject_of(incident),
                about=(f"platform:{platform}", f"staff:{lead}"),
                body=_body(incident, chosen),
                private={"title": incident.title, "summary": incident.summary},
            )
            if state in IN_FORCE:
                powers.take(incident, by=by, now=now)
                letters.tell_platform(incident, now=now)
            letters.ask_for_second(incident, now=now)
    except IntegrityError:
        raise IncidentError(_("there is an incident %(slug)s already") % {"slug": repr(said.slug)}) from None
    return incident


def _body(incident: Incident, chosen: Mapping[Power, Settings]) -> dict[str, Any]:
    return {
        "kind": incident.kind,
        "exercise": incident.exercise,
        "partners_take_part": incident.partners_take_part,
        "state": incident.state,
        "clause": incident.clause,
        "scope": incident.scope,
        "powers": sorted(power.value for power in chosen),
        "hours": incident.hours,
        "until": incident.until,
        "confirm_until": incident.confirm_until,
    }


def _check(said: Declared, *, now: datetime) -> None:
    if not SLUG.fullmatch(said.slug):
        raise IncidentError(
            _("%(slug)s is no name: lower-case letters, digits and hyphens, at most 50")
            % {"slug": repr(said.slug[:60])}
        )
    if not said.title.strip() or len(said.title) > LONGEST_TITLE:
        raise IncidentError(_("give it a title of at most %(most)s characters") % {"most": LONGEST_TITLE})
    if not said.summary.strip() or len(said.summary) > LONGEST_SUMMARY:
        raise IncidentError(
            _("say what happened, in at most %(most)s characters") % {"most": LONGEST_SUMMARY}
        )
    if len(said.reference) > LONGEST_TITLE:
        raise IncidentError(_("the reference is too long"))
    if said.kind not in {one.key for one in offered(now.date())}:
        raise IncidentError(
            _("%(kind)s can't be declared today; there are %(known)s")
            % {"kind": repr(said.kind[:40]), "known": ", ".join(one.key for one in offered(now.date()))}
        )
    if not 1 <= said.hours <= MOST_HOURS:
        raise IncidentError(_("an incident lasts 1 to %(most)s hours") % {"most": MOST_HOURS})
    _check_scope(said.scope)
    version = rulebook.active()
    if version is None:
        raise IncidentError(_("no rule book is in force"))
    if not said.clause:
        raise IncidentError(_("Choose the clause that is broken."))
    if said.clause not in rulebook.load(version).clauses:
        known = ", ".join(sorted(rulebook.load(version).clauses))
        raise IncidentError(
            _("there is no clause %(clause)s in the rule book in force; it has %(known)s")
            % {"clause": repr(said.clause[:80]), "known": known}
        )


def _check_scope(scope: Scope) -> None:
    if unknown := sorted(set(scope.countries) - set(COUNTRY_CODES)):
        raise IncidentError(
            _("%(country)s is no country: two capital letters, as DE") % {"country": repr(unknown[0][:20])}
        )
    for language in scope.languages:
        if not (language.isascii() and language.isalpha() and language.islower() and 2 <= len(language) <= 3):  # noqa: PLR2004 -- ISO 639
            raise IncidentError(
                _("%(language)s is no language: two or three small letters, as ar")
                % {"language": repr(language[:20])}
            )
    if max(map(len, (scope.communities, scope.countries, scope.languages, scope.streams))) > MOST_PLACES:
        raise IncidentError(_("a scope names at most %(most)s of each") % {"most": MOST_PLACES})


def confirm(slug: str, *, by: Actor, now: datetime) -> Incident:
    """Stand for an incident as the second person. Raises `IncidentError`."""
    with transaction.atomic():
        ledger.lock()
        incident = closing.locked(slug)
        was = IncidentState(incident.state)
        _second(incident, by=by, now=now)
        _step(incident, IncidentEvent.CONFIRM)
        incident.confirmed_by, incident.confirmed_at = str(by), now
        if was is IncidentState.PROPOSED:  # its hours begin with its powers
            incident.until = now + timedelta(hours=incident.hours)
        incident.save(update_fields=["state", "confirmed_by", "confirmed_at", "until"])
        ledger.record(
            FactKind.INCIDENT_CONFIRMED,
            by=by,
            now=now,
            subject=subject_of(incident),
            body={
                "exercise": incident.exercise,
                "declared_by": incident.declared_by,
                "until": incident.until,
            },
        )
        if was is IncidentState.PROPOSED:
            powers.take(incident, by=by, now=now)
            letters.tell_platform(incident, now=now)
        else:
            powers.prolong(incident, by=by, now=now)
    return incident


def refuse(slug: str, *, because: str, by: Actor, now: datetime) -> Incident:
    """Say as the second person that it is none: what it changed is taken back. Raises `IncidentError`."""
    because = storable(because).strip()
    if not because:
        raise IncidentError(_("say why"))
    with transaction.atomic():
        ledger.lock()
        incident = closing.locked(slug)
        _second(incident, by=by, now=now)
        closing.close(incident, IncidentEvent.REFUSE, because=because, by=by, now=now)
    return incident


def _second(incident: Incident, *, by: Actor, now: datetime) -> None:
    if incident.state not in {state.value for state in UNCONFIRMED}:
        raise IncidentError(_("it waits for nobody: %(state)s") % {"state": incident.state})
    if str(by) == incident.declared_by or not by.is_person:
        raise IncidentError(_("the second person is somebody else"))
    if now >= incident.confirm_until:
        raise IncidentError(_("the hour is over: declare it anew"))


def _step(incident: Incident, event: IncidentEvent) -> None:
    try:
        incident.state = after(IncidentState(incident.state), event).value
    except WrongMomentError as error:
        raise IncidentError(str(error)) from error


def name_of_kind(incident: Incident) -> dict[str, str]:
    """Return the words for its kind, in every language; the key where the words are gone."""
    found = kinds().get(incident.kind)
    return found.name if found is not None else {"en": incident.kind}

"""What powers do to the world, once for real and once for an exercise: the same verbs call either.

An exercise opens its bank too, one whose matches are written down and do nothing; it works out the values that would
change and the cases that would come first, and changes neither. Nothing that it does touches a person or a partner
who does not take part.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from django.utils.translation import gettext as _

from hakam.banks import access as banks
from hakam.banks.keeping import change_bank, create_bank
from hakam.banks.kinds import BankAction, BankSource
from hakam.banks.withdraw import retire_bank
from hakam.compliance import drafts, lists, rulebook
from hakam.incidents.clock import ends_at
from hakam.incidents.models import Incident
from hakam.incidents.naming import IncidentError, bank_of
from hakam.incidents.tuned import changed, put_back
from hakam.policy.pack import load_pack
from hakam.review import precedence
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.incident import Scope

Did = dict[str, Any]
KEPT: Final = timedelta(days=365)  # a bank that is kept expires after a year, unless somebody prolongs it


class Consequences(Protocol):
    """What each power changes. `take` methods return what taking it back needs."""

    def open_bank(self, incident: Incident, *, hold: bool, by: Actor, now: datetime) -> Did:
        """Make the emergency bank."""
        ...

    def put_in_force(self, incident: Incident, files: Mapping[str, str], *, by: Actor, now: datetime) -> str:
        """Put files of a rule book in force; return the version, empty if it was only tried."""
        ...

    def put_first(self, incident: Incident, scope: Scope, *, by: Actor, now: datetime) -> Did:
        """Let its cases go before all others."""
        ...

    def put_back_in_line(self, incident: Incident, *, by: Actor, now: datetime) -> None:
        """Let its cases wait like all others."""
        ...

    def share(self, incident: Incident, *, by: Actor, now: datetime) -> Did:
        """Give the emergency bank to partners."""
        ...


def _make_bank(incident: Incident, action: BankAction, *, by: Actor, now: datetime) -> Did:
    name = bank_of(incident)
    create_bank(
        name,
        source=BankSource.OWN,
        purpose=f"incident: {incident.title}" if not incident.exercise else f"exercise: {incident.title}",
        clause=incident.clause,
        action=action,
        expires_at=ends_at(incident),
        by=by,
        now=now,
    )
    return {"bank": name, "action": action.value}


def _checked(files: Mapping[str, str]) -> None:
    loaded = load_pack(files, lists.opened())
    if loaded.pack is None:
        first = loaded.errors[0].message
        raise IncidentError(_("with these values the rule book has errors: %(first)s") % {"first": first})


class RealConsequences:
    """What an incident does."""

    def open_bank(self, incident: Incident, *, hold: bool, by: Actor, now: datetime) -> Did:
        """Make a bank that holds what it knows, or asks for a person."""
        action = BankAction.HOLD if hold else BankAction.REVIEW
        return _make_bank(incident, action, by=by, now=now)

    def put_in_force(self, incident: Incident, files: Mapping[str, str], *, by: Actor, now: datetime) -> str:
        """Publish a version of the rule book."""
        _checked(files)
        note = f"incident {incident.slug}: {incident.title}"
        fresh = drafts.with_fresh_version(files)
        return str(rulebook.ref_of(rulebook.publish(fresh, by=by, now=now, note=note, lists=lists.opened())))

    def put_first(self, incident: Incident, scope: Scope, *, by: Actor, now: datetime) -> Did:
        """Put open and coming cases first until the end."""
        name = bank_of(incident)
        waiting = precedence.give(
            name, clause=incident.clause, languages=scope.languages, until=ends_at(incident), by=by, now=now
        )
        return {"precedence": name, "open": waiting}

    def put_back_in_line(self, incident: Incident, *, by: Actor, now: datetime) -> None:
        """End the precedence."""
        precedence.take_back(bank_of(incident), by=by, now=now)

    def share(self, incident: Incident, *, by: Actor, now: datetime) -> Did:
        """Mark the bank as shared."""
        change_bank(bank_of(incident), shared=True, by=by, now=now)
        return {"shared": True}


class RehearsedConsequences:
    """What an exercise does: as far as nobody feels it."""

    def open_bank(self, incident: Incident, *, hold: bool, by: Actor, now: datetime) -> Did:
        """Make a bank of which a match is written down and does nothing."""
        return _make_bank(incident, BankAction.SHADOW, by=by, now=now) | {"would_hold": hold}

    def put_in_force(self, incident: Incident, files: Mapping[str, str], *, by: Actor, now: datetime) -> str:
        """Check the files as publishing would, and stop there."""
        del incident, by, now
        _checked(files)
        return ""

    def put_first(self, incident: Incident, scope: Scope, *, by: Actor, now: datetime) -> Did:
        """Count the cases that would come first."""
        del by, now
        return {"precedence": "", "open": precedence.open_under(incident.clause, scope.languages)}

    def put_back_in_line(self, incident: Incident, *, by: Actor, now: datetime) -> None:
        """Do nothing: nothing was moved."""

    def share(self, incident: Incident, *, by: Actor, now: datetime) -> Did:
        """Share it only with partners who take part."""
        if incident.partners_take_part:
            change_bank(bank_of(incident), shared=True, by=by, now=now)
        return {"shared": incident.partners_take_part}


def consequences_of(incident: Incident) -> Consequences:
    """Return what the powers of an incident do."""
    return RehearsedConsequences() if incident.exercise else RealConsequences()


def tune(incident: Incident, values: Mapping[str, str], scope: Scope, *, by: Actor, now: datetime) -> Did:
    """Put other values of parameters in force, in the communities of the scope or for all."""
    active = rulebook.active()
    if active is None:
        raise IncidentError(_("no rule book is in force"))
    files, before = changed(active.files, values, scope.communities)
    version = consequences_of(incident).put_in_force(incident, files, by=by, now=now)
    return {"values": dict(values), "before": before, "version": version}


def untune(incident: Incident, did: Did, *, by: Actor, now: datetime) -> Did:
    """Put the values of before back where the incident's still stand; return which were another's by then."""
    active = rulebook.active()
    if active is None or not did["version"]:
        return {"version": "", "left": []}
    files, left = put_back(active.files, did["before"])
    if files == dict(active.files):
        return {"version": "", "left": left}
    return {"version": consequences_of(incident).put_in_force(incident, files, by=by, now=now), "left": left}


def close_bank(incident: Incident, *, keep: bool, by: Actor, now: datetime) -> Did:
    """End the emergency bank; or keep it as an ordinary one, of which a match asks for a person."""
    name = bank_of(incident)
    if banks.find(name) is None:
        return {"entries": 0}
    if keep and not incident.exercise:
        change_bank(name, action=BankAction.REVIEW, expires_at=now + KEPT, by=by, now=now)
        return {"entries": 0, "kept": True}
    reason = f"{incident.state}: {bank_of(incident)}"
    return {"entries": retire_bank(name, reason=reason, by=by, now=now)}

"""The powers of an incident: chosen one by one, checked before, taken together, taken back each by itself.

Taking all of them is one transaction with the declaration. Taking back is tried at the close, in the same transaction,
each power by itself: one that resists holds up neither the close nor the others, and the worker tries it again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from hakam.banks.keeping import change_bank
from hakam.banks.kinds import BankError
from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.rulebook import RulebookError
from hakam.incidents import consequences
from hakam.incidents.clock import ends_at
from hakam.incidents.consequences import Did, consequences_of
from hakam.incidents.models import Incident, IncidentPower
from hakam.incidents.naming import IncidentError, bank_of, subject_of
from hakam.incidents.states import CLOSED, IncidentState, Power
from hakam.vocabulary.actor import SYSTEM, Actor
from hakam.vocabulary.event import ContentKind
from hakam.vocabulary.incident import LONGEST_DELAY, DelayRule, Scope

MOST_VALUES: Final = 20
LONGEST_AGE: Final = 3_650  # days
_LOG: Final = logging.getLogger(__name__)


class BankSettings(msgspec.Struct, frozen=True):
    """`hold`: what matches is held until a person has looked; else a person looks while it is up."""

    hold: bool = True


class StricterSettings(msgspec.Struct, frozen=True):
    """Parameter -> value, as typed."""

    values: dict[str, str]


class NoSettings(msgspec.Struct, frozen=True):
    """There is nothing to choose."""


Settings = BankSettings | StricterSettings | DelayRule | NoSettings
_SETTINGS: Final[Mapping[Power, type[Settings]]] = {
    Power.EMERGENCY_BANK: BankSettings,
    Power.STRICTER: StricterSettings,
    Power.PRIORITY: NoSettings,
    Power.DELAY: DelayRule,
    Power.SHARE: NoSettings,
}
ORDER: Final = tuple(Power)  # a bank is there before it is shared


def scope_of(incident: Incident) -> Scope:
    """Return the scope as a value."""
    return msgspec.convert(incident.scope, Scope)


def settings_of(row: IncidentPower) -> Settings:
    """Return what was chosen, as a value."""
    return msgspec.convert(row.settings, _SETTINGS[Power(row.power)])


def choose(incident: Incident, chosen: Mapping[Power, Settings]) -> list[IncidentPower]:
    """Write down what was chosen. Raises `IncidentError` for what makes no sense."""
    if not chosen:
        raise IncidentError(_("choose at least one power"))
    if Power.SHARE in chosen and Power.EMERGENCY_BANK not in chosen:
        raise IncidentError(_("what is shared with partners is the emergency bank: choose it too"))
    for power, settings in chosen.items():
        if not isinstance(settings, _SETTINGS[power]):
            raise TypeError(f"{power} takes {_SETTINGS[power].__name__}")
        _check(settings)
    return [
        IncidentPower.objects.create(
            incident=incident, power=power.value, settings=msgspec.to_builtins(chosen[power])
        )
        for power in ORDER
        if power in chosen
    ]


def _check(settings: Settings) -> None:
    match settings:
        case StricterSettings(values=values):
            if not values:
                raise IncidentError(_("stricter values: give one at least, or leave this power out"))
            if len(values) > MOST_VALUES:
                raise IncidentError(_("stricter values: at most %(most)s") % {"most": MOST_VALUES})
        case DelayRule(seconds=seconds, newer_than_days=days, kinds=kinds):
            if not 1 <= seconds <= LONGEST_DELAY:
                raise IncidentError(_("a delay has 1 to %(most)s minutes") % {"most": LONGEST_DELAY // 60})
            if days is not None and not 1 <= days <= LONGEST_AGE:
                raise IncidentError(_("an account's age is 1 to %(most)s days") % {"most": LONGEST_AGE})
            if unknown := sorted(set(kinds) - {kind.value for kind in ContentKind}):
                raise IncidentError(_("there is no kind of content %(kind)s") % {"kind": repr(unknown[0])})
        case _:
            pass


def take(incident: Incident, *, by: Actor, now: datetime) -> None:
    """Take every power that was chosen, inside the caller's transaction. Raises `IncidentError`: then none is taken."""
    rows = {Power(row.power): row for row in incident.powers.filter(taken_at=None)}
    for power in ORDER:
        if (row := rows.get(power)) is None:
            continue
        try:
            row.did = _take(incident, power, settings_of(row), by=by, now=now)
        except (BankError, RulebookError) as error:
            raise IncidentError(str(error)) from error
        row.taken_at = now
        row.save(update_fields=["did", "taken_at"])
        _record(FactKind.INCIDENT_POWER_TAKEN, incident, row, by=by, now=now, did=row.did)


def _take(incident: Incident, power: Power, settings: Settings, *, by: Actor, now: datetime) -> Did:
    act, scope = consequences_of(incident), scope_of(incident)
    match power, settings:
        case Power.EMERGENCY_BANK, BankSettings(hold=hold):
            return act.open_bank(incident, hold=hold, by=by, now=now)
        case Power.STRICTER, StricterSettings(values=values):
            _refuse_shared(incident, values)
            return consequences.tune(incident, values, scope, by=by, now=now)
        case Power.PRIORITY, _:
            return act.put_first(incident, scope, by=by, now=now)
        case Power.SHARE, _:
            return act.share(incident, by=by, now=now)
        case _:  # a delay stands in what is published for the door, as long as the incident is in force
            return {}


def _refuse_shared(incident: Incident, values: Mapping[str, str]) -> None:
    """Refuse a parameter that another incident changed: of two, the later end would put back the other's value."""
    if incident.exercise:
        return
    others = IncidentPower.objects.filter(power=Power.STRICTER, undone_at=None, incident__exercise=False)
    for row in others.exclude(taken_at=None).exclude(incident=incident).select_related("incident"):
        if shared := sorted(set(values) & set(row.settings["values"])):
            raise IncidentError(
                _("the incident %(slug)s has changed %(param)s already")
                % {"slug": repr(row.incident.slug), "param": shared[0]}
            )


def undo(incident: Incident, *, by: Actor, now: datetime, only: Power | None = None) -> list[Power]:
    """Take powers back, the last taken first, inside the caller's transaction; return those that resisted."""
    found = {Power(row.power): row for row in incident.powers.filter(undone_at=None).exclude(taken_at=None)}
    resisted = []
    for power in reversed(ORDER):
        if (row := found.get(power)) is None or (only is not None and power is not only):
            continue
        try:
            with transaction.atomic():
                did = _undo(incident, power, row.did, by=by, now=now)
                row.undone_at, row.trouble = now, ""
                row.save(update_fields=["undone_at", "trouble"])
                _record(FactKind.INCIDENT_POWER_UNDONE, incident, row, by=by, now=now, did=did)
        except (BankError, RulebookError, IncidentError) as error:
            _LOG.exception("the power %s of the incident %s could not be taken back", power, incident.slug)
            IncidentPower.objects.filter(pk=row.pk).update(undone_at=None, trouble=str(error)[:300])
            resisted.append(power)
    return resisted


def _undo(incident: Incident, power: Power, did: Did, *, by: Actor, now: datetime) -> Did:
    match power:
        case Power.EMERGENCY_BANK:
            return consequences.close_bank(incident, keep=incident.bank_kept, by=by, now=now)
        case Power.STRICTER:
            return consequences.untune(incident, did, by=by, now=now)
        case Power.PRIORITY:
            consequences_of(incident).put_back_in_line(incident, by=by, now=now)
            return {}
        case _:  # what was shared is retracted with the bank; the door asks the incident itself
            return {}


def prolong(incident: Incident, *, by: Actor, now: datetime) -> None:
    """Let what stands last until the incident's new end, inside the caller's transaction."""
    for row in incident.powers.filter(undone_at=None).exclude(taken_at=None):
        if row.power == Power.EMERGENCY_BANK:
            change_bank(bank_of(incident), expires_at=ends_at(incident), by=by, now=now)
        elif row.power == Power.PRIORITY:
            consequences_of(incident).put_first(incident, scope_of(incident), by=by, now=now)


def undo_due(now: datetime) -> int:
    """Try again what resisted when its incident was closed; return how many powers were taken back."""
    done = 0
    closed = [state.value for state in CLOSED]
    waiting = IncidentPower.objects.filter(undone_at=None, incident__state__in=closed).exclude(taken_at=None)
    for pk in waiting.order_by("incident").values_list("incident", flat=True).distinct():
        with transaction.atomic():
            ledger.lock()
            incident = Incident.objects.select_for_update().get(pk=pk)
            before = incident.powers.filter(undone_at=None).exclude(taken_at=None).count()
            done += before - len(undo(incident, by=SYSTEM, now=now))
    return done


def in_force(incident: Incident, power: Power) -> bool:
    """Whether a power stands now."""
    return incident.powers.filter(power=power.value, undone_at=None).exclude(taken_at=None).exists()


def _record(
    kind: FactKind, incident: Incident, row: IncidentPower, *, by: Actor, now: datetime, did: Did
) -> None:
    names: Sequence[str] = [f"bank:{did['bank']}"] if did.get("bank") else []
    body: dict[str, Any] = {"power": row.power, "settings": row.settings, "did": did}
    ledger.record(
        kind,
        by=by,
        now=now,
        subject=subject_of(incident),
        about=names,
        body=body | {"exercise": incident.exercise},
    )


def state_of(incident: Incident) -> IncidentState:
    """Return the state as a value."""
    return IncidentState(incident.state)

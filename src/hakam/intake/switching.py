"""Switching declared models on and off: nothing is read by them, and nothing sent anywhere, until somebody says so.

What is switched on is one version of a declaration. Whoever changes the file has another model, which is off.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from hakam.adapters.declared import Declared
from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.intake import cursors, events
from hakam.intake.models import Cursor, ModelSwitch
from hakam.vocabulary.actor import Actor

_TURN: Final = "model {}"


class SwitchError(ValueError):
    """A model can't be switched. Nothing was changed."""


def cursor_of(name: str) -> str:
    """Return the name of the cursor with which a model reads the event log."""
    return _TURN.format(name)


def subject_of(name: str) -> str:
    """Return a model's name in the ledger."""
    return f"model:{name}"


def is_on(declared: Declared) -> bool:
    """Whether this very version of a model is switched on."""
    return ModelSwitch.objects.filter(name=declared.name, version=declared.version, on=True).exists()


def switch_on(declared: Declared, *, sends_to: str, by: Actor, now: datetime) -> ModelSwitch:
    """Let a model read what comes from now on. `sends_to`: the host that gets the texts, empty for none.

    The fact names the host, whether private messages go there too, and the budget: the record of who lets texts leave.
    Raises `SwitchError` if this version is on already.
    """
    with transaction.atomic():
        switch, fresh = ModelSwitch.objects.select_for_update().get_or_create(
            name=declared.name, defaults={"version": declared.version, "by": str(by), "at": now}
        )
        if not fresh and switch.on and switch.version == declared.version:
            raise SwitchError(_("the model %(name)s is on already") % {"name": declared.name})
        switch.version, switch.on, switch.by, switch.at = declared.version, True, str(by), now
        switch.save()
        start, _made = Cursor.objects.select_for_update().get_or_create(pk=cursor_of(declared.name))
        start.seq = max(start.seq, cursors.position(events.CURSOR))  # what came before it was on stays unread
        start.save(update_fields=["seq"])
        what = declared.what
        ledger.record(
            FactKind.MODEL_SWITCHED_ON,
            by=by,
            now=now,
            subject=subject_of(declared.name),
            body={
                "version": declared.version,
                "adapter": what.adapter,
                "labels": list(what.labels),
                "sends_to": sends_to,
                "private": what.private,
                "budget": {
                    "calls": what.budget.calls,
                    "tokens": what.budget.tokens,
                    "money": what.budget.money,
                },
                "fallback": what.fallback.then,
            },
        )
    return switch


def switch_off(name: str, *, by: Actor, now: datetime) -> ModelSwitch:
    """End a model's reading. Raises `SwitchError` if it is not on."""
    with transaction.atomic():
        switch = ModelSwitch.objects.select_for_update().filter(name=name, on=True).first()
        if switch is None:
            raise SwitchError(_("the model %(name)s is not on") % {"name": name})
        switch.on, switch.by, switch.at = False, str(by), now
        switch.save()
        ledger.record(
            FactKind.MODEL_SWITCHED_OFF,
            by=by,
            now=now,
            subject=subject_of(name),
            body={"version": switch.version},
        )
    return switch

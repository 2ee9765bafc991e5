"""A person holds the gate of a live event at a step: written down first, then told to the controller until it knows."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.live.edge_keys import waiting_token
from hakam.live.models import AdmissionHold
from hakam.live.servers.control import call
from hakam.live.servers.server import Unreachable
from hakam.live.waiting.admission import State
from hakam.live.waiting.plan import Plan
from hakam.staff.models import User
from hakam.staff.roles import Permission

_OK: Final = 200
_NO_CONTENT: Final = 204


class SteeringError(ValueError):
    """The gate can't be held there. Nothing was done; the message is for people."""


def hold(plan: Plan, step: int, *, by: User, now: datetime) -> AdmissionHold:
    """Let in no more than at this step of the plan, until another word; 0 lets go: then the load decides alone.

    `tell` carries it to the controller, after this transaction. Raises `SteeringError` and `PermissionError`.
    """
    if not by.may(Permission.LIVE_ACT):
        raise PermissionError(f"`{by.actor}` may not steer admission")
    if not 0 <= step < len(plan.steps):
        raise SteeringError(_("There is no such step of admission."))
    with transaction.atomic():
        ledger.lock()
        row = AdmissionHold.objects.select_for_update().filter(event=plan.event).first()
        before = row.step if row else 0
        row = row or AdmissionHold(event=plan.event)
        row.step, row.asked_by, row.asked_at, row.known_at, row.trouble = step, str(by.actor), now, None, ""
        row.save()
        ledger.record(
            FactKind.LIVE_ADMISSION_STEERED,
            by=by.actor,
            now=now,
            subject=f"event:{plan.event}",
            body={"from": plan.steps[min(before, len(plan.steps) - 1)].name, "to": plan.steps[step].name},
        )
    return row


def tell(plan: Plan, row: AdmissionHold, *, secret: str, now: datetime) -> bool:
    """Tell the controller of the gate; return whether it knows. What it was told in the meantime is not overwritten."""
    try:
        answer = call(
            "POST", f"{plan.controller.rstrip('/')}/hold", json={"step": row.step}, headers=_head(secret)
        )
        trouble = "" if answer.status_code == _NO_CONTENT else f"HTTP {answer.status_code}"
    except Unreachable as error:
        trouble = str(error)
    AdmissionHold.objects.filter(pk=row.pk, asked_at=row.asked_at).update(
        known_at=None if trouble else now, trouble=trouble[:300]
    )
    return not trouble


def state(plan: Plan, *, secret: str) -> State:
    """Ask the controller how the event stands. Raises `Unreachable`."""
    answer = call("GET", f"{plan.controller.rstrip('/')}/state", headers=_head(secret))
    if answer.status_code != _OK:
        raise Unreachable(f"the controller answers {answer.status_code}")
    try:
        found = msgspec.json.decode(answer.content, type=State)
    except msgspec.MsgspecError as error:
        raise Unreachable(f"the controller's answer can't be read: {error}") from error
    if found.event != plan.event:
        raise Unreachable(f"the controller runs another event, `{found.event}`")
    return found


def _head(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {waiting_token(secret)}"}

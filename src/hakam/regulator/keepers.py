"""Who looks after a request: its owner; while that one is away or gone, the deputy; else whoever may handle it.

Nothing hangs on one person. Absence, a closed account and a lost role count alike, at the moment of asking.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.regulator.models import Absence
from hakam.staff.models import User
from hakam.staff.roles import PERMISSIONS, Permission, Role
from hakam.vocabulary.actor import Actor

HANDLERS = tuple(role.value for role in Role if Permission.REGULATOR_HANDLE in PERMISSIONS[role])


class KeeperError(ValueError):
    """This can't be done. Nothing was changed."""


def handlers() -> list[User]:
    """Return everybody who may handle requests, by name."""
    return list(User.objects.filter(is_active=True, role__in=HANDLERS).order_by("username"))


def away(people: Iterable[int], *, now: datetime) -> frozenset[int]:
    """Return who of these accounts is away."""
    found = Absence.objects.filter(person__in=list(people), begins__lte=now, ends__gt=now)
    return frozenset(found.values_list("person", flat=True))


def in_charge(owner: int | None, deputy: int | None, *, now: datetime) -> User | None:
    """Return who looks after it at this moment: the owner, the deputy, or None: then all handlers do."""
    named = [pk for pk in (owner, deputy) if pk is not None]
    gone = away(named, now=now)
    able = {one.pk: one for one in User.objects.filter(pk__in=named) if one.may(Permission.REGULATOR_HANDLE)}
    return next((able[pk] for pk in named if pk in able and pk not in gone), None)


def whom_to_tell(owner: int | None, deputy: int | None, *, now: datetime) -> list[User]:
    """Return who is told: whoever is in charge, else every handler who is there, else every handler."""
    found = in_charge(owner, deputy, now=now)
    if found is not None:
        return [found]
    everybody = handlers()
    gone = away((one.pk for one in everybody), now=now)
    return [one for one in everybody if one.pk not in gone] or everybody


def go_away(person: User, *, begins: datetime, ends: datetime, by: Actor, now: datetime) -> Absence:
    """Note that somebody is away. Raises `KeeperError`."""
    if ends <= begins or ends <= now:
        raise KeeperError(_("an absence ends after it begins, and after now"))
    with transaction.atomic():
        ledger.lock()
        made = Absence.objects.create(person=person.pk, begins=begins, ends=ends)
        ledger.record(
            FactKind.ABSENCE_NOTED,
            by=by,
            now=now,
            subject=f"staff:{person.pk}",
            body={"begins": begins, "ends": ends},
        )
    return made


def come_back(person: User, *, by: Actor, now: datetime) -> int:
    """End the absences of somebody who is back; return how many."""
    with transaction.atomic():
        ledger.lock()
        changed = Absence.objects.filter(person=person.pk, begins__lte=now, ends__gt=now).update(ends=now)
        if changed:
            ledger.record(FactKind.ABSENCE_ENDED, by=by, now=now, subject=f"staff:{person.pk}")
    return changed


def absences(people: Iterable[int], *, now: datetime) -> dict[int, datetime]:
    """Return until when each of these accounts is away; who is there is left out."""
    found = Absence.objects.filter(person__in=list(people), begins__lte=now, ends__gt=now)
    return dict(found.order_by("ends").values_list("person", "ends"))

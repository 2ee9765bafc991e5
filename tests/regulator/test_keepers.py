"""Who looks after a request at a moment: every order of owner, deputy, absence and leaving."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from hakam.regulator import keepers
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene

pytestmark = pytest.mark.django_db
NOW, DAY = scene.NOW, timedelta(days=1)
STATES = ("there", "away", "closed", "other office", "nobody")


def put(name: str, state: str) -> User | None:
    """Return somebody in a state; None for nobody."""
    if state == "nobody":
        return None
    person = scene.person(name, Role.MODERATOR if state == "other office" else Role.LEGAL)
    if state == "away":
        keepers.go_away(person, begins=NOW - DAY, ends=NOW + DAY, by=person.actor, now=NOW - DAY)
    if state == "closed":
        User.objects.filter(pk=person.pk).update(is_active=False)
    return person


@pytest.mark.parametrize(("first", "second"), list(product(STATES, STATES)))
def test_the_first_who_is_there_and_may(first: str, second: str) -> None:
    owner, deputy = put("owner", first), put("deputy", second)
    found = keepers.in_charge(owner and owner.pk, deputy and deputy.pk, now=NOW)
    assert found == (owner if first == "there" else deputy if second == "there" else None)


@pytest.mark.parametrize(("first", "second"), list(product(STATES, STATES)))
def test_somebody_is_told_whenever_somebody_is_left(first: str, second: str) -> None:
    owner, deputy = put("owner", first), put("deputy", second)
    root = scene.person("root", Role.ADMINISTRATOR)
    told = keepers.whom_to_tell(owner and owner.pk, deputy and deputy.pk, now=NOW)
    assert told
    assert all(one.is_active for one in told)
    if "there" not in {first, second}:
        assert told == [root]


def test_an_absence_begins_and_ends_at_its_instants() -> None:
    lena = scene.person("lena", Role.LEGAL)
    keepers.go_away(lena, begins=NOW, ends=NOW + DAY, by=lena.actor, now=NOW - DAY)
    second = timedelta(seconds=1)
    assert keepers.away([lena.pk], now=NOW - second) == frozenset()
    assert keepers.away([lena.pk], now=NOW) == {lena.pk}
    assert keepers.away([lena.pk], now=NOW + DAY - second) == {lena.pk}
    assert keepers.away([lena.pk], now=NOW + DAY) == frozenset()


def test_only_open_accounts_with_the_permission_handle_requests() -> None:
    put("moderator", "other office")
    put("gone", "closed")
    lena = scene.person("lena", Role.LEGAL)
    assert keepers.handlers() == [lena]

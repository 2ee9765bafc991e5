"""API keys: shown once, kept as a digest, scoped, ended by time or by hand."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hakam.compliance import ledger
from hakam.staff import access
from hakam.staff.keys import (
    BadKeyError,
    actor_of,
    all_keys,
    find,
    in_force,
    issue_key,
    revoke_key,
)
from hakam.staff.models import ApiKey, User
from hakam.staff.roles import Role, Scope
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def issue(**changes: Any) -> tuple[ApiKey, str]:
    given: dict[str, Any] = {
        "platform": "maydan",
        "scopes": [Scope.EVENTS_WRITE],
        "name": "the forum",
        "by": SYSTEM,
        "now": NOW,
    }
    return issue_key(**(given | changes))


def test_the_text_is_not_kept_anywhere() -> None:
    key, text = issue()
    assert re.fullmatch(r"hk_[0-9a-z]{8}_[\w-]{43}", text)
    assert text.split("_")[1] == key.prefix
    secret = text.split("_", 2)[2]
    row = ApiKey.objects.values().get()
    assert not any(secret in str(value) for value in row.values())
    assert row["digest"] == hashlib.sha256(text.encode()).hexdigest()
    assert not any(secret in f.body + (f.private or "") for f in ledger.story(f"key:{key.prefix}"))


def test_keys_are_all_different() -> None:
    assert len({issue()[1] for _ in range(30)}) == 30


def test_it_is_found_by_its_text_alone() -> None:
    key, text = issue()
    assert find(text, now=NOW) == key
    for wrong in (text[:-1], text + "x", text.upper(), key.prefix, key.digest, "", "hk_x_y", "ü" * 55):
        assert find(wrong, now=NOW) is None


def test_without_a_time_it_is_found_now() -> None:
    _, text = issue(expires_at=NOW + timedelta(days=1), now=NOW)
    _, lasting = issue()
    assert find(lasting) is not None
    assert find(text, now=NOW + timedelta(hours=23)) is not None


def test_it_ends_by_time() -> None:
    _, text = issue(expires_at=NOW + timedelta(days=1))
    assert find(text, now=NOW + timedelta(days=1)) is None
    assert in_force(NOW + timedelta(days=1)) == []


def test_it_ends_by_hand_once_and_at_once() -> None:
    key, text = issue()
    revoke_key(key, by=SYSTEM, now=NOW + timedelta(hours=1))
    revoke_key(key, by=SYSTEM, now=NOW + timedelta(hours=2))
    assert find(text, now=NOW) is None
    assert key.revoked_at == NOW + timedelta(hours=1)
    assert [f.kind for f in ledger.story(f"key:{key.prefix}")] == ["key.issued", "key.revoked"]


def test_its_fact_says_for_whom_and_for_what() -> None:
    key, _ = issue(scopes=[Scope.CHECK, Scope.EVENTS_WRITE, Scope.CHECK])
    (fact,) = ledger.story(f"key:{key.prefix}")
    body = ledger.body_of(fact)
    assert (body["platform"], body["scopes"]) == ("maydan", ["check", "events:write"])
    assert ledger.private_of(fact) == {"name": "the forum"}
    assert access.has_scope(key, Scope.CHECK)
    assert not access.has_scope(key, Scope.NOTICES_WRITE)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"scopes": []}, "at least one scope"),
        ({"platform": "Maydan!"}, "platform id"),
        ({"name": "  "}, "needs a name"),
        ({"name": "x" * 201}, "needs a name"),
        ({"name": "a\x00b"}, "without control characters"),
        ({"name": "a\x1b[2Jb"}, "without control characters"),
        ({"name": "a\nb"}, "without control characters"),
        ({"expires_at": NOW}, "expired already"),
    ],
)
def test_what_will_not_do_is_said(change: dict[str, Any], why: str) -> None:
    with pytest.raises(BadKeyError, match=why):
        issue(**change)
    assert not ApiKey.objects.exists()


def test_an_unknown_scope_is_refused() -> None:
    with pytest.raises(ValueError, match="everything"):
        issue(scopes=["everything"])


def test_the_door_gets_those_in_force_and_people_see_all() -> None:
    one, _ = issue()
    two, _ = issue(now=NOW + timedelta(seconds=1))
    revoke_key(one, by=SYSTEM, now=NOW)
    assert in_force(NOW) == [two]
    assert all_keys() == [two, one]


def test_a_platform_acts_under_its_name_and_key() -> None:
    key, _ = issue()
    assert str(actor_of(key)) == f"platform:maydan/{key.prefix}"


def test_only_who_manages_keys_sees_them() -> None:
    key, _ = issue()
    boss, amal = scene.person("boss", Role.ADMINISTRATOR), scene.person("amal")
    assert (access.keys(boss), access.keys(amal)) == ([key], [])
    assert access.key(boss, key.prefix) == key
    assert access.key(amal, key.prefix) is None
    assert access.key(boss, "nothing") is None


def test_a_person_has_keys_for_incidents_alone_and_nobody_else_has() -> None:
    nadia = scene.person("nadia", Role.INCIDENT_LEAD)
    given = {"platform": "maydan", "name": "n", "by": SYSTEM, "now": NOW}
    key, text = issue_key(scopes=[Scope.INCIDENTS_ACT, Scope.INCIDENTS_READ], person=nadia, **given)
    assert key.person == nadia
    with pytest.raises(BadKeyError, match="somebody's"):
        issue_key(scopes=[Scope.INCIDENTS_READ], **given)
    with pytest.raises(BadKeyError, match="of its own"):
        issue_key(scopes=[Scope.INCIDENTS_READ, Scope.CHECK], person=nadia, **given)
    with pytest.raises(BadKeyError, match="of its own"):
        issue_key(scopes=[Scope.CHECK], person=nadia, **given)
    assert find(text, now=NOW) == key
    User.objects.filter(pk=nadia.pk).update(is_active=False)
    assert find(text, now=NOW) is None  # it ends with the account
    assert key not in in_force(NOW)

"""Every code: break the database by hand, and see it named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hakam.staff import findings
from hakam.staff.keys import issue_key
from hakam.staff.models import ApiKey, User
from hakam.staff.roles import Role, Scope
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(db: None) -> User:
    return scene.person("boss", Role.ADMINISTRATOR, password="correct horse battery")


@pytest.fixture
def key(db: None) -> ApiKey:
    return issue_key(platform="maydan", scopes=[Scope.CHECK], name="x", by=SYSTEM, now=NOW)[0]


def codes() -> list[tuple[str, str | None]]:
    return [(finding.code, finding.subject) for finding in findings.check()]


def test_a_sound_room_has_no_findings(boss: User, key: ApiKey) -> None:
    assert codes() == []


def test_an_empty_room_has_none_either() -> None:
    assert codes() == []


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "viewer"}])
def test_nobody_left_who_manages(boss: User, change: dict[str, object]) -> None:
    User.objects.update(**change)
    assert codes() == [("S001", "staff")]


def test_a_role_out_of_thin_air(boss: User) -> None:
    amal = scene.person("amal")
    User.objects.filter(pk=amal.pk).update(role="emperor")
    assert codes() == [("S002", f"staff:{amal.pk}")]


@pytest.mark.parametrize("password", ["md5$abc$0123", "plain text", "pbkdf2_sha256$1$x$y"])
def test_a_password_kept_weakly(boss: User, password: str) -> None:
    User.objects.update(password=password)
    assert codes() == [("S003", f"staff:{boss.pk}")]


def test_no_password_at_all_is_no_finding(boss: User) -> None:
    scene.person("amal", password=None)
    assert codes() == []


@pytest.mark.parametrize("scopes", [[], ["everything"], ["check", "root"]])
def test_a_key_without_a_scope_that_exists(key: ApiKey, scopes: list[str]) -> None:
    ApiKey.objects.update(scopes=scopes)
    assert codes() == [("S004", f"key:{key.prefix}")]


@pytest.mark.parametrize("digest", ["", "hk_abc_secret", "G" * 64])
def test_a_key_that_is_not_hashed(key: ApiKey, digest: str) -> None:
    ApiKey.objects.update(digest=digest)
    assert codes() == [("S005", f"key:{key.prefix}")]


@pytest.mark.parametrize("field", ["expires_at", "revoked_at"])
def test_a_key_that_ended_before_it_was_made(key: ApiKey, field: str) -> None:
    ApiKey.objects.update(**{field: NOW - timedelta(days=1)})
    assert codes() == [("S006", f"key:{key.prefix}")]

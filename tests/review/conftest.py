"""A platform, a rule book, a vault, and people who review."""

from __future__ import annotations

from pathlib import Path

import pytest

from hakam.compliance.models import RulebookVersion
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene


@pytest.fixture
def vault(tmp_path: Path) -> FileVault:
    return FileVault(tmp_path / "vault", b"k" * 32)


@pytest.fixture
def book(db: None) -> RulebookVersion:
    return scene.publish()


@pytest.fixture
def amal(db: None) -> User:
    return scene.person("amal")


@pytest.fixture
def basil(db: None) -> User:
    return scene.person("basil")


@pytest.fixture
def carol(db: None) -> User:
    return scene.person("carol", Role.SENIOR_MODERATOR)


@pytest.fixture
def dana(db: None) -> User:
    return scene.person("dana", Role.CHILD_SAFETY)

"""A platform with people who answer regulators."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hakam.compliance.models import RulebookVersion
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene


@pytest.fixture
def vault(tmp_path: Path) -> FileVault:
    return FileVault(tmp_path / "vault", b"k" * 32)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[FileEventLog]:
    log = FileEventLog(tmp_path / "events")
    yield log
    log.close()


@pytest.fixture
def book(db: None) -> RulebookVersion:
    return scene.publish()


@pytest.fixture
def lena(db: None) -> User:
    return scene.person("lena", Role.LEGAL)


@pytest.fixture
def omar(db: None) -> User:
    return scene.person("omar", Role.LEGAL)


@pytest.fixture
def amal(db: None) -> User:
    return scene.person("amal")

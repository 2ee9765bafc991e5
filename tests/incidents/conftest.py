"""A platform in a crisis: a rule book with parameters, people who lead incidents, a door and a worker by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.incidents.stage import PACK, Stage

from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene


@pytest.fixture
def nadia(db: None) -> User:
    return scene.person("nadia", Role.INCIDENT_LEAD)


@pytest.fixture
def omar(db: None) -> User:
    return scene.person("omar", Role.INCIDENT_LEAD)


@pytest.fixture
def amal(db: None) -> User:
    return scene.person("amal", language="ar")


@pytest.fixture
def stage(nadia: User, omar: User, tmp_path: Path) -> Iterator[Stage]:
    scene.publish(PACK)
    log = FileEventLog(tmp_path / "events", clock=scene.NOW.timestamp)
    yield Stage(tmp_path, log, FileVault(tmp_path / "vault", b"k" * 32), nadia, omar)
    log.close()

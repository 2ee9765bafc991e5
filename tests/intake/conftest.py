"""A platform with a rule book, an event log, a vault, and a moderator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hakam.compliance.models import RulebookVersion
from hakam.intake import following
from hakam.staff.models import User
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene


@pytest.fixture(autouse=True)
def _no_round_ends_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a look at pictures finish what it began, however slow the machine."""
    monkeypatch.setattr(following, "ROUND", 600.0)


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
def amal(db: None) -> User:
    return scene.person("amal")


@pytest.fixture
def basil(db: None) -> User:
    return scene.person("basil")

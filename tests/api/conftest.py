"""A platform with a key, calling in process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.test import Client

from hakam.staff.keys import issue_key
from hakam.staff.roles import Scope
from hakam.storage.embedded.event_log import SqliteEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

OPENED: dict[str, Any] = {}


def vault() -> FileVault:
    """Lend the vault of the test that runs."""
    return OPENED["vault"]  # type: ignore[no-any-return]


def event_log() -> SqliteEventLog:
    """Lend the event log of the test that runs."""
    return OPENED["log"]  # type: ignore[no-any-return]


@pytest.fixture
def log(tmp_path: Path, settings: Any) -> Iterator[SqliteEventLog]:
    OPENED["vault"] = FileVault(tmp_path / "vault", b"k" * 32)
    OPENED["log"] = log = SqliteEventLog(tmp_path / "events.db")
    settings.HAKAM_VAULT = f"{__name__}.vault"
    settings.HAKAM_EVENT_LOG = f"{__name__}.event_log"
    yield log
    log.close()
    OPENED.clear()


class Caller:
    """A platform's program."""

    def __init__(self, *scopes: Scope, platform: str = scene.PLATFORM) -> None:
        _key, text = issue_key(
            platform=platform, scopes=scopes or list(Scope), name="test", by=SYSTEM, now=scene.NOW
        )
        self.headers = {"Authorization": f"Bearer {text}"}
        self.client = Client(raise_request_exception=False)

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(f"/api/v1{path}", headers=self.headers | headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(
            f"/api/v1{path}", data, content_type="application/json", headers=self.headers | named
        )


@pytest.fixture
def platform(db: None, log: SqliteEventLog) -> Caller:
    scene.publish()
    return Caller()

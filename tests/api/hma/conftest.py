"""A program written for HMA: requests with an address, a key as its password, and JSON or files."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from hakam.api import installation
from hakam.banks import publication
from hakam.staff.keys import issue_key
from hakam.staff.roles import PERSONAL_SCOPES, Scope
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

Said = tuple[int, Any]


class Hma:
    """Calls below `/hma`, with a key as the password of the address."""

    def __init__(self, *scopes: Scope) -> None:
        _key, self.text = issue_key(
            platform=scene.PLATFORM,
            scopes=scopes or set(Scope) - PERSONAL_SCOPES,
            name="hma",
            by=SYSTEM,
            now=scene.NOW,
        )
        self.client = Client(raise_request_exception=False)
        shown = base64.b64encode(f"hma:{self.text}".encode()).decode()
        self.headers = {"Authorization": f"Basic {shown}"}

    def __call__(self, method: str, path: str, body: Any = None, **query: str) -> Said:
        data = b"" if body is None else body if isinstance(body, bytes) else msgspec.json.encode(body)
        answer = self.client.generic(
            method, self._address(path, query), data, content_type="application/json", headers=self.headers
        )
        return answer.status_code, msgspec.json.decode(answer.content)

    def upload(
        self, path: str, files: dict[str, bytes], fields: dict[str, str] | None = None, **query: str
    ) -> Said:
        given = {name: SimpleUploadedFile(f"{name}.bin", data) for name, data in files.items()}
        answer = self.client.post(
            self._address(path, query), {**given, **(fields or {})}, headers=self.headers
        )
        return answer.status_code, msgspec.json.decode(answer.content)

    @staticmethod
    def _address(path: str, query: dict[str, str]) -> str:
        return f"/hma{path}" + ("?" + "&".join(f"{k}={v}" for k, v in query.items()) if query else "")


@pytest.fixture
def hma(db: None) -> Hma:
    scene.publish()
    return Hma()


@pytest.fixture
def home(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the banks of this test a home of their own."""
    monkeypatch.setattr(installation, "home", lambda: tmp_path)
    return tmp_path


@pytest.fixture
def written(home: Path) -> Callable[[], object]:
    """Return what the worker does within a second: writes the shelves."""
    return lambda: publication.bring_up(home, now=timezone.now())

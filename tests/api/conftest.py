"""A platform with a key, calling in process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.test import Client
from django.utils import timezone

from hakam.api.problems import MEDIA_TYPE, ProblemKind
from hakam.intake import answers
from hakam.intake.events import consume
from hakam.review.decisions import decide, finalise_due
from hakam.review.models import Case, Decision
from hakam.review.states import Outcome
from hakam.staff.keys import issue_key
from hakam.staff.models import User
from hakam.staff.roles import PERSONAL_SCOPES, Scope
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.measure import Measure, MeasureKind

OPENED: dict[str, Any] = {}


def vault() -> FileVault:
    """Lend the vault of the test that runs."""
    return OPENED["vault"]  # type: ignore[no-any-return]


def event_log() -> FileEventLog:
    """Lend the event log of the test that runs."""
    return OPENED["log"]  # type: ignore[no-any-return]


@pytest.fixture
def log(tmp_path: Path, settings: Any) -> Iterator[FileEventLog]:
    OPENED["vault"] = FileVault(tmp_path / "vault", b"k" * 32)
    OPENED["log"] = log = FileEventLog(tmp_path / "events")
    settings.HAKAM_VAULT = f"{__name__}.vault"
    settings.HAKAM_EVENT_LOG = f"{__name__}.event_log"
    yield log
    log.close()
    OPENED.clear()


class Caller:
    """A platform's program."""

    def __init__(self, *scopes: Scope, platform: str = scene.PLATFORM) -> None:
        _key, text = issue_key(
            platform=platform,
            scopes=scopes or set(Scope) - PERSONAL_SCOPES,
            name="test",
            by=SYSTEM,
            now=scene.NOW,
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
def platform(db: None, log: FileEventLog) -> Caller:
    scene.publish()
    return Caller()


NOTICE: dict[str, Any] = {
    "harm": "hate_speech",
    "explanation": "It calls people vermin.",
    "items": [{"kind": "post", "id": "77"}],
    "notifier": "u9",
    "good_faith": "Accurate and complete.",
}


def problem(answer: Any, kind: ProblemKind) -> dict[str, Any]:
    assert answer["content-type"] == MEDIA_TYPE, answer.content
    body: dict[str, Any] = msgspec.json.decode(answer.content)
    assert (answer.status_code, body["type"], body["status"]) == (
        kind.value.status,
        kind.urn,
        kind.value.status,
    )
    return body


@pytest.fixture
def amal(db: None) -> User:
    return scene.person("amal")


@pytest.fixture
def removed(platform: Caller, log: FileEventLog, amal: User) -> Decision:
    """Remove a post that the platform told of and that was reported through it."""
    now = timezone.now()
    log.append([scene.entry(scene.event("You are vermin"), scene.verdict())])
    consume(log, vault=vault(), now=now, limit=10)
    assert platform.post("/notices", NOTICE, Idempotency_Key="r-1").status_code == 201
    decision = decide(
        Case.objects.get().pk,
        by=amal.actor,
        now=now,
        outcome=Outcome.VIOLATION,
        clause="hate",
        measures=[Measure(MeasureKind.REMOVE)],
        facts="It calls people vermin.",
        undo_seconds=1,
    )
    finalise_due(now + timedelta(seconds=1))
    for fact in answers.ledger.facts_after(0, kinds=answers.KINDS):
        answers.on_fact(fact, now)
    decision.refresh_from_db()
    return decision

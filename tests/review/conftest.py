"""A platform, a rule book, a vault, and people who review."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hakam.compliance.models import RulebookVersion
from hakam.review import evidence
from hakam.review.cases import Source, open_case
from hakam.review.decisions import decide, finalise_due
from hakam.review.models import Case, Decision
from hakam.review.priority import Inputs
from hakam.review.states import DecisionState, Outcome, SourceKind
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import Event
from hakam.vocabulary.measure import Measure, MeasureKind


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


class Desk:
    """What a moderator's day consists of: cases come in, are decided, and their effects leave."""

    def __init__(self, vault: FileVault) -> None:
        self.vault = vault
        self.reports = 0

    def case(
        self,
        event: Event | None = None,
        *,
        clause: str = "hate",
        harm: str = "hate_speech",
        kind: SourceKind = SourceKind.NOTICE,
        ref: str = "",
        now: datetime = scene.NOW,
        **more: Any,
    ) -> Case:
        """Report an item."""
        self.reports += 1
        more.setdefault("inputs", Inputs(confidence=0.5))
        event = event or scene.event("You are vermin", email="u1@example.net")
        return open_case(
            by=SYSTEM,
            now=now,
            item=scene.ref(event),
            source=Source(kind=kind, ref=ref or f"notice:{self.reports}:0", clause=clause, harm=harm, **more),
            snapshot=evidence.freeze(self.vault, scene.raw(event)),
            event=event,
            pack="p" * 64,
        )

    def remove(self, case: Case, by: User, *, now: datetime = scene.NOW, **more: Any) -> Decision:
        """Decide that the item goes."""
        given = {
            "clause": "hate",
            "measures": [Measure(MeasureKind.REMOVE)],
            "facts": "It calls people vermin.",
        }
        return decide(case.pk, by=by.actor, now=now, outcome=Outcome.VIOLATION, **(given | more))

    def keep(self, case: Case, by: User, *, now: datetime = scene.NOW, **more: Any) -> Decision:
        """Decide that nothing is wrong."""
        return decide(case.pk, by=by.actor, now=now, outcome=Outcome.NO_VIOLATION, **more)

    def final(self, decision: Decision, *, now: datetime = scene.NOW + timedelta(seconds=10)) -> Decision:
        """Let the undo window pass."""
        finalise_due(now)
        decision.refresh_from_db()
        assert decision.state == DecisionState.FINAL
        return decision


@pytest.fixture
def desk(vault: FileVault, book: RulebookVersion) -> Desk:
    return Desk(vault)

"""Statements of the scene, ready for the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from hakam.compliance import statements
from hakam.compliance.eu_database.payload import ItemFacts
from hakam.compliance.models import RulebookVersion, Statement
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.vocabulary.reasons import Automation, Ground, GroundKind, Reasons, Source

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CONTRACT = Ground(GroundKind.CONTRACTUAL, "scene@1.0.0, hate", "It calls people vermin.")
FACTS = ItemFacts(date(2026, 2, 28), "ar-EG", ("image/png",))
Issue = Callable[..., Statement]


@pytest.fixture
def issue(book: RulebookVersion) -> Issue:
    def make(*measures: Measure, kind: str = "post", **more: Any) -> Statement:
        given: dict[str, Any] = {
            "clause": "hate",
            "pack": scene.in_force(),
            "grounds": (CONTRACT,),
            "facts": "The post calls people vermin.",
            "source": Source.NOTICE,
            "automated_detection": False,
            "automated_decision": Automation.NONE,
            "harm": "hate_speech",
        }
        return statements.issue(
            by=SYSTEM,
            now=NOW,
            item=ItemRef("maydan", kind, "77"),
            item_url="https://maydan.example/amal/77",
            recipient="amal_k",
            decision=f"decision:{Statement.objects.count()}",
            reasons=Reasons(**(given | more)),
            measures=measures or (Measure(MeasureKind.REMOVE),),
            language="ar",
            effective_from=NOW,
        )

    return make

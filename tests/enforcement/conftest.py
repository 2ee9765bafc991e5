"""A platform with an endpoint in memory, a rule book, and decisions to carry out."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hakam.compliance import ledger
from hakam.enforcement import endpoints
from hakam.enforcement.connectors.connector import Outcome
from hakam.enforcement.delivery import deliver_due
from hakam.enforcement.delivery_policy import DeliveryPolicy
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.enforcement.restrict import Restriction, restrict
from hakam.testing import scene
from hakam.testing.connectors import MemoryConnector
from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind
from hakam.vocabulary.reasons import Automation, Ground, GroundKind, Reasons, Source

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AMAL, BASIL = Actor(ActorKind.STAFF, "1"), Actor(ActorKind.STAFF, "2")


def reasons(**changes: Any) -> Reasons:
    given: dict[str, Any] = {
        "clause": "spam",
        "pack": scene.in_force(),
        "grounds": (Ground(GroundKind.CONTRACTUAL, "scene@1.0.0, spam", "Posted 40 times."),),
        "facts": "The post repeats an advertisement.",
        "source": Source.OWN_INITIATIVE,
        "automated_detection": True,
        "automated_decision": Automation.NONE,
    }
    return Reasons(**(given | changes))


@dataclass
class Stage:
    """A platform, its endpoint, and the clock."""

    platform: MemoryConnector
    now: datetime = NOW
    amal: Actor = AMAL
    basil: Actor = BASIL
    policy: DeliveryPolicy = field(init=False)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.policy = DeliveryPolicy(
            base_url="https://hakam.example",
            platform_name="Maydan",
            secret=lambda name: f"secret of {name}",
            connectors={"memory": self.platform},
            jitter=lambda longest: longest,
            workers=1,  # messages arrive in the order in which they left
        )

    def restrict(self, *measures: Measure, **changes: Any) -> Restriction:
        given: dict[str, Any] = {
            "by": self.amal,
            "now": self.now,
            "item": ItemRef("maydan", "post", "77"),
            "item_url": "https://maydan.example/p/77",
            "author_id": "u1",
            "measures": list(measures) or [Measure(MeasureKind.REMOVE)],
            "decision": f"decision:{next(self.numbers)}",
            "language": "en",
            "undo_seconds": 10,
        } | changes
        if "reasons" not in given:
            given["reasons"] = reasons()
        return restrict(**given)

    def later(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now

    def deliver(self, limit: int = 100) -> int:
        return deliver_due(now=self.now, limit=limit, policy=self.policy)

    def next(self, kind: str, *outcomes: Outcome | Exception) -> None:
        self.platform.script.setdefault(kind, []).extend(outcomes)

    def state(self, measure: AppliedMeasure) -> str:
        return AppliedMeasure.objects.get(pk=measure.pk).state

    def effect(self, key: str) -> Effect:
        return Effect.objects.get(key=key)

    def facts(self, subject: str) -> list[str]:
        return [fact.kind for fact in ledger.story(subject)]


@pytest.fixture
def play(db: None) -> Stage:
    scene.publish()
    platform = MemoryConnector()
    endpoints.register(platform="maydan", connector=platform, settings={}, by=SYSTEM, now=NOW)
    return Stage(platform)


Make = Callable[..., Restriction]

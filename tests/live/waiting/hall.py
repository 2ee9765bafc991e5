"""A waiting room to test in: a plan, keys, and a clock that a test moves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hakam.live.waiting.admission import Admission
from hakam.live.waiting.gate import Gate, sign
from hakam.live.waiting.node import Issuing, Node
from hakam.live.waiting.plan import Lane, Plan

OPENS = datetime(2026, 5, 1, 18, 0, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
LOTS = b"l" * 32
PLAN = Plan(
    event="talk",
    title={"en": "The conversation", "ar": "الحوار"},
    opens_at=OPENS,
    ends_at=OPENS + timedelta(hours=3),
    capacity=1_000,
    pace=50,
    lanes=(Lane("interpreters", 10), Lane("press", 40)),
    draw_minutes=10,
)


def plan(**changes: Any) -> Plan:
    """Return the plan with changes."""
    return msgspec.structs.replace(PLAN, **changes)


class Hall:
    """One admission and some nodes, all on one clock."""

    def __init__(self, home: Path, chosen: Plan = PLAN, *, nodes: int = 1, now: datetime = OPENS) -> None:
        self.home, self.plan, self.now = home, chosen, now
        self.admission = Admission(chosen, home / "admission.json")
        self.nodes = [self.node(f"node-{n}") for n in range(nodes)]
        self.gate: Gate | None = None
        self.load = 0.0

    def node(self, name: str) -> Node:
        """Return a node; under a name it had before, with the counts it wrote down."""
        return Node(
            self.plan,
            KEY.public_key(),
            name=name,
            clock=lambda: self.now,
            path=self.home / f"{name}.json",
            issuing=Issuing(KEY, LOTS),
        )

    def pass_by(self, seconds: float, each: Callable[[], object] = lambda: None) -> None:
        """Let time pass; once a second the gate is renewed and `each` is called."""
        for _ in range(round(seconds)):
            self.now += timedelta(seconds=1)
            self.tick()
            each()

    def tick(self, *, silent: int = -1) -> Gate:
        """Renew the gate of every node but the silent one."""
        heard = [node for n, node in enumerate(self.nodes) if n != silent]
        self.gate = self.admission.tick([node.report() for node in heard], now=self.now, load=self.load)
        signed = sign(self.gate, KEY)
        for node in heard:
            node.renew(signed)
        return self.gate

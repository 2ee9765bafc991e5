"""Orders live through anything in any order: what must hold holds after each step."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.intake.test_order_contents import ACT, INFORM, REMOVAL
from tests.intake.test_orders import Desk
from tests.intake.test_orders import desk as desk  # noqa: PLC0414 -- the fixture

from hakam.compliance import ledger
from hakam.compliance.access import deadlines_of, facts_after
from hakam.compliance.facts import FactKind
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.intake import disclosures, order_recipients, orders
from hakam.intake.models import Order
from hakam.intake.orders import OrderError, OrderState
from hakam.testing import scene

pytestmark = pytest.mark.django_db
NOW = scene.NOW
STEPS = [
    "acknowledge", "verify", "carry_out", "carry_out_anyway", "answer", "return", "impossible", "clarify", "complete",
    "scrutiny", "annul", "inform", "prepare", "release", "late",
]  # fmt: skip
KINDS = {"act": ACT, "inform": INFORM, "removal": REMOVAL}


def step(desk: Desk, order: Order, name: str, now: Any) -> None:
    """Take a step, or be refused."""
    key, contents = str(order.pk), orders.contents_of(order)
    given_: dict[str, Any] = {"by": desk.lena.actor, "now": now}
    steps: dict[str, Any] = {
        "acknowledge": lambda: orders.acknowledge(key, **given_),
        "verify": lambda: orders.verify(key, note="Ms M.", **given_),
        "carry_out": lambda: orders.carry_out(key, **given_),
        "carry_out_anyway": lambda: orders.carry_out(key, unverified_because="The hour.", **given_),
        "answer": lambda: orders.answer(key, **given_),
        "return": lambda: orders.return_to_authority(key, because="?", **given_),
        "impossible": lambda: orders.return_to_authority(key, because="!", impossible=True, **given_),
        "clarify": lambda: orders.clarify(key, contents, **given_),
        "complete": lambda: orders.clarify(
            key,
            msgspec.structs.replace(
                KINDS[order.kind], silent_days=contents.silent_days, silent_because="Law"
            ),
            **given_,
        ),
        "scrutiny": lambda: orders.ask_scrutiny(key, because="Press.", **given_),
        "annul": lambda: orders.annul(key, because="Court.", **given_),
        "inform": lambda: order_recipients.inform_due(now),
        "prepare": lambda: disclosures.prepare(key, vault=desk.vault, **given_),
        "release": lambda: disclosures.release(key, by=desk.omar.actor, now=now),
        "late": lambda: None,
    }
    steps[name]()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(sorted(KINDS)),
    lacking=st.sampled_from(["", "legal_basis", "urls", "accounts"]),
    silent=st.sampled_from([0, 1, 42]),
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from([1, 20, 60 * 30])), max_size=9),
)
def test_whatever_happens_what_must_hold_holds(
    desk: Desk, *, kind: str, lacking: str, silent: int, steps: list[tuple[str, int]]
) -> None:
    contents = msgspec.structs.replace(
        KINDS[kind], silent_days=silent, silent_because="Law" if silent else ""
    )
    if lacking:
        contents = msgspec.structs.replace(contents, **{lacking: () if lacking != "legal_basis" else ""})
    order = desk.receive(contents)
    now, before = NOW, order.state
    for name, minutes in steps:
        now += timedelta(minutes=minutes)
        facts = len(list(facts_after(0, kinds=frozenset(FactKind), limit=10_000)))
        try:
            step(desk, order, name, now)
        except OrderError:
            # what is refused changes nothing
            assert len(list(facts_after(0, kinds=frozenset(FactKind), limit=10_000))) == facts
        order.refresh_from_db()
        check(order, now, before)
        before = order.state
    assert list(ledger.verify_chain()) == []


def check(order: Order, now: Any, before: str) -> None:
    """Check what always holds of an order."""
    assert order.received_at == NOW  # TCO Art. 3(8): never changed
    subject = orders.subject_of(order)
    told = Effect.objects.filter(kind="order.recipient", key__startswith=f"order:{order.pk}")
    if order.silent_until is not None and now < order.silent_until:  # TCO Art. 11(3)
        assert not told.exists()
        assert order.recipient_informed_at is None
    if order.answered_at is not None or order.state == OrderState.ANSWERED:
        assert order.carried_out_at is not None
    measures = list(AppliedMeasure.objects.filter(decision=subject))
    if order.kind == "inform" or order.carried_out_at is None:
        assert measures == []
    elif order.state != OrderState.ANNULLED:
        assert all(one.state in {"planned", "sent", "applied"} for one in measures)
        assert order.verified_at is not None or order.unverified_because
    if order.state == OrderState.ANNULLED:
        assert all(one.state not in {"planned", "sent", "applied"} for one in measures)
        assert not [one for one in deadlines_of(subject) if one.met_at is None and one.clock == "tco.removal"]
    if before == OrderState.ANNULLED:
        assert order.state == OrderState.ANNULLED
    for clock in deadlines_of(subject):
        if clock.clock == "tco.removal" and clock.met_at is None:
            assert (clock.paused_at is not None) <= (order.state == OrderState.RETURNED)

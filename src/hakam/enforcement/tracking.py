"""A measure's way through its states, each step with its fact."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.enforcement.models import AppliedMeasure
from hakam.enforcement.states import MEASURE, MEASURE_ENDS, MeasureEvent, MeasureState, step
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.event import ItemRef

_FACT: dict[MeasureEvent, FactKind] = {
    MeasureEvent.APPLY: FactKind.MEASURE_APPLIED,
    MeasureEvent.FAIL: FactKind.MEASURE_FAILED,
    MeasureEvent.CANCEL: FactKind.MEASURE_CANCELLED,
    MeasureEvent.REVERSE: FactKind.MEASURE_REVERSING,
    MeasureEvent.EXPIRE: FactKind.MEASURE_EXPIRED,
    MeasureEvent.LAPSE: FactKind.MEASURE_EXPIRED,
    MeasureEvent.SURFACE: FactKind.MEASURE_REVERSING,
    MeasureEvent.END: FactKind.MEASURE_REVERSED,
}


def advance(
    measure: AppliedMeasure,
    event: MeasureEvent,
    *,
    by: Actor,
    now: datetime,
    body: dict[str, Any] | None = None,
    private: dict[str, Any] | None = None,
) -> None:
    """Move a locked measure on and record the fact. `TransitionError` when that can't happen."""
    before = MeasureState(measure.state)
    after = step(MEASURE, before, event)
    measure.state = after.value
    if event is MeasureEvent.APPLY and measure.applied_at is None:
        measure.applied_at = now
    measure.ended_at = now if after in MEASURE_ENDS else None
    measure.save(update_fields=["state", "applied_at", "ended_at"])
    kind = _FACT.get(event)
    if kind is not None and (before is not after or event is not MeasureEvent.APPLY):
        record_measure(measure, kind, by=by, now=now, body=body, private=private)


def record_measure(
    measure: AppliedMeasure,
    kind: FactKind,
    *,
    by: Actor,
    now: datetime,
    body: dict[str, Any] | None = None,
    private: dict[str, Any] | None = None,
) -> None:
    """Record a fact about a measure, linked to its decision, item, account and statement."""
    about = [measure.decision, f"item:{item_of(measure)}"]
    if measure.author_id:
        about.append(f"account:{measure.platform}/{measure.author_id}")
    if measure.statement_id is not None:
        about.append(f"statement:{measure.statement_id}")
    ledger.record(
        kind,
        by=by,
        now=now,
        subject=f"measure:{measure.pk}",
        about=about,
        body={"kind": measure.kind} | (body or {}),
        private=private,
    )


def item_of(measure: AppliedMeasure) -> ItemRef:
    """Return the item of a measure."""
    return ItemRef(measure.platform, measure.item_kind, measure.item_id)

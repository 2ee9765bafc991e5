"""What an authority orders is done without a decision of ours: the measure, at once, and its reversal.

# DSA Art. 17(5): an order under Art. 9 owes no statement of reasons; the recipient is told of the order (Art. 9(5)).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.db import transaction

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.models import AppliedMeasure
from hakam.enforcement.outbox import enqueue
from hakam.enforcement.payloads import measure_payload, stream_of
from hakam.enforcement.states import MeasureState
from hakam.enforcement.tracking import record_measure
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind

ALLOWED = frozenset({MeasureKind.REMOVE, MeasureKind.WITHHOLD})
"""What an order against content can make us do, everywhere or in some countries."""


def apply_ordered(
    item: ItemRef,
    measure: Measure,
    *,
    order: str,
    by: Actor,
    now: datetime,
    item_url: str = "",
    author_id: str = "",
) -> AppliedMeasure:
    """Let the platform carry out an ordered measure now. Twice for the same order and item is once.

    Raises `ValueError` for a measure that no order against content asks for.
    """
    if measure.kind not in ALLOWED:
        raise ValueError(f"an order does not make us `{measure.kind}`")
    with transaction.atomic():
        ledger.lock()
        row, fresh = AppliedMeasure.objects.get_or_create(
            platform=item.platform,
            item_kind=item.kind,
            item_id=item.id,
            decision=order,
            defaults={
                "author_id": author_id,
                "kind": measure.kind.value,
                "measure": storable(msgspec.to_builtins(measure)),
                "reversal": measure.nature.reversal.value,
                "state": MeasureState.PLANNED.value,
                "planned_at": now,
                "release_at": now,
            },
        )
        if fresh:
            body = {"measure": row.measure, "until": None, "reversal": row.reversal, "release_at": now}
            record_measure(row, FactKind.MEASURE_PLANNED, by=by, now=now, body=body)
            enqueue(
                now=now,
                key=f"measure:{row.pk}:apply",
                platform=item.platform,
                channel=Channel.PLATFORM,
                kind=EffectKind.MEASURE_APPLY,
                payload=measure_payload(row, item_url=item_url),
                measure=row,
                stream=stream_of(row),
            )
    return row


def states_of(order: str) -> Sequence[str]:
    """Return the states of the measures of an order."""
    return list(AppliedMeasure.objects.filter(decision=order).order_by("pk").values_list("state", flat=True))

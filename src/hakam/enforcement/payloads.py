"""What a platform is told about a measure, and which messages must keep their order."""

from __future__ import annotations

from typing import Any

from hakam.enforcement.models import AppliedMeasure
from hakam.enforcement.states import MeasureState
from hakam.vocabulary.measure import NATURE, MeasureKind, Target

_STANDING = (MeasureState.PLANNED.value, MeasureState.SENT.value, MeasureState.APPLIED.value)


def target_of(measure: AppliedMeasure) -> Target:
    """Return what the measure touches."""
    return NATURE[MeasureKind(measure.kind)].target


def stream_of(measure: AppliedMeasure) -> str:
    """Return the stream of a measure's messages: those on the same thing and of the same kind keep their order."""
    if target_of(measure) is Target.ACCOUNT:
        return f"account:{measure.platform}/{measure.author_id}#{measure.kind}"
    return f"item:{measure.platform}/{measure.item_kind}/{measure.item_id}#{measure.kind}"


def measure_payload(measure: AppliedMeasure, *, item_url: str) -> dict[str, Any]:
    """Return the `data` of a `measure.apply`."""
    return {
        "measure": {"id": measure.pk, **measure.measure},
        "target": target_of(measure).value,
        "item": {
            "platform": measure.platform,
            "kind": measure.item_kind,
            "id": measure.item_id,
            "url": item_url or None,
        },
        "author": {"id": measure.author_id},
        "until": None if measure.until is None else measure.until.isoformat(),
        "reversal": measure.reversal,
        "decision": measure.decision,
        "statement": None if measure.statement_id is None else str(measure.statement_id),
    }


def reversal_payload(measure: AppliedMeasure, *, item_url: str, because: str) -> dict[str, Any]:
    """Return the `data` of a `measure.reverse`.

    `still_standing` lists the other measures of this kind on the same thing: a platform that finds one there must
    not restore what another decision still restricts.
    """
    same = AppliedMeasure.objects.filter(platform=measure.platform, kind=measure.kind, state__in=_STANDING)
    if target_of(measure) is Target.ACCOUNT:
        same = same.filter(author_id=measure.author_id)
    else:
        same = same.filter(item_kind=measure.item_kind, item_id=measure.item_id)
    others = same.exclude(pk=measure.pk).order_by("pk")
    return measure_payload(measure, item_url=item_url) | {
        "because": because,
        "still_standing": [
            {"id": m.pk, **m.measure, "until": None if m.until is None else m.until.isoformat()}
            for m in others
        ],
    }

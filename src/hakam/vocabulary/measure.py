"""What can be done about an item or an account, and what each thing costs the person whom it touches.

One closed table. The order of the enumeration is the order of severity: the ladder of a policy climbs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

import msgspec


class Reversal(StrEnum):
    """How a measure can be taken back. Declared before it is applied."""

    REVERSIBLE = "reversible"  # undone wholly: the item is as before
    COMPENSABLE = "compensable"  # lost time or reach is not given back, but something is
    IRREVERSIBLE = "irreversible"  # needs two people


class Target(StrEnum):
    """What a measure touches."""

    ITEM = "item"
    ACCOUNT = "account"


class Restriction(StrEnum):
    """The four restrictions that owe a statement of reasons (DSA Art. 17(1)(a)-(d))."""

    VISIBILITY = "visibility"
    MONETARY = "monetary"
    SERVICE = "service"
    ACCOUNT = "account"


class MeasureKind(StrEnum):
    """Every measure, from the mildest to the most severe."""

    NOTIFY = "notify"
    CONTEXT_NOTE = "context_note"
    LABEL = "label"
    WARN = "warn"
    AGE_GATE = "age_gate"
    LOCK_REPLIES = "lock_replies"
    DELAY = "delay"  # of a live broadcast, so that people can act before it is seen
    LIMIT_REACH = "limit_reach"
    DEMONETISE = "demonetise"
    HOLD = "hold"
    WITHHOLD = "withhold"
    REMOVE = "remove"
    BAR_FROM_LIVE = "bar_from_live"
    SUSPEND = "suspend"
    TERMINATE = "terminate"


class MeasureNature(NamedTuple):
    """What a kind of measure is in law and in effect."""

    severity: int  # 0 (mildest) to 100
    target: Target
    reversal: Reversal
    restriction: Restriction | None  # None: owes no statement of reasons
    tdb_field: str | None  # field of the EU Transparency Database that carries it (DSA Art. 24(5))
    tdb_value: str | None


_R, _C = Reversal.REVERSIBLE, Reversal.COMPENSABLE
_V, _A = Restriction.VISIBILITY, Restriction.ACCOUNT
_VIS, _ACC = "decision_visibility", "decision_account"

NATURE: dict[MeasureKind, MeasureNature] = {
    MeasureKind.NOTIFY: MeasureNature(0, Target.ITEM, _R, None, None, None),
    MeasureKind.CONTEXT_NOTE: MeasureNature(
        10, Target.ITEM, _R, _V, _VIS, "DECISION_VISIBILITY_CONTENT_LABELLED"
    ),
    MeasureKind.LABEL: MeasureNature(15, Target.ITEM, _R, _V, _VIS, "DECISION_VISIBILITY_CONTENT_LABELLED"),
    MeasureKind.WARN: MeasureNature(20, Target.ACCOUNT, _R, None, None, None),
    MeasureKind.AGE_GATE: MeasureNature(
        30, Target.ITEM, _R, _V, _VIS, "DECISION_VISIBILITY_CONTENT_AGE_RESTRICTED"
    ),
    MeasureKind.LOCK_REPLIES: MeasureNature(
        35, Target.ITEM, _R, _V, _VIS, "DECISION_VISIBILITY_CONTENT_INTERACTION_RESTRICTED"
    ),
    MeasureKind.DELAY: MeasureNature(37, Target.ITEM, _C, _V, _VIS, "DECISION_VISIBILITY_OTHER"),
    MeasureKind.LIMIT_REACH: MeasureNature(
        40, Target.ITEM, _C, _V, _VIS, "DECISION_VISIBILITY_CONTENT_DEMOTED"
    ),
    MeasureKind.DEMONETISE: MeasureNature(
        45, Target.ITEM, _C, Restriction.MONETARY, "decision_monetary", "DECISION_MONETARY_SUSPENSION"
    ),
    MeasureKind.HOLD: MeasureNature(50, Target.ITEM, _C, _V, _VIS, "DECISION_VISIBILITY_CONTENT_DISABLED"),
    MeasureKind.WITHHOLD: MeasureNature(
        60, Target.ITEM, _C, _V, _VIS, "DECISION_VISIBILITY_CONTENT_DISABLED"
    ),
    MeasureKind.REMOVE: MeasureNature(70, Target.ITEM, _C, _V, _VIS, "DECISION_VISIBILITY_CONTENT_REMOVED"),
    MeasureKind.BAR_FROM_LIVE: MeasureNature(
        75,
        Target.ACCOUNT,
        _C,
        Restriction.SERVICE,
        "decision_provision",
        "DECISION_PROVISION_PARTIAL_SUSPENSION",
    ),
    MeasureKind.SUSPEND: MeasureNature(85, Target.ACCOUNT, _C, _A, _ACC, "DECISION_ACCOUNT_SUSPENDED"),
    MeasureKind.TERMINATE: MeasureNature(
        100, Target.ACCOUNT, Reversal.IRREVERSIBLE, _A, _ACC, "DECISION_ACCOUNT_TERMINATED"
    ),
}


class Measure(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing to do. `territory` empty means everywhere; `days` None means without a set end."""

    kind: MeasureKind
    territory: tuple[str, ...] = ()
    days: int | None = None
    label: str | None = None
    note: str | None = None

    @property
    def nature(self) -> MeasureNature:
        """What this measure is in law and in effect."""
        return NATURE[self.kind]

    @property
    def identity(self) -> tuple[object, ...]:
        """What it does, but for how long. Two labels are two measures, and so are two notes that readers see."""
        shown = self.note if self.kind is MeasureKind.CONTEXT_NOTE else None
        return (self.kind, self.territory, self.label, shown)


def merged(measures: Iterable[Measure]) -> tuple[Measure, ...]:
    """Return the measures that add something, mildest first: of each that does the same the longest.

    A measure for a territory adds nothing to the same measure everywhere that lasts as long.
    """
    kept: dict[tuple[object, ...], Measure] = {}
    for measure in measures:
        held = kept.get(measure.identity)
        if held is None or _lasting(measure) > _lasting(held):
            kept[measure.identity] = measure
    needed = [m for m in kept.values() if not m.territory or _everywhere(m, kept) < _lasting(m)]
    return tuple(sorted(needed, key=lambda m: (m.nature.severity, m.territory, m.label or "", m.note or "")))


def _everywhere(measure: Measure, kept: Mapping[tuple[object, ...], Measure]) -> float:
    same = kept.get(msgspec.structs.replace(measure, territory=()).identity)
    return 0.0 if same is None else _lasting(same)


def _lasting(measure: Measure) -> float:
    return float("inf") if measure.days is None else float(measure.days)

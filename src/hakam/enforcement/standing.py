"""Telling the door what stands: each fact about a measure writes its item's and its account's measures anew."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.enforcement.access import in_force, measure_of
from hakam.enforcement.models import AppliedMeasure
from hakam.storage.standing import StandingWriter
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import Target

KINDS: Final = frozenset(
    {
        FactKind.MEASURE_PLANNED,
        FactKind.MEASURE_CANCELLED,
        FactKind.MEASURE_APPLIED,
        FactKind.MEASURE_FAILED,
        FactKind.MEASURE_REVERSING,
        FactKind.MEASURE_REVERSED,
        FactKind.MEASURE_EXPIRED,
    }
)


def on_fact(fact: Fact, _now: datetime, *, home: Path) -> None:
    """Write what stands on the item and the account of the measure that a fact is about. Bears repetition."""
    _, _, number = fact.subject.partition(":")
    row = AppliedMeasure.objects.filter(pk=number).first() if number.isdigit() else None
    if row is None:
        return
    with StandingWriter(home) as file:
        item = ItemRef(row.platform, row.item_kind, row.item_id)
        if measure_of(row).nature.target is Target.ITEM:
            file.on_item(item, in_force(item))
        elif row.author_id:
            standing = in_force(item, author_id=row.author_id)
            on_account = [one for one in standing if one.nature.target is Target.ACCOUNT]
            file.on_account(row.platform, row.author_id, on_account)

"""To restrict: the statement of reasons, the measures and what must be sent, in one transaction or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from django.db import transaction

from hakam.compliance import ledger, statements
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Statement
from hakam.compliance.storable import storable
from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.enforcement.outbox import enqueue
from hakam.enforcement.payloads import measure_payload, stream_of
from hakam.enforcement.states import MeasureState
from hakam.enforcement.tracking import record_measure
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import Measure, Reversal
from hakam.vocabulary.reasons import Reasons


class RestrictionError(ValueError):
    """The restriction can't be made as asked. Nothing was done."""


class TwoPeopleNeededError(RestrictionError):
    """An irreversible measure needs two different people; `measures` names them."""

    def __init__(self, measures: tuple[str, ...]) -> None:
        self.measures = measures
        super().__init__(f"{', '.join(measures)} can't be undone and needs a second person (`also_by`)")


class AlreadyRestrictedError(RestrictionError):
    """This decision has its measures already; a change is another decision."""


class Restriction(msgspec.Struct, frozen=True):
    """What a restriction consists of."""

    statement: Statement
    measures: tuple[AppliedMeasure, ...]
    effects: tuple[Effect, ...]


def restrict(
    *,
    by: Actor,
    now: datetime,
    item: ItemRef,
    item_url: str,
    author_id: str,
    measures: Sequence[Measure],
    reasons: Reasons,
    decision: str,
    language: str,
    undo_seconds: int,
    author_email: str | None = None,
    also_by: Actor | None = None,
) -> Restriction:
    """Restrict an item or its author, with reasons; effects leave at `now + undo_seconds`.

    Without complete reasons there is no restriction (DSA Art. 17): `IncompleteReasonsError` or
    `UnknownClauseError`. Irreversible measures need `also_by`, a second person (`TwoPeopleNeededError`). A decision
    is carried out once (`AlreadyRestrictedError`).
    """
    _check(measures, by=by, also_by=also_by)
    if any("\x00" in name for name in (str(item), author_id, decision)):
        raise RestrictionError("an id with a NUL can't be stored")
    release = now + timedelta(seconds=max(0, undo_seconds))
    with transaction.atomic():
        ledger.lock()
        if AppliedMeasure.objects.filter(decision=decision).exists():
            raise AlreadyRestrictedError(f"{decision} was carried out already")
        statement = statements.issue(
            by=by,
            now=now,
            item=item,
            item_url=item_url,
            recipient=author_id,
            decision=decision,
            reasons=reasons,
            measures=measures,
            language=language,
            effective_from=release,
        )
        applied, effects = [], []
        for measure in measures:
            row = _plan(
                measure, item=item, author_id=author_id, statement=statement, now=now, release=release
            )
            body = {
                "measure": row.measure,
                "until": row.until,
                "reversal": row.reversal,
                "release_at": release,
            }
            if also_by is not None:
                body["also_by"] = str(also_by)
            record_measure(row, FactKind.MEASURE_PLANNED, by=by, now=now, body=body)
            applied.append(row)
            effects.append(
                enqueue(
                    now=now,
                    key=f"measure:{row.pk}:apply",
                    platform=item.platform,
                    channel=Channel.PLATFORM,
                    kind=EffectKind.MEASURE_APPLY,
                    payload=measure_payload(row, item_url=item_url),
                    measure=row,
                    not_before=release,
                    stream=stream_of(row),
                )
            )
        # DSA Art. 17(2): it leaves when the measures do, so that nobody is restricted first and told later.
        effects += _tell(statement, author_email, now=now, release=release)
    return Restriction(statement, tuple(applied), tuple(effects))


def _check(measures: Sequence[Measure], *, by: Actor, also_by: Actor | None) -> None:
    if not measures:
        raise RestrictionError("a restriction needs at least one measure")
    for measure in measures:
        if measure.days is not None and measure.days < 1:
            raise RestrictionError(f"{measure.kind} for {measure.days} days is no measure")
    seen = [m.identity for m in measures]
    if len(set(seen)) < len(seen):
        raise RestrictionError("the same measure is named twice")
    final = tuple(m.kind.value for m in measures if m.nature.reversal is Reversal.IRREVERSIBLE)
    two = also_by is not None and also_by != by and by.is_person and also_by.is_person
    if final and not two:
        raise TwoPeopleNeededError(final)


def _plan(
    measure: Measure, *, item: ItemRef, author_id: str, statement: Statement, now: datetime, release: datetime
) -> AppliedMeasure:
    return AppliedMeasure.objects.create(
        platform=item.platform,
        item_kind=item.kind,
        item_id=item.id,
        author_id=author_id,
        kind=measure.kind.value,
        measure=storable(msgspec.to_builtins(measure)),
        reversal=measure.nature.reversal.value,
        decision=statement.decision,
        statement=statement,
        state=MeasureState.PLANNED.value,
        planned_at=now,
        release_at=release,
        until=None if measure.days is None else release + timedelta(days=measure.days),
    )


def _tell(statement: Statement, email: str | None, *, now: datetime, release: datetime) -> list[Effect]:
    """Tell the affected person: through the platform, and by e-mail where there is an address."""
    channels = [Channel.PLATFORM] + ([Channel.EMAIL] if email else [])
    return [
        enqueue(
            now=now,
            key=f"statement:{statement.pk}:issued:{channel}",
            platform=statement.platform,
            channel=channel,
            kind=EffectKind.STATEMENT_ISSUED,
            payload={"statement": str(statement.pk)} | ({"to": email} if channel is Channel.EMAIL else {}),
            not_before=release,
            stream=f"statement:{statement.pk}#{channel}",
        )
        for channel in channels
    ]

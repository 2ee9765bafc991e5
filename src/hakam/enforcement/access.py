"""Reads of the room: measures in force, deliveries, dead letters."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec
from django.db.models import Count, Q, QuerySet

from hakam.enforcement.kinds import Channel
from hakam.enforcement.models import AppliedMeasure, Attempt, Effect, Endpoint
from hakam.enforcement.states import MEASURE_ENDS, UNFINISHED, EffectState, MeasureState
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import NATURE, Measure, MeasureKind, Target

_STANDING = [s.value for s in (MeasureState.PLANNED, MeasureState.SENT, MeasureState.APPLIED)]
_HELD = frozenset({MeasureState.PLANNED, MeasureState.SENT, MeasureState.APPLIED, MeasureState.FAILED})
_ON_ACCOUNTS = [kind.value for kind in MeasureKind if NATURE[kind].target is Target.ACCOUNT]


class DeliveryCounts(msgspec.Struct, frozen=True):
    """How the outbox stands."""

    waiting: int
    sending: int
    dead: int
    failed: int
    without_endpoint: int
    oldest_due: datetime | None


class StandingMeasure(NamedTuple):
    """A measure that holds, as one who must only know that it does reads it."""

    kind: MeasureKind
    item_kind: str
    item_id: str
    author_id: str
    territory: tuple[str, ...]  # empty: everywhere


def in_force(item: ItemRef, *, author_id: str = "") -> list[Measure]:
    """Return the measures that stand on an item, and on its author's account, planned ones included."""
    return [measure_of(row) for row in _standing(item, author_id)]


def standing(item: ItemRef, *, author_id: str = "") -> list[AppliedMeasure]:
    """Return the same as rows, with their decisions and ends."""
    return list(_standing(item, author_id))


def of_decision(decision: str) -> list[AppliedMeasure]:
    """Return the measures of a decision, in the order in which they were named."""
    return list(AppliedMeasure.objects.filter(decision=decision).order_by("pk"))


def of_item(item: ItemRef) -> list[AppliedMeasure]:
    """Return every measure that was ever taken on an item, newest first."""
    return list(
        AppliedMeasure.objects.filter(platform=item.platform, item_kind=item.kind, item_id=item.id).order_by(
            "-pk"
        )
    )


def of_account(platform: str, author_id: str, *, limit: int = 100) -> list[AppliedMeasure]:
    """Return the measures on an account and its items, newest first: its history."""
    if not author_id:
        return []
    return list(AppliedMeasure.objects.filter(platform=platform, author_id=author_id).order_by("-pk")[:limit])


def waiting(channel: Channel, *, most: int) -> int:
    """Return how many messages wait to leave by a channel, counted up to `most`."""
    found = Effect.objects.filter(channel=channel.value, state=EffectState.PENDING.value)
    return len(found.values_list("pk")[:most])


def deliveries(
    *,
    state: EffectState | None = None,
    platform: str = "",
    kind: str = "",
    before: tuple[datetime, uuid.UUID] | None = None,
    limit: int = 50,
) -> list[Effect]:
    """Return effects, newest first, for people; from `before` (when it was put in, and its id) on."""
    effects = Effect.objects.select_related("measure").order_by("-created_at", "-pk")
    if state is not None:
        effects = effects.filter(state=state.value)
    if platform:
        effects = effects.filter(platform=platform)
    if kind:
        effects = effects.filter(kind=kind)
    if before is not None:
        at, key = before  # a decision puts several in at one instant
        effects = effects.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=key))
    return list(effects[:limit])


def effect(effect_id: str | uuid.UUID, *, platform: str | None = None) -> Effect | None:
    """Return an effect, or None; another platform's does not exist."""
    try:
        key = uuid.UUID(str(effect_id))
    except ValueError:
        return None
    found = Effect.objects.select_related("measure").filter(pk=key).first()
    return None if found is None or (platform is not None and found.platform != platform) else found


def effects_of(decision: str) -> list[Effect]:
    """Return the messages that a decision's measures caused, in order."""
    return list(Effect.objects.filter(measure__decision=decision).order_by("created_at", "place", "pk"))


def delivered_at(keys: Iterable[str]) -> dict[str, datetime]:
    """Return when the effects with these keys reached their receivers; those that have not are left out."""
    found = Effect.objects.filter(key__in=list(keys), delivered_at__isnull=False)
    return {key: at for key, at in found.values_list("key", "delivered_at") if at is not None}


def attempts(effect: Effect) -> list[Attempt]:
    """Return every try to deliver an effect, the first first."""
    return list(Attempt.objects.filter(effect=effect).order_by("at", "pk"))


def standing_of(
    platform: str,
    kinds: Iterable[MeasureKind],
    *,
    now: datetime,
    author_id: str | None = None,
    item: ItemRef | None = None,
) -> Iterator[StandingMeasure]:
    """Yield a platform's measures of these kinds that hold at `now`: past their undo window, before their end.

    Narrowed to an account or an item if one is given. One query that streams, for millions.
    """
    rows = AppliedMeasure.objects.filter(
        Q(until__isnull=True) | Q(until__gt=now),
        platform=platform,
        kind__in=[kind.value for kind in kinds],
        state__in=_STANDING,
        release_at__lte=now,
    )
    if author_id is not None:
        rows = rows.filter(author_id=author_id)
    if item is not None:
        rows = rows.filter(item_kind=item.kind, item_id=item.id)
    named = rows.values_list("kind", "item_kind", "item_id", "author_id", "measure")
    for kind, item_kind, item_id, author, measure in named.iterator(chunk_size=5_000):
        yield StandingMeasure(
            MeasureKind(kind), item_kind, item_id, author, tuple(measure.get("territory") or ())
        )


def dead_letters() -> int:
    """Return how many effects were given up and wait for a person: one that was erased can't be sent again."""
    return Effect.objects.filter(state=EffectState.DEAD.value).exclude(payload={}).count()


def counts(now: datetime) -> DeliveryCounts:
    """Return how the outbox stands at `now`."""
    by_state = dict(Effect.objects.values_list("state").annotate(n=Count("pk")))
    unfinished = Effect.objects.filter(state__in=[s.value for s in UNFINISHED])
    open_platforms = Endpoint.objects.filter(enabled=True).values("platform")
    homeless = unfinished.filter(channel=Channel.PLATFORM).exclude(platform__in=open_platforms).count()
    oldest = unfinished.filter(next_at__lte=now).order_by("next_at").values_list("next_at", flat=True).first()
    return DeliveryCounts(
        waiting=by_state.get(EffectState.PENDING.value, 0),
        sending=by_state.get(EffectState.SENDING.value, 0),
        dead=by_state.get(EffectState.DEAD.value, 0),
        failed=by_state.get(EffectState.FAILED.value, 0),
        without_endpoint=homeless,
        oldest_due=oldest,
    )


def measure_of(row: AppliedMeasure) -> Measure:
    """Return a row's measure as a value."""
    return msgspec.convert(row.measure, Measure)


def is_held(row: AppliedMeasure) -> bool:
    """Whether a measure is decided and not taken back, whatever the platform says of it: what our own gate obeys."""
    return MeasureState(row.state) in _HELD


def accounts_under(platform: str, kinds: Iterable[MeasureKind]) -> set[str]:
    """Return the accounts of a platform on which a measure of these kinds is held."""
    rows = AppliedMeasure.objects.filter(
        platform=platform, kind__in=[kind.value for kind in kinds], state__in=[state.value for state in _HELD]
    )
    return set(rows.values_list("author_id", flat=True).distinct().iterator(chunk_size=5_000))


def has_ended(row: AppliedMeasure) -> bool:
    """Whether nothing of a measure is left."""
    return MeasureState(row.state) in MEASURE_ENDS


def _standing(item: ItemRef, author_id: str) -> QuerySet[AppliedMeasure]:
    where = Q(item_kind=item.kind, item_id=item.id) & ~Q(kind__in=_ON_ACCOUNTS)
    if author_id:
        where |= Q(author_id=author_id, kind__in=_ON_ACCOUNTS)
    return AppliedMeasure.objects.filter(where, platform=item.platform, state__in=_STANDING).order_by("pk")

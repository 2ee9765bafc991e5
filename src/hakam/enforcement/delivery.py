"""Delivery: claim what is due, send it outside any transaction, record what became of it.

A claim is a lease: the row says until when it is held and how often it was claimed. A worker that dies leaves a lease
that runs out, and the message is sent again under the same id; a worker that comes too late finds a newer claim and
records nothing. So a message is never lost, and a receiver that drops repeats of an id sees it exactly once.
"""

from __future__ import annotations

import logging
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from time import monotonic

import msgspec
from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, When

from hakam.compliance import ledger
from hakam.enforcement import endpoints
from hakam.enforcement.connectors.connector import (
    Confirmed,
    Connector,
    Dead,
    Delivered,
    Destination,
    Gone,
    Message,
    Outcome,
    Retry,
)
from hakam.enforcement.delivery_policy import DeliveryPolicy
from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.messages import UnsendableError, compose
from hakam.enforcement.models import AppliedMeasure, Attempt, Effect, Endpoint
from hakam.enforcement.progress import Confirmation, cancel_effect, confirm_effect, mark_dead, mark_delivered
from hakam.enforcement.schedule import next_wait
from hakam.enforcement.states import (
    EFFECT,
    UNFINISHED,
    EffectEvent,
    EffectState,
    MeasureEvent,
    MeasureState,
    step,
)
from hakam.enforcement.tracking import advance
from hakam.vocabulary.actor import SYSTEM

_LOG = logging.getLogger(__name__)
_UNFINISHED = [state.value for state in UNFINISHED]
_URGENT = (EffectKind.MEASURE_APPLY.value, EffectKind.MEASURE_REVERSE.value)


class Parcel(msgspec.Struct, frozen=True):
    """All that a thread needs to try once."""

    effect: str
    claim: int  # the number of the claim; a newer one makes this one void
    message: Message
    destination: Destination
    connector: Connector
    secret: str


class Try(msgspec.Struct, frozen=True):
    """What became of one try."""

    effect: str
    claim: int
    at: datetime
    seconds: float
    outcome: Outcome


def deliver_due(*, now: datetime, limit: int, policy: DeliveryPolicy | None = None) -> int:
    """Deliver up to `limit` effects that are due, and return how many were tried.

    Call it outside transactions. It returns when every try has ended and is recorded.
    """
    policy = policy or DeliveryPolicy()
    began = monotonic()
    claimed = claim_due(now=now, limit=limit, lease_seconds=policy.lease_seconds)
    parcels: list[Parcel] = []
    tries: list[Try] = []
    targets = endpoints.by_platform({effect.platform for effect in claimed})
    for effect in claimed:
        packed = _pack(effect, targets.get(effect.platform), policy=policy, now=now)
        if isinstance(packed, Parcel):
            parcels.append(packed)
        else:
            tries.append(Try(str(effect.pk), effect.attempts, now, 0.0, packed))
    if tries:
        record(tries, policy=policy)
    if not parcels:
        return len(claimed)
    with ThreadPoolExecutor(
        max_workers=min(policy.workers, len(parcels)), thread_name_prefix="deliver"
    ) as pool:
        running: set[Future[Try]] = {pool.submit(_send, parcel, now, began) for parcel in parcels}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            record([future.result() for future in done], policy=policy)
    return len(claimed)


def claim_due(*, now: datetime, limit: int, lease_seconds: float) -> list[Effect]:
    """Lease up to `limit` due effects to the caller, measures first, then the oldest, and return them.

    Due is what waits until now or whose lease ran out, if nothing earlier of its stream is still under way and its
    platform has an endpoint that is switched on.
    """
    earlier = Effect.objects.filter(
        stream=OuterRef("stream"), place__lt=OuterRef("place"), state__in=_UNFINISHED
    )
    open_endpoint = Endpoint.objects.filter(platform=OuterRef("platform"), enabled=True)
    if not Effect.objects.filter(state__in=_UNFINISHED, next_at__lte=now).exists():
        return []  # without taking a lock from anybody
    with transaction.atomic():
        ledger.lock()
        effects: list[Effect] = list(
            Effect.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state__in=_UNFINISHED, next_at__lte=now)
            .filter(Q(stream="") | ~Exists(earlier))
            .filter(Q(channel=Channel.EMAIL) | Exists(open_endpoint))
            .annotate(rank=Case(When(kind__in=_URGENT, then=0), default=1))
            .order_by("rank", "next_at", "created_at", "pk")[:limit]
        )
        lease = now + timedelta(seconds=lease_seconds)
        for effect in effects:
            effect.state = step(EFFECT, EffectState(effect.state), EffectEvent.CLAIM).value
            effect.attempts += 1
            effect.round_attempts += 1
            effect.next_at = lease
        Effect.objects.filter(pk__in=[effect.pk for effect in effects]).update(
            state=EffectState.SENDING.value,
            attempts=F("attempts") + 1,
            round_attempts=F("round_attempts") + 1,
            next_at=lease,
        )
        leaving = [e.measure_id for e in effects if e.kind == EffectKind.MEASURE_APPLY and e.measure_id]
        planned = AppliedMeasure.objects.select_for_update(of=("self",)).filter(
            pk__in=leaving, state=MeasureState.PLANNED.value
        )
        for measure in planned.order_by("pk"):
            advance(measure, MeasureEvent.SEND, by=SYSTEM, now=now)
    return effects


def _pack(
    effect: Effect, endpoint: Endpoint | None, *, policy: DeliveryPolicy, now: datetime
) -> Parcel | Outcome:
    """Return what a thread needs to send `effect`, or what became of it when it can't be sent."""
    try:
        message = compose(effect, now=now, base_url=policy.base_url, platform_name=policy.platform_name)
    except UnsendableError as error:
        return Dead(str(error))
    except Exception as error:  # noqa: BLE001 -- one message that can't be worded must not hold up the others
        _LOG.exception("effect %s could not be worded", effect.pk)
        return Retry(f"could not be worded: {type(error).__name__}: {error}")
    if effect.channel == Channel.EMAIL:
        name, settings, secret = Channel.EMAIL.value, {"from": policy.mail_from}, ""
    elif endpoint is None:
        return Retry("the platform has no endpoint any more")
    else:
        name, settings = endpoint.connector, endpoint.settings
        try:
            secret = policy.secret(f"{name}-{endpoint.platform}")
        except LookupError as error:
            return Retry(f"no secret: {error}")
    connector = policy.connectors.get(name)
    if connector is None:
        return Retry(f"there is no connector `{name}`")
    destination = Destination(
        platform=effect.platform,
        settings=settings,
        allow_private=policy.allow_private_endpoints,
        timeout=policy.timeout,
    )
    return Parcel(str(effect.pk), effect.attempts, message, destination, connector, secret)


def _send(parcel: Parcel, now: datetime, began: float) -> Try:
    """Try once, in a thread. A connector that raises is a failed try, not a lost message."""
    start = monotonic()
    try:
        outcome = parcel.connector.deliver(parcel.message, parcel.destination, parcel.secret)
    except Exception as error:  # noqa: BLE001 -- whatever a plug-in raises
        _LOG.exception("connector `%s` failed", parcel.connector.id)
        outcome = Retry(f"{type(error).__name__}: {error}")
    end = monotonic()
    return Try(parcel.effect, parcel.claim, now + timedelta(seconds=end - began), end - start, outcome)


def record(tries: list[Try], *, policy: DeliveryPolicy) -> int:
    """Record what became of tries, in one transaction, and return how many counted.

    A try whose claim is no longer the newest, or whose effect was settled meanwhile, does not count.
    """
    counted = 0
    by_id = {t.effect: t for t in tries}
    with transaction.atomic():
        ledger.lock()
        effects = list(
            Effect.objects.select_for_update(of=("self",)).filter(pk__in=list(by_id)).order_by("pk")
        )
        Attempt.objects.bulk_create(_attempt(effect, by_id[str(effect.pk)]) for effect in effects)
        for effect in effects:
            trial = by_id[str(effect.pk)]
            if effect.attempts == trial.claim and effect.state == EffectState.SENDING.value:
                _settle(effect, trial.outcome, at=trial.at, policy=policy)
                counted += 1
    return counted


def _attempt(effect: Effect, trial: Try) -> Attempt:
    outcome = trial.outcome
    error = outcome.error[:2000] if isinstance(outcome, Retry | Gone | Dead) else ""
    return Attempt(effect=effect, at=trial.at, seconds=trial.seconds, status=outcome.status, error=error)


def _settle(effect: Effect, outcome: Outcome, *, at: datetime, policy: DeliveryPolicy) -> None:
    match outcome:
        case Delivered():
            mark_delivered(effect, by=SYSTEM, now=at)
        case Confirmed(applied=applied, detail=detail):
            status = Confirmation.APPLIED if applied else Confirmation.FAILED
            confirm_effect(effect, status=status, by=SYSTEM, now=at, detail=detail)
        case Dead(error=error):
            mark_dead(effect, by=SYSTEM, now=at, error=error)
        case Gone(error=error):
            endpoints.switch_off(effect.platform, by=SYSTEM, now=at, because=error)
            _again(effect, at=at, wait=0.0, error=error)
        case Retry(error=error, after=after):
            if _superseded(effect):
                effect.last_error = error[:2000]
                effect.save(update_fields=["last_error"])
                cancel_effect(effect)
                return
            seconds = next_wait(effect.round_attempts, asked=after, jitter=policy.jitter)
            if seconds is None:
                mark_dead(effect, by=SYSTEM, now=at, error=error)
            else:
                _again(effect, at=at, wait=seconds, error=error)


def _again(effect: Effect, *, at: datetime, wait: float, error: str) -> None:
    effect.state = step(EFFECT, EffectState(effect.state), EffectEvent.RETRY).value
    effect.next_at = at + timedelta(seconds=wait)
    effect.last_error = error[:2000]
    effect.save(update_fields=["state", "next_at", "last_error"])


def _superseded(effect: Effect) -> bool:
    """Whether its measure was taken back while it was on its way: no use in trying again."""
    return (
        effect.kind == EffectKind.MEASURE_APPLY
        and Effect.objects.filter(measure_id=effect.measure_id, kind=EffectKind.MEASURE_REVERSE).exists()
    )

"""Deciding many items of an answer as one act: prepared and looked at, with reasons, within a quota, undone as one.

The worker decides item by item, each in a transaction that also marks it: whoever is killed in the middle has decided
whole items or none, and the next worker goes on. On SQLite some of them share a turn at the database. Every item gets
its own decision and its own statement of reasons, as if it had been decided by hand. All of them can be taken back
until one moment, before which nothing leaves; what could not be decided long enough before that moment is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec
from django.db import connection, transaction
from django.db.models import Sum

from hakam.compliance import ledger
from hakam.compliance.direction import settled
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.enforcement.restrict import RestrictionError
from hakam.review import clauses, decisions, ladder
from hakam.review.cases import open_on
from hakam.review.concluding import Judged
from hakam.review.confined import confined
from hakam.review.evidence import content_digest
from hakam.review.leases import LeaseHeldError, NotOpenError
from hakam.review.models import Bulk, BulkItem
from hakam.review.states import Outcome
from hakam.staff.models import User
from hakam.storage.event_log import EventLog, Record
from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind
from hakam.vocabulary.event import Event, ItemRef
from hakam.vocabulary.measure import Measure

MOST: Final = 500  # items at once
HOURLY: Final = 1_000  # items that one person decides like this in an hour
SECOND_ABOVE: Final = 50  # items beyond which a second person confirms
WINDOW: Final = timedelta(minutes=10)  # from the start until effects leave
LAST: Final = timedelta(
    minutes=2
)  # before the end of the window: no item is decided, no undo begins any more
AT_ONCE: Final = 20
A_TURN: Final = 10  # items that share a turn at the database


class BulkState(StrEnum):
    """How far it is."""

    PREPARED = "prepared"
    WAITING = "waiting"  # for a second person
    RUNNING = "running"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"
    REFUSED = "refused"


class ItemState(StrEnum):
    """What became of an item."""

    WAITING = "waiting"
    DECIDED = "decided"
    SKIPPED = "skipped"  # a colleague holds it, it was decided or changed meanwhile; `why` says which
    UNDONE = "undone"


class BulkError(ValueError):
    """It can't be done. Nothing was changed."""


class QuotaError(BulkError):
    """The person has decided too many like this within an hour. `left` says how many they may."""

    def __init__(self, left: int) -> None:
        self.left = left
        super().__init__(f"{left} items are left of the quota of this hour")


class UnsaidError(BulkError):
    """The facts or the reason are missing."""


class OwnBulkError(BulkError):
    """Who asked can't be the second person."""


class LateError(BulkError):
    """It is over, or too late."""


def prepare(records: Iterable[Record], *, user: User, now: datetime, asked: dict[str, Any]) -> Bulk:
    """Write down which items an answer touches, each once as its newest event has it; nothing is decided.

    What is held for abuse of children is never among them: it is looked at one by one. Raises `BulkError`.
    """
    known = confined()
    found: dict[ItemRef, tuple[int, Event]] = {}
    for record in records:
        if known.record(record):
            continue
        event = msgspec.json.decode(record.raw, type=Event)
        ref = ItemRef(event.platform, event.item_kind.value, event.item.id)
        if ref not in found or found[ref][0] < record.seq:
            found[ref] = record.seq, event
    if not found:
        raise BulkError("there is nothing to decide")
    if len(found) > MOST:
        raise BulkError(f"at most {MOST} items at once")
    with transaction.atomic():
        made = Bulk.objects.create(
            by=str(user.actor), at=now, state=BulkState.PREPARED, asked=asked, total=len(found)
        )
        BulkItem.objects.bulk_create(
            BulkItem(
                bulk=made,
                seq=seq,
                platform=ref.platform,
                item_kind=ref.kind,
                item_id=ref.id,
                author_id=event.author.id,
                content=content_digest(event),
                state=ItemState.WAITING,
            )
            for ref, (seq, event) in sorted(found.items(), key=lambda one: one[1][0])
        )
    return made


def left_of_quota(by: Actor, now: datetime) -> int:
    """Return how many items this person may still decide like this within the hour."""
    started = Bulk.objects.filter(by=str(by), started_at__gt=now - timedelta(hours=1))
    return max(0, HOURLY - (started.aggregate(n=Sum("total"))["n"] or 0))


def ask(
    bulk_id: int,
    *,
    clause: str,
    measures: tuple[Measure, ...],
    facts: str,
    because: str,
    by: Actor,
    now: datetime,
) -> Bulk:
    """Decide all of them, or, where they are many, ask a second person.

    `facts` is told to each affected person, `because` is for colleagues. Raises `BulkError` and what is below it.
    """
    facts, because = settled(storable(facts)).strip(), settled(storable(because)).strip()
    if not facts or not because:
        raise UnsaidError("say what the facts are, and why they are decided together")
    if ladder.irreversible(measures):
        raise BulkError("what can't be undone is decided one by one")
    with transaction.atomic():
        made = _locked(bulk_id, BulkState.PREPARED)
        if made.by != str(by):
            raise LateError("somebody else prepared it")
        version = clauses.active()
        if version is None or clause not in {one.id for one in clauses.all_in(version)}:
            raise BulkError("this clause is not in force")
        left = left_of_quota(by, now)
        if made.total > left:
            raise QuotaError(left)
        made.clause, made.facts, made.because = clause, facts, because
        made.measures = msgspec.to_builtins(list(measures))
        made.started_at = now  # the quota counts what was asked for
        made.state = BulkState.WAITING
        if made.total <= SECOND_ABOVE:
            _start(made, now)
        made.save()
        _record(FactKind.BULK_ASKED, made, by=by, now=now)
    return made


def confirm(bulk_id: int, *, by: Actor, now: datetime) -> Bulk:
    """Start, as the second person, what somebody else asked for. Raises `OwnBulkError`, `LateError`."""
    with transaction.atomic():
        made = _locked(bulk_id, BulkState.WAITING)
        if made.by == str(by):
            raise OwnBulkError("the second person is somebody else")
        made.seconded_by = str(by)
        _start(made, now)
        made.save()
        _record(FactKind.BULK_CONFIRMED, made, by=by, now=now)
    return made


def refuse(bulk_id: int, *, by: Actor, now: datetime) -> Bulk:
    """Refuse it, or withdraw one's own, before it starts. Raises `LateError`."""
    with transaction.atomic():
        made = _locked(bulk_id, BulkState.PREPARED, BulkState.WAITING)
        made.state, made.finished_at, made.seconded_by = BulkState.REFUSED, now, str(by)
        made.started_at = None
        made.save()
        _record(FactKind.BULK_REFUSED, made, by=by, now=now)
    return made


def undo(bulk_id: int, *, by: Actor, now: datetime) -> Bulk:
    """Take all of it back: whoever asked or confirmed may, until two minutes before the effects leave.

    The worker takes them back one by one and can be killed in it as in deciding. Raises `LateError`.
    """
    with transaction.atomic():
        made = _locked(bulk_id, BulkState.RUNNING, BulkState.DONE)
        if str(by) not in {made.by, made.seconded_by}:
            raise LateError("who asked or confirmed it can take it back")
        if made.undo_until is None or now >= made.undo_until - LAST:
            raise LateError("the time for second thoughts is over")
        made.state = BulkState.UNDOING
        made.save(update_fields=["state"])
        _record(FactKind.BULK_UNDONE, made, by=by, now=now)
    return made


def work(log: EventLog, now: datetime, *, limit: int = AT_ONCE) -> int:
    """Go on with whatever is under way, for the worker; return how many items were done."""
    done = 0
    for made in Bulk.objects.filter(state__in=[BulkState.UNDOING, BulkState.RUNNING]).order_by("pk"):
        undoing = made.state == BulkState.UNDOING
        wanted = ItemState.DECIDED if undoing else ItemState.WAITING
        late = not undoing and (made.undo_until is None or now >= made.undo_until - LAST)
        waiting = list(
            made.items.filter(state=wanted).order_by("pk").values_list("pk", flat=True)[: limit - done]
        )
        for some in [] if late else _together(waiting):
            with _turn():
                for pk in some:
                    _undo(pk, made, now) if undoing else _decide(pk, made, log, now)
            done += len(some)
        if late or not made.items.filter(state=wanted).exists():
            _finish(made, now, undone=undoing)
        if done >= limit:
            break
    return done


def _together(waiting: list[int]) -> Iterator[list[int]]:
    """Yield the items in the groups that share a turn.

    SQLite has one writer at a time: while the worker takes in a crowd, each turn is waited for. Elsewhere each item is
    alone, since who holds the ledger's head must not wait for a case.
    """
    size = 1 if connection.features.has_select_for_update else A_TURN
    for at in range(0, len(waiting), size):
        yield waiting[at : at + size]


def _turn() -> AbstractContextManager[None]:
    """Return a transaction around the items of a group; each is decided in one of its own within it."""
    return nullcontext() if connection.features.has_select_for_update else transaction.atomic()


def _decide(pk: int, made: Bulk, log: EventLog, now: datetime) -> None:
    """Decide one item and mark it, both or neither."""
    try:
        with transaction.atomic():
            item = BulkItem.objects.select_for_update(of=("self",)).get(pk=pk)
            held = Bulk.objects.select_for_update().get(pk=made.pk)
            if item.state != ItemState.WAITING or held.state != BulkState.RUNNING:
                return
            judged = _judged(item, log)
            if judged is None:
                item.state, item.why = ItemState.SKIPPED, "changed"
                item.save(update_fields=["state", "why"])
                return
            assert held.undo_until is not None  # it runs
            item.decision = decisions.decide_item(
                judged,
                by=_actor(held.by),
                now=now,
                outcome=Outcome.VIOLATION,
                clause=held.clause,
                measures=msgspec.convert(held.measures, tuple[Measure, ...]),
                facts=held.facts,
                note=held.because,
                undo_seconds=max(1, int((held.undo_until - now).total_seconds())),
                seconded_by=_actor(held.seconded_by) if held.seconded_by else None,
            )
            item.state = ItemState.DECIDED
            item.save(update_fields=["state", "decision"])
    except LeaseHeldError:
        _skip(pk, "held")
    except (
        NotOpenError,
        RestrictionError,
        ValueError,
    ) as error:  # decided or restricted meanwhile
        _skip(pk, f"refused: {error}"[:200])


def _skip(pk: int, why: str) -> None:
    BulkItem.objects.filter(pk=pk, state=ItemState.WAITING).update(state=ItemState.SKIPPED, why=why)


def _judged(item: BulkItem, log: EventLog) -> Judged | None:
    """Return what the decision is about; None if the content is another one by now."""
    record = next((one for one in log.read(item.seq - 1, 1) if one.seq == item.seq), None)
    if record is None:
        return None
    event = msgspec.json.decode(record.raw, type=Event)
    ref = ItemRef(item.platform, item.item_kind, item.item_id)
    opened = open_on(ref)
    if opened is not None and opened.content and opened.content != item.content:
        return None
    return Judged(
        item=ref,
        item_url=event.item.url or "",
        author_id=event.author.id,
        author_email=event.author.email or "",
        language=event.author.language or event.item.language or "en",
        content=item.content,
    )


def _undo(pk: int, made: Bulk, now: datetime) -> None:
    with transaction.atomic():
        item = BulkItem.objects.select_for_update(of=("self",)).select_related("decision").get(pk=pk)
        if item.state != ItemState.DECIDED or item.decision is None:
            return
        try:
            with transaction.atomic():
                decisions.undo(item.decision.pk, by=_actor(made.by), now=now, lease_seconds=0)
        except decisions.DecisionError as error:  # somebody replaced it: theirs stands
            item.state, item.why = ItemState.SKIPPED, f"refused: {error}"[:200]
        else:
            item.state = ItemState.UNDONE
        item.save(update_fields=["state", "why"])


def _finish(made: Bulk, now: datetime, *, undone: bool) -> None:
    with transaction.atomic():
        before = BulkState.UNDOING if undone else BulkState.RUNNING
        held = Bulk.objects.select_for_update().filter(pk=made.pk, state=before).first()
        if held is None:
            return
        held.state, held.finished_at = (BulkState.UNDONE if undone else BulkState.DONE), now
        held.save(update_fields=["state", "finished_at"])
        _record(FactKind.BULK_ENDED, held, by=SYSTEM, now=now)


def _start(made: Bulk, now: datetime) -> None:
    made.state, made.started_at, made.undo_until = BulkState.RUNNING, now, now + WINDOW


def _locked(bulk_id: int, *states: BulkState) -> Bulk:
    made = Bulk.objects.select_for_update().filter(pk=bulk_id).first()
    if made is None or made.state not in states:
        raise LateError("it is over, or not there")
    return made


def counts(made: Bulk) -> dict[str, int]:
    """Return how many items are in each state."""
    states = list(made.items.values_list("state", flat=True))
    return {state.value: states.count(state.value) for state in ItemState}


def find(bulk_id: int) -> Bulk | None:
    """Return one, or None."""
    return Bulk.objects.filter(pk=bulk_id).first()


def newest(limit: int = 30) -> list[Bulk]:
    """Return the last ones that were asked for."""
    return list(Bulk.objects.exclude(state=BulkState.PREPARED).order_by("-pk")[:limit])


def _actor(text: str) -> Actor:
    kind, _colon, number = text.partition(":")
    return Actor(ActorKind(kind), number)


def _record(kind: FactKind, made: Bulk, *, by: Actor, now: datetime) -> None:
    ledger.record(
        kind,
        by=by,
        now=now,
        subject=f"bulk:{made.pk}",
        body={
            "items": made.total,
            "clause": made.clause,
            "measures": made.measures,
            "counts": counts(made),
            "waits": made.state == BulkState.WAITING,  # for a second person
        },
        private={"facts": made.facts, "because": made.because},
    )

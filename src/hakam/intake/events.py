"""The worker's reading of the event log: what rules ask for becomes cases and automated decisions.

Cursor and effects of a batch are one transaction. A record that can't be taken in is set aside with a fact,
for a person to look at, and the cursor goes on; an outage of the database or the disk moves nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from django.db import InterfaceError, OperationalError, transaction

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.intake import cursors, known_items, sightings
from hakam.intake.acting import act
from hakam.intake.known_items import Seen
from hakam.intake.models import Quarantined
from hakam.investigation.backwards import Range, pages
from hakam.review import clauses, evidence, trips
from hakam.review.automatic import key_of
from hakam.review.cases import add_version, lock_open, open_items
from hakam.review.evidence import Snapshot
from hakam.storage.event_log import CorruptRecordError, EventLog, Record
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import Change, ContentKind, Event, ItemRef
from hakam.vocabulary.verdict import Firing, Verdict

CURSOR: Final = "events"
MAX_ACTIVE: Final = 20  # records of one transaction that do more than being learnt
_LOG: Final = logging.getLogger(__name__)
_OUTAGES: Final = (OperationalError, InterfaceError, OSError, MemoryError)


class _Item(msgspec.Struct, frozen=True):
    id: str
    kind: ContentKind | None = None
    url: str | None = None


class _Glance(msgspec.Struct, frozen=True):
    """The little of an event that every record is read for."""

    kind: ContentKind
    item: _Item
    change: Change = Change.CREATED


class _Active(msgspec.Struct, frozen=True):
    """A record that brings something about."""

    record: Record
    item: ItemRef
    event: Event
    verdict: Verdict | None  # None: only a later version of the item
    snapshot: Snapshot


_GLANCES: Final = msgspec.json.Decoder(_Glance)
_VERDICTS: Final = msgspec.json.Decoder(Verdict)


def consume(log: EventLog, *, vault: Vault, now: datetime, limit: int) -> int:
    """Take in up to `limit` records after the cursor and return how many it passed; 0 when there are none.

    Raises for outages only; then nothing has moved.
    """
    after = cursors.position(CURSOR)
    try:
        records = log.read(after, limit)
    except CorruptRecordError as error:
        records = _before(error, log, after, limit)
        if not records:
            return _set_aside(error.seq, str(error), now=now)
    if not records:
        return 0
    aside = _aside(records)
    seen, active, shadows, broken = _sort(records, vault)
    if len(active) > MAX_ACTIVE:
        last = active[MAX_ACTIVE - 1].record.seq
        records = [record for record in records if record.seq <= last]
        seen = [one for one in seen if one.seq <= last]
        active = active[:MAX_ACTIVE]
        shadows = [one for one in shadows if one[0] <= last]
        broken = {seq: reason for seq, reason in broken.items() if seq <= last}
        aside = _aside(records)
    failed = _failed(log, aside)
    with transaction.atomic():
        if not cursors.move(CURSOR, to=records[-1].seq):
            return 0
        known_items.learn(seen)
        lock_open(one.item for one in active)
        for one in active:
            _take_in(one, now=now, seen=sightings.seen_at(one.record, now=now))
        came = {record.seq: record for record in records}
        for seq, item, firings in shadows:
            seen_at = sightings.seen_at(came[seq], now=now)
            sightings.note(firings, item=item, seq=seq, now=now, seen=seen_at)
        for without in aside:
            said = without.verdict
            trips.note_aside(said.aside, pack=said.pack, events=without.events, now=now, failed=failed)
        for seq, reason in sorted(broken.items()):
            _quarantine(seq, reason, now=now)
    return len(records)


class _Without(NamedTuple):
    """Events that were judged without some rules: a verdict that names them, how many have it, and the first."""

    verdict: Verdict
    events: int
    first: int


def _aside(records: Sequence[Record]) -> list[_Without]:
    """Return the events of records that were judged without rules that were put aside, for each set of rules."""
    found: dict[tuple[object, ...], _Without] = {}
    for record in records:
        if b'"aside"' not in record.verdict:
            continue
        with suppress(msgspec.MsgspecError):  # `_sort` says what is wrong with it
            verdict = _VERDICTS.decode(record.verdict)
            if verdict.aside:
                key = (verdict.pack, *sorted((rule, one.at) for rule, one in verdict.aside.items()))
                known = found.get(key, _Without(verdict, 0, record.seq))
                found[key] = known._replace(events=known.events + 1)
    return list(found.values())


def _failed(log: EventLog, aside: Sequence[_Without]) -> dict[str, int]:
    """Return, of rules whose putting aside is news, on how many events each had failed in the time before."""
    failed: dict[str, int] = {}
    for one in aside:
        for rule, put in trips.news(one.verdict.aside).items():
            if rule in failed:
                continue
            begin = put.at - trips.BEFORE_ASIDE.total_seconds()
            stretch = Range(log.before(begin), one.first - 1)
            records = (record for page in pages(log, stretch) for record in page.records)
            failed[rule] = sum(rule in _failing(record) for record in records)
    return failed


def _failing(record: Record) -> tuple[str, ...]:
    """Return the rules that failed on an event; none if its verdict can't be read, which `_sort` tells."""
    if b'"quarantined"' not in record.verdict:
        return ()
    with suppress(msgspec.MsgspecError):
        return _VERDICTS.decode(record.verdict).quarantined
    return ()


def _before(error: CorruptRecordError, log: EventLog, after: int, limit: int) -> list[Record]:
    """Return the sound records before a corrupt one, none if it comes first."""
    while limit > 1:
        limit //= 2
        try:
            return log.read(after, limit)
        except CorruptRecordError as earlier:
            error.seq = earlier.seq
    return []


_Shadow = tuple[int, ItemRef, tuple[Firing, ...]]  # what banks knew of a record that brings nothing about


def _sort(
    records: Sequence[Record], vault: Vault
) -> tuple[list[Seen], list[_Active], list[_Shadow], dict[int, str]]:
    """Tell quiet records, which are only learnt, from those that bring something about and broken ones.

    Copies are frozen here, before the transaction: a file that no row names is harmless, a row without its
    file is not.
    """
    seen: list[Seen] = []
    broken: dict[int, str] = {}
    fired: list[tuple[Record, ItemRef, Verdict]] = []
    later: list[tuple[Record, ItemRef]] = []
    shadows: list[_Shadow] = []
    for record in records:
        try:
            glance = _GLANCES.decode(record.raw)
            ref = ItemRef(record.platform, (glance.item.kind or glance.kind).value, glance.item.id)
            # An empty list is left out when a verdict is encoded, and firings in shadow are recorded only.
            verdict = _VERDICTS.decode(record.verdict) if b'"firings"' in record.verdict else None
            if verdict is not None and verdict.live:
                fired.append((record, ref, verdict))
            elif glance.change is not Change.CREATED:
                later.append((record, ref))
            if verdict is not None and not verdict.live and b'"bank:' in record.verdict:
                shadows.append((record.seq, ref, verdict.firings))
            seen.append(Seen(ref, glance.item.url or "", record.seq))
        except msgspec.MsgspecError as error:
            broken[record.seq] = f"{type(error).__name__}: {error}"
    concerned = open_items(ref for _, ref in later) | {ref for _, ref, _ in fired}
    wanted = [*fired, *((record, ref, None) for record, ref in later if ref in concerned)]
    active: list[_Active] = []
    for record, ref, verdict in sorted(wanted, key=lambda one: one[0].seq):
        try:
            event = evidence.read_event(record.raw)
        except msgspec.MsgspecError as error:
            broken[record.seq] = f"{type(error).__name__}: {error}"
        else:
            active.append(_Active(record, ref, event, verdict, evidence.freeze(vault, record.raw)))
    return seen, active, shadows, broken


def _take_in(one: _Active, *, now: datetime, seen: datetime) -> None:
    seq = one.record.seq
    try:
        with transaction.atomic():
            if one.verdict is not None:
                trips.heard(one.verdict, now=now)
                act(one.event, one.verdict, item=one.item, snapshot=one.snapshot, seq=seq, now=now, seen=seen)
            if one.event.change is not Change.CREATED:
                version = clauses.active()
                add_version(
                    now=now,
                    item=one.item,
                    ref=f"version:{seq}",
                    snapshot=one.snapshot,
                    event=one.event,
                    pack=version.digest if version else "",
                )
    except _OUTAGES:
        raise
    except Exception as error:  # noqa: BLE001 -- one record must not hold up all that come after it
        _LOG.exception("record %s of the event log could not be taken in", seq)
        _quarantine(seq, f"{type(error).__name__}: {error}", now=now)


def _set_aside(seq: int, reason: str, *, now: datetime) -> int:
    with transaction.atomic():
        if not cursors.move(CURSOR, to=seq):
            return 0
        _quarantine(seq, reason, now=now)
    return 1


def _quarantine(seq: int, reason: str, *, now: datetime) -> None:
    reason = storable(reason)[:2000]
    _, fresh = Quarantined.objects.get_or_create(seq=seq, defaults={"at": now, "reason": reason})
    if fresh:
        ledger.record(
            FactKind.EVENT_QUARANTINED,
            by=SYSTEM,
            now=now,
            subject=key_of(seq),
            private={"reason": reason},
        )

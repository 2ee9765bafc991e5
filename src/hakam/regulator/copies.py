"""Identical copies of what a request had taken down: looked for in the event log, newest first, some at a time.

# OSA s.10(3A), TAKE IT DOWN Act s.3: reasonable efforts to remove known identical copies. A copy is identical where
the platform sent the same hash of the same kind for it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from django.db import transaction

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.enforcement.ordered import apply_ordered
from hakam.regulator.models import Request
from hakam.regulator.requests import RequestState, measure_of, regime_of, subject_of
from hakam.storage.event_log import CorruptRecordError, EventLog
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import Event, ItemRef

AT_ONCE: Final = 2_000  # records
_EVENT: Final = msgspec.json.Decoder(Event)


def search(log: EventLog, *, now: datetime, limit: int = AT_ONCE) -> int:
    """Look through the next records for each request that is not done; return how many copies were taken down."""
    wanted = Request.objects.filter(
        state__in=[RequestState.CARRIED_OUT, RequestState.ANSWERED], copies_from__gt=0
    )
    return sum(_step(pk, log, now=now, limit=limit) for pk in wanted.values_list("pk", flat=True))  # fmt: skip


def _step(pk: UUID, log: EventLog, *, now: datetime, limit: int) -> int:
    request = Request.objects.get(pk=pk)
    top = request.copies_from or 0
    bottom = max(0, top - limit)
    wanted = {(kind, value) for kind, value in request.hashes}
    found: dict[ItemRef, tuple[str, str]] = {}
    for data in _between(log, bottom, top):
        try:
            event = _EVENT.decode(data)
        except msgspec.MsgspecError:
            continue
        same = any(
            (kind, value.lower()) in wanted for m in event.item.media for kind, value in m.hashes.items()
        )
        if same and event.platform == request.platform:
            ref = ItemRef(event.platform, event.item_kind.value, event.item.id)
            found.setdefault(ref, (event.item.url or "", event.author.id))
    with transaction.atomic():
        ledger.lock()
        request = Request.objects.select_for_update().get(pk=pk)
        if request.copies_from != top:
            return 0  # somebody else was here
        fresh = 0
        for ref, (url, author) in found.items():
            row = apply_ordered(
                ref,
                measure_of(regime_of(request)),
                order=subject_of(request),
                by=SYSTEM,
                now=now,
                item_url=url,
                author_id=author,
            )
            fresh += row.planned_at == now
        request.copies_from = bottom
        request.copies += fresh
        request.save(update_fields=["copies_from", "copies"])
        if fresh or not bottom:
            ledger.record(
                FactKind.REQUEST_COPIES_REMOVED,
                by=SYSTEM,
                now=now,
                subject=subject_of(request),
                body={"copies": fresh, "in_all": request.copies, "searched_all": not bottom},
            )
    return fresh


def _between(log: EventLog, bottom: int, top: int) -> list[bytes]:
    """Return the events of the records after `bottom` up to `top`; what is damaged is left out."""
    out: list[bytes] = []
    at = bottom
    while at < top:
        try:
            records = log.read(at, top - at)
        except CorruptRecordError as error:
            at = error.seq
            continue
        if not records:
            break
        out += [record.raw for record in records if record.seq <= top]
        at = records[-1].seq
    return out

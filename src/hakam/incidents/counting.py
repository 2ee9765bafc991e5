"""What the emergency bank saw, written into the ledger: when uploaded, when seen, whether held. No hash, no name.

The figures of a report come from these facts; the rows from which they are made may be erased by then.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from django.db import transaction
from django.db.models import Q

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.incidents.models import Incident
from hakam.incidents.naming import bank_of, subject_of
from hakam.incidents.states import IN_FORCE
from hakam.intake.models import BankSighting
from hakam.storage.event_log import CorruptRecordError, EventLog
from hakam.vocabulary.actor import SYSTEM

AT_ONCE: Final = 100
_AFTER: Final = timedelta(hours=1)  # what was taken in late is counted too


class _Uploaded(msgspec.Struct, frozen=True):
    at: datetime


_DECODER: Final = msgspec.json.Decoder(_Uploaded)


def count_due(log: EventLog, *, now: datetime) -> int:
    """Write new sightings of incidents into the ledger; return how many."""
    running = Q(state__in=[s.value for s in IN_FORCE]) | Q(closed_at__gt=now - _AFTER)
    done = 0
    for pk in Incident.objects.filter(running).order_by("pk").values_list("pk", flat=True):
        done += _count(pk, log, now=now)
    return done


def _count(pk: int, log: EventLog, *, now: datetime) -> int:
    incident = Incident.objects.get(pk=pk)
    rows = _new(incident)
    if not rows:
        return 0
    uploaded = {row.seq: _uploaded(log, row) for row in rows}
    with transaction.atomic():
        ledger.lock()
        incident = Incident.objects.select_for_update().get(pk=pk)
        rows = [row for row in rows if row.pk > incident.counted_to]
        if not rows:
            return 0
        incident.counted_to = rows[-1].pk
        incident.save(update_fields=["counted_to"])
        ledger.record(
            FactKind.INCIDENT_COPIES_SEEN,
            by=SYSTEM,
            now=now,
            subject=subject_of(incident),
            about=sorted({f"item:{row.platform}/{row.item_kind}/{row.item_id}" for row in rows}),
            body={
                "exercise": incident.exercise,
                "copies": [_told(incident, row, uploaded[row.seq]) for row in rows],
            },
        )
    return len(rows)


def _new(incident: Incident) -> list[BankSighting]:
    rows = BankSighting.objects.filter(bank=bank_of(incident), pk__gt=incident.counted_to)
    return list(rows.select_related("held_by").order_by("pk")[:AT_ONCE])


def _uploaded(log: EventLog, row: BankSighting) -> datetime:
    """Return when it was uploaded, as the platform says; when it was seen, if its record can't be read any more."""
    try:
        found = log.read(row.seq - 1, 1)
        if found and found[0].seq == row.seq:
            return min(row.at, _DECODER.decode(found[0].raw).at)
    except (CorruptRecordError, msgspec.MsgspecError):
        pass
    return row.at


def _told(incident: Incident, row: BankSighting, uploaded: datetime) -> dict[str, Any]:
    earlier = BankSighting.objects.filter(
        bank=row.bank,
        platform=row.platform,
        item_kind=row.item_kind,
        item_id=row.item_id,
        pk__lt=row.pk,
    )
    return {
        "seq": row.seq,
        "uploaded_at": uploaded,
        "seen_at": row.at,
        "decision": row.held_by_id,  # that held it; null: it was not held
        "again": earlier.exists(),  # the same item, by another hash or in a later version
        "rehearsed": incident.exercise,
    }

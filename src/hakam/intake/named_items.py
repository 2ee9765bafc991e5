"""What an order or a request names by its addresses: found, frozen, put on top of the queue.

A copy is frozen before the transaction that names it. An address of which no event told is an item of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from hakam.intake import known_items
from hakam.review import clauses, evidence
from hakam.review.cases import Source, lock_open, open_case
from hakam.review.models import Case
from hakam.review.states import SourceKind
from hakam.storage.event_log import EventLog
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.event import Event, ItemRef


class Named(NamedTuple):
    """An item at an address, with its frozen copy; `event` is None for an address that no event told of."""

    ref: ItemRef
    url: str
    copy: evidence.Snapshot
    event: Event | None


def ref_at(url: str, platform: str) -> ItemRef:
    """Return the item at an address, or the address as an item."""
    known = known_items.at_url(url)
    return (
        known_items.ref_of(known)
        if known is not None
        else ItemRef(platform, "url", known_items.normalise(url)[:512])
    )


def freeze(
    urls: Iterable[str], platform: str, *, vault: Vault, log: EventLog | None, now: datetime
) -> list[Named]:
    """Freeze what addresses point at, each once."""
    found = []
    for url in dict.fromkeys(urls):
        known = known_items.at_url(url)
        ref = ref_at(url, platform)
        data = known_items.newest_event(known, log) if known is not None and log is not None else None
        event = None
        if data is not None:
            try:
                event = evidence.read_event(data)
            except msgspec.MsgspecError:
                event = None
            copy = evidence.freeze(vault, data)
        else:
            record = {"item": str(ref), "url": url, "received_at": now}
            copy = evidence.freeze(vault, msgspec.json.encode(record), evidence.EvidenceKind.NOTICE)
        found.append(Named(ref, url, copy, event))
    return found


def open_cases(
    found: Sequence[Named],
    *,
    subject: str,
    harm: str,
    language: str,
    due: datetime | None,
    by: Actor,
    now: datetime,
) -> None:
    """Put items on top of the queue because of `subject` (`order:...`), inside the caller's transaction."""
    version = clauses.active()
    lock_open(one.ref for one in found)
    for n, one in enumerate(found):
        open_case(
            by=by,
            now=now,
            item=one.ref,
            source=Source(
                kind=SourceKind.ORDER,
                ref=f"{subject}:{n}",
                harm=harm,
                summary={"harm": harm, "illegal": True, "language": language, "accuracy": None},
                due_at=due,
            ),
            snapshot=one.copy,
            event=one.event,
            item_url=one.url,
            pack=version.digest if version else "",
        )


def located(urls: Iterable[str], platform: str) -> list[tuple[ItemRef, str, str]]:
    """Return what addresses name, as (item, address, account or empty)."""
    found = []
    for url in dict.fromkeys(urls):
        ref = ref_at(url, platform)
        case = (
            Case.objects.filter(platform=ref.platform, item_kind=ref.kind, item_id=ref.id)
            .order_by("-pk")
            .first()
        )
        found.append((ref, url, case.author_id if case is not None else ""))
    return found

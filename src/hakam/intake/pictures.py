"""The worker's second look at events that brought pictures along: decoded in the sandbox, looked up in the banks.

The door knows such a picture by the hashes that came with it and by its bytes. Here it is decoded, so that a copy that
was saved anew, mirrored or framed is found too, and one that lies inside another picture, by its landmarks. A bank
whose action is a review then gets its case. Rules have judged the event already: what they would say of this match they
say when the platform sends the PDQ itself.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

import msgspec
from django.db import transaction

from hakam.compliance.storable import storable
from hakam.intake import cursors
from hakam.media.sandbox import Sandbox, UnreadableError
from hakam.review import clauses, evidence
from hakam.review.automatic import key_of, unsettled
from hakam.review.cases import Source, open_case
from hakam.review.evidence import Snapshot
from hakam.review.lineage import settled_clauses
from hakam.review.priority import Inputs
from hakam.review.states import SourceKind
from hakam.storage.event_log import CorruptRecordError, EventLog, Record
from hakam.storage.known_media import Alike, KnownMedia
from hakam.storage.media_lookup import look_at
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.event import Change, Event, ItemRef
from hakam.vocabulary.verdict import Firing, ReviewRequest, Stage, Verdict

CURSOR: Final = "pictures"
QUEUE: Final = "banks"
CONFIDENCE: Final = 0.7  # of a copy found by its looks
_LOG: Final = logging.getLogger(__name__)
_WITH_DATA: Final = b'"data"'
_VERDICTS: Final = msgspec.json.Decoder(Verdict)


def consume(
    log: EventLog, media: KnownMedia, sandbox: Sandbox, *, vault: Vault, now: datetime, limit: int
) -> int:
    """Look at up to `limit` records after the cursor; return how many it passed. Raises for outages only."""
    after = cursors.position(CURSOR)
    try:
        records = log.read(after, limit)
    except CorruptRecordError as error:  # the other reader of the log has set it aside, with a fact
        with transaction.atomic():
            return int(cursors.move(CURSOR, to=error.seq))
    if not records:
        return 0
    found = [(record, seen) for record in records if (seen := _look(record, media, sandbox)) is not None]
    snapshots = [evidence.freeze(vault, record.raw) for record, _ in found]
    with transaction.atomic():
        if not cursors.move(CURSOR, to=records[-1].seq):
            return 0
        for (record, (event, verdict, matches)), snapshot in zip(found, snapshots, strict=True):
            _open(record, event, snapshot, verdict, matches, media=media, now=now)
    return len(records)


def _look(
    record: Record, media: KnownMedia, sandbox: Sandbox
) -> tuple[Event, Verdict, dict[str, Alike]] | None:
    """Return the nearest match of each bank that asks for a person and did not get one at the door."""
    if _WITH_DATA not in record.raw or not media.known:
        return None
    try:
        event = evidence.read_event(record.raw)
        verdict = _VERDICTS.decode(record.verdict)
    except msgspec.MsgspecError:
        return None  # the other reader of the log has set it aside
    if event.change is Change.DELETED:
        return None
    told = {match.bank for match in verdict.matches}
    found: dict[str, Alike] = {}
    for place, one in enumerate(event.item.media):
        if one.data is None:
            continue
        try:
            seen = look_at(one.data, media, sandbox, at=record.at)
        except UnreadableError as error:
            _LOG.info("record %s, media %s: %s", record.seq, place, error)
            continue
        for alike in seen:
            if media.known.banks[alike.bank].bank.clause and alike.bank not in told:
                found.setdefault(alike.bank, alike)
    return (event, verdict, found) if found else None


def _open(
    record: Record,
    event: Event,
    snapshot: Snapshot,
    verdict: Verdict,
    matches: dict[str, Alike],
    *,
    media: KnownMedia,
    now: datetime,
) -> None:
    item = ItemRef(event.platform, event.item_kind.value, event.item.id)
    settled = settled_clauses(item, evidence.content_digest(event))
    for match in matches.values():
        bank = media.known.banks[match.bank].bank
        clause = clauses.find(bank.clause)
        shown = f"entry {match.entry}, {match.kind}, {match.how}"
        firing = Firing(
            rule=f"bank:{bank.name}",
            policy=bank.clause,
            rule_digest=f"revision {bank.revision}",
            stage=Stage.LIVE,
            review=ReviewRequest(QUEUE),
            values={f'bank("{bank.name}")': shown},
        )
        if not unsettled((firing,), settled):  # a person has judged this content under the clause
            continue
        open_case(
            by=Actor(ActorKind.RULE, firing.rule[:150]),
            now=now,
            item=item,
            source=Source(
                kind=SourceKind.VERDICT,
                ref=f"{key_of(record.seq)}/{bank.name}",
                clause=bank.clause,
                harm=clauses.harm_of(clause) or "" if clause else "",
                summary=storable(
                    {
                        "firings": [msgspec.to_builtins(firing)],
                        "pack": str(verdict.pack),
                        "seq": record.seq,
                    }
                ),
                inputs=Inputs(confidence=CONFIDENCE, urgency=0.0, reach=event.item.reach),
                queue=QUEUE,
            ),
            snapshot=snapshot,
            event=event,
            pack=verdict.pack.digest,
        )

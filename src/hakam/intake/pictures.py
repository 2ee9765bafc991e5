"""The worker's second look at events with pictures, clips or sound: decoded apart, looked up in the banks.

The door knows such a picture by the hashes that came with it and by its bytes. Here it is decoded, so that a copy that
was saved anew, mirrored or framed is found too, and one that lies inside another picture, by its landmarks. A bank
whose action is a review then gets its case. Rules that read `bank("name")` judge the event again, by how near the look
found it; see `again`. Of a file that people may see and nothing can read a person is asked; see `unseen`.
"""

from __future__ import annotations

import logging
from datetime import datetime
from time import monotonic
from typing import Final, NamedTuple

import msgspec

from hakam.compliance.storable import storable
from hakam.intake import again, cursors, sightings, unseen
from hakam.intake.following import follow
from hakam.intake.media_files import NOWHERE, MediaFolder, UnreachableError
from hakam.media.sandbox import Sandbox, UnreadableError
from hakam.media.sniff import is_clip
from hakam.media.trouble import Trouble
from hakam.policy.known_content import bank_of, nearness, score_of
from hakam.review import clauses, evidence
from hakam.review.automatic import decide_automatically, key_of, unsettled
from hakam.review.cases import Source, open_case
from hakam.review.evidence import EvidenceKind, Snapshot
from hakam.review.lineage import settled_clauses
from hakam.review.priority import Inputs
from hakam.review.states import SourceKind
from hakam.storage.bank_firings import firing_of
from hakam.storage.event_log import CorruptRecordError, EventLog, Record
from hakam.storage.known_media import Alike, KnownMedia
from hakam.storage.media_lookup import NO_CLIPS, Looked, Still, look_at
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.event import Change, Event, ItemRef, Media
from hakam.vocabulary.verdict import Verdict

CURSOR: Final = "pictures"
QUEUE: Final = "banks"
SOURCE: Final = "media"
MADE_BY: Final = "banks"
LATE: Final = 180.0  # seconds of waiting that people are told of
CONFIDENCE: Final = 0.7  # of a copy found by its looks
_LOG: Final = logging.getLogger(__name__)
_WITH_DATA: Final = b'"data"'
_VERDICTS: Final = msgspec.json.Decoder(Verdict)
_NOT_THE_FILE_S: Final = frozenset(  # what was too much for the reader, or is the matter with this machine
    {
        Trouble.TOO_SLOW,
        Trouble.DEADLY,
        Trouble.TOO_LARGE,
        Trouble.TOO_BIG,
        Trouble.NO_READER,
        Trouble.NOT_OPEN,
    }
)


class Look(NamedTuple):
    """What pictures, clips and recordings are looked at with."""

    media: KnownMedia
    sandbox: Sandbox
    folder: MediaFolder = NOWHERE


class _Found(NamedTuple):
    """A record in which something is known: the nearest match of each bank, and frames to show for it."""

    record: Record
    event: Event
    verdict: Verdict
    matches: dict[str, Alike]
    stills: dict[str, list[Still]]
    scores: dict[str, float]  # of the banks that rules read, how near they are
    unseen: dict[str, str]  # what of it nothing could look at, and why not


def consume(log: EventLog, look: Look, *, vault: Vault, now: datetime, limit: int) -> int:
    """Look at up to `limit` records after the cursor; return how many it passed. Raises for outages only."""
    began = monotonic()

    def keep(one: _Found) -> tuple[Snapshot, list[Snapshot]]:
        return evidence.freeze(vault, one.record.raw), [_still_copy(vault, one, bank) for bank in one.stills]

    def take_in(one: _Found, copies: tuple[Snapshot, list[Snapshot]]) -> None:
        seen = sightings.seen_at(one.record, now=now, began=began)
        _open(one, *copies, media=look.media, now=now, seen=seen)
        if one.scores:
            again.take_in(again.Learnt(one.record, SOURCE, MADE_BY, one.scores), vault=vault, now=now)
        if one.unseen:
            _ask_a_person(one, copies[0], now=now)

    return follow(
        CURSOR, log, limit=limit, look=lambda record: _look(record, look), keep=keep, take_in=take_in
    )


def behind(log: EventLog, *, now: datetime) -> float | None:
    """Return for how many seconds the oldest record has waited for this look; None if nothing waits, or none was made.

    What a record shows is up meanwhile, unless the platform lets uploads wait.
    """
    after = cursors.position(CURSOR)
    if not after or after >= log.last_seq():
        return None
    try:
        waiting = log.read(after, 1)
    except CorruptRecordError:
        return None  # the next round passes over it
    return max(0.0, now.timestamp() - waiting[0].received_at) if waiting else None


def _still_copy(vault: Vault, found: _Found, bank: str) -> Snapshot:
    match = found.matches[bank]
    strip = evidence.Strip(
        bank, match.entry, [evidence.StripFrame(one.seconds, one.jpeg) for one in found.stills[bank]]
    )
    return evidence.freeze(vault, msgspec.json.encode(strip), EvidenceKind.MEDIA)


def _look(record: Record, look: Look) -> _Found | None:
    """Return what the door could not see: matches for people, and the nearness of the banks that rules read.

    A match is for people if its bank asks for a person and did not get one at the door. That a bank is not near is
    known only if all media of the event could be looked at.
    """
    media = look.media
    if not media.known or (_WITH_DATA not in record.raw and look.folder.folder is None):
        return None
    try:
        event = evidence.read_event(record.raw)
        verdict = _VERDICTS.decode(record.verdict)
    except msgspec.MsgspecError:
        return None  # the other reader of the log has set it aside
    if event.change is Change.DELETED or not event.item.media:
        return None
    found = _Found(record, event, verdict, {}, {}, {}, {})
    read = {name for score in again.reads(record) if (name := bank_of(f'scores["{score}"]')) is not None}
    read &= media.known.banks.keys()  # one that only watches is read by no rule
    looked = [_look_at(place, one, look, found) for place, one in enumerate(event.item.media)]
    for seen in looked:
        if seen is not None:
            _gather(found, seen, read, media)
    if all(seen is not None and not seen.missed for seen in looked):
        for name in read:
            if media.known.banks[name].shelf.has_pictures:
                found.scores.setdefault(score_of(name), 0.0)
    if not any(one.bank.clause for one in media.known.banks.values()):
        found.unseen.clear()  # no bank asks for a person, so none is asked either
    return found if found.matches or found.scores or found.unseen else None


def _look_at(place: int, one: Media, look: Look, found: _Found) -> Looked | None:
    """Return what lies near one of an event's media, None if it could not be looked at."""
    record, data = found.record, None
    try:
        data = look.folder.read(one)
        seen = None if data is None else look_at(data, look.media, look.sandbox, at=record.at)
    except (UnreadableError, UnreachableError) as error:
        _LOG.log(_level(error), "record %s, media %s was not looked at: %s", record.seq, place, error)
        if _may_be_seen(error, data):
            detail = str(error) if isinstance(error, UnreadableError) else ""
            said = detail.removeprefix(error.trouble).removeprefix(": ")
            found.unseen[f"media {place + 1}"] = f"{error.trouble}: {said}" if said else error.trouble
        return None
    if seen is not None and seen.missed:
        _LOG.warning("record %s, media %s was looked at in part: %s", record.seq, place, seen.missed)
    return seen


def _level(error: Exception) -> int:
    """Return how loud to say it: what this machine had no time for is its own trouble, what is damaged its sender's."""
    slow = isinstance(error, UnreadableError) and error.trouble == Trouble.TOO_SLOW
    return logging.WARNING if slow else logging.INFO


def _may_be_seen(error: UnreadableError | UnreachableError, data: bytes | None) -> bool:
    """Whether a file that could not be looked at may be one that people see.

    A clip, whatever is wrong with it, since players are more patient than we; a picture if it was too much for its
    reader. Not for want of a program, which is what whoever runs this machine chose.
    """
    if error.trouble == NO_CLIPS:
        return False
    return error.trouble in _NOT_THE_FILE_S or (data is not None and is_clip(data))


def _ask_a_person(found: _Found, snapshot: Snapshot, *, now: datetime) -> None:
    event, pack = found.event, found.verdict.pack
    item = ItemRef(event.platform, event.item_kind.value, event.item.id)
    if settled_clauses(item, evidence.content_digest(event)):
        return  # a person has judged this content
    unseen.ask(
        item,
        found.unseen,
        queue=QUEUE,
        seq=found.record.seq,
        now=now,
        snapshot=snapshot,
        event=event,
        pack=pack.digest,
        reach=event.item.reach,
    )


def _gather(found: _Found, seen: Looked, read: set[str], media: KnownMedia) -> None:
    told = {match.bank for match in found.verdict.matches}
    for alike in seen.alike:
        if alike.bank in read:
            score = score_of(alike.bank)
            found.scores[score] = max(nearness(alike.distance), found.scores.get(score, 0.0))
        if media.known.opened(alike.bank).bank.clause and alike.bank not in told | found.matches.keys():
            found.matches[alike.bank] = alike
            if seen.stills.get(alike.bank):
                found.stills[alike.bank] = seen.stills[alike.bank]


def _open(
    found: _Found,
    snapshot: Snapshot,
    stills: list[Snapshot],
    *,
    media: KnownMedia,
    now: datetime,
    seen: datetime,
) -> None:
    record, event, verdict = found.record, found.event, found.verdict
    item = ItemRef(event.platform, event.item_kind.value, event.item.id)
    settled = settled_clauses(item, evidence.content_digest(event))
    for match in found.matches.values():
        bank = media.known.opened(match.bank).bank
        firing = firing_of(bank, match.entry, f"{match.kind}, {match.how}", queue=QUEUE)
        if bank.shadow:
            sightings.note([firing], item=item, seq=record.seq, now=now, seen=seen)
            continue
        if not unsettled((firing,), settled):  # a person has judged this content under the clause
            continue
        clause = clauses.find(bank.clause)
        key = key_of(record.seq, f"{firing.rule}"[:120])
        held = msgspec.structs.replace(verdict, firings=(firing,))
        taken = decide_automatically(event=event, item=item, verdict=held, key=key, now=now)
        sightings.note([firing], item=item, seq=record.seq, now=now, decision=taken, seen=seen)
        case = open_case(
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
        for still in stills:
            evidence.keep(case, still, now=now, pack=verdict.pack.digest)

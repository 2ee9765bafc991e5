"""The worker's third look at events with pictures: what is written in them, and what a network makes of them.

The words are folded, scored and judged by the rules in force as if they had been posted as text, the score stands
beside those of the text. What fires so, and did not without the picture, opens a case for a person: a machine's reading
of a picture never restricts anybody. The case shows what was read, and says that it was read.

Reading a picture takes a second. So this has a cursor of its own, and passes over what is older than an hour: better
no look than one that holds up those that follow.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from hakam.compliance.storable import storable
from hakam.intake.following import follow
from hakam.intake.media_files import NOWHERE, MediaFolder, UnreachableError
from hakam.media import nudity, tesseract
from hakam.media.sandbox import Sandbox, UnreadableError
from hakam.media.sniff import is_clip
from hakam.review import clauses, evidence
from hakam.review.automatic import key_of, unsettled
from hakam.review.cases import Source, open_case, open_on
from hakam.review.evidence import EvidenceKind, Writing
from hakam.review.lineage import settled_clauses
from hakam.review.priority import Inputs
from hakam.review.states import SourceKind
from hakam.storage.event_log import EventLog, Record
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.event import Change, Event, ItemRef
from hakam.vocabulary.verdict import Firing, Verdict

CURSOR: Final = "picture contents"
QUEUE: Final = "pictures"  # of a rule that names none
CONFIDENCE: Final = 0.6  # of a rule that holds of what a machine read
OLDEST: Final = 3_600.0  # seconds
_MOST: Final = 4  # pictures of an item
_LOG: Final = logging.getLogger(__name__)
_WITH_DATA: Final = b'"data"'
_VERDICTS: Final = msgspec.json.Decoder(Verdict)
_replace = msgspec.structs.replace

Judge = Callable[[Event], Verdict | None]
"""What the rules in force say of an event, None if there are none."""


_Copies = tuple[evidence.Snapshot, evidence.Snapshot | None]  # of the event, and of what was read in it


class Reading(NamedTuple):
    """What pictures are read with. `languages`: of Tesseract's data that is installed, none if it is not."""

    sandbox: Sandbox
    languages: Sequence[str]
    judge: Judge
    folder: MediaFolder = NOWHERE


class _Contents(NamedTuple):
    """What the pictures of one item say. `pictures`: which of them has each score."""

    writings: list[Writing]
    scores: Mapping[str, float] = {}
    pictures: Mapping[str, int] = {}


class _Read(NamedTuple):
    record: Record
    event: Event
    contents: _Contents
    firings: tuple[Firing, ...]
    pack: str


def consume(log: EventLog, reading: Reading, *, vault: Vault, now: datetime, limit: int) -> int:
    """Read the pictures of up to `limit` records after the cursor; return how many it passed."""

    def keep(one: _Read) -> _Copies:
        written = one.contents.writings
        return (
            evidence.freeze(vault, one.record.raw),
            evidence.freeze(vault, msgspec.json.encode(written), EvidenceKind.WRITING) if written else None,
        )

    return follow(
        CURSOR,
        log,
        limit=limit,
        look=lambda record: _look(record, reading),
        keep=keep,
        take_in=lambda one, copies: _open(one, *copies, now=now),
        oldest=now.timestamp() - OLDEST,
    )


def _look(record: Record, reading: Reading) -> _Read | None:
    """Return what the pictures of a record say, None if nothing."""
    if _WITH_DATA not in record.raw and reading.folder.folder is None:
        return None
    try:
        event = evidence.read_event(record.raw)
        verdict = _VERDICTS.decode(record.verdict)
    except msgspec.MsgspecError:
        return None  # the other reader of the log has set it aside
    if event.change is Change.DELETED:
        return None
    contents = _contents(record, event, reading)
    if not contents.writings and not contents.scores:
        return None
    fired = {firing.rule for firing in verdict.firings}
    firings, pack = _judged(event, contents, reading.judge)
    new = tuple(_with_origin(one, contents) for one in firings if one.rule not in fired)
    return _Read(record, event, contents, new, pack)


def _contents(record: Record, event: Event, reading: Reading) -> _Contents:
    writings: list[Writing] = []
    scores: dict[str, float] = {}
    pictures: dict[str, int] = {}
    for place, medium in enumerate(event.item.media[:_MOST], 1):
        try:
            data = reading.folder.read(medium)
            if data is None or is_clip(data):
                continue
            said = reading.sandbox.said(data, plates=bool(reading.languages))
            if said.nudity is not None and said.nudity >= scores.get(nudity.SCORE, 0.0):
                scores[nudity.SCORE], pictures[nudity.SCORE] = said.nudity, place
            if said.plates:
                writing = tesseract.read(said.plates, reading.languages)
                if writing.text:
                    writings.append(Writing(place, storable(writing.text), writing.program))
        except (UnreadableError, UnreachableError, tesseract.UnreadError) as error:
            _LOG.info("record %s, media %s: %s", record.seq, place, error)
    return _Contents(writings, scores, pictures)


def _judged(event: Event, contents: _Contents, judge: Judge) -> tuple[list[Firing], str]:
    """Return the live firings that the pictures brought about: not those that hold without any text as well."""
    text = "\n".join(one.text for one in contents.writings)
    bare = _replace(
        event, item=_replace(event.item, title=None, text=None, links=(), hashtags=(), language=None)
    )
    with_text = _replace(bare, item=_replace(bare.item, text=text)) if text else bare
    after = judge(_replace(with_text, scores={**contents.scores, **event.scores}))
    if after is None or not (asking := [one for one in after.live if one.review or one.measures]):
        return [], ""
    before = judge(bare)
    known = {one.rule for one in before.live} if before is not None else set()
    return [one for one in asking if one.rule not in known], after.pack.digest


def _with_origin(firing: Firing, contents: _Contents) -> Firing:
    """Return the firing with where its values come from, for people."""
    origin = {f"picture {one.picture}": f"read by {one.program}" for one in contents.writings}
    if any(nudity.SCORE in source for source in firing.values):
        place = contents.pictures.get(nudity.SCORE)
        if place is not None:
            origin[f"picture {place}, {nudity.SCORE}"] = nudity.MODEL
    return _replace(firing, values={**firing.values, **origin})


def _open(
    one: _Read, snapshot: evidence.Snapshot, written: evidence.Snapshot | None, *, now: datetime
) -> None:
    event = one.event
    item = ItemRef(event.platform, event.item_kind.value, event.item.id)
    firings = unsettled(one.firings, settled_clauses(item, evidence.content_digest(event)))
    case = open_on(item, lock=True)
    if firings:
        lead = max(
            firings, key=lambda f: (f.review.urgency if f.review else 0.0, clauses.severity_of(f.policy))
        )
        clause = clauses.find(lead.policy)
        case = open_case(
            by=Actor(ActorKind.RULE, lead.rule[:150]),
            now=now,
            item=item,
            source=Source(
                kind=SourceKind.VERDICT,
                ref=f"{key_of(one.record.seq)}/picture",
                clause=lead.policy,
                harm=clauses.harm_of(clause) or "" if clause else "",
                summary=storable(
                    {"firings": msgspec.to_builtins(firings), "pack": one.pack, "seq": one.record.seq}
                ),
                inputs=Inputs(
                    confidence=CONFIDENCE,
                    urgency=lead.review.urgency if lead.review else 0.0,
                    reach=event.item.reach,
                ),
                queue=lead.review.queue if lead.review else QUEUE,
            ),
            snapshot=snapshot,
            event=event,
            pack=one.pack,
        )
    if case is not None and written is not None:
        evidence.keep(case, written, now=now, pack=one.pack)

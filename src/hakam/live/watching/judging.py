"""What senses learnt of a stream, judged by the rules in force: a case for a person, once for each rule. Nobody is cut.

What is read in a frame or heard is judged as if somebody had posted it, the scores of models stand beside it. Where a
model gives no answer, the fallback of its declaration opens a case, or nothing does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
from django.db import transaction

from hakam.adapters.declared import Declaration
from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.intake.asking import Day, is_used_up, note_use
from hakam.intake.switching import subject_of as model_subject
from hakam.live.models import Stream
from hakam.live.steps import QUEUE
from hakam.live.streams import about, item_of, subject_of
from hakam.live.watching.eyes import Picture
from hakam.live.watching.senses import Learnt, Line
from hakam.review import clauses, evidence
from hakam.review.cases import Source, open_case
from hakam.review.evidence import EvidenceKind, Strip, StripFrame, Writing
from hakam.review.priority import Inputs
from hakam.review.states import SourceKind
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind
from hakam.vocabulary.event import Author, ContentKind, Event, Item
from hakam.vocabulary.harm import CHILD_ABUSE_OFFENCES
from hakam.vocabulary.verdict import Firing, ReviewRequest, Stage, Verdict

LASTS: Final = 30.0  # seconds for which a score is what is shown now
SPOKEN: Final = 0  # in place of the number of a picture, where something was said
_CONFIDENCE: Final = 0.6  # of a rule that holds of what a machine read, heard or scored
_STILLS: Final = 6
_replace = msgspec.structs.replace

Judge = Callable[[Event], Verdict | None]
"""What the rules in force say of an event, None if there are none."""


class Impression:
    """What is known of one stream beyond the banks: the newest score of each label, and what rules found."""

    def __init__(self) -> None:
        self._scores: dict[str, tuple[float, float]] = {}
        self.told: set[str] = set()  # rules and models for which a case was opened
        self.ruled_at: float | None = None

    def note(self, learnt: Learnt) -> None:
        """Keep the scores of an answer."""
        for name, value in learnt.scores.items():
            self._scores[name] = (learnt.at, value)

    def scores(self, at: float) -> dict[str, float]:
        """Return the scores of what is shown now. `at`: Unix seconds."""
        return {name: value for name, (when, value) in self._scores.items() if at - when <= LASTS}


def event_of(stream: Stream, scores: Mapping[str, float], text: str, *, at: float) -> Event:
    """Return what a stream shows and says as an event that rules can judge: a segment of it."""
    return Event(
        id=f"{stream.item_id}@{at:.3f}"[-512:],
        platform=stream.platform,
        kind=ContentKind.LIVE_SEGMENT,
        at=datetime.fromtimestamp(at, tz=UTC),
        author=Author(id=stream.account or "unknown", created_at=stream.account_created),
        item=Item(id=stream.item_id, text=text or None, reach=stream.viewers),
        scores=dict(scores),
    )


def fired(stream: Stream, learnt: Learnt, scores: Mapping[str, float], judge: Judge) -> list[Firing]:
    """Return the live rules that what was learnt brings about: not those that hold without it as well."""
    after = judge(event_of(stream, scores, learnt.text, at=learnt.at))
    asking = [one for one in after.live if one.review or one.measures] if after is not None else []
    if not asking:
        return []
    before = judge(event_of(stream, {}, "", at=learnt.at))
    known = {one.rule for one in before.live} if before is not None else set()
    return [one for one in asking if one.rule not in known]


def take_in(
    stream: Stream,
    impression: Impression,
    learnt: Iterable[Learnt],
    *,
    judge: Judge,
    fallbacks: Mapping[str, Declaration],
    pictures: Callable[[], Sequence[Picture]],
    vault: Vault,
    now: datetime,
) -> list[str]:
    """Judge what senses learnt of a stream; return the rules and models for which a case was opened first now."""
    opened = []
    for one in learnt:
        if one.unknown:
            what = fallbacks.get(one.sense)
            name = f"model:{one.sense}"
            if what is not None and what.fallback.then == "review" and name not in impression.told:
                asked = ReviewRequest(what.fallback.queue)
                firing = Firing(
                    name, what.fallback.clause, "fallback", Stage.LIVE, review=asked, values={"": one.unknown}
                )
                _open(stream, firing, what.fallback.queue, one, pictures(), vault=vault, now=now)
                impression.told.add(name)
                opened.append(name)
            continue
        impression.note(one)
        if not (one.scores or one.text):
            continue
        for firing in fired(stream, one, impression.scores(one.at), judge):
            impression.ruled_at = one.at
            if firing.rule not in impression.told:
                queue = firing.review.queue if firing.review else QUEUE
                _open(stream, firing, queue, one, pictures(), vault=vault, now=now)
                impression.told.add(firing.rule)
                opened.append(firing.rule)
    return opened


def _open(
    stream: Stream,
    firing: Firing,
    queue: str,
    learnt: Learnt,
    pictures: Sequence[Picture],
    *,
    vault: Vault,
    now: datetime,
) -> None:
    clause = clauses.find(firing.policy)
    begin = pictures[0].at if pictures else learnt.at
    strip = Strip("", 0, [StripFrame(round(one.at - begin, 1), one.jpeg) for one in pictures[-_STILLS:]])
    frames = evidence.freeze(vault, msgspec.json.encode(strip), EvidenceKind.MEDIA) if pictures else None
    words = None
    if learnt.text:
        place = SPOKEN if learnt.spoken else 1
        written = [Writing(place, storable(learnt.text), learnt.program)]
        words = evidence.freeze(vault, msgspec.json.encode(written), EvidenceKind.WRITING)
    with transaction.atomic():
        case = open_case(
            by=Actor(ActorKind.RULE, firing.rule[:150]),
            now=now,
            item=item_of(stream),
            source=Source(
                kind=SourceKind.VERDICT,
                ref=f"{subject_of(stream)}/{firing.rule}",
                clause=firing.policy,
                harm=clauses.harm_of(clause) or "" if clause else "",
                summary=storable({"firings": [msgspec.to_builtins(firing)], "pack": "", "seq": 0}),
                inputs=Inputs(
                    confidence=_CONFIDENCE,
                    urgency=firing.review.urgency if firing.review else 0.5,
                    reach=stream.viewers,
                    live=True,
                ),
                queue=queue,
            ),
            snapshot=frames,
            item_url=stream.url,
            author_id=stream.account,
            language=stream.language,
        )
        if words is not None:
            evidence.keep(case, words, now=now, pack="")
        Stream.objects.filter(pk=stream.pk).update(case=case.pk)
        Stream.objects.filter(pk=stream.pk, clause="").update(clause=firing.policy)


def admit(line: Line, stream: Stream, *, now: datetime) -> bool:
    """Let a sense be asked about a stream; False if it must not be.

    What leaves this machine is in the ledger before it does. An endpoint never gets what is held for abuse of children.
    """
    if line.sense.sends_to:
        clause = clauses.find(stream.clause)
        if clause is not None and clauses.harm_of(clause) in {harm.value for harm in CHILD_ABUSE_OFFENCES}:
            line.forget(stream.pk)
            return False
    if line.admitted(stream.pk):
        return True
    if line.sense.sends_to:
        with transaction.atomic():
            ledger.lock()
            ledger.record(
                FactKind.MODEL_ASKED,
                by=SYSTEM,
                now=now,
                subject=model_subject(line.sense.name),
                about=(subject_of(stream), *about(stream)),
                body={
                    "model": line.sense.id,
                    "to": line.sense.sends_to,
                    "reads": "picture" if line.sense.sight else "speech",
                    "every": line.sense.every,
                },
            )
    line.admit(stream.pk)
    return True


def note(line: Line, *, now: datetime) -> None:
    """Count what a declared model did, and pause it while nothing is left of its budget of the day."""
    what = line.sense.what
    if what is None:
        return
    used = line.used()
    model = line.sense.id if used.answered else ""
    day = note_use(
        line.sense.name,
        Day(used.asked, used.unknown, used.calls, used.milliseconds, model, used.trouble),
        now=now,
    )
    line.paused = "its budget of today is used up" if is_used_up(day, what.budget) else ""

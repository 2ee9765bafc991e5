"""What a verdict brings about: the automated decision, and the case that it asks for."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from hakam.compliance.storable import storable
from hakam.intake import sightings
from hakam.review import clauses, evidence
from hakam.review.automatic import decide_automatically, key_of, standing_already, unsettled
from hakam.review.cases import Source, open_case
from hakam.review.evidence import Snapshot
from hakam.review.lineage import settled_clauses
from hakam.review.priority import Inputs
from hakam.review.states import SourceKind
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.event import Change, Event, ItemRef
from hakam.vocabulary.verdict import ReviewRequest, Verdict

RULE_CONFIDENCE: Final = 0.8  # of a rule that surely holds: it may still be the wrong rule


def act(
    event: Event,
    verdict: Verdict,
    *,
    item: ItemRef,
    snapshot: Snapshot,
    seq: int,
    now: datetime,
    later: str = "",
    seen: datetime | None = None,
) -> None:
    """Do what the live firings of `verdict` on record `seq` ask for, once.

    `later`: what was learnt after the first judgement, if this is another one; it acts under a key of its own. `seen`:
    when the record was seen, if that was later than `now`.
    """
    key = key_of(seq, later)
    already = standing_already(verdict, item=item, author_id=event.author.id)
    if event.change is not Change.DELETED:
        taken = decide_automatically(event=event, item=item, verdict=verdict, key=key, now=now)
        sightings.note(verdict.firings, item=item, seq=seq, now=now, decision=taken, seen=seen)
    asked = [firing for firing in verdict.live if firing.review is not None]
    asked = list(unsettled(asked, settled_clauses(item, evidence.content_digest(event))))
    if not asked:
        return
    lead = max(asked, key=lambda f: ((f.review or ReviewRequest("")).urgency, clauses.severity_of(f.policy)))
    request = lead.review
    assert request is not None
    clause = clauses.find(lead.policy)
    open_case(
        by=Actor(ActorKind.RULE, lead.rule[:150]),
        now=now,
        item=item,
        source=Source(
            kind=SourceKind.VERDICT,
            ref=key,
            clause=lead.policy,
            harm=clauses.harm_of(clause) or "" if clause else "",
            summary=storable(
                {
                    "firings": msgspec.to_builtins(verdict.live),
                    "pack": str(verdict.pack),
                    "seq": seq,
                    "in_force": msgspec.to_builtins(already),
                }
            ),
            inputs=Inputs(
                confidence=RULE_CONFIDENCE,
                urgency=request.urgency,
                reach=event.item.reach,
            ),
            queue=request.queue,
        ),
        snapshot=snapshot,
        event=event,
        pack=verdict.pack.digest,
    )

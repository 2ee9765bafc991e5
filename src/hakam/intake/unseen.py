"""What could not be looked at: no bank was asked, so a person is, once for each item in some minutes.

Nobody accuses: the case names no clause. A file that nothing can read is no proof of anything, and no measure follows.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final

import msgspec

from hakam.compliance.storable import storable
from hakam.review.cases import LIVE_KINDS, LIVE_QUEUE, Source, open_case
from hakam.review.evidence import Snapshot
from hakam.review.models import Case, CaseSource
from hakam.review.priority import Inputs
from hakam.review.states import SourceKind
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.event import Event, ItemRef
from hakam.vocabulary.verdict import Firing, ReviewRequest, Stage

RULE: Final = "media:unseen"
BY: Final = Actor(ActorKind.RULE, RULE)
EVERY: Final = 600  # seconds in which one item is asked about once
MOST: Final = 30  # items asked about in that time; live ones are never too many
_CONFIDENCE: Final = 0.2  # nobody has said anything against it
_URGENCY: Final = 0.1  # behind what is known
_LOG: Final = logging.getLogger(__name__)


def ask(
    item: ItemRef,
    why: Mapping[str, str],
    *,
    queue: str,
    seq: int,
    now: datetime,
    snapshot: Snapshot | None = None,
    event: Event | None = None,
    pack: str = "",
    reach: int | None = None,
    item_url: str = "",
    author_id: str = "",
    language: str = "",
) -> Case | None:
    """Ask a person to look at an item; return its case, None if enough are asked about these minutes.

    `why`: what could not be looked at, and why not. `seq`: number of the record, 0 for a stream that is watched.
    What is live goes into the queue of live streams, whatever `queue` says.
    """
    live = item.kind in LIVE_KINDS
    minutes = f"{RULE}/{int(now.timestamp() // EVERY)}/"
    ref = f"{minutes}{sha256(str(item).encode()).hexdigest()[:32]}"
    asked = CaseSource.objects.filter(ref__startswith=minutes)
    if not live and not asked.filter(ref=ref).exists() and asked.count() >= MOST:
        _LOG.warning("record %s was not looked at, and nobody is asked: too many these minutes", seq)
        return None
    chosen = LIVE_QUEUE if live else queue
    firing = Firing(
        rule=RULE,
        policy="",
        rule_digest="fallback",
        stage=Stage.LIVE,
        review=ReviewRequest(chosen),
        values=dict(why),
    )
    return open_case(
        by=BY,
        now=now,
        item=item,
        source=Source(
            kind=SourceKind.VERDICT,
            ref=ref,
            summary=storable({"firings": [msgspec.to_builtins(firing)], "pack": pack, "seq": seq}),
            inputs=Inputs(confidence=_CONFIDENCE, urgency=_URGENCY, reach=reach, live=live),
            queue=chosen,
        ),
        snapshot=snapshot,
        event=event,
        item_url=item_url,
        author_id=author_id,
        language=language,
        pack=pack,
    )

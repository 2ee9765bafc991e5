"""What happens with a text that a model could not judge, as its declaration says."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from hakam.adapters.declared import Declaration
from hakam.adapters.model import Text
from hakam.compliance.storable import storable
from hakam.review import clauses, evidence
from hakam.review.automatic import key_of, unsettled
from hakam.review.cases import Source, open_case
from hakam.review.lineage import settled_clauses
from hakam.review.priority import Inputs
from hakam.review.states import SourceKind
from hakam.signals.models import shipped
from hakam.signals.models.heads import Head
from hakam.storage.event_log import Record
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.verdict import Firing, ReviewRequest, Stage, Verdict

CONFIDENCE: Final = 0.2  # nobody has said anything against the text


class Fallen(NamedTuple):
    """Scores of another model in the place of those that are missing, or a clause under which a person is asked."""

    name: str
    scores: dict[str, float]
    made_by: str = ""
    clause: str = ""
    queue: str = ""
    why: str = ""

    @property
    def asks(self) -> bool:
        """Whether a person is to look."""
        return bool(self.clause)

    def open_case(self, record: Record, *, vault: Vault, now: datetime) -> None:
        """Open the case, unless a person has judged this content under the clause."""
        event = evidence.read_event(record.raw)
        verdict = msgspec.json.decode(record.verdict, type=Verdict)
        item = ItemRef(event.platform, event.item_kind.value, event.item.id)
        firing = Firing(
            rule=f"model:{self.name}",
            policy=self.clause,
            rule_digest="fallback",
            stage=Stage.LIVE,
            review=ReviewRequest(self.queue),
            values={f"model {self.name}": self.why},
        )
        if not unsettled((firing,), settled_clauses(item, evidence.content_digest(event))):
            return
        clause = clauses.find(self.clause)
        open_case(
            by=Actor(ActorKind.RULE, firing.rule),
            now=now,
            item=item,
            source=Source(
                kind=SourceKind.VERDICT,
                ref=f"{key_of(record.seq, self.name)}/fallback",
                clause=self.clause,
                harm=clauses.harm_of(clause) or "" if clause else "",
                summary=storable(
                    {
                        "firings": [msgspec.to_builtins(firing)],
                        "pack": str(verdict.pack),
                        "seq": record.seq,
                    }
                ),
                inputs=Inputs(confidence=CONFIDENCE, urgency=0.0, reach=event.item.reach),
                queue=self.queue,
            ),
            snapshot=evidence.freeze(vault, record.raw),
            event=event,
            pack=verdict.pack.digest,
        )


def fall_back(name: str, what: Declaration, text: Text, why: str) -> Fallen:
    """Return what stands in for a model that did not answer."""
    chosen = what.fallback
    if chosen.then == "review":
        return Fallen(name, {}, clause=chosen.clause, queue=chosen.queue, why=why)
    if chosen.then == "local":
        (said,) = shipped.reader().read([text.text], [text.language])
        scores = {label: said.scores[Head(head)] for label, head in chosen.local.items()}
        return Fallen(name, scores, made_by=f"{said.model} for {name}")
    return Fallen(name, {}, why=why)

"""A bank knows what a stream shows: noted once for each bank, with a case for a person. Nobody is cut by it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
from django.db import transaction

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.live.models import Stream
from hakam.live.steps import QUEUE
from hakam.live.streams import about, item_of, subject_of
from hakam.live.watching.eyes import Match, Picture
from hakam.review import clauses, evidence
from hakam.review.cases import Source, open_case
from hakam.review.evidence import EvidenceKind, Strip, StripFrame
from hakam.review.priority import Inputs
from hakam.review.states import SourceKind
from hakam.storage.known_content import KnownContent
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.verdict import Firing, ReviewRequest, Stage

WATCH: Final = Actor(ActorKind.RULE, "live watch")
_CONFIDENCE: Final = 0.8
_STILLS: Final = 6


def flag(
    stream_id: int,
    matches: Sequence[Match],
    pictures: Callable[[], Sequence[Picture]],
    known: KnownContent,
    *,
    vault: Vault,
    now: datetime,
) -> list[str]:
    """Note what banks know of a stream; return the banks that knew nothing of it before."""
    if not matches:
        return []
    told = set(Stream.objects.values_list("flagged", flat=True).get(pk=stream_id))
    first: dict[str, Match] = {}
    for match in matches:
        if match.alike.bank not in told and match.alike.bank in known.banks:  # not of one that only watches
            first.setdefault(match.alike.bank, match)
    for name, match in first.items():
        _flag(stream_id, name, match, list(pictures())[-_STILLS:], known, vault=vault, now=now)
    return list(first)


def _flag(
    stream_id: int,
    name: str,
    match: Match,
    pictures: Sequence[Picture],
    known: KnownContent,
    *,
    vault: Vault,
    now: datetime,
) -> None:
    bank = known.banks[name].bank
    at = datetime.fromtimestamp(match.at, tz=UTC)
    shown = f"entry {match.alike.entry}, {match.alike.kind}, {match.alike.how}"
    begin = pictures[0].at if pictures else match.at
    strip = Strip(name, match.alike.entry, [StripFrame(round(p.at - begin, 1), p.jpeg) for p in pictures])
    snapshot = evidence.freeze(vault, msgspec.json.encode(strip), EvidenceKind.MEDIA) if pictures else None
    with transaction.atomic():
        ledger.lock()
        stream = Stream.objects.select_for_update(of=("self",)).get(pk=stream_id)
        if name in stream.flagged:
            return
        stream.flagged = {**stream.flagged, name: shown}
        stream.flagged_at = stream.flagged_at or at
        stream.clause = stream.clause or bank.clause
        ledger.record(
            FactKind.LIVE_FLAGGED,
            by=WATCH,
            now=now,
            subject=subject_of(stream),
            about=(*about(stream), f"bank:{name}"),
            body={"bank": name, "entry": match.alike.entry, "kind": match.alike.kind, "at": at},
        )
        if bank.clause:
            clause = clauses.find(bank.clause)
            firing = Firing(
                rule=f"bank:{name}",
                policy=bank.clause,
                rule_digest=f"revision {bank.revision}",
                stage=Stage.LIVE,
                review=ReviewRequest(QUEUE),
                values={f'bank("{name}")': shown},
            )
            case = open_case(
                by=WATCH,
                now=now,
                item=item_of(stream),
                source=Source(
                    kind=SourceKind.VERDICT,
                    ref=f"{subject_of(stream)}/{name}",
                    clause=bank.clause,
                    harm=clauses.harm_of(clause) or "" if clause else "",
                    summary=storable({"firings": [msgspec.to_builtins(firing)], "pack": "", "seq": 0}),
                    inputs=Inputs(confidence=_CONFIDENCE, urgency=1.0, reach=stream.viewers, live=True),
                    queue=QUEUE,
                ),
                snapshot=snapshot,
                item_url=stream.url,
                author_id=stream.account,
                language=stream.language,
            )
            stream.case = case.pk
        stream.save(update_fields=["flagged", "flagged_at", "clause", "case"])

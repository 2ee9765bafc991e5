"""Decisions that rules take: live measures of a verdict, with reasons, never over a person's head."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from hakam.compliance import ledger, rulebook
from hakam.compliance.facts import FactKind
from hakam.enforcement import access as enforcement
from hakam.policy.covering import divided
from hakam.review import clauses, ladder
from hakam.review.concluding import Judged, conclude
from hakam.review.evidence import content_digest
from hakam.review.lineage import settled_clauses
from hakam.review.models import Decision
from hakam.review.reasoning import reasons_for
from hakam.review.states import Outcome
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.event import Event, ItemRef
from hakam.vocabulary.measure import Measure, merged
from hakam.vocabulary.reasons import Automation, Ground, Source
from hakam.vocabulary.verdict import Firing, PackRef, Verdict


def key_of(seq: int, later: str = "") -> str:
    """Return the key of what a record of the event log brings about: the same record never acts twice.

    `later` names what was learnt after the first judgement and made it be judged again.
    """
    return f"event:{seq}/{later}" if later else f"event:{seq}"


def unsettled(firings: Iterable[Firing], settled: set[str]) -> tuple[Firing, ...]:
    """Leave out the firings under a clause under which a person has judged this content."""
    return tuple(firing for firing in firings if firing.policy not in settled)


def decide_automatically(
    *, event: Event, item: ItemRef, verdict: Verdict, key: str, now: datetime
) -> Decision | None:
    """Carry out the live measures of `verdict` on a record of the event log. Idempotent by `key` (see `key_of`).

    A machine never overrules a person who judged this very content under the same clause, never takes a
    measure that can't be taken back, and adds nothing to what is already in force, which the ledger says. Returns None
    when nothing is left to do. Raises `UnknownClauseError` if the verdict's rule book was never published here.
    """
    done = Decision.objects.filter(key=key).first()
    if done is not None:
        return done
    live = [firing for firing in verdict.live if firing.measures]
    if not live:
        return None
    content = content_digest(event)
    firings = unsettled(live, settled_clauses(item, content))
    measures, already = _divided(firings, item=item, author_id=event.author.id)
    if already:
        _note(already, firings, item=item, event=event, key=key, now=now)
    if not measures:
        return None
    lead = max(firings, key=lambda f: max((m.nature.severity for m in f.measures), default=0))
    language = event.author.language or event.item.language or "en"
    reasons = reasons_for(
        clause=lead.policy,
        pack=verdict.pack,
        facts=_facts(firings, verdict.pack, language),
        grounds=_grounds(firings, verdict.pack, language),
        language=language,
        source=Source.OWN_INITIATIVE,
        detected=True,
        automation=Automation.FULL,
    )
    judged = Judged(
        item=item,
        item_url=event.item.url or "",
        author_id=event.author.id,
        author_email=event.author.email or "",
        language=language,
        content=content,
        considered=tuple(sorted({firing.policy for firing in firings})),
    )
    try:
        with transaction.atomic():
            return conclude(
                judged,
                by=Actor(ActorKind.RULE, lead.rule[:150]),
                now=now,
                outcome=Outcome.VIOLATION,
                clause=lead.policy,
                reasons=reasons,
                measures=measures,
                key=key,
            )
    except IntegrityError:  # another worker took the same record in this instant
        return Decision.objects.get(key=key)


def standing_already(verdict: Verdict, *, item: ItemRef, author_id: str) -> tuple[Measure, ...]:
    """Return the measures that live rules propose and that add nothing to what is in force."""
    return _divided(verdict.live, item=item, author_id=author_id)[1]


def _divided(
    firings: Sequence[Firing], *, item: ItemRef, author_id: str
) -> tuple[tuple[Measure, ...], tuple[Measure, ...]]:
    """Return what is to be taken, and what is proposed and in force already."""
    wanted = merged(measure for firing in firings for measure in firing.measures)[::-1]  # the harshest first
    wanted = tuple(measure for measure in wanted if not ladder.irreversible([measure]))
    return divided(wanted, enforcement.in_force(item, author_id=author_id)) if wanted else ((), ())


def _note(
    already: Sequence[Measure],
    firings: Sequence[Firing],
    *,
    item: ItemRef,
    event: Event,
    key: str,
    now: datetime,
) -> None:
    proposing = sorted({firing.rule for firing in firings if firing.measures})
    about = [key, *([f"account:{item.platform}/{event.author.id}"] if event.author.id else [])]
    ledger.record(
        FactKind.MEASURE_STANDING,
        by=Actor(ActorKind.RULE, proposing[0][:150]),
        now=now,
        subject=f"item:{item}",
        about=about,
        body={"measures": msgspec.to_builtins(list(already)), "rules": proposing},
    )


def _facts(firings: Sequence[Firing], pack: PackRef, language: str) -> str:
    """Say what was found.

    Rules are named by their clause: their conditions would teach how to get around them.
    """
    version = clauses.version_of(pack)
    with translation.override(language):
        lines = [
            _("An automated check of the content found that it falls under “%(title)s” (rule %(rule)s).")
            % {
                "title": clauses.title_of(clauses.clause_in(version, firing.policy), language),
                "rule": firing.rule,
            }
            for firing in firings
        ]
    return "\n".join(dict.fromkeys(lines))


def _grounds(firings: Sequence[Firing], pack: PackRef, language: str) -> tuple[Ground, ...]:
    version = clauses.version_of(pack)
    ref = rulebook.ref_of(version)
    found = dict.fromkeys(firing.policy for firing in firings)
    return tuple(
        ground
        for clause in found
        for ground in clauses.grounds_of(clauses.clause_in(version, clause), ref, language)
    )

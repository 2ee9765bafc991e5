"""What is said of shared hashes: that they were seen, that they were right or wrong. It flows back to who gave them.

A person who decides the case of a match judges the hash by it; so does whoever says so on the bank's page. Partners'
words stand at the entry beside those of our own people.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import transaction

from hakam.banks.judging import judge_entry
from hakam.banks.kinds import BankError
from hakam.banks.models import BankEntry
from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.exchange.kinds import Word
from hakam.exchange.messages import MOST_WORDS, Said, Words
from hakam.exchange.models import Mirror, Partner, Taken, WordIn, WordOut
from hakam.exchange.partners import subject_of
from hakam.exchange.taking import actor_of
from hakam.intake.models import BankSighting
from hakam.review.lineage import decision_named
from hakam.review.states import Outcome
from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind

KINDS: Final = frozenset({FactKind.BANK_JUDGED, FactKind.DECISION_FINAL})
CURSOR: Final = "exchange words"
_SEEN: Final = "seen"
_JUDGED: Final = "judged"
_AT_ONCE: Final = 500


def on_fact(fact: Fact, now: datetime) -> None:
    """Note what is to be told: a person judged a hash, or decided about an item in which it was seen."""
    if fact.kind == FactKind.BANK_JUDGED:
        body = ledger.body_of(fact)
        name = fact.subject.removeprefix("bank:")
        taken = Taken.objects.filter(mirror__bank__name=name, entry_id=body["entry"]).first()
        if taken is not None:
            _say(taken, Word.TRUE if body["correct"] else Word.FALSE, now)
        return
    if fact.actor.startswith(f"{ActorKind.STAFF}:") or fact.actor == str(SYSTEM):
        _judge_by_decision(fact, now)


def _judge_by_decision(fact: Fact, now: datetime) -> None:
    decision = decision_named(fact.subject)
    if decision is None or not decision.by.startswith(f"{ActorKind.STAFF}:"):
        return
    seen = BankSighting.objects.filter(
        platform=decision.platform,
        item_kind=decision.item_kind,
        item_id=decision.item_id,
        shadow=False,
        gone_at=None,
        bank__in=Mirror.objects.values("bank__name"),
    )
    clauses = dict(Mirror.objects.values_list("bank__name", "bank__clause"))
    kind, _, number = decision.by.partition(":")
    for name, entry in seen.values_list("bank", "entry").distinct():
        right = decision.outcome == Outcome.VIOLATION and decision.clause == clauses[name]
        if right or decision.outcome == Outcome.NO_VIOLATION:
            try:
                judge_entry(name, entry, correct=right, by=Actor(ActorKind(kind), number), now=now)
            except BankError:  # the entry left the bank meanwhile
                continue


def note_seen(now: datetime) -> int:
    """Note that partners' hashes matched something here, each once; return how many that were."""
    banks = list(Mirror.objects.values_list("bank__name", flat=True))
    if not banks:
        return 0
    seen = BankSighting.objects.filter(bank__in=banks, gone_at=None).values("entry")
    fresh = list(Taken.objects.filter(entry_id__in=seen).exclude(words__about=_SEEN)[:_AT_ONCE])
    for taken in fresh:
        with transaction.atomic():
            _say(taken, Word.SEEN, now)
    return len(fresh)


def _say(taken: Taken, word: Word, now: datetime) -> None:
    WordOut.objects.update_or_create(
        taken=taken,
        about=_SEEN if word is Word.SEEN else _JUDGED,
        defaults={"word": word.value, "at": now, "told_at": None},
    )


def due(partner: Partner) -> tuple[Words, list[int]]:
    """Return the words that a partner was not told yet, and the numbers of their rows."""
    rows = WordOut.objects.filter(taken__mirror__partner=partner, told_at=None).select_related(
        "taken__mirror"
    )
    found = list(rows.order_by("pk")[:MOST_WORDS])
    said = tuple(Said(one.taken.mirror.theirs, one.taken.theirs, Word(one.word), one.at) for one in found)
    return Words(said), [one.pk for one in found]


def told(partner: Partner, words: Words, rows: Iterable[int], *, now: datetime) -> None:
    """Note that a partner has heard words. One that was changed meanwhile is told again."""
    with transaction.atomic():
        for pk, said in zip(rows, words.words, strict=True):
            WordOut.objects.filter(pk=pk, word=said.word.value, at=said.at).update(told_at=now)
        ledger.record(
            FactKind.EXCHANGE_SAID, by=SYSTEM, now=now, subject=subject_of(partner), body=_counted(words)
        )


def hear(partner: Partner, words: Words, *, now: datetime) -> int:
    """Keep what a partner says of entries that we gave it; return how many of them are still here. Part of a verb."""
    agreed = {row.bank for row in partner.given.all()}
    known = 0
    for said in words.words:
        entry = BankEntry.objects.filter(pk=said.row, bank_id=said.bank).select_related("bank").first()
        if entry is None or said.bank not in agreed:
            continue
        known += 1
        row, _fresh = WordIn.objects.get_or_create(partner=partner, entry=entry)
        if said.word is Word.SEEN:
            row.seen_at = row.seen_at or said.at
        else:
            row.right, row.judged_at = said.word is Word.TRUE, said.at
            judge_entry(entry.bank.name, entry.pk, correct=row.right, by=actor_of(partner), now=now)
        row.save()
    if words.words:
        ledger.record(
            FactKind.EXCHANGE_HEARD,
            by=actor_of(partner),
            now=now,
            subject=subject_of(partner),
            body=_counted(words),
        )
    return known


def _counted(words: Words) -> dict[str, int]:
    return {word.value: sum(one.word is word for one in words.words) for word in Word}

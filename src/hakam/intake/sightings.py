"""What banks knew of items: written down with what was held for it, and let go when the bank no longer says so.

An item is held under the decision that a bank's firing brought about. When the entry leaves its bank, because its
source took it back or somebody judged it wrong, that decision is replaced by one that finds nothing, by the very path
on which a complaint is upheld: the platform restores the item, and whoever posted it is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from hakam.banks.models import Bank, BankEntry
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.intake.models import BankSighting
from hakam.review.decisions import ReplacedError, TooLateError, replace
from hakam.review.models import Decision
from hakam.review.states import DecisionState, Outcome
from hakam.storage.bank_firings import PREFIX, Named, named_by
from hakam.storage.event_log import Record
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.verdict import Firing, Stage

KINDS: Final = frozenset({FactKind.BANK_WITHDRAWN, FactKind.BANK_FILLED, FactKind.BANK_DELETED})
CURSOR: Final = "known content"
_AT_ONCE: Final = 500


def note(
    firings: Sequence[Firing],
    *,
    item: ItemRef,
    seq: int,
    now: datetime,
    decision: Decision | None = None,
    seen: datetime | None = None,
) -> list[BankSighting]:
    """Write down which banks knew something of record `seq`, inside the caller's transaction; return what was new.

    `decision`: what the firings brought about. `seen`: when that was, if it was not just `now`; see `seen_at`.
    """
    named = [(firing, found) for firing in firings if (found := named_by(firing)) is not None]
    if not named:
        return []
    measured = [firing for firing in firings if firing.stage is Stage.LIVE and firing.measures]
    alone = all(firing.rule.startswith(PREFIX) for firing in measured)
    contents = _contents_of([found for _firing, found in named])
    holding = decision or _holding(item)  # what holds it already is not decided twice
    made = []
    for firing, found in named:
        row, fresh = BankSighting.objects.get_or_create(
            bank=found.bank,
            entry=found.entry,
            seq=seq,
            defaults={
                "content": contents.get(found, ""),
                "platform": item.platform,
                "item_kind": item.kind,
                "item_id": item.id,
                "at": seen or now,
                "shadow": firing.stage is Stage.SHADOW,
                "held_by": holding if alone and firing.measures and firing.stage is Stage.LIVE else None,
            },
        )
        if fresh:
            made.append(row)
    return made


def seen_at(record: Record, *, now: datetime, began: float | None = None) -> datetime:
    """Return when a record was seen: `now`, and what passed since `began`, as `time.monotonic` says, if it took time.

    A step says once what time it is, then reads what has come since and looks at it for seconds. Nothing is seen before
    it has come.
    """
    came = datetime.fromtimestamp(record.received_at, tz=UTC)
    passed = 0.0 if began is None else max(0.0, monotonic() - began)
    return max(now + timedelta(seconds=passed), came)


def on_fact(fact: Fact, now: datetime) -> None:
    """Let go what was held for entries that left the bank which a fact is about."""
    if fact.subject.startswith("bank:"):
        release(fact.subject.removeprefix("bank:"), now=now)


def release(name: str, *, now: datetime) -> int:
    """Mark the sightings whose entries have left a bank, and take back what was held only for them; return how many.

    Of a content that a bank has under several hashes, all must have left. Idempotent: a sighting goes once.
    """
    there = BankSighting.objects.filter(bank=name, gone_at=None).order_by("pk")
    released = 0
    gone = _gone(name, there.values_list("pk", "entry", "content"))
    for start in range(0, len(gone), _AT_ONCE):
        with transaction.atomic():
            rows = BankSighting.objects.filter(pk__in=gone[start : start + _AT_ONCE])
            decisions = sorted({pk for pk in rows.values_list("held_by", flat=True) if pk is not None})
            rows.update(gone_at=now)
            released += sum(_take_back(pk, name, now=now) for pk in decisions)
    return released


def held_now(name: str) -> int:
    """Return how many items are held at this moment for what a bank says."""
    return (
        BankSighting.objects.filter(bank=name, gone_at=None, held_by__state=DecisionState.FINAL)
        .values("held_by")
        .distinct()
        .count()
    )


def _take_back(decision: int, bank: str, *, now: datetime) -> bool:
    if BankSighting.objects.filter(held_by=decision, gone_at=None).exists():
        return False  # another bank, or another entry, says so too
    held = Decision.objects.get(pk=decision)
    with translation.override(held.language or "en"):
        because = _("The list by which it was held no longer names it. It is visible again.")
    try:
        replace(
            decision,
            by=Actor(ActorKind.RULE, f"{PREFIX}{bank}"[:150]),
            now=now,
            outcome=Outcome.NO_VIOLATION,
            because=because,
        )
    except (ReplacedError, TooLateError):  # a person has decided since
        return False
    return True


def _gone(name: str, rows: Iterable[tuple[int, int, str]]) -> list[int]:
    """Return the sightings of which nothing is in the bank any more."""
    found = list(rows)
    bank = Bank.objects.filter(name=name).first()
    if bank is None:
        return [pk for pk, _entry, _content in found]
    entries: set[int] = set()
    contents: set[str] = set()
    for start in range(0, len(found), _AT_ONCE):
        part = found[start : start + _AT_ONCE]
        there = BankEntry.objects.filter(bank=bank)
        entries.update(there.filter(pk__in=[one for _, one, _ in part]).values_list("pk", flat=True))
        items = {content for _, _, content in part if content}
        contents.update(there.filter(item__in=items).values_list("item", flat=True).distinct())
    return [pk for pk, entry, content in found if entry not in entries and content not in contents]


def _holding(item: ItemRef) -> Decision | None:
    """Return the decision by which a bank holds an item already."""
    return (
        Decision.objects.filter(
            platform=item.platform,
            item_kind=item.kind,
            item_id=item.id,
            state=DecisionState.FINAL,
            outcome=Outcome.VIOLATION,
            by__startswith=f"{ActorKind.RULE}:{PREFIX}",
        )
        .order_by("-pk")
        .first()
    )


def _contents_of(named: Sequence[Named]) -> dict[Named, str]:
    rows = BankEntry.objects.filter(pk__in=[one.entry for one in named]).values_list(
        "bank__name", "pk", "item"
    )
    return {Named(bank, pk): item for bank, pk, item in rows}

"""Cases: everything that speaks about one item, gathered until somebody decides.

What a source's `summary` holds, always without personal data:

| Kind | Keys |
| --- | --- |
| `verdict` | `firings` (list of `Firing`), `pack`, `seq`, `in_force` (list of `Measure` that added nothing) |
| `notice`, `trusted_flagger`, `order` | `harm`, `illegal`, `language`, `accuracy` of the notifier or null, `proof` |
| `version` | `change`, `seq` |
| `complaint`, `staff` | `note` |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.review import evidence, precedence
from hakam.review.clauses import severity_of
from hakam.review.evidence import Snapshot
from hakam.review.models import Case, CaseSource
from hakam.review.priority import Inputs, merge, priority
from hakam.review.states import CaseEvent, CaseState, SourceKind, case_after
from hakam.signals.fold import fold
from hakam.signals.measure import text_of
from hakam.vocabulary.actor import SYSTEM, Actor
from hakam.vocabulary.event import ContentKind, Event, ItemRef
from hakam.vocabulary.harm import CHILD_ABUSE_OFFENCES

DEFAULT_QUEUE: Final = "general"
CHILD_SAFETY_QUEUE: Final = "child-safety"
LIVE_QUEUE: Final = "live"
_SEARCHED: Final = 20_000  # characters kept for search
_ATTEMPTS: Final = 5
_RERANK: Final = 500
LIVE_KINDS: Final = frozenset({ContentKind.LIVE_START, ContentKind.LIVE_SEGMENT, ContentKind.LIVE_CHAT})
_NOTICES: Final = frozenset({SourceKind.NOTICE, SourceKind.TRUSTED_FLAGGER, SourceKind.ORDER})
_CHILD_ABUSE: Final = frozenset(harm.value for harm in CHILD_ABUSE_OFFENCES)


class Source(msgspec.Struct, frozen=True):
    """One reason to look at an item. `ref` names the act for ever: the same act is never counted twice.

    `by_harm`: the clause was not named but taken as the gravest about the harm; one that was named stays.
    """

    kind: SourceKind
    ref: str
    clause: str = ""
    harm: str = ""
    summary: Mapping[str, Any] = {}
    inputs: Inputs = Inputs()
    queue: str = ""
    due_at: datetime | None = None
    by_harm: bool = False


def item_of(case: Case) -> ItemRef:
    """Return the item of a case."""
    return ItemRef(case.platform, case.item_kind, case.item_id)


def subject_of(case: Case) -> str:
    """Return a case's name in the ledger."""
    return f"case:{case.pk}"


def current(case: Case) -> Case:
    """Return the case that holds the sources of `case` now: itself, unless it was merged."""
    while case.merged_into_id is not None:
        case = Case.objects.get(pk=case.merged_into_id)
    return case


def about(item: ItemRef, author: str) -> tuple[str, ...]:
    """Return the ledger's names of an item and its account."""
    return (f"item:{item}", f"account:{item.platform}/{author}") if author else (f"item:{item}",)


def primary_language(tag: str | None) -> str:
    """Return the first part of a language tag, in lower case: `ar` of `ar-EG`. Empty if there is none."""
    return (tag or "").split("-")[0].lower()[:35]


def open_case(
    *,
    by: Actor,
    now: datetime,
    item: ItemRef,
    source: Source,
    snapshot: Snapshot | None,
    event: Event | None = None,
    item_url: str = "",
    author_id: str = "",
    language: str = "",
    pack: str = "",
) -> Case:
    """Open a case on `item`, or add `source` to the one that is open.

    A source that was taken in is not counted again.

    `snapshot` is the frozen copy of what was reported, `event` the same as a value if it is an event; `pack`
    is the digest of the rule book in force.
    """
    for attempt in range(_ATTEMPTS):
        known = CaseSource.objects.filter(ref=source.ref).select_related("case").first()
        if known is not None:
            return current(known.case)
        try:
            with transaction.atomic():
                return _take_in(
                    by=by,
                    now=now,
                    item=item,
                    source=source,
                    snapshot=snapshot,
                    event=event,
                    item_url=item_url,
                    author_id=author_id,
                    language=language,
                    pack=pack,
                )
        except IntegrityError:  # somebody opened the case, or took in the source, in this instant
            if attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _take_in(
    *,
    by: Actor,
    now: datetime,
    item: ItemRef,
    source: Source,
    snapshot: Snapshot | None,
    event: Event | None,
    item_url: str,
    author_id: str,
    language: str,
    pack: str,
) -> Case:
    case = open_on(item, lock=True)
    opened = case is None
    if case is None:
        case = Case(
            platform=item.platform, item_kind=item.kind, item_id=item.id, state=CaseState.OPEN, opened_at=now
        )
    case.item_url = case.item_url or item_url or (event.item.url if event and event.item.url else "")
    case.author_id = case.author_id or author_id or (event.author.id if event else "")
    case.language = case.language or primary_language(language)
    _join(case, source)
    if event is not None:
        _see(case, event)
    rank(case, now)
    case.save()
    CaseSource.objects.create(
        case=case,
        kind=source.kind.value,
        ref=source.ref,
        at=now,
        clause=source.clause,
        summary=storable(source.summary),
    )
    if snapshot is not None:
        evidence.keep(case, snapshot, now=now, pack=pack)
    ledger.record(
        FactKind.CASE_OPENED if opened else FactKind.CASE_SOURCE_ADDED,
        by=by,
        now=now,
        subject=subject_of(case),
        about=(*about(item, case.author_id), source.ref),
        body={
            "source": source.kind,
            "ref": source.ref,
            "clause": source.clause,
            "harm": source.harm,
            "queue": case.queue,
            "priority": case.priority,
            "evidence": snapshot.digest if snapshot else None,
            "pack": pack,
        },
    )
    return case


def join_many(case: Case, source: Source, *, count: int, by: Actor, now: datetime) -> None:
    """Let `count` notices more join an open case as one source, which grows. The caller has locked the case.

    For crowds: nobody counts a million rows. The source's summary is that of all of them so far.
    """
    _join(case, source, count=count)
    rank(case, now)
    case.save()
    said = {"clause": source.clause, "summary": storable(source.summary)}
    CaseSource.objects.update_or_create(
        ref=source.ref,
        defaults=said,
        create_defaults={"case": case, "kind": source.kind.value, "at": now, **said},
    )
    ledger.record(
        FactKind.CASE_SOURCE_ADDED,
        by=by,
        now=now,
        subject=subject_of(case),
        about=(*about(item_of(case), case.author_id), source.ref),
        body={
            "source": source.kind,
            "ref": source.ref,
            "clause": source.clause,
            "harm": source.harm,
            "queue": case.queue,
            "priority": case.priority,
            "count": count,
        },
    )


def _join(case: Case, source: Source, *, count: int = 1) -> None:
    """Let a source change what the case is about: the gravest clause leads it."""
    before = msgspec.convert(case.priority_inputs, Inputs)
    inputs = source.inputs
    if source.kind in _NOTICES:
        inputs = merge(inputs, Inputs(notices=count))
        case.notices += count
    elif source.kind is SourceKind.VERDICT:
        case.verdicts += 1
    severity = severity_of(source.clause)
    inputs = merge(
        inputs,
        Inputs(
            severity=severity,
            order=source.kind is SourceKind.ORDER,
            trusted=source.kind is SourceKind.TRUSTED_FLAGGER,
        ),
    )
    known_better = source.by_harm and case.harm == source.harm
    if source.clause and (not case.clause or (severity > before.severity and not known_better)):
        case.clause = source.clause
    if source.harm and (not case.harm or severity > before.severity):
        case.harm = source.harm
    if source.harm in _CHILD_ABUSE:
        case.restricted = True
    if case.restricted:
        case.queue = CHILD_SAFETY_QUEUE
        case.excerpt = case.search_text = ""
    elif source.queue and (not case.queue or case.queue == DEFAULT_QUEUE or severity > before.severity):
        case.queue = source.queue
    case.queue = case.queue or DEFAULT_QUEUE
    if source.due_at is not None and (case.due_at is None or source.due_at < case.due_at):
        case.due_at = source.due_at
    case.priority_inputs = msgspec.to_builtins(merge(before, inputs))


def _see(case: Case, event: Event) -> None:
    """Take what the case needs from a version of its item: account, digest, words to find it by."""
    case.author_email = event.author.email or case.author_email
    case.author_language = event.author.language or case.author_language
    case.language = case.language or primary_language(event.item.language or event.author.language)
    case.content = evidence.content_digest(event)
    known = msgspec.convert(case.priority_inputs, Inputs)
    more = Inputs(live=event.kind in LIVE_KINDS, reach=event.item.reach)
    case.priority_inputs = msgspec.to_builtins(merge(known, more))
    if case.restricted:
        return  # never in search, no words outside the vault
    case.excerpt = case.excerpt or evidence.excerpt_of(event)
    words = fold(" ".join(filter(None, (text_of(event), event.author.id, event.author.name, event.item.url))))
    if words not in case.search_text:
        case.search_text = f"{case.search_text}\n{words}".strip()[:_SEARCHED]


def rank(case: Case, now: datetime) -> None:
    """Count a case's priority again. The caller saves it."""
    inputs, ahead = msgspec.convert(case.priority_inputs, Inputs), precedence.until_of(case, now)
    ranked = priority(inputs, due_at=case.due_at, now=now, ahead_until=ahead)
    case.priority, case.priority_parts, case.rank_again_at = ranked.total, ranked.terms, ranked.stale_at


def open_on(item: ItemRef, *, lock: bool = False) -> Case | None:
    """Return the open case on an item, if there is one; locked until the transaction ends, if asked."""
    cases = Case.objects.select_for_update(of=("self",)) if lock else Case.objects.all()
    return cases.filter(
        platform=item.platform, item_kind=item.kind, item_id=item.id, state=CaseState.OPEN
    ).first()


def _open_on_any(items: Iterable[ItemRef], cases: QuerySet[Case]) -> dict[ItemRef, Case]:
    wanted = set(items)
    found = cases.filter(state=CaseState.OPEN, item_id__in={item.id for item in wanted}).order_by("pk")
    return {item_of(case): case for case in found if item_of(case) in wanted} if wanted else {}


def open_items(items: Iterable[ItemRef]) -> set[ItemRef]:
    """Return those of `items` on which a case is open."""
    return set(_open_on_any(items, Case.objects.all()))


def lock_open(items: Iterable[ItemRef]) -> dict[ItemRef, Case]:
    """Lock the open cases of `items` in one order: a batch and a person can't wait for each other then."""
    return _open_on_any(items, Case.objects.select_for_update(of=("self",)))


def add_version(
    *, now: datetime, item: ItemRef, ref: str, snapshot: Snapshot, event: Event, pack: str, by: Actor = SYSTEM
) -> Case | None:
    """Keep a later version of an item that has an open case, so that people see what changed or vanished.

    Nobody accuses: no count grows. Returns None if no case is open on it.
    """
    with transaction.atomic():
        case = open_on(item, lock=True)
        if case is None or CaseSource.objects.filter(ref=ref).exists():
            return case
        reported = case.content
        _see(case, event)
        rank(case, now)
        case.save()
        CaseSource.objects.create(
            case=case,
            kind=SourceKind.VERSION,
            ref=ref,
            at=now,
            summary={"change": event.change.value, "differs": case.content != reported},
        )
        evidence.keep(case, snapshot, now=now, pack=pack)
        ledger.record(
            FactKind.CASE_SOURCE_ADDED,
            by=by,
            now=now,
            subject=subject_of(case),
            about=(*about(item, case.author_id), ref),
            body={
                "source": SourceKind.VERSION,
                "ref": ref,
                "change": event.change,
                "evidence": snapshot.digest,
            },
        )
    return case


def merge_into(case: Case, other: Case, *, now: datetime) -> None:
    """Move everything of `other`, an open case on the same item, into `case`.

    Both are locked by the caller.
    """
    other.sources.update(case=case)
    have = set(case.evidence.values_list("kind", "digest"))
    for copy in other.evidence.all():
        if (copy.kind, copy.digest) not in have:
            copy.case = case
            copy.save(update_fields=["case"])
    mine, theirs = (msgspec.convert(c.priority_inputs, Inputs) for c in (case, other))
    if theirs.severity > mine.severity or not case.clause:
        case.clause, case.harm = other.clause or case.clause, other.harm or case.harm
    case.priority_inputs = msgspec.to_builtins(merge(mine, theirs))
    case.restricted = case.restricted or other.restricted
    if case.restricted:
        case.queue, case.excerpt, case.search_text = CHILD_SAFETY_QUEUE, "", ""
    case.notices += other.notices
    case.verdicts += other.verdicts
    case.content = other.content or case.content
    case.author_email = case.author_email or other.author_email
    case.author_language = case.author_language or other.author_language
    case.due_at = min(filter(None, (case.due_at, other.due_at)), default=None)
    other.state = case_after(CaseState(other.state), CaseEvent.MERGE)
    other.merged_into, other.lease_by, other.lease_until = case, None, None
    other.save()
    rank(case, now)


def record_merged(case: Case, other: Case, *, by: Actor, now: datetime) -> None:
    """Record that `other` was merged into `case`; apart, since a verb locks rows first and records last."""
    ledger.record(
        FactKind.CASE_MERGED,
        by=by,
        now=now,
        subject=subject_of(other),
        about=(subject_of(case),),
        body={"into": case.pk},
    )


def rerank_due(now: datetime, *, limit: int = _RERANK) -> int:
    """Count the priorities again whose clock has crossed an edge. Cheap when there is none."""
    if not Case.objects.filter(rank_again_at__lte=now).exists():
        return 0
    with transaction.atomic():
        # Without a word on the state: with one, a planner may walk all open cases, not the few that are due.
        due = Case.objects.filter(rank_again_at__lte=now).order_by("rank_again_at")
        stale = list(due.select_for_update(skip_locked=True, of=("self",))[:limit])
        for case in stale:
            if case.state == CaseState.OPEN:
                rank(case, now)
            else:
                case.rank_again_at = None
        Case.objects.bulk_update(stale, ["priority", "priority_parts", "rank_again_at"])
    return len(stale)

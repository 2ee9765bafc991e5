"""What people may see of cases: lists, one case, counts.

What is absent and what is forbidden look the same: None.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from math import ceil
from typing import Final

import msgspec
from django.db.models import Count, Q, QuerySet, Sum

from hakam.compliance import access as compliance
from hakam.enforcement import access as enforcement
from hakam.policy.covering import covers
from hakam.review import clauses, evidence, ladder, leases
from hakam.review.cases import item_of
from hakam.review.models import Case, CaseSource, Decision
from hakam.review.priority import Inputs, Term, explain
from hakam.review.shapes import (
    AuthorHistory,
    CaseRow,
    CaseView,
    ClauseView,
    Counts,
    DeadlineView,
    DecisionView,
    DraftView,
    EvidenceView,
    FiringView,
    LeaseView,
    QueueFilter,
    QueuePage,
    SourceView,
    StepView,
    VersionView,
)
from hakam.review.states import STANDING, CaseState, DecisionState, Outcome, SourceKind
from hakam.signals.fold import fold
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import ActorKind
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.harm import GRAVE
from hakam.vocabulary.measure import Measure
from hakam.vocabulary.reasons import Reasons
from hakam.vocabulary.verdict import Firing

PER_PAGE: Final = 50
MOST_COUNTED: Final = 10_000  # beyond that a list says "more than"
MOST_FOUND: Final = 1_000  # of a search
_SOURCES: Final = 200
_DECISIONS: Final = 20
_ORDER: Final = {
    "priority": ("-priority", "opened_at", "pk"),
    "oldest": ("opened_at", "pk"),
    "newest": ("-opened_at", "-pk"),
    "due": ("due_at", "-priority", "pk"),
}


def readable(user: User) -> QuerySet[Case]:
    """Return the cases that this person may read: child abuse with its own permission only."""
    if not user.may(Permission.CASE_READ):
        return Case.objects.none()
    cases = Case.objects.all()
    if not user.may(Permission.CHILD_SAFETY_READ):
        cases = cases.filter(restricted=False)
    return cases.filter(queue__in=user.queues) if user.queues else cases


def _filtered(user: User, wanted: QueueFilter, now: datetime) -> QuerySet[Case]:
    cases = readable(user)
    exact = {
        "state": wanted.state,
        "queue": wanted.queue,
        "language": wanted.language,
        "platform": wanted.platform,
        "clause": wanted.clause,
        "author_id": wanted.author,
    }
    cases = cases.filter(**{name: value for name, value in exact.items() if value})
    if wanted.source:
        cases = cases.filter(pk__in=CaseSource.objects.filter(kind=wanted.source).values("case"))
    held = Q(lease_until__gt=now)
    if wanted.lease == "mine":
        cases = cases.filter(held, lease_by_id=user.pk)
    elif wanted.lease == "free":
        cases = cases.exclude(held, lease_until__isnull=False)
    elif wanted.lease == "taken":
        cases = cases.filter(held).exclude(lease_by_id=user.pk)
    for word in fold(wanted.search).split()[:8]:
        cases = cases.filter(restricted=False, search_text__contains=word)
    return cases


def queue(user: User, *, now: datetime, wanted: QueueFilter | None = None, page: int = 1) -> QueuePage:
    """List cases, a page at a time.

    Search folds the words as the texts were folded, and never finds child abuse.
    """
    wanted = wanted or QueueFilter()
    cases = _filtered(user, wanted, now).order_by(*_ORDER.get(wanted.sort, _ORDER["priority"]))
    if wanted.search:  # one pass over the texts gives both the number and the page
        found = list(cases.values_list("pk", flat=True)[: MOST_FOUND + 1])
        total = min(len(found), MOST_FOUND)
    else:
        found = []
        total = cases.order_by()[: MOST_COUNTED + 1].count()
    pages = max(1, ceil(min(total, MOST_COUNTED) / PER_PAGE))
    page = min(max(1, page), pages)
    here = slice((page - 1) * PER_PAGE, page * PER_PAGE)
    if wanted.search:
        by_number = Case.objects.defer("search_text").in_bulk(found[:MOST_FOUND][here])
        shown = [by_number[pk] for pk in found[:MOST_FOUND][here] if pk in by_number]
    else:
        shown = list(cases.defer("search_text")[here])
    more = len(found) > MOST_FOUND if wanted.search else total > MOST_COUNTED
    return QueuePage(_rows(shown, user, now), min(total, MOST_COUNTED), page, pages, wanted, more)


def _rows(cases: Iterable[Case], user: User, now: datetime) -> tuple[CaseRow, ...]:
    cases = list(cases)
    holders = {case.lease_by_id for case in cases if case.lease_by_id}
    names = dict(User.objects.filter(pk__in=holders).values_list("pk", "username")) if holders else {}
    return tuple(_row(case, user, now, names) for case in cases)


def _row(case: Case, user: User, now: datetime, names: dict[int, str]) -> CaseRow:
    lease = None
    if case.lease_by_id and case.lease_until and case.lease_until > now and case.state == CaseState.OPEN:
        holder = int(case.lease_by_id)
        lease = LeaseView(holder, names.get(holder, ""), case.lease_until, mine=holder == user.pk)
    return CaseRow(
        id=case.pk,
        item=item_of(case),
        item_url=case.item_url,
        author_id=case.author_id,
        language=case.language,
        queue=case.queue,
        state=CaseState(case.state),
        clause=case.clause,
        harm=case.harm,
        restricted=case.restricted,
        excerpt=case.excerpt,
        priority=case.priority,
        notices=case.notices,
        verdicts=case.verdicts,
        opened_at=case.opened_at,
        due_at=case.due_at,
        decided_at=case.decided_at,
        lease=lease,
    )


def counts(user: User, *, now: datetime) -> Counts:
    """Return the figures of the header, each from an index."""
    from hakam.review.complaint_access import open_count  # noqa: PLC0415 -- it builds on this module

    opened = readable(user).filter(state=CaseState.OPEN)
    queues = dict(opened.order_by("queue").values_list("queue").annotate(n=Count("pk")))
    return Counts(
        open=sum(queues.values()),
        overdue=opened.filter(due_at__lte=now).count(),
        mine=opened.filter(lease_by_id=user.pk, lease_until__gt=now).count(),
        complaints=open_count(user=user),
        queues=queues,
    )


def next_case(
    *,
    user: User,
    now: datetime,
    queue: str = "",
    after: int | None = None,
    seconds: int = leases.LEASE_SECONDS,
) -> int | None:
    """Take the next case for this person and return its number; None when nothing is left.

    See `leases.next_case`.
    """
    case = leases.next_case(user=user, now=now, queue=queue, after=after, seconds=seconds)
    return None if case is None else case.pk


def peek(*, user: User, now: datetime, queue: str = "", after: int | None = None) -> int | None:
    """Return the number of the case that would come next, without taking it: for prefetching."""
    if not user.may(Permission.CASE_DECIDE):
        return None
    cases = leases.workable(user, now)
    if queue:
        cases = cases.filter(queue=queue)
    if after is not None:
        cases = cases.exclude(pk=after)
    return cases.order_by(*_ORDER["priority"]).values_list("pk", flat=True).first()


def case(case_id: int, *, user: User, now: datetime, vault: Vault) -> CaseView | None:
    """Return everything that one screen shows of a case; None if it is absent or not this person's to see.

    The copies of a restricted case are not among it: `reveal` shows them, and writes a fact.
    """
    from hakam.review.complaint_access import rows_about  # noqa: PLC0415 -- it builds on this module

    found = readable(user).filter(pk=case_id).first()
    if found is None:
        return None
    sources = tuple(found.sources.order_by("-at", "-pk")[:_SOURCES])
    tally = Counter(dict(found.sources.values_list("kind").annotate(n=Count("pk"))))
    versions = () if found.restricted else evidence.versions_of(found, vault)
    version = clauses.active()
    inputs = msgspec.convert(found.priority_inputs, Inputs)
    on_item = Decision.objects.filter(
        platform=found.platform, item_kind=found.item_kind, item_id=found.item_id
    ).order_by("-at", "-pk")[:_DECISIONS]
    decided = decision_views(on_item)
    draft = found.drafts.filter(user=user).first()
    refs = [source.ref for source in sources if source.kind != SourceKind.VERDICT][:_SOURCES]
    return CaseView(
        row=_rows([found], user, now)[0],
        terms=explain(found.priority_parts, inputs),
        sources=tuple(_source(source) for source in sources),
        source_counts=dict(tally),
        firings=tuple(firing for source in sources for firing in _firings(source)),
        versions=versions,
        hidden=found.restricted,
        evidence=tuple(
            EvidenceView(copy.digest, copy.kind, copy.size, copy.captured_at, copy.pack)
            for copy in found.evidence.order_by("captured_at", "pk")
        ),
        clauses=clause_views(found, user.language),
        history=history(found.platform, found.author_id, user=user, newest=versions[-1:] or ()),
        decisions=decided,
        complaints=rows_about([d.id for d in decided], user=user),
        deadlines=tuple(
            DeadlineView(d.clock, d.subject, d.due_at, d.met_at, d.missed_at)
            for subject in [f"case:{found.pk}", *refs]
            for d in compliance.deadlines_of(subject)
        ),
        in_force=tuple(enforcement.in_force(item_of(found), author_id=found.author_id)),
        draft=None if draft is None else DraftView(draft.body, draft.saved_at),
        pack="" if version is None else f"{version.pack}@{version.version}",
        may_decide=_may_decide(found, user, now),
        merged_into=found.merged_into_id,
    )


def terms(case_id: int, *, user: User) -> tuple[Term, ...] | None:
    """Return how the priority of a case comes about; None if it is absent or not this person's to see."""
    found = readable(user).filter(pk=case_id).first()
    return (
        None
        if found is None
        else explain(found.priority_parts, msgspec.convert(found.priority_inputs, Inputs))
    )


def _may_decide(case: Case, user: User, now: datetime) -> bool:
    held = case.lease_by_id not in {None, user.pk} and case.lease_until is not None and case.lease_until > now
    return case.state == CaseState.OPEN and user.may(Permission.CASE_DECIDE) and not held


def reveal(case_id: int, *, user: User, now: datetime, vault: Vault) -> tuple[VersionView, ...] | None:
    """Show the copies of a case; every view of a restricted one is a fact in the ledger."""
    found = readable(user).filter(pk=case_id).first()
    if found is None:
        return None
    if not found.restricted:
        return evidence.versions_of(found, vault)
    return evidence.reveal(found, by=user.actor, now=now, vault=vault)


def _source(source: CaseSource) -> SourceView:
    return SourceView(SourceKind(source.kind), source.ref, source.at, source.clause, source.summary)


def _firings(source: CaseSource) -> Iterable[FiringView]:
    if source.kind != SourceKind.VERDICT:
        return
    already = msgspec.convert(source.summary.get("in_force", []), tuple[Measure, ...])
    for firing in msgspec.convert(source.summary.get("firings", []), tuple[Firing, ...]):
        yield FiringView(
            rule=firing.rule,
            clause=firing.policy,
            stage=firing.stage,
            values=firing.values,
            measures=firing.measures,
            ref=source.ref,
            at=source.at,
            pack=str(source.summary.get("pack", "")),
            already=tuple(one for one in firing.measures if any(covers(other, one) for other in already)),
        )


def decision_views(found: Iterable[Decision]) -> tuple[DecisionView, ...]:
    """Return decisions for colleagues, each with the name of who took it. One query for all names."""
    rows = list(found)
    prefix = f"{ActorKind.STAFF}:"
    people = {int(d.by.removeprefix(prefix)) for d in rows if d.by.startswith(prefix)}
    names = dict(User.objects.filter(pk__in=people).values_list("pk", "username"))
    return tuple(
        DecisionView(
            id=d.pk,
            case_id=d.case_id,
            item=ItemRef(d.platform, d.item_kind, d.item_id),
            by=d.by,
            by_name=names.get(int(d.by.removeprefix(prefix)), d.by) if d.by.startswith(prefix) else d.by,
            automated=d.by.startswith(f"{ActorKind.RULE}:"),
            at=d.at,
            outcome=Outcome(d.outcome),
            state=DecisionState(d.state),
            clause=d.clause,
            reasons=None if d.reasons is None else msgspec.convert(d.reasons, Reasons),
            measures=msgspec.convert(d.measures, tuple[Measure, ...]),
            note=d.note,
            undo_until=d.undo_until,
            replaced_by=d.replaced_by_id,
        )
        for d in rows
    )


def decision(decision_id: int, *, user: User) -> DecisionView | None:
    """Return a decision; None if it is absent or not this person's to see."""
    found = Decision.objects.filter(pk=decision_id).first()
    if found is None or not user.may(Permission.CASE_READ):
        return None
    if found.case_id is not None and not readable(user).filter(pk=found.case_id).exists():
        return None
    return decision_views([found])[0]


def history(
    platform: str, author_id: str, *, user: User, newest: Iterable[VersionView] = ()
) -> AuthorHistory | None:
    """Return what is known of an account; None if nobody knows whose the item is."""
    if not author_id:
        return None
    mine = Decision.objects.filter(platform=platform, author_id=author_id, state__in=STANDING)
    tally = mine.aggregate(
        violations=Count("pk", filter=Q(outcome=Outcome.VIOLATION)),
        automated=Count("pk", filter=Q(outcome=Outcome.VIOLATION, by__startswith=f"{ActorKind.RULE}:")),
        cleared=Count("pk", filter=Q(outcome=Outcome.NO_VIOLATION)),
    )
    visible = mine if user.may(Permission.CHILD_SAFETY_READ) else mine.exclude(case__restricted=True)
    open_cases = readable(user).filter(platform=platform, author_id=author_id, state=CaseState.OPEN).count()
    author = next((v.event.author for v in newest if v.event is not None), None)
    return AuthorHistory(
        author_id=author_id,
        violations=tally["violations"],
        automated=tally["automated"],
        cleared=tally["cleared"],
        open_cases=open_cases,
        decisions=decision_views(visible.order_by("-at", "-pk")[:_DECISIONS]),
        created_at=author.created_at if author else None,
        followers=author.followers if author else None,
        labels=author.labels if author else (),
    )


def standing_violations(
    platform: str, author_id: str, clauses: Iterable[str], *, since: datetime
) -> list[Decision]:
    """Return the violations of some clauses that stand against an account since `since`, newest first."""
    return list(
        Decision.objects.filter(
            platform=platform,
            author_id=author_id,
            clause__in=list(clauses),
            outcome=Outcome.VIOLATION,
            state__in=STANDING,
            at__gt=since,
        ).order_by("-at", "-pk")
    )


def reports_about(item: ItemRef) -> int:
    """Return how many reports of people there were about an item, each of a crowd counted."""
    cases = Case.objects.filter(platform=item.platform, item_kind=item.kind, item_id=item.id)
    return int(cases.exclude(state=CaseState.MERGED).aggregate(total=Sum("notices"))["total"] or 0)


def accounts_in_violation(platform: str, clauses: Iterable[str], *, since: datetime) -> set[str]:
    """Return the accounts against which such a violation stands."""
    found = Decision.objects.filter(
        platform=platform,
        clause__in=list(clauses),
        outcome=Outcome.VIOLATION,
        state__in=STANDING,
        at__gt=since,
    )
    return set(found.values_list("author_id", flat=True).distinct())


def clause_views(case: Case, language: str) -> tuple[ClauseView, ...]:
    """Return the clauses that can be chosen: those alleged first, each with its ladder for this account."""
    version = clauses.active()
    if version is None:
        return ()
    alleged = set(case.sources.values_list("clause", flat=True))
    standing: Counter[str] = Counter()
    if case.author_id:
        counted = Decision.objects.filter(
            platform=case.platform, author_id=case.author_id, outcome=Outcome.VIOLATION, state__in=STANDING
        )
        standing = Counter(dict(counted.values_list("clause").annotate(n=Count("pk"))))
    return clauses_for(alleged, standing, language)


def clauses_for(alleged: Iterable[str], standing: Counter[str], language: str) -> tuple[ClauseView, ...]:
    """Return all clauses in force for an account with these standing violations of each clause."""
    version = clauses.active()
    if version is None:
        return ()
    wanted = set(alleged)
    out = []
    for clause in clauses.all_in(version):
        steps = clauses.ladder_of(clause)
        advice = ladder.advise(steps, standing[clause.id], grave=clauses.harm_of(clause) in GRAVE)
        out.append(
            ClauseView(
                id=clause.id,
                title=clauses.title_of(clause, language),
                text=clauses.text_of(clause, language),
                severity=clauses.severity(clause),
                harm=clauses.harm_of(clause) or "",
                alleged=clause.id in wanted,
                ladder=tuple(
                    StepView(
                        measures=step,
                        recommended=advice is not None and n == advice.recommended,
                        milder=advice is not None and n == advice.milder,
                        irreversible=ladder.irreversible(step),
                    )
                    for n, step in enumerate(steps)
                ),
            )
        )
    return tuple(sorted(out, key=lambda c: (not c.alleged, -c.severity, c.id)))


__all__ = [
    "case",
    "clauses_for",
    "counts",
    "decision",
    "decision_views",
    "history",
    "next_case",
    "peek",
    "queue",
    "readable",
    "reveal",
]

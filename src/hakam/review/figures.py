"""Figures on decisions and complaints that anybody may know: counts and medians, no person, no item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from django.db.models import Count, F, Q

from hakam.review.complaints import AFFECTED
from hakam.review.models import Complaint, Decision
from hakam.review.states import STANDING, ComplaintState, DecisionState, Outcome
from hakam.vocabulary.actor import ActorKind

_HEARD = frozenset({*STANDING, DecisionState.REPLACED}) - {DecisionState.PENDING}


@dataclass(frozen=True)
class ClauseFigure:
    """Decisions that found a violation of one clause."""

    clause: str
    people: int
    rules: int  # taken by a rule

    @property
    def total(self) -> int:
        """Both together."""
        return self.people + self.rules


@dataclass(frozen=True)
class DecisionFigures:
    """Decisions of a span of time. Undone ones were never heard of and do not count."""

    total: int
    violations: int
    cleared: int
    automated: int
    by_clause: tuple[ClauseFigure, ...]  # the most frequent first
    by_measure: tuple[tuple[str, int], ...]
    median_seconds: float | None  # from the opening of the case to the decision, by people

    @property
    def automated_share(self) -> float | None:
        """The share (0 to 1) that was taken by rules; None of nothing."""
        return self.automated / self.total if self.total else None


@dataclass(frozen=True)
class ComplaintFigures:
    """Complaints of a span of time (DSA Art. 24(1), Art. 15(1)(d))."""

    received: int
    open: int
    upheld: int
    denied: int
    by_affected: int
    median_seconds: float | None  # from receipt to decision

    @property
    def reversal_rate(self) -> float | None:
        """The share (0 to 1) of decided complaints that were upheld; None of nothing."""
        decided = self.upheld + self.denied
        return self.upheld / decided if decided else None


def _median(spans: Iterable[tuple[datetime | None, datetime | None]]) -> float | None:
    lengths = [(end - start).total_seconds() for start, end in spans if start is not None and end is not None]
    return median(lengths) if lengths else None


def decision_figures(*, since: datetime | None = None) -> DecisionFigures:
    """Count the decisions taken since a moment; all without one."""
    found = Decision.objects.filter(state__in=_HEARD)
    if since is not None:
        found = found.filter(at__gte=since)
    rule = Q(by__startswith=f"{ActorKind.RULE}:")
    tally = found.aggregate(
        total=Count("pk"),
        violations=Count("pk", filter=Q(outcome=Outcome.VIOLATION)),
        cleared=Count("pk", filter=Q(outcome=Outcome.NO_VIOLATION)),
        automated=Count("pk", filter=rule),
    )
    violations = found.filter(outcome=Outcome.VIOLATION)
    clauses = (
        violations.values("clause")
        .annotate(n=Count("pk"), machine=Count("pk", filter=rule))
        .order_by("-n", "clause")
    )
    measures: Counter[str] = Counter()
    for listed in violations.values_list("measures", flat=True).iterator():
        measures.update({measure["kind"] for measure in listed})
    by_people = found.exclude(rule).filter(case__isnull=False)
    return DecisionFigures(
        total=tally["total"],
        violations=tally["violations"],
        cleared=tally["cleared"],
        automated=tally["automated"],
        by_clause=tuple(
            ClauseFigure(row["clause"], row["n"] - row["machine"], row["machine"]) for row in clauses
        ),
        by_measure=tuple(measures.most_common()),
        median_seconds=_median(by_people.values_list("case__opened_at", "at").iterator()),
    )


def complaint_figures(*, since: datetime | None = None) -> ComplaintFigures:
    """Count the complaints received since a moment; all without one."""
    found = Complaint.objects.all()
    if since is not None:
        found = found.filter(received_at__gte=since)
    tally = found.aggregate(
        received=Count("pk"),
        open=Count("pk", filter=Q(state=ComplaintState.OPEN)),
        upheld=Count("pk", filter=Q(state=ComplaintState.UPHELD)),
        denied=Count("pk", filter=Q(state=ComplaintState.DENIED)),
        by_affected=Count("pk", filter=Q(complainant=AFFECTED)),
    )
    decided = found.filter(decided_at__isnull=False).annotate(end=F("decided_at"))
    return ComplaintFigures(
        **tally, median_seconds=_median(decided.values_list("received_at", "end").iterator())
    )

"""What must hold in this room at all times. `hakam doctor` runs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from typing import TypeVar

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from hakam.compliance.models import Statement
from hakam.review import trips
from hakam.review.complaints import subject_of
from hakam.review.lineage import chain, name_of
from hakam.review.models import Case, CaseSource, Complaint, Decision
from hakam.review.states import (
    STANDING,
    CaseState,
    ComplaintState,
    DecisionState,
    Outcome,
)
from hakam.vocabulary.actor import ActorKind
from hakam.vocabulary.finding import Finding, Severity

CODES = {
    "R001": "an open case has no source",
    "R002": "a decided case has no decision that was not undone",
    "R003": "a restriction has no statement of reasons",
    "R004": "who took part in a decision decided the complaint about it",
    "R005": "an undo window is over, and its decision is not final",
    "R006": "a replaced decision and its successor do not point at each other",
    "R007": "a complaint was not decided by a person with an answer",
    "R008": "words of a restricted case can be searched",
    "R009": "the terms of a priority do not make its sum",
    "R010": "a merged case still has sources, or leads nowhere",
    "R011": "a state that does not exist",
    "R012": "a decision that restricts has no reasons or no measures",
    "R013": "a rule is put aside, since it failed too often: no event is judged by it",
}
_GRACE = timedelta(minutes=5)
_CHUNK = 500
_ROUNDING = 0.05
T = TypeVar("T")


def check() -> Iterator[Finding]:
    """Yield everything that is broken in this room."""
    yield from _cases()
    yield from _decisions()
    yield from _complaints()
    yield from _rules_aside()


def _rules_aside() -> Iterator[Finding]:
    for trip in trips.unseen():
        if trip.kind == trips.TripKind.ASIDE and trips.stands(trip):
            yield _broken(
                "R013", trip.rule, f"{trip.why}; mend the rule, or take it back under Rules in the console"
            )


def _broken(code: str, subject: str, hint: str | None = None, *, warning: bool = False) -> Finding:
    severity = Severity.WARNING if warning else Severity.ERROR
    return Finding(code=code, severity=severity, message=CODES[code], subject=subject, hint=hint)


def _chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


def _cases() -> Iterator[Finding]:
    for case in Case.objects.exclude(state__in=list(CaseState)).order_by("pk").iterator():
        yield _broken("R011", f"case:{case.pk}", f"`{case.state}`")
    sources = CaseSource.objects.filter(case=OuterRef("pk"))
    opened = Case.objects.filter(~Exists(sources), state=CaseState.OPEN)
    for pk in opened.order_by("pk").values_list("pk", flat=True).iterator():
        yield _broken("R001", f"case:{pk}")
    taken = Decision.objects.filter(case=OuterRef("pk")).exclude(state=DecisionState.UNDONE)
    decided = Case.objects.filter(~Exists(taken), state=CaseState.DECIDED)
    for pk in decided.order_by("pk").values_list("pk", flat=True).iterator():
        yield _broken("R002", f"case:{pk}")
    hidden = Case.objects.filter(restricted=True).exclude(search_text="", excerpt="")
    for pk in hidden.order_by("pk").values_list("pk", flat=True).iterator():
        yield _broken("R008", f"case:{pk}")
    merged = Case.objects.filter(Exists(sources) | Q(merged_into=None), state=CaseState.MERGED)
    for pk in merged.order_by("pk").values_list("pk", flat=True).iterator():
        yield _broken("R010", f"case:{pk}")
    ranked = Case.objects.filter(state=CaseState.OPEN).order_by("pk")
    for pk, total, parts in ranked.values_list("pk", "priority", "priority_parts").iterator():
        if abs(sum(parts.values()) - total) > _ROUNDING:
            yield _broken("R009", f"case:{pk}")


def _decisions() -> Iterator[Finding]:
    for decision in Decision.objects.exclude(state__in=list(DecisionState)).order_by("pk").iterator():
        yield _broken("R011", name_of(decision), f"`{decision.state}`")
    restricting = Decision.objects.filter(outcome=Outcome.VIOLATION, state__in=STANDING).order_by("pk")
    for chunk in _chunks(restricting.iterator()):
        names = [name_of(decision) for decision in chunk]
        told = set(Statement.objects.filter(decision__in=names).values_list("decision", flat=True))
        for decision in chunk:
            if name_of(decision) not in told:
                yield _broken("R003", name_of(decision))
            if not decision.reasons or not decision.measures:
                yield _broken("R012", name_of(decision))
    late = Decision.objects.filter(state=DecisionState.PENDING, undo_until__lt=timezone.now() - _GRACE)
    for decision in late.order_by("pk").iterator():
        yield _broken("R005", name_of(decision), "is the worker running?", warning=True)
    loose = Decision.objects.filter(
        Q(state=DecisionState.REPLACED, replaced_by=None)
        | (Q(replaced_by__isnull=False) & ~Q(state=DecisionState.REPLACED))
    )
    for decision in loose.order_by("pk").iterator():
        yield _broken("R006", name_of(decision))


def _complaints() -> Iterator[Finding]:
    for complaint in Complaint.objects.exclude(state__in=list(ComplaintState)).order_by("pk").iterator():
        yield _broken("R011", subject_of(complaint), f"`{complaint.state}`")
    decided = Complaint.objects.filter(state__in=[ComplaintState.UPHELD, ComplaintState.DENIED])
    for complaint in decided.select_related("decision").order_by("pk").iterator():
        by_person = complaint.decided_by.startswith(f"{ActorKind.STAFF}:")
        if not by_person or not complaint.answer.strip() or complaint.decided_at is None:
            yield _broken("R007", subject_of(complaint))
        before = [d for d in chain(complaint.decision) if d.pk <= complaint.decision_id]
        if complaint.decided_by in {d.by for d in before} | {d.seconded_by for d in before}:
            yield _broken("R004", subject_of(complaint))

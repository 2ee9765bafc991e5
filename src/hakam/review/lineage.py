"""What decisions have to do with each other: which one is in force, who took part, who must hear of it."""

from __future__ import annotations

from collections.abc import Iterable

from hakam.review.models import Complaint, Decision
from hakam.review.states import STANDING, ComplaintState, DecisionState, Outcome
from hakam.vocabulary.actor import ActorKind
from hakam.vocabulary.event import ItemRef


def name_of(decision: Decision) -> str:
    """Return a decision's name in the ledger."""
    return f"decision:{decision.pk}"


def item_decided(decision: Decision) -> ItemRef:
    """Return the item of a decision."""
    return ItemRef(decision.platform, decision.item_kind, decision.item_id)


def is_standing(decision: Decision) -> bool:
    """Whether the decision is in force."""
    return DecisionState(decision.state) in STANDING


def decision_named(subject: str) -> Decision | None:
    """Return the decision `decision:<n>`, or None."""
    kind, _, number = subject.partition(":")
    if kind != "decision" or not number.isascii() or not number.isdigit():
        return None
    return Decision.objects.filter(pk=int(number)).first()


def standing(decision: Decision) -> Decision:
    """Return the decision that is in force in the place of `decision`: itself, unless it was replaced."""
    while True:
        later = Decision.objects.filter(replaced__pk=decision.pk).first()
        if later is None:
            return decision
        decision = later


def chain(decision: Decision) -> list[Decision]:
    """Return all decisions that took each other's place with `decision` among them, the first taken first."""
    last = standing(decision)
    found = {last.pk: last}
    newest = [last.pk]
    while newest:
        before = list(Decision.objects.filter(replaced_by__in=newest))
        newest = [d.pk for d in before if d.pk not in found]
        found |= {d.pk: d for d in before}
    return [found[pk] for pk in sorted(found)]


def deciders(decision: Decision) -> set[str]:
    """Return everybody who decided, seconded, or decided a complaint, in the chain of `decision`."""
    links = chain(decision)
    links += [other for link in links if link.stands_on is not None for other in chain(link.stands_on)]
    people = {d.by for d in links} | {d.seconded_by for d in links if d.seconded_by}
    ended = Complaint.objects.filter(decision__in=links).exclude(state=ComplaintState.OPEN)
    return people | set(ended.values_list("decided_by", flat=True))


def settled_clauses(item: ItemRef, content: str) -> set[str]:
    """Return the clauses under which a person has judged this very content, whatever the outcome."""
    found = Decision.objects.filter(
        platform=item.platform,
        item_kind=item.kind,
        item_id=item.id,
        content=content,
        state__in=STANDING,
        by__startswith=f"{ActorKind.STAFF}:",
    )
    return {clause for considered in found.values_list("considered", flat=True) for clause in considered}


def strikes(platform: str, author_id: str, clause: str) -> int:
    """Return how many decisions in force found this account against `clause`."""
    if not author_id:
        return 0
    return Decision.objects.filter(
        platform=platform, author_id=author_id, clause=clause, outcome=Outcome.VIOLATION, state__in=STANDING
    ).count()


def told_by(decision: Decision) -> Iterable[int]:
    """Return the cases whose notifiers hear the outcome of `decision`.

    Its own, those of the decisions that it replaced, and those that were answered by one of these (`STANDS`).
    """
    links = [d.pk for d in chain(decision)]
    own = Decision.objects.filter(pk__in=links, case__isnull=False).values_list("case_id", flat=True)
    others = Decision.objects.filter(stands_on__in=links, state__in=STANDING, case__isnull=False)
    return sorted({*own, *others.exclude(stands_on=decision).values_list("case_id", flat=True)})

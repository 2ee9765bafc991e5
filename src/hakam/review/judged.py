"""What people decided about items, for comparing rules with it. For the commands and rooms above."""

from __future__ import annotations

from hakam.review.models import Decision
from hakam.review.states import DecisionState, Outcome
from hakam.vocabulary.actor import ActorKind

NOT_VIOLATING = "not violating"
ItemKey = tuple[str, str, str]  # platform, kind, id


def by_people() -> dict[ItemKey, str]:
    """Return, for each item that a person decided about, the clause that it breaks or `not violating`.

    The newest final decision counts, so one that a complaint reversed does not. What a rule decided is left out: rules
    are not compared with themselves.
    """
    found: dict[ItemKey, str] = {}
    decisions = Decision.objects.filter(
        state=DecisionState.FINAL,
        by__startswith=f"{ActorKind.STAFF}:",
        outcome__in=[Outcome.VIOLATION, Outcome.NO_VIOLATION],
    )
    names = ("platform", "item_kind", "item_id", "outcome", "clause")
    for platform, kind, item, outcome, clause in (
        decisions.order_by("at", "pk").values_list(*names).iterator()
    ):
        found[platform, kind, item] = clause if outcome == Outcome.VIOLATION and clause else NOT_VIOLATING
    return found

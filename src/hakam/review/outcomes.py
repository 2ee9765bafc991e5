"""What a decision means to those who reported: the outcome, and who is to hear it. For the rooms above."""

from __future__ import annotations

import msgspec

from hakam.review.lineage import decision_named, name_of, standing, told_by
from hakam.review.models import CaseSource, Complaint
from hakam.review.states import DecisionState, Outcome, SourceKind
from hakam.vocabulary.measure import Measure
from hakam.vocabulary.reasons import Reasons

_FROM_PEOPLE = (SourceKind.NOTICE, SourceKind.TRUSTED_FLAGGER)


class Told(msgspec.Struct, frozen=True):
    """What is told, and to whom."""

    decision: str  # as `decision:7`
    outcome: Outcome
    reasons: Reasons | None
    measures: tuple[Measure, ...]
    notices: tuple[str, ...]  # refs of the sources: `notice:<uuid>:<n>`
    heard_otherwise: frozenset[str]  # of these, who hears it as the outcome of a complaint


def of_decision(subject: str) -> Told | None:
    """Return what the final decision `subject` means; None if it is none, or is in force no more.

    A case that was answered by an earlier decision (`STANDS`) is told what that decision is.
    """
    decision = decision_named(subject)
    if decision is None or decision.state != DecisionState.FINAL:
        return None
    meant = standing(decision.stands_on) if decision.stands_on is not None else decision
    outcome = Outcome(decision.outcome)
    if outcome is Outcome.STANDS and meant.outcome != Outcome.VIOLATION:
        outcome = Outcome(meant.outcome)
    refs = CaseSource.objects.filter(case__in=list(told_by(decision)), kind__in=_FROM_PEOPLE)
    heard = Complaint.objects.filter(new_decision=decision).exclude(notice="")
    return Told(
        decision=name_of(decision),
        outcome=outcome,
        reasons=None if meant.reasons is None else msgspec.convert(meant.reasons, Reasons),
        measures=msgspec.convert(meant.measures, tuple[Measure, ...]),
        notices=tuple(refs.order_by("pk").values_list("ref", flat=True)),
        heard_otherwise=frozenset(heard.values_list("notice", flat=True)),
    )

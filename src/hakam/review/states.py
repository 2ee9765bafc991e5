"""The lives of a case, a decision and a complaint: pure tables, and reducers that refuse every other step."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeVar


class TransitionError(ValueError):
    """What happened can't happen to a thing in this state. Nothing was changed."""

    def __init__(self, state: StrEnum, event: StrEnum) -> None:
        self.state, self.event = state, event
        super().__init__(f"`{event}` can't happen to what is `{state}`")


class SourceKind(StrEnum):
    """Why a case exists. An order and a trusted flagger go ahead of everybody else (DSA Arts 9 and 22)."""

    VERDICT = "verdict"
    NOTICE = "notice"
    TRUSTED_FLAGGER = "trusted_flagger"
    ORDER = "order"
    COMPLAINT = "complaint"
    VERSION = "version"  # the item was edited or deleted later: nobody accuses, but the content differs
    STAFF = "staff"


class Outcome(StrEnum):
    """What a decision says about the item."""

    VIOLATION = "violation"  # against the law or the rules: owes reasons and at least one measure
    NO_VIOLATION = "no_violation"
    STANDS = "stands"  # an earlier decision on the same item already answers it; nothing more is done


class CaseState(StrEnum):
    """Where a case is."""

    OPEN = "open"
    DECIDED = "decided"
    MERGED = "merged"  # its sources moved to another case of the item


class CaseEvent(StrEnum):
    """What can happen to a case."""

    DECIDE = "decide"
    REOPEN = "reopen"  # the decision was undone inside its window
    MERGE = "merge"


class DecisionState(StrEnum):
    """Where a decision is."""

    PENDING = "pending"  # inside the undo window: no effect has left
    FINAL = "final"
    UNDONE = "undone"  # as if never taken; nobody outside heard of it
    REPLACED = "replaced"  # another decision took its place


class DecisionEvent(StrEnum):
    """What can happen to a decision."""

    FINALISE = "finalise"
    UNDO = "undo"
    REPLACE = "replace"


class ComplaintState(StrEnum):
    """Where a complaint is."""

    OPEN = "open"
    UPHELD = "upheld"  # the complainant was right
    DENIED = "denied"


class ComplaintEvent(StrEnum):
    """What can happen to a complaint."""

    UPHOLD = "uphold"
    DENY = "deny"


class ProposalState(StrEnum):
    """Where a proposal for what can't be taken back is."""

    OPEN = "open"
    CONFIRMED = "confirmed"  # by another person: it became a decision
    REFUSED = "refused"  # by another person, with the reason
    WITHDRAWN = "withdrawn"  # by whoever made it
    LAPSED = "lapsed"  # the case was decided otherwise


class ProposalEvent(StrEnum):
    """What can happen to a proposal."""

    CONFIRM = "confirm"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"


CASE: Final[Mapping[tuple[CaseState, CaseEvent], CaseState]] = {
    (CaseState.OPEN, CaseEvent.DECIDE): CaseState.DECIDED,
    (CaseState.OPEN, CaseEvent.MERGE): CaseState.MERGED,
    (CaseState.DECIDED, CaseEvent.REOPEN): CaseState.OPEN,
}
DECISION: Final[Mapping[tuple[DecisionState, DecisionEvent], DecisionState]] = {
    (DecisionState.PENDING, DecisionEvent.FINALISE): DecisionState.FINAL,
    (DecisionState.PENDING, DecisionEvent.UNDO): DecisionState.UNDONE,
    (DecisionState.FINAL, DecisionEvent.REPLACE): DecisionState.REPLACED,
}
COMPLAINT: Final[Mapping[tuple[ComplaintState, ComplaintEvent], ComplaintState]] = {
    (ComplaintState.OPEN, ComplaintEvent.UPHOLD): ComplaintState.UPHELD,
    (ComplaintState.OPEN, ComplaintEvent.DENY): ComplaintState.DENIED,
}
PROPOSAL: Final[Mapping[tuple[ProposalState, ProposalEvent], ProposalState]] = {
    (ProposalState.OPEN, ProposalEvent.CONFIRM): ProposalState.CONFIRMED,
    (ProposalState.OPEN, ProposalEvent.REFUSE): ProposalState.REFUSED,
    (ProposalState.OPEN, ProposalEvent.WITHDRAW): ProposalState.WITHDRAWN,
    (ProposalState.OPEN, ProposalEvent.LAPSE): ProposalState.LAPSED,
}
STANDING: Final = frozenset({DecisionState.PENDING, DecisionState.FINAL})
"""The states of a decision that is in force."""

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


def _step(table: Mapping[tuple[S, E], S], state: S, event: E) -> S:
    try:
        return table[state, event]
    except KeyError:
        raise TransitionError(state, event) from None


def case_after(state: CaseState, event: CaseEvent) -> CaseState:
    """Return the state of a case after `event`. Raises `TransitionError`."""
    return _step(CASE, state, event)


def decision_after(state: DecisionState, event: DecisionEvent) -> DecisionState:
    """Return the state of a decision after `event`. Raises `TransitionError`."""
    return _step(DECISION, state, event)


def complaint_after(state: ComplaintState, event: ComplaintEvent) -> ComplaintState:
    """Return the state of a complaint after `event`. Raises `TransitionError`."""
    return _step(COMPLAINT, state, event)


def proposal_after(state: ProposalState, event: ProposalEvent) -> ProposalState:
    """Return the state of a proposal after `event`. Raises `TransitionError`."""
    return _step(PROPOSAL, state, event)

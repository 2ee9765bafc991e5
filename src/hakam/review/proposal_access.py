"""What people may see of proposals, and who of them may be the second person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from django.db.models import QuerySet

from hakam.review import access
from hakam.review.cases import item_of
from hakam.review.models import Proposal
from hakam.review.states import CaseState, ProposalState
from hakam.staff import access as staff
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import Measure

SHOWN: Final = 200


@dataclass(frozen=True)
class ProposalView:
    """A proposal, as colleagues see it."""

    id: int
    case_id: int
    item: ItemRef
    clause: str
    measures: tuple[Measure, ...]
    facts: str
    note: str
    by: str
    by_name: str
    at: datetime
    state: ProposalState
    settled_by_name: str
    settled_at: datetime | None
    because: str
    decision_id: int | None
    changed: bool  # the content is another than the one that was judged
    mine: bool  # of whoever looks: may be withdrawn
    may_settle: bool  # by whoever looks, as the second person


def readable(user: User) -> QuerySet[Proposal]:
    """Return the proposals on cases that this person may read."""
    return Proposal.objects.filter(case__in=access.readable(user).values("pk"))


def waiting(user: User) -> int:
    """Return how many proposals wait for this person to look at."""
    if not user.may(Permission.CASE_DECIDE):
        return 0
    return _open(user).exclude(by=str(user.actor)).count()


def proposals(user: User, *, settled: bool = False) -> list[ProposalView]:
    """Return the proposals that wait, the oldest first; or those settled, the newest first."""
    if settled:
        rows = readable(user).exclude(state=ProposalState.OPEN).order_by("-settled_at", "-pk")
    else:
        rows = _open(user).order_by("at", "pk")
    return _views(rows.select_related("case")[:SHOWN], user)


def proposal(proposal_id: int, *, user: User) -> ProposalView | None:
    """Return a proposal; None if it is absent or not this person's to see."""
    return next(iter(_views(readable(user).filter(pk=proposal_id).select_related("case"), user)), None)


def open_on(case_id: int, *, user: User) -> ProposalView | None:
    """Return the proposal that waits on a case, or None."""
    rows = _open(user).filter(case=case_id).select_related("case")
    return next(iter(_views(rows, user)), None)


def _open(user: User) -> QuerySet[Proposal]:
    return readable(user).filter(state=ProposalState.OPEN, case__state=CaseState.OPEN)


def _views(rows: Iterable[Proposal], user: User) -> list[ProposalView]:
    rows = list(rows)
    names = staff.names({name for row in rows for name in (row.by, row.settled_by) if name})
    me = str(user.actor)
    may = user.may(Permission.CASE_DECIDE)
    return [
        ProposalView(
            id=row.pk,
            case_id=row.case_id,
            item=item_of(row.case),
            clause=row.clause,
            measures=msgspec.convert(row.measures, tuple[Measure, ...]),
            facts=row.facts,
            note=row.note,
            by=row.by,
            by_name=names.get(row.by, row.by),
            at=row.at,
            state=ProposalState(row.state),
            settled_by_name=names.get(row.settled_by, row.settled_by),
            settled_at=row.settled_at,
            because=row.because,
            decision_id=row.decision_id,
            changed=row.content != row.case.content,
            mine=row.by == me,
            may_settle=may and row.by != me and row.state == ProposalState.OPEN,
        )
        for row in rows
    ]

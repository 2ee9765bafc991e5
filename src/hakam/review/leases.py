"""Who works on a case now. A lease runs out by itself, can't be stolen, and never costs a draft."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.review.cases import rerank_due
from hakam.review.models import Case, Draft, Proposal
from hakam.review.states import CaseState, ProposalState
from hakam.review.ties import outlast_ties
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.vocabulary.actor import Actor, ActorKind

LEASE_SECONDS: Final = 300


class NotOpenError(ValueError):
    """The case is absent, or somebody has decided it."""


class LeaseHeldError(ValueError):
    """Somebody else holds the case. `holder` is their user id, `until` when the lease runs out."""

    def __init__(self, holder: int, until: datetime) -> None:
        self.holder, self.until = holder, until
        super().__init__(f"user {holder} holds this case until {until.isoformat()}")


def user_id(by: Actor) -> int:
    """Return the number of the colleague who acts. Raises `PermissionError` for everybody else."""
    if by.kind is not ActorKind.STAFF or not by.id.isdigit():
        raise PermissionError(f"`{by}` is no member of staff")
    return int(by.id)


def locked_case(case_id: int) -> Case:
    """Return an open case, locked until the transaction ends. Raises `NotOpenError`."""
    case = Case.objects.select_for_update(of=("self",)).filter(pk=case_id, state=CaseState.OPEN).first()
    if case is None:
        raise NotOpenError(f"case {case_id} is not open")
    return case


def refuse_if_held(case: Case, user: int, now: datetime) -> None:
    """Raise `LeaseHeldError` if somebody other than `user` holds `case` now."""
    if case.lease_by_id not in {None, user} and case.lease_until is not None and case.lease_until > now:
        raise LeaseHeldError(int(case.lease_by_id), case.lease_until)


def _give(case: Case, *, by: Actor, now: datetime, seconds: int) -> Case:
    user = user_id(by)
    renewed = case.lease_by_id == user and case.lease_until is not None and case.lease_until > now
    case.lease_by_id, case.lease_until = user, now + timedelta(seconds=seconds)
    case.save(update_fields=["lease_by", "lease_until"])
    if not renewed:
        ledger.record(
            FactKind.CASE_LEASED, by=by, now=now, subject=f"case:{case.pk}", body={"seconds": seconds}
        )
    return case


@outlast_ties
def take(case_id: int, *, by: Actor, now: datetime, seconds: int = LEASE_SECONDS) -> Case:
    """Take an open case, or renew one's own lease. Raises `NotOpenError`, `LeaseHeldError`."""
    with transaction.atomic():
        case = locked_case(case_id)
        refuse_if_held(case, user_id(by), now)
        return _give(case, by=by, now=now, seconds=seconds)


def heartbeat(case_id: int, *, by: Actor, now: datetime, seconds: int = LEASE_SECONDS) -> datetime:
    """Prolong one's lease and return its new end.

    A lease that ran out is taken again if nobody else took it. Raises `NotOpenError`, `LeaseHeldError`.
    """
    until = take(case_id, by=by, now=now, seconds=seconds).lease_until
    assert until is not None
    return until


@outlast_ties
def release(case_id: int, *, by: Actor, now: datetime) -> None:
    """Give a case back. Giving back what one does not hold changes nothing; drafts stay."""
    with transaction.atomic():
        case = (
            Case.objects.select_for_update(of=("self",)).filter(pk=case_id, lease_by_id=user_id(by)).first()
        )
        if case is None:
            return
        held = case.lease_until is not None and case.lease_until > now
        case.lease_by = case.lease_until = None
        case.save(update_fields=["lease_by", "lease_until"])
        if held and case.state == CaseState.OPEN:
            ledger.record(FactKind.CASE_RELEASED, by=by, now=now, subject=f"case:{case_id}")


def share(case_id: int, *, by: Actor, now: datetime) -> None:
    """End somebody else's lease on the case of a live event: nobody holds what happens now alone.

    For colleagues who look at it together; the room above checks that they do.
    """
    user = user_id(by)
    with transaction.atomic():
        case = locked_case(case_id)
        if case.lease_by_id in {None, user}:
            return
        held = case.lease_until is not None and case.lease_until > now
        case.lease_by = case.lease_until = None
        case.save(update_fields=["lease_by", "lease_until"])
        if held:
            ledger.record(
                FactKind.CASE_RELEASED, by=by, now=now, subject=f"case:{case_id}", body={"shared": True}
            )


def workable(user: User, now: datetime) -> QuerySet[Case]:
    """Return the open cases that this person could work on now: free, in a queue and a language of theirs.

    What waits for a second person is not among them: it has a list of its own.
    """
    # Said as an exception: said as alternatives, SQLite would look each up and sort all that it found.
    others = Q(lease_until__isnull=False, lease_until__gt=now) & ~Q(lease_by_id=user.pk)
    waiting = Proposal.objects.filter(case=OuterRef("pk"), state=ProposalState.OPEN)  # for a second person
    cases = Case.objects.filter(~others, ~Exists(waiting), state=CaseState.OPEN)
    if not user.may(Permission.CHILD_SAFETY_READ):
        cases = cases.filter(restricted=False)
    if user.queues:
        cases = cases.filter(queue__in=user.queues)
    if user.languages_read:
        known = {tag.split("-")[0].lower() for tag in user.languages_read}
        cases = cases.filter(language__in=[*known, ""])
    return cases


@outlast_ties
def next_case(
    *, user: User, now: datetime, queue: str = "", after: int | None = None, seconds: int = LEASE_SECONDS
) -> Case | None:
    """Take the free case of the highest priority and return it; None when nothing is left.

    Two people who ask at once get two cases. `after` is a case to leave out: the one just skipped.
    """
    if not user.may(Permission.CASE_DECIDE):
        return None
    rerank_due(now)
    with transaction.atomic():
        cases = workable(user, now)
        if queue:
            cases = cases.filter(queue=queue)
        if after is not None:
            cases = cases.exclude(pk=after)
        skip = connection.features.has_select_for_update_skip_locked
        case = (
            cases.defer("search_text")
            .select_for_update(of=("self",), skip_locked=skip)
            .order_by("-priority", "opened_at", "pk")
            .first()
        )
        return None if case is None else _give(case, by=user.actor, now=now, seconds=seconds)


def save_draft(case_id: int, body: dict[str, Any], *, by: Actor, now: datetime) -> None:
    """Keep what somebody began to write. Needs no lease: a draft is never lost."""
    Draft.objects.update_or_create(
        case_id=case_id, user_id=user_id(by), defaults={"body": body, "saved_at": now}
    )

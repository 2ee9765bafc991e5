"""Reads of the room. Absent and forbidden look the same."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from hakam.compliance.models import Deadline
from hakam.regulator.models import Request
from hakam.regulator.requests import CLOSED, subject_of
from hakam.staff.models import User
from hakam.staff.roles import Permission


def requests(user: User, *, closed: bool = False, limit: int = 200) -> list[tuple[Request, Deadline | None]]:
    """Return requests with the duty of each that is due first: open ones by that, closed ones newest first."""
    if not user.may(Permission.REGULATOR_READ):
        return []
    found = Request.objects.order_by("-received_at", "pk")
    names = [state.value for state in CLOSED]
    rows = list((found.filter(state__in=names) if closed else found.exclude(state__in=names))[:limit])
    running = _running(rows)
    pairs = [(one, running.get(subject_of(one))) for one in rows]
    if closed:
        return pairs
    return sorted(
        pairs, key=lambda pair: (pair[1] is None, pair[1].due_at if pair[1] else pair[0].received_at)
    )


def _running(rows: Iterable[Request]) -> dict[str, Deadline]:
    names = [subject_of(one) for one in rows]
    found = Deadline.objects.filter(subject__in=names, met_at=None, kind="act").order_by("-due_at")
    return {clock.subject: clock for clock in found}


def request(user: User, request_id: str) -> Request | None:
    """Return one request, for who may read them."""
    if not user.may(Permission.REGULATOR_READ):
        return None
    return Request.objects.filter(pk=request_id).first()


def by_token(token: str) -> Request | None:
    """Return the request behind the link that its sender holds, or None."""
    return Request.objects.filter(token=token).first()


def open_count(user: User) -> int:
    """Return how many requests wait for us, for who may read them."""
    if not user.may(Permission.REGULATOR_READ):
        return 0
    return Request.objects.exclude(state__in=[state.value for state in CLOSED]).count()


def received(platform: str, *, since: datetime) -> dict[str, int]:
    """Return how many requests of each regime came in since a moment."""
    counted: dict[str, int] = {}
    for regime in Request.objects.filter(platform=platform, received_at__gte=since).values_list(
        "regime", flat=True
    ):
        counted[regime] = counted.get(regime, 0) + 1
    return counted  # fmt: skip

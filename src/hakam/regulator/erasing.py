"""What is erased of requests under other laws: what somebody wrote goes, which law, when and what was done stays."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.db.models import Q, QuerySet

from hakam.privacy import erasers
from hakam.privacy.erasers import ERASED, Eraser
from hakam.privacy.kinds import Kind
from hakam.regulator.models import Request
from hakam.regulator.requests import CLOSED, subject_of

KEPT: Final = frozenset({"legal_basis", "notice_type", "harm", "due", "language"})
"""Fields of a request that trace nobody."""


def _due(before: datetime) -> QuerySet[Request]:
    closed = Request.objects.filter(state__in=[state.value for state in CLOSED]).exclude(answer=ERASED)
    return closed.filter(Q(answered_at__lt=before) | Q(answered_at=None, received_at__lt=before))


def _names(request: Request) -> Iterable[str]:
    accounts = request.contents.get("accounts", ())
    return [subject_of(request), *(f"account:{request.platform}/{one}" for one in accounts)]


def _blank(request: Request) -> None:
    kept = {name: value for name, value in request.contents.items() if name in KEPT}
    Request.objects.filter(pk=request.pk).update(contents=kept, document="", hashes=[], answer=ERASED)


def _nothing_of(_platform: str, _account: str) -> QuerySet[Any]:
    return Request.objects.none()  # other laws oblige to answer for them (GDPR Art. 17(3)(b))


def register() -> None:
    """Add the eraser of requests to those of the rooms below."""
    erasers.add(
        Eraser(
            Kind.LEGAL_REQUESTS,
            Request,
            _due,
            _nothing_of,
            _names,
            _blank,
            files=lambda one: (one.document,) if one.document else (),
            facts=lambda one: (subject_of(one),),
        ),
        names=lambda digest: Request.objects.filter(document=digest).count(),
    )

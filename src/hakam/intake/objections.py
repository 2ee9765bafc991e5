"""Objecting as a notifier: who holds the link to a notice complains about the decision that answered it."""

from __future__ import annotations

from datetime import datetime, timedelta

from hakam.intake.models import NoticeItem
from hakam.intake.notices import by_token
from hakam.review.complaints import NothingToContestError, complain_as_notifier
from hakam.review.lineage import decision_named
from hakam.review.models import Complaint


def complain(
    *,
    token: str,
    position: int = 0,
    text: str,
    now: datetime,
    email: str = "",
    language: str = "",
    answer_within: timedelta | None = None,
) -> Complaint:
    """Complain about the decision on item `position` of the notice behind `token` (DSA Art. 20(1)).

    The answer goes to `email`, in `language`; by default to where, and as, the notice asked for its own.

    Raises `NothingToContestError` for a wrong link and for what is not yet answered, else as
    `review.complaints`.
    """
    notice = by_token(token)
    item = None if notice is None else NoticeItem.objects.filter(ref=f"notice:{notice.pk}:{position}").first()
    decision = decision_named(item.decision) if item is not None else None
    if notice is None or item is None or decision is None or item.answered_at is None:
        raise NothingToContestError("no decision answers this notice yet")
    return complain_as_notifier(
        decision.pk,
        notice=item.ref,
        informed_at=item.answered_at,
        text=text,
        now=now,
        email=email or notice.email,
        language=language or notice.language,
        answer_within=answer_within,
    )

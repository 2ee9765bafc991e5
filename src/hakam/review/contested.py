"""Which complaint somebody outside has made already. For pages that a link opens."""

from __future__ import annotations

from hakam.review.complaints import AFFECTED, NOTIFIER
from hakam.review.models import Complaint


def complaint_of_statement(token: str) -> Complaint | None:
    """Return the newest complaint of whoever holds the link to this statement, or None."""
    found = Complaint.objects.filter(statement_token=token, complainant=AFFECTED)
    return found.order_by("-received_at").first() if token else None


def complaint_of_notifier(decision_id: int, notice: str) -> Complaint | None:
    """Return the newest complaint of a notifier (`notice:<uuid>:<n>`) about a decision, or None."""
    found = Complaint.objects.filter(decision=decision_id, notice=notice, complainant=NOTIFIER)
    return found.order_by("-received_at").first() if notice else None

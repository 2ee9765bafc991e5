"""Which complaint somebody outside has made already. For pages that a link opens."""

from __future__ import annotations

from hakam.review.complaints import AFFECTED, NOTIFIER
from hakam.review.lineage import chain
from hakam.review.models import Complaint, Decision
from hakam.review.states import ComplaintState


def complaint_of_statement(token: str) -> Complaint | None:
    """Return the newest complaint of whoever holds the link to this statement, or None."""
    found = Complaint.objects.filter(statement_token=token, complainant=AFFECTED)
    return found.order_by("-received_at").first() if token else None


def complaint_of_notifier(decision: Decision, notice: str) -> Complaint | None:
    """Return the complaint of a notifier (`notice:<uuid>:<n>`) that bars another about `decision`, or None.

    It is the one about this very decision, or one still open about a decision that this one replaced.
    """
    if not notice:
        return None
    found = Complaint.objects.filter(notice=notice, complainant=NOTIFIER).order_by("-received_at")
    about = found.filter(decision=decision).first()
    return about or found.filter(decision__in=chain(decision), state=ComplaintState.OPEN).first()

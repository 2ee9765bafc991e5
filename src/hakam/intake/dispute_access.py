"""What people see of disputes before certified bodies."""

from __future__ import annotations

from hakam.intake.disputes import DisputeState
from hakam.intake.models import Dispute, DisputeBody
from hakam.staff.models import User
from hakam.staff.roles import Permission


def disputes(user: User, *, limit: int = 200) -> list[Dispute]:
    """Return the disputes, those with an outcome to answer for first, for who may read them."""
    if not user.may(Permission.DISPUTE_READ):
        return []
    order = {DisputeState.DECIDED: 0, DisputeState.OPEN: 1}
    found = list(Dispute.objects.select_related("body").order_by("-received_at")[:limit])
    return sorted(found, key=lambda one: order.get(DisputeState(one.state), 2))


def dispute(user: User, dispute_id: str) -> Dispute | None:
    """Return one dispute, for who may read them."""
    if not user.may(Permission.DISPUTE_READ):
        return None
    return Dispute.objects.select_related("body").filter(pk=dispute_id).first()


def bodies() -> list[DisputeBody]:
    """Return the certified bodies: they are public."""
    return list(DisputeBody.objects.order_by("name"))

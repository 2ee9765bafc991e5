"""What people may see of complaints, and who of them may decide one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from math import ceil
from typing import Final

import msgspec
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from hakam.review import access, evidence, lineage
from hakam.review.complaints import AFFECTED
from hakam.review.confined import confined
from hakam.review.evidence import EvidenceKind
from hakam.review.models import Complaint, Decision
from hakam.review.shapes import ComplaintPage, ComplaintRow, ComplaintView, VersionView
from hakam.review.states import ComplaintState
from hakam.signals.measure import text_of
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.storage.event_log import CorruptRecordError, EventLog, Record
from hakam.storage.vault import Vault
from hakam.vocabulary.event import ItemRef

_EXCERPT: Final = 280
_KEY: Final = re.compile(r"event:(\d{1,18})(?:/|$)")  # of what a rule decided, see `automatic.key_of`


def readable(user: User) -> QuerySet[Complaint]:
    """Return the complaints that this person may read: those about decisions whose case they may read."""
    if not user.may(Permission.COMPLAINT_READ):
        return Complaint.objects.none()
    found = Complaint.objects.select_related("decision")
    if not user.may(Permission.CHILD_SAFETY_READ):
        found = found.exclude(decision__case__restricted=True)
    if user.queues:
        found = found.filter(Q(decision__case__isnull=True) | Q(decision__case__queue__in=user.queues))
    return found


def decisions_of(ids: Iterable[str]) -> dict[str, str]:
    """Return the decision that each complaint contests, as `decision:7`."""
    found = Complaint.objects.filter(pk__in=list(ids)).values_list("pk", "decision_id")
    return {str(pk): f"decision:{decision}" for pk, decision in found}


def open_count(*, user: User) -> int:
    """Return how many open complaints this person may read."""
    return readable(user).filter(state=ComplaintState.OPEN).count()


def complaints(
    *, user: User, state: str = ComplaintState.OPEN.value, page: int = 1, per_page: int = access.PER_PAGE
) -> ComplaintPage:
    """List complaints, the first due first; without a state, the newest first."""
    found = readable(user)
    if state:
        found = found.filter(state=state)
    found = (
        found.order_by("due_at", "pk")
        if state == ComplaintState.OPEN
        else found.order_by("-received_at", "pk")
    )
    total = found.count()
    pages = max(1, ceil(total / per_page))
    page = min(max(1, page), pages)
    rows = tuple(_row(complaint, user) for complaint in found[(page - 1) * per_page : page * per_page])
    return ComplaintPage(rows, total, page, pages)


def rows_about(decided: Iterable[int], *, user: User) -> tuple[ComplaintRow, ...]:
    """Return the complaints about any of these decisions, the newest first."""
    found = readable(user).filter(decision__in=list(decided)).order_by("-received_at")
    return tuple(_row(complaint, user) for complaint in found)


def complaint(
    complaint_id: str, *, user: User, now: datetime, vault: Vault, log: EventLog | None = None
) -> ComplaintView | None:
    """Return everything that one screen shows of a complaint; None if absent or not this person's to see.

    What a rule decided by itself has no case and no copy: with `log` the content is shown as the rule judged it.
    """
    del now
    try:
        found = readable(user).filter(pk=complaint_id).first()
    except (ValidationError, ValueError):  # no UUID
        return None
    if found is None:
        return None
    decided = found.decision
    case = decided.case
    judged = None if case is not None or log is None else _judged(decided, log)
    hidden = case.restricted if case is not None else judged is not None and confined().record(judged)
    links = lineage.chain(decided)
    before = links[: [link.pk for link in links].index(decided.pk)][::-1]
    standing = Counter({decided.clause: lineage.strikes(decided.platform, decided.author_id, decided.clause)})
    view = access.decision_views([decided])[0]
    who = access.decision_views(d for d in [found.new_decision] if d is not None)
    return ComplaintView(
        row=_row(found, user),
        text=found.text,
        decision=view,
        earlier=access.decision_views(before),
        versions=() if hidden else _versions(decided, judged, vault),
        hidden=hidden,
        record=0 if judged is None else judged.seq,
        clauses=access.clauses_for(decided.considered, standing, user.language),
        decided_by=who[0].by_name if who else found.decided_by,
        decided_at=found.decided_at,
        answer=found.answer,
    )


def _judged(decided: Decision, log: EventLog) -> Record | None:
    """Return the record of the event log on which a rule decided; None if it is not there, or can't be read."""
    match = _KEY.match(decided.key or "")
    if match is None:
        return None
    seq = int(match[1])
    try:
        found = log.read(seq - 1, 1) if seq else []
        return next((one for one in found if one.seq == seq and evidence.read_event(one.raw)), None)
    except (CorruptRecordError, msgspec.MsgspecError):
        return None


def _versions(decided: Decision, judged: Record | None, vault: Vault) -> tuple[VersionView, ...]:
    if decided.case is not None:
        return evidence.versions_of(decided.case, vault)
    if judged is None:
        return ()
    event = evidence.read_event(judged.raw)
    at = datetime.fromtimestamp(judged.received_at, tz=UTC)
    return (
        VersionView(
            "", EvidenceKind.EVENT, at, event, text_of(event) or "", event.change.value, changed=False
        ),
    )


def _row(complaint: Complaint, user: User) -> ComplaintRow:
    decided = complaint.decision
    why_not = _why_not(complaint, user)
    text = " ".join(complaint.text.split())
    return ComplaintRow(
        id=str(complaint.pk),
        decision_id=decided.pk,
        case_id=decided.case_id,
        item=ItemRef(decided.platform, decided.item_kind, decided.item_id),
        clause=decided.clause,
        complainant=complaint.complainant,
        language=complaint.language,
        state=ComplaintState(complaint.state),
        received_at=complaint.received_at,
        due_at=complaint.due_at,
        excerpt=text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + "…",
        may_decide=not why_not,
        why_not=why_not,
    )


def _why_not(complaint: Complaint, user: User) -> str:
    if complaint.state != ComplaintState.OPEN:
        return _("It is decided.")
    if not user.may(Permission.COMPLAINT_DECIDE):
        return _("Your role does not decide complaints.")
    if str(user.actor) in lineage.deciders(complaint.decision):
        return _("You took part in the decision; somebody else must look again.")
    return ""


__all__ = ["AFFECTED", "complaint", "complaints", "open_count", "readable", "rows_about"]

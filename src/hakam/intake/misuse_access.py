"""What people see of misuse: records with their strikes, and what was decided lately that might be a strike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef

from hakam.intake import misuse
from hakam.intake.misuse import MisuseKind
from hakam.intake.models import Conduct, Notice, NoticeItem, Strike, Suspension
from hakam.review.models import Complaint, Decision
from hakam.review.states import ComplaintState, DecisionState, Outcome
from hakam.staff.models import User
from hakam.staff.roles import Permission

LATELY: Final = timedelta(days=30)
MOST: Final = 40


@dataclass(frozen=True)
class ConductView:
    """A record with what counts now."""

    conduct: Conduct
    strikes: tuple[Strike, ...]  # those that stand
    withdrawn: int  # those that count no more
    total: int | None
    suspension: Suspension | None  # in force
    suspensions: tuple[Suspension, ...]
    held: int  # notices and complaints that wait

    @property
    def share(self) -> float | None:
        """Strikes in proportion to all that was sent in the past year; None where only the platform knows."""
        return len(self.strikes) / self.total if self.total else None

    @property
    def may_suspend(self) -> bool:
        """Whether a warning and a later strike are there, and no suspension runs."""
        warned = self.conduct.warned_at
        later = any(one.at > warned for one in self.strikes) if warned else False
        return later and self.suspension is None


@dataclass(frozen=True)
class Candidate:
    """Something that was decided and could be manifestly wrong: a person says whether it is."""

    ref: str
    kind: MisuseKind
    at: datetime
    label: str


def view(conduct: Conduct, *, now: datetime) -> ConductView:
    """Return what stands on a record at a moment."""
    strikes = misuse.standing_strikes(conduct, now=now)
    suspensions = tuple(conduct.suspensions.order_by("-begins"))
    return ConductView(
        conduct=conduct,
        strikes=tuple(strikes),
        withdrawn=conduct.strikes.count() - len(strikes),
        total=misuse.total_of(conduct, now=now),
        suspension=misuse.running(conduct, now=now),
        suspensions=suspensions,
        held=Notice.objects.filter(held_by__conduct=conduct).count()
        + sum(one.complaints.filter(processed_at=None).count() for one in suspensions),
    )


def records(user: User, *, now: datetime, kind: str = "") -> list[ConductView]:
    """Return the records, those with the most standing strikes first, for who may read them."""
    if not user.may(Permission.MISUSE_READ):
        return []
    found = Conduct.objects.filter(kind=kind) if kind else Conduct.objects.all()
    views = [view(one, now=now) for one in found.order_by("pk")[:500]]
    return sorted(views, key=lambda one: (one.suspension is None, -len(one.strikes)))


def record(user: User, conduct_id: str, *, now: datetime) -> ConductView | None:
    """Return one record, for who may read them."""
    if not user.may(Permission.MISUSE_READ):
        return None
    found = Conduct.objects.filter(pk=conduct_id).first()
    return view(found, now=now) if found is not None else None


def of_account(user: User, platform: str, account: str, *, now: datetime) -> list[ConductView]:
    """Return the records of an account's misuse, for who may read them: what it posted, and what it sent."""
    if not account or not user.may(Permission.MISUSE_READ):
        return []
    found = Conduct.objects.filter(platform=platform, account=account).order_by("kind", "pk")
    return [view(one, now=now) for one in found]


def struck(refs: Iterable[str]) -> frozenset[str]:
    """Return which of these decisions, notices or complaints are strikes already."""
    return frozenset(Strike.objects.filter(ref__in=list(refs)).values_list("ref", flat=True))


def candidates(user: User, *, now: datetime) -> list[Candidate]:
    """Return what was decided lately and is no strike yet, the newest first; no child abuse without permission."""
    if not user.may(Permission.MISUSE_STRIKE):
        return []
    since = now - LATELY
    struck = set(Strike.objects.values_list("ref", flat=True))
    decisions = Decision.objects.filter(
        state=DecisionState.FINAL, outcome=Outcome.VIOLATION, at__gt=since, by__startswith="staff:"
    ).exclude(author_id="")
    if not user.may(Permission.CHILD_SAFETY_READ):
        decisions = decisions.exclude(case__restricted=True)
    notices = (
        Notice.objects.filter(received_at__gt=since, flagger=None)
        .exclude(email="", notifier="")
        .filter(Exists(NoticeItem.objects.filter(notice=OuterRef("pk"), upheld=False)))
        .exclude(Exists(NoticeItem.objects.filter(notice=OuterRef("pk")).exclude(upheld=False)))
    )
    complaints = Complaint.objects.filter(state=ComplaintState.DENIED, decided_at__gt=since)
    found = [
        Candidate(f"decision:{one.pk}", MisuseKind.ILLEGAL_CONTENT, one.at, one.clause)
        for one in decisions.order_by("-at")[: MOST * 2]
        if any(ground.get("kind") == "illegal" for ground in (one.reasons or {}).get("grounds", []))
    ]
    found += [
        Candidate(f"notice:{one.pk}", MisuseKind.NOTICES, one.received_at, one.explanation[:200])
        for one in notices.order_by("-received_at")[:MOST]
    ]
    found += [
        Candidate(f"complaint:{one.pk}", MisuseKind.COMPLAINTS, one.decided_at or now, one.text[:200])
        for one in complaints.order_by("-decided_at")[:MOST]
    ]
    return sorted((c for c in found if c.ref not in struck), key=lambda c: c.at, reverse=True)[:MOST]

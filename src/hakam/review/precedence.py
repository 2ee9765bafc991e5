"""Cases that go before all others for a while: an incident's. It ends at its hour, whether or not anybody ends it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.review.models import Case, Precedence
from hakam.review.states import CaseState
from hakam.vocabulary.actor import Actor


def subject_of(name: str) -> str:
    """Return what the ledger calls a precedence."""
    return f"precedence:{name}"


def give(
    name: str, *, clause: str, languages: Sequence[str], until: datetime, by: Actor, now: datetime
) -> int:
    """Let the cases under a clause go first until an hour; return how many are open now. Again: the new hour counts.

    `languages`: of the content, first parts of tags; none: all.
    """
    with transaction.atomic():
        row, _fresh = Precedence.objects.update_or_create(
            name=name, defaults={"clause": clause, "languages": list(languages), "until": until}
        )
        waiting = _recount(row, now)
        ledger.record(
            FactKind.PRECEDENCE_GIVEN,
            by=by,
            now=now,
            subject=subject_of(name),
            body={"clause": clause, "languages": list(languages), "until": until, "open": waiting},
        )
    return waiting


def take_back(name: str, *, by: Actor, now: datetime) -> bool:
    """Let them wait like all others again. False: they did already."""
    with transaction.atomic():
        row = Precedence.objects.select_for_update().filter(name=name).first()
        if row is None:
            return False
        row.delete()
        waiting = _recount(row, now)
        ledger.record(
            FactKind.PRECEDENCE_ENDED, by=by, now=now, subject=subject_of(name), body={"open": waiting}
        )
    return True


def open_under(clause: str, languages: Sequence[str]) -> int:
    """Return how many open cases a precedence would put first."""
    return _cases(clause, languages).count()


def until_of(case: Case, now: datetime) -> datetime | None:
    """Return until when a case goes first, None if it does not."""
    if not case.clause:
        return None
    rows = Precedence.objects.filter(clause=case.clause, until__gt=now)
    ends = [row.until for row in rows if not row.languages or case.language in row.languages]
    return max(ends, default=None)


def _cases(clause: str, languages: Sequence[str]) -> QuerySet[Case]:
    found = Case.objects.filter(state=CaseState.OPEN, clause=clause)
    return found.filter(language__in=list(languages)) if languages else found


def _recount(row: Precedence, now: datetime) -> int:
    """Have the cases ranked anew, by the worker at its next look."""
    return _cases(row.clause, row.languages).update(rank_again_at=now)

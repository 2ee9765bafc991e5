"""Questions to the event log that people keep, each for themselves or for all who may ask."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db.models import Q

from hakam.compliance.direction import settled
from hakam.compliance.storable import storable
from hakam.review.models import SavedQuestion
from hakam.staff.models import User

MOST: Final = 200  # of one person
LONGEST: Final = 120


class QuestionError(ValueError):
    """It can't be kept. Nothing was changed."""


def keep(
    name: str, asked: Mapping[str, str | list[str]], *, shared: bool, user: User, now: datetime
) -> SavedQuestion:
    """Keep a question under a name; one of the same name of the same person is replaced. Raises `QuestionError`."""
    name = settled(storable(name)).strip()[:LONGEST]
    if not name:
        raise QuestionError("give it a name")
    mine = SavedQuestion.objects.filter(by=user)
    if mine.exclude(name=name).count() >= MOST:
        raise QuestionError(f"at most {MOST} questions; remove some first")
    kept, _made = SavedQuestion.objects.update_or_create(
        by=user, name=name, defaults={"asked": dict(asked), "shared": shared, "saved_at": now}
    )
    return kept


def kept_for(user: User) -> list[SavedQuestion]:
    """Return one's own questions and those that colleagues share, by name."""
    rows = SavedQuestion.objects.filter(Q(by=user) | Q(shared=True)).select_related("by")
    return list(rows.order_by("name", "pk"))


def remove(question_id: int, *, user: User) -> bool:
    """Remove one's own question; whether there was one."""
    return bool(SavedQuestion.objects.filter(pk=question_id, by=user).delete()[0])

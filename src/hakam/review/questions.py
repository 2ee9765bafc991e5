"""Questions to the event log that people keep, each for themselves or for all who may ask."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Q

from hakam.compliance.direction import settled
from hakam.compliance.storable import storable
from hakam.review.models import SavedQuestion
from hakam.staff.models import User

MOST: Final = 200  # of one person
LONGEST: Final = 120


class QuestionError(ValueError):
    """It can't be kept. Nothing was changed."""


class UnnamedError(QuestionError):
    """It has no name."""


class LongNameError(QuestionError):
    """Its name has more than `LONGEST` characters."""


class NameTakenError(QuestionError):
    """Another question of the same person has this name."""


class Keeping(NamedTuple):
    """A question as it was kept."""

    kept: SavedQuestion
    replaced: bool  # another one of this name
    withdrawn: bool  # from colleagues, with whom that one was shared


def keep(
    name: str, asked: Mapping[str, str | list[str]], *, shared: bool, user: User, now: datetime
) -> Keeping:
    """Keep a question under a name; one of the same name of the same person is replaced. Raises `QuestionError`."""
    name = _named(name)
    mine = SavedQuestion.objects.filter(by=user)
    if mine.exclude(name=name).count() >= MOST:
        raise QuestionError(f"at most {MOST} questions; remove some first")
    was = mine.filter(name=name).first()
    kept, made = SavedQuestion.objects.update_or_create(
        by=user, name=name, defaults={"asked": dict(asked), "shared": shared, "saved_at": now}
    )
    return Keeping(kept, replaced=not made, withdrawn=was is not None and was.shared and not shared)


def change(question_id: int, *, name: str, shared: bool, user: User) -> SavedQuestion | None:
    """Give one's own question another name, or share it or no longer; `None` if this person has none such.

    What it asks stays. Raises `QuestionError`, and `NameTakenError` if another one of this person has the name.
    """
    with transaction.atomic():
        kept = SavedQuestion.objects.select_for_update(of=("self",)).filter(pk=question_id, by=user).first()
        if kept is None:
            return None
        name = _named(name)
        if SavedQuestion.objects.filter(by=user, name=name).exclude(pk=question_id).exists():
            raise NameTakenError("another question has this name")
        kept.name, kept.shared = name, shared
        try:
            with transaction.atomic():
                kept.save(update_fields=["name", "shared"])
        except IntegrityError as error:  # kept under that name this very moment
            raise NameTakenError("another question has this name") from error
    return kept


def _named(name: str) -> str:
    name = settled(storable(name)).strip()
    if not name:
        raise UnnamedError("give it a name")
    if len(name) > LONGEST:
        raise LongNameError(f"at most {LONGEST} characters")
    return name


def kept_for(user: User) -> list[SavedQuestion]:
    """Return one's own questions and those that colleagues share, by name."""
    rows = SavedQuestion.objects.filter(Q(by=user) | Q(shared=True)).select_related("by")
    return list(rows.order_by("name", "pk"))


def remove(question_id: int, *, user: User) -> bool:
    """Remove one's own question; whether there was one."""
    return bool(SavedQuestion.objects.filter(pk=question_id, by=user).delete()[0])

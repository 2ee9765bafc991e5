"""People who work with Hakam: made, changed and ended by an administrator, each time with a fact."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from hakam.staff import journal
from hakam.staff.models import User
from hakam.staff.preferences import LANGUAGES
from hakam.staff.roles import Permission, Role
from hakam.vocabulary.actor import Actor, ActorKind


class StaffError(ValueError):
    """A person can't be made or changed as asked."""


class LastAdministratorError(StaffError):
    """Nobody would be left who can manage the staff."""


class OwnRoleError(StaffError):
    """Nobody changes the role, or ends the access, of himself."""


def create_user(
    *,
    username: str,
    email: str,
    role: Role,
    by: Actor,
    now: datetime,
    password: str | None = None,
    name: str = "",
    language: str = "en",
    languages_read: Iterable[str] = (),
    queues: Iterable[str] = (),
) -> User:
    """Make a person. Without a password nobody can sign in until one is set. Raises `StaffError`."""
    if language not in LANGUAGES:
        raise StaffError(
            _("the console speaks %(languages)s, not %(language)s")
            % {"languages": " and ".join(sorted(LANGUAGES)), "language": repr(language)}
        )
    first, _space, last = name.partition(" ")
    user = User(
        username=User.normalize_username(username.strip()),
        email=User.objects.normalize_email(email.strip()),
        first_name=first,
        last_name=last,
        role=Role(role),
        language=language,
        languages_read=sorted(set(languages_read)),
        queues=sorted(set(queues)),
        date_joined=now,
    )
    try:
        if password is not None:
            validate_password(password, user)
        user.set_password(password)
        user.full_clean()
    except ValidationError as error:
        raise StaffError("; ".join(error.messages)) from error
    with transaction.atomic():
        if user.email and User.objects.filter(email__iexact=user.email).exists():
            raise StaffError(
                _("%(email)s is the address of another account") % {"email": user.email}
            )  # one signs in with it
        user.save()
        journal.record(
            "user.created",
            by=by,
            now=now,
            subject=f"staff:{user.pk}",
            body={
                "role": user.role,
                "language": user.language,
                "languages_read": user.languages_read,
                "queues": user.queues,
            },
            private={"username": user.username, "email": user.email},
        )
    return user


def set_role(user: User, role: Role, *, by: Actor, now: datetime) -> User:
    """Give a person another role. Refuses one's own, and the last administrator's."""
    return _change(user, by=by, now=now, role=Role(role).value)


def set_active(user: User, *, active: bool, by: Actor, now: datetime) -> User:
    """Let a person in, or out. Refuses oneself, and the last administrator."""
    return _change(user, by=by, now=now, is_active=active)


def set_languages_and_queues(
    user: User, *, languages_read: Iterable[str], queues: Iterable[str], by: Actor, now: datetime
) -> User:
    """Say what a person reads and works on. No queues: all."""
    return _change(
        user, by=by, now=now, languages_read=sorted(set(languages_read)), queues=sorted(set(queues))
    )


def set_password(user: User, password: str, *, by: Actor, now: datetime) -> User:
    """Give a person a new password. Raises `StaffError` for one that is too weak."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise StaffError("; ".join(error.messages)) from error
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        locked.set_password(password)
        locked.save(update_fields=["password"])
        journal.record("user.changed", by=by, now=now, subject=f"staff:{locked.pk}", body={"password": "set"})
    user.password = locked.password
    return locked


def anybody() -> bool:
    """Whether any person can sign in at all."""
    return User.objects.filter(is_active=True).exists()


def _change(user: User, *, by: Actor, now: datetime, **new: Any) -> User:
    with transaction.atomic():
        managers = _lock_managers()
        locked = User.objects.select_for_update().get(pk=user.pk)
        changed = {name: value for name, value in new.items() if getattr(locked, name) != value}
        if changed:
            if {"role", "is_active"} & set(changed):
                _guard(locked, by, managers, changed)
            before = {name: getattr(locked, name) for name in changed}
            for name, value in changed.items():
                setattr(locked, name, value)
            locked.save(update_fields=list(changed))
            journal.record(
                "user.changed",
                by=by,
                now=now,
                subject=f"staff:{locked.pk}",
                body={"before": before, "after": changed},
            )
    for name in new:
        setattr(user, name, getattr(locked, name))
    return locked


def _lock_managers() -> set[int]:
    """Return who can manage the staff, locked in one order so that two demotions can't cross."""
    people = User.objects.select_for_update().filter(is_active=True).order_by("pk")
    return {person.pk for person in people if person.may(Permission.STAFF_MANAGE)}


def _guard(user: User, by: Actor, managers: set[int], changed: dict[str, Any]) -> None:
    if by == Actor(ActorKind.STAFF, str(user.pk)):
        raise OwnRoleError(_("somebody else must change your role or access"))
    after = User(role=changed.get("role", user.role), is_active=changed.get("is_active", user.is_active))
    if user.pk in managers and not after.may(Permission.STAFF_MANAGE) and len(managers) == 1:
        raise LastAdministratorError(_("nobody would be left who can manage the staff"))

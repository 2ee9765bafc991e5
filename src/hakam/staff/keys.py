"""API keys of platforms: shown once, kept as a digest, scoped, ended by time or by hand."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from hakam.staff import journal
from hakam.staff.models import ApiKey, User
from hakam.staff.roles import PERSONAL_SCOPES, Scope
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.event import PLATFORM_PATTERN

_FORM = re.compile(r"hk_[0-9a-z]{8}_[A-Za-z0-9_-]{43}", re.ASCII)
_PREFIX_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_MAX_NAME = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")  # a terminal obeys them, and PostgreSQL refuses one of them


class BadKeyError(ValueError):
    """A key can't be issued as asked."""


def digest_of(key: str) -> str:
    """Return the SHA-256 (hex) of a key: 256 random bits need no slow hash."""
    return hashlib.sha256(key.encode()).hexdigest()


def issue_key(
    *,
    platform: str,
    scopes: Iterable[Scope],
    name: str,
    by: Actor,
    now: datetime,
    expires_at: datetime | None = None,
    person: User | None = None,
) -> tuple[ApiKey, str]:
    """Issue a key and return it with its text `hk_<prefix>_<secret>`, which can't be had again.

    `person`: whose deeds its deeds are. Such a key has `PERSONAL_SCOPES` only, and no other key has one of them: one
    program must not be two people, nor a platform a person.
    """
    wanted = sorted({Scope(scope).value for scope in scopes})
    if not wanted:
        raise BadKeyError(_("a key needs at least one scope"))
    personal = {scope.value for scope in PERSONAL_SCOPES}
    if person is None and personal.intersection(wanted):
        raise BadKeyError(_("who acts on incidents is a person: such a key is somebody's"))
    if person is not None and not personal.issuperset(wanted):
        raise BadKeyError(_("what a person does needs a key of its own, with no scope of the platform"))
    if not re.fullmatch(PLATFORM_PATTERN, platform):
        raise BadKeyError(
            _("%(platform)s is no platform id: lower-case letters, digits and hyphens, at most 63")
            % {"platform": repr(platform)}
        )
    if not name.strip() or len(name) > _MAX_NAME or _CONTROL.search(name):
        raise BadKeyError(
            _(
                "a key needs a name of 1 to %(max_name)s characters without control characters, "
                "so that people can tell keys apart"
            )
            % {"max_name": _MAX_NAME}
        )
    if expires_at is not None and expires_at <= now:
        raise BadKeyError(_("the key would have expired already"))
    prefix = "".join(secrets.choice(_PREFIX_LETTERS) for _ in range(8))
    text = f"hk_{prefix}_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        key = ApiKey.objects.create(
            prefix=prefix,
            digest=digest_of(text),
            platform=platform,
            scopes=wanted,
            name=name.strip(),
            created_at=now,
            expires_at=expires_at,
            person=person,
        )
        journal.record(
            "key.issued",
            by=by,
            now=now,
            subject=f"key:{prefix}",
            body={"platform": platform, "scopes": wanted, "expires_at": expires_at}
            | ({"person": f"staff:{person.pk}"} if person is not None else {}),
            private={"name": key.name},
        )
    return key, text


def revoke_key(key: ApiKey, *, by: Actor, now: datetime) -> ApiKey:
    """End a key at once. Twice is once."""
    with transaction.atomic():
        locked = ApiKey.objects.select_for_update().get(pk=key.pk)
        if locked.revoked_at is None:
            locked.revoked_at = now
            locked.save(update_fields=["revoked_at"])
            journal.record(
                "key.revoked",
                by=by,
                now=now,
                subject=f"key:{locked.prefix}",
                body={"platform": locked.platform},
            )
    key.revoked_at = locked.revoked_at
    return locked


def find(key: str, *, now: datetime | None = None) -> ApiKey | None:
    """Return the key behind the text that a caller shows, if it is in force at `now` (by default: this instant)."""
    if not _FORM.fullmatch(key):
        return None
    found = _in_force(now or timezone.now()).filter(digest=digest_of(key))
    return found.select_related("person").first()


def in_force(now: datetime) -> list[ApiKey]:
    """Return every key that works at `now`, for the door."""
    return list(_in_force(now).order_by("prefix"))


def all_keys() -> list[ApiKey]:
    """Return every key that was ever issued, newest first, for people."""
    return list(ApiKey.objects.select_related("person").order_by("-created_at", "-pk"))


def actor_of(key: ApiKey) -> Actor:
    """Return the platform behind a key as the `by` of a verb."""
    return Actor(ActorKind.PLATFORM, f"{key.platform}/{key.prefix}")


def _in_force(now: datetime) -> QuerySet[ApiKey]:
    there = Q(person=None) | Q(person__is_active=True)
    return ApiKey.objects.filter(there, revoked_at=None).filter(Q(expires_at=None) | Q(expires_at__gt=now))

"""What must hold in this room at all times. `hakam doctor` runs it; the codes are in the permissions reference."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth.hashers import identify_hasher

from hakam.staff.models import ApiKey, User
from hakam.staff.roles import Permission, Role, Scope
from hakam.vocabulary.finding import Finding, Severity

CODES = {
    "S001": "nobody can manage the staff",
    "S002": "a person has a role that does not exist",
    "S003": "a password is not hashed by the house's method",
    "S004": "a key has no scope, or one that does not exist",
    "S005": "a key's digest is not a SHA-256",
    "S006": "a key was revoked or expires before it was made",
}
_DIGEST_LENGTH = 64
_HASHER = "argon2"


def check() -> Iterator[Finding]:
    """Yield everything that is broken in this room."""
    yield from _people()
    yield from _keys()


def _error(code: str, message: str, subject: str, hint: str | None = None) -> Finding:
    return Finding(code=code, severity=Severity.ERROR, message=message, subject=subject, hint=hint)


def _people() -> Iterator[Finding]:
    people = list(User.objects.order_by("pk"))
    known = {role.value for role in Role}
    managers = [p for p in people if p.role in known and p.may(Permission.STAFF_MANAGE)]
    if people and not managers:
        yield _error(
            "S001", "nobody can manage the staff", "staff", "make an administrator on the command line"
        )
    for person in people:
        if person.role not in known:
            yield _error("S002", f"{person.username} has the role `{person.role}`", f"staff:{person.pk}")
        if person.has_usable_password() and _method(person.password) != _HASHER:
            yield _error("S003", f"the password of {person.username} is kept weakly", f"staff:{person.pk}")


def _method(password: str) -> str:
    try:
        return str(identify_hasher(password).algorithm)
    except ValueError:
        return ""


def _keys() -> Iterator[Finding]:
    scopes = {scope.value for scope in Scope}
    for key in ApiKey.objects.order_by("pk"):
        subject = f"key:{key.prefix}"
        if not key.scopes or not set(key.scopes) <= scopes:
            yield _error("S004", f"the key {key.prefix} has the scopes {key.scopes}", subject, "revoke it")
        if len(key.digest) != _DIGEST_LENGTH or not set(key.digest) <= set("0123456789abcdef"):
            yield _error("S005", f"the digest of the key {key.prefix} is not a SHA-256", subject, "revoke it")
        if any(end is not None and end < key.created_at for end in (key.expires_at, key.revoked_at)):
            yield _error("S006", f"the key {key.prefix} ended before it was made", subject)

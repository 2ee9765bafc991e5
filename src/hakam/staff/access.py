"""Who may see and do what. "Absent" and "forbidden" look the same to the one who asks."""

from __future__ import annotations

from hakam.staff.models import ApiKey, User
from hakam.staff.roles import PERMISSIONS, Permission, Role, Scope


def people(user: User) -> list[User]:
    """Return everybody, by name, for who may manage the staff; nobody for others."""
    if not user.may(Permission.STAFF_MANAGE):
        return []
    return list(User.objects.order_by("username"))


def person(user: User, pk: int) -> User | None:
    """Return a person for who may manage the staff, and oneself for everybody."""
    if user.pk != pk and not user.may(Permission.STAFF_MANAGE):
        return None
    return User.objects.filter(pk=pk).first()


def keys(user: User) -> list[ApiKey]:
    """Return every key, newest first, for who may manage keys; none for others."""
    if not user.may(Permission.KEY_MANAGE):
        return []
    return list(ApiKey.objects.select_related("person").order_by("-created_at", "-pk"))


def key(user: User, prefix: str) -> ApiKey | None:
    """Return a key by its public part, for who may manage keys."""
    if not user.may(Permission.KEY_MANAGE):
        return None
    return ApiKey.objects.filter(prefix=prefix).first()


def sees_queue(user: User, queue: str, *, restricted: bool = False) -> bool:
    """Whether a person may work on a queue. Child-abuse cases need their own permission."""
    if not user.may(Permission.CASE_READ) or (restricted and not user.may(Permission.CHILD_SAFETY_READ)):
        return False
    return not user.queues or queue in user.queues


def names(actors: set[str]) -> dict[str, str]:
    """Return what to call the staff among some actors (`staff:12`), for pages that colleagues read."""
    ids = [
        int(tail)
        for head, _, tail in (a.partition(":") for a in actors)
        if head == "staff" and tail.isdecimal()
    ]
    people = User.objects.filter(pk__in=ids)
    return {f"staff:{p.pk}": p.get_full_name() or p.username for p in people}


def has_scope(key: ApiKey, scope: Scope) -> bool:
    """Whether a key may do this."""
    return scope.value in key.scopes


def roles_with(permission: Permission) -> list[Role]:
    """Return the roles that permit something."""
    return [role for role in Role if permission in PERMISSIONS[role]]


def by_username(username: str) -> User | None:
    """Return a person by the name to sign in with. For the installation's own commands."""
    return User.objects.filter(username=username).first()


def with_permission(permission: Permission) -> list[User]:
    """Return who is active, may do this and can be reached. For the installation itself, which calls them."""
    roles = [role for role, permitted in PERMISSIONS.items() if permission in permitted]
    return list(User.objects.filter(role__in=roles, is_active=True).exclude(email="").order_by("pk"))


def with_role(role: Role) -> list[User]:
    """Return who is active, has the role and can be reached. For the installation itself, which calls them."""
    return list(User.objects.filter(role=role, is_active=True).exclude(email="").order_by("pk"))

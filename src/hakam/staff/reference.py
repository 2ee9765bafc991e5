"""The reference of roles, permissions and scopes, generated from the tables (docs/reference/permissions.md)."""

from __future__ import annotations

from hakam.staff.roles import PERMISSIONS, SCOPE_MEANS, Permission, Role, Scope

BEGIN = "<!-- generated: roles and permissions -->"
END = "<!-- end of generated part -->"
_ABOUT = """\
Each person has one role, and the role says what is permitted. A permission reads `room:resource:action`. Queues narrow
it further. Nobody changes a role or an access of his own, and the last person who can manage the staff can't be demoted
or shut out. Child-abuse cases are for their own role alone: not even an administrator sees them.

API keys belong to a platform. A key reads `hk_<prefix>_<secret>`; it is shown once, and only its SHA-256 is kept. The
prefix is public and tells keys apart."""


def reference() -> str:
    """Return the generated part of the page, as Markdown."""
    return "\n".join(
        (
            BEGIN,
            "",
            _ABOUT,
            "",
            "## Roles",
            "",
            *_roles(),
            "",
            "## Scopes of API keys",
            "",
            *_scopes(),
            "",
            END,
        )
    )


def _roles() -> list[str]:
    head = "| Permission | " + " | ".join(role.value.replace("_", " ") for role in Role) + " |"
    line = "| --- |" + " :---: |" * len(Role)
    rows = [
        f"| `{permission}` | "
        + " | ".join("yes" if permission in PERMISSIONS[r] else "" for r in Role)
        + " |"
        for permission in Permission
    ]
    return [head, line, *rows]


def _scopes() -> list[str]:
    return [
        "| Scope | What the key may do |",
        "| --- | --- |",
        *(f"| `{s}` | {SCOPE_MEANS[s]} |" for s in Scope),
    ]

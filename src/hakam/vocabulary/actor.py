"""Who acts. Every verb takes one as `by`, and every fact in the ledger names one."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class ActorKind(StrEnum):
    """The sorts of actors. A person outside has no account."""

    STAFF = "staff"
    RULE = "rule"
    PLATFORM = "platform"  # an API key of a platform
    AFFECTED = "affected"  # the person whose item or account it is
    NOTIFIER = "notifier"
    FLAGGER = "flagger"
    AUTHORITY = "authority"
    PARTNER = "partner"
    SYSTEM = "system"


class Actor(msgspec.Struct, frozen=True, order=True):
    """An actor. `id` is a pseudonymous key (a number, a rule's name), never a name or an address."""

    kind: ActorKind
    id: str = ""

    def __str__(self) -> str:
        """Return `kind:id`."""
        return f"{self.kind}:{self.id}" if self.id else str(self.kind)

    @property
    def is_person(self) -> bool:
        """Whether a human being stands behind it."""
        return self.kind not in {ActorKind.RULE, ActorKind.SYSTEM, ActorKind.PLATFORM}


SYSTEM = Actor(ActorKind.SYSTEM)

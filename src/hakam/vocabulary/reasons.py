"""Why. No restriction can be made without a complete `Reasons` (DSA Art. 17)."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from hakam.vocabulary.verdict import PackRef


class IncompleteReasonsError(ValueError):
    """The reasons do not say all that the law asks for. `missing` names the fields."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        self.missing = missing
        super().__init__(f"reasons lack {', '.join(missing)}")


class GroundKind(StrEnum):
    """DSA Art. 17(3)(d) and (e)."""

    ILLEGAL = "illegal"
    CONTRACTUAL = "contractual"


class Ground(msgspec.Struct, frozen=True, omit_defaults=True):
    """The law or the term that was broken, and why this content breaks it."""

    kind: GroundKind
    reference: str  # legal provision, or "id@version, clause"
    explanation: str
    country: str | None = None  # of the provision


class Source(StrEnum):
    """How the content came to attention (DSA Art. 17(3)(b); values of the Transparency Database derive from it)."""

    NOTICE = "notice"
    TRUSTED_FLAGGER = "trusted_flagger"
    OTHER_NOTIFICATION = "other_notification"
    OWN_INITIATIVE = "own_initiative"


class Automation(StrEnum):
    """How much of the decision a machine took (DSA Art. 17(3)(c))."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"


class Reasons(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that the affected person must be told, except what is done (the measures) and how to object.

    `clause` is the id of the policy, in the pack that was in force for the item.
    """

    clause: str
    pack: PackRef
    grounds: tuple[Ground, ...]
    facts: str
    source: Source
    automated_detection: bool
    automated_decision: Automation
    harm: str | None = None  # key of `hakam.vocabulary.harm.Harm`
    notifier: str | None = None  # only where strictly necessary, Art. 17(3)(b)

    def __post_init__(self) -> None:
        """Refuse to exist incomplete."""
        missing = [name for name in ("clause", "facts") if not _says(getattr(self, name))]
        if not self.grounds:
            missing.append("grounds")
        missing += [
            f"grounds/{n}/{field}"
            for n, ground in enumerate(self.grounds)
            for field in ("reference", "explanation")
            if not _says(getattr(ground, field))
        ]
        if missing:
            raise IncompleteReasonsError(tuple(missing))


def _says(text: str) -> bool:
    """Whether a text says anything: invisible characters, dashes and dots are no reasons."""
    return any(map(str.isalnum, text))

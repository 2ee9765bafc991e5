"""The closed lists of the room: where a bank comes from, what a match asks for, and when a bank may not be made."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class BankSource(StrEnum):
    """Who answers for what is in a bank."""

    OWN = "own"  # our own decisions
    STOPNCII = "stopncii"  # intimate pictures shared without consent, handed in by who is in them; nobody reviewed them
    NCMEC = "ncmec"  # sexual abuse of children
    GIFCT = "gifct"  # terrorist content, shared among platforms
    TCAP = "tcap"  # Tech Against Terrorism
    THREATEXCHANGE = "threatexchange"
    PARTNER = "partner"  # another platform, or a group of them
    AUTHORITY = "authority"


class BankAction(StrEnum):
    """What a match asks for by itself. Whatever goes further takes a rule that reads `bank("name")`."""

    SHADOW = "shadow"  # it is written down that it matched, and nothing else: no rule may read it
    NOTE = "note"  # the verdict names it, and rules may read it
    REVIEW = "review"  # a person looks, under the bank's clause, whether or not a rule reads it
    HOLD = "hold"  # it is held until a person has looked; whoever posted it is told why


EMERGENCY: Final = "incident-"
"""How the names of banks begin that a declared incident opens."""


class BankError(ValueError):
    """What was asked of a bank can't be done. The message says why; nothing was changed."""

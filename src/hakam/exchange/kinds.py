"""The closed lists of the room: how far a partner's word goes, what is agreed, what is said of an entry."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from hakam.banks.kinds import BankAction
from hakam.banks.models import Bank
from hakam.review import clauses
from hakam.vocabulary.harm import Harm

INCIDENT: Final = "incident"
PURPOSES: Final = (INCIDENT, *(harm.value for harm in Harm))
"""What hashes are shared for: an incident that was declared, or a kind of harm."""


class PartnerState(StrEnum):
    """Where a partner is."""

    ACTIVE = "active"
    PAUSED = "paused"  # nothing is sent or taken; what came stays as it is
    ENDED = "ended"  # what came from it is withdrawn


class Trust(StrEnum):
    """How far a partner's word goes. Raising it takes two people, lowering it one."""

    QUARANTINE = "quarantine"  # what it says is kept, and it is written down what it would have touched
    ADVISE = "advise"  # a match asks for a person
    ACT = "act"  # a match does what the agreement says


class Way(StrEnum):
    """Which way an agreement goes."""

    GIVE = "give"
    TAKE = "take"


class Response(StrEnum):
    """What a match of a partner's hash does at most, as agreed for one purpose."""

    NOTE = "note"  # rules may read it
    REVIEW = "review"
    HOLD = "hold"


class Word(StrEnum):
    """What a platform says of an entry that another one gave it."""

    SEEN = "seen"  # something matched it
    TRUE = "true"  # a person looked, and it was right
    FALSE = "false"


class ExchangeError(ValueError):
    """What was asked can't be done. The message says why; nothing was changed."""


def action_of(trust: Trust, response: Response) -> BankAction:
    """Return what a match of a partner's hash does: never more than trust and agreement both allow."""
    if trust is Trust.QUARANTINE:
        return BankAction.SHADOW
    if response is Response.HOLD and trust is not Trust.ACT:
        return BankAction.REVIEW
    return BankAction(response.value)


def purpose_of(bank: Bank) -> str:
    """Return what a bank of ours is shared for."""
    if bank.name.startswith(f"{INCIDENT}-"):
        return INCIDENT
    clause = clauses.find(bank.clause)
    return (clauses.harm_of(clause) if clause is not None else None) or Harm.TC_OTHER.value

"""The life of an incident and of a renewal: closed tables, no clock, no database."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class IncidentState(StrEnum):
    """Where an incident is."""

    PROPOSED = "proposed"  # waits for a second person; nothing is changed yet
    PROVISIONAL = (
        "provisional"  # in force by one person's word, until somebody confirms it or the hour is over
    )
    ACTIVE = "active"  # two people stand for it
    REFUSED = "refused"  # by the second person
    LAPSED = "lapsed"  # nobody confirmed it in time
    EXPIRED = "expired"  # its time ran out
    ENDED = "ended"  # by somebody, with a reason


class IncidentEvent(StrEnum):
    """What can become of it."""

    CONFIRM = "confirm"
    REFUSE = "refuse"
    LAPSE = "lapse"
    EXPIRE = "expire"
    END = "end"


class WrongMomentError(ValueError):
    """This can't become of an incident in its state."""


_S, _E = IncidentState, IncidentEvent
TABLE: Final = MappingProxyType(
    {
        (_S.PROPOSED, _E.CONFIRM): _S.ACTIVE,
        (_S.PROPOSED, _E.REFUSE): _S.REFUSED,
        (_S.PROPOSED, _E.LAPSE): _S.LAPSED,
        (_S.PROPOSED, _E.END): _S.ENDED,
        (_S.PROVISIONAL, _E.CONFIRM): _S.ACTIVE,
        (_S.PROVISIONAL, _E.REFUSE): _S.REFUSED,
        (_S.PROVISIONAL, _E.LAPSE): _S.LAPSED,
        (_S.PROVISIONAL, _E.END): _S.ENDED,
        (_S.ACTIVE, _E.EXPIRE): _S.EXPIRED,
        (_S.ACTIVE, _E.END): _S.ENDED,
    }
)
IN_FORCE: Final = frozenset({_S.PROVISIONAL, _S.ACTIVE})
UNCONFIRMED: Final = frozenset({_S.PROPOSED, _S.PROVISIONAL})
CLOSED: Final = frozenset({_S.REFUSED, _S.LAPSED, _S.EXPIRED, _S.ENDED})


def after(state: IncidentState, event: IncidentEvent) -> IncidentState:
    """Return the state after an event. Raises `WrongMomentError`."""
    found = TABLE.get((state, event))
    if found is None:
        raise WrongMomentError(f"an incident that is {state} can't {event}")
    return found


class RenewalState(StrEnum):
    """Where a request for more time is."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    OVER = "over"  # the incident closed meanwhile


class RoleKind(StrEnum):
    """Who does what while it lasts."""

    LEAD = "lead"
    DEPUTY = "deputy"
    COMMUNICATION = "communication"
    EVIDENCE = "evidence"


class Power(StrEnum):
    """What an incident may change, each chosen by itself and each taken back at the end."""

    EMERGENCY_BANK = "emergency_bank"  # hashes that match at the door from the next second on
    STRICTER = "stricter"  # other values of the rule book's parameters
    PRIORITY = "priority"  # its cases first
    DELAY = "delay"  # new uploads wait before others see them
    SHARE = "share"  # partners get the emergency bank

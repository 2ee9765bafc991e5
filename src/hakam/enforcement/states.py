"""The lives of measures and effects: two closed tables, and one pure function that reads them."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar


class MeasureState(StrEnum):
    """How far a measure has come."""

    PLANNED = "planned"  # decided; nothing has left yet
    SENT = "sent"  # on its way, or taken by the platform without a word of its effect
    APPLIED = "applied"  # the platform says that it is in force
    FAILED = "failed"  # the platform says that it could not, or nobody could be reached
    REVERSING = "reversing"  # decided to be taken back, and the platform is being told
    EXPIRING = "expiring"  # its time is over, and the platform is being told
    REVERSED = "reversed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"  # taken back before anything left, or after it had failed


class MeasureEvent(StrEnum):
    """What can happen to a measure."""

    SEND = "send"
    APPLY = "apply"
    FAIL = "fail"
    CANCEL = "cancel"
    REVERSE = "reverse"
    EXPIRE = "expire"
    LAPSE = "lapse"  # its time is over, and it was never in force
    SURFACE = "surface"  # it had ended unseen, and the platform says that it is in force after all
    END = "end"  # the platform took the reversal


class EffectState(StrEnum):
    """How far an effect has come."""

    PENDING = "pending"
    SENDING = "sending"  # leased by a worker; when the lease runs out, another takes it
    DELIVERED = "delivered"  # the receiver has it
    CONFIRMED = "confirmed"  # the receiver says that it did it
    FAILED = "failed"  # the receiver says that it could not
    DEAD = "dead"  # given up; a person can replay it
    CANCELLED = "cancelled"


class EffectEvent(StrEnum):
    """What can happen to an effect."""

    CLAIM = "claim"
    DELIVER = "deliver"
    CONFIRM = "confirm"
    FAIL = "fail"
    RETRY = "retry"
    DIE = "die"
    CANCEL = "cancel"
    REPLAY = "replay"


class TransitionError(RuntimeError):
    """This can't happen in this state."""


_M, _ME = MeasureState, MeasureEvent
MEASURE: dict[tuple[MeasureState, MeasureEvent], MeasureState] = {
    (_M.PLANNED, _ME.SEND): _M.SENT,
    (_M.PLANNED, _ME.CANCEL): _M.CANCELLED,
    (_M.PLANNED, _ME.LAPSE): _M.EXPIRED,
    (_M.SENT, _ME.SEND): _M.SENT,
    (_M.SENT, _ME.APPLY): _M.APPLIED,
    (_M.SENT, _ME.FAIL): _M.FAILED,
    (_M.SENT, _ME.REVERSE): _M.REVERSING,
    (_M.SENT, _ME.EXPIRE): _M.EXPIRING,
    (_M.APPLIED, _ME.APPLY): _M.APPLIED,
    (_M.APPLIED, _ME.FAIL): _M.FAILED,
    (_M.APPLIED, _ME.REVERSE): _M.REVERSING,
    (_M.APPLIED, _ME.EXPIRE): _M.EXPIRING,
    (_M.FAILED, _ME.SEND): _M.SENT,
    (_M.FAILED, _ME.APPLY): _M.APPLIED,
    (_M.FAILED, _ME.FAIL): _M.FAILED,
    (_M.FAILED, _ME.CANCEL): _M.CANCELLED,
    (_M.FAILED, _ME.REVERSE): _M.REVERSING,
    (_M.FAILED, _ME.LAPSE): _M.EXPIRED,
    (_M.FAILED, _ME.EXPIRE): _M.EXPIRING,
    (_M.EXPIRING, _ME.REVERSE): _M.REVERSING,
    (_M.EXPIRING, _ME.END): _M.EXPIRED,
    (_M.REVERSING, _ME.END): _M.REVERSED,
    (_M.CANCELLED, _ME.SURFACE): _M.REVERSING,
    (_M.EXPIRED, _ME.SURFACE): _M.EXPIRING,
}
MEASURE_ENDS = frozenset({_M.REVERSED, _M.EXPIRED, _M.CANCELLED})
IN_FORCE = frozenset({_M.SENT, _M.APPLIED})

_E, _EE = EffectState, EffectEvent
EFFECT: dict[tuple[EffectState, EffectEvent], EffectState] = {
    (_E.PENDING, _EE.CLAIM): _E.SENDING,
    (_E.PENDING, _EE.CANCEL): _E.CANCELLED,
    (_E.PENDING, _EE.CONFIRM): _E.CONFIRMED,  # the answer was lost, the confirmation was not
    (_E.PENDING, _EE.FAIL): _E.FAILED,
    (_E.SENDING, _EE.CLAIM): _E.SENDING,
    (_E.SENDING, _EE.DELIVER): _E.DELIVERED,
    (_E.SENDING, _EE.CONFIRM): _E.CONFIRMED,
    (_E.SENDING, _EE.FAIL): _E.FAILED,
    (_E.SENDING, _EE.RETRY): _E.PENDING,
    (_E.SENDING, _EE.DIE): _E.DEAD,
    (_E.SENDING, _EE.CANCEL): _E.CANCELLED,
    (_E.DELIVERED, _EE.CONFIRM): _E.CONFIRMED,
    (_E.DELIVERED, _EE.FAIL): _E.FAILED,
    (_E.CONFIRMED, _EE.CONFIRM): _E.CONFIRMED,
    (_E.CONFIRMED, _EE.FAIL): _E.FAILED,
    (_E.FAILED, _EE.FAIL): _E.FAILED,
    (_E.FAILED, _EE.CONFIRM): _E.CONFIRMED,
    (_E.FAILED, _EE.REPLAY): _E.PENDING,
    (_E.DEAD, _EE.REPLAY): _E.PENDING,
    (_E.DEAD, _EE.CONFIRM): _E.CONFIRMED,
    (_E.DEAD, _EE.FAIL): _E.FAILED,
    # No longer wanted after a try whose answer was lost; the receiver may have done it all the same.
    (_E.CANCELLED, _EE.CONFIRM): _E.CONFIRMED,
    (_E.CANCELLED, _EE.FAIL): _E.FAILED,
}
UNFINISHED = frozenset({_E.PENDING, _E.SENDING})
RECEIVED = frozenset({_E.DELIVERED, _E.CONFIRMED})

S = TypeVar("S", bound=StrEnum)
V = TypeVar("V", bound=StrEnum)


def step(table: dict[tuple[S, V], S], state: S, event: V) -> S:
    """Return the state after `event`; `TransitionError` when it can't happen in `state`."""
    try:
        return table[state, event]
    except KeyError:
        raise TransitionError(f"`{event}` can't happen to what is `{state}`") from None


def can(table: dict[tuple[S, V], S], state: S, event: V) -> bool:
    """Whether `event` can happen in `state`."""
    return (state, event) in table

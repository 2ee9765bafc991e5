"""The life of a question of the audience: a closed table."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class QuestionState(StrEnum):
    """Where a question is. What rules refused is in none of these: it is not shown."""

    PENDING = "pending"
    NEXT = "next"  # chosen: the host reads it, in the order in which they were chosen
    ANSWERED = "answered"
    ASIDE = "aside"  # not for this conversation; nobody did anything wrong


_S = QuestionState
MOVES: Final[dict[QuestionState, frozenset[QuestionState]]] = {
    _S.PENDING: frozenset({_S.NEXT, _S.ANSWERED, _S.ASIDE}),
    _S.NEXT: frozenset({_S.PENDING, _S.ANSWERED, _S.ASIDE}),
    _S.ANSWERED: frozenset({_S.PENDING, _S.NEXT}),
    _S.ASIDE: frozenset({_S.PENDING, _S.NEXT}),
}


class MoveError(ValueError):
    """A question can't go there from where it is. The message is for the moderator."""


def after(state: QuestionState, to: QuestionState) -> QuestionState:
    """Return the state after a move. Raises `MoveError`."""
    if to not in MOVES[state]:
        raise MoveError(f"`{state}` does not become `{to}`")
    return to

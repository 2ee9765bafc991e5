"""What an edge node asks about, and how a question becomes bytes."""

from __future__ import annotations

from enum import StrEnum

from hakam.vocabulary.measure import MeasureKind


class Question(StrEnum):
    """What can be asked of an edge snapshot."""

    LIVE = "live"  # may this account not go live?
    ACCOUNT = "account"  # is this account shut out?
    ITEM = "item"  # is this item withheld?


BARRING: dict[Question, frozenset[MeasureKind]] = {
    Question.LIVE: frozenset({MeasureKind.BAR_FROM_LIVE, MeasureKind.SUSPEND, MeasureKind.TERMINATE}),
    Question.ACCOUNT: frozenset({MeasureKind.SUSPEND, MeasureKind.TERMINATE}),
    Question.ITEM: frozenset({MeasureKind.HOLD, MeasureKind.WITHHOLD, MeasureKind.REMOVE}),
}
"""Which measures answer a question with yes."""


def entry(question: Question, subject: str, *, kind: str = "", territory: str = "") -> bytes:
    """Return the bytes of one entry. `subject` is an account's or an item's id, `kind` the item's kind.

    Raises `ValueError` for a NUL, which parts the fields and stands in no id that Hakam takes, and for an item without
    its kind.
    """
    if (question is Question.ITEM) != bool(kind):
        raise ValueError("an item has a kind, and nothing else has")
    fields = (question.value, kind, subject, territory) if kind else (question.value, subject, territory)
    if any("\0" in field for field in fields):
        raise ValueError("an id has no NUL in it")
    return "\0".join(fields).encode("utf-8", "surrogatepass")

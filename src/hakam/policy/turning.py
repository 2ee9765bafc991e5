"""What would have turned a rule's outcome, in words: one wording for reports and pages, in English and Arabic.

A sentence comes in pieces, so that whoever draws it can isolate code and values from the words around them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

from hakam.policy.changes import Change, Turn

LANGUAGES: Final = ("en", "ar")
LONGEST: Final = 160  # characters of a value that is shown
MOST: Final = 8  # values of a list that are shown

_HOLE: Final = re.compile(r"\{(\w+)\}")
_WORDS: Final[Mapping[str, Mapping[Turn, str]]] = {
    "en": {
        Turn.BELOW: "if {what} were below {limit}",
        Turn.AT_MOST: "if {what} were {limit} or less",
        Turn.EQUAL: "if {what} were {limit}",
        Turn.OTHER: "if {what} were other than {limit}",
        Turn.AT_LEAST: "if {what} were {limit} or more",
        Turn.ABOVE: "if {what} were above {limit}",
        Turn.KNOWN: "if {what} were known",
        Turn.MISSING: "if {what} were missing",
        Turn.FOUND: "if {what} had found something",
        Turn.ABSENT: "if {what} had found nothing",
        Turn.TRUE: "if {what} were true",
        Turn.FALSE: "if {what} were false",
    },
    "ar": {
        Turn.BELOW: "لو كانت قيمة {what} أقل من {limit}",
        Turn.AT_MOST: "لو لم تزد قيمة {what} على {limit}",
        Turn.EQUAL: "لو كانت قيمة {what} تساوي {limit}",
        Turn.OTHER: "لو كانت قيمة {what} غير {limit}",
        Turn.AT_LEAST: "لو بلغت قيمة {what} ما لا يقل عن {limit}",
        Turn.ABOVE: "لو كانت قيمة {what} أكثر من {limit}",
        Turn.KNOWN: "لو كانت قيمة {what} معروفة",
        Turn.MISSING: "لو غابت قيمة {what}",
        Turn.FOUND: "لو وجد {what} شيئًا",
        Turn.ABSENT: "لو لم يجد {what} شيئًا",
        Turn.TRUE: "لو تحقّق {what}",
        Turn.FALSE: "لو لم يتحقّق {what}",
    },
}
_LIMITS: Final = frozenset(turn for turn, words in _WORDS["en"].items() if "{limit}" in words)


class Tail(StrEnum):
    """What is said of the value that was seen, behind the sentence."""

    NOTHING = ""
    WAS = "was"  # the value that is held against a limit
    NOT_KNOWN = "not known"
    FOUND = "found"
    SAW = "saw"
    READ_NOTHING = "read nothing"  # what the part reads was not known


_TAILS: Final[Mapping[str, Mapping[Tail, str]]] = {
    "en": {
        Tail.NOTHING: "",
        Tail.WAS: " (it was {seen})",
        Tail.NOT_KNOWN: " (it was not known)",
        Tail.FOUND: " (it found {seen})",
        Tail.SAW: " (it saw {seen})",
        Tail.READ_NOTHING: " (what it reads was not known)",
    },
    "ar": {
        Tail.NOTHING: "",
        Tail.WAS: " (كانت {seen})",
        Tail.NOT_KNOWN: " (لم تكن معروفة)",
        Tail.FOUND: " (وجد {seen})",
        Tail.SAW: " (القيمة: {seen})",
        Tail.READ_NOTHING: " (ما يقرؤه لم يكن معروفًا)",
    },
}
_MARKS: Final = {"en": ("no", "yes"), "ar": ("لا", "نعم")}


class PieceKind(StrEnum):
    """What a piece of a sentence is."""

    WORDS = "words"
    CODE = "code"  # of a rule
    VALUE = "value"  # that a rule saw, or that it holds against what it sees


class Piece(NamedTuple):
    """A piece of a sentence, not escaped."""

    kind: PieceKind
    text: str


def pieces(change: Change, language: str = "en") -> tuple[Piece, ...]:
    """Return what one change says, as the end of a sentence. A language other than English and Arabic gets English."""
    language = language if language in LANGUAGES else "en"
    pattern = _WORDS[language][change.turn] + _TAILS[language][_tail(change)]
    found = {
        "what": Piece(PieceKind.CODE, change.text),
        "limit": Piece(PieceKind.VALUE, shown(change.limit, language) or '""'),
        "seen": Piece(PieceKind.VALUE, shown(change.value, language)),
    }
    parts = _HOLE.split(pattern)  # words at even places, names at odd ones
    made = (found[part] if n % 2 else Piece(PieceKind.WORDS, part) for n, part in enumerate(parts))
    return tuple(piece for piece in made if piece.text)


def _tail(change: Change) -> Tail:
    if change.turn in _LIMITS:
        return Tail.NOT_KNOWN if change.value is None else Tail.WAS
    if change.unknown:
        return Tail.READ_NOTHING
    if change.turn is Turn.ABSENT and change.value is not None:
        return Tail.FOUND
    if change.turn is Turn.MISSING and change.value is not None:
        return Tail.WAS
    return Tail.SAW if change.tells else Tail.NOTHING


def shown(value: Any, language: str = "en") -> str:
    """Write a value on one line, no more than `LONGEST` characters of a text and `MOST` values of a list."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _MARKS[language if language in LANGUAGES else "en"][value]
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple | set | frozenset):
        parts = list(value)
        return ", ".join(shown(part, language) for part in parts[:MOST]) + (" …" if len(parts) > MOST else "")
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"

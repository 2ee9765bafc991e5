"""What would have turned a rule's outcome, drawn for this reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from hakam.console.glyphs import hidden_count
from hakam.policy import turning
from hakam.policy.changes import Change
from hakam.policy.turning import PieceKind


def said(change: Change) -> SafeString:
    """Say one change, as the end of a sentence: code and values are isolated from the words."""
    return format_html_join(
        "", "{}", ((_DRAWN[piece.kind](piece.text),) for piece in turning.pieces(change, _language()))
    )


def code(text: str) -> SafeString:
    """Draw a piece of a rule."""
    return format_html('<code dir="ltr">{}</code>', text)


def seen(value: Any) -> SafeString:
    """Draw a value that a rule saw or is held against."""
    text = shown(value)
    marked = "" if not hidden_count(text) else " hidden"
    return format_html('<bdi class="seen{}">{}</bdi>', marked, text)


def shown(value: Any) -> str:
    """Write a value: no more of it than one line."""
    return turning.shown(value, _language())


def _language() -> str:
    return (get_language() or "en")[:2]


_DRAWN: Final[Mapping[PieceKind, Callable[[str], str]]] = {
    PieceKind.WORDS: str,  # escaped where they are joined
    PieceKind.CODE: code,
    PieceKind.VALUE: seen,
}

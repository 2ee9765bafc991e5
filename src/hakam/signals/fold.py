"""Folding: one form for all the ways of writing the same words. (Being filled in.)"""

from __future__ import annotations

FOLD_VERSION = 1


def fold_counting(text: str) -> tuple[str, int]:
    """Return the folded text and how many tricks were undone."""
    return text.casefold(), 0


def fold(text: str) -> str:
    """Return the folded text."""
    return fold_counting(text)[0]


def split_words(folded: str) -> str:
    """Return the words of a folded text, one space between, before and after."""
    return f" {' '.join(''.join(c if c.isalnum() else ' ' for c in folded).split())} "

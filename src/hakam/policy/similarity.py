"""How alike two texts are: the share of their word pieces that they have in common.

A text's words are cut into pieces of three characters, a space before and after each word; alike are as many of
the pieces as are in both, of all that are in either (Jaccard). Word order hardly matters, a changed letter costs
little, an addition costs its length. Linear in the text.
"""

from __future__ import annotations

from functools import lru_cache

PIECE = 3
LONGEST = 4_000  # characters of a text that are looked at


def pieces(words: str) -> frozenset[str]:
    """Return the pieces of a text that `split_words` made."""
    words = words[:LONGEST]
    return frozenset(map("".join, zip(words, words[1:], words[2:], strict=False)))


_target = lru_cache(maxsize=1_000)(pieces)


def similarity(words: str | None, target: str) -> float | None:
    """Return how alike two texts are, 0 to 1; unknown if the text is."""
    if words is None:
        return None
    ours, theirs = pieces(words), _target(target)
    common = len(ours & theirs)
    return common / (len(ours) + len(theirs) - common or 1)

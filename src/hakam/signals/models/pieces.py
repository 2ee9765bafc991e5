"""Cutting a text into the encoder's pieces: the most probable segmentation of each word (a unigram model).

The vocabulary is that of multilingual-e5-small, cut to the scripts that Hakam's classifiers read.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_SPACE = "\u2581"
_REMEMBERED = 50_000
_WORD_LIMIT = 64  # characters of one word that are looked at
_UNKNOWN_PENALTY = 10.0


class Pieces:
    """A unigram vocabulary. Ids are places in `pieces`; safe to share between threads."""

    def __init__(
        self, pieces: Sequence[str], scores: Sequence[float], *, begin: int, end: int, unknown: int
    ) -> None:
        special = {begin, end, unknown}
        self._scores = {
            p: (n, s) for n, (p, s) in enumerate(zip(pieces, scores, strict=True)) if n not in special
        }
        self._longest = max(map(len, pieces))
        self._begin, self._end, self._unknown = begin, end, unknown
        self._unknown_score = min(scores) - _UNKNOWN_PENALTY
        self._known: dict[str, tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self._scores) + 3

    def encode(self, text: str, limit: int) -> list[int]:
        """Return at most `limit` ids, the first and last of which mark begin and end."""
        ids = [self._begin]
        room = limit - 1
        for word in unicodedata.normalize("NFKC", text).split():
            ids += self._word(word[:_WORD_LIMIT])
            if len(ids) >= room:
                del ids[room:]
                break
        ids.append(self._end)
        return ids

    def _word(self, word: str) -> tuple[int, ...]:
        known = self._known.get(word)
        if known is None:
            known = self._cut(_SPACE + word)
            if len(self._known) < _REMEMBERED:
                self._known[word] = known
        return known

    def _cut(self, word: str) -> tuple[int, ...]:
        """Viterbi over all segmentations; a character that no piece holds is unknown, and costs more than any."""
        size = len(word)
        best = [0.0] + [float("-inf")] * size
        back: list[tuple[int, int]] = [(0, 0)] * (size + 1)
        for start in range(size):
            here = best[start]
            for end in range(start + 1, min(size, start + self._longest) + 1):
                found = self._scores.get(word[start:end])
                if found is not None and here + found[1] > best[end]:
                    best[end], back[end] = here + found[1], (start, found[0])
            if here + self._unknown_score > best[start + 1]:
                best[start + 1], back[start + 1] = here + self._unknown_score, (start, self._unknown)
        ids: list[int] = []
        place = size
        while place:
            place, piece = back[place]
            ids.append(piece)
        return tuple(reversed(ids))

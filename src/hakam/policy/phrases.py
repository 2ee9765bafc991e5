"""Which of many phrases a text holds, whole words: looked up word by word, however many phrases there are.

Each phrase is filed under one of its words, the one that fewest other phrases have. A text's words are
intersected with these keys at the speed of a set; only where a key stands are the words around it joined and
looked up. Linear in the text: the work at one word is bounded by the shapes (place of the key, number of words)
of the phrases under it, not by their number. About 200 bytes a phrase.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping

NOTHING: frozenset[int] = frozenset()


class Phrases:
    """Phrases with the numbers of the predicates that look for them.

    Phrases and texts are as `split_words` gives them: `" free money "`.
    """

    def __init__(self, owners: Mapping[str, Iterable[int]]) -> None:
        held: dict[frozenset[int], frozenset[int]] = {}
        self._whole: dict[str, frozenset[int]] = {}
        for phrase, numbers in owners.items():
            who = frozenset(numbers)
            self._whole[phrase.strip()] = held.setdefault(who, who)
        tally: Tally[str] = Tally()
        for phrase in self._whole:
            tally.update(set(phrase.split()))
        shapes: dict[str, set[tuple[int, int]]] = {}
        for phrase in self._whole:
            words = phrase.split()
            if len(words) > 1:
                place = min(range(len(words)), key=lambda n: (tally[words[n]], -len(words[n])))
                shapes.setdefault(words[place], set()).add((place, len(words)))
        kept: dict[frozenset[tuple[int, int]], tuple[tuple[int, int], ...]] = {}
        self._shapes = {
            key: kept.setdefault(frozenset(found), tuple(sorted(found))) for key, found in shapes.items()
        }
        single = (phrase for phrase in self._whole if " " not in phrase)
        self._keys = frozenset((*single, *self._shapes))

    def __len__(self) -> int:
        return len(self._whole)

    def __call__(self, words: str) -> frozenset[int]:
        """Return the numbers of the predicates that hit in a text's words."""
        there = self._keys.intersection(words.split())
        if not there:
            return NOTHING
        return NOTHING.union(*[owners for _, _, owners in self._hits(words, there)])

    def first(self, words: str, number: int) -> str | None:
        """Return the phrase of one predicate that the text holds first, the shortest of those that begin there.

        `None` if it holds none.
        """
        there = self._keys.intersection(words.split())
        hits = [(at, phrase) for at, phrase, owners in self._hits(words, there) if number in owners]
        return min(hits)[1] if hits else None

    def _hits(self, words: str, there: frozenset[str]) -> Iterator[tuple[int, str, frozenset[int]]]:
        tokens = words.split()
        whole, shapes = self._whole, self._shapes
        for at, token in enumerate(tokens):
            if token not in there:
                continue
            owners = whole.get(token)
            if owners is not None:
                yield at, token, owners
            for place, length in shapes.get(token, ()):
                if place <= at:
                    phrase = " ".join(tokens[at - place : at - place + length])
                    owners = whole.get(phrase)
                    if owners is not None:
                        yield at - place, phrase, owners

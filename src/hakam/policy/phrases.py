"""Which of many phrases a text holds, whole words: looked up word by word, however many phrases there are.

A single word is looked up as it is. A longer phrase is filed under two of its words that stand side by side, the pair
that fewest other phrases have: single words of phrases stand in almost every text, such pairs in almost none. A text's
words and its pairs of words are intersected with what is filed at the speed of a set; only where a pair stands are the
words around it joined and looked up. Linear in the text: the work at one pair is bounded by the shapes (place of the
pair, number of words) of the phrases under it, not by their number. About 400 bytes a phrase.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

NOTHING: frozenset[int] = frozenset()

Pair = tuple[str, str]


class Phrases:
    """Phrases with the numbers of the predicates that look for them.

    Phrases and texts are as `split_words` gives them: `" free money "`.
    """

    def __init__(self, owners: Mapping[str, Iterable[int]]) -> None:
        held: dict[frozenset[int], frozenset[int]] = {}
        self._single: dict[str, frozenset[int]] = {}
        self._whole: dict[str, frozenset[int]] = {}
        for phrase, numbers in owners.items():
            who = frozenset(numbers)
            bare = phrase.strip()
            (self._whole if " " in bare else self._single)[bare] = held.setdefault(who, who)
        tally: Tally[Pair] = Tally()
        for phrase in self._whole:
            tally.update(set(pairwise(phrase.split())))
        shapes: dict[Pair, set[tuple[int, int]]] = {}
        for phrase in self._whole:
            words = phrase.split()
            pairs = list(pairwise(words))
            place = min(
                range(len(pairs)), key=lambda n: (tally[pairs[n]], -len(pairs[n][0]) - len(pairs[n][1]))
            )
            shapes.setdefault(pairs[place], set()).add((place, len(words)))
        kept: dict[frozenset[tuple[int, int]], tuple[tuple[int, int], ...]] = {}
        self._shapes = {
            pair: kept.setdefault(frozenset(found), tuple(sorted(found))) for pair, found in shapes.items()
        }
        self._words = frozenset(self._single)
        self._pairs = frozenset(self._shapes)

    def __len__(self) -> int:
        return len(self._single) + len(self._whole)

    def __call__(self, words: str) -> frozenset[int]:
        """Return the numbers of the predicates that hit in a text's words."""
        tokens = words.split()
        found = NOTHING
        for word in self._words.intersection(tokens):
            found |= self._single[word]
        if not self._pairs:
            return found
        there = self._pairs.intersection(pairwise(tokens))
        return found.union(*[owners for _, _, owners in self._joined(tokens, there)]) if there else found

    def first(self, words: str, number: int) -> str | None:
        """Return the phrase of one predicate that the text holds first, the shortest of those that begin there.

        `None` if it holds none.
        """
        tokens = words.split()
        single = self._single
        own = [token for token in self._words.intersection(tokens) if number in single[token]]
        hits = [(tokens.index(token), token) for token in own]
        there = self._pairs.intersection(pairwise(tokens))
        hits += [(at, phrase) for at, phrase, owners in self._joined(tokens, there) if number in owners]
        return min(hits)[1] if hits else None

    def _joined(self, tokens: list[str], there: frozenset[Pair]) -> Iterator[tuple[int, str, frozenset[int]]]:
        """Yield the phrases of several words that stand in a text, with their places."""
        if not there:
            return
        whole, shapes = self._whole, self._shapes
        for at, pair in enumerate(pairwise(tokens)):
            if pair not in there:
                continue
            for place, length in shapes[pair]:
                if place <= at:
                    phrase = " ".join(tokens[at - place : at - place + length])
                    owners = whole.get(phrase)
                    if owners is not None:
                        yield at - place, phrase, owners

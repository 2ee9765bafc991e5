"""Nearly the same question, asked by many: found by SimHash, settled by the words that two texts share.

A SimHash alone would fold what differs in a name or a "not"; so what it finds is folded only if the words agree too:
all in a short text; in a long one four of five. There one may say more than the other, but not another word in the
place of one ("rents in the south", "rents in the north") unless it is a slip of a letter, and no "not" may stand in one
of them only. What is folded wrongly a person takes apart.
"""

from __future__ import annotations

from typing import Final

from hakam.signals.fold import fold_words
from hakam.signals.near_duplicates import NearIndex, simhash

ALIKE: Final = 0.8  # of all words of two texts that must stand in both
_FEW: Final = 6  # words; two texts with so few are alike only if all are the same
_SLIP: Final = 4  # letters
_NOT: Final = frozenset(
    word
    for said in ("not no never without don't", "لا لم لن ليس ليست غير بدون دون")
    for word in fold_words(said).split()
    if word != "don"
)


def alike(one: str, other: str) -> bool:
    """Whether two texts, as `words_of` gives them, ask the same."""
    a, b = set(one.split()), set(other.split())
    if a == b:
        return True
    if min(len(a), len(b)) <= _FEW or (a ^ b) & _NOT:
        return False
    if len(a & b) / len(a | b) < ALIKE:
        return False
    fewer, more = sorted((a - b, b - a), key=len)
    return all(any(slip(word, another) for another in more) for word in fewer)


def slip(one: str, other: str) -> bool:
    """Whether two words of four letters or more differ by one letter: another, one more or one less."""
    if min(len(one), len(other)) < _SLIP or abs(len(one) - len(other)) > 1:
        return False
    first = next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    if len(one) == len(other):
        return one[first + 1 :] == other[first + 1 :]
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    return longer[first + 1 :] == shorter[first:]


def words_of(text: str) -> str:
    """Return the folded words of a text: without case, marks, spelling variants of Arabic letters and punctuation."""
    return fold_words(text)


class Folder:
    """The questions of one event and language, to find the one that a new text repeats. Not safe between threads."""

    def __init__(self) -> None:
        self._near = NearIndex()
        self._words: dict[int, str] = {}
        self._same: dict[str, int] = {}

    def find(self, words: str) -> int | None:
        """Return the question that asks the same as `words`, the nearest; None if nobody asked it."""
        same = self._same.get(words)
        if same is not None:
            return same
        hash_ = simhash(words)
        if hash_ is None:
            return None
        found = (int(name) for _, name in self._near.near(hash_))
        return next((one for one in found if alike(self._words[one], words)), None)

    def add(self, question: int, words: str) -> None:
        """Remember the words of a question; a question may have several."""
        self._same.setdefault(words, question)
        if question in self._words:
            return
        self._words[question] = words
        hash_ = simhash(words)
        if hash_ is not None:
            self._near.add(hash_, str(question))

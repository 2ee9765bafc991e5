"""How few characters a text can have whose folded form holds a term: `㎉` alone folds to `kcal`, nothing so to `kill`.

Told for letters of the scripts below and never too high: it says that a rule can't fire. Repairs of spelling replace
letters within a class, or cut signs and repetitions out. So terms and what characters fold to are compared by classes
of letters, without signs and repetitions.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from hakam.signals.letters import LOOKALIKES, fold_character, in_many
from hakam.signals.tricks import LEET, REPEATABLE

_LETTERS = frozenset(REPEATABLE)


def fewest_characters(term: str) -> int:
    """Return how many characters a text has at least whose folded form holds `term`."""
    wanted = in_classes(term)
    if not wanted:
        return 0
    reached = {0: 0}  # how much of the term is there -> after how few characters
    for done in range(len(wanted)):
        if (count := reached.get(done)) is None:
            continue
        for further in _further(wanted, done):
            reached[further] = min(reached.get(further, count + 1), count + 1)
    return reached[len(wanted)]


def in_classes(text: str) -> str:
    """Return the classes of a text's letters, each once where it is repeated, without all else."""
    found: list[str] = []
    for character in text.translate(LEET):
        letter = LOOKALIKES.get(character, character)
        if letter in _LETTERS and found[-1:] != [letter]:
            found.append(letter)
    return "".join(found)


def _further(wanted: str, done: int) -> Iterator[int]:
    """Yield how much of a term there is after one more character, which gives one letter or several."""
    yield done + 1
    left = wanted[done:]
    for piece in _pieces():
        if not done and left in piece:
            yield len(wanted)
        for size in range(2, min(len(piece), len(left)) + 1):
            head = left[:size]
            # All of it, or its beginning at the end of the term, or its end at the beginning of the term
            if (
                piece == head
                or (size == len(left) and piece.startswith(head))
                or (not done and piece.endswith(head))
            ):
                yield done + size
        joined = wanted[done - 1 : done] + left  # its first letter is the last that is there: `l` and `lm`
        if done and piece[0] == joined[0]:
            for size in range(2, min(len(piece), len(joined)) + 1):
                head = joined[:size]
                if piece == head or (size == len(joined) and piece.startswith(head)):
                    yield done + size - 1


@cache
def _pieces() -> frozenset[str]:
    """Return what single characters fold to that give more than one letter."""
    return frozenset(
        piece for character in in_many() if len(piece := in_classes(fold_character(character))) > 1
    )

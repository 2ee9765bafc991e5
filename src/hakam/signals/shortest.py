"""How few characters a text can have whose folded form holds a term: `㎉` alone folds to `kcal`, nothing so to `kill`.

Told for letters of the scripts below and never too high: it says that a rule can't fire. Repairs of spelling replace
letters within a class, or cut signs and repetitions out. So terms and what characters fold to are compared by classes
of letters, without signs and repetitions.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache

from hakam.signals.letters import LOOKALIKES, fold_character, in_many
from hakam.signals.tricks import LEET, REPEATABLE

_LETTERS = frozenset(REPEATABLE)


@lru_cache(maxsize=4_096)
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
    if not done:  # it may begin within a character, or lie in one
        for piece in _pieces():
            if left in piece:
                yield len(wanted)
            yield from (size for size in range(2, min(len(piece), len(left))) if piece.endswith(left[:size]))
    for piece in _beginning().get(left[0], ()):
        if left.startswith(piece):
            yield done + len(piece)
        elif piece.startswith(left):
            yield len(wanted)
    joined = wanted[done - 1 : done] + left  # its first letter is the last that is there: `l` and `lm`
    for piece in _beginning().get(joined[0], ()) if done else ():
        if joined.startswith(piece):
            yield done + len(piece) - 1
        elif piece.startswith(joined):
            yield len(wanted)


@cache
def _pieces() -> frozenset[str]:
    """Return what single characters fold to that give more than one letter."""
    return frozenset(
        piece for character in in_many() if len(piece := in_classes(fold_character(character))) > 1
    )


@cache
def _beginning() -> dict[str, tuple[str, ...]]:
    """Return the pieces by their first letter."""
    first = {piece[0] for piece in _pieces()}
    return {letter: tuple(piece for piece in _pieces() if piece[0] == letter) for letter in first}

"""Two people changed one text: both changes in one, and where they met, both texts one below the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final, NamedTuple

MINE: Final = "<<<<<<<"
BETWEEN: Final = "======="
THEIRS: Final = ">>>>>>>"
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")  # what else ends a line to Python stays within it


class Merged(NamedTuple):
    """One text of two. `clashes`: how often both changed the same lines."""

    text: str
    clashes: int


class _Kept(NamedTuple):
    """Lines that neither changed: where they begin in each of the three texts, and how many they are."""

    base: int
    mine: int
    theirs: int
    length: int


def merge(base: str, mine: str, theirs: str, *, names: tuple[str, str], marked: bool = True) -> Merged:
    """Return `base` with what `mine` and `theirs` did to it, line by line.

    Where both did something else to the same lines, both stand there, between marks with `names` that no file of a
    pack can be read with; without marks (`marked` false) for files in which each line stands for itself. Entries of a
    list that both wrote at the same place, as rules at the end of a file, simply follow each other.
    """
    old, one, other = (_LINE.findall(text) for text in (base, mine, theirs))
    out: list[str] = []
    clashes = 0
    at = _Kept(0, 0, 0, 0)
    for kept in _kept(old, one, other):
        a, b, c = old[at.base : kept.base], one[at.mine : kept.mine], other[at.theirs : kept.theirs]
        if b in (a, c):
            out += c
        elif c == a:
            out += b
        elif not a and _begins_an_entry(b) and _begins_an_entry(c):
            out += [*_ended(b), *c]
        else:
            clashes += 1
            out += _both(b, c, names) if marked else [*_ended(b), *(line for line in c if line not in b)]
        out += old[kept.base : kept.base + kept.length]
        at = _Kept(kept.base + kept.length, kept.mine + kept.length, kept.theirs + kept.length, 0)
    return Merged("".join(out), clashes)


def _both(mine: Sequence[str], theirs: Sequence[str], names: tuple[str, str]) -> list[str]:
    return [
        f"{MINE} {names[0]}\n",
        *_ended(mine),
        f"{BETWEEN}\n",
        *_ended(theirs),
        f"{THEIRS} {names[1]}\n",
    ]


def _begins_an_entry(lines: Sequence[str]) -> bool:
    first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    return first.startswith("- ")


def _ended(lines: Sequence[str]) -> list[str]:
    """Return lines of which each ends, the last one of a file too."""
    return [line if line.endswith("\n") else f"{line}\n" for line in lines]


def _kept(base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> Iterator[_Kept]:
    """Return what all three have in common, in order, and at last their ends."""
    ones = SequenceMatcher(None, base, mine, autojunk=False).get_matching_blocks()
    others = SequenceMatcher(None, base, theirs, autojunk=False).get_matching_blocks()
    n = m = 0
    while n < len(ones) and m < len(others):
        one, other = ones[n], others[m]
        begin, end = max(one.a, other.a), min(one.a + one.size, other.a + other.size)
        if begin < end:
            yield _Kept(begin, one.b + begin - one.a, other.b + begin - other.a, end - begin)
        if one.a + one.size < other.a + other.size:
            n += 1
        else:
            m += 1
    yield _Kept(len(base), len(mine), len(theirs), 0)

"""Tricks of spelling, found and undone: look-alikes in mixed-script words, digits for letters, spacing, repetition.

Works on text whose letters are folded already. Every repair either replaces letters one for one or cuts characters
out, so that places in the raw text can be followed through it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import re2  # type: ignore[import-untyped]

from hakam.signals.letters import CYRILLIC_LOOKALIKES, LOOKALIKES, TWINS

_OTHERS = "\u0370-\u03ff\u0430-\u045f\u0460-\u052f\u0561-\u0587"  # Greek, Cyrillic, Armenian, folded
_SPACED = f"a-z{_OTHERS}\u0621-\u064a\u05d0-\u05ea"
_GAP = "[ .\\-_*|/+~\u00b7\u2022]"
REPEATABLE = [*"abcdefghijklmnopqrstuvwxyz", *"ابتثجحخدذرزسشصضطظعغفقكلمنهوي", *"абвгдежзиклмнопрстуфхцчшщъыьэюя",
               *"αβγδεζηθικλμνξοπρστυφχψω", *"אבגדהוזחטיכלמנסעפצקרשת"]  # fmt: skip

_MIXED_TOKEN = re.compile(f"[a-z{_OTHERS}]+")
_HAS_LATIN = re.compile("[a-z]")
_HAS_OTHER = re.compile(f"[{_OTHERS}]")
_LEET_TOKEN = re.compile(
    r"(?<![a-z0-9@$!])([a-z013-579$][a-z013-579@$!]*[a-z013-579@$])(?!\.[a-z])(?![a-z0-9])"
)
_LEET_BETWEEN = (
    "[a-z](?:00?|11?|33?|44?|55?|77?|99?|@|\\$\\$?|!)[a-z]"  # not `covid19x`: two unlike digits are a number
)
_LEET_INSIDE = re.compile(_LEET_BETWEEN)
LEET = str.maketrans("013457@$!9", "oieastasig")
_SPACED_RUN = re.compile(
    f"(?<![{_SPACED}0-9])[{_SPACED}]({_GAP})[{_SPACED}0134579@$](?:\\1[{_SPACED}0134579@$])*(?![{_SPACED}0-9@$])"
)
_REPEATED = re.compile(f"([{''.join(REPEATABLE)}])\\1\\1+")
_DOUBLED_INSIDE = frozenset("bdefglmnoprstzلм")
_DOUBLED_AT_END = frozenset("lsfzл")
_MIN_SPACED = 3
_MIN_DISGUISED = 3

_options = re2.Options()
_options.never_capture = True
_options.max_mem = 32 << 20
_SUSPECTS = re2.Set.SearchSet(_options)
for _pattern in (
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]",  # ASCII control characters; other text has been through the table
    "|".join(f"{letter}{{3}}" for letter in REPEATABLE),
    _LEET_BETWEEN,
    f"(?:^|[^{_SPACED}0-9])[{_SPACED}]{_GAP}[{_SPACED}0134579@$]{_GAP}[{_SPACED}0134579@$]",
    f"(?s)[a-z].*[{_OTHERS}]|[{_OTHERS}].*[a-z]",
):
    _SUSPECTS.Add(_pattern)
_SUSPECTS.Compile()


def _unmask(text: str) -> str:
    """Replace look-alikes in words that mix scripts, and in words made of nothing else amid Latin text."""
    if not (_HAS_LATIN.search(text) and _HAS_OTHER.search(text)):
        return text
    tokens = [match.group() for match in _MIXED_TOKEN.finditer(text)]
    foreign = any(not _HAS_LATIN.search(token) and not TWINS.issuperset(token) for token in tokens)
    latin_text = not foreign and any(not _HAS_OTHER.search(token) for token in tokens)

    def replace(match: re.Match[str]) -> str:
        token = match.group()
        if not _HAS_OTHER.search(token):
            return token
        if not _HAS_LATIN.search(token):
            disguised = not foreign and len(token) >= _MIN_DISGUISED
            return "".join(LOOKALIKES[c] for c in token) if disguised else token
        cyrillic = not TWINS.issuperset(c for c in token if c > "z")
        if cyrillic and not latin_text and all(c in CYRILLIC_LOOKALIKES for c in token if c <= "z"):
            return "".join(CYRILLIC_LOOKALIKES.get(c, c) for c in token)
        return "".join(LOOKALIKES.get(c, c) for c in token)

    return _MIXED_TOKEN.sub(replace, text)


def _unleet(text: str) -> str:
    """Read digits and signs as letters in words that hold them between letters: `h4te`, `a$$hole`."""
    return _LEET_TOKEN.sub(
        lambda match: match.group().translate(LEET) if _LEET_INSIDE.search(match.group()) else match.group(),
        text,
    )


def _spaced(text: str) -> Iterator[tuple[int, int]]:
    """Yield the gaps inside spaced-out words: `k i l l`, `k.i.l.l`."""
    for match in _SPACED_RUN.finditer(text):
        if sum(map(str.isalpha, match.group())) >= _MIN_SPACED:
            for place in range(match.start() + 1, match.end(), 2):
                yield place, place + 1


def _repeated(text: str) -> Iterator[tuple[int, int]]:
    """Yield the superfluous letters of runs of three and more, leaving two where the language doubles that letter."""
    for match in _REPEATED.finditer(text):
        letter, (start, end) = match.group(1), match.span()
        before = start > 0 and text[start - 1].isalpha()
        after = end < len(text) and text[end].isalpha()
        if not before and not after:
            keep = 3  # a word of its own: `xxx`, `hhh`
        elif letter in (_DOUBLED_INSIDE if after else _DOUBLED_AT_END):
            keep = 2
        else:
            keep = 1
        if end - start > keep:
            yield start, end - keep


def _kept(length: int, cuts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the spans that `cuts` leave of something `length` long."""
    ends = [0, *(end for _, end in cuts)]
    starts = [*(start for start, _ in cuts), length]
    return list(zip(ends, starts, strict=True))


_SAME_LENGTH: tuple[Callable[[str], str], ...] = (_unmask, _unleet)
_CUTTING: tuple[Callable[[str], Iterator[tuple[int, int]]], ...] = (_spaced, _repeated)


def undo(text: str, places: list[int] | None) -> tuple[str, list[int] | None, int]:
    """Undo every trick until none is left; return the text, the traced places and the number of repairs.

    Each round makes the text shorter or leaves fewer look-alikes in it, so that it ends.
    """
    repairs, before = 0, None
    while text != before:
        before = text
        for replace in _SAME_LENGTH:
            replaced = replace(text)
            if replaced != text:
                repairs += sum(a != b for a, b in zip(text, replaced, strict=True))
                text = replaced
        for find in _CUTTING:
            if cuts := list(find(text)):
                repairs += len(cuts)
                kept = _kept(len(text), cuts)
                text = "".join([text[start:end] for start, end in kept])
                if places is not None:
                    places = [place for start, end in kept for place in places[start:end]]
    return text, places, repairs


def suspects(text: str) -> bool:
    """Whether `undo` could change `text`. One scan in linear time; some honest texts are suspected too."""
    return bool(_SUSPECTS.Match(text))

"""Copies of Arabic texts as people hide or abbreviate them: without dots, and in Latin letters (Arabizi)."""

from __future__ import annotations

import random
import re

# The old skeleton script: letters that only dots tell apart become one. Sources: the Arabic joining groups of Unicode.
_DOTLESS = str.maketrans(
    {
        **dict.fromkeys("بتثني", "ٮ"), "ن": "ں", "ج": "ح", "خ": "ح", "ذ": "د", "ز": "ر", "ش": "س", "ض": "ص",
        "ظ": "ط", "غ": "ع", "ف": "ڡ", "ق": "ٯ", "ي": "ى", "ة": "ه", "أ": "ا", "إ": "ا", "آ": "ا",
    }
)  # fmt: skip
_LATIN: dict[str, tuple[str, ...]] = {
    "ا": ("a",), "أ": ("a", "2"), "إ": ("e", "i"), "آ": ("aa",), "ب": ("b",), "ت": ("t",), "ث": ("th", "s"),
    "ج": ("g", "j"), "ح": ("7", "h"), "خ": ("5", "kh", "7'"), "د": ("d",), "ذ": ("z", "th"), "ر": ("r",), "ز": ("z",),
    "س": ("s",), "ش": ("sh", "ch"), "ص": ("s", "9"), "ض": ("d",), "ط": ("t", "6"), "ظ": ("z",), "ع": ("3",),
    "غ": ("gh", "3'"), "ف": ("f",), "ق": ("2", "q", "k"), "ك": ("k",), "ل": ("l",), "م": ("m",), "ن": ("n",),
    "ه": ("h",), "و": ("o", "w", "u"), "ي": ("y", "i"), "ى": ("a",), "ة": ("a", "eh"), "ئ": ("2",), "ؤ": ("2",),
    "ء": ("2",),
}  # fmt: skip
_MARKS = re.compile("[\u064b-\u0652\u0640]")


def without_dots(text: str) -> str:
    """Return a text in the skeleton of its letters."""
    return _MARKS.sub("", text).translate(_DOTLESS)


def written_in_latin(text: str) -> str:
    """Return a text in Latin letters and digits, one of the usual ways for each letter. The same each time."""
    dice = random.Random(text)
    ways = {letter: dice.choice(options) for letter, options in _LATIN.items()}
    return "".join(ways.get(letter, letter) for letter in _MARKS.sub("", text))

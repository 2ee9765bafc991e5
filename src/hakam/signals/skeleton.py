"""Arabic in other clothes: in Latin letters (Arabizi), and without dots. What it says, as far as consonants tell.

Folding leaves such texts as they are, since one spelling stands for several words. Here a text becomes keys, one for
each word, and a phrase becomes all keys that it may have; they are compared as words. Three sorts of keys never meet:

- `~klb`: the consonants of a word in Latin letters, of a text that is Arabic by its small words or its digits;
- `=ڡلٮ`: the bare shapes of the letters, of a text that is written without dots;
- `+ڡلٮ`: the same of any Arabic text, for phrases that are themselves written without dots.

So a text in plain Arabic, English or Persian gives keys that no usual phrase has. Linear in the text; the first 4,000
characters count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import product

from hakam.signals.statistical_language import romanised

LONGEST = 4_000
MOST_KEYS = 24  # of one phrase
SHORTEST = 3  # consonants of a phrase in Latin letters
_LATIN, _BARE, _PLAIN = "~=+"

_ARABIC_WORD = re.compile("[\u0621-\u063a\u0640-\u065f\u066e-\u06d3]+")
_MARKS = re.compile("[\u0640\u064b-\u065f\u0670]")
_SHAPES = str.maketrans(
    {
        **dict.fromkeys("بتثنيىئٮںپیٻ", "ٮ"), **dict.fromkeys("جحخچ", "ح"), **dict.fromkeys("دذ", "د"),
        **dict.fromkeys("رزژ", "ر"), **dict.fromkeys("سش", "س"), **dict.fromkeys("صض", "ص"),
        **dict.fromkeys("طظ", "ط"),
        **dict.fromkeys("عغ", "ع"), **dict.fromkeys("فقڡٯڤ", "ڡ"), **dict.fromkeys("كگک", "ك"),
        **dict.fromkeys("هة", "ه"),
        **dict.fromkeys("وؤ", "و"), **dict.fromkeys("اأإآٱ", "ا"), "ء": "",
    }
)  # fmt: skip
_DOTTED = frozenset("بتثجخذزشضظغفقنيةپچژڤ")
_UNDOTTED = frozenset("ٮںڡٯ")  # what dotted letters leave; hardly anybody has need of them otherwise
_NOT_ARABIC = frozenset("ٹڈڑےہھۂۃڼښځڅ")  # Urdu and Pashto write a bare noon at the end of words
_MOST_DOTTED = 0.35
_LONG_ENOUGH = 30  # letters without a single dot are no accident

_WORD = re.compile(r"[a-z0-9$']+(?:-[a-z0-9$']+)*")
_DIGIT = re.compile(r"(?=[a-z0-9']*[a-z])[a-z']*[37][a-z'][a-z0-9']*|[a-z']{2,}[37][a-z0-9']*")
_ORDINARY = re.compile(
    r"[a-z]{0,4}\d+|\d+(?:st|nd|rd|th|k|m|km|kg|cm|mm|gb|mb|tb|g|pm|am|h|min|s|x|d|p|v|yo|yrs?)|[a-z]+\d{2,}[a-z]*"
)
_ENGLISH = re.compile(r"\b(?:the|and|you|is|are|to|of|in|it|for|this|that|my|your|me|with)\b")
_ARTICLE = re.compile(r"[aei]l-?|l-")
_SMALL = frozenset({"el", "al", "il", "l", "w", "wa", "we"})  # the article, and `and`
_SOUND = re.compile(r"sh|ch|kh|gh|th|dh|[3679]'|[a-z0-9$]")
_SOUNDS = {
    "sh": "x", "ch": "x", "$": "x", "kh": "K", "5": "K", "7'": "K", "gh": "G", "3'": "G", "8": "G", "th": "T",
    "dh": "z",
    "6'": "z", "9'": "d", "b": "b", "p": "b", "t": "t", "6": "t", "j": "j", "g": "j", "h": "h", "7": "H", "d": "d",
    "z": "z",
    "r": "r", "s": "s", "9": "s", "3": "E", "f": "f", "v": "f", "q": "q", "k": "k", "c": "k", "l": "l", "m": "m",
    "n": "n",
    "x": "ks",
}  # fmt: skip
_LETTERS: dict[str, tuple[str, ...]] = {
    "ب": ("b",), "ت": ("t",), "ث": ("T", "s", "t"), "ج": ("j",), "ح": ("H", "h"), "خ": ("K",), "د": ("d",),
    "ذ": ("z", "d", "T"), "ر": ("r",), "ز": ("z",), "س": ("s",), "ش": ("x",), "ص": ("s",), "ض": ("d", "z"),
    "ط": ("t",),
    "ظ": ("z", "d"), "ع": ("E", ""), "غ": ("G",), "ف": ("f",), "ق": ("q", "k", "j", ""), "ك": ("k",), "ل": ("l",),
    "م": ("m",), "ن": ("n",), "ه": ("h",), "پ": ("b",), "چ": ("x",), "ژ": ("j",), "گ": ("j",), "ڤ": ("f",),
}  # fmt: skip
_REPEATED = re.compile(r"(.)\1+")
_MOST_SAID = 200_000

_said: dict[str, str] = {}


def skeleton(text: str | None) -> str | None:
    """Return the keys of a text, a space before and after each; unknown if the text is. Without any, a space."""
    if text is None:
        return None
    keys = [key for key, _, _ in keys_of(text)]
    return f" {' '.join(keys)} " if keys else " "


def keys_of(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield each key with the span of the raw text that it came from (end exclusive), sort by sort."""
    text = text[:LONGEST]
    found = [(_shape(match.group()), *match.span()) for match in _ARABIC_WORD.finditer(text)]
    shapes = [one for one in found if one[0]]
    if shapes:
        yield from ((_PLAIN + key, start, end) for key, start, end in shapes)
        if without_dots(text):
            yield from ((_BARE + key, start, end) for key, start, end in shapes)
    if in_latin_letters(text):
        lowered = _lowered(text)
        for match in _WORD.finditer(lowered):
            word = match.group()
            key = "" if word in _SMALL else _consonants(word)
            if key:
                yield _LATIN + key, *match.span()


def without_dots(text: str) -> bool:
    """Whether an Arabic text is written without dots."""
    letters = [c for c in _MARKS.sub("", text) if "\u0620" < c < "\u06d4" and c.isalpha()]
    if not letters or not _NOT_ARABIC.isdisjoint(letters):
        return False
    dotted = sum(c in _DOTTED for c in letters)
    if not _UNDOTTED.isdisjoint(letters):
        return dotted <= _MOST_DOTTED * len(letters)
    return not dotted and len(letters) >= _LONG_ENOUGH


def in_latin_letters(text: str) -> bool:
    """Whether a text is Arabic in Latin letters: by its small words, or short and with digits for letters."""
    if not text.isascii() and _ARABIC_WORD.search(text):
        return False
    if romanised(text) == "ar-Latn":
        return True
    lowered = _lowered(text)
    words = _WORD.findall(lowered)
    digits = sum(bool(_DIGIT.fullmatch(word)) and not _ORDINARY.fullmatch(word) for word in words)
    return digits * 4 >= len(words) > 0 and digits > 0 and not _ENGLISH.search(lowered)


def keys_of_phrase(phrase: str) -> tuple[str, ...]:
    """Return the keys that a phrase may have in a text, each ` key key `; none for a phrase that is not Arabic.

    A phrase with too few consonants has none in Latin letters: it would be found in half of all texts.
    """
    words = [_MARKS.sub("", match.group()) for match in _ARABIC_WORD.finditer(phrase)]
    shapes = [_shape(word) for word in words]
    if not words or not all(shapes):
        return ()
    sort = _PLAIN if without_dots(phrase) else _BARE
    found = {f" {' '.join(sort + shape for shape in shapes)} "}
    if sort == _PLAIN:  # another without dots says it too
        found.add(f" {' '.join(_BARE + shape for shape in shapes)} ")
    else:
        each = [_spellings(word) for word in words]
        for some in product(*each):
            if all(some) and sum(map(len, some)) >= SHORTEST and len(found) < MOST_KEYS:
                found.add(f" {' '.join(_LATIN + one for one in some)} ")
    for key in found:
        if len(_said) < _MOST_SAID:
            _said[key.strip()] = phrase
    return tuple(sorted(found))


def said(key: str) -> str:
    """Return the phrase that a key was made of, for people; anything else as it is."""
    return _said.get(key, key) if key[:1] in {_LATIN, _BARE, _PLAIN} else key


def spans(text: str, phrases: list[str]) -> list[tuple[int, int]]:
    """Return [start, end) of what in a raw text says one of some Arabic phrases in Latin letters or without dots."""
    wanted = {tuple(key.split()) for phrase in phrases for key in keys_of_phrase(phrase)}
    if not wanted:
        return []
    longest = max(map(len, wanted))
    found = list(keys_of(text))
    out = set()
    for first in range(len(found)):
        for last in range(first, min(first + longest, len(found))):
            part = found[first : last + 1]
            if part[0][1] <= part[-1][1] and tuple(key for key, _, _ in part) in wanted:
                out.add((part[0][1], part[-1][2]))
    return sorted(out)


def _lowered(text: str) -> str:
    """Return the text in small plain letters, character for character."""
    if text.isascii():
        return text.lower()
    return "".join(unicodedata.normalize("NFD", c)[0].lower()[:1] or " " for c in text).replace("’", "'")


def _shape(word: str) -> str:
    return _MARKS.sub("", word).translate(_SHAPES)


def _consonants(word: str) -> str:
    """Return the consonants of a word in Latin letters; an article before it is left out."""
    article = _ARTICLE.match(word)
    if article and len(word) - article.end() > 2:  # noqa: PLR2004 -- `ali` has none
        word = word[article.end() :]
    word = _REPEATED.sub(r"\1", word)  # `sharmoota`, `met7awwel`: length says nothing about the consonant
    key = "".join(_SOUNDS.get(sound, "") for sound in _SOUND.findall(word))
    if re.search("[aeiou]h$", word):  # `sharmootah`: how some write the ending
        key = key[:-1]
    return key


def _spellings(word: str) -> list[str]:
    """Return the consonants that an Arabic word may have in Latin letters."""
    if word.startswith("ال") and len(word) > 4:  # noqa: PLR2004 -- an article, not a part of the word
        word = word[2:]
    word = _REPEATED.sub(r"\1", word)
    each = [_LETTERS.get(letter, ("",)) for letter in word]
    if word[-1] == "ه":
        each[-1] = ("", "h")
    if word[-1] == "ة":
        each[-1] = ("", "t")  # `la3nat allah`
    found = dict.fromkeys("".join(some) for some in _some(each))
    return [one for one in found if one]


def _some(each: list[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    for n, some in enumerate(product(*each)):
        if n == MOST_KEYS:
            return
        yield some

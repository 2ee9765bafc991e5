"""Folding: one form for the many ways of writing the same words, so that a trick of spelling hides nothing.

In order: case, invisible characters, NFKC, Arabic letter variants and digits; then, only where the text shows the
trick, look-alike letters in mixed-script words, digits for letters, spaced-out letters, repeated letters. Folding a
folded text changes nothing. Lists and patterns of a pack are folded by this same code.

Most texts need no repair, so one scan (RE2) decides whether the second part runs at all.
"""

from __future__ import annotations

import re
import unicodedata

from hakam.signals.letters import LETTERS
from hakam.signals.tricks import suspects, undo

FOLD_VERSION = 1

# What Arabic text holds in every line, replaced at memory speed; all else goes through the table.
_COMMON = (("أ", "ا"), ("إ", "ا"), ("آ", "ا"), ("ى", "ي"), ("ة", "ه"), ("ؤ", "و"), ("ئ", "ي"), ("ء", ""), ("ی", "ي"),
           ("ک", "ك"), ("й", "и"), ("ё", "е"), ("’", "'"), ("\ufe0f", ""), ("\u200c", ""))  # fmt: skip
# Characters that fold to themselves (proved for each by a test). Anything else sends the text through the table.
_STABLE = (
    "\t\n\r -_a-~ابتثجحخدذرزسشصضطظعغفقكلمنهوي،؛؟«»а-иклмнопрстуфхцчшщъыьэюя\u4e00-\u9fff\U0001f300-\U0001faff"
)
_UNSTABLE = re.compile(f"[^{_STABLE}]")


def _letters(text: str) -> str:
    text = text.casefold()
    for variant, letter in _COMMON:
        text = text.replace(variant, letter)
    if not _UNSTABLE.search(text):
        return text
    text = text.translate(LETTERS)
    while not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text).translate(LETTERS)
    return text


# Characters that honest writing has no use for: hidden ones (not the joiners of Persian, Indic scripts and emoji, nor
# direction marks), mathematical, circled and full-width letters, small capitals.
_DISGUISES = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u202a-\u202e\u2060-\u2065\u2800\u3164\ufeff\uffa0"
    "\u24b6-\u24e9\uff21-\uff3a\uff41-\uff5a\u1d00-\u1d22\ua730\ua731\U0001d400-\U0001d7ff\U0001f110-\U0001f189]"
)

_ASCII_WORDS = bytes(c if chr(c).isalnum() else 0x20 for c in range(256))
# Python's `w` class leaves combining marks out, which would tear Indic and Thai words apart.
_MARKS = "".join(c for c in map(chr, range(0x300, 0xFE30)) if unicodedata.category(c)[0] == "M")
_SEPARATORS = re.compile(f"[^\\w\\s{_MARKS}]+|_")
# Those of the plane beyond (Chakma, Brahmi and others) would make every text slow, so they are known only where there
# is a letter of that plane. What lies between it and here, and behind it, are signs, emoji and what folding takes out.
_FAR = range(0x101FD, 0x1F000)
_FAR_LETTER = re.compile(f"[{chr(_FAR.start)}-{chr(_FAR.stop - 1)}]")
_FAR_MARKS = "".join(c for c in map(chr, _FAR) if unicodedata.category(c)[0] == "M")
_FAR_SEPARATORS = re.compile(f"[^\\w\\s{_MARKS}{_FAR_MARKS}]+|_")
_JOINING = f"{_MARKS}\u1160-\u11ff\ud7b0-\ud7fb"  # what can compose with the character before it
_CLUSTER = re.compile(f"[^{_JOINING}][{_JOINING}]*|[{_JOINING}]+")


def fold(text: str) -> str:
    """Return the folded text. Takes 1 to 5 microseconds for a post without tricks."""
    folded = text.lower() if text.isascii() else _letters(text)
    if not suspects(folded):
        return folded
    return undo(folded.translate(LETTERS), None)[0]


def fold_counting(text: str) -> tuple[str, int]:
    """Return the folded text and the number of tricks undone: 0 for honest writing, in any script."""
    repairs = 0
    if text.isascii():
        folded = text.lower()
    else:
        folded = _letters(text)
        repairs = len(_DISGUISES.findall(text))
    if suspects(folded):
        folded, _, undone = undo(folded.translate(LETTERS), None)
        repairs += undone
    return folded, repairs


def fold_with_places(text: str) -> tuple[str, tuple[int, ...]]:
    """Return the folded text and, for each of its characters, the index in `text` that it came from.

    Slower than `fold`, which gives the same text: for showing a moderator what matched, not for the door.
    """
    folded: list[str] = []
    places: list[int] = []
    for index, character in enumerate(text):
        letters = character.casefold().translate(LETTERS)
        folded.append(letters)
        places.extend([index] * len(letters))
    traced = "".join(folded)
    while not unicodedata.is_normalized("NFC", traced):
        traced, places = _compose(traced, places)
    if suspects(traced):
        traced, undone_places, _ = undo(traced, places)
        places = undone_places or []
    return traced, tuple(places)


def _compose(text: str, places: list[int]) -> tuple[str, list[int]]:
    """Compose cluster by cluster; what a cluster becomes stands where the cluster began."""
    out: list[str] = []
    out_places: list[int] = []
    for match in _CLUSTER.finditer(text):
        letters = unicodedata.normalize("NFC", match.group()).translate(LETTERS)
        out.append(letters)
        out_places.extend([places[match.start()]] * len(letters))
    return "".join(out), out_places


def raw_span(places: tuple[int, ...], start: int, end: int) -> tuple[int, int]:
    """Turn a span of the folded text into the span of the raw text that it came from (end exclusive)."""
    if start >= end:
        raise ValueError("a span must hold at least one character")
    return places[start], places[end - 1] + 1


def split_words(folded: str) -> str:
    """Return the words of a folded text in order, one space between, one before and one after: `" kill all "`.

    A word is a run of letters, marks and digits. Scripts that write without spaces give long words; their rules
    search the folded text instead.
    """
    if folded.isascii():
        return f" {' '.join(folded.encode().translate(_ASCII_WORDS).decode().split())} "
    split = _FAR_SEPARATORS if _FAR_LETTER.search(folded) else _SEPARATORS
    return f" {' '.join(split.sub(' ', folded).split())} "


def fold_words(text: str) -> str:
    """Return the folded words of `text`, as `split_words` gives them. Phrases of a pack go through this."""
    return split_words(fold(text))

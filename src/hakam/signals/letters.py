"""What each single character folds to: the tables behind `fold`.

Sources: Unicode NFKC and case folding (`unicodedata`), and our own choice of look-alikes and Arabic letter variants.
Everything here works one character at a time, so that a place in the folded text can be traced to the raw text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# Characters that show nothing: zero-width, bidirectional controls, fillers, variation selectors, tags, soft hyphen,
# control characters other than tab and line ends.
_INVISIBLE_RANGES = (
    (0x00, 0x08), (0x0B, 0x0C), (0x0E, 0x1F), (0x7F, 0x84), (0x86, 0x9F), (0xAD, 0xAD), (0x034F, 0x034F),
    (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E),
    (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB),
    (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
# Marks that ornament Latin, Greek and Cyrillic letters (and hide them, when piled), and Arabic vowel signs.
_ORNAMENT_RANGES = (
    (0x0300, 0x036F), (0x0483, 0x0489), (0x0591, 0x05BD), (0x05BF, 0x05BF), (0x05C1, 0x05C2), (0x05C4, 0x05C5),
    (0x05C7, 0x05C7), (0x0610, 0x061A), (0x0640, 0x0640), (0x064B, 0x065F), (0x0670, 0x0670), (0x06D6, 0x06DC),
    (0x06DF, 0x06E8), (0x06EA, 0x06ED), (0x08D3, 0x08E1), (0x08E3, 0x08FF), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF),
    (0x20D0, 0x20F0), (0xFE20, 0xFE2F),
)  # fmt: skip

# Arabic: variants of one letter, as people type them or disguise them. Persian and Urdu letters fold to the Arabic
# letter that they are written for; lists are folded the same way, so that their words still meet.
_ARABIC = {
    "ا": "أإآٱٲٳٵ", "ي": "ىیئېۍێےۓٸؠ", "و": "ؤۆۇۈۋۉۅۄۏٶٷ", "ه": "ةۀہۂۃھەۿۥ", "ك": "کڪګڬڭڮگڰڱڲڳڴݢ",
    "ب": "پٮݐݑٻڀ", "ف": "ڡڢڣڤڥڦ", "ق": "ٯڧڨ", "ج": "چڃڄڿڇ", "ح": "ځڂ", "ز": "ژڗ", "ن": "ںڹڻڼڽ", "س": "ښڛ",
    "ت": "ٺټٽ", "د": "ډڊ", "ر": "ړڒڔڕ", "ل": "ڵڶڷڸ", "": "ء",
}  # fmt: skip

# Latin letters that are drawn like plain ones but that NFKC leaves alone.
_LATIN = {
    "a": "ᴀɑɐ", "b": "ʙɓƀ", "c": "ᴄƈɕ", "d": "ᴅđɖɗ", "e": "ᴇǝəɘɛ", "f": "ꜰƒ", "g": "ɢɡɠǥ", "h": "ʜħɦ",
    "i": "ɪıɩɨ", "j": "ᴊȷɉ", "k": "ᴋƙ", "l": "ʟłƚɫɬ", "m": "ᴍɱ", "n": "ɴɲŋƞ", "o": "ᴏøɵ", "p": "ᴘƥ", "q": "ɋ",
    "r": "ʀɍɾ", "s": "ꜱʂ", "t": "ᴛŧƭʈ", "u": "ᴜʉ", "v": "ᴠʋ", "w": "ᴡ", "y": "ʏƴɏ", "z": "ᴢƶʐ", "ae": "æ", "oe": "œ",
    "th": "þ", "'": "\u2018\u2019\u201b\u2032\u02bc\u02b9\u00b4\u02bb", '"': "\u201c\u201d\u201e\u201f\u2033",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043", "\n": "\u2028\u2029\x85", " ": "\u2800\u1680",
}  # fmt: skip

# Letters of other scripts that pass for a Latin one. They are replaced only where scripts are mixed (see `fold`).
LOOKALIKES: dict[str, str] = {
    look: latin
    for latin, looks in {
        "a": "аα", "b": "ьвβЬ", "c": "сϲς", "d": "ԁδժ", "e": "еєεҽ", "f": "ғϝ", "g": "ցԍґ", "h": "һнհ", "i": "іιї",
        "j": "јϳյ", "k": "кκҝқ", "l": "ӏլ", "m": "мμ", "n": "пηոռи", "o": "оοσօ", "p": "рρ", "q": "ԛզ",
        "r": "гяг", "s": "ѕ", "t": "тτ", "u": "υս", "v": "νѵ", "w": "шωԝщѡ", "x": "хχ", "y": "уγүұ", "z": "ζ",
    }.items()
    for look in looks
}  # fmt: skip
# Those that nobody can tell from the Latin letter, in any common typeface.
TWINS = frozenset("асеорхуіїјѕһԁԛԝӏοϲϳν")
# The other way: Latin letters that hide among Cyrillic ones.
CYRILLIC_LOOKALIKES: dict[str, str] = dict(zip("aceopxykmhtbi", "асеорхукмнтві", strict=True))

_BASES = frozenset({"LATIN", "GREEK", "CYRILLIC"})


def _spread(table: dict[str, str]) -> dict[str, str]:
    return {variant: letter for letter, variants in table.items() for variant in variants}


_MAPPED = _spread(_ARABIC) | _spread(_LATIN)
_DELETED = frozenset(
    chr(code)
    for ranges in (_INVISIBLE_RANGES, _ORNAMENT_RANGES)
    for low, high in ranges
    for code in range(low, high + 1)
)
_SQUARED = ((0x1F150, 0x1F169), (0x1F170, 0x1F189))  # white letters on black, which NFKC leaves
_COMPATIBLE_END = 0x20000  # what folds to several characters lies before it
_SURROGATES = (0xD800, 0xDFFF)


def _fold_once(character: str) -> str:
    if character in _DELETED:
        return ""
    if character in _MAPPED:
        return _MAPPED[character]
    code = ord(character)
    if _SURROGATES[0] <= code <= _SURROGATES[1]:  # alone it is no character
        return "\ufffd"
    for low, high in _SQUARED:
        if low <= code <= high:
            return chr(ord("a") + code - low)
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    plain = unicodedata.normalize("NFKC", character).casefold()
    parts = unicodedata.normalize("NFD", plain)
    ornamented = len(parts) > 1 and unicodedata.name(parts[0], "").partition(" ")[0] in _BASES
    return parts if ornamented else plain


def fold_character(character: str) -> str:
    """Return what one character folds to: nothing, itself or up to 18 others. Folding it again changes nothing."""
    before, after = "", character.casefold()
    while after != before:
        before, after = after, "".join(map(_fold_once, after))
    return after


def in_many() -> Iterator[str]:
    """Yield all characters that may fold to more than one; many of them do not."""
    for code in range(_COMPATIBLE_END):
        character = chr(code)
        if unicodedata.decomposition(character) or character in _MAPPED or character.casefold() != character:
            yield character


_ARABIC_SIGNS = re.compile(
    "[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u08d3-\u08e1\u08e3-\u08ff]+"
)


def without_signs(text: str) -> str:
    """Return a text without Arabic vowel signs and tatweel, else as it came: for models that learnt plain spelling.

    Honest texts have them too, so that they are no trick and `fold_counting` does not count them.
    """
    return _ARABIC_SIGNS.sub("", text)


_REMEMBERED = 65_536


class _Table(dict[int, str]):
    """For `str.translate`: fills itself with the characters met, up to a bound that no text can exceed."""

    def __missing__(self, code: int) -> str:
        folded = fold_character(chr(code))
        if len(self) < _REMEMBERED:
            self[code] = folded
        return folded


LETTERS = _Table()

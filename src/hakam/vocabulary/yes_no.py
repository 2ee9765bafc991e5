"""Yes and no as tables write them: spreadsheets write truth values in the language of who saved them."""

from __future__ import annotations

import unicodedata
from typing import Final

YES: Final = frozenset(
    [
        "1",
        "true",
        "yes",
        "y",
        "wahr",
        "ja",
        "vrai",
        "oui",
        "verdadero",
        "sí",
        "si",
        "vero",
        "sì",
        "verdadeiro",
        "sim",
        "waar",
        "prawda",
        "tak",
        "evet",
        "doğru",
        "истина",
        "да",
        "так",
        "نعم",
        "صحيح",
        "صح",
        "بله",
        "ہاں",
    ]
)
NO: Final = frozenset(
    [
        "0",
        "false",
        "no",
        "n",
        "falsch",
        "nein",
        "faux",
        "non",
        "falso",
        "não",
        "onwaar",
        "nee",
        "fałsz",
        "nie",
        "nej",
        "hayır",
        "yanlış",
        "ложь",
        "нет",
        "ні",
        "لا",
        "خطأ",
        "خاطئ",
        "خیر",
        "نہیں",
    ]
)


def yes_or_no(text: str) -> bool | None:
    """Return what a cell of a table says, in small letters or capitals, `None` if it is neither yes nor no."""
    plain = unicodedata.normalize("NFC", text.strip()).casefold()
    if plain in YES:
        return True
    return False if plain in NO else None

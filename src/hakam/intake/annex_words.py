"""The words of Annexes II and III, and of the letters with them, in the languages in which they leave.

TCO Art. 3(6), TCO Art. 3(7), TCO Art. 3(8): the answer follows the language of the order, as far as we have it. Arabic
is an aid for staff, in which no annex leaves.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from hakam.intake.models import Order
from hakam.intake.order_contents import Contents, Missing

LEAVES_IN: Final = ("en", "fr", "de", "es", "it")
AIDS: Final = ("ar",)


@cache
def words() -> dict[str, dict[str, str]]:
    """Return the words by language and key."""
    data = files("hakam.intake").joinpath("annex_words.json").read_bytes()
    return msgspec.json.decode(data, type=dict[str, dict[str, str]])


def of(language: str) -> dict[str, str]:
    """Return the words of a language; of one that we don't have, the English ones."""
    return words().get(language.partition("-")[0].lower(), words()["en"])


def language_of(order: Order, contents: Contents) -> str:
    """Return in which language a removal order is answered: its own, else the authority's, else English."""
    for language in (contents.language, order.authority.language):
        main = language.partition("-")[0].lower()
        if main in LEAVES_IN:
            return main
    return "en"


def needed(one: Missing, language: str) -> str:
    """Say what is missing in a language."""
    return of(language).get(one.field) or str(one.needed)

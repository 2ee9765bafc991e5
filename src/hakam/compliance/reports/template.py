"""The templates: every sheet, header and fixed row as the regulation's annex has them, to the byte.

# DSA Art. 15(3) with Implementing Regulation (EU) 2024/2835. Trailing blanks and no-break spaces are the annex's own.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

ORDERS: Final = 3
NOTICES: Final = 4
ILLEGAL: Final = 5
TERMS: Final = 6
APPEALS: Final = 7
AUTOMATED: Final = 8
PEOPLE: Final = 9
RECIPIENTS: Final = 10
TEXTS: Final = 11
TOTAL: Final = "TOTAL"
OTHER: Final = "KEYWORD_OTHER"
NOT_SPECIFIED_ORDER: Final = "STATEMENT_CATEGORY_NOT_SPECIFIED_ORDER"
NOT_SPECIFIED_NOTICE: Final = "STATEMENT_CATEGORY_NOT_SPECIFIED_NOTICE"
PLATFORMS_ONLY: Final = "Only for providers of online platforms"
VERY_LARGE_ONLY: Final = "Only for VLOPs"  # begins so; search engines are named in some rows too


class Part(msgspec.Struct, frozen=True):
    """One sheet. It has `categories` (a row each) or fixed `rows` (values by the header they stand under)."""

    part: int
    sheet: str
    file: str
    columns: tuple[str, ...]
    applicability: str = ""
    categories: tuple[str, ...] = ()
    rows: tuple[dict[str, str], ...] = ()

    def blocks(self) -> dict[str, tuple[str, ...]]:
        """Return each category with its sub-categories, in order."""
        found: dict[str, tuple[str, ...]] = {}
        for code in self.categories:
            if code.startswith("KEYWORD_"):
                last = next(reversed(found))
                found[last] = (*found[last], code)
            else:
                found[code] = ()
        return found


class _Table(msgspec.Struct, frozen=True):
    parts: tuple[Part, ...]


@cache
def parts() -> dict[int, Part]:
    """Return every part by its number."""
    data = files("hakam.compliance.reports").joinpath("template.json").read_bytes()
    return {part.part: part for part in msgspec.json.decode(data, type=_Table).parts}

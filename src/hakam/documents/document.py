"""What a paper says, block by block. No fonts, no sizes, no places: those are the setting's."""

from __future__ import annotations

import unicodedata
from datetime import datetime

import msgspec

FSI, PDI = "\u2068", "\u2069"  # UAX #9: what stands between them has its own direction


def own(text: str) -> str:
    """Return what somebody else wrote so that its direction stays its own inside a sentence of ours."""
    return f"{FSI}{text}{PDI}" if text else ""


def right_to_left(text: str) -> bool | None:
    """Whether a text runs from right to left by its first strong letter (UAX #9, P2 and P3); None if it has none."""
    for char in text:
        found = unicodedata.bidirectional(char)
        if found in {"R", "AL"}:
            return True
        if found == "L":
            return False
    return None


class Heading(msgspec.Struct, frozen=True, tag="heading"):
    """The heading of a part of the paper."""

    text: str


class Prose(msgspec.Struct, frozen=True, tag="prose"):
    """One or more paragraphs, a line break between them.

    `written`: by somebody, so that each paragraph runs in its own direction; otherwise in the paper's. `small`: less
    weighty than the rest.
    """

    text: str
    written: bool = False
    small: bool = False


class Note(msgspec.Struct, frozen=True, tag="note"):
    """What nobody may miss, in a frame."""

    text: str


class Table(msgspec.Struct, frozen=True, tag="table"):
    """Rows of cells, as many in each as in `head`, whose texts may all be empty. `widths`: shares, one a column.

    `named`: the first cell of a row names what follows in it. `figures`: the last cell stands at the far edge.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]
    named: bool = True
    figures: bool = False


class Bars(msgspec.Struct, frozen=True, tag="bars"):
    """A row of bars along a line of time, the earliest first whatever the language. `told`: the same, in words."""

    values: tuple[int, ...]
    first: str
    last: str
    told: str


Block = Heading | Prose | Note | Table | Bars


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A paper. `mark` stands above every page, `foot` below; `language` is `en` or `ar`, and tells its direction."""

    title: str
    language: str
    blocks: tuple[Block, ...]
    made_at: datetime
    author: str = ""
    lead: str = ""
    mark: str = ""
    foot: str = ""

"""Setting a paper as PDF: letters joined and lines run as their script wants it, tagged so that a reader can hear it.

Typst shapes and sets (a compiled library, no program, no network). What people wrote goes in as data, never as source.
PDF/UA-1 (ISO 14289-1): every table, heading and figure is named for assistive technology.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import msgspec

from hakam.documents.document import Block, Document, Prose, right_to_left

if TYPE_CHECKING:
    from typst import Compiler

_LOCK: Final = Lock()  # one compiler, which sets one paper at a time
_HERE: Final = Path(__file__).parent
_ORDERING: Final = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_FROM_RIGHT: Final = frozenset({"ar", "fa", "he", "ur"})


class _Line(msgspec.Struct):
    text: str
    right: bool


@cache
def _compiler() -> Compiler:
    import typst  # noqa: PLC0415 -- only where a paper is set: it takes memory

    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[_HERE / "fonts"]
    )
    return typst.Compiler(_HERE / "paper.typ", root=_HERE, font_paths=fonts)


def pdf(document: Document) -> bytes:
    """Return a paper as PDF/UA-1. The same paper is the same bytes."""
    right = document.language in _FROM_RIGHT
    said = msgspec.to_builtins(document) | {
        "right": right,
        "blocks": msgspec.to_builtins([_block(one, right=right) for one in document.blocks]),
    }
    with _LOCK:
        made = _compiler().compile(
            format="pdf",
            sys_inputs={"paper": msgspec.json.encode(_showable(said)).decode()},
            pdf_standards="ua-1",
            timestamp=int(document.made_at.timestamp()),
        )
    assert isinstance(made, bytes)  # a PDF is one file
    return made


@cache
def _letters() -> frozenset[str]:
    ranges = msgspec.json.decode((_HERE / "fonts" / "letters.json").read_bytes(), type=list[tuple[int, int]])
    return frozenset(chr(code) for first, last in ranges for code in range(first, last + 1))


def _showable(said: Any) -> Any:
    """Return what is said with every text as our fonts can show it."""
    if isinstance(said, str):
        return showable(said)
    if isinstance(said, dict):
        return {key: _showable(value) for key, value in said.items()}
    return [_showable(one) for one in said] if isinstance(said, list | tuple) else said


def showable(text: str) -> str:
    """Return a text in which a letter that our fonts lack stands as its Unicode name: `[grinning face]`.

    What is unseen anyhow stays if it orders the line (UAX #9), and is left out otherwise.
    """
    have = _letters()
    return text if have.issuperset(text) else "".join(c if c in have else _named(c) for c in text)


def _named(char: str) -> str:
    if char in _ORDERING or char in "\n\t":
        return char
    if unicodedata.category(char) in {"Cf", "Cc", "Mn", "Cs"}:
        return ""
    return f"[{unicodedata.name(char, f'U+{ord(char):04X}').lower()}]"


def _block(one: Block, *, right: bool) -> object:
    if not isinstance(one, Prose):
        return one
    lines = [line for line in one.text.splitlines() if line.strip()]
    said = [_Line(line, right if not one.written else _direction(line, right)) for line in lines]
    return {"type": "prose", "lines": said, "small": one.small}


def _direction(line: str, right: bool) -> bool:
    found = right_to_left(line)
    return right if found is None else found

"""What people wrote, shown so that nothing in it can hide: invisible characters become visible, matches are marked.

Bidirectional controls are taken out and drawn as a label, so that they can't reorder the page around them (Unicode
Technical Report 36, section 2.1). The letters themselves are never changed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

_NAMES = {
    "\u00ad": "SHY",
    "\u034f": "CGJ",
    "\u061c": "ALM",
    "\u115f": "HCF",
    "\u1160": "HJF",
    "\u17b4": "KIV",
    "\u180e": "MVS",
    "\u200b": "ZWSP",
    "\u200c": "ZWNJ",
    "\u200d": "ZWJ",
    "\u200e": "LRM",
    "\u200f": "RLM",
    "\u2028": "LS",
    "\u2029": "PS",
    "\u202a": "LRE",
    "\u202b": "RLE",
    "\u202c": "PDF",
    "\u202d": "LRO",
    "\u202e": "RLO",
    "\u2060": "WJ",
    "\u2066": "LRI",
    "\u2067": "RLI",
    "\u2068": "FSI",
    "\u2069": "PDI",
    "\u3164": "HF",
    "\ufeff": "BOM",
    "\uffa0": "HHF",
}
TATWEEL = "\u0640"
_FIRST_TAG, _LAST_TAG = 0xE0020, 0xE007E  # tag characters for printable ASCII
_EMOJI_JOINED = re.compile(
    "[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]\u200d(?=[\u2190-\u2bff\U0001f000-\U0001faff])"
)
_HIDDEN = re.compile(
    f"[{''.join(_NAMES)}\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u206a-\u206f"
    f"\ufff0-\ufffb\ue000-\uf8ff\U000e0000-\U000e0fff]|{TATWEEL}+"
)


class PartKind(StrEnum):
    """What a part of a text is."""

    PLAIN = "plain"
    MATCH = "match"  # a word that made a rule fire
    GLYPH = "glyph"  # something that can't be seen


class Part(NamedTuple):
    """A run of characters of one kind. `label` and `name` describe a glyph."""

    kind: PartKind
    text: str
    label: str = ""
    name: str = ""


def _glyph(run: str) -> Part:
    first = run[0]
    if first == TATWEEL:
        label = "ـ" if len(run) == 1 else f"ـ×{len(run)}"
    elif first in _NAMES:
        label = _NAMES[first]
    elif _FIRST_TAG <= ord(first) <= _LAST_TAG:  # tag characters spell hidden ASCII
        label = f"TAG {chr(ord(first) - 0xE0000)}"
    else:
        label = f"{ord(first):04X}"
    name = unicodedata.name(first, "") or unicodedata.category(first)
    return Part(PartKind.GLYPH, run, label, f"U+{ord(first):04X} {name}")


def _visible(text: str, kind: PartKind) -> Iterator[Part]:
    joiners = {found.end() - 1 for found in _EMOJI_JOINED.finditer(text)}
    start = 0
    for found in _HIDDEN.finditer(text):
        if found.start() in joiners:  # part of one emoji
            continue
        if found.start() > start:
            yield Part(kind, text[start : found.start()])
        yield _glyph(found.group())
        start = found.end()
    if start < len(text):
        yield Part(kind, text[start:])


def parts(text: str, spans: Iterable[tuple[int, int]] = ()) -> list[Part]:
    """Cut `text` into parts. `spans` are [start, end) of what matched; overlapping ones are joined."""
    out: list[Part] = []
    at = 0
    for start, end in merged(spans, len(text)):
        out.extend(_visible(text[at:start], PartKind.PLAIN))
        out.extend(_visible(text[start:end], PartKind.MATCH))
        at = end
    out.extend(_visible(text[at:], PartKind.PLAIN))
    return out


def merged(spans: Iterable[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    """Return `spans` in order, cut to `length`, with overlaps joined and empty ones left out."""
    out: list[tuple[int, int]] = []
    for start, end in sorted((max(0, s), min(length, e)) for s, e in spans):
        if start >= end:
            continue
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def hidden_count(text: str) -> int:
    """Return how many places of `text` hold something that can't be seen."""
    return sum(part.kind is PartKind.GLYPH for part in parts(text))

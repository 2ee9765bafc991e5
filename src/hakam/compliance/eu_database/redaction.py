"""No personal data goes to a public database: what may point at a person is found and covered, and shown beforehand.

# DSA Art. 24(5): the information submitted does not contain personal data.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import lru_cache
from typing import Final

import msgspec


class Trace(StrEnum):
    """What may point at a person."""

    EMAIL = "email"
    ADDRESS = "address"  # of a page: user names and ids lie in paths and queries
    HANDLE = "handle"
    PHONE = "phone"
    ACCOUNT = "account"  # a bank's or a card's number
    NETWORK = "network"  # of a device
    NAME = "name"  # one that the decision knows: the author, the notifier


class Span(msgspec.Struct, frozen=True, order=True):
    """A part of a text, by characters; the end is exclusive."""

    start: int
    end: int
    trace: Trace


class Redacted(msgspec.Struct, frozen=True):
    """A text without what was found, and what was found in the original."""

    text: str
    spans: tuple[Span, ...]


COVER: Final = {
    Trace.EMAIL: "[e-mail]",
    Trace.ADDRESS: "[link]",
    Trace.HANDLE: "[account]",
    Trace.PHONE: "[number]",
    Trace.ACCOUNT: "[number]",
    Trace.NETWORK: "[address]",
    Trace.NAME: "[name]",
}
_DIGIT = r"[0-9٠-٩۰-۹]"
# In order: what an earlier pattern took, a later one does not see. The signs are texts, one of which is in whatever the
# pattern finds (none: a digit): a text without them is not searched.
_PATTERNS: Final[tuple[tuple[Trace, tuple[str, ...], str], ...]] = (
    (
        Trace.EMAIL,
        ("@",),
        r"(?<!@)\b(?:mailto:)?[\w.+'%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,7}\.[^\W\d_]{2,63}",
    ),
    (
        Trace.EMAIL,
        ("(", "[", "{"),
        (
            r"(?i:\b[\w.+'%-]{1,64} ?[(\[{] ?(?:at|ät|@) ?[)\]}] ?[\w-]{1,63}"
            r"(?:(?:\.| ?[(\[{] ?(?:dot|punkt|point|punto) ?[)\]}] ?)[\w-]{1,63}){1,7})"
        ),
    ),
    (
        Trace.ADDRESS,
        ("://", "www."),
        r"(?i:\b(?:https?|ftp)://[^\s<>\"“”«»]+|\bwww\.[^\s<>\"“”«»]+)",
    ),
    (Trace.ADDRESS, ("/",), r"(?i:\b(?:[\w-]{1,63}\.){1,4}[a-z]{2,12}/[^\s<>\"“”«»]+)"),
    (
        Trace.HANDLE,
        ("@", "u/", "did:"),
        r"(?<![\w@])@[\w.]{2,64}(?:-[\w.]{1,64}){0,8}(?:@[\w.-]{3,255})?|\bu/[\w-]{3,32}\b|\bdid:[a-z]+:[\w.:-]+",
    ),
    (
        Trace.ACCOUNT,
        (),
        r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b|\b[a-z]{2}\d{2}(?: ?\d{4}){2,7}(?: ?\d{1,3})?\b",
    ),
    (Trace.ACCOUNT, (), r"(?<!\d)(?:\d[ -]?){15}\d(?!\d)"),
    (
        Trace.NETWORK,
        (".", ":"),
        (
            r"(?i:(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\d|\.\d)|(?<![\w:])(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}(?![\w:])"
            r"|(?<![\w:])(?=[0-9a-f:]*\d)(?:[0-9a-f]{1,4}:){1,7}:(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?(?![\w:]))"
        ),
    ),
    (
        Trace.PHONE,
        (),
        rf"(?<![\w.])(?:\+|00)?(?:\(?{_DIGIT}{{1,5}}\)?[ ./–-]?){{2,6}}{_DIGIT}{{2,5}}(?!\w)",
    ),
)
_COMPILED = tuple((trace, signs, re.compile(pattern)) for trace, signs, pattern in _PATTERNS)
_LEAST_DIGITS = 8  # fewer are a year, a price, a section of a law
_PLAIN = re.compile(  # a date, or an act as 2022/2065
    r"(?:19|20)\d\d(?:([./-])\d\d?\1\d\d?|/\d{1,4})|\d\d?([./-])\d\d?\2(?:19|20)\d\d"
)
_COUNTED = re.compile(_DIGIT)
# Arabic writes "and", "to", "by" and "like" together with the name that follows.
_BEFORE = re.compile(r"(?<!\w)[وف]?(?:[بكل]|لل)?\Z")
_LONGEST_BEFORE = 3  # characters
_LONGEST_KEPT = 500  # characters of a text of which it is remembered what was found
_WORD = re.compile(r"\w")
_LEAST_NAME = 3  # characters; shorter ids stand in too many words


def find(text: str, *, names: Iterable[str] = ()) -> tuple[Span, ...]:
    """Return what may point at a person in `text`, in order. `names` are those that the decision knows."""
    lowered = text.lower()
    named = [span for name in _spellings(names) for span in _named(text, lowered, name)]
    if not named:  # most texts name nobody, and many are the same
        return _kept(text) if len(text) <= _LONGEST_KEPT else _traces(text)
    found: list[Span] = []
    for span in sorted(named, key=lambda s: s.start - s.end):
        _take(span, found)
    for span in _traces(text, tuple(found)):
        _take(span, found)
    return tuple(sorted(found))


def _take(span: Span, found: list[Span]) -> None:
    if all(span.end <= other.start or span.start >= other.end for other in found):
        found.append(span)


def _named(text: str, lowered: str, name: str) -> Iterator[Span]:
    """Yield where a name stands as a word, whatever its case."""
    wanted = name.lower()
    if wanted not in lowered:
        return
    if len(lowered) != len(text) or len(wanted) != len(name):  # a letter that is longer when it is small
        for match in re.finditer(
            rf"(?<!\w)(?:[وف]?(?:[بكل]|لل)?){re.escape(name)}(?!\w)", text, re.IGNORECASE
        ):
            yield Span(match.start(), match.end(), Trace.NAME)
        return
    start = lowered.find(wanted)
    while start >= 0:
        end = start + len(wanted)
        before = _BEFORE.search(text, max(0, start - _LONGEST_BEFORE), start)
        if before is not None and not _WORD.match(text, end):
            yield Span(before.start(), end, Trace.NAME)
        start = lowered.find(wanted, start + 1)


@lru_cache(maxsize=2_048)
def _kept(text: str) -> tuple[Span, ...]:
    """Grounds and explanations are the same in many statements."""
    return _traces(text)


def _traces(text: str, taken: tuple[Span, ...] = ()) -> tuple[Span, ...]:
    """Return what the patterns find in a text outside of what is `taken` already, in order."""
    found = list(taken)
    lowered = text.lower()
    counts = _COUNTED.search(text) is not None
    for trace, signs, pattern in _COMPILED:
        if signs:
            if not any([sign in lowered for sign in signs]):  # noqa: C419 -- two or three, faster than a generator
                continue
        elif not counts:
            continue
        for match in pattern.finditer(text):
            if trace is Trace.PHONE and not _is_number(match.group()):
                continue
            _take(Span(match.start(), match.end(), trace), found)
    return tuple(sorted(span for span in found if span not in taken))


def _spellings(names: Iterable[str]) -> Iterator[str]:
    """Yield each name that is long enough, composed and decomposed: both look the same."""
    for name in dict.fromkeys(names):
        bare = name.strip()
        forms = {bare} if bare.isascii() else {unicodedata.normalize(form, bare) for form in ("NFC", "NFD")}
        yield from (form for form in forms if len(form) >= _LEAST_NAME)


def _is_number(text: str) -> bool:
    return len(_COUNTED.findall(text)) >= _LEAST_DIGITS and not _PLAIN.fullmatch(text.strip())


def redact(text: str, *, names: Iterable[str] = ()) -> Redacted:
    """Return `text` with everything covered that may point at a person."""
    spans = find(text, names=names)
    out, at = [], 0
    for span in spans:
        out += [text[at : span.start], COVER[span.trace]]
        at = span.end
    return Redacted("".join([*out, text[at:]]), spans)

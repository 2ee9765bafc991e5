"""One scan of a text for all predicates on it: an RE2 set, and Aho-Corasick for long lists of terms.

RE2's set is one automaton for all patterns, linear in the text whatever they are. It answers nothing at all
when its memory runs out, so each set holds one more pattern that every text fulfils at its end: when even
that is missing, the patterns are tried one by one and no hit is lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

import re2  # type: ignore[import-untyped]  # has no types
from ahocorasick_rs import AhoCorasick

from hakam.policy.patterns import options
from hakam.policy.phrases import NOTHING, Phrases
from hakam.policy.tree import How, Search
from hakam.signals.fold import split_words
from hakam.signals.skeleton import said

Seen = TypeVar("Seen")
Answer = TypeVar("Answer")
SET_MEMORY = 64 << 20
LONG_LIST = 1_000  # terms; above, a list leaves the RE2 set for Aho-Corasick, which takes less memory
FEW = 16  # terms; up to these, Python's own search in a text is the fastest
_INLINE = 4  # terms that are looked for where they are asked for, without a call
_META = re.compile(r"[\\^$.*+?{}()\[\]\x00]")  # all that is no letter to RE2, but for the bar
MANY_WORDS = 400  # words and phrases in all; above, they are looked up word by word
SHOWN = 120  # characters of a found text that a verdict keeps

# What may stand between words, or a little more: all but these letters and digits, which never do.
_APART = r"[^0-9a-z\x{0621}-\x{064a}]"
# A text without these holds no letter, digit or mark that `_APART` takes for a separator: no doubt is left.
_UNCERTAIN = re.compile(
    "[^\x00-\x7f\u0621-\u064a\u060c\u061b\u061f«»“”‘’–—…\U0001f300-\U0001f5ff\U0001f600-\U0001f64f]"
)


def expression(search: Search) -> str:
    """Return the RE2 pattern of a text predicate.

    That of whole words is for the folded text, and hits wherever the words themselves are found, or oftener.
    """
    if search.how is How.PATTERN:
        return search.terms[0]
    if search.how is How.WORDS:
        phrases = "|".join(f"{_APART}+".join(map(re2.escape, term.split())) for term in search.terms)
        return rf"(?:\A|{_APART})(?:{phrases})(?:\z|{_APART})"
    escaped = "|".join(map(re2.escape, search.terms))
    before = r"\A" if search.how is How.STARTS else ""
    after = r"\z" if search.how is How.ENDS else ""
    return f"{before}(?:{escaped}){after}"


def finder(search: Search) -> Callable[[str], str | None]:
    """Return the function that finds the first hit of one predicate in one text, `None` if there is none."""
    if search.how in {How.STARTS, How.ENDS}:
        terms = search.terms
        ends = search.how is How.ENDS
        return lambda text: next(
            (t for t in terms if (text.endswith(t) if ends else text.startswith(t))), None
        )
    if search.how is How.WORDS and len(search.terms) > 1:
        phrases = Phrases(dict.fromkeys(search.terms, (0,)))
        return lambda text: said(found)[:SHOWN] if (found := phrases.first(text, 0)) is not None else None
    if search.how is not How.PATTERN and len(search.terms) > LONG_LIST:
        automaton = AhoCorasick(search.terms)

        def first(text: str) -> str | None:
            found = automaton.find_matches_as_strings(encoded(text).decode())
            return found[0].strip()[:SHOWN] if found else None

        return first
    if search.how is not How.PATTERN and len(search.terms) <= FEW:
        few = search.terms
        return lambda text: next((said(term.strip())[:SHOWN] for term in few if term in text), None)
    return _first_hit(
        "|".join(map(re2.escape, search.terms)) if search.how is not How.PATTERN else search.terms[0]
    )


def _first_hit(pattern: str) -> Callable[[str], str | None]:
    """Return the function that finds a text's first hit, in few calls: what rules saw is told for each firing."""
    chosen = options(SET_MEMORY)
    chosen.never_capture = True  # only where the whole was found is asked for
    compiled = re2.compile(pattern.encode(), chosen)  # on bytes: no counting of characters
    inner = getattr(getattr(compiled, "_regexp", None), "Match", None)
    anchor = getattr(getattr(re2, "_Anchor", None), "UNANCHORED", None)
    if inner is None or anchor is None:

        def search(text: str) -> str | None:
            found = compiled.search(encoded(text))
            return found.group().decode("utf-8", "replace").strip()[:SHOWN] if found is not None else None

        return search

    def find(text: str) -> str | None:  # without the wrapper in Python, which takes half of the time
        try:
            data = text.encode()
        except UnicodeEncodeError:
            data = encoded(text)
        begin, end = inner(anchor, data, 0, len(data))[0]
        return data[begin:end].decode("utf-8", "replace").strip()[:SHOWN] if begin >= 0 else None

    return find


def find_words(search: Search) -> Callable[[str], str | None]:
    """Return the function that finds the first of a predicate's words in a folded text."""
    find = finder(search)
    return remembered(lambda folded: find(_split(folded)))


def remembered(look: Callable[[Seen], Answer]) -> Callable[[Seen], Answer]:
    """Return a function that keeps its last answer: rules that look for the same ask of one text one after the other.

    The very same object is asked about, not an equal one. Threads may look twice, never see another's answer.
    """
    last: tuple[object, Answer] | None = None

    def answer(text: Seen) -> Answer:
        nonlocal last
        held = last
        if held is not None and held[0] is text:
            return held[1]
        found = look(text)
        last = (text, found)
        return found

    return answer


_split = remembered(split_words)


def find_in(search: Search) -> Callable[[str | Iterable[str] | None], str | None]:
    """Return the function that finds the first hit in a text, or in any text of a list.

    Unknown holds nothing.
    """
    find = finder(search)

    def look(value: str | Iterable[str] | None) -> str | None:
        if value is None:
            return None
        if isinstance(value, str):
            return find(value)
        for text in value:
            hit = find(text)
            if hit is not None:
                return hit
        return None

    return look


def matcher(search: Search) -> Callable[[str | Iterable[str]], bool]:
    """Return the function that says whether one predicate hits in a text, or in any text of a list."""
    test = _test(search)
    return lambda value: test(value) if isinstance(value, str) else any(map(test, value))


def plainly(search: Search) -> tuple[str, ...]:
    """Return the few terms of which a text holds one where a predicate hits, none if it is not that simple.

    Python looks for a few terms in a short text in a tenth of the time that a call to RE2 takes.
    """
    if search.how is How.PATTERN and not _META.search(search.terms[0]):
        terms = tuple(search.terms[0].split("|"))
    elif search.how is How.CONTAINS:
        terms = search.terms
    else:
        return ()
    return terms if len(terms) <= _INLINE and all(terms) else ()


def _test(search: Search) -> Callable[[str], bool]:
    terms = search.terms
    if search.how is How.STARTS:
        return lambda text: text.startswith(terms)
    if search.how is How.ENDS:
        return lambda text: text.endswith(terms)
    find = finder(search)
    match = _set_match({0: search}) if search.how is How.PATTERN else None
    if match is None:
        return lambda text: find(text) is not None

    def test(text: str) -> bool:
        hits = len(match(encoded(text)))
        return hits > 1 or (not hits and find(text) is not None)  # no hit at all: out of memory

    return test


class Scan:
    """The scan of one text for several predicates, known by their numbers.

    Calling it gives the numbers that hit. The compiled function does the first step itself, to save a call
    for the many texts without a hit: `hits = match(text.encode())`, then `found(hits, text)` unless `hits`
    holds one entry, the end.

    Whole words are looked for in the folded text too, between signs that may separate words; a hit is then
    confirmed on the text's words. So one scan serves both, and most texts are never split into words at all.
    Many words and phrases leave the set: they are looked up word by word.
    """

    def __init__(self, searches: dict[int, Search]) -> None:
        self.searches = searches
        words = {n: s for n, s in searches.items() if s.how is How.WORDS}
        many = sum(len(s.terms) for s in words.values()) > MANY_WORDS
        short = {
            n: s
            for n, s in searches.items()
            if s.how is How.PATTERN or (len(s.terms) <= LONG_LIST and not (many and n in words))
        }
        self.match = _set_match(short) if short else None
        if self.match is None and short:  # too large for one set: all terms leave it
            short = {n: s for n, s in short.items() if s.how is How.PATTERN}
            self.match = _set_match(short) if short else None
        self._numbers = list(short)
        self._confirm = {n: _test(s) for n, s in short.items() if n in words}
        self._slow: dict[int, Callable[[str], str | None]] | None = None
        rest = {n: s for n, s in searches.items() if n not in short}
        self._lists = _list_scan({n: s for n, s in rest.items() if n not in words})
        self.looked_up = frozenset(n for n in rest if n in words)
        self.phrases = _phrases({n: s for n, s in rest.items() if n in words})
        self._one_by_one = bool(short) and self.match is None
        self.inline = self.match is not None and self._lists is None and self.phrases is None

    def __call__(self, text: str) -> frozenset[int]:
        """Return the numbers of the predicates that hit."""
        found = NOTHING
        if self.match is not None:
            hits = self.match(encoded(text))
            if len(hits) != 1:
                found = self.found(hits, text)
        elif self._one_by_one:
            found = self.slowly(text)
        if self._lists is not None:
            found |= self._lists(text)
        return found if self.phrases is None else found | self.phrases(split_words(text))

    def found(self, hits: list[int], text: str) -> frozenset[int]:
        """Return the numbers of what the set found. Without the end, its memory ran out."""
        if not hits:
            return self.slowly(text)
        numbers, end, confirm = self._numbers, len(self._numbers), self._confirm
        there = [numbers[hit] for hit in hits if hit != end]
        if confirm and not confirm.keys().isdisjoint(there) and _UNCERTAIN.search(text) is not None:
            words = split_words(text)
            there = [number for number in there if number not in confirm or confirm[number](words)]
        return frozenset(there)

    def slowly(self, text: str) -> frozenset[int]:
        """Try the patterns one by one."""
        if self._slow is None:
            self._slow = {number: finder(self.searches[number]) for number in self._numbers}
        words = split_words(text)
        return frozenset(
            number
            for number, find in self._slow.items()
            if find(words if number in self._confirm else text) is not None
        )


def encoded(text: str) -> bytes:
    """Return the text as UTF-8, with question marks for lone surrogates."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _set_match(searches: dict[int, Search]) -> Callable[[bytes], list[int]] | None:
    """Return the set's matching function; `None` if the patterns are too large for one automaton."""
    try:
        searched = re2.Set.SearchSet(options(SET_MEMORY))
        for search in searches.values():
            searched.Add(expression(search))
        searched.Add(r"\z")
        searched.Compile()
    except re2.error:
        return None
    inner = getattr(getattr(searched, "_set", None), "Match", None)
    if (
        inner is not None and inner(b"") is not None
    ):  # without the wrapper in Python, which takes a third of the time
        return inner  # type: ignore[no-any-return]
    public = searched.Match
    return lambda text: public(text) or []


def _phrases(searches: dict[int, Search]) -> Phrases | None:
    owners: dict[str, list[int]] = {}
    for number, search in searches.items():
        for term in search.terms:
            owners.setdefault(term, []).append(number)
    return Phrases(owners) if owners else None


def _list_scan(searches: dict[int, Search]) -> Callable[[str], frozenset[int]] | None:
    owners: dict[str, list[int]] = {}
    for number, search in searches.items():
        for term in search.terms:
            owners.setdefault(term, []).append(number)
    if not owners:
        return None
    numbers = [frozenset(found) for found in owners.values()]
    find = AhoCorasick(list(owners)).find_matches_as_indexes

    def scan(text: str) -> frozenset[int]:
        try:
            hits = find(text, overlapping=True)
        except UnicodeEncodeError:
            hits = find(encoded(text).decode(), overlapping=True)
        return NOTHING.union(*[numbers[hit[0]] for hit in hits]) if hits else NOTHING

    return scan

"""One scan of a text for all predicates on it: an RE2 set, and Aho-Corasick for long lists of terms.

RE2's set is one automaton for all patterns, linear in the text whatever they are. It answers nothing at all
when its memory runs out, so each set holds one more pattern that every text fulfils at its end: when even
that is missing, the patterns are tried one by one and no hit is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import re2  # type: ignore[import-untyped]  # has no types
from ahocorasick_rs import AhoCorasick

from hakam.policy.patterns import options
from hakam.policy.tree import How, Search

SET_MEMORY = 64 << 20
LONG_LIST = 1_000  # terms; above, a list leaves the RE2 set for Aho-Corasick, which takes less memory
FEW = 16  # terms; up to these, Python's own search in a text is the fastest
SHOWN = 120  # characters of a found text that a verdict keeps

NOTHING: frozenset[int] = frozenset()


def expression(search: Search) -> str:
    """Return the RE2 pattern of a text predicate."""
    if search.how is How.PATTERN:
        return search.terms[0]
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
    if search.how is not How.PATTERN and len(search.terms) > LONG_LIST:
        automaton = AhoCorasick(search.terms)

        def first(text: str) -> str | None:
            found = automaton.find_matches_as_strings(text)
            return found[0].strip()[:SHOWN] if found else None

        return first
    if search.how is not How.PATTERN and len(search.terms) <= FEW:
        few = search.terms
        return lambda text: next((term.strip()[:SHOWN] for term in few if term in text), None)
    compiled = re2.compile(
        expression(search).encode(), options(SET_MEMORY)
    )  # on bytes: no counting of characters

    def find(text: str) -> str | None:
        match = compiled.search(encoded(text))
        return match[0].decode("utf-8", "replace").strip()[:SHOWN] if match is not None else None

    return find


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
        return next((hit for text in value if (hit := find(text)) is not None), None)

    return look


def matcher(search: Search) -> Callable[[str | Iterable[str]], bool]:
    """Return the function that says whether one predicate hits in a text, or in any text of a list."""
    test = _test(search)
    return lambda value: test(value) if isinstance(value, str) else any(map(test, value))


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
    for the many texts without a hit: `hits = match(text.encode())`, then `found(hits)` unless `hits` holds
    one entry, the end.
    """

    def __init__(self, searches: dict[int, Search]) -> None:
        self.searches = searches
        short = {n: s for n, s in searches.items() if s.how is How.PATTERN or len(s.terms) <= LONG_LIST}
        self.match = _set_match(short) if short else None
        if self.match is None and short:  # too large for one set: all terms leave it
            short = {n: s for n, s in short.items() if s.how is How.PATTERN}
            self.match = _set_match(short) if short else None
        self._numbers = list(short)
        self._slow: dict[int, Callable[[str], str | None]] | None = None
        self._lists = _list_scan({n: s for n, s in searches.items() if n not in short})
        self._one_by_one = bool(short) and self.match is None
        self.inline = self.match is not None and self._lists is None

    def __call__(self, text: str) -> frozenset[int]:
        """Return the numbers of the predicates that hit."""
        found = NOTHING
        if self.match is not None:
            found = self.found(self.match(encoded(text)), text)
        elif self._one_by_one:
            found = self.slowly(text)
        return found if self._lists is None else found | self._lists(text)

    def found(self, hits: list[int], text: str) -> frozenset[int]:
        """Return the numbers of what the set found. Without the end, its memory ran out."""
        if not hits:
            return self.slowly(text)
        numbers, end = self._numbers, len(self._numbers)
        return frozenset([numbers[hit] for hit in hits if hit != end])

    def slowly(self, text: str) -> frozenset[int]:
        """Try the patterns one by one."""
        if self._slow is None:
            self._slow = {number: finder(self.searches[number]) for number in self._numbers}
        return frozenset(number for number, find in self._slow.items() if find(text) is not None)


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
        hits = find(text, overlapping=True)
        return NOTHING.union(*[numbers[hit[0]] for hit in hits]) if hits else NOTHING

    return scan

"""One scan of a text for all predicates on it: an RE2 set, and Aho-Corasick for long lists of terms.

RE2's set is one automaton for all patterns, linear in the text whatever they are. It answers nothing at all when
its memory runs out, so each set holds one more pattern that every text fulfils at its end: when even that is missing,
the patterns are tried one by one and no hit is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import re2
from ahocorasick_rs import AhoCorasick

from hakam.policy.patterns import options
from hakam.policy.tree import How, Search

SET_MEMORY = 64 << 20
LONG_LIST = 300  # terms; above, a list leaves the RE2 set for Aho-Corasick
SHOWN = 120  # characters of a found text that a verdict keeps

Scan = Callable[[str], Collection[int]]
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
        return lambda text: next((t for t in terms if (text.endswith(t) if ends else text.startswith(t))), None)
    if search.how is not How.PATTERN and len(search.terms) > LONG_LIST:
        automaton = AhoCorasick(search.terms)

        def first(text: str) -> str | None:
            found = automaton.find_matches_as_strings(text)
            return found[0].strip()[:SHOWN] if found else None

        return first
    compiled = re2.compile(expression(search), options(SET_MEMORY))

    def find(text: str) -> str | None:
        match = compiled.search(_clean(text))
        return match[0].strip()[:SHOWN] if match is not None else None

    return find


def _clean(text: str) -> str:
    """Return the text without lone surrogates, which UTF-8 can't hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def find_in(search: Search) -> Callable[[str | Iterable[str] | None], str | None]:
    """Return the function that finds the first hit in a text, or in any text of a list; unknown holds nothing."""
    find = finder(search)

    def look(value: str | Iterable[str] | None) -> str | None:
        if value is None:
            return None
        if isinstance(value, str):
            return find(value)
        return next((hit for text in value if (hit := find(text)) is not None), None)

    return look


def build_scan(searches: dict[int, Search]) -> Scan:
    """Return the function that gives the numbers of all predicates that hit in a text."""
    short = {n: s for n, s in searches.items() if s.how is How.PATTERN or len(s.terms) <= LONG_LIST}
    long = {n: s for n, s in searches.items() if n not in short}
    one = _set_scan(short) if short else None
    other = _list_scan(long) if long else None
    if one is None:
        assert other is not None
        return other
    if other is None:
        return one
    first, second = one, other
    return lambda text: {*first(text), *second(text)}


def _set_scan(searches: dict[int, Search]) -> Scan:
    numbers = list(searches)
    try:
        searched = re2.Set.SearchSet(options(SET_MEMORY))
        for number in numbers:
            searched.Add(expression(searches[number]))
        searched.Add(r"\z")
        searched.Compile()
    except re2.error:  # too large for one automaton
        return _one_by_one(searches)
    match = searched.Match
    last = len(numbers)
    slow = _one_by_one(searches)
    same = numbers == list(range(last))  # then a hit's number is its place

    def scan(text: str) -> Collection[int]:
        try:
            hits = match(text.encode())
        except UnicodeEncodeError:
            hits = match(text.encode("utf-8", "replace"))
        if hits is None:
            return slow(text)
        if len(hits) == 1:
            return NOTHING
        if same:
            return frozenset(hits)
        return frozenset([numbers[hit] for hit in hits if hit != last])

    return scan


def _one_by_one(searches: dict[int, Search]) -> Scan:
    finders = {number: finder(search) for number, search in searches.items()}
    return lambda text: frozenset(number for number, find in finders.items() if find(text) is not None)


def _list_scan(searches: dict[int, Search]) -> Scan:
    owners: dict[str, list[int]] = {}
    for number, search in searches.items():
        for term in search.terms:
            owners.setdefault(term, []).append(number)
    terms = list(owners)
    numbers = [frozenset(owners[term]) for term in terms]
    find = AhoCorasick(terms).find_matches_as_indexes

    def scan(text: str) -> Collection[int]:
        hits = find(text, overlapping=True)
        if not hits:
            return NOTHING
        return frozenset().union(*[numbers[hit[0]] for hit in hits])

    return scan

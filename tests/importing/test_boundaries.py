r"""Edges of words in patterns, against Python's own `re`: found in the same texts, or refused, or said to differ."""

from __future__ import annotations

import re
import time
import warnings
from contextlib import suppress
from typing import Any

import pytest
import re2  # type: ignore[import-untyped]  # has no types
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from hakam.importing.boundaries import END, NO_WORD, START, WORD, Part, kinds, parts, word_edges, written
from hakam.importing.carried import UnsupportedError
from hakam.importing.conditions import translated
from hakam.policy.patterns import prepare

PIECES = ["a", "b", "ab", "1", "é", "ا", ".*", ".*?", ".+", r"\b", r"\s*", r"\d", r"\D", r"\s", r"\S", r"\w", r"\W",
          ".", "[a-c]", "[^a]", r"[\w-]", r"[\d.]", "(a|b)", "(?:", "(", ")", "|", "*", "+", "?", "{2}", "{1,3}", "^",
          "$", "-", " ", "_", "@", r"\.", "(?i)", r"[\s,]", r"[\s\S]"]  # fmt: skip
SIGNS = ["a", "b", "ab", "1", "é", "É", "ا", " ", "_", "-", "٣", "\u00a0", ".", "@", "A", "B", ","]
DIFFERS = "no letter"  # what all notes say that name a difference in what is found
patterns = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)
texts = st.lists(st.lists(st.sampled_from(SIGNS), max_size=6).map("".join), min_size=8, max_size=12)


def read_by_python(pattern: str) -> re.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            re.compile(pattern)
            return re.compile(
                pattern if pattern.startswith("(?i)") else f"({pattern})", re.IGNORECASE | re.DOTALL
            )
        except re.error:
            assume(condition=False)
            raise


def refused(code: str, message: str, _hint: str) -> None:
    raise UnsupportedError(f"{code}: {message}")


def read_by_re2(pattern: str) -> Any:
    ready = prepare(f"(?i){pattern}", refused, folded=False, words=False)
    assert ready is not None
    return re2.compile(ready)


@example(r"a\b.*\bb", ["a b", "a  b", "ab", "a-1-b", "a.b"])
@example(r"a\b.*b", ["a b", "ab", "a bab"])
@example(r"a.*\bb", ["a b", "ab", "ab b"])
@example(r"a\b\s*b", ["a b", "ab"])
@example(r"-(?:b)*\ba", ["-a", "-ba", "-bba"])
@example(r"\b@a", ["@a", "b@a", " @a"])
@example(r"ab(?#why)?\b", ["ab", "a", "abb"])
@example(r"\ba\b|\bab", ["a", "ab", "aba", "1 a"])
@example(r"\d\s\S", ["1 a", "٣ a", "1\u00a0a"])
@given(patterns, texts)
@settings(max_examples=400, deadline=None)
def test_a_pattern_is_found_in_the_same_texts_as_python_finds_it_in(pattern: str, tried: list[str]) -> None:
    theirs = read_by_python(pattern)
    try:
        ours, notes = translated(pattern, dot_all=True)
        found = read_by_re2(f"(?s:{ours})")
    except UnsupportedError:
        return
    if not any(DIFFERS in note for note in notes):
        for text in tried:
            assert bool(found.search(text)) is bool(theirs.search(text)), (ours, text)


@example(r"\ba\b", ["1 a b", "a", "ab", "ba"])
@example(r"\W|a", ["bab", "b-", "a"])
@example(r"@a", ["b@a", "@a", "@ab"])
@example(r"(?:\ba|ab)", ["1 a", "1 ab", "bab"])
@given(patterns, texts)
@settings(max_examples=300, deadline=None)
def test_whole_words_are_those_of_automoderator(pattern: str, tried: list[str]) -> None:
    assume("(?i)" not in pattern)
    read_by_python(pattern)
    theirs = re.compile(rf"(?:^|\W|\b)({pattern})(?:$|\W|\b)", re.IGNORECASE | re.DOTALL)
    notes: list[str] = []
    found = []
    try:
        for term, (begin, end) in word_edges(pattern, notes):
            ours, more = translated(term, dot_all=True)
            found.append(read_by_re2(f"{begin}(?s:{ours}){end}"))
            notes += more
    except UnsupportedError:
        return
    if not any(DIFFERS in note for note in notes):
        for text in tried:
            assert any(one.search(text) for one in found) is bool(theirs.search(text)), (pattern, text)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (r"\bfoo\b", f"{START}foo{END}"),
        (r"^\bfoo", "^foo"),
        (r"foo\b$", "foo$"),
        (r"foo\b\s*bar", r"foo[\s\pZ]+bar"),
        (r"foo\s?\bbar", r"foo[\s\pZ]bar"),
        (r"foo\b.*bar", f"foo{NO_WORD}.*bar"),
        (r"foo\b.+\bbar", f"foo(?:{NO_WORD}.*)?{NO_WORD}bar"),
        (r"foo\b.*-", f"foo(?:{NO_WORD}.*)?-"),
        (r"foo.*\b(?:x|y)\b", f"foo.*{NO_WORD}(?:x|y){END}"),
        (r"\ba\b|\bbc\b", f"{START}(?:a|bc){END}"),
        (r"\b\bfoo", f"{START}foo"),
        (r"@\b", f"@{WORD}"),
        (r"(?P<name>\bfoo)", f"(?P<name>{START}foo)"),
        (r"(?#why)\bfoo(?#not)", f"{START}foo"),
        (r"(\bfoo )+", rf"({START}foo )+"),
        (r"\d{2,}?", r"\p{Nd}{2,}?"),
        (r"[\d\w]\D", r"[\p{Nd}\p{L}\p{N}_]\P{Nd}"),
        (r"[\s\S]", r"[\s\S]"),
        (r"a\Z", r"a\z"),
    ],
)
def test_it_is_said_by_what_stands_on_either_side(pattern: str, said: str) -> None:
    assert translated(pattern, dot_all=True)[0] == said


def test_a_dot_that_ends_with_its_line_leaves_lines_apart() -> None:
    of_its_line, _ = translated(r"foo\b.*\bbar")
    of_all, _ = translated(r"foo\b.*\bbar", dot_all=True)
    tried = ("foo bar", "foo\nbar", "foobar")
    assert [bool(read_by_re2(of_its_line).search(text)) for text in tried] == [True, False, False]
    assert [bool(read_by_re2(f"(?s:{of_all})").search(text)) for text in tried] == [True, True, False]


@pytest.mark.parametrize(
    "pattern",
    [r"a\b", r"(?:\ba\b)", r"a?\bb", r"\b.", r"\b[a.]"],
)
def test_all_that_differs_is_told(pattern: str) -> None:
    _, notes = translated(pattern)
    assert any(DIFFERS in note for note in notes) is bool(notes) is (pattern in {r"\b.", r"\b[a.]"})


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"\b", "inside a pattern"),
        (r"a\bb", "inside a pattern"),
        (r"a.?\b.b", "inside a pattern"),
        (r".\b.", "inside a pattern"),
        (r"a\b+", "with a count"),
        (r"(\ba\b ){2}", "in a group with a count"),
        (r"ab\ba*\b", "nothing for sure between it and another"),
        (r"(\ba\b)+", "nothing for sure between it and another"),
        (r"\b(?:\ba|c)", "nothing for sure between it and another"),
        (r"\b^a", "nothing for sure between it and another"),
        (r"a\B", "no like here"),
        ("a" * 8_001, "8,001 characters, and a pattern here has 2,000 at most"),
    ],
)
def test_what_cannot_be_said_is_refused(pattern: str, why: str) -> None:
    with pytest.raises(UnsupportedError, match=re.escape(why)):
        translated(pattern)


def test_ways_that_begin_otherwise_are_given_way_by_way() -> None:
    notes: list[str] = []
    assert word_edges(r"(?i)\b@a|b", notes) == [(r"(?i)\b@a", ("", END)), ("(?i)b", (START, END))]
    assert notes == []
    assert word_edges(r"\bfoo\b", notes) == [("foo", (START, END))]
    assert word_edges(r"@foo!", notes) == [("@foo!", ("", ""))]
    with pytest.raises(UnsupportedError, match="in some ways of a pattern"):
        word_edges(r"(?:\b@a|b)", notes)
    assert word_edges("[a.]b", notes) == [("[a.]b", (START, END))]
    assert notes == ["a pattern that may begin or end with no letter is not found right beside one here"]


@pytest.mark.parametrize(
    ("sign", "letters"),
    [
        ("a", {True}), ("ع", {True}), ("_", {True}), ("-", {False}), (r"\.", {False}), (r"\d", {True}),
        (".", {True, False}),
        (r"\x41", {True}), (r"\x{2e}", {False}), (r"\x{110000}", {True, False}), (r"\pL", {True}), (r"\p{Zs}", {False}),
        (r"\p{Greek}", {True, False}), ("[a-f]", {True}), ("[.,]", {False}), ("[a.]", {True, False}),
        ("[A-z]", {True, False}), (r"[\w]", {True}), (r"[^\w]", {False}), ("[^a]", {True, False}),
        ("[[:alpha:]]", {True, False}), (r"[\x{30}-9]", {True, False}), ("[-a]", {True, False}),
    ],
)  # fmt: skip
def test_what_a_sign_stands_for(sign: str, letters: set[bool]) -> None:
    assert kinds(sign) == letters


def test_a_pattern_is_its_parts() -> None:
    pattern = r"(?i)a{2,3}?[^]x\]]*(?P<n>\p{L}|\x{41}+)?\."
    assert written(parts(pattern)) == pattern
    assert parts("a++")[0] == Part("a", "++")
    assert parts("(?#x)a(?#y)?(?#z)b") == [Part("a", "?"), Part("b")]
    assert [part.optional for part in parts("a*b?c{0,2}d{,2}e+f")] == [True, True, True, True, False, False]


@pytest.mark.parametrize(
    "pattern",
    ["|".join(rf"\bword{n}x?\b" for n in range(400)), r"(\b" * 2_000, r"\b.*" * 1_900, r"(\b|" * 1_900,
     r"\s*\b" * 1_500],
    ids=["words", "groups", "runs", "ways", "gaps"],
)  # fmt: skip
def test_no_pattern_takes_long(pattern: str) -> None:
    start = time.process_time()
    with suppress(UnsupportedError):
        translated(pattern)
    assert time.process_time() - start < 5

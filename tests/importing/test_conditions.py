"""Patterns of other engines as RE2 takes them: found in the same texts, or refused."""

from __future__ import annotations

import re

import pytest
import re2

from hakam.importing.carried import Entry, Status, UnsupportedError, as_markdown, as_text
from hakam.importing.conditions import escaped, found, is_plain, quoted, translated

TEXTS = [
    "",
    "foo",
    "a foo b",
    "foobar",
    "barfoo",
    "foo-bar",
    "x foo",
    "bar",
    "foo bar",
    "42",
    "x42 y",
    "_foo_",
    "bar.",
]


@pytest.mark.parametrize(
    "pattern",
    [r"\bfoo\b", r"\bfoo", r"foo\b", r"(?:\bfoo|bar)\b", r"\b(foo|bar)\b", r"\w+-\w+", r"[\w-]+ bar", r"foo\b bar",
     r"\d+\b", r"^foo$", r"(foo)|(\bbar\b)", r"\Wbar", r"fo{2}", r"[^\w]", r"(?P<n>foo)", r"a?\s+foo"],
)  # fmt: skip
def test_a_pattern_is_found_in_the_same_texts(pattern: str) -> None:
    ours = re2.compile(translated(pattern)[0])
    for text in TEXTS:
        assert bool(ours.search(text)) is bool(re.search(pattern, text)), text


@pytest.mark.parametrize(
    "pattern", [r"a(?=b)", r"(?<!a)b", r"(a)\1", r"a\Bb", r"[\W]", r".\b.", r"a(?P=n)", r"(x|\ba)b.\b+"]
)
def test_what_re2_can_t_say_is_refused(pattern: str) -> None:
    with pytest.raises(UnsupportedError):
        translated(pattern)


def test_letters_of_every_script_are_letters() -> None:
    ours = re2.compile(translated(r"\bسلام\b")[0])
    assert ours.search("يا سلام عليكم")
    assert not ours.search("سلامة")


@pytest.mark.parametrize("text", ["a.b", "c++", "(x)", "[y]", "a|b", "$1", "^", "a\\b", "{2}", "?", "*"])
def test_what_is_escaped_finds_itself_alone(text: str) -> None:
    assert re2.compile(escaped(text)).fullmatch(text)


@pytest.mark.parametrize(
    ("text", "written"), [("a", '"a"'), ('say "x"', "'say \"x\"'"), ("it's", '"it\'s"'), ("a\\d", 'r"a\\d"')]
)
def test_a_text_is_quoted_as_the_language_reads_it(text: str, written: str) -> None:
    assert quoted(text) == written


@pytest.mark.parametrize("text", ["'\"", "a\nb", "a\\"])
def test_a_text_that_no_quotes_hold_is_refused(text: str) -> None:
    with pytest.raises(UnsupportedError):
        quoted(text)


def test_a_pattern_with_quotes_is_written_without_them() -> None:
    assert found("text.raw", 'say "it\'s"') == r"""matches(text.raw, r"(?i)say \x22it's\x22")"""
    assert (
        found("text.raw", r'\"\\"') == r"""matches(text.raw, r"(?i)\x22\\\x22")"""
    )  # a quote, a backslash and a quote


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("free money", True),
        ("don't", True),
        ("ربح سريع", True),
        ("c++", False),
        ("", False),
        ("#ad", False),
        ("a_b", False),
    ],
)
def test_plain_terms_are_of_words_alone(text: str, plain: bool) -> None:
    assert is_plain(text) is plain


def test_a_report_has_place_status_and_reason() -> None:
    entries = [
        Entry("a.yaml", 3, "a | b", Status.LEFT_OUT, None, ("why",)),
        Entry("a.yaml", 9, "c", Status.CARRIED, "c", fires=2, silent=1),
        Entry("a.yaml", 12, "d", Status.CARRIED, "d", silent=1),
    ]
    assert as_text(entries) == (
        "a.yaml:3: left out: a | b\n    why\na.yaml:9: carried: c\na.yaml:12: carried: d\n"
        "    no event was found on which it fires: write one into tests.yaml\n"
        "3 rules: 2 carried, 0 approximated, 1 left out, 1 without an example of either kind\n"
    )
    assert "| a.yaml:3 | a \\| b | left out |  |  | why |" in as_markdown(entries)
    assert "| a.yaml:9 | c | carried | `c` | 2 fire, 1 silent |  |" in as_markdown(entries)

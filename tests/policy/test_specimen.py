"""Texts that a pattern finds, made from the pattern."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from hakam.policy.specimen import in_url, specimens


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        (r"casino", ["casino"]),
        (r"(?:^|[^\p{L}\p{N}_])(?:casino|bet\d+)(?:$|[^\p{L}\p{N}_])", ["casino", "bet1"]),
        (r"(?i)v[i1!]agra", ["viagra", "v1agra"]),
        (r"^[a-z]+_[0-9]$", ["a_0"]),
        (r"\x{41}b{2}c*?d", ["Abbcd", "Abbd"]),
        (r"\x41{2,3}", ["AA"]),
        (r"(?P<name>foo|bar)+ baz?", ["foo baz", "bar ba"]),
        (r"[[:alpha:]]+9", ["a9"]),
        (r"[^\]a]x", [" x"]),
        (r"[]x]y", ["]y"]),
        (r"اربح [0-9]{4,} دولار", ["اربح 0000 دولار"]),
        (r"\p{Arabic}\P{L}", ["اa"[:1] + " "]),
        (r"a\.b\?c", ["a.b?c"]),
        (r"(?s:a.b)|(?-s)c", ["aab", "c"]),
        (r"\Qx\E?y|\Az\z", ["z"]),
    ],
)
def test_the_pattern_finds_what_was_made_of_it(pattern: str, texts: list[str]) -> None:
    made = specimens(pattern)
    assert set(texts) <= set(made), made
    assert all(re2.search(pattern, text) for text in made)


@pytest.mark.parametrize("pattern", ["(", "a{2,1}", "[z-a]", "(?=a)", r"[^\x00-\x{10FFFF}]"])
def test_what_finds_nothing_or_is_no_pattern_makes_nothing(pattern: str) -> None:
    assert specimens(pattern) == []


def test_a_pattern_of_very_many_choices_makes_few() -> None:
    assert 0 < len(specimens("(?:a|b|c|d)(?:a|b|c|d)" * 40)) <= 12


@given(st.text(st.sampled_from(r"ab1.[]()|?*+{}2,\dwp^$:-"), max_size=24))
def test_whatever_is_typed_every_specimen_is_found(pattern: str) -> None:
    options = re2.Options()
    options.log_errors = False
    for text in specimens(pattern):
        assert re2.compile(pattern, options).search(text) is not None


def test_addresses_hold_the_text() -> None:
    assert "https://evil.example/" in list(in_url(["evil.example"]))
    assert "https://evil.example/path" in list(in_url([".evil.example/path"]))
    assert "https://host.example/free money" in list(in_url(["free money"]))
    assert "http://a.example" in list(in_url(["http://a.example"]))

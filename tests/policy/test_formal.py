"""The page of exact meaning: its grammar is the grammar, its tables are what the plain interpreter says too."""

from __future__ import annotations

import io
import keyword
import random
import re
import tokenize
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hakam.policy import formal
from hakam.policy.check import Checker, Names
from hakam.policy.expression import parse
from hakam.policy.formal import GRAMMAR, NO, SAMPLES, UNKNOWN, YES, outcomes
from hakam.policy.functions import FUNCTIONS
from hakam.policy.pack import load_pack
from hakam.policy.source import Reporter, Scalar
from hakam.storage.packs import read_folder
from hakam.vocabulary.finding import Span

DEFAULT = Path(__file__).parents[2] / "src" / "hakam" / "packs" / "default"
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rule-language-formal.md"
NOT_THE_GRAMMAR = {"P101", "P102"}
Tree = tuple[Any, ...]

# The notation, read from the page itself


def read_grammar(text: str) -> dict[str, Tree]:
    tokens = re.findall(r'"[^"]*"|[A-Za-z]+|[=;|{}()\[\]]', text)
    rules: dict[str, Tree] = {}
    while tokens:
        name = tokens.pop(0)
        assert tokens.pop(0) == "="
        rules[name] = choice(tokens)
        assert tokens.pop(0) == ";"
    return rules


def choice(tokens: list[str]) -> Tree:
    found = [series(tokens)]
    while tokens[0] == "|":
        tokens.pop(0)
        found.append(series(tokens))
    return ("choice", *found)


def series(tokens: list[str]) -> Tree:
    found: list[Tree] = []
    while tokens[0] not in {"|", ")", "]", "}", ";"}:
        token = tokens.pop(0)
        if token in {"(", "[", "{"}:
            kind = {"(": "one", "[": "maybe", "{": "many"}[token]
            found.append((kind, choice(tokens)))
            tokens.pop(0)
        else:
            found.append(("word", token[1:-1]) if token.startswith('"') else ("name", token))
    return ("series", *found)


RULES = read_grammar(GRAMMAR)


def kinds(text: str) -> list[str]:
    """Return the tokens of an expression as the grammar names them."""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(f"(\n{text}\n)").readline):
        if token.type in {tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.ENDMARKER}:
            continue
        if token.type == tokenize.NAME:
            own = keyword.iskeyword(token.string) or token.string == "scores"
            found.append(token.string if own else "NAME")
        elif token.type == tokenize.STRING and token.string[0].lower() not in "fb":
            if found[-1] != "TEXT":  # neighbours are joined
                found.append("TEXT")
        else:
            found.append("NUMBER" if token.type == tokenize.NUMBER else token.string)
    return found[1:-1]


def recognised(text: str) -> bool:  # noqa: C901 -- one branch for each mark of the notation
    """Whether a text is a sentence of the grammar as it stands on the page."""
    tokens = [*kinds(text), "scores?"]

    @cache
    def ends(node: Tree, at: int) -> frozenset[int]:  # noqa: PLR0911 -- as above
        kind, *rest = node
        if kind == "word":
            return frozenset({at + 1}) if tokens[at] == rest[0] else frozenset()
        if kind == "name":
            if rest[0].isupper():
                there = "NAME" if tokens[at] == "scores" else tokens[at]  # it may name anything else, too
                return frozenset({at + 1}) if there == rest[0] else frozenset()
            return ends(RULES[rest[0]], at)
        if kind == "choice":
            return frozenset().union(*(ends(one, at) for one in rest))
        if kind == "series":
            places = {at}
            for one in rest:
                places = set().union(*(ends(one, place) for place in places))
            return frozenset(places)
        if kind == "one":
            return ends(rest[0], at)
        if kind == "maybe":
            return ends(rest[0], at) | {at}
        reached, new = {at}, {at}
        while new:
            new = set().union(*(ends(rest[0], place) for place in new)) - reached
            reached |= new
        return frozenset(reached)

    return len(tokens) - 1 in ends(RULES["expression"], 0)


def sentence(rng: random.Random, node: Tree, depth: int) -> Iterator[str]:
    """Yield the words of a random sentence."""
    kind, *rest = node
    if kind == "word":
        yield rest[0]
    elif kind == "name" and rest[0] == "NAME":
        yield rng.choice(["author", "posts", "known", "len", "item", "word", "x"])
    elif kind == "name" and rest[0] == "NUMBER":
        yield rng.choice(["0", "12", "1_000", "0x1f", "2.5", "1e3"])
    elif kind == "name" and rest[0] == "TEXT":
        yield rng.choice(['"scam"', "'a'", r'r"\d"', '"a" "b"', '"""c"""'])
    elif kind == "name":
        # below a depth the shortest way down: the first choice of everything, nothing that may be left out
        yield from sentence(rng, RULES[rest[0]], depth + 1)
    elif kind == "choice":
        deep = depth > 14 and len(rest) > 1
        yield from sentence(rng, rest[-1] if deep else rng.choice(rest), depth)
    elif kind == "series":
        for one in rest:
            yield from sentence(rng, one, depth)
    elif kind == "one" or (depth <= 14 and rng.random() < 0.3):
        yield from sentence(rng, rest[0], depth)


def drawn(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 -- sentences, not secrets


def codes(text: str) -> set[str]:
    report = Reporter()
    scalar = Scalar(text, Span("rules.yaml", 1, 1, 1, len(text) + 1), text)
    parsed = parse(scalar, report)
    if parsed is not None:
        Checker(Names({}, {}, {}), report).check(scalar)
    return {finding.code for finding in report.findings()}


@settings(max_examples=400)
@given(st.integers(0, 2**32))
def test_every_sentence_of_the_grammar_is_one_for_the_checker(seed: int) -> None:
    text = " ".join(sentence(drawn(seed), ("name", "expression"), 0))
    assert recognised(text)
    assert not codes(text) & NOT_THE_GRAMMAR, text


@settings(max_examples=400)
@given(st.integers(0, 2**32))
@example(39746)  # brackets after another name than `scores`
def test_what_is_no_sentence_is_refused(seed: int) -> None:
    rng = drawn(seed)
    words = list(sentence(rng, ("name", "expression"), 0))
    extra = [
        "**",
        "@",
        "and",
        ")",
        "(",
        ",",
        "=",
        "if",
        "lambda",
        "x",
        "not",
        "in",
        "is",
        "|",
        "~",
        ":",
        "[",
        "]",
    ]
    at = rng.randrange(len(words))
    words[at : at + rng.choice([0, 1])] = [rng.choice(extra)]
    text = " ".join(words)
    try:
        known = recognised(text)
    except (tokenize.TokenError, SyntaxError, IndexError):
        known = False
    if not known:
        assert codes(text), text
    else:
        assert not codes(text) & NOT_THE_GRAMMAR, text


@pytest.mark.parametrize(
    "text",
    [
        "a if b else c",
        "a ** 2 > 1",
        "lambda: a",
        "a == b == (yield)",
        "[x for x in a]",
        "a := b",
        "+a > 1",
        "a is b",
        "f(*a)",
        "f(a=1, 2)",
        "{a: b}",
        "a, b",
        "a[1] > 2",
        "a and",
        "",
        "~a == 1",
        "a & b",
        'f"x" == a',
        "None == a",
    ],
)
def test_python_that_is_not_the_language(text: str) -> None:
    with suppress(tokenize.TokenError, IndexError):  # no tokens, no sentence
        assert not recognised(text)
    assert codes(text)


def test_every_condition_of_the_default_pack_is_a_sentence() -> None:
    loaded = load_pack(read_folder(DEFAULT))
    assert loaded.pack is not None
    texts = [rule.when.text for rule in loaded.pack.rules]
    assert len(texts) > 20
    assert [text for text in texts if not recognised(text)] == []


# The tables


def test_every_function_has_a_sample_that_shows_it() -> None:
    assert set(SAMPLES) == set(FUNCTIONS)
    for name, sample in SAMPLES.items():
        assert f"{name}(" in sample.condition


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_holds_fails_and_is_unknown_where_it_says(name: str) -> None:
    sample = SAMPLES[name]
    events = [sample.holds, sample.fails] + ([sample.unknown] if sample.unknown is not None else [])
    assert outcomes([sample.condition], events)[0] == [YES, NO, UNKNOWN][: len(events)]
    assert formal.cost(sample.condition) > 0


KLEENE = {YES: 2, UNKNOWN: 1, NO: 0}


def test_the_logic_is_kleene_s() -> None:
    rows = [line.strip("| ").split(" | ") for line in formal.logic_table().splitlines()[2:]]
    assert len(rows) == 9
    for a, b, negated, both, either in rows:
        assert KLEENE[negated] == 2 - KLEENE[a]
        assert KLEENE[both] == min(KLEENE[a], KLEENE[b])
        assert KLEENE[either] == max(KLEENE[a], KLEENE[b])


def test_comparisons_with_an_unknown_are_unknown() -> None:
    rows = [line.strip("| ").split(" | ") for line in formal.comparison_table().splitlines()[2:]]
    for x, z, *compared, known in rows:
        if UNKNOWN in {x, z}:
            assert set(compared) == {UNKNOWN}
        else:
            a, b = int(x), int(z)
            wanted = [a < b, a <= b, a > b, a >= b, a == b, a != b]
            assert compared == [YES if one else NO for one in wanted]
        assert known == (NO if x == UNKNOWN else YES)


def test_an_unknown_adds_nothing_to_a_sum_and_makes_distinct_unknown() -> None:
    event = {"item": {"thread": "t"}, "before": {"repeat": 3, "every": "5s"}}
    found = outcomes(
        [
            'distinct(item.title, per=item.thread, within="10m") == 0',
            'sum(item.reach, per=item.thread, within="10m") == 0',
            'count(by=item.thread, within="10m", where=item.reach > 1) == 0',
        ],
        [event],
    )
    assert found == [[UNKNOWN], [YES], [YES]]


def test_a_condition_that_is_wrong_is_named() -> None:
    with pytest.raises(ValueError, match="P103"):
        outcomes(["author.folowers > 3"], [{}])


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8").endswith(formal.page()), "run `make reference`"


def test_the_membership_table_says_what_is_empty_and_what_is_unknown() -> None:
    rows = {
        line.split(" | ")[0].strip("|` "): line.split(" | ")[1:]
        for line in formal.membership_table().splitlines()
    }
    assert rows['"a" in author.labels'][-1].strip("| ") == NO
    assert rows['"a" in t'][-1].strip("| ") == UNKNOWN
    assert rows["x / z > 1"][1] == UNKNOWN  # by zero

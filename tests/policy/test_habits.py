"""What is said of a text that Python refuses, and that nothing is said which is not so: compared with the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import re2
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from hakam.policy.fields import FIELDS
from hakam.policy.habits import Slip, slip_in, tokens_of
from hakam.policy.kinds import Kind, meant_duration, parse_duration
from hakam.policy.pack import load_pack
from hakam.policy.patterns import options, prepare
from hakam.signals.fold import fold
from hakam.signals.links import find_links, host_of
from hakam.signals.script import SCRIPTS, main_script

MANY = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
PIECES = st.sampled_from(
    [
        *(
            "author.posts",
            "text.folded",
            "3",
            "24h",
            "10k",
            '"scam"',
            "'it",
            "“",
            "”",
            "«",
            "»",
            "،",
            "؛",
            "١٢",
            "٫",
            "%",
        ),
        *(
            "AND",
            "and",
            "NOT",
            "not",
            "in",
            "IN",
            "is",
            "NULL",
            "between",
            "like",
            "=",
            "==",
            "&&",
            "||",
            "!",
            "->",
            "/",
        ),
        *(
            "(",
            ")",
            "[",
            "]",
            ",",
            ";",
            "$",
            "`",
            "\u200f",
            "\u00a0",
            "\n",
            " ",
            "#",
            "if",
            "when",
            ":",
            "و",
            ".",
            "\\",
            '"',
        ),
    ]
)
TEXTS = (
    st.lists(PIECES, max_size=12).map(" ".join)
    | st.lists(PIECES, max_size=12).map("".join)
    | st.text(max_size=30)
)


@MANY
@given(TEXTS)
def test_nothing_of_a_text_is_lost_in_its_tokens(text: str) -> None:
    tokens = tokens_of(text)
    assert "".join(token.value for token in tokens) == text
    assert all(text[token.start : token.end] == token.value for token in tokens)


@MANY
@given(TEXTS)
@example("“")
@example("= ")
@example("80%")
@example("is null")
def test_a_slip_marks_a_piece_of_the_text_and_says_what_to_do(text: str) -> None:
    slip = slip_in(text)
    if slip is not None:
        assert 0 <= slip.start < slip.end <= len(text)
        assert slip.hint
        assert slip.message[0] == "`" or slip.message[0].islower()


@MANY
@given(TEXTS)
def test_a_refused_condition_is_always_told_at_a_place(text: str) -> None:
    files = {"pack.yaml": "", "terms.yaml": f"x: {_quoted(text)}\n"}
    told = [
        one for one in load_pack(files).findings if one.span is not None and one.span.file == "terms.yaml"
    ]
    assert all(one.hint for one in told)
    assert told  # at least that no rule reads the term


def _quoted(text: str) -> str:
    kept = "".join(char for char in text if char.isprintable() or char in "\u200f\u00a0")
    return "'" + kept.replace("'", "''") + "'"


@pytest.mark.parametrize(
    "text",
    [
        "author.posts > 3 and not author.verified",
        'count(by=author.id, within="1h", where=author.posts > 3) > 3',
        "3 < author.posts <= 10 and author.country not in ['DE']",
        'matches(text.raw, r"[0-9]{4}") or author.followers / author.posts >= 2.5',
        "-author.posts > -3 # a comment AND more",
        '"AND" in author.labels or word(text.folded, "a && b", "x = y")',
        "author.verified == True and author.posts % 7 == 0x10",
        "author.posts > 1e3 or author.posts > 1_000 or author.posts > .5",
    ],
)
def test_what_the_language_takes_has_no_slip(packs: Any, text: str) -> None:
    assert slip_in(text) is None
    assert packs.load(text).errors == ()


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("a.b ≥ 3", 4, 5),
        ("a.b > 3 AND c", 8, 11),
        ("a.b LIKE 'x%'", 0, 13),
        ("x == “y”", 5, 8),
        ("a.b > ١٢", 6, 8),
    ],
)
def test_a_slip_has_a_place(text: str, start: int, end: int) -> None:
    slip = slip_in(text)
    assert isinstance(slip, Slip)
    assert (slip.start, slip.end) == (start, end)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1 day", "1d"),
        ("24 hours", "24h"),
        ("10min.", "10m"),
        ("1D", "1d"),
        ("P7D", "7d"),
        ("PT10M", "10m"),
        ("٢٤h", "24h"),
        ("2 weeks", "2w"),
        ("1.5 h", "1.5h"),
        ("P1M", None),
        ("1M", None),
        ("3mo", None),
        ("1y", None),
        ("24", None),
        ("day", None),
        ("", None),
    ],
)
def test_the_duration_that_is_meant(text: str, meant: str | None) -> None:
    assert meant_duration(text) == meant
    assert meant is None or parse_duration(meant) is not None


WORDS = st.sampled_from(["a", "b", "ab", "a b", "b a", "A", "a.", "aa", "ب", "بَ", "a ab"])


@MANY
@given(
    st.lists(WORDS, min_size=1, max_size=4, unique=True),
    st.lists(st.sampled_from(["a", "b", "ab", "aa", "ب", " ", ".", "A"]), max_size=8).map("".join),
    st.sampled_from(["word", "starts_with", "ends_with", "contains_any"]),
)
def test_a_term_that_adds_nothing_adds_nothing(
    packs: Any, make_event: Callable[..., Any], terms: list[str], text: str, name: str
) -> None:
    def condition(some: list[str]) -> str:
        listed = ", ".join(f'"{one}"' for one in some)
        return f"{name}(text.folded, {listed})"

    found = packs.load(condition(terms)).findings
    idle = {one.message.split("`")[1] for one in found if one.code in {"P123", "P210"}}
    assume(idle)
    kept = [one for one in terms if one not in idle]
    assert packs.fires(condition(terms), make_event(text)) is packs.fires(condition(kept), make_event(text))


SIGNS = st.lists(
    st.sampled_from(["a", "1", "$", "^", "(?:", ")", "[", "]", "\\$", "\\d", ".", "?", "*", " "]), max_size=4
).map("".join)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(
    SIGNS,
    st.sampled_from(["$a", "$1", "[]$1]", "\\$1"]),
    SIGNS,
    st.lists(st.sampled_from(["a", "1", "$", "$1", "\n", "ab"]), max_size=5).map("".join),
)
@example("", "$1", "", "$1")
@example("", "[]$1]", "", "$")
def test_a_pattern_that_is_said_to_find_nothing_finds_nothing(
    before: str, middle: str, after: str, text: str
) -> None:
    said: list[str] = []
    ready = prepare(
        f"{before}{middle}{after}", lambda code, _message, _hint: said.append(code), folded=False, words=False
    )
    assume(ready is not None and "P212" in said)
    assert ready is not None
    assert re2.compile(ready, options()).search(text) is None


@MANY
@given(st.text(max_size=40) | st.sampled_from(["سلام", "γειά", "שלום", "नमस्ते", "ภาษา", "日本語カナ"]))
def test_no_other_script_is_ever_measured(text: str) -> None:
    assert main_script(text) in {*SCRIPTS, None}


@MANY
@given(st.text("aA.-:/@*?#1 ", max_size=20), st.sampled_from(["", "http://", "HTTPS://", "//"]))
def test_a_host_holds_no_capitals_schemes_or_paths(text: str, scheme: str) -> None:
    for link in find_links(f"{scheme}{text}.com/x"):
        host = host_of(link) or ""
        assert host == host.lower()
        assert not set(host) & set("/:") or host.startswith("[")


WHOLE = {path: spec for path, spec in FIELDS.items() if spec.kind is Kind.NUMBER and spec.whole}


@MANY
@given(st.sampled_from(sorted(WHOLE)), st.integers(-3, 30) | st.floats(-3, 30, allow_nan=False))
def test_a_number_is_called_impossible_only_where_the_field_says_so(
    packs: Any, path: str, number: float
) -> None:
    spec = WHOLE[path]
    possible = spec.least <= number <= spec.most and number == int(number)
    said = packs.codes(f"{path} in [{number!r}]")
    assert ("P113" in said) is not possible


@pytest.mark.parametrize("term", ["Scam", "SCÁM", "sc\u200bam", "s c a m"])
def test_terms_that_fold_alike_are_the_same(packs: Any, term: str) -> None:
    assert (fold(term) == fold("scam")) is ("P123" in packs.codes(f'word(text.folded, "scam", "{term}")'))

"""The mistakes that people make by hand: each is told once, at its place, and what the hint offers mends it.

The cases stand in `fixtures/mistakes.txt`. A hint that says ``write `x` `` or ``did you mean `x`?`` is put in place of
what the finding marks, by a machine that understands nothing: the pack must then be sound, or have the next mistake.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.policy.test_codes import RULE_KEYS, overlay
from tests.policy.test_findings import ALL, Case

from hakam.policy.codes import CHECKED
from hakam.policy.pack import load_pack
from hakam.policy.render import render_one
from hakam.vocabulary.finding import Finding, Span

OFFERED = re.compile(
    r"(?:write|did you mean) `([^`]+)`(?:\?|, a (?:text in quotes|plain space)|; `words=False`.*| if seconds .*)?"
)
WRITTEN = (Path(__file__).parent / "fixtures" / "mistakes.txt").read_text("utf-8")
PLAIN = re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), WRITTEN)
MISTAKES = [tuple(block.strip("\n").split("\n")) for block in PLAIN.split("\n\n")[1:]]
BESIDE = {"P021", "P404"}  # lists of the sample pack that a rule does not read, rules without a test
RENAMED = "P010"  # what is mended is the name of a file


def offered(finding: Finding) -> str | None:
    """Return what a hint wants in place of what is marked, nothing to take it out; `None` if it offers no piece."""
    if finding.hint == "remove it":
        return ""
    match = OFFERED.fullmatch(finding.hint or "")
    return None if match is None or match[1] == "|" else match[1]


def marked(text: str, span: Span) -> tuple[int, int]:
    """Return where a span begins and ends in a text."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    return starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1


def mended(text: str, finding: Finding) -> str | None:
    """Return a file's text with the hint put in place of what is marked; a text keeps its quotes."""
    fix = offered(finding)
    if fix is None or finding.span is None or finding.code == RENAMED:
        return None
    start, end = marked(text, finding.span)
    old = text[start:end]
    if (
        fix
        and old[:1] in {"'", '"'}
        and old[-1:] == old[:1]
        and not re.match(r"""r?["']|[a-z_.]+\(|-?[0-9.]+$""", fix)
    ):
        fix = f"{old[0]}{fix}{old[0]}"
    return f"{text[:start]}{fix}{text[end:]}"


@pytest.mark.parametrize(
    ("code", "bad", "good"), MISTAKES, ids=[f"{code} {bad}" for code, bad, _ in MISTAKES]
)
def test_a_mistake_is_told_once_and_its_hint_mends_it(packs: Any, code: str, bad: str, good: str) -> None:
    files = packs.files(bad)
    found = [one for one in load_pack(files).findings if one.code not in BESIDE]
    (finding,) = [one for one in found if one.code == code]
    assert {one.code for one in found} <= {
        code,
        "P601",
    }  # and that the rule never fires, where nothing else is asked
    text = mended(files["rules.yaml"], finding)
    assert text is not None, finding.hint
    assert text == packs.files(good)["rules.yaml"], render_one(finding, files)
    after = {one.code for one in load_pack({**files, "rules.yaml": text}).findings} - BESIDE
    following = {one for one, begin, _ in MISTAKES if begin == good}
    assert after == following


def test_every_mistake_stands_once() -> None:
    assert len({bad for _, bad, _ in MISTAKES}) == len(MISTAKES)
    assert len(MISTAKES) > 120


@pytest.mark.parametrize("spec", CHECKED.values(), ids=CHECKED)
def test_what_the_example_of_a_code_offers_mends_it(spec: Any) -> None:
    files = overlay(spec, spec.bad)
    for finding in load_pack(files).findings:
        if finding.span is None or finding.code in BESIDE | {"P601"}:
            continue
        text = mended(files.get(finding.span.file, ""), finding)
        if text is not None:
            check_mended(files, finding, text)


@pytest.mark.parametrize("case", [param.values[0] for param in ALL], ids=[param.id for param in ALL])
def test_what_a_finding_offers_mends_it(case: Case) -> None:
    files = case.files()
    for finding in load_pack(files).findings:
        if finding.span is None or finding.code in BESIDE:
            continue
        text = mended(files.get(finding.span.file, ""), finding)
        if text is not None:
            check_mended(files, finding, text)


def check_mended(files: dict[str, str], finding: Finding, text: str) -> None:
    """Check that the finding is gone, and that nothing came in its place that can't be read."""
    assert finding.span is not None
    before = load_pack(files).findings
    after = load_pack({**files, finding.span.file: text}).findings
    told = render_one(finding, files)
    assert alike(finding, after) < alike(finding, before), told
    assert {one.code for one in after} & {"P002", "P101", "P126", "P127"} <= {one.code for one in before}, (
        told
    )


def alike(finding: Finding, findings: tuple[Finding, ...]) -> int:
    """Return how often a file has a finding of this code and message."""
    assert finding.span is not None
    return sum(
        (one.code, one.message) == (finding.code, finding.message)
        and one.span is not None
        and one.span.file == finding.span.file
        for one in findings
    )


@pytest.mark.parametrize(
    ("code", "condition", "marks"),
    [
        ("P101", "author.posts > 3 and", "and"),
        ("P101", "author.posts > 3 and < 10", "<"),
        ("P101", "and author.verified", "and"),
        ("P101", "not author.verified and not", "not"),
        ("P101", "author.posts > 3 author.verified", "author.verified"),
        ("P101", "author.posts > 3 then", "then"),
        ("P101", 'word(text.folded "scam")', '"scam"'),
        ("P101", "author.name == 'it's'", "'"),
        ("P101", 'word(text.folded, "scam)', '"'),
        ("P101", "author.posts > 3)", ")"),
        ("P101", "(author.posts > 3", "("),
        ("P104", "contains_all(text.folded, ['a'])", "contains_all"),
        ("P104", "event.at > now()", "now"),
        ("P109", 'author.created_at < "24h"', '"24h"'),
        ("P126", "author.posts > 3 ؛ author.verified", "؛"),
        ("P126", "word(text.folded, “scam)", "“"),
        ("P127", "if author.posts > 3:", "if"),
        ("P127", "$author.posts > 3", "$"),
        ("P128", 'word(text.folded, "scam" "fraud")', '"scam" "fraud"'),
        ("P209", r'word(text.folded, r"\bscam")', r'r"\bscam"'),
        ("P210", 'word(text.folded, "free money", "free")', '"free money"'),
        ("P211", 'contains_any(text.folded, "bad-words")', '"bad-words"'),
        ("P212", 'matches(text.raw, r"$100")', 'r"$100"'),
        ("P213", 'matches(text.folded, "/free money/gi")', '"/free money/gi"'),
        ("P213", 'matches(text.raw, "/Free/i")', '"/Free/i"'),
        ("P113", "event.hour in [22, 23, 24]", "24"),
        ("P113", "author.posts in [1, 2.5]", "2.5"),
        ("P209", 'any_in(links.hosts, ["*.evil.example"])', '"*.evil.example"'),
        ("P119", 'scores["toxicity"] > 1', "1"),
        ("P119", 'scores["toxicity"] > 1.5', "1.5"),
        ("P129", 'author.country == "EU"', '"EU"'),
        ("P205", 'matches(text.folded, r"[A-Z]{5,}")', 'r"[A-Z]{5,}"'),
    ],
)
def test_a_mistake_is_marked_where_it_is(packs: Any, code: str, condition: str, marks: str) -> None:
    files = packs.files(condition)
    found = [one for one in load_pack(files).findings if one.code not in BESIDE | {"P601"}]
    (finding,) = found
    assert finding.code == code
    assert finding.span is not None
    start, end = marked(files["rules.yaml"], finding.span)
    assert files["rules.yaml"][start:end] == marks
    assert finding.hint


@pytest.mark.parametrize(
    "condition",
    [
        'author.country == "XK"',  # Kosovo: a code that the standard leaves to its users
        'author.country in ["GB", "GR", "SS", "CW"]',
        'item.language in ["ar", "ckb", "pt-BR", "zh-Hant", "fil", "x-klingon", "es-419"]',
        'text.language == "uk"',  # Ukrainian
        'text.script in ["Arab", "Latn", "Hani"]',
        'scores["toxicity"] >= 1',
        'scores["toxicity"] > 0',
        "event.hour in [0, 23] and event.weekday in [1, 7]",
        'word(text.folded, "100%", "c++", "don\'t", "f*ck", "$5", "a.m.")',
        'contains_any(text.raw, ["*free*", "100%"], words=False)',
        'contains_any(text.raw, ["SCAM", "scam"], words=False)',
        'word(text.folded, "free money", "money tree")',
        'starts_with(text.folded, "money", "free money")',
        'matches(text.raw, r"[$]100|\\$5|(?:a$)|x$")',
        'matches(text.raw, r"[]$1]")',
        'matches(text.folded, r"[A-Za-z]{5}|[^A-Z]x")',
        'matches(text.raw, r"[A-Z]{5,}")',
        '"evil.example" in links.domains and "www.evil.example" in links.hosts',
        'ends_with(links.hosts, ".ru")',
        'item.title == "“quoted”, ١٢"',
        'author.name == "AND" or author.name == "x = y && z"',
        "author.posts > 3 # AND what follows, “in print”",
        'author.country in ("DE", "AT")',
        'author.labels == author.labels or "a, b" in author.labels',
        'extra.plan == "null" and author.verified == True',
    ],
)
def test_what_is_meant_so_is_not_taken_for_a_mistake(packs: Any, condition: str) -> None:
    condition = condition.removeprefix("author.labels == author.labels or ")
    assert packs.codes(condition) == []


def test_only_rule_keys_are_fragments_of_rules() -> None:
    assert {spec.where for spec in CHECKED.values() if "." not in spec.where} == set(RULE_KEYS)

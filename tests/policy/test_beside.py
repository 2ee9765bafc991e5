"""Examples that stand beside their rule: a text, or what a test has; run as every test is."""

from __future__ import annotations

from typing import Any

import pytest

from hakam.policy.coverage import coverage
from hakam.policy.engine import compile_pack
from hakam.policy.pack import Loaded, load_pack
from hakam.policy.schema import rules_schema
from hakam.policy.testing import run_examples

BOTH = """\
  examples:
    fires:
      - free money for all
      - {text: ربح سريع, event: {author: {posts: 2}}}
    silent:
      - money is free speech
      - event: {author: {followers: 3}}
"""


def with_examples(packs: Any, text: str, *conditions: str) -> Loaded:
    files = packs.files(*(conditions or ('contains_any(text.folded, list("bad-words"))',)))
    return load_pack({**files, "rules.yaml": files["rules.yaml"] + text})


def messages(found: Loaded, code: str) -> list[str]:
    return [finding.message for finding in found.findings if finding.code == code]


def test_they_are_tests_of_their_rule_and_run(packs: Any) -> None:
    found = with_examples(packs, BOTH)
    assert found.pack is not None, found.errors
    assert [(one.name, one.fires, one.silent) for one in found.pack.examples] == [
        ("r0: fires 1", ("r0",), ()),
        ("r0: fires 2", ("r0",), ()),
        ("r0: silent 1", (), ("r0",)),
        ("r0: silent 2", (), ("r0",)),
    ]
    assert all(result.passed for result in run_examples(compile_pack(found.pack)))
    assert "P404" not in {finding.code for finding in found.findings}  # it has tests


def test_one_that_does_not_fire_fails_with_the_reason_and_its_place(packs: Any) -> None:
    found = with_examples(packs, "  examples:\n    fires: [nothing of the kind]\n    silent: [free money]\n")
    assert found.pack is not None
    results = list(run_examples(compile_pack(found.pack)))
    assert [result.passed for result in results] == [False, False]
    assert results[0].misses[0].should_fire
    assert not results[1].misses[0].should_fire
    assert results[0].span.file == "rules.yaml"


def test_what_came_before_is_told_as_in_a_test(packs: Any) -> None:
    text = """\
  examples:
    fires: [{event: {author: {id: a}}, before: {repeat: 4, every: 5s}}]
    silent: [{event: {author: {id: a}}, before: {repeat: 1, every: 5s}}]
"""
    found = with_examples(packs, text, 'count(by=author.id, within="1m") >= 5')
    assert found.pack is not None, found.errors
    assert all(result.passed for result in run_examples(compile_pack(found.pack)))


def test_they_count_for_coverage(packs: Any) -> None:
    found = with_examples(packs, BOTH)
    assert found.pack is not None
    assert coverage(compile_pack(found.pack)).uncovered == ()


def test_their_rule_keeps_its_digest(packs: Any) -> None:
    plain, more = with_examples(packs, "").pack, with_examples(packs, BOTH).pack
    assert plain is not None
    assert more is not None
    assert plain.rules[0].digest == more.rules[0].digest
    assert plain.ref.digest != more.ref.digest


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("  examples: free money\n", "P009", "`examples` has keys"),
        ("  examples: {fires: free money}\n", "P009", "`fires` is a list"),
        ("  examples: {fires: [[a]]}\n", "P009", "an example is a text, or has keys"),
        ("  examples: {fire: [a]}\n", "P007", "nothing reads `fire`"),
        ("  examples: {fires: [{test: a, text: b}]}\n", "P007", "nothing reads `test`"),
        (
            "  examples: {fires: [{event: {author: {posts: many}}}]}\n",
            "P403",
            "the event is wrong at `/author/posts`: expected `int | null`, got `str`",
        ),
        (
            '  examples: {fires: [{before: {repeat: 900, every: 30d}, event: {at: "0002-01-01T00:00:00Z"}}]}\n',
            "P017",
            "the first earlier event lies before the year 1",
        ),
    ],
)
def test_what_is_wrong_is_named(packs: Any, text: str, code: str, message: str) -> None:
    found = with_examples(packs, text)
    assert message in messages(found, code), found.findings
    assert found.pack is None


def test_a_test_of_the_same_name_is_a_second_one(packs: Any) -> None:
    files = packs.files('contains_any(text.folded, list("bad-words"))')
    files["rules.yaml"] += "  examples: {fires: [free money]}\n"
    files["tests.yaml"] = '- {test: "r0: fires 1", text: free money, fires: [r0]}\n'
    assert messages(load_pack(files), "P013") == ["a second test `r0: fires 1`"]


def test_what_is_wrong_with_the_rule_is_said_once(packs: Any) -> None:
    found = load_pack({**packs.files("author.posts > 3"), "rules.yaml": "- rule: [\n"})
    assert {finding.code for finding in found.errors} == {"P002"}
    found = load_pack({**packs.files("author.posts > 3"), "rules.yaml": "- examples: {fires: [a]}\n- 7\n"})
    assert "P008" in {finding.code for finding in found.errors}


def test_the_schema_knows_them() -> None:
    examples = rules_schema()["items"]["properties"]["examples"]
    assert set(examples["properties"]) == {"fires", "silent"}
    assert examples["additionalProperties"] is False

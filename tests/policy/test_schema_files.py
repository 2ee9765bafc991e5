"""Schema and checker on the same files: what the checker takes the schema takes, or an editor marks sound files red.

The schema may take more (it can't read conditions); the table says of each file what both make of it.
"""

from __future__ import annotations

import jsonschema
import pytest
from ruamel.yaml import YAML

from hakam.policy.pack import load_pack
from hakam.policy.schema import SCHEMAS

POLICY = (
    "- policy: spam\n  harm: spam\n  severity: 20\n  title: {en: Spam}\n  text: {en: No spam.}\n"
    "  ladder: [remove]\n"
)
RULE = "- rule: one\n  policy: spam\n  stage: live\n  when: author.posts > 3\n  then: [remove]\n"
BASE = {
    "pack": 'id: sample\nversion: "1"\nmaturity: test\nlanguages: [en]\n',
    "policies": POLICY,
    "rules": RULE,
    "terms": "many: author.posts > 3\n",
    "tests": "- test: t\n  event: {author: {posts: 4}}\n  fires: [one]\n",
}


def schema_takes(name: str, text: str) -> bool:
    """Whether the schema accepts a file."""
    data = YAML(typ="safe", pure=True).load(text)
    return bool(jsonschema.Draft202012Validator(SCHEMAS[name]()).is_valid(data))


def checker_takes(name: str, text: str) -> bool:
    """Whether the pack loads with this file in it."""
    files = {f"{file}.yaml": content for file, content in {**BASE, name: text}.items()}
    return load_pack(files).pack is not None


BOTH_TAKE = {
    "pack": [
        BASE["pack"],
        BASE["pack"].replace("[en]", '["en", "no"]'),  # Norwegian is no `false`
        BASE["pack"].replace("[en]", "[en, pt-BR, zh-Hant]"),
        BASE["pack"].replace('"1"', "1.4.0"),
        BASE["pack"].replace('"1"', '"1.0"'),
        BASE["pack"] + "title: {en: Sample, ar: مثال}\n",
        BASE["pack"] + "extra: {karma: number, vip: boolean, plan: text, tags: texts, joined: time}\n",
    ],
    "policies": [
        POLICY,
        POLICY.replace("20", "0"),
        POLICY.replace("[remove]", "remove"),
        POLICY.replace(
            "[remove]", '\n    - label("spam")\n    - withhold(territory=["DE", "AT"])\n    - remove'
        ),
        POLICY + "  legal: [{provision: 86 StGB, country: DE}]\n  contractual: true\n",
        POLICY + "  examples: {en: [one, two], ar: [واحد]}\n",
    ],
    "rules": [
        RULE,
        RULE.replace("live", "shadow"),
        RULE.replace("live", "canary 2.5%"),
        RULE.replace("live", "canary 100%"),
        RULE.replace("[remove]", "remove"),
        RULE.replace("[remove]", "[remove, 'review(queue=\"spam\")']"),
        RULE.replace("[remove]", 'remove(territory="DE")'),
        RULE + "  about: Why.\n",
        RULE + "  about: {en: Why., ar: لماذا}\n",
        RULE + RULE.replace("one", "a.b-c.d1"),
    ],
    "terms": [BASE["terms"], "a: author.verified\nb_2: a\n"],
    "tests": [
        BASE["tests"],
        "- test: t\n  silent: all\n",
        "- test: t\n  fires: one\n",
        "- test: t\n  fires:\n",
        "- test: t\n  text: كلمة\n  silent: [one]\n",
        '- test: t\n  before: {repeat: 3, every: "5s", vary: [author.id]}\n  fires: []\n',
    ],
}
BOTH_REFUSE = {
    "pack": [
        BASE["pack"].replace("sample", "Sample"),
        BASE["pack"].replace("sample", "a..b"),
        BASE["pack"].replace("test", "done"),
        BASE["pack"].replace("[en]", "[English]"),
        BASE["pack"].replace('"1"', '"one two"'),
        BASE["pack"] + "extra: {karma: float}\n",
        BASE["pack"] + "author: me\n",
        'version: "1"\nmaturity: test\nlanguages: [en]\n',
    ],
    "policies": [
        POLICY.replace("20", "101"),
        POLICY.replace("20", "-1"),
        POLICY.replace("20", "2.5"),
        POLICY.replace("harm: spam", "harm: spamm"),
        POLICY.replace("{en: Spam}", "Spam"),
        POLICY + "  legal: [{provision: X, country: Germany}]\n",
        POLICY + "  legal: [{country: DE}]\n",
        POLICY.replace("  ladder: [remove]\n", ""),
    ],
    "rules": [
        RULE.replace("live", "canary 5"),
        RULE.replace("live", "Live"),
        RULE.replace("[remove]", "[]"),
        RULE.replace("rule: one", "rule: One"),
        RULE.replace("rule: one", f"rule: {'a' * 101}"),
        RULE.replace("  policy: spam\n", ""),
        RULE + "  enabled: true\n",
        RULE + "  about: 7\n",
        RULE + "  about: [Why.]\n",
        RULE + "  about: {}\n",
        RULE + "  about: {English: Why.}\n",
        RULE + "  about: {en: 7}\n",
        "one: two\n",
    ],
    "terms": ["A: author.verified\n", "a-b: author.verified\n", "a: [author.verified]\n", "- a\n"],
    "tests": [
        "- test: t\n",
        "- test: t\n  event: {autor: {}}\n  fires: []\n",
        '- test: t\n  before: {repeat: 0, every: "5s"}\n  fires: []\n',
        '- test: t\n  before: {repeat: 1001, every: "5s"}\n  fires: []\n',
        '- test: t\n  before: {every: "5s"}\n  fires: []\n',
        '- test: t\n  before: {repeat: 2, every: "5s", vary: [author.name]}\n  fires: []\n',
    ],
}
ONLY_THE_CHECKER_REFUSES = {
    "rules": [
        RULE.replace("live", "canary 0%"),
        RULE.replace("live", "canary 101%"),
        RULE.replace("author.posts > 3", "author.post > 3"),
        RULE.replace("[remove]", "[terminate]"),
        RULE + RULE,
    ],
    "tests": ["- test: t\n  fires: [two]\n", "- test: t\n  event: {author: {posts: many}}\n  fires: []\n"],
    "terms": ["a: b\nb: a\n"],
}


def rows(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(name, text) for name, texts in table.items() for text in texts]


@pytest.mark.parametrize(("name", "text"), rows(BOTH_TAKE))
def test_both_take(name: str, text: str) -> None:
    assert (checker_takes(name, text), schema_takes(name, text)) == (True, True)


@pytest.mark.parametrize(("name", "text"), rows(BOTH_REFUSE))
def test_both_refuse(name: str, text: str) -> None:
    assert (checker_takes(name, text), schema_takes(name, text)) == (False, False)


@pytest.mark.parametrize(("name", "text"), rows(ONLY_THE_CHECKER_REFUSES))
def test_only_the_checker_refuses(name: str, text: str) -> None:
    assert (checker_takes(name, text), schema_takes(name, text)) == (False, True)


@pytest.mark.parametrize("file", ["pack.yaml", "policies.yaml", "rules.yaml", "terms.yaml", "tests.yaml"])
def test_whatever_file_is_cut_off_anywhere_the_loader_has_an_answer(file: str) -> None:
    text = BASE[file.removesuffix(".yaml")]
    whole = {f"{name}.yaml": content for name, content in BASE.items()}
    for end in range(0, len(text), 3):
        loaded = load_pack({**whole, file: text[:end]})
        assert loaded.pack is not None or loaded.errors
        assert all(finding.span is None or finding.span.file in whole for finding in loaded.findings)


def test_findings_of_several_files_come_in_order_and_none_hides_another() -> None:
    files = {
        "pack.yaml": BASE["pack"],
        "policies/a.yaml": POLICY,
        "policies/b.yaml": POLICY,
        "rules/a.yaml": RULE.replace("author.posts", "author.post"),
        "rules/b.yaml": RULE.replace("spam", "spma") + RULE.replace("one", "two"),
        "rules/c.yaml": RULE.replace("one", "two").replace("> 3", ">> 3"),
        "rules/sub/d.yaml": RULE,
        "lists/x.csv": "a,b\n",
        "tests/a.yaml": "- test: t\n  fires: [three]\n",
    }
    found = [(finding.span.file, finding.code) for finding in load_pack(files).findings if finding.span]
    assert found == sorted(found, key=lambda one: one[0])
    assert {
        ("lists/x.csv", "P010"),
        ("policies/b.yaml", "P013"),
        ("rules/a.yaml", "P103"),
        ("rules/b.yaml", "P310"),
        ("rules/c.yaml", "P102"),
        ("rules/sub/d.yaml", "P010"),
        ("tests/a.yaml", "P401"),
    } <= set(found)

"""What changes the digest of a rule: its meaning does, its writing, its place and its stage do not.

A digest that stays while the meaning changes lets a replay call two rules the same; one that changes without need
makes people read differences that are none.
"""

from __future__ import annotations

from typing import Any

import pytest

from hakam.policy.pack import Pack, load_pack
from hakam.vocabulary.harm import Harm

RULE = """\
- rule: one
  policy: spam
  stage: live
  about: The first.
  when: contains_any(text.folded, list("bad")) and (newcomer or author.posts < 3)
  then: ['limit_reach(days=2)', 'review(queue="spam", urgency=0.5)']
"""
OTHER = """\
- rule: other
  policy: spam
  stage: live
  when: known(extra.karma) or any_in(links.domains, list("hosts"))
  then: [remove]
"""
FILES = {
    "pack.yaml": (
        'id: sample\nversion: "1"\nmaturity: test\nlanguages: [en]\nextra:\n  karma: number\n  vip: boolean\n'
    ),
    "policies.yaml": """\
- policy: spam
  harm: spam
  severity: 20
  title: {en: Spam}
  text: {en: Do not send spam.}
  ladder: [limit_reach, remove]
- policy: fraud
  harm: fraud.financial
  severity: 60
  title: {en: Fraud}
  text: {en: Do not cheat.}
  ladder: [limit_reach, remove]
""",
    "terms.yaml": 'newcomer: author.age < "7d"\n',
    "rules.yaml": RULE + OTHER,
    "lists/bad.txt": "free money\nربح سريع\n",
    "lists/hosts.txt": "# kind: domains\nevil.example\n",
}


@pytest.fixture(scope="module", name="harm")
def harm_fixture() -> str:
    """Return the harm of the second clause: any but the first's."""
    return next(str(harm) for harm in Harm if str(harm) != "spam")


def load(harm: str, *changes: tuple[str, str, str], drop: str = "", **files: str) -> Pack:
    """Load the pack after replacing texts in its files."""
    pack = {**FILES, **files}
    pack["policies.yaml"] = pack["policies.yaml"].replace("fraud.financial", harm)
    for file, old, new in changes:
        assert old in pack[file], old
        pack[file] = pack[file].replace(old, new)
    pack.pop(drop, None)
    loaded = load_pack(pack)
    assert loaded.pack is not None, loaded.errors
    return loaded.pack


def digests(pack: Pack) -> tuple[str, str]:
    """Return the digests of the two rules."""
    return pack.rule("one").digest, pack.rule("other").digest


SAME = {
    "spaces": ("rules.yaml", "newcomer or author.posts < 3", "newcomer  or   author.posts<3"),
    "more brackets": ("rules.yaml", "author.posts < 3", "(author.posts < 3)"),
    "another quote": ("rules.yaml", 'list("bad")', "list('bad')"),
    "folded alike in a list": ("lists/bad.txt", "free money", "FREE   Money!"),
    "another order of a list": (
        "lists/bad.txt",
        "free money\nربح سريع\n",
        "# a remark\nربحٌ سريع\n\nfree money\n",
    ),
    "a host in capitals": ("lists/hosts.txt", "evil.example", "EVIL.example."),
    "the stage": ("rules.yaml", "stage: live", "stage: canary 5%"),
    "what it is about": ("rules.yaml", "The first.", "Something else."),
    "what it is about, in languages": ("rules.yaml", "The first.", "{en: The first., ar: الأولى}"),
    "the version": ("pack.yaml", 'version: "1"', 'version: "2"'),
    "a new term": ("terms.yaml", "newcomer", "old: author.posts > 3\nnewcomer"),
    "a field that no rule reads": ("pack.yaml", "vip: boolean", "vip: text"),
    "the same duration": ("terms.yaml", '"7d"', '"1w"'),
    "the text of the clause": ("policies.yaml", "Do not send spam.", "No spam at all."),
    "one more step on the ladder": (
        "policies.yaml",
        "[limit_reach, remove]",
        "[limit_reach, remove, suspend]",
    ),
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_what_leaves_the_meaning_leaves_the_digest(harm: str, change: tuple[str, str, str]) -> None:
    before, after = load(harm), load(harm, change)
    assert digests(before) == digests(after)
    assert before.ref.digest != after.ref.digest  # the pack's is of its letters


ONE = {
    "a number": ("rules.yaml", "author.posts < 3", "author.posts < 4"),
    "a sign": ("rules.yaml", "author.posts < 3", "author.posts <= 3"),
    "and for or": ("rules.yaml", "newcomer or author", "newcomer and author"),
    "not": ("rules.yaml", "(newcomer or", "(not newcomer or"),
    "brackets that matter": (
        "rules.yaml",
        'contains_any(text.folded, list("bad")) and (newcomer or author.posts < 3)',
        'contains_any(text.folded, list("bad")) and newcomer or author.posts < 3',
    ),
    "a term": ("terms.yaml", '"7d"', '"8d"'),
    "a word more in its list": ("lists/bad.txt", "free money", "free money\nwin"),
    "a word less in its list": ("lists/bad.txt", "free money\n", ""),
    "part of words": ("rules.yaml", 'list("bad"))', 'list("bad"), words=False)'),
    "days": ("rules.yaml", "days=2", "days=3"),
    "no days": ("rules.yaml", "(days=2)", ""),
    "a territory": ("rules.yaml", "days=2", 'days=2, territory="DE"'),
    "a note": ("rules.yaml", "days=2", 'days=2, note="why"'),
    "the queue": ("rules.yaml", 'queue="spam"', 'queue="more"'),
    "the urgency": ("rules.yaml", "urgency=0.5", "urgency=0.6"),
    "no review": ("rules.yaml", ", 'review(queue=\"spam\", urgency=0.5)'", ""),
    "its clause": (
        "rules.yaml",
        "policy: spam\n  stage: live\n  about",
        "policy: fraud\n  stage: live\n  about",
    ),
}


@pytest.mark.parametrize("change", ONE.values(), ids=ONE)
def test_a_change_of_one_rule_changes_its_digest_alone(harm: str, change: tuple[str, str, str]) -> None:
    before, after = digests(load(harm)), digests(load(harm, change))
    assert before[0] != after[0]
    assert before[1] == after[1]


OTHERS = {
    "a host more": ("lists/hosts.txt", "evil.example", "evil.example\nworse.example"),
    "the type of a declared field": ("pack.yaml", "karma: number", "karma: text"),
    "another field": ("rules.yaml", "extra.karma", "extra.vip"),
}


@pytest.mark.parametrize("change", OTHERS.values(), ids=OTHERS)
def test_a_change_of_what_the_other_rule_reads_changes_the_other(
    harm: str, change: tuple[str, str, str]
) -> None:
    before, after = digests(load(harm)), digests(load(harm, change))
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_the_name_of_a_rule_is_part_of_it(harm: str) -> None:
    renamed = load(harm, ("rules.yaml", "rule: one", "rule: two")).rule("two").digest
    assert renamed != load(harm).rule("one").digest


def test_files_may_be_split_and_rules_may_change_places(harm: str) -> None:
    split = load(harm, drop="rules.yaml", **{"rules/a.yaml": OTHER, "rules/b.yaml": RULE})
    assert digests(split) == digests(load(harm))
    assert digests(load(harm, **{"rules.yaml": OTHER + RULE})) == digests(load(harm))


def test_a_checkout_with_other_line_ends_has_the_same_rules(harm: str) -> None:
    crlf = load(harm, **{path: text.replace("\n", "\r\n") for path, text in FILES.items()})
    assert digests(crlf) == digests(load(harm))


def test_no_two_changes_give_the_same_digest(harm: str) -> None:
    found: dict[Any, str] = {}
    for title, change in {**ONE, **OTHERS}.items():
        assert found.setdefault(digests(load(harm, change)), title) == title
    assert len(found) == len(ONE) + len(OTHERS)

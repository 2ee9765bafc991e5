"""Events on which a rule fires and on which it does not, made from the rule, judged by the engine of the door."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from benchmarks.backtest import pack as every_kind

from hakam.policy.counters import MemoryCounters
from hakam.policy.engine import compile_pack
from hakam.policy.fragments import event_of
from hakam.policy.interpret import leaf_outcome
from hakam.policy.pack import Pack, load_pack
from hakam.policy.tree import Constant, Counter, leaves, walk
from hakam.policy.witness import covering, judged, witness
from hakam.signals.measure import measure
from hakam.storage.packs import read_folder

MORE = (
    'event.kind not in ["post", "comment"] and event.hour >= 22',
    'event.weekday == 6 or event.at > "2026-03-01"',
    "known(author.followers) and not known(author.country)",
    "author.name == context.client and author.id != item.parent",
    'author.age < "7d" and text.word_count >= 30 and len(item.text) < 500',
    'similar(text.folded, "send me your wallet phrase now", at_least=0.8)',
    "text.length == 17",
    'extra.vip and not "x" in extra.tags and extra.karma != 3',
    'not (matches(text.folded, r"casino|bet[0-9]+") or len(item.links) > 2) and author.verified',
    'ends_with(item.title, "!") and starts_with(author.name, "admin")',
    "(author.posts + author.followers) * 2 > 900 and author.posts % 7 == 2",
    'item.language == "ar" and not any_in(links.domains, ["evil.example"])',
    'author.age < "3d" and not contains_any(folded(author.name), ["bob"])',
    'contains_any(folded(item.title), ["alpha"], words=False) and contains_any(folded(item.title), ["beta"])',
    r'known(item.text) and not matches(item.title, r"\?$") and starts_with(item.title, "so")',
)


def pack_of(conditions: tuple[str, ...]) -> Pack:
    loaded = load_pack(every_kind.files(conditions))
    assert loaded.pack is not None, loaded.errors
    return loaded.pack


def fires(pack: Pack, rule: str, fragment: dict[str, object]) -> bool:
    engine = compile_pack(pack)
    event = event_of(fragment)
    assert event is not None
    verdict = engine.judge(event, measure(event, engine.needs), MemoryCounters())
    assert not verdict.quarantined
    return rule in {firing.rule for firing in verdict.firings}


CONDITIONS = [
    one for one in (*every_kind.CONDITIONS, *MORE) if not one.startswith(("count", "distinct", "not count"))
]
BEYOND = ("text.script", "text.repairs")  # a text of another script, or of disguised letters, is not made


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_engine_says_what_the_search_said(condition: str) -> None:
    pack = pack_of((condition,))
    (rule,) = pack.rules
    made = covering(rule.when)
    for fragment, holds in made:
        assert fires(pack, rule.id, fragment) is holds, fragment
    assert {holds for _, holds in made} == (
        {False} if any(one in condition for one in BEYOND) else {True, False}
    )


def test_what_needs_a_past_is_not_looked_for() -> None:
    (rule,) = pack_of(('count(by=author.id, within="10m") > 30',)).rules
    assert witness(rule.when, holds=True) is None


@pytest.mark.parametrize("condition", [one for one in MORE if "similar" not in one])
def test_every_leaf_is_seen_both_ways(condition: str) -> None:
    (rule,) = pack_of((condition,)).rules
    met = set()
    for fragment, _ in covering(rule.when):
        found = judged(rule.when, fragment)
        assert found is not None
        met |= {(leaf.text, leaf_outcome(leaf, found[1]) is True) for leaf in leaves(rule.when)}
    assert met == {(leaf.text, way) for leaf in leaves(rule.when) for way in (True, False)}


def test_a_negative_differs_from_the_positive_by_little() -> None:
    (rule,) = pack_of(('word(text.folded, "casino") and author.posts < 5',)).rules
    positive = witness(rule.when, holds=True)
    assert positive == {"item": {"text": "casino"}, "author": {"posts": 4}}
    negative = witness(rule.when, holds=False, near=positive)
    assert negative is not None
    assert set(negative) | set(positive) == {"item", "author"}
    assert negative.get("author") == positive["author"] or negative.get("item") == positive["item"]


def test_what_can_never_hold_has_no_positive() -> None:
    (rule,) = pack_of(("author.posts < 5 and author.posts > 9",)).rules
    assert witness(rule.when, holds=True) is None
    assert {holds for _, holds in covering(rule.when)} == {False}


def test_most_rules_of_the_default_pack_are_exemplified() -> None:
    folder = Path(__file__).parents[2] / "src" / "hakam" / "packs" / "default"
    pack = load_pack(read_folder(folder)).pack
    assert pack is not None
    lacking, seen, wanted = [], 0, 0
    for rule in pack.rules:
        made = covering(rule.when)
        if True not in {holds for _, holds in made}:
            lacking.append(rule)
        ways = {
            (leaf, way)
            for leaf in leaves(rule.when)
            if not isinstance(leaf, Constant)
            for way in (True, False)
        }
        met = set()
        for fragment, _ in made:
            found = judged(rule.when, fragment)
            assert found is not None
            met |= {(leaf, leaf_outcome(leaf, found[1]) is True) for leaf, _ in ways}
        seen, wanted = seen + len(met & ways), wanted + len(ways)
    plain = [rule.id for rule in lacking if not any(isinstance(node, Counter) for node in walk(rule.when))]
    assert len(plain) <= 3, plain  # such as one that needs a text of disguised letters
    assert seen / wanted > 0.95


TABLE = Path(__file__).parent / "fixtures" / "witnesses.txt"
HEAD = "# What is made of each condition: `+` an event on which it holds, `-` one on which it does not.\n"


def made_of(condition: str) -> str:
    """Return the examples of a condition as a table has them."""
    (rule,) = pack_of((condition,)).rules
    lines = [
        f"{'+' if holds else '-'} {json.dumps(event, ensure_ascii=False)}"
        for event, holds in covering(rule.when)
    ]
    return "\n".join(lines)


def in_table() -> dict[str, str]:
    blocks = [block.strip("\n") for block in TABLE.read_text("utf-8").removeprefix(HEAD).split("\n\n")]
    return {block.partition("\n")[0]: block.partition("\n")[2] for block in blocks if block}


def test_the_table_can_be_written_anew() -> None:
    if os.environ.get("WRITE_WITNESSES"):
        TABLE.write_text(HEAD + "".join(f"\n{one}\n{made_of(one)}\n" for one in CONDITIONS), "utf-8")
    assert list(in_table()) == list(CONDITIONS)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_examples_are_these_to_the_letter(condition: str) -> None:
    assert made_of(condition) == in_table()[condition]

"""What is said of rules together is always so: brute force over all events of a small world never disagrees."""

# ruff: noqa: E501 -- tables of examples

from __future__ import annotations

from itertools import product
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.policy.interpret import Seen, outcome
from hakam.policy.pack import load_pack
from hakam.policy.semantics import alternatives, implies
from hakam.signals.measure import measure
from hakam.vocabulary.event import Event

WORLD = [
    {"posts": posts, "verified": verified, "country": country, "labels": labels}
    for posts, verified, country, labels in product(
        (None, 0, 1, 2, 3, 4, 5), (None, True, False), (None, "DE", "AT", "FR"), ([], ["a"], ["a", "b"])
    )
]


TEXTS = (
    None,
    "",
    "kill",
    "kill you",
    "you die",
    "skills",
    "a kill or two",
    "k i l l",
    "㏕l",
    "ⓚⓘⓛl",
    "k1ll ㎉",
)


def event_of(author: dict[str, Any], text: str | None = None) -> Event:
    known = {name: value for name, value in author.items() if value is not None}
    return msgspec.convert(
        {
            "id": "e",
            "platform": "p",
            "kind": "post",
            "at": "2026-01-01T00:00:00Z",
            "author": {"id": "a", **known},
            "item": {"id": "i", "text": text},
        },
        Event,
    )


EVENTS = [
    event_of(author, TEXTS[(n + more) % len(TEXTS)]) for more in (0, 3) for n, author in enumerate(WORLD)
]
SEEN = [Seen(event, measure(event)) for event in EVENTS]

leaf = st.one_of(
    st.tuples(st.sampled_from(["author.posts", "len(author.labels)"]), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), st.integers(-1, 6).map(str)).map(" ".join),
    st.tuples(st.integers(0, 5).map(str), st.sampled_from(["<", ">="]), st.just("author.posts")).map(" ".join),
    st.sampled_from(["author.verified", "author.verified == True", "known(author.posts)", "known(author.country)", '"a" in author.labels',
                     'any_in(author.labels, ["b"])', 'author.country == "DE"', 'author.country != "DE"', 'author.country in ["DE", "AT"]',
                     'author.country not in ["DE", "FR"]', "author.posts in [1, 2]", "author.posts not in [2, 3]",
                     'any_in(author.labels, ["a", "b"])', '"b" in author.labels', "author.posts > 2.5", "author.posts == 2.5",
                     "author.verified == False", "author.verified != True", "event.hour > 22", "text.length < 5"]),
    st.sampled_from(["author.posts % 2 == 1", "author.posts % 3 > 2", "author.posts % -2 < 0", "author.posts + 1 < 1", "author.posts * 2 - 1 >= 0",
                     "author.posts != author.posts", "author.posts <= author.posts", "author.posts / 2 == 0", "text.length < 4", "text.length == 8",
                     "text.word_count < 2", "len(text.folded) > 6", "item.text == item.text"]),
    st.sampled_from(['word(text.folded, "kill")', 'word(text.folded, "kill you")', 'word(text.folded, "kill", "die")',
                     'contains_any(text.folded, ["kill"], words=False)', 'contains_any(text.folded, ["kill", "die"], words=False)',
                     'contains_any(text.raw, ["skill"], words=False)', 'matches(text.folded, "kill|die")', 'word(text.folded, "you")']),
)  # fmt: skip
condition = st.recursive(
    leaf,
    lambda below: st.one_of(
        below.map(lambda one: f"not ({one})"),
        st.lists(below, min_size=2, max_size=3).map(lambda some: f"({' and '.join(some)})"),
        st.lists(below, min_size=2, max_size=3).map(lambda some: f"({' or '.join(some)})"),
    ),
    max_leaves=7,
)


@given(condition, condition)
@settings(max_examples=400, deadline=None)
def test_what_is_said_is_so(packs: Any, one: str, other: str) -> None:
    first, second = packs.load(one, other).pack.rules
    ways, others = alternatives(first.when), alternatives(second.when)
    fires = [outcome(first.when, seen) is True for seen in SEEN]
    if ways is not None and not ways:
        assert not any(fires)
    if ways is not None and others is not None and implies(ways, others):
        assert all(
            outcome(second.when, seen) is True for seen, fired in zip(SEEN, fires, strict=True) if fired
        )


@pytest.mark.parametrize(
    "when",
    [
        "author.posts > 5 and author.posts < 3",
        "author.posts > 5 and author.posts <= 5",
        "author.posts == 3 and author.posts != 3",
        "author.posts == 3 and author.posts > 3",
        'author.country == "DE" and author.country == "AT"',
        'author.country in ["DE"] and author.country not in ["DE", "AT"]',
        "author.verified and not author.verified",
        "author.verified and not known(author.verified)",
        "not known(author.posts) and author.posts > 3",
        "len(author.labels) < 0",
        'count(by=author.id, within="1h") < 0',
        "author.posts > 3 and (author.posts < 2 or author.posts == 1)",
        "not (author.posts > 3 or author.posts <= 3)",
        'word(text.folded, "a") and not word(text.folded, "a")',
        "3 > author.posts and 5 < author.posts",
        "author.posts > 3 and author.posts < 4",
        "author.posts < 0",
        "author.posts == 2.5",
        "event.hour > 23",
        "event.weekday == 0",
        "text.length < 0",
        'author.age < "0s"',
        'count(by=author.id, within="1h") > 3 and count(by=author.id, within="1h") < 4',
        "extra.vip == True and not extra.vip",
        "author.verified and author.verified == False",
        '"a" in item.hashtags and len(item.hashtags) == 0',
        'any_in(author.labels, ["a"]) and len(author.labels) < 1',
        '"a" in author.labels and not any_in(author.labels, ["a", "b"])',
        'word(text.folded, "kill") and not word(text.folded, "kill", "die")',
        'word(text.folded, "kill you") and not word(text.folded, "kill")',
        'contains_any(item.title, ["kill you"], words=False) and not contains_any(item.title, ["kill"], words=False)',
        'text.length < 3 and word(text.folded, "kill")',
        'text.length <= 3 and word(text.folded, "مرحبا", "kill you")',
        'word(text.folded, "kill you") and text.word_count < 2',
        'contains_any(text.raw, ["kill"], words=False) and len(text.raw) == 3',
        'contains_any(text.folded, ["kill"], words=False) and len(text.folded) < 4',
        'starts_with(item.title, "kill") and len(item.title) < 4',
        'ends_with(folded(item.title), "kill") and (len(item.title) < 2 or len(folded(item.title)) < 4)',
        'count(by=author.id, within="10m") > 5 and count(by=author.id, within="1h") < 3',
        'count(by=author.id, within="1m") > 5 and count(by=author.id, within="1h") > 2 and count(by=author.id, within="7d") in [1, 3]',
        'distinct(item.thread, per=author.id, within="10m") >= 4 and distinct(item.thread, per=author.id, within="1d") < 4',
        'sum(item.reach, per=author.id, within="10m") > 100 and sum(item.reach, per=author.id, within="1d") < 99.5',
        'sum(item.reach, per=author.id, within="1h") < 0',
        "author.posts % 2 == 2",
        "author.posts % 2 > 1",
        "author.posts % 10 == 2.5",
        "author.posts % -3 > 0",
        "extra.karma % 5 > 5",
        "author.posts + 3 < 3",
        "author.posts * 2 + 1 == 2.5",
        "-author.posts > 0",
        'author.age / 60 < "0s"',
        'rate(by=author.id, within="2m") < 0',
        "author.posts != author.posts",
        "author.posts < author.posts",
        "not (author.posts >= author.posts)",
        "item.title != item.title",
        "author.posts + 1 > author.posts + 1",
    ],
)
def test_a_rule_that_can_never_fire_is_named(packs: Any, when: str) -> None:
    assert "P601" in packs.codes(when)


@pytest.mark.parametrize(
    "when",
    [
        "author.posts > 5 or author.posts < 3",
        "author.posts >= 5 and author.posts <= 5",
        "not known(author.posts) or author.posts > 3",
        'sum(extra.karma, per=author.id, within="1h") < 0',
        'author.country in ["DE", "AT"] and author.country not in ["DE"]',
        "extra.karma > 3 and extra.karma < 4",  # may have a fraction
        "extra.karma < 0",
        "author.posts > 3 and author.posts < 5",
        'word(text.folded, "kill") and not word(text.folded, "kill you")',
        'word(text.folded, "kill", "die") and not word(text.folded, "kill")',
        'word(text.folded, "you kill") and not word(text.folded, "ou ki")',
        'contains_any(text.folded, ["kill"]) and not contains_any(text.raw, ["kill"], words=False)',
        '"a" in author.labels and len(author.labels) == 1',
        '"a" in author.labels and not "b" in author.labels',
        'text.length < 2 and word(text.folded, "kcal")',  # one character does
        'text.length < 4 and word(text.folded, "kill")',  # kil, which ends in a ligature
        'text.length < 4 and word(text.folded, "kill", "die")',
        'text.length < 4 and contains_any(text.folded, ["kill"], words=False)',
        'text.length < 3 and not word(text.folded, "kill")',
        'len(item.title) < 3 and word(text.folded, "kill")',
        'text.word_count < 2 and contains_any(text.folded, ["kill you"], words=False)',
        'text.length < 3 and matches(text.folded, "kill")',
        'count(by=author.id, within="10m") < 3 and count(by=author.id, within="1h") > 5',
        'count(by=author.id, within="10m") > 5 and count(by=item.thread, within="1h") < 3',
        'count(by=author.id, within="10m", where=author.posts > 3) > 5 and count(by=author.id, within="1h") < 3',  # by their own newest times
        'sum(extra.karma, per=author.id, within="10m") > 5 and sum(extra.karma, per=author.id, within="1h") < 3',
        "author.posts % 2 == 1",
        "author.posts % 2.5 > 1",
        "extra.karma % 5 == 5",  # of numbers with a fraction
        "extra.karma % -5 < 0",
        "author.posts - author.followers < 0",
        "extra.karma * author.posts < 0",
        "author.posts / author.posts > 1",
        "author.posts <= author.posts",
        "author.posts != author.followers",
        " and ".join(f"(author.posts == {n} or author.verified)" for n in range(9)),  # too many ways to tell
    ],
)
def test_of_a_rule_that_can_fire_nothing_is_said(packs: Any, when: str) -> None:
    assert "P601" not in packs.codes(when)


@pytest.mark.parametrize(
    ("when", "said", "at"),
    [
        ("author.verified or event.hour > 23", "`event.hour > 23` is never so", 20),
        ("author.posts % 2 == 2 or author.verified", "`author.posts % 2 == 2` is never so", 1),
        ("author.verified and text.length >= 0", "`text.length >= 0` is so whenever it is known", 21),
        ("author.posts == author.posts", "`author.posts == author.posts` is so whenever it is known", 1),
    ],
)
def test_a_part_that_says_nothing_is_named_where_it_stands(packs: Any, when: str, said: str, at: int) -> None:
    (found,) = [one for one in packs.load(when).findings if one.code in {"P113", "P601"}]
    assert (found.code, found.message, found.span.column - 4) == ("P113", said, at)


def test_the_part_that_keeps_a_rule_from_firing_is_named(packs: Any) -> None:
    given = packs.load("author.verified and author.posts % 2 == 2").findings
    (found,) = [one for one in given if one.code in {"P113", "P601"}]
    assert (found.code, found.hint) == (
        "P601",
        "`author.posts % 2 == 2` is never so; another value may be meant",
    )


def test_a_parameter_may_switch_a_part_off(packs: Any) -> None:
    files = packs.files("author.verified and author.posts >= params.fewest")
    files["params.yaml"] = "- param: fewest\n  type: number\n  default: 0\n  least: 0\n  most: 9\n"
    loaded = load_pack(files)
    assert loaded.pack is not None
    assert not [one for one in loaded.findings if one.code in {"P113", "P601"}]


def test_a_rule_that_adds_nothing_is_named(packs: Any) -> None:
    found = packs.load(
        "author.posts > 3", "author.posts > 5 and author.verified", "author.posts > 2 or author.verified"
    )
    messages = [finding.message for finding in found.findings if finding.code == "P603"]
    assert messages == [
        "`r0` adds nothing: whenever it fires, `r2` does the same",
        "`r1` adds nothing: whenever it fires, `r0` does the same",
    ]
    assert "P603" not in packs.codes("author.posts > 3", "author.posts < 5")
    twins = [
        f.message for f in packs.load("author.posts > 3", "author.posts > 3").findings if f.code == "P603"
    ]
    assert twins == ["`r1` adds nothing: whenever it fires, `r0` does the same"]  # once, of the later one


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ('word(text.folded, "kill")', 'word(text.folded, "die", "kill")'),
        ('word(text.folded, "kill you", "to kill it")', 'word(text.folded, "kill")'),
        ('"a" in author.labels', 'any_in(author.labels, ["a", "b"])'),
        ('not any_in(author.labels, ["a", "b"])', 'not "a" in author.labels'),
        ('author.posts > 3 and word(text.folded, "x1")', "author.posts >= 4"),
        ("author.verified == True and author.posts > 1", "author.verified"),
        ('any_in(author.labels, ["a"])', "len(author.labels) > 0"),
    ],
)
def test_terms_of_which_another_rule_looks_for_more_add_nothing(packs: Any, narrow: str, wide: str) -> None:
    found = packs.load(narrow, wide).findings
    assert "`r0` adds nothing: whenever it fires, `r1` does the same" in [one.message for one in found]


def test_what_is_always_known_is_not_asked_for(packs: Any) -> None:
    for field in ("event.at", "author.id", "author.labels"):
        (found,) = [
            one for one in packs.load(f"known({field}) and author.posts > 3").findings if one.code == "P113"
        ]
        assert found.message == f"`{field}` is always known"
    assert "P113" not in packs.codes("known(author.posts)")


def test_rules_that_do_more_or_stand_elsewhere_are_not_named(packs: Any) -> None:
    files = packs.files("author.posts > 3")
    more = packs.files("author.posts > 5", then="[remove]")["rules.yaml"].replace("r0", "r1")
    farther = packs.files("author.posts > 5")["rules.yaml"].replace("r0", "r1")
    for rules in (files["rules.yaml"] + more, files["rules.yaml"].replace("live", "shadow") + farther):
        found = load_pack({**files, "rules.yaml": rules}).findings
        assert not [finding for finding in found if finding.code in {"P603", "P604"}]


def test_the_same_judged_under_two_clauses_is_named(packs: Any) -> None:
    files = packs.files("author.posts > 3")
    other = files["policies.yaml"].replace("policy: spam", "policy: scam")
    twin = packs.files("not (author.posts <= 3)", policy="scam")["rules.yaml"].replace("r0", "r1")
    found = load_pack(
        {**files, "policies.yaml": files["policies.yaml"] + other, "rules.yaml": files["rules.yaml"] + twin}
    )
    assert [finding.message for finding in found.findings if finding.code == "P604"] == [
        "`r1` and `r0` judge the same under different clauses"
    ]


def test_a_rule_that_many_others_cover_is_named_once(packs: Any) -> None:
    found = packs.load(*(f"author.posts > {n}" for n in range(30))).findings
    idle = [finding.message.split("`")[1] for finding in found if finding.code == "P603"]
    assert len(idle) == len(set(idle)) == 29


def pair(packs: Any, then: str, *, stage: str = "live", when: str = "not (author.posts <= 3)") -> set[str]:
    """Return what is found of a live rule that limits reach, and of another one of the same clause."""
    files = packs.files("author.posts > 3")
    twin = (
        packs.files(when, then=then)["rules.yaml"]
        .replace("r0", "r1")
        .replace("stage: live", f"stage: {stage}")
    )
    return {
        finding.code for finding in load_pack({**files, "rules.yaml": files["rules.yaml"] + twin}).findings
    }


def test_two_rules_that_ask_for_different_measures_contradict(packs: Any) -> None:
    assert "P602" in pair(packs, "[remove]")
    assert "P602" in pair(packs, "[limit_reach(days=9)]")


def test_rules_that_may_well_stand_beside_each_other_do_not(packs: Any) -> None:
    assert "P602" not in pair(packs, "[limit_reach]")  # which adds nothing
    assert "P602" not in pair(packs, "[remove]", stage="shadow")  # tries another measure
    assert "P602" not in pair(packs, "['review(queue=\"spam\")']")  # one acts, one asks
    assert "P602" not in pair(packs, "[remove]", when="author.posts > 9")  # the next step of a ladder

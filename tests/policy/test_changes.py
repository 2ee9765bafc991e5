"""What would have turned a rule: the nearest value, the fewest parts, and nothing that the rule does not bear out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hakam.policy import changes
from hakam.policy.changes import Change, Turn, ways
from hakam.policy.interpret import Seen, leaf_outcome, outcome
from hakam.policy.tree import leaves
from hakam.signals.measure import ALL_NEEDS, measure
from hakam.testing import scene
from hakam.vocabulary.event import Event

MakeEvent = Callable[..., Event]


def turned(packs: Any, when: str, event: Event) -> list[str]:
    """Return what would have turned a condition, each way as its changes."""
    condition = packs.engine(when).rules[0].when
    return [" & ".join(map(said, way.changes)) for way in ways(condition, seen_in(event))]


def seen_in(event: Event) -> Seen:
    return Seen(event, measure(event, ALL_NEEDS))


def said(change: Change) -> str:
    return " ".join(str(part) for part in (change.text, change.turn, change.limit) if part)


NUMBERS = [
    ("author.posts >= 5", 9, ["author.posts below 5"]),
    ("author.posts > 5", 9, ["author.posts at most 5"]),
    ("author.posts <= 5", 9, ["author.posts at most 5"]),
    ("author.posts < 5", 9, ["author.posts below 5"]),
    ("author.posts == 5", 9, ["author.posts equal 5"]),
    ("author.posts != 5", 9, ["author.posts equal 5"]),
    ("5 < author.posts", 9, ["author.posts at most 5"]),
    ("not author.posts >= 5", 9, ["author.posts below 5"]),
    ("author.posts >= 5 and author.posts >= 8", 9, ["author.posts below 8"]),
    ("author.posts >= 5 or author.posts >= 8", 9, ["author.posts below 5"]),
    ("author.posts > 3 and author.posts < 12", 9, ["author.posts at least 12", "author.posts at most 3"]),
    ("author.posts < 3 or author.posts > 12", 9, ["author.posts above 12", "author.posts below 3"]),
    ("author.posts >= 0 or author.posts < 0", 9, []),
]


BETWEEN_VALUES = [
    # what is held against something else as well goes with it
    ("author.followers < author.posts and author.posts <= 0", {"posts": 4, "followers": 2}, []),
    ("author.followers < author.posts and author.posts <= 8", {"posts": 9, "followers": 2}, ["author.posts at most 8"]),
    ("author.followers < author.posts and author.posts <= 8", {"posts": 5, "followers": 2},
     ["author.followers < author.posts false", "author.posts at most 2", "author.posts above 8"]),
    ("author.posts - author.followers > 1 and author.posts < 5", {"posts": 6, "followers": 4}, []),
    ("author.posts - author.followers > 1 and author.posts < 5", {"posts": 6, "followers": 1},
     ["author.posts below 5"]),
]  # fmt: skip


@pytest.mark.parametrize(("when", "author", "wanted"), BETWEEN_VALUES)
def test_a_number_is_turned_with_all_that_reads_it(
    packs: Any, make_event: MakeEvent, when: str, author: dict[str, int], wanted: list[str]
) -> None:
    assert turned(packs, when, make_event(author=author)) == wanted


@pytest.mark.parametrize(("when", "posts", "wanted"), NUMBERS, ids=[row[0] for row in NUMBERS])
def test_of_a_number_the_nearest_that_turns_it_in_each_direction(
    packs: Any, make_event: MakeEvent, when: str, posts: int, wanted: list[str]
) -> None:
    assert turned(packs, when, make_event(author={"posts": posts})) == wanted


def test_a_limit_of_time_is_written_as_people_write_it(packs: Any) -> None:
    event = scene.event("x")
    condition = packs.engine('author.age < "7d"').rules[0].when
    young = Seen(_with(event, days=3), measure(event))
    (way,) = ways(condition, young)
    assert way.changes == (Change(Turn.AT_LEAST, "author.age", "1w", "3d"),)
    assert str(way.changes[0]) == "if `author.age` were at least 1w (it was 3d)"


def _with(event: Event, days: int) -> Event:
    from datetime import timedelta  # noqa: PLC0415 -- here alone

    from msgspec.structs import replace  # noqa: PLC0415 -- here alone

    return replace(event, author=replace(event.author, created_at=event.at - timedelta(days=days)))


def test_where_no_single_change_does_it_the_fewest_together_do(packs: Any, make_event: MakeEvent) -> None:
    event = make_event("free money", author={"posts": 2})
    when = 'word(text.folded, "money") or author.posts < 5'
    assert turned(packs, when, event) == ['word(text.folded, "money") absent & author.posts at least 5']
    when = '(word(text.folded, "cash") and author.posts > 5) or (author.followers > 3 and author.verified)'
    found = turned(packs, when, make_event("x", author={"posts": 2, "followers": 1, "verified": True}))
    assert found == ["author.followers above 3"]


def test_parts_that_hang_together_are_not_promised_to_part(packs: Any, make_event: MakeEvent) -> None:
    when = "author.verified or not author.verified"
    assert turned(packs, when, make_event(author={"verified": True})) == []


def test_what_is_missing_is_missing_for_all_parts(packs: Any, make_event: MakeEvent) -> None:
    event = make_event(author={"posts": 2})
    assert turned(packs, "known(author.posts) and author.posts > 1", event) == [
        "author.posts missing",
        "author.posts at most 1",
    ]
    assert turned(packs, "not known(author.posts)", event) == ["author.posts missing"]
    assert turned(packs, "not known(author.posts)", make_event()) == ["author.posts known"]


def test_texts_and_lists_are_turned_as_a_whole(packs: Any, make_event: MakeEvent) -> None:
    event = make_event("x", author={"labels": ["new"]})
    assert turned(packs, '"new" in author.labels', event) == ['"new" in author.labels false']
    assert turned(packs, 'word(text.folded, "cash")', event) == ['word(text.folded, "cash") found']
    assert turned(packs, "True", event) == []


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (Change(Turn.BELOW, "x", "5", 9), "if `x` were below 5 (it was 9)"),
        (Change(Turn.EQUAL, "x", "5"), "if `x` were 5 (it was unknown)"),
        (Change(Turn.OTHER, "x", "5", 5), "if `x` were other than 5 (it was 5)"),
        (Change(Turn.FOUND, "x"), "if `x` had found something"),
        (Change(Turn.ABSENT, "x", value="a"), "if `x` had not found 'a'"),
        (Change(Turn.ABSENT, "x"), "if `x` were known to find nothing"),
        (Change(Turn.MISSING, "x", value=1), "if `x` were missing"),
        (Change(Turn.TRUE, "x"), "if `x` were true"),
        (Change(Turn.TRUE, "x", value=False), "if `x` were true"),
        (Change(Turn.TRUE, "x", value="de"), "if `x` were true (it saw 'de')"),
        (Change(Turn.FALSE, "x", value=0), "if `x` were false (it saw 0)"),
        (Change(Turn.TRUE, "x", unknown=True), "if `x` were true (what it reads was unknown)"),
        (Change(Turn.FOUND, "x", unknown=True), "if `x` had found something (what it reads was unknown)"),
    ],
)
def test_each_change_can_be_said(change: Change, wanted: str) -> None:
    assert str(change) == wanted


@pytest.mark.parametrize(
    ("when", "change"),
    [
        ('item.language in ["ar"]', Change(Turn.TRUE, 'item.language in ["ar"]', value="en")),
        ('author.country in ["DE"]', Change(Turn.TRUE, 'author.country in ["DE"]', unknown=True)),
        ('event.kind in ["comment"]', Change(Turn.TRUE, 'event.kind in ["comment"]', value="post")),
        ('"new" in author.labels', Change(Turn.TRUE, '"new" in author.labels', value=["old"])),
        ("author.verified", Change(Turn.TRUE, "author.verified", unknown=True)),
        (
            'word(folded(item.title), "cash")',
            Change(Turn.FOUND, 'word(folded(item.title), "cash")', unknown=True),
        ),
        ('word(text.folded, "cash")', Change(Turn.FOUND, 'word(text.folded, "cash")')),
        ("author.posts > 5", Change(Turn.ABOVE, "author.posts", "5", unknown=True)),
        ("author.followers > 5", Change(Turn.ABOVE, "author.followers", "5", 2)),
        ("not known(author.followers)", Change(Turn.MISSING, "author.followers", value=2)),
    ],
)
def test_what_was_seen_is_told_and_what_was_not_known(
    packs: Any, make_event: MakeEvent, when: str, change: Change
) -> None:
    event = make_event("x", author={"followers": 2, "labels": ["old"]}, item={"language": "en"})
    (way,) = ways(packs.engine(when).rules[0].when, seen_in(event))
    assert way.changes == (change,)
    assert way.changes[0].value.__class__ is change.value.__class__  # as it is read back from JSON


def test_nothing_is_told_that_would_have_to_be_there_and_missing(packs: Any, make_event: MakeEvent) -> None:
    condition = packs.engine("author.followers > 3 and not known(author.followers)").rules[0].when
    assert ways(condition, seen_in(make_event("cash", author={"followers": 0}))) == ()


@pytest.mark.parametrize(
    ("when", "wanted"),
    [
        ("author.followers > 3 and not known(author.followers)", []),
        ("author.followers > 3 and author.followers < 2", []),  # no number is both
        ("author.followers > 3 and author.followers < 9", ["author.followers above 3 & author.followers below 9"]),
        ("author.followers > 3 and author.followers == 3.5", ["author.followers above 3 & author.followers equal 3.5"]),
        ("known(author.followers) and author.followers > 3", ["author.followers above 3"]),
        ("author.followers > 3 or known(author.followers)",
         ["author.followers above 3", "author.followers at most 3", "author.followers known"]),
    ],
)  # fmt: skip
def test_of_an_unknown_number_only_what_one_number_can_be(
    packs: Any, make_event: MakeEvent, when: str, wanted: list[str]
) -> None:
    found = turned(packs, when, make_event("hello", author={}))
    assert found == wanted


PARTS = st.sampled_from(
    ["author.posts >= 5", "author.posts < 8", "author.posts == 2", "author.followers > 3", "author.verified",
     'word(text.folded, "cash")', '"new" in author.labels', "known(author.followers)", "True",
     "author.posts < author.followers", "author.posts - author.followers > 1", "author.followers * 2 == author.posts"]
)  # fmt: skip
CONDITIONS = st.recursive(
    PARTS,
    lambda below: st.one_of(
        below.map(lambda one: f"not ({one})"),
        st.lists(below, min_size=2, max_size=3).map(lambda many: " and ".join(f"({one})" for one in many)),
        st.lists(below, min_size=2, max_size=3).map(lambda many: " or ".join(f"({one})" for one in many)),
    ),
    max_leaves=6,
)
AUTHORS = st.fixed_dictionaries(
    {},
    optional={
        "posts": st.integers(0, 10),
        "followers": st.integers(0, 6),
        "verified": st.booleans(),
        "labels": st.sampled_from([["new"], ["old"]]),
    },
)


@settings(max_examples=150, deadline=None)
@given(when=CONDITIONS, author=AUTHORS, text=st.sampled_from(["cash", "hello"]))
@example(
    when="not ((author.posts >= 5) or (known(author.followers)))",
    author={"posts": 5, "followers": 0},
    text="cash",
)  # one value would have to be lower, and another missing
@example(
    when="(author.followers > 3) and (not (known(author.followers)))", author={"followers": 0}, text="cash"
)  # no value is both above 3 and missing
@example(
    when="(not (known(author.followers))) and (not (author.posts < 8)) and ((author.followers > 3) or (True))",
    author={"followers": 0, "posts": 5},
    text="cash",
)
def test_every_way_turns_the_outcome_and_names_what_it_turns(
    packs: Any, make_event: MakeEvent, when: str, author: dict[str, Any], text: str
) -> None:
    condition = packs.engine(when).rules[0].when
    seen = seen_in(make_event(text, author=author))
    fires = outcome(condition, seen) is True
    for way in ways(condition, seen):
        assert way.turned <= set(leaves(condition))
        assert way.changes
        forced = dict.fromkeys(way.turned)
        missing = [one.text for one in way.changes if one.turn is changes.Turn.MISSING]
        for leaf in way.turned:
            before = leaf_outcome(leaf, seen)
            forced[leaf] = None if any(changes._reads(leaf, text) for text in missing) else not before
            if isinstance(leaf, changes.Known):
                forced[leaf] = not before
        if None in {leaf_outcome(leaf, seen) for leaf in way.turned}:
            continue  # what was unknown may become either
        assert (outcome(condition, seen, forced) is True) is not fires


QUARTERS = [n / 4 for n in range(-80, 160)]  # numbers on either side of all that is asked for, and between
WHICH = {
    Turn.AT_LEAST: lambda value, limit: value == limit,
    Turn.AT_MOST: lambda value, limit: value == limit,
    Turn.EQUAL: lambda value, limit: value == limit,
    Turn.BELOW: lambda value, limit: value < limit,
    Turn.ABOVE: lambda value, limit: value > limit,
}  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(when=CONDITIONS, author=AUTHORS)
@example(
    when="(author.posts < author.followers) and (author.posts >= 5)", author={"posts": 9, "followers": 4}
)
@example(
    when="(author.posts - author.followers > 1) and (author.posts < 8)", author={"posts": 9, "followers": 6}
)
def test_a_number_that_is_as_was_told_turns_the_rule(
    packs: Any, make_event: MakeEvent, when: str, author: dict[str, Any]
) -> None:
    condition = packs.engine(when).rules[0].when
    seen = seen_in(make_event("hello", author=author))
    fires = outcome(condition, seen) is True
    for way in ways(condition, seen):
        (*_, change) = way.changes
        if (
            len(way.changes) > 1
            or change.turn not in WHICH
            or change.text not in {"author.posts", "author.followers"}
        ):
            continue
        fits = (value for value in QUARTERS if WHICH[change.turn](value, float(change.limit)))
        tried = (msgspec.structs.replace(seen, instead={change.text: value}) for value in fits)
        assert any((outcome(condition, one) is True) is not fires for one in tried), change

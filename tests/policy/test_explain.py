"""Explaining: the tree with its values, unknown told apart from false, and what would have turned it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hakam.policy.counters import MemoryCounters, RecordingCounters
from hakam.policy.engine import compile_pack
from hakam.policy.explain import ParamSeen, explain, show
from hakam.policy.interpret import both, either
from hakam.policy.pack import load_pack
from hakam.signals.measure import measure
from hakam.vocabulary.event import Event

MakeEvent = Callable[..., Event]


def explained(packs: Any, when: str, event: Event) -> Any:
    engine = packs.engine(when)
    counters = RecordingCounters(MemoryCounters())
    signals = measure(event, engine.needs)
    verdict = engine.judge(event, signals, counters)
    found = explain(engine, event, signals, counters.seen).rule("r0")
    assert (found.outcome is True) is bool(verdict.firings)
    return found


def test_the_tree_shows_each_part_with_its_value(packs: Any, make_event: MakeEvent) -> None:
    found = explained(
        packs, 'author.posts < 5 and not "trusted" in author.labels', make_event(author={"posts": 9})
    )
    assert found.outcome is False
    assert found.reason.joins == "and"
    few, negated = found.reason.parts
    assert (few.outcome, few.value, few.decides) == (False, 9, True)
    assert (negated.joins, negated.outcome, negated.parts[0].outcome, negated.parts[0].decides) == (
        "not",
        True,
        False,
        False,
    )
    assert found.changes == ("if `author.posts` were below 5 (it was 9)",)


def test_unknown_is_not_false(packs: Any, make_event: MakeEvent) -> None:
    found = explained(packs, "author.posts < 5 or author.followers < 5", make_event(author={"posts": 9}))
    assert found.outcome is None
    assert [part.outcome for part in found.reason.parts] == [False, None]
    assert found.changes == (
        "if `author.posts` were below 5 (it was 9)",
        "if `author.followers` were below 5 (it was unknown)",
    )
    text = show(found)
    assert text.startswith("r0 (live): unknown")
    assert "unknown author.followers < 5" in text


def test_each_leaf_that_alone_would_turn_a_firing_rule_is_named(packs: Any, make_event: MakeEvent) -> None:
    event = make_event("spam", author={"posts": 2})
    found = explained(
        packs,
        'word(text.folded, "spam") and (author.posts < 5 or author.posts < 3) and known(author.posts)',
        event,
    )
    assert found.outcome is True
    assert found.changes == (
        """if `word(text.folded, "spam")` had not found 'spam'""",
        "if `author.posts` were at least 5 (it was 2)",
        "if `author.posts` were missing",
    )
    assert found.reason.parts[0].value == "spam"


def test_counters_are_shown_as_they_were_seen(packs: Any, make_event: MakeEvent) -> None:
    found = explained(packs, 'count(by=author.id, within="1h") >= 3', make_event())
    assert found.reason.value == 1


def test_rules_that_fired_come_first(packs: Any, make_event: MakeEvent) -> None:
    engine = packs.engine("author.posts > 3", "author.posts > 1", "author.followers > 1")
    event = make_event(author={"posts": 2})
    found = explain(engine, event, measure(event, engine.needs), {})
    assert [rule.rule for rule in found.rules] == ["r1", "r2", "r0"]
    with pytest.raises(KeyError):
        found.rule("none")


TABLE = [
    (True, True, True, True),
    (True, None, None, True),
    (True, False, False, True),
    (None, True, None, True),
    (None, None, None, None),
    (None, False, False, None),
    (False, True, False, True),
    (False, None, False, None),
    (False, False, False, False),
]


@pytest.mark.parametrize(("one", "other", "and_", "or_"), TABLE)
def test_kleene(one: bool | None, other: bool | None, and_: bool | None, or_: bool | None) -> None:
    assert both([one, other]) is and_
    assert either([one, other]) is or_


@pytest.mark.parametrize(("one", "other", "and_", "or_"), TABLE)
def test_kleene_as_compiled(  # noqa: PLR0917 -- a row of the table
    packs: Any,
    make_event: MakeEvent,
    one: bool | None,
    other: bool | None,
    and_: bool | None,
    or_: bool | None,
) -> None:
    author = {} if one is None else {"verified": one}
    extra = {} if other is None else {"vip": other}
    event = make_event(author=author, extra=extra)
    for when, wanted in (("author.verified and extra.vip", and_), ("author.verified or extra.vip", or_)):
        assert packs.fires(when, event) is (wanted is True)
        assert packs.fires(f"not ({when})", event) is (wanted is False)


class TestCommunities:
    """What is off, or set otherwise, in the community of the event is said, and the explanation is of that."""

    PARAMS = "- param: most\n  type: number\n  least: 1\n  most: 100\n  default: 3\n"
    TUNED = "communities:\n  cooking: {params: {most: 50}}\n  chess: {without: [r0]}\n"

    def told(self, packs: Any, make_event: MakeEvent, community: str | None, posts: int | None = 20) -> Any:
        files = packs.files("author.posts > params.most and not author.verified", 'rule("r0")')
        loaded = load_pack({**files, "params.yaml": self.PARAMS, "tuned.yaml": self.TUNED})
        assert loaded.pack is not None, loaded.errors
        engine = compile_pack(loaded.pack)
        event = make_event(author={"posts": posts, "verified": False}, item={"community": community})
        signals = measure(event, engine.needs)
        found = explain(engine, event, signals, {})
        verdict = engine.judge(event, signals, MemoryCounters())
        assert {one.rule for one in found.rules if one.outcome} == {one.rule for one in verdict.firings}
        return found

    @pytest.mark.parametrize("community", [None, "gardens"])
    def test_where_nothing_is_set_the_rule_is_explained_as_it_is_written(
        self, packs: Any, make_event: MakeEvent, community: str | None
    ) -> None:
        found = self.told(packs, make_event, community).rule("r0")
        assert (found.outcome, found.off_in) == (True, "")
        assert [part.text for part in found.reason.parts] == [
            "author.posts > params.most",
            "not author.verified",
        ]
        assert found.changes == (
            "if `author.posts` were at most 3 (it was 20)",
            "if `author.verified` were true",
        )
        assert found.params == (ParamSeen("most", "3", "3"),)
        assert "  params.most is 3\n" in show(found)

    def test_a_value_of_the_community_is_the_one_that_is_told(
        self, packs: Any, make_event: MakeEvent
    ) -> None:
        found = self.told(packs, make_event, "cooking").rule("r0")
        assert found.outcome is False
        assert found.changes == ("if `author.posts` were above 50 (it was 20)",)
        assert found.params == (ParamSeen("most", "50", "3", "cooking"),)
        assert "params.most is 50 in the community `cooking`, 3 elsewhere" in show(found)

    @pytest.mark.parametrize(("posts", "would"), [(20, True), (2, False), (None, None)])
    def test_a_rule_that_is_off_says_so_and_what_its_condition_says(
        self, packs: Any, make_event: MakeEvent, posts: int | None, would: bool | None
    ) -> None:
        told = self.told(packs, make_event, "chess", posts)
        found = told.rule("r0")
        assert (found.outcome, found.off_in, found.reason.outcome) == (False, "chess", would)
        assert found.ways == ()
        text = show(found)
        assert text.startswith("r0 (live): no, switched off in the community `chess`; its condition alone:\n")
        assert "otherwise" not in text
        assert not any(word in text for word in ("item.community", "elsewhere"))
        assert told.rule("r1").off_in == ""  # a rule that needs its condition is not off with it
        assert told.rule("r1").outcome is would

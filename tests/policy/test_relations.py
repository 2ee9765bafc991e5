"""What values say of each other, against a real engine: a rule that is said never to fire fires on no stream."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hakam.policy.counters import MemoryCounters
from hakam.policy.engine import compile_pack
from hakam.policy.interpret import Seen, value_of
from hakam.policy.relations import interval, is_whole, lengths
from hakam.policy.tree import Compare, Search
from hakam.signals.measure import measure
from hakam.signals.shortest import fewest_characters
from hakam.vocabulary.event import Event

START = datetime(2026, 1, 1, tzinfo=UTC)
COUNTED = ("count(by=author.id, ", "distinct(item.thread, per=author.id, ", "sum(item.reach, per=author.id, ",
           "sum(extra.karma, per=author.id, ")  # fmt: skip

compared = st.tuples(
    st.sampled_from(COUNTED),
    st.sampled_from(["1m", "10m", "1h"]),
    st.sampled_from(["<", "<=", ">", ">=", "=="]),
    st.integers(0, 6),
).map(lambda one: f'{one[0]}within="{one[1]}") {one[2]} {one[3]}')
rule = st.lists(compared, min_size=2, max_size=3).map(" and ".join)
moments = st.lists(
    st.tuples(
        st.integers(0, 5_000), st.integers(0, 1), st.integers(0, 3), st.integers(0, 3), st.integers(-3, 3)
    ),
    min_size=40,
    max_size=80,
)


def event(n: int, second: int, *rest: int) -> Event:
    author, thread, reach, karma = rest
    return msgspec.convert(
        {
            "id": f"e{n}",
            "platform": "p",
            "kind": "post",
            "at": START + timedelta(seconds=second),
            "author": {"id": f"a{author}", "posts": thread, "followers": reach},
            "item": {"id": f"i{n}", "thread": f"t{thread}", "reach": reach, "text": "x" * thread},
            "extra": {"karma": karma},
        },
        Event,
    )


@given(st.lists(rule, min_size=8, max_size=8, unique=True), moments)
@settings(max_examples=25, deadline=None)
def test_what_windows_say_of_each_other_is_so(
    packs: Any, rules: list[str], stream: list[tuple[int, ...]]
) -> None:
    """Late events too: up to an hour, as far as counters are exact."""
    loaded = packs.load(*rules)
    never = {f.message.split("`")[1] for f in loaded.findings if f.code == "P601"}
    assume(never)
    engine, counters, newest = compile_pack(loaded.pack), MemoryCounters(), 0
    for n, (second, *rest) in enumerate(stream):
        at = max(second, newest - 3_500)
        newest = max(at, newest)
        verdict = engine.judge(event(n, at, *rest), measure(event(n, at, *rest), engine.needs), counters)
        assert not never & {firing.rule for firing in verdict.firings}


number = st.recursive(
    st.sampled_from(["author.posts", "author.followers", "extra.karma", "text.length", "len(author.labels)"]),
    lambda below: st.one_of(
        st.tuples(below, st.sampled_from("+-*%"), below).map(lambda one: f"({' '.join(one)})"),
        st.tuples(
            below, st.sampled_from(["%", "/", "*", "+", "-", "//"]), st.sampled_from(["2", "3", "2.5", "-3"])
        ).map(lambda one: f"({' '.join(one)})"),
    ),
    max_leaves=4,
)


@given(number, moments)
@settings(max_examples=60, deadline=None)
def test_a_calculation_lies_in_its_interval(packs: Any, of: str, stream: list[tuple[int, ...]]) -> None:
    loaded = packs.load(f"{of} > 5")
    assume(loaded.pack is not None)
    compare = loaded.pack.rules[0].when
    assert isinstance(compare, Compare)
    least, most = interval(compare.left)
    assert least <= most
    for n, moment in enumerate(stream):
        one = event(n, *moment)
        found = value_of(compare.left, Seen(one, measure(one)))
        if found is not None:
            assert least <= found <= most
            assert not is_whole(compare.left) or found == int(found)


def test_long_lists_cost_nothing_where_no_length_is_asked_for(packs: Any) -> None:
    """How short a text may be that holds a term is worked out only beside a bound of its length."""
    terms = ", ".join(f'"phrase number {n}"' for n in range(300))
    compare = packs.load(f"contains_any(text.folded, [{terms}])").pack.rules[0].when
    assert isinstance(compare, Search)
    before = fewest_characters.cache_info().misses
    assert not list(lengths(compare, frozenset({"author.posts"})))
    assert fewest_characters.cache_info().misses == before
    assert dict(lengths(compare, frozenset({"text.length", "text.word_count"}))) == {
        "text.length": min(fewest_characters(f"phrase number {n}") for n in range(300)),
        "text.word_count": 3,
    }

"""The generated function against the plain interpreter, on generated conditions and events; and what it is made of."""
# ruff: noqa: E501, ARG005 -- tables of examples

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hakam.policy import compile, gates, generate, scan  # noqa: A004 -- the module
from hakam.policy.compile import guard
from hakam.policy.counters import MemoryCounters, RecordingCounters
from hakam.policy.interpret import Seen, outcome
from hakam.policy.scan import find_in
from hakam.policy.tree import Search
from hakam.signals.fold import fold
from hakam.signals.measure import measure
from hakam.vocabulary.event import Event

NUMBERS = ("author.followers", "author.posts", 'scores["toxicity"]', "extra.karma", "item.reach", "text.length",
           "len(item.mentions)", "len(author.name)", "item.media_count")  # fmt: skip
TEXTS = ("author.country", "author.name", "context.client", "extra.plan", "item.parent")
BOOLEANS = ("author.verified", "extra.vip")
LISTS = ("item.mentions", "author.labels", "extra.tags", "links.hosts", "item.hashtags")
WORDS = ("free", "money", "spam", "ربح", "سريع", "Ünï", "a1")
COUNTERS = (
    'count(by=author.id, within="10m")',
    'distinct(author.id, per=context.client, within="1h")',
    'count(within="10m", where=author.verified)',
    'count(by=(author.id, item.parent), within="10m", where=not author.verified)',
)

small = st.integers(-3, 6)
quoted = st.sampled_from(WORDS).map(lambda word: f'"{word}"')
number = st.recursive(
    st.sampled_from((*NUMBERS, *COUNTERS)) | small.map(str) | st.just("0.5"),
    lambda below: st.tuples(below, st.sampled_from(["+", "-", "*", "/", "//", "%"]), below).map(
        lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
    ),
    max_leaves=3,
)
sign = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
fixed = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True).map(
    lambda words: "[" + ", ".join(f'"{word}"' for word in words) + "]"
)
leaf = st.one_of(
    st.tuples(st.sampled_from((*NUMBERS, *COUNTERS)), sign, number).map(" ".join),
    st.tuples(small.map(str), sign, st.sampled_from(NUMBERS), sign, small.map(str)).map(" ".join),
    st.tuples(st.sampled_from(TEXTS), st.sampled_from(["==", "!="]), quoted | st.sampled_from(TEXTS)).map(" ".join),
    st.tuples(st.sampled_from(TEXTS), st.sampled_from(["in", "not in"]), fixed).map(" ".join),
    st.tuples(st.sampled_from(NUMBERS), st.sampled_from(["in [1, 2]", "not in [0, 3]", "not in [2]"])).map(" ".join),
    st.tuples(quoted, st.sampled_from(["in", "not in"]), st.sampled_from(LISTS)).map(" ".join),
    st.tuples(st.sampled_from(LISTS), fixed).map(lambda parts: f"any_in({parts[0]}, {parts[1]})"),
    st.tuples(st.sampled_from((*TEXTS, *NUMBERS, *BOOLEANS, "text.raw", *COUNTERS))).map(lambda p: f"known({p[0]})"),
    st.sampled_from(BOOLEANS),
    st.sampled_from([f"{field} == {value}" for field in BOOLEANS for value in ("True", "False")]),
    fixed.map(lambda words: f"contains_any(text.folded, {words})"),
    fixed.map(lambda words: f"contains_any(text.raw, {words}, words=False)"),
    quoted.map(lambda word: f"word(text.folded, {word})"),
    st.tuples(st.sampled_from(["author.name", "item.text", "context.client", "extra.plan"]), quoted, fixed).flatmap(
        lambda parts: st.sampled_from(
            [f"word(folded({parts[0]}), {parts[1]})", f"contains_any(folded({parts[0]}), {parts[2]})",
             f"contains_any(folded({parts[0]}), {parts[2]}, words=False)", f"contains_any({parts[0]}, {parts[2]}, words=False)",
             f'matches(folded({parts[0]}), r"fre+")', f'matches(folded({parts[0]}), r"سر[يا]ع", words=True)']
        )
    ),
    st.sampled_from([r"fre+", r"[a-z]{4}", r"m.n", r"سر[يا]ع", r"\d\d", "(?i)SPAM"]).flatmap(
        lambda p: st.sampled_from(
            [f'matches(text.folded, r"{p}")', f'matches(text.raw, r"{p}")', f'matches(author.name, r"{p}")',
             f'matches(item.mentions, r"{p}")', f'matches(text.folded, r"{p}", words=True)']
        )
    ),
    quoted.map(lambda word: f"starts_with(author.name, {word})"),
    quoted.map(lambda word: f"ends_with(text.folded, {word})"),
    st.sampled_from(['author.age < "1d"', 'author.age + "1h" >= "2d"', 'event.at > "2026-01-01"', 'event.at - author.created_at > "1d"',
                     "extra.joined < event.at", 'text.language == "ar"', 'item.kind == "post"', 'item.audience != "public"']),
)  # fmt: skip
condition = st.recursive(
    leaf,
    lambda below: st.one_of(
        below.map(lambda one: f"not ({one})"),
        st.lists(below, min_size=2, max_size=3).map(lambda some: f"({' and '.join(some)})"),
        st.lists(below, min_size=2, max_size=3).map(lambda some: f"({' or '.join(some)})"),
    ),
    max_leaves=8,
)

word = st.sampled_from(WORDS)
text = st.lists(word | st.sampled_from(["!", "\n", "رِبـح", "FREE", "spаm", "\u200b", "12"]), max_size=6).map(
    " ".join
)
maybe = lambda strategy: st.none() | strategy  # noqa: E731 -- a word for a strategy
scalar = st.one_of(
    word, small, st.booleans(), st.floats(allow_nan=False, allow_infinity=False), st.just(10**400)
)
events = st.fixed_dictionaries(
    {
        "at": st.sampled_from(["2026-03-01T12:00:00Z", "2026-03-01T12:00:00", "2025-12-01T12:00:00+03:00"]),
        "kind": st.sampled_from(["post", "comment"]),
        "author": st.fixed_dictionaries(
            {"id": st.sampled_from(["a1", "a2"])},
            optional={
                "name": word | text, "followers": small.map(abs), "posts": small.map(abs) | st.just(10**400),
                "verified": st.booleans(), "country": word.filter(lambda w: False) | st.sampled_from(["DE", "FR"]),
                "labels": st.lists(word, max_size=3),
                "created_at": st.sampled_from(["2026-02-28T13:00:00Z", "2020-01-01T00:00:00", "2030-01-01T00:00:00Z"]),
            },
        ),
        "item": st.fixed_dictionaries(
            {"id": st.just("i1")},
            optional={
                "text": text, "mentions": st.lists(word, max_size=3), "hashtags": st.lists(word, max_size=2),
                "parent": word, "reach": small.map(abs), "audience": st.sampled_from(["public", "private"]),
                "links": st.lists(st.sampled_from(["https://free.example/x", "http://money/"]), max_size=2),
                "media": st.just([{"mime": "image/png"}, {}]),
            },
        ),
    },
    optional={
        "context": st.fixed_dictionaries({}, optional={"client": word}),
        "scores": st.fixed_dictionaries({}, optional={"toxicity": st.floats(0, 1) | st.just(1e308)}),
        "extra": st.fixed_dictionaries(
            {}, optional={"karma": scalar, "vip": scalar, "plan": scalar, "tags": st.lists(scalar, max_size=2) | scalar,
                          "joined": scalar | st.just("2026-01-01T00:00:00Z")},
        ),
    },
)  # fmt: skip


def event_of(data: dict[str, Any], n: int) -> Event:
    return msgspec.convert({"id": f"e{n}", "platform": "test", **data}, Event)


@given(
    st.lists(condition, min_size=1, max_size=6),
    st.lists(events, min_size=1, max_size=5),
    st.tuples(st.sampled_from([1, 2, 3]), st.sampled_from([0, 400]), st.sampled_from([1, 100])),
)
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_compiled_and_interpreted_agree(
    packs: Any, conditions: list[str], data: list[dict[str, Any]], limits: tuple[int, int, int]
) -> None:
    both = [*conditions, *(f"not ({one})" for one in conditions)]
    fewest, many, crowd = limits
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gates, "FEWEST", fewest)  # gates before all rules, or before many only
        patch.setattr(scan, "MANY_WORDS", many)  # words looked up one by one, or in the scan
        patch.setattr(compile, "CROWD", crowd)  # other texts scanned once for all, or by each predicate
        engine = packs.engine(*both)
    counters = RecordingCounters(MemoryCounters())
    for n, fields in enumerate(data):
        event = event_of(fields, n)
        signals = measure(event, engine.needs)
        counters.start()
        verdict = engine.judge(event, signals, counters)
        assert verdict.quarantined == ()
        seen = Seen(event, signals, counters.seen)
        wanted = {rule.id for rule in engine.rules if outcome(rule.when, seen) is True}
        assert {firing.rule for firing in verdict.firings} == wanted, engine.source
        for place in range(len(conditions)):
            assert (
                not {f"r{place}", f"r{place + len(conditions)}"} <= wanted
            )  # never a thing and its opposite


@given(
    st.lists(condition, min_size=1, max_size=4),
    st.lists(events, min_size=1, max_size=4),
    st.sampled_from([0, 400]),
    st.sampled_from([1, 100]),
)
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_values_of_a_verdict_are_those_of_the_interpreter(
    packs: Any, conditions: list[str], data: list[dict[str, Any]], many: int, crowd: int
) -> None:
    from hakam.policy.engine import values_of  # noqa: PLC0415
    from hakam.policy.generate import shown  # noqa: PLC0415 -- the inner form of what a verdict shows

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "MANY_WORDS", many)
        patch.setattr(compile, "CROWD", crowd)
        engine = packs.engine(*conditions)
    counters = RecordingCounters(MemoryCounters())
    for n, fields in enumerate(data):
        event = event_of(fields, n)
        signals = measure(event, engine.needs)
        counters.start()
        for firing in engine.judge(event, signals, counters).firings:
            rule = engine.pack.rule(firing.rule)
            wanted = shown(values_of(rule, Seen(event, signals, counters.seen)))
            assert msgspec.to_builtins(firing.values) == msgspec.to_builtins(wanted)
            assert msgspec.json.decode(msgspec.json.encode(firing), type=type(firing)) == firing


def test_a_rule_that_needs_a_hit_is_guarded(packs: Any) -> None:
    engine = packs.engine(
        'word(text.folded, "spam") and author.posts < 5',
        'word(text.folded, "spam") or word(text.folded, "free")',
        'word(text.folded, "spam") or author.posts < 5',
        'not word(text.folded, "spam")',
        'not (not word(text.folded, "spam") or author.verified)',
        "author.posts < 5",
    )
    assert [guard(rule.when, lambda node: isinstance(node, Search)) is not None for rule in engine.rules] == [
        True,
        True,
        False,
        False,
        True,
        False,
    ]
    assert engine._program.guarded == {0, 1, 4}


def test_many_rules_on_one_other_text_ask_one_scan(
    packs: Any, make_event: Callable[..., Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def told(text: str) -> str:
        read.append(text)
        return fold(text)

    monkeypatch.setattr(generate, "fold", told)
    asks = [
        f'item.kind == "post" and contains_any(folded(item.text), ["word{n}", "great offer {n}"])'
        for n in range(30)
    ]
    several = packs.engine(*asks[: compile.CROWD - 1], 'starts_with(folded(item.text), "spam")')
    assert several._program.guarded == set()
    engine = packs.engine(*asks, 'not word(folded(item.text), "word7")')
    assert engine._program.guarded == set(range(30))
    assert engine.source.count("SCAN_0.found(") == 1
    assert "SCAN_1" not in engine.source
    for text, fires in [("Wоrd7, and a GREAT offer 12!", {"r7", "r12"}), ("words7", {"r30"}), (None, set())]:
        read.clear()
        event = make_event(text)
        verdict = engine.judge(event, measure(event, engine.needs), MemoryCounters())
        assert {firing.rule for firing in verdict.firings} == fires
        assert len(read) == (text is not None)  # for all rules, and for what the verdict tells
    event = make_event("A GREAT,  offer 12!")
    told_of = {
        f.rule: f.values for f in engine.judge(event, measure(event, engine.needs), MemoryCounters()).firings
    }
    assert "great offer 12" in told_of["r12"].values()


def test_shared_parts_are_computed_once(packs: Any, make_event: Callable[..., Event]) -> None:
    engine = packs.engine(*(f'author.posts > {n} and matches(author.name, r"x+y")' for n in range(5)))
    scope = engine._program.judge.__globals__
    (name,) = [name for name in scope if name.startswith("FIND_")]
    calls: list[str] = []
    scope[name] = calls.append  # finds nothing, and remembers that it was asked
    event = make_event(author={"posts": 9, "name": "zzz"})
    engine.judge(event, measure(event, engine.needs), MemoryCounters())
    assert calls == ["zzz"]


def test_what_a_pattern_found_is_told_without_looking_again(
    packs: Any, make_event: Callable[..., Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []

    def counting(search: Search) -> Callable[[Any], str | None]:
        find = find_in(search)

        def look(value: Any) -> str | None:
            calls.append(value)
            return find(value)

        return look

    monkeypatch.setattr(generate, "find_in", counting)
    engine = packs.engine('matches(author.name, r"x+y")', 'matches(item.links, r"evil[.]")')
    event = make_event(author={"name": "axxy"}, item={"links": ["https://evil.example"]})
    verdict = engine.judge(event, measure(event, engine.needs), MemoryCounters())
    assert [list(one.values.values()) for one in verdict.firings] == [["xxy"], ["evil."]]
    assert calls == ["axxy", ("https://evil.example",)]


def test_a_gate_spares_the_rules_behind_it(packs: Any, make_event: Callable[..., Event]) -> None:
    engine = packs.engine(*(f'author.posts > {n + 10} and matches(author.name, r"x+{n}")' for n in range(4)))
    assert engine.source.count("if g:") == 1
    scope = engine._program.judge.__globals__
    calls: list[str] = []
    for name in [name for name in scope if name.startswith("FIND_")]:
        scope[name] = calls.append
    for posts in (3, 11):
        event = make_event(author={"posts": posts, "name": "zzz"})
        engine.judge(event, measure(event, engine.needs), MemoryCounters())
    assert calls == ["zzz"]  # the first event opens no gate, the second one rule behind it


def test_equal_searches_are_one_in_the_scan(packs: Any) -> None:
    engine = packs.engine(
        'word(text.folded, "spam")', 'contains_any(text.folded, ["spam"])', 'word(text.folded, "SPAM")'
    )
    assert "2 in H" not in engine.source
    assert "1 in H" not in engine.source


def test_deep_and_wide_conditions_compile(packs: Any, make_event: Callable[..., Event]) -> None:
    deep = "author.verified"
    for n in range(18):
        deep = f"({deep} or author.posts == {n}) and author.followers != {n}" if n % 2 else f"not ({deep})"
    wide = " or ".join(f"author.posts == {n}" for n in range(300))
    engine = packs.engine(deep, wide)
    event = make_event(author={"posts": 299, "followers": 1000, "verified": True})
    seen = Seen(event, measure(event, engine.needs))
    fired = {f.rule for f in engine.judge(event, seen.signals, MemoryCounters()).firings}
    assert fired == {rule.id for rule in engine.rules if outcome(rule.when, seen)}
    assert "r1" in fired


@pytest.mark.parametrize(("when", "fires"), [("author.posts / author.followers > 0", False), ("not (author.posts / author.followers > 0)", False), ("known(author.posts / author.followers)", False), ("not known(author.posts / author.followers)", True)])  # fmt: skip
def test_division_by_nothing_is_unknown(
    packs: Any, make_event: Callable[..., Event], when: str, fires: bool
) -> None:
    assert packs.fires(when, make_event(author={"posts": 1, "followers": 0})) is fires


def test_what_is_not_a_number_is_unknown(packs: Any, make_event: Callable[..., Event]) -> None:
    event = make_event()
    event.scores["toxicity"] = math.nan
    for when in ("< 0.5", ">= 0.5", "== 0.5", "!= 0.5", "in [0.5, 0.7]", "not in [0.5, 0.7]", "not in [0.5]"):
        assert not packs.fires(f'scores["toxicity"] {when}', event)
        assert not packs.fires(f'not (scores["toxicity"] {when})', event)
    assert not packs.fires('known(scores["toxicity"])', event)


@pytest.mark.parametrize("separator", ["\x00", "\x1f", "1\x1f", "\x1f1\x1f", ":"])
def test_no_two_keys_of_a_counter_become_one(packs: Any, make_event: Any, separator: str) -> None:
    """Whoever may choose an id can't count into the window of somebody else."""
    engine = packs.engine('count(by=(author.id, item.community), within="1h") >= 2')
    counters = MemoryCounters()
    pairs = [
        (f"a{separator}", "b"),
        ("a", f"{separator}b"),
        ("a", f"b{separator}"),
        (f"a{separator}{separator}", "b"),
        ("a", f"{separator}{separator}b"),
    ]
    for author, community in pairs:
        event = make_event("x", author={"id": author}, item={"community": community})
        assert not engine.judge(event, measure(event, engine.needs), counters).firings
    again = make_event("x", author={"id": f"a{separator}"}, item={"community": "b"})
    assert engine.judge(again, measure(again, engine.needs), counters).firings

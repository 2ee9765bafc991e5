"""What rules say beyond one event: sums, rates, marks, likeness, other rules, parameters, communities."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.policy.counters import MemoryCounters, PeekingCounters, RecordedCounters, RecordingCounters
from hakam.policy.engine import Engine
from hakam.policy.pack import Loaded, load_pack
from hakam.policy.similarity import similarity
from hakam.signals.fold import fold_words
from hakam.signals.measure import measure
from hakam.vocabulary.event import Event

MakeEvent = Callable[..., Event]
PARAMS = """\
- param: most_posts
  type: number
  default: 5
  least: 1
  most: 50
  about: posts an hour
- param: young
  type: duration
  default: 1d
  least: 1h
  most: 30d
"""


def fires(engine: Engine, event: Event, counters: Any) -> list[str]:
    return [firing.rule for firing in engine.judge(event, measure(event, engine.needs), counters).firings]


def later(event: Event, seconds: float, **author: Any) -> Event:
    changed = msgspec.structs.replace(event.author, **author)
    return msgspec.structs.replace(event, at=event.at + timedelta(seconds=seconds), author=changed)


def load(packs: Any, *conditions: str, **files: str) -> Loaded:
    return load_pack({**packs.files(*conditions), **{f"{name}.yaml": text for name, text in files.items()}})


def codes(loaded: Loaded) -> list[str]:
    return [finding.code for finding in loaded.findings if finding.code not in {"P021", "P404"}]


# Counters


def test_a_sum_is_of_the_events_of_the_window(packs: Any, make_event: MakeEvent) -> None:
    engine = packs.engine('sum(item.reach, per=author.id, within="10m") >= 100')
    counters = MemoryCounters()
    first = make_event(item={"reach": 60})
    assert fires(engine, first, counters) == []
    assert fires(engine, later(first, 300), counters) == ["r0"]
    assert fires(engine, later(make_event(), 400), counters) == ["r0"]  # an unknown number adds nothing
    assert fires(engine, later(make_event(), 700), counters) == []  # the first has left the window
    assert engine.judge(later(first, 701), measure(first, engine.needs), counters).firings[0].values == {
        'sum(item.reach, per=author.id, within="10m") >= 100': 120
    }


amounts = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.floats(-1e6, 1e6), st.integers(0, 2_000)), max_size=30
)


@given(amounts, st.sampled_from([60.0, 600.0]))
@settings(max_examples=200, deadline=None)
def test_sums_are_those_of_an_exact_reference(given_: list[tuple[str, float, int]], within: float) -> None:
    counters, peeking = MemoryCounters(), MemoryCounters()
    all_: list[tuple[str, float, float]] = []
    for key, amount, at in given_:
        newest = max([when for who, _, when in all_ if who == key] + [at])
        all_.append((key, amount, at))
        wanted = sum(much for who, much, when in all_ if who == key and newest - within < when)
        if at > newest - within:
            assert PeekingCounters(peeking).total("n", key, amount, at, within, add=True) == pytest.approx(
                wanted
            )
        assert peeking.total("n", key, amount, at, within, add=True) == pytest.approx(wanted)
        assert counters.total("n", key, amount, at, within, add=True) == pytest.approx(wanted)
    assert counters.entries <= 2 * len(given_)


def test_a_rate_is_in_events_a_minute(packs: Any, make_event: MakeEvent) -> None:
    engine = packs.engine('rate(by=author.id, within="2m") > 1')
    counters = MemoryCounters()
    event = make_event()
    assert [bool(fires(engine, later(event, n), counters)) for n in range(4)] == [False, False, True, True]


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ('sum(author.name, per=author.id, within="1h") > 3', "P503"),
        ('sum(count(by=author.id, within="1h"), per=author.id, within="1h") > 3', "P503"),
        ('sum(item.reach, within="90d") > 3', "P501"),
        ("rate(by=author.id) > 3", "P105"),
        ('marked("x", on="thread")', "P106"),
        ('marked(author.id, on="author")', "P106"),
        ('marked("nobody-sets-it", on="author")', "P125"),
        ('similar(author.name, "send me your wallet", at_least=0.8)', "P106"),
        ('similar(text.folded, "ab", at_least=0.8)', "P106"),
        ('similar(text.folded, "send me your wallet", at_least=80)', "P106"),
        ("similar(text.folded, author.name, at_least=0.5)", "P106"),
        ('rule("r7")', "P124"),
        ('rule("r0")', "P117"),
        ("rule(author.id)", "P106"),
        ("author.posts > params.nothing", "P103"),
        ('author.country in territory("Atlantis")', "P106"),
        ('author.followers in territory("EU")', "P112"),
        ("author.country in territory()", "P106"),
    ],
)
def test_mistakes_are_named(packs: Any, when: str, code: str) -> None:
    assert code in packs.codes(when)


def test_two_platforms_never_share_a_counter(packs: Any, make_event: MakeEvent) -> None:
    engine = packs.engine(
        'count(by=author.id, within="10m") >= 2',
        'count(within="10m") >= 2',
        'count(by=(author.id, item.id), within="10m") >= 2',
    )
    counters = MemoryCounters()
    assert fires(engine, make_event(), counters) == []
    assert fires(engine, make_event(platform="other"), counters) == []
    assert fires(engine, make_event(), counters) == ["r0", "r1", "r2"]


# Marks


MARKING = '[limit_reach, \'mark("burner", on="author", expires="1h")\']'


def marking(packs: Any, stage: str = "live") -> Engine:
    files = packs.files("author.posts > 3", then=MARKING, stage=stage)
    more = packs.files('marked("burner", on="author")')["rules.yaml"].replace("r0", "r1")
    return packs.engine_of({**files, "rules.yaml": files["rules.yaml"] + more})


def test_a_mark_is_seen_by_later_events_until_it_expires(packs: Any, make_event: MakeEvent) -> None:
    engine, counters = marking(packs), MemoryCounters()
    loud = make_event(author={"posts": 4})
    assert fires(engine, loud, counters) == ["r0"]  # not by the event that set it
    quiet = later(loud, 60, posts=1)
    assert fires(engine, quiet, counters) == ["r1"]
    assert fires(engine, later(quiet, 3_500), counters) == ["r1"]
    assert fires(engine, later(quiet, 3_600), counters) == []
    assert fires(engine, later(quiet, 60, id="someone-else"), counters) == []


def test_a_mark_of_a_shadow_rule_is_not_set(packs: Any, make_event: MakeEvent) -> None:
    engine, counters = marking(packs, "shadow"), MemoryCounters()
    loud = make_event(author={"posts": 4})
    fires(engine, loud, counters)
    assert fires(engine, later(loud, 1), counters) == ["r0"]


def test_marks_are_replayed_as_they_were_seen(packs: Any, make_event: MakeEvent) -> None:
    engine, counters = marking(packs), RecordingCounters(MemoryCounters())
    loud = make_event(author={"posts": 4})
    for event in (loud, later(loud, 1)):
        counters.start()
        verdict = engine.judge(event, measure(event, engine.needs), counters)
        assert engine.judge(event, measure(event, engine.needs), RecordedCounters(counters.seen)) == verdict
    assert counters.seen == {"mark author burner": 1}
    fired = engine.fired(later(loud, 2), measure(loud, engine.needs), counters)
    assert [engine.rules[n].id for n in fired] == ["r0", "r1"]


def test_looking_sets_no_mark(packs: Any, make_event: MakeEvent) -> None:
    engine, counters = marking(packs), MemoryCounters()
    loud = make_event(author={"posts": 4})
    fires(engine, loud, PeekingCounters(counters))
    assert fires(engine, later(loud, 1), counters) == ["r0"]


def test_a_mark_has_one_life(packs: Any) -> None:
    both = '[\'mark("x", on="item", expires="1h")\', \'mark("x", on="item", expires="2h")\']'
    assert "P312" in packs.codes("author.verified", then=both)
    for wrong in (
        'mark("x")',
        'mark("X Y", on="item", expires="1h")',
        'mark("x", on="thread", expires="1h")',
        'mark("x", on="item", expires="90d")',
    ):
        assert "P302" in packs.codes("author.verified", then=f"[{wrong!r}]")


# Likeness


@pytest.mark.parametrize(
    ("text", "alike"),
    [
        ("Send me your WALLET phrase now", 1.0),
        ("send me your wallet phrase now!!!", 1.0),
        ("Please send me your wallet phrase now", 0.85),
        ("the weather is lovely today", 0.0),
    ],
)
def test_likeness(text: str, alike: float) -> None:
    target = fold_words("send me your wallet phrase now")
    assert similarity(fold_words(text), target) == pytest.approx(alike, abs=0.15)
    assert similarity(None, target) is None


@given(st.text(max_size=60), st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_likeness_is_that_of_a_plain_reference(one: str, other: str) -> None:
    one, other = fold_words(one), fold_words(other)
    first, second = ({text[n : n + 3] for n in range(len(text) - 2)} for text in (one, other))
    wanted = len(first & second) / len(first | second) if first | second else 0.0
    assert similarity(one, other) == wanted
    assert 0 <= wanted <= 1


def test_a_rule_asks_for_likeness(packs: Any, make_event: MakeEvent) -> None:
    condition = 'similar(text.folded, "أرسل لي عبارة محفظتك الآن", at_least=0.8)'
    assert packs.fires(condition, make_event("ارسل لي عبارة محفظتك الان"))
    assert not packs.fires(condition, make_event("الطقس جميل اليوم"))
    assert not packs.fires(condition, make_event())
    assert not packs.fires(f"not {condition}", make_event())
    assert packs.fires(
        'similar(folded(author.name), "support team") > 0.5', make_event(author={"name": "Support Team"})
    )


# Other rules


def test_a_rule_builds_on_another(packs: Any, make_event: MakeEvent) -> None:
    engine = packs.engine('rule("r1") and author.verified', "author.posts > 3", 'not rule("r1")')
    for posts, verified, wanted in ((4, True, ["r0", "r1"]), (4, False, ["r1"]), (3, True, ["r2"])):
        assert (
            fires(engine, make_event(author={"posts": posts, "verified": verified}), MemoryCounters())
            == wanted
        )
    assert (
        fires(engine, make_event(author={"verified": True}), MemoryCounters()) == []
    )  # unknown, and so its opposite


def test_rules_in_a_circle_are_refused_where_they_stand(packs: Any) -> None:
    assert packs.codes('rule("r1")', 'rule("r0")').count("P117") == 2


# Parameters and communities


def test_a_parameter_has_its_default_until_it_is_tuned(packs: Any, make_event: MakeEvent) -> None:
    conditions = ("author.posts > params.most_posts", "author.age < params.young")
    tuned = load(packs, *conditions, params=PARAMS, tuned="params: {most_posts: 9}\n")
    default = load(packs, *conditions, params=PARAMS)
    assert default.pack is not None, default.errors
    assert tuned.pack is not None, tuned.errors
    event = make_event(author={"posts": 7, "created_at": "2026-03-01T01:00:00Z"})
    assert fires(packs.engine_of(default.pack.files), event, MemoryCounters()) == ["r0", "r1"]
    engine = packs.engine_of(tuned.pack.files)
    assert fires(engine, event, MemoryCounters()) == ["r1"]
    assert tuned.pack.ref != default.pack.ref
    assert (
        tuned.pack.rule("r0").digest != default.pack.rule("r0").digest
    )  # the verdict tells which value judged
    assert tuned.pack.rule("r1").digest == default.pack.rule("r1").digest
    assert {name: param.value for name, param in tuned.pack.params.items()} == {
        "most_posts": 9,
        "young": 86_400,
    }
    (firing,) = engine.judge(event, measure(event, engine.needs), MemoryCounters()).firings
    assert list(firing.values) == ["author.age < params.young"]


COMMUNITIES = (
    "communities:\n  games: {params: {most_posts: 20}, without: [r1]}\n  news: {params: {most_posts: 1}}\n"
)


@pytest.mark.parametrize(
    ("community", "posts", "wanted"),
    [
        ("games", 7, []),
        ("games", 21, ["r0"]),
        ("news", 2, ["r0", "r1"]),
        ("other", 7, ["r0", "r1"]),
        (None, 7, ["r0", "r1"]),
    ],
)
def test_a_community_has_its_own_values_and_rules(
    packs: Any, make_event: MakeEvent, community: str | None, posts: int, wanted: list[str]
) -> None:
    conditions = ("author.posts > params.most_posts", "author.verified", "author.age < params.young")
    loaded = load(packs, *conditions, params=PARAMS, tuned=COMMUNITIES)
    assert loaded.pack is not None, loaded.errors
    item = {} if community is None else {"community": community}
    event = make_event(author={"posts": posts, "verified": True}, item=item)
    assert fires(packs.engine_of(loaded.pack.files), event, MemoryCounters()) == wanted


@pytest.mark.parametrize(
    ("params", "tuned", "code"),
    [
        (PARAMS.replace("type: number", "type: text"), "", "P011"),
        (PARAMS.replace("default: 5", "default: 500"), "", "P017"),
        (PARAMS.replace("default: 5", "default: five"), "", "P009"),
        (PARAMS.replace("default: 1d", "default: 1 day"), "", "P109"),
        (PARAMS.replace("young", "most_posts"), "", "P013"),
        (PARAMS, "params: {most_posts: 51}\n", "P017"),
        (PARAMS, "params: {most_post: 5}\n", "P103"),
        (PARAMS, "- params\n", "P009"),
        (PARAMS, "communities: {games: {of: [r0]}}\n", "P007"),
        (PARAMS, "communities: {games: {without: [r9]}}\n", "P124"),
        (PARAMS, "communities: {games: 3}\n", "P009"),
        (PARAMS, "communities: [games]\n", "P009"),
    ],
)
def test_mistakes_in_parameters_are_named(packs: Any, params: str, tuned: str, code: str) -> None:
    found = load(packs, "author.posts > params.most_posts", params=params, tuned=tuned)
    assert code in codes(found)
    assert all(finding.span is not None for finding in found.findings if finding.code == code)


def test_a_parameter_that_no_rule_reads_is_named(packs: Any) -> None:
    found = load(packs, "author.posts > params.most_posts", params=PARAMS).findings
    assert any("`young`" in finding.message for finding in found if finding.code == "P021")


# Fields


def test_territories_and_times(packs: Any, make_event: MakeEvent) -> None:
    event = make_event(
        author={"country": "FR"}, item={"links": ["https://X.example/a/b?c#d", "https://y.example"]}
    )
    assert packs.fires('author.country in territory("EU")', event)
    assert packs.fires('author.country in territory("GCC", "FR")', event)
    assert packs.fires('author.country not in territory("GCC")', event)
    assert packs.fires("event.hour == 12 and event.weekday == 7", event)
    assert packs.fires('"/a/b" in links.paths and "/" in links.paths', event)
    assert not packs.fires("known(links.paths)", make_event())

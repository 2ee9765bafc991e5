"""Lists outside packs: exact whatever is asked, refused when damaged, known to the checker, named in the verdict."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.policy.counters import NO_COUNTERS
from hakam.policy.coverage import disagreements, generated_events
from hakam.policy.engine import compile_pack
from hakam.policy.interpret import Seen, outcome
from hakam.policy.lists import MAX_TERMS, ListKind
from hakam.policy.outside import PRESUMED, BadListError, OutsideList, pack_list, problem_of
from hakam.policy.pack import load_pack
from hakam.signals.measure import measure

entries = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)


def made(name: str, *terms: str, kind: ListKind = ListKind.VALUES) -> OutsideList:
    return OutsideList(name, pack_list(kind, terms)[0])


LISTS = {
    "bad-ids": made("bad-ids", "mallory", "ملوري"),
    "scam-hosts": made("scam-hosts", "evil.example", "win.example", kind=ListKind.DOMAINS),
    "slurs": made("slurs", "free money", "ربح سريع", kind=ListKind.TERMS),
}


def engine_of(packs: Any, *conditions: str, lists: Any = None) -> Any:
    loaded = load_pack(packs.files(*conditions), LISTS if lists is None else lists)
    assert loaded.pack is not None, loaded.errors
    return compile_pack(loaded.pack)


@given(st.sets(entries, min_size=1, max_size=60), st.lists(st.text(max_size=14), max_size=30))
@settings(max_examples=300, deadline=None)
def test_it_holds_what_a_set_holds(held: set[str], asked: list[str]) -> None:
    found = made("n", *held)
    assert found.count == len(held)
    assert set(found.entries()) == held
    assert sorted(found.terms()) == sorted(held)
    for text in (
        *held,
        *asked,
        *(one[:-1] for one in held),
        *(f"{one}\n{two}" for one in held for two in held),
    ):
        assert (text in found) is (text in held)


@pytest.mark.parametrize("asked", ["", "\n", "a\nb", "\nb\n", "\ud800", None, 7, b"a", True])
def test_what_is_no_entry_is_not_in_it(asked: object) -> None:
    assert asked not in made("n", "a", "b", "7", "True")


def test_the_digest_is_of_kind_and_entries_not_of_their_order() -> None:
    one, two = pack_list(ListKind.VALUES, ["b", "a", "a"]), pack_list(ListKind.VALUES, iter(["a", "b"]))
    assert one == two
    assert pack_list(ListKind.DOMAINS, ["a", "b"])[1] != one[1]
    assert pack_list(ListKind.VALUES, ["a", "b", "c"])[1] != one[1]


def test_lists_are_equal_by_name_and_content() -> None:
    assert made("n", "a") == made("n", "a")
    assert hash(made("n", "a")) == hash(made("n", "a"))
    assert made("n", "a") != made("m", "a")
    assert made("n", "a") != made("n", "b")


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:0],
        lambda data: data[:40],
        lambda data: data[:-1],
        lambda data: data + b"x\n",
        lambda data: b"other" + data[5:],
        lambda data: data[:8] + b"\xff\xff\xff\xff" + data[12:],
        lambda data: data[:12] + b"\x1f\0\0\0" + data[16:],
    ],
)
def test_a_damaged_file_is_refused(damage: Any) -> None:
    with pytest.raises(BadListError):
        OutsideList("n", damage(pack_list(ListKind.VALUES, ["a", "b"])[0]))


def test_what_can_not_be_a_list_is_refused() -> None:
    with pytest.raises(BadListError, match="empty"):
        pack_list(ListKind.VALUES, [])
    with pytest.raises(BadListError, match="at most 200,000"):
        pack_list(ListKind.TERMS, map(str, range(MAX_TERMS + 1)))


@pytest.mark.parametrize(
    ("entry", "good"), [("a b", True), ("", False), ("a\tb", False), ("x" * 201, False), ("\udc00", False)]
)
def test_entries_are_checked(entry: str, good: bool) -> None:
    assert (problem_of(entry) is None) is good


CASES = [
    ('author.id in list("bad-ids")', {"author": {"id": "mallory"}}, True),
    ('author.id in list("bad-ids")', {"author": {"id": "ملوري"}}, True),
    ('author.id in list("bad-ids")', {"author": {"id": "alice"}}, False),
    ('author.name in list("bad-ids")', {}, None),
    ('author.name not in list("bad-ids")', {"author": {"name": "x"}}, True),
    ('any_in(links.domains, list("scam-hosts"))', {"item": {"links": ["https://evil.example/a"]}}, True),
    ('any_in(links.domains, list("scam-hosts"))', {"item": {"links": ["https://fine.example/a"]}}, False),
    ('any_in(extra.tags, list("bad-ids"))', {}, None),
    ('contains_any(text.folded, list("slurs"))', {"item": {"text": "so FREE money now"}}, True),
    ('contains_any(text.folded, list("slurs"))', {"item": {"text": "رِبحٌ سَريع"}}, True),
    ('contains_any(text.folded, list("slurs"))', {"item": {"text": "freemoney"}}, False),
    ('contains_any(folded(author.name), list("slurs"))', {"author": {"name": "Free Money"}}, True),
]


@pytest.mark.parametrize(("when", "event", "wanted"), CASES)
def test_rules_read_them(packs: Any, make_event: Any, when: str, event: Any, wanted: bool | None) -> None:
    engine = engine_of(packs, when, f"not ({when})")
    seen = make_event(**event)
    signals = measure(seen, engine.needs)
    fired = {firing.rule for firing in engine.judge(seen, signals, NO_COUNTERS).firings}
    assert fired == ({"r0"} if wanted else {"r1"} if wanted is False else set())
    assert outcome(engine.rules[0].when, Seen(seen, measure(seen))) is wanted


def test_a_verdict_names_the_versions_that_its_rules_read(packs: Any, make_event: Any) -> None:
    engine = engine_of(packs, 'author.id in list("bad-ids")', "author.verified")
    seen = make_event(author={"id": "mallory"})
    verdict = engine.judge(seen, measure(seen, engine.needs), NO_COUNTERS)
    assert verdict.lists == {"bad-ids": LISTS["bad-ids"].digest}
    assert engine.nothing.lists == verdict.lists
    assert packs.engine("author.verified").nothing.lists == {}
    (firing,) = verdict.firings
    assert firing.values == {'author.id in list("bad-ids")': "mallory"}


def test_a_new_version_leaves_rules_and_counters_what_they_are(packs: Any) -> None:
    when = 'count(by=author.id, within="1h", where=author.id in list("bad-ids")) > 3'
    before = engine_of(packs, when)
    after = engine_of(packs, when, lists={"bad-ids": made("bad-ids", "eve")})
    assert before.rules[0].digest == after.rules[0].digest
    assert [one.name for one in before.counters] == [one.name for one in after.counters]
    assert before.lists != after.lists


def test_the_compiled_rules_and_the_plain_ones_agree(packs: Any) -> None:
    engine = engine_of(packs, *dict.fromkeys(when for when, _, _ in CASES))
    assert list(disagreements(engine, generated_events(engine, 300))) == []


def codes(packs: Any, when: str, lists: Any = LISTS) -> list[tuple[str, str | None]]:
    findings = load_pack(packs.files(when), lists).findings
    for finding in findings:
        assert finding.span is not None
    return [(one.code, one.hint) for one in findings if one.code not in {"P021", "P404"}]


def test_a_list_that_is_not_there_is_found_with_the_nearest_name(packs: Any) -> None:
    ((code, hint),) = codes(packs, 'author.id in list("bad-idz")')
    assert code == "P111"
    assert "bad-ids" in (hint or "")
    ((code, hint),) = codes(packs, 'author.id in list("zebra")', {})
    assert "hakam lists add" in (hint or "")


@pytest.mark.parametrize(
    "when",
    [
        'author.id in list("slurs")',
        'text.folded in list("bad-ids")',
        'author.followers in list("bad-ids")',
        'any_in(scores, list("bad-ids"))',
        'contains_any(text.folded, list("bad-ids"))',
        'contains_any(text.folded, list("scam-hosts"))',
    ],
)
def test_a_list_of_the_wrong_kind_is_found(packs: Any, when: str) -> None:
    assert codes(packs, when)[0][0] in {"P112", "P106", "P103", "P104"}


def test_a_list_of_the_pack_comes_first(packs: Any, make_event: Any) -> None:
    engine = engine_of(
        packs, 'author.country in list("countries")', lists={"countries": made("countries", "FR")}
    )
    assert engine.lists == {}
    assert packs.fires('author.country in list("countries")', make_event(author={"country": "DE"}))


def test_a_pack_can_be_read_for_its_clauses_without_the_content_of_its_lists(packs: Any) -> None:
    loaded = load_pack(packs.files(*dict.fromkeys(when for when, _, _ in CASES)), PRESUMED)
    assert loaded.pack is not None, loaded.errors
    assert sorted(loaded.pack.outside) == sorted(LISTS)
    assert "spam" in loaded.pack.clauses
    assert "mallory" not in loaded.pack.outside["bad-ids"]
    assert list(loaded.pack.outside["slurs"].entries()) == []

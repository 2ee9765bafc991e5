"""A value of a parameter on trial: who is judged by it, who by the old one, and that nobody is by both."""

from __future__ import annotations

from typing import Any

import pytest

from hakam.policy.counters import MemoryCounters
from hakam.policy.coverage import coverage, disagreements, generated_events
from hakam.policy.engine import Engine, compile_pack
from hakam.policy.explain import explain
from hakam.policy.fragments import event_of
from hakam.policy.pack import load_pack
from hakam.policy.staging import place
from hakam.policy.testing import run_examples
from hakam.signals.measure import measure
from hakam.vocabulary.verdict import Stage

PARAMS = """\
- param: most
  type: number
  least: 1
  most: 100
  default: 30
- param: young
  type: duration
  least: 1m
  most: 30d
  default: 1d
"""
TESTS = """\
- test: t1
  event: {author: {posts: 50}}
  fires: [r0]
- test: t2
  event: {author: {posts: 25}}
  fires: []
"""


def files_of(packs: Any, staged: str, *conditions: str, **changes: Any) -> dict[str, str]:
    conditions = conditions or ("author.posts > params.most",)
    files: dict[str, str] = packs.files(*conditions, **changes)
    return {**files, "params.yaml": PARAMS, "tests.yaml": TESTS, "tuned.yaml": staged}


def engine_of(files: dict[str, str]) -> Engine:
    loaded = load_pack(files)
    assert loaded.pack is not None, loaded.errors
    return compile_pack(loaded.pack)


def firings(engine: Engine, posts: int, author: str = "a") -> dict[str, Stage]:
    """Return which rules fire for an author with so many posts, each with its stage for this author."""
    event = event_of({"author": {"id": author, "posts": posts}})
    assert event is not None
    verdict = engine.judge(event, measure(event, engine.needs), MemoryCounters())
    live = [one for one in verdict.firings if one.stage is Stage.LIVE]
    assert bool(verdict.measures) is bool(live)
    return {one.rule: one.stage for one in verdict.firings}


CANARY = "staged:\n  most: {value: 20, stage: canary 50%}\n"


class TestCanary:
    def test_each_author_is_judged_by_one_value_always_the_same(self, packs: Any) -> None:
        engine = engine_of(files_of(packs, CANARY))
        new = 0
        for n in range(400):
            author = f"author-{n}"
            chosen = place("params.most", "test", author) < 0.5
            new += chosen
            many, few = firings(engine, 50, author), firings(engine, 25, author)
            assert sorted(many) == ["r0", "r0.staged"]
            assert [name for name, stage in many.items() if stage is Stage.LIVE] == [
                "r0.staged" if chosen else "r0"
            ]
            assert few == {"r0.staged": Stage.LIVE if chosen else Stage.SHADOW}
            assert firings(engine, 10, author) == {}
        assert 160 < new < 240

    def test_a_stricter_value_spares_its_share_of_authors(self, packs: Any) -> None:
        engine = engine_of(files_of(packs, CANARY.replace("20", "60")))
        spared = 0
        for n in range(200):
            fired = firings(engine, 50, f"author-{n}")
            assert list(fired) == ["r0"]
            spared += fired["r0"] is Stage.SHADOW
        assert 60 < spared < 140

    def test_rules_that_read_one_value_share_out_authors_alike(self, packs: Any) -> None:
        engine = engine_of(
            files_of(packs, CANARY, "author.posts > params.most", "author.posts >= params.most")
        )
        for n in range(100):
            fired = firings(engine, 50, f"author-{n}")
            live = {name for name, stage in fired.items() if stage is Stage.LIVE}
            assert live in ({"r0", "r1"}, {"r0.staged", "r1.staged"})

    def test_both_values_use_up_one_quota(self, packs: Any) -> None:
        files = files_of(packs, CANARY)
        files["rules.yaml"] += "  quota: {hour: 5}\n"
        engine = engine_of(files)
        counters, measured = MemoryCounters(), 0
        for n in range(40):
            event = event_of({"id": f"e{n}", "author": {"id": f"author-{n}", "posts": 50}})
            assert event is not None
            measured += bool(engine.judge(event, measure(event, engine.needs), counters).measures)
        assert measured == 5
        assert len({one.name for one in engine.counters}) == len(engine.counters)

    def test_a_variant_that_is_put_aside_leaves_its_rule_in_force_for_all(self, packs: Any) -> None:
        pack = engine_of(files_of(packs, CANARY)).pack
        engine = compile_pack(pack, {"r0.staged": None})  # type: ignore[dict-item]  # only its name is asked
        assert {firings_of(engine, n) for n in range(50)} == {(("r0", Stage.LIVE),)}

    def test_the_explanation_tells_by_which_value(self, packs: Any) -> None:
        engine = engine_of(files_of(packs, CANARY))
        author = next(f"a{n}" for n in range(99) if place("params.most", "test", f"a{n}") < 0.5)
        event = event_of({"author": {"id": author, "posts": 25}})
        assert event is not None
        found = explain(engine, event, measure(event, engine.needs), {})
        assert (found.rule("r0").stage, found.rule("r0").outcome) == (Stage.SHADOW, False)
        assert (found.rule("r0.staged").stage, found.rule("r0.staged").outcome) == (Stage.LIVE, True)
        assert [one.value for one in found.rule("r0.staged").params] == ["20"]


def firings_of(engine: Engine, n: int) -> tuple[tuple[str, Stage], ...]:
    return tuple(firings(engine, 50, f"author-{n}").items())


class TestShadow:
    def test_the_new_value_only_records(self, packs: Any) -> None:
        engine = engine_of(files_of(packs, CANARY.replace("canary 50%", "shadow")))
        for n in range(50):
            assert firings(engine, 50, f"author-{n}") == {"r0": Stage.LIVE, "r0.staged": Stage.SHADOW}
            assert firings(engine, 25, f"author-{n}") == {"r0.staged": Stage.SHADOW}

    @pytest.mark.parametrize("stage", ["shadow", "canary 50%"])
    def test_a_rule_that_is_not_live_has_a_variant_that_only_records(self, packs: Any, stage: str) -> None:
        rules = load_pack(files_of(packs, CANARY, stage=stage)).pack
        assert rules is not None
        assert rules.rule("r0.staged").stage is Stage.SHADOW


class TestThePack:
    def test_only_rules_that_read_the_value_have_a_variant_terms_and_references_included(
        self, packs: Any
    ) -> None:
        files = files_of(
            packs, CANARY, "author.posts > params.most", 'rule("r0")', "busy", "author.age < params.young"
        )
        files["terms.yaml"] = "busy: author.posts > params.most and author.verified\n"
        pack = engine_of(files).pack
        assert [rule.id for rule in pack.rules] == [
            "r0", "r1", "r2", "r3", "r0.staged", "r1.staged", "r2.staged",
        ]  # fmt: skip
        variant = pack.rule("r0.staged")
        assert (variant.variant_of, variant.tried) == ("r0", "params.most = 20")
        assert variant.digest != pack.rule("r0").digest

    def test_the_rule_itself_keeps_its_digest_so_a_trial_alone_asks_for_no_second_person(
        self, packs: Any
    ) -> None:
        with_it, without = (engine_of(files_of(packs, staged)).pack for staged in (CANARY, ""))
        assert with_it.rule("r0").digest == without.rule("r0").digest

    def test_tests_and_coverage_are_of_the_rules_as_they_are(self, packs: Any) -> None:
        engine, without = (engine_of(files_of(packs, staged)) for staged in (CANARY, ""))
        assert all(result.passed for result in run_examples(engine))
        assert coverage(engine) == coverage(without)
        assert list(disagreements(engine, generated_events(engine, 200))) == []

    @pytest.mark.parametrize(
        ("staged", "code"),
        [
            ("staged:\n  mots: {value: 20, stage: shadow}\n", "P103"),
            ("staged:\n  most: {value: 200, stage: shadow}\n", "P017"),
            ("staged:\n  most: {value: 20, stage: live}\n", "P306"),
            ("staged:\n  most: {value: 20, stage: canary 100%}\n", "P306"),
            ("staged:\n  most: {value: 20, stage: canary 0%}\n", "P306"),
            ("staged:\n  most: {value: 20, stage: sometimes}\n", "P306"),
            ("staged:\n  most: {stage: shadow}\n", "P008"),
            ("staged:\n  most: {value: 20}\n", "P008"),
            ("staged:\n  most: 20\n", "P009"),
            ("staged: 20\n", "P009"),
            ("staged:\n  most: {value: 20, stage: shadow, share: 3}\n", "P007"),
        ],
    )
    def test_a_mistake_is_a_finding_with_a_way_out(self, packs: Any, staged: str, code: str) -> None:
        loaded = load_pack(files_of(packs, staged))
        assert loaded.pack is None
        assert [one.code for one in loaded.errors] == [code]
        assert all(one.hint and one.span for one in loaded.errors)

    def test_a_rule_of_the_variants_name_is_a_finding(self, packs: Any) -> None:
        files = files_of(packs, CANARY)
        files["rules.yaml"] += files["rules.yaml"].replace("rule: r0", "rule: r0.staged")
        assert "P013" in {one.code for one in load_pack(files).errors}

    def test_a_value_that_is_in_force_already_tries_nothing(self, packs: Any) -> None:
        pack = engine_of(files_of(packs, CANARY.replace("20", "30"))).pack
        assert [rule.id for rule in pack.rules] == ["r0"]

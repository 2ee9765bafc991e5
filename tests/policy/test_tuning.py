"""Tuning a pack: what is typed is checked as `tuned.yaml` is, what is written is read again as it was meant."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.policy import tuning
from hakam.policy.kinds import Kind
from hakam.policy.pack import Pack, load_pack
from hakam.policy.params import Param, shown
from hakam.policy.tuning import (
    Change,
    NoCommunityError,
    NoValueError,
    OutOfBoundsError,
    Switch,
    TuningError,
    UnknownNameError,
)

FILES = {
    "pack.yaml": 'id: t\nversion: "1"\nmaturity: test\nlanguages: [en]\n',
    "policies.yaml": """\
- policy: spam
  harm: spam
  severity: 20
  title: {en: Spam}
  text: {en: No spam.}
  ladder: [limit_reach, remove]
""",
    "params.yaml": """\
- {param: most_posts, type: number, default: 20, least: 5, most: 100}
- {param: young, type: duration, default: 7d, least: 1h, most: 30d}
- {param: score, type: number, default: 0.9, least: 0.5, most: 1}
""",
    "terms.yaml": "newcomer: author.age < params.young\n",
    "rules.yaml": """\
- rule: many
  policy: spam
  stage: live
  when: author.posts > params.most_posts * 2 and newcomer
  then: [limit_reach]
- rule: sure
  policy: spam
  stage: shadow
  when: scores["spam"] >= params.score
  then: [limit_reach]
- rule: said
  policy: spam
  stage: shadow
  when: word(text.folded, "params.score")
  then: [limit_reach]
""",
}


def loaded(files: dict[str, str]) -> Pack:
    found = load_pack(files)
    assert found.pack is not None, found.errors
    return found.pack


def param(name: str) -> Param:
    return tuning.tuning_of(FILES).params[name]


def tuned(text: str) -> dict[str, str]:
    return {**FILES, tuning.FILE: text}


class TestWhatIsTyped:
    @pytest.mark.parametrize(
        ("name", "text", "value"),
        [
            ("most_posts", "30", 30),
            ("most_posts", " ٣٠ ", 30),
            ("most_posts", "30.0", 30),
            ("score", "0.85", 0.85),
            ("score", "٠٫٨٥", 0.85),
            ("score", "0,85", 0.85),
            ("young", "2d", 172_800.0),
            ("young", "1 d 12 h", 129_600.0),
            ("young", "٢d", 172_800.0),
        ],
    )
    def test_a_value_in_any_digits(self, name: str, text: str, value: float) -> None:
        assert tuning.parsed(param(name), text) == value

    @pytest.mark.parametrize("text", ["", "many", "1e999", "nan", "inf", "3 4", "0x10", "--3", "²"])
    def test_what_is_no_number(self, text: str) -> None:
        with pytest.raises(NoValueError):
            tuning.parsed(param("most_posts"), text)

    @pytest.mark.parametrize("text", ["", "7", "7 days", "-1d", "1d1d", "²d"])
    def test_what_is_no_duration(self, text: str) -> None:
        with pytest.raises(NoValueError):
            tuning.parsed(param("young"), text)

    @pytest.mark.parametrize(("name", "text"), [("most_posts", "4"), ("most_posts", "101"), ("young", "31d")])
    def test_what_lies_outside(self, name: str, text: str) -> None:
        with pytest.raises(OutOfBoundsError, match="lies from"):
            tuning.parsed(param(name), text)


class TestWhatIsWritten:
    def test_one_value_for_all(self) -> None:
        assert tuning.with_value(FILES, "most_posts", "30") == "params:\n  most_posts: 30\n"
        assert tuning.with_value(FILES, "young", "2d") == 'params:\n  young: "2d"\n'
        assert tuning.with_value(FILES, "score", "0.5") == "params:\n  score: 0.5\n"

    def test_the_pack_judges_by_it(self) -> None:
        files = tuned(tuning.with_value(FILES, "most_posts", "30"))
        before, after = loaded(FILES), loaded(files)
        assert after.params["most_posts"].value == 30
        assert {rule.id for rule in after.rules if rule.digest != before.rule(rule.id).digest} == {"many"}

    def test_one_community_beside_the_others(self) -> None:
        text = tuning.with_value(tuned("params: {score: 0.7}\n"), "most_posts", "60", "games")
        text = tuning.with_value(tuned(text), "most_posts", "50", "no")
        assert loaded(tuned(text)).params["most_posts"].by_community == (("games", 60), ("no", 50))
        assert loaded(tuned(text)).params["score"].value == 0.7

    def test_the_default_again_leaves_the_rest(self) -> None:
        text = tuning.with_value(tuned("params: {score: 0.7, most_posts: 30}\n"), "most_posts", None)
        assert text == "params:\n  score: 0.7\n"
        assert tuning.with_value(tuned(text), "score", None) == ""
        text = tuning.with_value(FILES, "score", "0.6", "games")
        assert tuning.with_value(tuned(text), "score", None, "games") == ""

    def test_a_rule_off_in_a_community_and_on_again(self) -> None:
        text = tuning.with_rule(FILES, "many", "games", off=True)
        text = tuning.with_rule(tuned(text), "sure", "games", off=True)
        assert tuning.tuning_of(tuned(text)).off == {
            "many": frozenset({"games"}),
            "sure": frozenset({"games"}),
        }
        assert tuning.with_rule(tuned(text), "many", "games", off=True).count("many") == 1
        text = tuning.with_rule(tuned(text), "many", "games", off=False)
        assert text == 'communities:\n  "games":\n    without: ["sure"]\n'

    def test_an_unknown_name(self) -> None:
        with pytest.raises(UnknownNameError):
            tuning.with_value(FILES, "posts", "30")

    @pytest.mark.parametrize("community", ["", "  ", "x" * 201, "a\nb"])
    def test_no_community(self, community: str) -> None:
        with pytest.raises(NoCommunityError):
            tuning.with_rule(FILES, "many", community, off=True)

    def test_nothing_is_written_over_a_file_that_cannot_be_read(self) -> None:
        with pytest.raises(TuningError, match="mend them first"):
            tuning.with_value(tuned("params: [\n"), "most_posts", "30")

    @given(
        community=st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40),
        posts=st.integers(5, 100),
        score=st.decimals("0.5", "1", places=6),
        young=st.integers(3_600, 2_592_000),
    )
    def test_whatever_is_written_is_read_again(
        self, community: str, posts: int, score: Any, young: int
    ) -> None:
        text = tuning.with_value(FILES, "most_posts", str(posts), community)
        text = tuning.with_value(tuned(text), "score", str(score))
        text = tuning.with_value(tuned(text), "young", f"{young}s", community)
        text = tuning.with_rule(tuned(text), "many", community, off=True)
        pack = loaded(tuned(text))
        assert dict(pack.params["most_posts"].by_community) == {community.strip(): posts}
        assert pack.params["score"].value == pytest.approx(float(score))
        assert dict(pack.params["young"].by_community) == {community.strip(): young}
        assert tuning.tuning_of(tuned(text)).off == {"many": frozenset({community.strip()})}


class TestWhatChanged:
    def test_values_and_communities(self) -> None:
        before = tuning.tuning_of(
            tuned('params: {most_posts: 30}\ncommunities: {games: {params: {young: "2d"}}}\n')
        )
        after = tuning.tuning_of(tuned("communities: {games: {params: {score: 0.6}, without: [many]}}\n"))
        assert tuning.changes(before, after) == [
            Change("most_posts", "", 30, 20, Kind.NUMBER),
            Change("young", "games", 172_800.0, None, Kind.DURATION),
            Change("score", "games", None, 0.6, Kind.NUMBER),
        ]
        assert tuning.switches(before, after) == [Switch("many", "games", off=True)]
        assert tuning.switches(after, before) == [Switch("many", "games", off=False)]
        assert tuning.changes(after, after) == tuning.switches(after, after) == []

    def test_a_parameter_that_comes_or_goes(self) -> None:
        nothing = tuning.tuning_of({})
        here = tuning.tuning_of(FILES)
        assert Change("score", "", None, 0.9, Kind.NUMBER) in tuning.changes(nothing, here)
        assert Change("score", "", 0.9, None, Kind.NUMBER) in tuning.changes(here, nothing)

    def test_broken_files_say_as_much_as_they_can(self) -> None:
        assert tuning.tuning_of({"params.yaml": ": ["}).params == {}
        assert tuning.tuning_of(tuned("params: {most_posts: 3000}\n")).params["most_posts"].value == 20
        assert tuning.tuning_of(tuned("communities: {games: {without: [gone]}}\n")).off == {
            "gone": frozenset({"games"})
        }


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (Kind.NUMBER, 30, "30"),
        (Kind.NUMBER, 30.0, "30"),
        (Kind.NUMBER, 0.00001, "0.00001"),
        (Kind.NUMBER, 1e20, "100000000000000000000"),
        (Kind.DURATION, 90.0, "90s"),
        (Kind.DURATION, 2_592_000.0, "30d"),
        (Kind.DURATION, 5_400, "90m"),
        (Kind.DURATION, 0.5, "0.5s"),
        (Kind.DURATION, 0, "0d"),
    ],
)
def test_a_value_as_it_is_written(kind: Kind, value: float, text: str) -> None:
    assert shown(kind, value) == text


def test_rules_know_what_they_read() -> None:
    pack = loaded(FILES)
    assert {rule.id: tuning.read_by(rule) for rule in pack.rules} == {
        "many": {"most_posts", "young"},
        "sure": {"score"},
        "said": frozenset(),  # a text that only looks so
    }
    files = tuned(tuning.with_value(FILES, "score", "0.6", "games"))
    assert tuning.read_by(loaded(files).rule("sure")) == {"score"}


class TestOnTrial:
    """A value on trial, as the console writes it."""

    FILES: Final = {
        "params.yaml": "- param: most\n  type: number\n  least: 1\n  most: 100\n  default: 30\n"
        "- param: young\n  type: duration\n  least: 1m\n  most: 30d\n  default: 1d\n"
    }

    def written(self, text: str) -> dict[str, str]:
        return {**self.FILES, "tuned.yaml": text}

    def test_it_is_written_and_read_again_and_what_else_is_tuned_stays(self) -> None:
        text = tuning.with_value(self.FILES, "young", "2d", "chess")
        text = tuning.with_staged(self.written(text), "most", "20", "canary 5%")
        held = tuning.tuning_of(self.written(text)).params
        assert held["most"].value == 30
        assert held["most"].staged is not None
        assert (held["most"].staged.value, str(held["most"].staged.staging)) == (20, "canary 5%")
        assert held["young"].by_community == (("chess", 172_800.0),)

    def test_a_duration_on_trial(self) -> None:
        text = tuning.with_staged(self.FILES, "young", "36h", "shadow")
        staged = tuning.tuning_of(self.written(text)).params["young"].staged
        assert staged is not None
        assert staged.value == 129_600.0

    @pytest.mark.parametrize("last", ["20", "25", None])
    def test_another_value_for_all_ends_the_trial(self, last: str | None) -> None:
        text = tuning.with_staged(self.FILES, "most", "20", "shadow")
        text = tuning.with_value(self.written(text), "most", last)
        assert tuning.tuning_of(self.written(text)).params["most"].staged is None
        assert "staged" not in text

    def test_a_value_for_a_community_does_not(self) -> None:
        text = tuning.with_staged(self.FILES, "most", "20", "shadow")
        text = tuning.with_value(self.written(text), "most", "50", "chess")
        assert tuning.tuning_of(self.written(text)).params["most"].staged is not None

    def test_it_ends_without_a_trace(self) -> None:
        text = tuning.with_staged(self.FILES, "most", "20", "shadow")
        assert tuning.with_staged(self.written(text), "most", None) == ""

    @pytest.mark.parametrize("stage", ["live", "canary 100%", "canary 0%", "", "often"])
    def test_no_other_stage_is_taken(self, stage: str) -> None:
        with pytest.raises(tuning.NoTrialStageError):
            tuning.with_staged(self.FILES, "most", "20", stage)

    def test_the_value_in_force_can_not_be_tried(self) -> None:
        with pytest.raises(tuning.SameValueError):
            tuning.with_staged(self.FILES, "most", "30", "shadow")
        with pytest.raises(tuning.UnknownNameError):
            tuning.with_staged(self.FILES, "least", "3", "shadow")
        with pytest.raises(tuning.OutOfBoundsError):
            tuning.with_staged(self.FILES, "most", "300", "shadow")

    def test_a_trial_that_begins_moves_on_or_ends_is_a_change(self) -> None:
        none = tuning.tuning_of(self.FILES)
        shadow, canary = (
            tuning.tuning_of(self.written(tuning.with_staged(self.FILES, "most", "20", stage)))
            for stage in ("shadow", "canary 5%")
        )
        told = [
            [(one.before, one.after, one.stage) for one in tuning.changes(*pair)]
            for pair in ((none, shadow), (shadow, canary), (canary, none), (canary, canary))
        ]
        assert told == [[(None, 20, "shadow")], [(20, 20, "canary 5%")], [(20, None, "canary 5%")], []]

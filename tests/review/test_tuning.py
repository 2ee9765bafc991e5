"""Tuning at the desk: a value goes the way of a rule, and everybody can see who set it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from hakam.compliance import drafts, ledger, rulebook
from hakam.compliance.drafts import DraftOverError
from hakam.compliance.models import RulebookDraft, RulebookVersion
from hakam.policy.pack import load_pack
from hakam.policy.tuning import (
    NoCommunityError,
    NoTrialStageError,
    OutOfBoundsError,
    TuningError,
    UnknownNameError,
)
from hakam.review import releases, trials, tuning
from hakam.review.models import Trial
from hakam.review.releases import OwnReleaseError, ReleaseError, ReleaseState
from hakam.review.trials import TrialError
from hakam.review.tuning import Dial, SameValueError
from hakam.testing import scene
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.event import Event, Item

pytestmark = pytest.mark.django_db
NOW = scene.NOW
LENA, OTTO = Actor(ActorKind.STAFF, "5"), Actor(ActorKind.STAFF, "6")
FILES = {
    **scene.PACK,
    "params.yaml": "- {param: mentions, type: number, default: 10, least: 2, most: 50, about: Too many.}\n",
    "rules/more.yaml": """\
- rule: mass-mention
  policy: spam
  stage: live
  when: len(item.mentions) >= params.mentions
  then: [label("spam")]
""",
}


@pytest.fixture(autouse=True)
def _book(db: None) -> None:
    scene.publish(FILES)


def proposed(value: str | None = "5", *, now: datetime = NOW, **more: object) -> RulebookDraft:
    given: dict[str, object] = {"days": 7, "by": LENA, "now": now, **more}
    return tuning.propose("mentions", value, **given)  # type: ignore[arg-type]


def mentioning(count: int, community: str | None = None) -> Event:
    plain = scene.event(f"to {count} in {community}")
    item = Item(id=f"i{count}{community}", mentions=tuple(f"u{n}" for n in range(count)), community=community)
    return Event(
        id=plain.id, platform=plain.platform, kind=plain.kind, at=plain.at, author=plain.author, item=item
    )


EVENTS = [mentioning(3), mentioning(7), mentioning(12), mentioning(7, "games")]


def tried(draft: RulebookDraft) -> trials.TrialResult:
    assert trials.run_next(lambda _since: EVENTS, clock=lambda: NOW)
    trial = trials.newest(draft)
    result = trials.result_of(trial) if trial is not None else None
    assert result is not None
    return result


def in_force(draft: RulebookDraft, now: datetime = NOW) -> RulebookVersion:
    made = releases.release(draft.pk, note="they mention strangers", by=LENA, now=now)
    if made.state == ReleaseState.WAITING:
        releases.confirm(made.pk, by=OTTO, now=now)
    version = rulebook.active()
    assert version is not None
    return version


def bodies(subject: str) -> list[dict[str, Any]]:
    return [json.loads(fact.body) for fact in ledger.story(subject)]


def dial() -> Dial:
    version = rulebook.active()
    assert version is not None
    (found,) = tuning.dials(rulebook.load(version))
    return found


class TestTheWay:
    def test_its_effect_is_known_before_it_is_in_force(self) -> None:
        draft = proposed("5")
        assert Trial.objects.get().days == 7
        (rule,) = [one for one in tried(draft).rules if one.rule == "mass-mention"]
        assert (rule.before, rule.after, rule.newly_fires, rule.no_longer_fires) == (1, 3, 2, 0)
        assert dial().param.value == 10

    def test_a_live_rule_takes_a_second_person(self) -> None:
        draft = proposed("5")
        tried(draft)
        made = releases.release(draft.pk, note="they mention strangers", by=LENA, now=NOW)
        assert made.state == ReleaseState.WAITING
        with pytest.raises(OwnReleaseError):
            releases.confirm(made.pk, by=LENA, now=NOW)
        releases.confirm(made.pk, by=OTTO, now=NOW)
        assert dial().param.value == 5

    @pytest.mark.parametrize("staging", ["shadow", "canary 5%"])
    def test_the_rules_that_read_it_can_be_staged_with_it(self, staging: str) -> None:
        draft = proposed("5", staging=staging)
        tried(draft)
        made = releases.release(draft.pk, note="watch it", by=LENA, now=NOW)
        assert made.state == ReleaseState.PUBLISHED  # nothing goes live: one person
        version = rulebook.active()
        assert version is not None
        pack = rulebook.load(version)
        assert str(pack.rule("mass-mention").staging) == staging
        assert str(pack.rule("known-spam").staging) == "live"  # which reads nothing of it

    def test_one_community_alone(self) -> None:
        draft = proposed("5", community=" games ")
        (rule,) = [one for one in tried(draft).rules if one.rule == "mass-mention"]
        assert (rule.before, rule.after, rule.newly_fires) == (1, 2, 1)
        in_force(draft)
        assert dial().param.by_community == (("games", 5),)
        assert dial().param.value == 10

    def test_a_rule_is_off_in_a_community_and_on_again(self) -> None:
        given = {"community": "games", "days": 7, "by": LENA, "now": NOW}
        in_force_draft = proposed("5")
        tried(in_force_draft)
        in_force(in_force_draft)
        draft = tuning.switch("mass-mention", off=True, **given)  # type: ignore[arg-type]
        (rule,) = [one for one in tried(draft).rules if one.rule == "mass-mention"]
        assert (rule.newly_fires, rule.no_longer_fires) == (0, 1)
        in_force(draft)
        with pytest.raises(SameValueError):
            tuning.switch("mass-mention", off=True, **given)  # type: ignore[arg-type]
        again = tuning.switch("mass-mention", off=False, **given)  # type: ignore[arg-type]
        tried(again)
        version = in_force(again)
        assert [(body["community"], body["off"]) for body in bodies("rule:mass-mention")] == [
            ("games", True),
            ("games", False),
        ]
        assert "communities" not in version.files.get("tuned.yaml", "")

    def test_several_values_in_one_draft(self) -> None:
        draft = proposed("5")
        same = proposed("6", community="games", draft_id=draft.pk)
        assert same.pk == draft.pk
        assert same.files["tuned.yaml"] == (
            'params:\n  mentions: 5\ncommunities:\n  "games":\n    params:\n      mentions: 6\n'
        )

    def test_back_to_the_version_before(self) -> None:
        first = rulebook.active()
        assert first is not None
        draft = proposed("5")
        tried(draft)
        in_force(draft)
        releases.go_back(first.pk, because="it hit clubs", by=OTTO, now=NOW + timedelta(hours=1))
        assert dial().param.value == 10
        assert [(body["before"], body["after"]) for body in bodies("param:mentions")] == [
            ("10", "5"),
            ("5", "10"),
        ]


class TestWhoSetIt:
    def test_the_newest_first_with_both_people(self) -> None:
        draft = proposed("5")
        tried(draft)
        later = NOW + timedelta(days=1)
        version = in_force(draft, later)
        found = dial()
        assert [(one.value, one.by, one.confirmed_by) for one in found.settings] == [
            (5, "staff:5", "staff:6"),
            (10, "system", ""),
        ]
        assert found.settings[0].version == version
        assert [rule.id for rule in found.rules] == ["mass-mention"]

    def test_a_version_that_left_it_as_it_was_is_no_setting(self) -> None:
        draft = drafts.begin("Words", by=LENA, now=NOW)
        rules = FILES["rules.yaml"].replace("buy followers", "buy likes")
        drafts.save(draft.pk, path="rules.yaml", text=rules, seen=0, by=LENA, now=NOW)
        trials.ask(draft.pk, days=7, by=LENA, now=NOW)
        tried(draft)
        in_force(draft)
        assert len(dial().settings) == 1
        assert ledger.story("param:mentions") == []


class TestRefusals:
    def test_nothing_is_begun_for_a_value_that_cannot_be(self) -> None:
        for value, error in (("1", OutOfBoundsError), ("10", SameValueError), ("ten", TuningError)):
            with pytest.raises(error):
                proposed(value)
        with pytest.raises(SameValueError):
            proposed(None)
        with pytest.raises(UnknownNameError):
            tuning.propose("posts", "5", days=7, by=LENA, now=NOW)
        with pytest.raises(UnknownNameError):
            tuning.switch("gone", community="games", off=True, days=7, by=LENA, now=NOW)
        with pytest.raises(NoCommunityError):
            tuning.switch("mass-mention", community=" ", off=True, days=7, by=LENA, now=NOW)
        with pytest.raises(TrialError):
            proposed("5", days=0)
        with pytest.raises(ReleaseError):
            proposed("5", staging="canary 0%")
        assert not RulebookDraft.objects.exists()
        assert not Trial.objects.exists()

    def test_a_draft_that_is_over(self) -> None:
        draft = proposed("5")
        drafts.discard(draft.pk, because="no", by=LENA, now=NOW)
        with pytest.raises(DraftOverError):
            proposed("6", draft_id=draft.pk)

    def test_a_draft_with_errors(self) -> None:
        draft = drafts.begin("Words", by=LENA, now=NOW)
        drafts.save(draft.pk, path="rules.yaml", text="- rule: [\n", seen=0, by=LENA, now=NOW)
        with pytest.raises(TuningError, match="errors"):
            proposed("5", draft_id=draft.pk)


class TestOnTrial:
    """A value is tried beside the old one, taken for all, or dropped."""

    def test_a_canary_of_a_value_takes_one_person_and_the_value_for_all_takes_two(self) -> None:
        draft = proposed("5", staging="canary 50%", on_trial=True)
        rules = {rule.rule: rule for rule in tried(draft).rules}
        assert (rules["mass-mention.staged"].newly_fires, rules["mass-mention"].newly_fires) == (3, 0)
        made = releases.release(draft.pk, note="try it", by=LENA, now=NOW)
        assert made.state == ReleaseState.PUBLISHED
        assert (dial().param.value, [rule.id for rule in dial().rules]) == (10, ["mass-mention"])
        staged = dial().param.staged
        assert staged is not None
        assert (staged.value, str(staged.staging)) == (5, "canary 50%")

        later = NOW + timedelta(hours=1)
        draft = proposed("5", now=later)  # for everybody now
        tried(draft)
        made = releases.release(draft.pk, note="it is right", by=LENA, now=later)
        assert made.state == ReleaseState.WAITING
        releases.confirm(made.pk, by=OTTO, now=later)
        assert (dial().param.value, dial().param.staged) == (5, None)
        told = [(one["before"], one["after"], one["stage"]) for one in bodies("param:mentions")]
        assert told == [(None, "5", "canary 50%"), ("10", "5", None), ("5", None, "canary 50%")]

    def test_it_ends_as_it_began(self) -> None:
        draft = proposed("5", staging="shadow", on_trial=True)
        tried(draft)
        in_force(draft)
        later = NOW + timedelta(hours=1)
        begun = draft.title
        draft = proposed(None, on_trial=True, now=later)
        assert (begun, draft.title) == ("Tuning of mentions", "End of the trial of mentions")
        tried(draft)
        version = in_force(draft, later)
        assert dial().param.staged is None
        assert "mass-mention.staged" not in {rule.id for rule in rulebook.load(version).rules}

    @pytest.mark.parametrize(
        ("value", "more", "error"),
        [
            ("5", {"staging": "live"}, NoTrialStageError),
            ("5", {"staging": None}, NoTrialStageError),
            ("5", {"staging": "shadow", "community": "games"}, NoTrialStageError),
            ("10", {"staging": "shadow"}, SameValueError),
            (None, {"staging": "shadow"}, SameValueError),  # there is none to end
            ("500", {"staging": "shadow"}, OutOfBoundsError),
        ],
    )
    def test_what_can_not_be_tried_writes_nothing(
        self, value: str | None, more: dict[str, object], error: type[TuningError]
    ) -> None:
        with pytest.raises(error):
            proposed(value, on_trial=True, **more)
        assert not RulebookDraft.objects.exists()

    def test_the_stage_of_a_variant_is_not_that_of_its_rule(self) -> None:
        draft = proposed("5", staging="canary 50%", on_trial=True)
        with pytest.raises(ReleaseError, match=r"tuned\.yaml"):
            releases.set_stage(draft.pk, rule="mass-mention.staged", staging="shadow", by=LENA, now=NOW)
        assert rulebook_rule(draft, "mass-mention") == "live"


def rulebook_rule(draft: RulebookDraft, rule: str) -> str:
    """Return the stage of a rule in a draft."""
    found = drafts.find(draft.pk)
    assert found is not None
    pack = load_pack(found.files).pack
    assert pack is not None
    return str(pack.rule(rule).staging)

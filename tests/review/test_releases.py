"""Rolling rules out: shadow and canary by one person, live by two, back by one; nothing that nobody looked at."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hakam.compliance import drafts, ledger, lists, rulebook
from hakam.compliance.drafts import DraftOverError
from hakam.compliance.models import RulebookDraft
from hakam.policy.lists import ListKind
from hakam.review import releases, trials
from hakam.review.models import Release, Trial
from hakam.review.releases import (
    ChangedError,
    NoReasonError,
    OverError,
    OwnReleaseError,
    ReleaseError,
    ReleaseState,
    UntriedError,
)
from hakam.storage.embedded.list_files import keep
from hakam.testing import scene
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.verdict import Stage

pytestmark = pytest.mark.django_db
NOW = scene.NOW
LENA, OTTO = Actor(ActorKind.STAFF, "5"), Actor(ActorKind.STAFF, "6")
VERMIN = """\
- rule: vermin
  policy: hate
  stage: shadow  # it watches
  when: word(text.folded, "vermin")
  then: [review(queue="hate")]
"""


def written(rules: str = VERMIN) -> RulebookDraft:
    if rulebook.active() is None:
        scene.publish()
    draft = drafts.begin("Vermin", by=LENA, now=NOW)
    return drafts.save(draft.pk, path="rules/more.yaml", text=rules, seen=0, by=LENA, now=NOW)


def tried(draft: RulebookDraft) -> RulebookDraft:
    trials.ask(draft.pk, days=7, by=LENA, now=NOW)
    trials.run_next(lambda _since: [scene.event("vermin"), scene.event("hello")], clock=lambda: NOW)
    return draft


def released(draft: RulebookDraft, by: Actor = LENA, now: datetime = NOW) -> Release:
    return releases.release(draft.pk, note="they call people vermin", by=by, now=now)


def staged(draft: RulebookDraft, staging: str) -> RulebookDraft:
    return releases.set_stage(draft.pk, rule="vermin", staging=staging, by=LENA, now=NOW)


def in_force(rule: str = "vermin") -> str | None:
    version = rulebook.active()
    assert version is not None
    return next((str(one.staging) for one in rulebook.load(version).rules if one.id == rule), None)


class TestOnePerson:
    def test_what_only_watches_is_in_force_at_once(self) -> None:
        made = released(tried(written()))
        assert made.state == ReleaseState.PUBLISHED
        assert in_force() == "shadow"
        version = rulebook.active()
        assert version is not None
        assert (version.note, version.published_by) == ("they call people vermin", "staff:5")

    def test_so_is_a_canary(self) -> None:
        released(tried(staged(written(), "canary 5%")))
        assert in_force() == "canary 5%"

    def test_the_draft_is_over(self) -> None:
        draft = tried(written())
        released(draft)
        with pytest.raises(DraftOverError):
            released(draft)
        assert drafts.drafts() == []

    def test_it_must_say_why(self) -> None:
        draft = tried(written())
        with pytest.raises(NoReasonError):
            releases.release(draft.pk, note=" ", by=LENA, now=NOW)

    def test_a_rule_may_be_taken_out(self) -> None:
        draft = written("")
        draft = drafts.save(draft.pk, path="rules.yaml", text="", seen=0, by=LENA, now=NOW)
        assert released(tried(draft)).state == ReleaseState.PUBLISHED
        assert in_force("known-spam") is None


class TestTwoPeople:
    def test_what_goes_live_waits_for_a_second(self) -> None:
        made = released(tried(staged(written(), "live")))
        assert made.state == ReleaseState.WAITING
        assert in_force() is None
        assert releases.waiting() == [made]

    def test_so_does_a_live_rule_that_is_changed(self) -> None:
        draft = written("")
        wider = scene.PACK["rules.yaml"].replace("buy followers", "followers")
        draft = drafts.save(draft.pk, path="rules.yaml", text=wider, seen=0, by=LENA, now=NOW)
        assert released(tried(draft)).state == ReleaseState.WAITING

    def test_the_second_puts_it_in_force_in_both_names(self) -> None:
        made = released(tried(staged(written(), "live")))
        made = releases.confirm(made.pk, by=OTTO, now=NOW)
        assert (made.state, in_force()) == (ReleaseState.PUBLISHED, "live")
        facts = {fact.kind: fact for fact in ledger.story(f"release:{made.pk}")}
        assert list(facts) == ["release.proposed", "release.confirmed"]
        assert facts["release.confirmed"].actor == "staff:6"
        assert ledger.body_of(facts["release.confirmed"])["proposed_by"] == "staff:5"
        assert ledger.body_of(facts["release.proposed"])["goes_live"] == ["vermin"]

    def test_the_first_is_not_the_second(self) -> None:
        made = released(tried(staged(written(), "live")))
        with pytest.raises(OwnReleaseError):
            releases.confirm(made.pk, by=LENA, now=NOW)
        assert in_force() is None

    def test_what_was_written_on_is_not_what_was_released(self) -> None:
        draft = tried(staged(written(), "live"))
        made = released(draft)
        drafts.save(draft.pk, path="README.md", text="more\n", seen=0, by=LENA, now=NOW)
        with pytest.raises(ChangedError):
            releases.confirm(made.pk, by=OTTO, now=NOW)

    def test_nor_is_it_against_another_version_in_force(self) -> None:
        made = released(tried(staged(written(), "live")))
        other = drafts.begin("Other", by=OTTO, now=NOW)
        other = drafts.save(other.pk, path="README.md", text="other\n", seen=0, by=OTTO, now=NOW)
        released(tried(other), by=OTTO, now=NOW + timedelta(hours=1))
        with pytest.raises(ChangedError):
            releases.confirm(made.pk, by=OTTO, now=NOW)

    def test_a_refusal_says_why_and_the_draft_goes_on(self) -> None:
        draft = tried(staged(written(), "live"))
        made = released(draft)
        with pytest.raises(NoReasonError):
            releases.refuse(made.pk, because="", by=OTTO, now=NOW)
        made = releases.refuse(made.pk, because="too wide", by=OTTO, now=NOW)
        assert (made.state, made.because) == (ReleaseState.REFUSED, "too wide")
        assert released(draft).state == ReleaseState.WAITING

    def test_the_first_withdraws_without_a_word(self) -> None:
        made = released(tried(staged(written(), "live")))
        assert releases.refuse(made.pk, because="", by=LENA, now=NOW).state == ReleaseState.WITHDRAWN
        with pytest.raises(OverError):
            releases.confirm(made.pk, by=OTTO, now=NOW)

    def test_one_draft_waits_once(self) -> None:
        draft = tried(staged(written(), "live"))
        released(draft)
        with pytest.raises(ReleaseError, match="already"):
            released(draft)

    def test_there_is_none_of_that_number(self) -> None:
        with pytest.raises(OverError):
            releases.confirm(77, by=OTTO, now=NOW)


class TestNobodyLooked:
    def test_without_a_trial_nothing_is_released(self) -> None:
        with pytest.raises(UntriedError):
            released(written())

    def test_nor_after_it_was_written_on(self) -> None:
        draft = tried(written())
        drafts.save(draft.pk, path="README.md", text="more\n", seen=0, by=LENA, now=NOW)
        with pytest.raises(UntriedError):
            released(draft)

    def test_nor_while_the_trial_runs(self) -> None:
        draft = written()
        trials.ask(draft.pk, days=7, by=LENA, now=NOW)
        with pytest.raises(UntriedError):
            released(draft)

    def test_nor_where_two_ways_of_judging_differ(self) -> None:
        draft = tried(written())
        trial = Trial.objects.get()
        trial.result["disagreements"] = [{"rule": "vermin", "event": "e1", "compiled": True}]
        trial.save()
        with pytest.raises(UntriedError):
            released(draft)
        assert not Release.objects.exists()

    def test_a_version_that_was_published_before_takes_the_next_number(self) -> None:
        draft = written()
        head = draft.files["pack.yaml"].replace("1.0.1", "1.0.0")
        draft = drafts.save(draft.pk, path="pack.yaml", text=head, seen=0, by=LENA, now=NOW)
        released(tried(draft))
        version = rulebook.active()
        assert version is not None
        assert version.version == "1.0.1"


class TestStages:
    @pytest.mark.parametrize("staging", ["canary 12.5%", "live", "shadow"])
    def test_one_line_changes_and_its_remark_stays(self, staging: str) -> None:
        draft = staged(written(), staging)
        assert draft.files["rules/more.yaml"] == VERMIN.replace("stage: shadow", f"stage: {staging}")

    @pytest.mark.parametrize("staging", ["", "canary 0%", "canary 101%", "canary x%", "canary 5", "on"])
    def test_what_is_no_stage_is_refused(self, staging: str) -> None:
        with pytest.raises(ReleaseError):
            staged(written(), staging)

    def test_the_right_rule_of_several_changes(self) -> None:
        two = (
            VERMIN.replace("rule: vermin", "rule: other")
            + VERMIN
            + VERMIN.replace("rule: vermin", "rule: third")
        )
        draft = staged(written(two), "live")
        assert draft.files["rules/more.yaml"].count("stage: live") == 1
        steps = {step.rule: step for step in releases.steps(None, rulebook.load_pack(draft.files).pack)}  # type: ignore[arg-type]
        assert steps["vermin"].after is not None
        assert steps["vermin"].after.stage is Stage.LIVE

    def test_an_unknown_rule_is_refused(self) -> None:
        with pytest.raises(ReleaseError):
            releases.set_stage(written().pk, rule="vermine", staging="live", by=LENA, now=NOW)


class TestListsOutside:
    """A rule may read a list that stands outside the pack."""

    @pytest.fixture(autouse=True)
    def _list(self, tmp_path: Path, settings: Any) -> None:
        settings.HAKAM_LISTS = tmp_path
        kept = keep(tmp_path, ListKind.VALUES, ["mallory"])
        lists.publish("bad-ids", ListKind.VALUES, kept.digest, kept.entries, by=LENA, now=NOW, note="n")

    def test_it_is_released_and_can_come_back(self) -> None:
        draft = written(VERMIN.replace('word(text.folded, "vermin")', 'author.id in list("bad-ids")'))
        assert released(tried(draft)).state == ReleaseState.PUBLISHED
        version = rulebook.active()
        assert version is not None
        releases.go_back(rulebook.versions()[-1].pk, because="x", by=OTTO, now=NOW + timedelta(hours=1))
        again = releases.go_back(version.pk, because="y", by=OTTO, now=NOW + timedelta(hours=2))
        assert rulebook.active() == again
        assert in_force() == "shadow"

    def test_its_stage_is_set_like_that_of_any_other(self) -> None:
        draft = written(VERMIN.replace('word(text.folded, "vermin")', 'author.id in list("bad-ids")'))
        assert "stage: live" in staged(draft, "live").files["rules/more.yaml"]


class TestTheWayBack:
    def test_an_earlier_version_is_in_force_again_under_a_version_of_its_own(self) -> None:
        released(tried(written()), now=NOW)
        first = rulebook.versions()[-1]
        version = releases.go_back(first.pk, because="it hit jokes", by=OTTO, now=NOW + timedelta(hours=1))
        assert rulebook.active() == version
        assert version.version == "1.0.2"
        assert version.note == "back to 1.0.0: it hit jokes"
        assert {**version.files, "pack.yaml": ""} == {**first.files, "pack.yaml": ""}
        assert in_force() is None

    def test_it_takes_a_reason(self) -> None:
        released(tried(written()))
        with pytest.raises(NoReasonError):
            releases.go_back(rulebook.versions()[-1].pk, because="", by=OTTO, now=NOW)

    def test_what_is_in_force_is_no_way_back(self) -> None:
        version = scene.publish()
        with pytest.raises(ReleaseError):
            releases.go_back(version.pk, because="x", by=OTTO, now=NOW)

    def test_there_is_no_such_version(self) -> None:
        with pytest.raises(OverError):
            releases.go_back(77, because="x", by=OTTO, now=NOW)

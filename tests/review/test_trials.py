"""Trials of drafts: whom a draft would touch, held against what people decided, whatever happens to who runs them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from tests.review.conftest import Desk

from hakam.backtest.effect import Budget
from hakam.backtest.vectors import Rules
from hakam.compliance import drafts, ledger
from hakam.compliance.models import RulebookDraft
from hakam.policy.differing import Judging
from hakam.review import releases, trials
from hakam.review.models import Trial
from hakam.review.releases import UntriedError
from hakam.review.trials import TrialError, TrialState
from hakam.staff.models import User
from hakam.testing import scene
from hakam.testing.event_logs import MemoryEventLog
from hakam.vocabulary.actor import Actor, ActorKind
from hakam.vocabulary.event import Event

pytestmark = pytest.mark.django_db
NOW = scene.NOW
LEAD = Actor(ActorKind.STAFF, "5")
VERMIN = """\
- rule: vermin
  policy: hate
  stage: shadow
  when: word(text.folded, "vermin") and not author.verified
  then: [review(queue="hate")]
"""
TEXTS = ("you are vermin", "hello", "buy followers here", "vermin again", "sunny day")


class Clock:
    """Time that goes on by a second with each look."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def happened(texts: tuple[str, ...] = TEXTS, days: float = 0.5) -> list[Event]:
    return [scene.event(text, item=f"t{n}", at=NOW - timedelta(days=days)) for n, text in enumerate(texts)]


def draft_with(rules: str) -> RulebookDraft:
    scene.publish()
    draft = drafts.begin("Vermin", by=LEAD, now=NOW)
    return drafts.save(draft.pk, path="rules/more.yaml", text=rules, seen=0, by=LEAD, now=NOW)


def run(events: list[Event], clock: Clock | None = None, budget: Budget | None = None) -> bool:
    def since(moment: datetime) -> Iterator[Event]:
        return (event for event in events if event.at >= moment)

    return trials.run_next(since, clock=clock or Clock(), budget=budget or trials.BUDGET)


def asked(draft: RulebookDraft, days: int = 7) -> Trial:
    return trials.ask(draft.pk, days=days, by=LEAD, now=NOW)


def answer(trial: Trial) -> trials.TrialResult:
    trial.refresh_from_db()
    found = trials.result_of(trial)
    assert found is not None
    return found


def answer_of(draft: RulebookDraft) -> trials.TrialResult:
    trial = asked(draft)
    assert run(happened())
    return answer(trial)


class TestTheAnswer:
    def test_it_names_whom_the_draft_would_newly_touch(self) -> None:
        events = happened()
        trial = asked(draft_with(VERMIN.replace(" and not author.verified", "")))
        assert run(events)
        found = answer(trial)
        assert (found.events, found.fired_before, found.fired_after, found.newly) == (5, 1, 3, 2)
        rule = next(one for one in found.rules if one.rule == "vermin")
        assert (rule.before, rule.after, rule.newly_fires) == (0, 2, 2)
        assert {id_ for _, id_ in rule.newly} == {events[0].id, events[3].id}
        assert found.sound
        assert found.judged_both_ways > 0

    def test_it_names_whom_the_draft_no_longer_touches(self) -> None:
        scene.publish()
        draft = drafts.begin("Free trade", by=LEAD, now=NOW)
        weaker = scene.PACK["rules.yaml"].replace("buy followers", "sell followers")
        draft = drafts.save(draft.pk, path="rules.yaml", text=weaker, seen=0, by=LEAD, now=NOW)
        events = happened()
        trial = asked(draft)
        run(events)
        (rule,) = answer(trial).rules
        assert (rule.newly_fires, rule.no_longer_fires) == (0, 1)
        assert rule.no_longer == ((scene.PLATFORM, events[2].id),)

    def test_it_says_which_rules_are_new_changed_and_gone(self) -> None:
        draft = draft_with(VERMIN)
        fresh = answer_of(draft)
        assert {one.rule: one.change for one in fresh.rules} == {"known-spam": "", "vermin": "added"}
        staged = scene.PACK["rules.yaml"].replace("stage: live", "stage: shadow")
        assert staged != scene.PACK["rules.yaml"]
        draft = drafts.save(draft.pk, path="rules.yaml", text=staged, seen=1, by=LEAD, now=NOW)
        assert {one.rule: one.change for one in answer_of(draft).rules}["known-spam"] == "changed"
        draft = drafts.save(draft.pk, path="rules.yaml", text="[]\n", seen=2, by=LEAD, now=NOW)
        assert {one.rule: one.change for one in answer_of(draft).rules}["known-spam"] == "removed"

    def test_near_misses_lack_one_condition(self) -> None:
        trial = asked(draft_with(VERMIN.replace("not author.verified", 'word(text.folded, "again")')))
        run(happened())
        rule = next(one for one in answer(trial).rules if one.rule == "vermin")
        assert (rule.after, rule.near) == (1, 1)

    def test_what_near_misses_saw_is_kept_as_numbers(self) -> None:
        when = 'count(by=author.id, within="1d") > 90 and item.language == "en" and scores["spam"] < 0.5'
        draft = draft_with(VERMIN.replace('word(text.folded, "vermin") and not author.verified', when))
        trial = asked(draft)
        assert run([replace(one, scores={"spam": 0.1, "other": 0.2}) for one in happened()])
        rule = next(one for one in answer(trial).rules if one.rule == "vermin")
        assert rule.near == len(rule.near_events) == len(rule.near_seen) == len(TEXTS)
        counted = {next(iter(one.counted.values())) for one in rule.near_seen}
        assert counted == {1, 2, 3, 4, 5}  # in order of time, the event itself among them
        assert all(one.scores == {"spam": 0.1} for one in rule.near_seen)
        assert all(len(one.counted) == 1 for one in rule.near_seen)

    def test_an_answer_of_an_older_release_can_be_read(self) -> None:
        trial = asked(draft_with(VERMIN))
        assert run(happened())
        trial.refresh_from_db()
        for rule in trial.result["rules"]:
            del rule["near_seen"]
        trial.save()
        assert all(one.near_seen == () for one in answer(trial).rules)

    def test_all_ways_of_judging_are_asked_and_that_is_said(self) -> None:
        trial = asked(draft_with(VERMIN))
        assert run(happened())
        found = answer(trial)
        assert found.sound
        assert found.compared > 200  # with those generated around what the rules ask for
        assert found.ways == ("interpreter", "columns")

    def test_columns_that_differ_keep_a_draft_from_being_published(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = Rules.true_rows

        def flipped(self: Any, *given: Any) -> Any:
            found, unsure = real(self, *given)
            return [flags & False for flags in found], unsure & False

        monkeypatch.setattr(Rules, "true_rows", flipped)
        draft = draft_with(VERMIN)
        trial = asked(draft)
        assert run(happened())
        found = answer(trial)
        assert not found.sound
        assert {one.by for one in found.disagreements} == {Judging.COLUMNS}
        assert all(one.compiled for one in found.disagreements)
        with pytest.raises(UntriedError):
            releases.release(draft.pk, note="now", by=LEAD, now=NOW)

    def test_days_bound_what_is_looked_at(self) -> None:
        trial = asked(draft_with(VERMIN), days=1)
        run([*happened(days=3), *happened(days=0.5)])
        assert answer(trial).events == 5

    def test_no_text_is_copied(self) -> None:
        trial = asked(draft_with(VERMIN))
        run(happened())
        trial.refresh_from_db()
        assert "vermin again" not in str(trial.result)

    def test_what_ran_out_is_said(self) -> None:
        trial = asked(draft_with(VERMIN))
        run(happened(), budget=Budget(events=2))
        found = answer(trial)
        assert (found.events, found.complete) == (2, False)

    def test_counters_that_began_empty_are_said(self) -> None:
        counted = VERMIN.replace('word(text.folded, "vermin")', 'count(by=author.id, within="1d") > 2')
        trial = asked(draft_with(counted))
        run(happened())
        assert answer(trial).counters_began_empty

    def test_it_is_held_against_what_people_decided(self, desk: Desk, amal: User) -> None:
        said = ("you are vermin", "vermin, my hamster", "I hate them all")
        vermin, joke, hello = (scene.event(text, item=f"d{n}") for n, text in enumerate(said))
        desk.remove(desk.case(vermin), amal)
        desk.keep(desk.case(joke), amal)
        desk.final(desk.remove(desk.case(hello), amal))
        draft = drafts.begin("Vermin", by=LEAD, now=NOW)
        draft = drafts.save(
            draft.pk, path="rules/more.yaml", text=VERMIN.replace(" and not author.verified", ""), seen=0, by=LEAD,
            now=NOW,
        )  # fmt: skip
        trial = trials.ask(draft.pk, days=7, by=LEAD, now=NOW)
        run([vermin, joke, hello])
        found = answer(trial)
        rule = next(one for one in found.rules if one.rule == "vermin")
        assert found.decided == 3
        assert (rule.caught, rule.wrong, rule.missed) == (1, 1, 1)

    def test_what_was_edited_since_is_not_what_people_decided(self, desk: Desk, amal: User) -> None:
        desk.final(desk.remove(desk.case(scene.event("you are vermin", item="d1")), amal))
        draft = drafts.begin("Vermin", by=LEAD, now=NOW)
        trial = trials.ask(draft.pk, days=7, by=LEAD, now=NOW)
        run([scene.event("I meant hamsters", item="d1")])
        assert answer(trial).decided == 0


class TestAsking:
    def test_a_draft_with_errors_is_refused(self) -> None:
        with pytest.raises(TrialError):
            asked(draft_with(VERMIN.replace("hate", "haet")))
        assert not Trial.objects.exists()

    @pytest.mark.parametrize("days", [0, -1, 31])
    def test_a_span_is_bounded(self, days: int) -> None:
        with pytest.raises(TrialError):
            asked(draft_with(VERMIN), days)

    def test_there_is_no_such_draft(self) -> None:
        with pytest.raises(TrialError):
            trials.ask(77, days=7, by=LEAD, now=NOW)

    def test_it_is_a_fact_of_the_draft(self) -> None:
        draft = draft_with(VERMIN)
        asked(draft)
        assert ledger.story(f"draft:{draft.pk}")[-1].kind == "trial.asked"

    def test_a_new_one_ends_the_one_before(self) -> None:
        draft = draft_with(VERMIN)
        first, second = asked(draft), asked(draft)
        first.refresh_from_db()
        assert first.state == TrialState.CANCELLED
        assert trials.newest(draft) == second

    def test_it_fits_until_the_draft_or_the_rule_book_changes(self) -> None:
        draft = draft_with(VERMIN)
        trial = asked(draft)
        assert trials.fits(trial, draft)
        draft = drafts.save(
            draft.pk, path="terms.yaml", text="a: author.verified\n", seen=0, by=LEAD, now=NOW
        )
        assert not trials.fits(trial, draft)


class TestRunning:
    def test_there_is_nothing_to_run(self) -> None:
        assert not run([])
        assert not trials.due(NOW)

    def test_it_judges_what_was_asked_for_not_what_was_written_since(self) -> None:
        draft = draft_with(VERMIN)
        trial = asked(draft)
        drafts.save(draft.pk, path="rules/more.yaml", text="", seen=1, by=LEAD, now=NOW)
        run(happened())
        assert any(rule.rule == "vermin" for rule in answer(trial).rules)

    def test_one_that_was_cancelled_stops_and_keeps_no_answer(self) -> None:
        trial = asked(draft_with(VERMIN))

        def events(_since: datetime) -> Iterator[Event]:
            for n, event in enumerate(happened(TEXTS * 100)):
                if n == 70:
                    assert trials.cancel(trial.pk, by=LEAD, now=NOW)
                yield event

        trials.run_next(events, clock=Clock())
        trial.refresh_from_db()
        assert (trial.state, trial.result) == (TrialState.CANCELLED, None)
        assert not trials.cancel(trial.pk, by=LEAD, now=NOW)

    def test_progress_is_told_while_it_runs(self) -> None:
        trial = asked(draft_with(VERMIN))
        told = []

        def events(_since: datetime) -> Iterator[Event]:
            for event in happened(TEXTS * 100):
                told.append(Trial.objects.values_list("events", flat=True).get(pk=trial.pk))
                yield event

        trials.run_next(events, clock=Clock())
        assert sorted(set(told))[1:] != []

    def test_a_process_that_died_is_followed_by_another_that_begins_anew(self) -> None:
        trial = asked(draft_with(VERMIN))
        Trial.objects.filter(pk=trial.pk).update(
            state=TrialState.RUNNING, token="dead", lease_until=NOW + trials.LEASE, events=9
        )
        assert not trials.due(NOW)
        later = Clock()
        later.now = NOW + 2 * trials.LEASE
        assert trials.due(later.now)
        assert run(happened(), later)
        assert answer(trial).events == 5

    def test_who_lost_the_lease_changes_nothing_any_more(self) -> None:
        trial = asked(draft_with(VERMIN))

        def events(_since: datetime) -> Iterator[Event]:
            Trial.objects.filter(pk=trial.pk).update(token="other")
            yield from happened()

        trials.run_next(events, clock=Clock())
        trial.refresh_from_db()
        assert (trial.state, trial.token, trial.result) == (TrialState.RUNNING, "other", None)

    def test_what_goes_wrong_is_said_and_ends_it(self) -> None:
        trial = asked(draft_with(VERMIN))

        def broken(_since: datetime) -> Iterator[Event]:
            yield from happened()
            raise OSError("the disk is gone")

        with pytest.raises(OSError, match="the disk"):
            trials.run_next(broken, clock=Clock())
        trial.refresh_from_db()
        assert (trial.state, trial.error) == (TrialState.FAILED, "OSError: the disk is gone")
        assert not trials.due(NOW + timedelta(days=1))


def test_abuse_of_children_is_veiled_wherever_it_shows() -> None:
    rules = VERMIN + VERMIN.replace("rule: vermin", "rule: child").replace("hate", "child-abuse").replace(
        '"vermin"', '"again"'
    )  # fmt: skip
    events = happened()
    trial = asked(draft_with(rules.replace(" and not author.verified", "")))
    run(events)
    found = answer(trial)
    log = MemoryEventLog()
    log.append([scene.entry(event, scene.verdict()) for event in events])
    names = {name for rule in found.rules for name in rule.newly}
    assert trials.veiled(names, log=log, result=found) == {(scene.PLATFORM, events[3].id)}


def test_what_a_rule_newly_acts_on_is_named_and_veiled_too() -> None:
    rules = VERMIN.replace("hate", "child-abuse").replace(" and not author.verified", "")
    scene.publish(
        {
            **scene.PACK,
            "pack.yaml": scene.PACK["pack.yaml"].replace("1.0.0", "1.1.0"),
            "rules/more.yaml": rules,
        }
    )
    draft = drafts.begin("Live", by=LEAD, now=NOW)
    live = rules.replace("stage: shadow", "stage: live")
    draft = drafts.save(draft.pk, path="rules/more.yaml", text=live, seen=0, by=LEAD, now=NOW)
    events = happened()
    trial = asked(draft)
    run(events)
    found = answer(trial)
    (rule,) = [one for one in found.rules if one.begins_to_act]
    assert (found.newly, found.begins_to_act, rule.newly_fires) == (0, rule.begins_to_act, 0)
    log = MemoryEventLog()
    log.append([scene.entry(event, scene.verdict()) for event in events])
    assert trials.veiled(rule.begins, log=log, result=found) == set(rule.begins) > set()

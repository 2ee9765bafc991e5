"""A run as a whole: both ways agree, and when they would not, the door's function has the last word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from benchmarks.backtest import pack as made_pack

from hakam.backtest import run as module
from hakam.backtest.dataset import Dataset
from hakam.backtest.decided import Meaning
from hakam.backtest.report import Report, report, to_json
from hakam.backtest.run import Way, run, units_of
from hakam.backtest.vectors import Evaluation
from hakam.backtest.workers import CancelledError, Here, Processes
from hakam.policy.pack import Pack


@pytest.fixture(scope="module")
def against(load_files: Callable[[dict[str, str]], Pack]) -> Pack:
    """Give the version before: one rule changed, one that is gone now, one that was not there."""
    conditions = list(made_pack.CONDITIONS[:-1])
    conditions[12] = "author.posts < 50 and author.followers < author.following"
    files = made_pack.files(tuple(conditions), version="0")
    files["rules.yaml"] += (
        "- rule: gone\n  policy: spam\n  stage: shadow\n  when: author.posts == 1\n  then: [remove]\n"
    )
    return load_files(files)


@pytest.fixture(scope="module")
def made(dataset: Dataset, pack: Pack, against: Pack) -> Report:
    outcome = run(dataset, pack, pool=Here(), before=against, sample=6)
    return report(dataset, pack, outcome, before=against, seconds=1.5)


def test_a_run_over_columns_is_checked_against_the_function_first(made: Report) -> None:
    assert made.way is Way.COLUMNS
    assert made.differences == ()
    assert made.checked_both_ways >= 1_500


def test_every_event_is_judged_and_every_figure_has_its_place(
    made: Report, dataset: Dataset, door_says: dict[str, list[str]]
) -> None:
    assert made.events == dataset.rows
    assert {rule.rule: rule.fires for rule in made.rules if rule.state != "removed"} == {
        rule: len(hits) for rule, hits in door_says.items()
    }
    assert made.fired == len({id_ for hits in door_says.values() for id_ in hits})
    for rule in made.rules:
        assert sum(rule.by_day.values()) == sum(rule.by_language.values()) == rule.fires
        assert {one.id for one in rule.hits} <= set(door_says.get(rule.rule, ()))
        assert len(rule.hits) == min(6, rule.fires)


def test_rules_that_fire_together_are_counted_as_the_door_would(
    made: Report, door_says: dict[str, list[str]]
) -> None:
    assert made.overlap
    for pair in made.overlap:
        one, other = set(door_says[pair.one]), set(door_says[pair.other])
        assert pair.events == len(one & other)
        assert pair.share == pytest.approx(len(one & other) / len(one | other))


def test_two_versions_are_compared(
    made: Report,
    against: Pack,
    lines: list[bytes],
    door: Callable[..., dict[str, list[str]]],
    door_says: dict[str, list[str]],
) -> None:
    before = door(against, lines)
    states = {rule.rule: rule.state for rule in made.rules}
    assert states["r12"] == "changed"
    assert states["gone"] == "removed"
    assert states["r49"] == "new"
    assert states["r00"] == "same"
    for rule in made.rules:
        assert rule.change is not None
        now, then = set(door_says.get(rule.rule, ())), set(before.get(rule.rule, ()))
        assert (rule.change.newly_fires, rule.change.no_longer_fires) == (len(now - then), len(then - now))
        assert {one.id for one in rule.change.no_longer} <= then - now
    any_now = {id_ for hits in door_says.values() for id_ in hits}
    any_then = {id_ for hits in before.values() for id_ in hits}
    assert made.events_newly == len(any_now - any_then)
    assert made.events_no_longer == len(any_then - any_now)


def test_the_report_as_json_is_the_report(made: Report) -> None:
    assert msgspec.json.decode(to_json(made), type=Report) == made


def test_the_function_alone_says_the_same(dataset: Dataset, pack: Pack, made: Report) -> None:
    outcome = run(dataset, pack, pool=Here(), way=Way.FUNCTION)
    assert outcome.checked == 0
    assert outcome.tally.fires.tolist() == [rule.fires for rule in made.rules if rule.state != "removed"]


def test_a_difference_sends_everything_through_the_function(
    dataset: Dataset, pack: Pack, made: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Columns that lie are found out before they are believed."""
    honest = Evaluation._compare

    def lying(self: Evaluation, node: Any) -> Any:
        known, true = honest(self, node)
        return known, ~true

    monkeypatch.setattr(Evaluation, "_compare", lying)
    outcome = run(dataset, pack, pool=Here())
    assert outcome.way is Way.FUNCTION
    assert {one.rule for one in outcome.differences} >= {"r29"}
    assert outcome.tally.fires.tolist() == [rule.fires for rule in made.rules if rule.state != "removed"]


def test_a_mistake_that_function_and_columns_share_is_found_by_the_plain_interpreter(
    dataset: Dataset, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = module.outcome

    def other(condition: Any, seen: Any) -> bool | None:
        found = plain(condition, seen)
        return not found if condition.text == pack.rules[12].when.text else found

    monkeypatch.setattr(module, "outcome", other)
    outcome = run(dataset, pack, pool=Here())
    assert {one.rule for one in outcome.differences} == {"r12"}
    assert outcome.way is Way.FUNCTION


def test_all_cores_say_what_one_says(dataset: Dataset, pack: Pack, made: Report) -> None:
    steps: list[tuple[str, float]] = []
    with Processes(2) as pool:
        outcome = run(dataset, pack, pool=pool, progress=lambda what, share: steps.append((what, share)))
    assert outcome.tally.fires.tolist() == [rule.fires for rule in made.rules if rule.state != "removed"]
    assert {what for what, _ in steps} == {"counters", "check", "rules"}
    assert steps[-1] == ("rules", 1.0)


def test_a_run_can_be_given_up(dataset: Dataset, pack: Pack) -> None:
    answers = iter([False] * 8 + [True] * 1_000)
    with pytest.raises(CancelledError):
        run(dataset, pack, pool=Here(), cancelled=lambda: next(answers))


def test_a_rule_that_is_in_both_versions_is_judged_once(pack: Pack, against: Pack) -> None:
    units = units_of((pack, against))
    assert len(units) == 52  # 48 in both, one in two forms, one new, one gone
    assert sum(unit.after is not None and unit.before is not None for unit in units) == 48
    assert np.unique([unit.after for unit in units if unit.after is not None]).size == 50


def test_decisions_in_words_of_ones_own(dataset: Dataset, pack: Pack) -> None:
    outcome = run(dataset, pack, pool=Here(), meaning=Meaning(violating=frozenset({"bad"})))
    found = report(dataset, pack, outcome)
    assert found.agreement is None  # nobody decided anything about these events
    assert found.decisions == {}

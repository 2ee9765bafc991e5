"""The effect of a change before it is saved: what differs, within the time that there is, and never unsound."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from benchmarks.backtest import pack as made_pack

from hakam.backtest import effect as module
from hakam.backtest.columns import read_event
from hakam.backtest.effect import Budget, Effect, effect_of, reads_counters
from hakam.policy.pack import Pack
from hakam.policy.staging import place
from hakam.vocabulary.event import Event

BEFORE = ("author.posts < 5", 'word(text.folded, "sun")', 'count(by=author.id, within="10m") > 20')
AFTER = ("author.posts < 10", 'word(text.folded, "sun")', 'count(by=author.id, within="10m") > 10')


@pytest.fixture(scope="module")
def events(lines: list[bytes]) -> list[Event]:
    return sorted(map(read_event, lines[:600]), key=lambda event: event.at)


@pytest.fixture(scope="module")
def versions(load_files: Callable[[dict[str, str]], Pack]) -> tuple[Pack, Pack]:
    return load_files(made_pack.files(BEFORE, version="1")), load_files(made_pack.files(AFTER, version="2"))


def test_what_differs_is_what_two_runs_differ_in(
    events: list[Event],
    versions: tuple[Pack, Pack],
    door: Callable[..., dict[str, list[str]]],
    lines: list[bytes],
) -> None:
    before, after = versions
    then, now = door(before, lines[:600]), door(after, lines[:600])
    found = effect_of(before, after, events)
    assert found.complete
    assert found.sound
    assert found.events == 600
    assert found.judged_both_ways == 200
    for rule in found.rules:
        old, new = set(then[rule.rule]), set(now[rule.rule])
        assert (rule.before, rule.after) == (len(old), len(new))
        assert (rule.newly_fires, rule.no_longer_fires) == (len(new - old), len(old - new))
        assert {event.id for event in rule.newly} <= new - old
        assert len(rule.newly) == min(10, len(new - old))
    any_old = {id_ for hits in then.values() for id_ in hits}
    any_new = {id_ for hits in now.values() for id_ in hits}
    assert (found.newly, found.no_longer) == (len(any_new - any_old), len(any_old - any_new))


def test_a_first_pack_is_compared_with_nothing(events: list[Event], versions: tuple[Pack, Pack]) -> None:
    found = effect_of(None, versions[1], events[:200])
    assert found.fired_before == 0
    assert found.newly == found.fired_after > 0


@pytest.mark.parametrize("limit", ["time", "number", "wish"])
def test_it_ends_when_it_must_with_what_it_has(
    events: list[Event], versions: tuple[Pack, Pack], limit: str
) -> None:
    clock = iter(float(n) for n in range(10_000))
    asked = iter([False, False, True])
    found = effect_of(
        *versions,
        events,
        Budget(seconds=3.0 if limit == "time" else 1e9, events=100 if limit == "number" else 10**9),
        cancelled=(lambda: next(asked)) if limit == "wish" else (lambda: False),
        clock=lambda: next(clock),
    )
    assert not found.complete
    assert 0 < found.events < 600
    assert found.rules


def test_it_takes_no_more_events_than_it_needs(events: list[Event], versions: tuple[Pack, Pack]) -> None:
    taken = 0

    def endless() -> Iterator[Event]:
        nonlocal taken
        while True:
            for event in events:
                taken += 1
                yield event

    assert effect_of(*versions, endless(), Budget(events=150)).events == 150
    assert taken == 151


def test_progress_is_told_and_ends_with_the_answer(events: list[Event], versions: tuple[Pack, Pack]) -> None:
    told: list[tuple[int, Effect | None]] = []
    found = effect_of(*versions, events, progress=lambda seen, so_far: told.append((seen, so_far)))
    assert [seen for seen, _ in told] == [*range(0, 600, 64), 600]
    assert told[-1][1] == found


def test_two_ways_that_disagree_make_it_unsound(
    events: list[Event], versions: tuple[Pack, Pack], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule whose compiled form says something else than its plain meaning must not be published."""
    monkeypatch.setattr(module, "outcome", lambda _when, _seen: True)
    found = effect_of(*versions, events[:100])
    assert not found.sound
    assert {one.rule for one in found.disagreements} == {"r00", "r02"}  # those that changed


def test_counters_begin_empty_and_that_can_be_said(
    versions: tuple[Pack, Pack], load_files: Callable[..., Pack]
) -> None:
    assert reads_counters(versions[0])
    assert not reads_counters(load_files(made_pack.files(BEFORE[:2])))


@pytest.mark.parametrize(
    ("budget", "events_seen", "complete"),
    [
        (Budget(seconds=0.0), 0, False),
        (Budget(events=0), 0, False),
        (Budget(events=1), 1, False),
        (Budget(events=199), 199, False),
        (Budget(events=200), 200, True),  # as many as there are: nothing is missing
        (Budget(events=201), 200, True),
        (Budget(seconds=1e9, both_ways=0, shown=0), 200, True),
    ],
)
def test_a_budget_is_kept_to_the_event(
    events: list[Event], versions: tuple[Pack, Pack], budget: Budget, events_seen: int, complete: bool
) -> None:
    found = effect_of(*versions, events[:200], budget, clock=lambda: 0.0)
    assert (found.events, found.complete) == (events_seen, complete)
    assert [rule.rule for rule in found.rules] == [
        "r00",
        "r01",
        "r02",
    ]  # all are told, those without effect too
    assert found.judged_both_ways <= min(budget.both_ways, found.events)
    assert all(len(rule.newly) <= budget.shown for rule in found.rules)


@pytest.mark.parametrize("looks", [0, 1, 3])
def test_who_gives_up_waits_for_64_events_at_most(
    events: list[Event], versions: tuple[Pack, Pack], looks: int
) -> None:
    answers = iter([False] * looks + [True])
    told: list[int] = []
    found = effect_of(
        *versions,
        events,
        cancelled=lambda: next(answers),
        progress=lambda seen, _so_far: told.append(seen),
    )
    assert found.events == 64 * looks
    assert not found.complete
    assert told == [64 * n for n in (*range(looks), looks)]


def test_time_is_measured_by_the_clock_that_was_given(
    events: list[Event], versions: tuple[Pack, Pack]
) -> None:
    ticks = iter((100.0, 101.0, 102.0, 102.5, 109.0))  # the beginning, three looks, the end
    found = effect_of(*versions, events, Budget(seconds=2.5), clock=lambda: next(ticks))
    assert found.events == 128
    assert found.seconds == 9.0


def test_nothing_to_judge_is_judged_completely(versions: tuple[Pack, Pack]) -> None:
    found = effect_of(*versions, [])
    assert found.complete
    assert found.sound
    assert (found.events, found.fired_before, found.fired_after) == (0, 0, 0)


def test_a_change_and_its_undoing_are_each_others_mirror(
    events: list[Event], versions: tuple[Pack, Pack]
) -> None:
    there, back = effect_of(*versions, events[:300]), effect_of(*reversed(versions), events[:300])
    assert (there.newly, there.no_longer) == (back.no_longer, back.newly)
    for one, other in zip(there.rules, back.rules, strict=True):
        assert (one.before, one.after) == (other.after, other.before)
        assert (one.newly_fires, one.no_longer_fires) == (other.no_longer_fires, other.newly_fires)
    same = effect_of(versions[1], versions[1], events[:300])
    assert (same.newly, same.no_longer) == (0, 0)
    assert not any(rule.newly or rule.no_longer for rule in same.rules)


def test_another_stage_of_the_same_rule_is_a_change_for_those_whom_it_touches(
    events: list[Event], load_files: Callable[..., Pack]
) -> None:
    def of(stage: str) -> Pack:
        files = made_pack.files(BEFORE[:2])
        return load_files(
            {name: text.replace("stage: live", f"stage: {stage}") for name, text in files.items()}
        )

    shadow, canary, live = of("shadow"), of("canary 40%"), of("live")
    up, down = effect_of(shadow, live, events), effect_of(live, shadow, events)
    assert (up.newly, up.no_longer, up.stops_acting) == (0, 0, 0)
    assert up.begins_to_act == up.fired_after == down.stops_acting > 0
    for one, other in zip(up.rules, down.rules, strict=True):
        assert one.begins_to_act == one.after == other.stops_acting
        assert len(one.begins) == min(10, one.after) == len(other.stops)
        assert (one.stops, one.stops_acting, other.begins, other.begins_to_act) == ((), 0, (), 0)
    for rule, then, rest in zip(
        up.rules, effect_of(shadow, canary, events).rules, effect_of(canary, live, events).rules, strict=True
    ):
        share = {event.id for event in events if place(rule.rule, event.platform, event.author.id) < 0.4}
        assert 0 < then.begins_to_act < rule.after == then.begins_to_act + rest.begins_to_act
        assert {event.id for event in then.begins} <= share
        assert not {event.id for event in rest.begins} & share
    assert effect_of(live, live, events).begins_to_act == 0
    assert effect_of(None, live, events).begins_to_act == 0  # those are newly touched


def test_the_sample_does_not_know_the_order_of_the_events(
    events: list[Event], load_files: Callable[..., Pack]
) -> None:
    pack = load_files(made_pack.files(BEFORE[:2]))
    (first, _), (again, _) = (effect_of(None, pack, some).rules for some in (events, events[::-1]))
    assert first.newly_fires == again.newly_fires > 10
    assert {event.id for event in first.newly} == {event.id for event in again.newly}
    assert [event.at for event in again.newly] == sorted(event.at for event in again.newly)


def test_what_goes_wrong_with_the_events_is_told_to_who_asked(
    events: list[Event], versions: tuple[Pack, Pack]
) -> None:
    def broken() -> Iterator[Event]:
        yield from events[:10]
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        effect_of(*versions, broken())

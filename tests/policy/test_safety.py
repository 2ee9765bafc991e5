"""Quotas and the holdback group: fewer measures than the rules say, never more, and the same in every replay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from hakam.policy.counters import MemoryCounters, PeekingCounters, RecordedCounters, RecordingCounters
from hakam.policy.engine import HOLDBACK, Engine
from hakam.policy.pack import load_pack
from hakam.policy.staging import place
from hakam.signals.measure import measure
from hakam.vocabulary.event import Event
from hakam.vocabulary.measure import MeasureKind
from hakam.vocabulary.verdict import ReviewRequest, Stage, Verdict

MakeEvent = Callable[..., Event]


def quota_pack(packs: Any, quota: str, **changes: Any) -> dict[str, str]:
    files = packs.files("author.posts > 3", **changes)
    return {**files, "rules.yaml": files["rules.yaml"] + f"  quota: {quota}\n"}


def judge(engine: Engine, event: Event, counters: Any) -> Verdict:
    return engine.judge(event, measure(event, engine.needs), counters)


def at(event: Event, seconds: float) -> Event:
    return msgspec.structs.replace(event, at=event.at + timedelta(seconds=seconds))


def test_a_rule_that_has_used_up_its_quota_only_asks_for_a_review(packs: Any, make_event: MakeEvent) -> None:
    engine, counters = packs.engine_of(quota_pack(packs, "{hour: 2}")), MemoryCounters()
    event = make_event(author={"posts": 4})
    first, second, third, later = (judge(engine, at(event, n), counters) for n in (0, 1, 2, 2_000))
    assert [measure.kind for measure in first.measures] == [MeasureKind.LIMIT_REACH]
    assert second.measures == first.measures
    assert second.tripped == ()
    assert third.measures == ()
    assert third.tripped == ("r0",)
    assert third.review == ReviewRequest("tripped", 0.5)
    assert third.firings[0].measures == ()
    assert third.firings[0].review == third.review
    assert later.tripped == ("r0",)  # still within the hour
    assert judge(engine, at(event, 9_000), counters).measures == first.measures  # and then it closes again
    other = msgspec.structs.replace(at(event, 3), platform="other")
    assert judge(engine, other, counters).tripped == ()  # each platform has its own


def test_a_review_that_the_rule_asks_for_stays(packs: Any, make_event: MakeEvent) -> None:
    files = quota_pack(packs, "{day: 1}", then='[limit_reach, review(queue="spam")]')
    engine, counters = packs.engine_of(files), MemoryCounters()
    event = make_event(author={"posts": 4})
    judge(engine, event, counters)
    verdict = judge(engine, at(event, 80_000), counters)
    assert (verdict.tripped, verdict.measures, verdict.review) == (("r0",), (), ReviewRequest("spam"))


def test_another_rule_goes_on(packs: Any, make_event: MakeEvent) -> None:
    files = quota_pack(packs, "{hour: 1}")
    more = packs.files("author.posts > 2", then="[remove]")["rules.yaml"].replace("r0", "r1")
    engine, counters = packs.engine_of({**files, "rules.yaml": files["rules.yaml"] + more}), MemoryCounters()
    event = make_event(author={"posts": 4})
    judge(engine, event, counters)
    verdict = judge(engine, event, counters)
    assert verdict.tripped == ("r0",)
    assert [measure.kind for measure in verdict.measures] == [MeasureKind.REMOVE]


@pytest.mark.parametrize("changes", [{"stage": "shadow"}, {"then": '[review(queue="spam")]'}])
def test_what_does_nothing_uses_up_no_quota(
    packs: Any, make_event: MakeEvent, changes: dict[str, str]
) -> None:
    engine, counters = packs.engine_of(quota_pack(packs, "{hour: 1}", **changes)), MemoryCounters()
    event = make_event(author={"posts": 4})
    assert [judge(engine, event, counters).tripped for _ in range(3)] == [(), (), ()]


def test_quotas_are_replayed_as_they_were(packs: Any, make_event: MakeEvent) -> None:
    engine, counters = packs.engine_of(quota_pack(packs, "{hour: 1, day: 9}")), MemoryCounters()
    recording = RecordingCounters(counters)
    event = make_event(author={"posts": 4})
    for wanted in ((), ("r0",), ("r0",)):
        recording.start()
        verdict = judge(engine, event, recording)
        assert verdict.tripped == wanted
        assert judge(engine, event, RecordedCounters(recording.seen)) == verdict
    assert recording.seen == {"quota r0 3600s": 3, "quota r0 86400s": 3}
    assert {counter.name for counter in engine.counters} == set(
        recording.seen
    )  # the door feeds them from its log
    judge(engine, event, PeekingCounters(counters))
    judge(engine, event, recording)
    assert recording.seen["quota r0 3600s"] == 4  # looking used up none


@pytest.mark.parametrize(
    ("quota", "code"),
    [("{hour: 0}", "P017"), ("{week: 5}", "P007"), ("5", "P009"), ("{}", "P009"), ("{hour: many}", "P009")],
)
def test_mistakes_in_a_quota_are_named(packs: Any, quota: str, code: str) -> None:
    assert code in [finding.code for finding in load_pack(quota_pack(packs, quota)).findings]


def held(packs: Any, share: str, severity: int = 20) -> dict[str, str]:
    files = packs.files("author.posts > 3")
    policies = files["policies.yaml"].replace("severity: 20", f"severity: {severity}")
    return {**files, "policies.yaml": policies, "pack.yaml": files["pack.yaml"] + f"holdback: {share}\n"}


def test_for_the_holdback_group_rules_only_watch(packs: Any, make_event: MakeEvent) -> None:
    engine, grave = packs.engine_of(held(packs, "10%")), packs.engine_of(held(packs, "10%", 50))
    watched = 0
    for n in range(400):
        event = make_event(author={"id": f"a{n}", "posts": 4})
        verdict = judge(engine, event, MemoryCounters())
        in_group = place(HOLDBACK, "test", f"a{n}") < 0.1
        assert verdict.firings[0].stage is (Stage.SHADOW if in_group else Stage.LIVE)
        assert bool(verdict.measures) is not in_group
        assert judge(grave, event, MemoryCounters()).measures  # nobody is held back from what is grave
        watched += in_group
    assert 20 < watched < 70


@pytest.mark.parametrize("share", ["11%", '"2"', "all", "-1%"])
def test_a_holdback_is_a_small_share(packs: Any, share: str) -> None:
    assert "P017" in [finding.code for finding in load_pack(held(packs, share)).findings]

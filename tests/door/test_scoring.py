"""Scores at the door: measured when a rule asks, beside the platform's own, kept in the record."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hakam.door.judgement import Judgement, Measured, prepare
from hakam.door.scoring import Scorer, heads_of, targets_of, with_scores
from hakam.policy.counters import MemoryCounters
from hakam.signals.measure import Signals, measure
from hakam.signals.models import shipped
from hakam.signals.models.heads import Head
from hakam.signals.models.targets import Target, shipped_targets
from hakam.testing.doors import RULES, House, event, fired, pack_files, published_pack
from hakam.vocabulary.event import Event

ASKING = """
- rule: rude
  policy: spam
  stage: live
  when: scores["toxicity"] >= 0.6
  then: [limit_reach]
- rule: theirs
  policy: spam
  stage: live
  when: scores["their-model"] > 0.5 and scores["threat"] < 0.9
  then: [limit_reach]
"""
RUDE = "you are a disgusting stupid idiot and everybody hates you"
KIND = "thank you for the lovely evening, see you on Sunday"


def decoded(**more: Any) -> Event:
    return msgspec.convert(event("e1", **more), Event, strict=False)


def judgement(rules: str = ASKING, **more: Any) -> Judgement:
    return prepare(published_pack(pack_files(rules)), **more)


def test_the_heads_that_rules_read_are_found() -> None:
    found = judgement()
    assert heads_of(found.engine.rules) == {Head.TOXICITY, Head.THREAT}
    assert found.scorer.heads == {Head.TOXICITY, Head.THREAT}
    assert heads_of(judgement(RULES).engine.rules) == frozenset()


def test_no_head_no_model() -> None:
    scorer = Scorer()
    assert scorer.model is None
    assert scorer.scores(decoded(text=RUDE), Signals()) == {}


def test_a_setting_measures_more() -> None:
    found = judgement(RULES, always=(Head.SPAM,))
    assert found.scorer.heads == {Head.SPAM}


def test_scores_are_those_of_the_shipped_model() -> None:
    scorer = Scorer([Head.TOXICITY])
    one = decoded(text=RUDE)
    assert scorer.scores(one, measure(one)) == {"toxicity": shipped.linear().score(RUDE, "en")[Head.TOXICITY]}
    assert scorer.scores(one, Signals()) == scorer.scores(one, measure(one))


def test_what_the_platform_measured_itself_stands() -> None:
    scorer = Scorer([Head.TOXICITY, Head.SPAM])
    one = decoded(text=RUDE, scores={"toxicity": 0.01})
    found = scorer.scores(one, Signals())
    assert set(found) == {"spam"}
    assert with_scores(one, found).scores == {"toxicity": 0.01, **found}
    assert with_scores(one, {}) is one


def test_an_event_without_text_has_no_score() -> None:
    one = decoded()
    silent = msgspec.structs.replace(one, item=msgspec.structs.replace(one.item, text=None))
    assert Scorer([Head.SPAM]).scores(silent, Signals()) == {}


@pytest.mark.parametrize(("text", "rules"), [(RUDE, ["rude"]), (KIND, [])])
def test_a_rule_judges_by_the_score_and_the_record_keeps_it(
    house: House, text: str, rules: list[str]
) -> None:
    house.publish(pack=published_pack(pack_files(ASKING)))
    ((status, result),) = house.send(event("a", text))
    assert (status, fired(result)) == (200, rules)
    record = house.log.get("forum", "a")
    assert record is not None
    kept = msgspec.json.decode(record.signals, type=Measured)
    assert kept.model == shipped.linear().id
    assert set(kept.scores) == {"toxicity", "threat"}
    if rules:
        assert result["verdict"]["firings"][0]["values"] == {
            'scores["toxicity"] >= 0.6': kept.scores["toxicity"]
        }


def test_a_record_can_be_judged_again_from_what_was_kept(house: House) -> None:
    house.publish(pack=published_pack(pack_files(ASKING)))
    house.send(event("a", RUDE, scores={"their-model": 0.7}))
    record = house.log.get("forum", "a")
    assert record is not None
    kept = msgspec.json.decode(record.signals, type=Measured)
    again = with_scores(msgspec.json.decode(record.raw, type=Event), kept.scores)
    verdict = judgement().engine.judge(again, kept.signals, MemoryCounters())
    assert [firing.rule for firing in verdict.firings] == ["rude", "theirs"]
    assert msgspec.json.encode(verdict) == record.verdict


def test_what_was_kept_stands_when_counters_are_filled_again() -> None:
    found = judgement()
    raw = msgspec.json.encode(event("a", KIND))
    seen: list[dict[str, float]] = []
    judge = found.engine.judge

    def listen(one: Event, signals: Signals, counters: Any) -> Any:
        seen.append(one.scores)
        return judge(one, signals, counters)

    found.engine.judge = listen  # type: ignore[method-assign]
    found.remember(raw, msgspec.json.encode(Measured(Signals(), scores={"toxicity": 0.77})))
    found.remember(raw)
    assert seen[0]["toxicity"] == 0.77
    assert set(seen[0]) == set(seen[1]) == {"toxicity", "threat"}
    assert seen[1]["toxicity"] == shipped.linear().score(KIND, "en")[Head.TOXICITY]


def test_what_no_rule_asks_for_is_not_in_the_record(house: House) -> None:
    house.send(event("a", RUDE))
    record = house.log.get("forum", "a")
    assert record is not None
    kept = msgspec.json.decode(record.signals, type=Measured)
    assert (kept.scores, kept.model) == ({}, None)


AIMED = """
- rule: against-religion
  policy: spam
  stage: live
  when: scores["hate"] >= 0.2 and scores["target:religion"] >= 0.5
  then: [limit_reach]
"""


def test_whom_hate_is_aimed_at_is_a_score_too() -> None:
    found = judgement(AIMED)
    assert targets_of(found.engine.rules) == {Target.RELIGION}
    assert found.scorer.model == f"{shipped.linear().id}+{shipped_targets().id}"
    attack = decoded(text="all muslims are filthy vermin, ban islam")
    scores = found.scorer.scores(attack, measure(attack))
    assert set(scores) == {"hate", "target:religion"}
    assert scores["target:religion"] > 0.5
    assert found.scorer.scores(msgspec.structs.replace(attack, scores=scores), measure(attack)) == {}
    assert b"against-religion" in found.consider(attack)
    assert b"against-religion" not in found.consider(decoded(text="all women are filthy vermin"))


def test_targets_alone_load_no_other_model() -> None:
    scorer = Scorer((), [Target.AGE])
    assert scorer.model == shipped_targets().id
    assert set(scorer.scores(decoded(text="ok boomers"), Signals())) == {"target:age"}

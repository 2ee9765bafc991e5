"""What the worker learns later: the same rules judge again, only what is new happens, and nothing happens twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from django.db import OperationalError, transaction

from hakam.backtest.prepare import prepare as columns
from hakam.backtest.prepare import rows_with_scores
from hakam.backtest.run import run
from hakam.backtest.workers import Here
from hakam.compliance import ledger
from hakam.compliance.models import Fact
from hakam.door.decode import Received
from hakam.door.judgement import Judgement, prepare
from hakam.intake import again, events
from hakam.intake.again import Learnt
from hakam.intake.models import LaterFiring, LaterJudgement
from hakam.policy.pack import load_pack
from hakam.review.models import Case, CaseSource, Decision, RuleTrip
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.storage.event_log import Record
from hakam.storage.published import PublishedPack
from hakam.testing import scene
from hakam.vocabulary.event import Event

pytestmark = pytest.mark.django_db
NOW = scene.NOW
RULES = """\
- rule: known-spam
  policy: spam
  stage: live
  when: word(text.folded, "buy followers")
  then: [limit_reach(days=7), review(queue="spam")]
- rule: model-says-hate
  policy: hate
  stage: live
  when: scores["slow:hate"] >= 0.8
  then: [limit_reach(days=3), review(queue="hate")]
- rule: both-models
  policy: threat
  stage: live
  when: scores["slow:hate"] >= 0.8 and scores["other:threat"] >= 0.5
  then: [review(queue="threats", urgency=0.9)]
- rule: counted-then
  policy: spam
  stage: shadow
  when: scores["slow:hate"] >= 0.1 and count(by=author.id, within="1h") >= 2
  then: [review(queue="spam")]
"""
Post = Callable[..., Record]


@pytest.fixture
def judgement(db: None) -> Judgement:
    files = {**scene.PACK, "rules.yaml": RULES}
    scene.publish(files)
    return prepare(PublishedPack(scene.in_force(), files))


@pytest.fixture
def post(judgement: Judgement, log: FileEventLog) -> Post:
    def put(text: str = "hello there", **more: object) -> Record:
        event: Event = scene.event(text, **more)  # type: ignore[arg-type]
        entries = judgement.judge([Received(scene.raw(event), event, at=event.at.timestamp())])
        (kept,) = log.append(entries)
        return log.read(kept.seq - 1, 1)[0]

    return put


def learn(record: Record, vault: FileVault, source: str = "slow", **scores: float) -> bool:
    named = {f"{source}:{name}": value for name, value in scores.items()}
    with transaction.atomic():
        return again.take_in(Learnt(record, source, f"{source}-1", named), vault=vault, now=NOW)


def test_a_rule_that_waited_for_a_score_acts_when_it_comes(
    post: Post, log: FileEventLog, vault: FileVault
) -> None:
    record = post()
    events.consume(log, vault=vault, now=NOW, limit=10)
    assert not Case.objects.exists()  # unknown is not true
    assert learn(record, vault, hate=0.93)
    decision, case = Decision.objects.get(), Case.objects.get()
    assert (decision.key, decision.clause, case.queue) == (f"event:{record.seq}/slow", "hate", "hate")
    (firing,) = CaseSource.objects.get().summary["firings"]
    assert 0.93 in firing["values"].values()


def test_the_ledger_has_both_judgements(post: Post, vault: FileVault) -> None:
    record = post("buy followers now")
    learn(record, vault, hate=0.9)
    (fact,) = [fact for fact in ledger.story(f"event:{record.seq}") if fact.kind == "event.judged_again"]
    said = ledger.body_of(fact)
    assert said["first"] == ["known-spam"]
    assert said["now"] == [{"rule": "model-says-hate", "stage": "live"}]
    assert (said["model"], said["scores"]) == ("slow-1", {"slow:hate": 0.9})
    assert said["digest"] == scene.in_force().digest
    assert list(ledger.verify_chain()) == []


def test_what_fired_before_does_not_fire_again(post: Post, log: FileEventLog, vault: FileVault) -> None:
    record = post("buy followers now")
    events.consume(log, vault=vault, now=NOW, limit=10)
    assert Decision.objects.count() == 1
    learn(record, vault, hate=0.2)  # below the rule's line
    assert (Decision.objects.count(), CaseSource.objects.count()) == (1, 1)
    assert not Fact.objects.filter(kind="event.judged_again").exists()
    assert LaterJudgement.objects.get().scores == {"slow:hate": 0.2}


def test_two_sources_are_seen_together(post: Post, vault: FileVault) -> None:
    record = post()
    learn(record, vault, "other", threat=0.7)
    assert not Case.objects.exists()
    learn(record, vault, hate=0.9)
    (source,) = CaseSource.objects.all()
    assert {firing["rule"] for firing in source.summary["firings"]} == {"model-says-hate", "both-models"}
    assert Case.objects.get().queue == "threats"  # the more urgent
    assert again.learnt_of(record.seq) == {"other:threat": 0.7, "slow:hate": 0.9}


def test_all_scores_of_a_record_are_told_with_what_was_learnt_later(
    post: Post, log: FileEventLog, vault: FileVault
) -> None:
    first, second, third = post(), post("other"), post("third")
    learn(first, vault, hate=0.9)
    learn(first, vault, "other", threat=0.4)
    learn(third, vault, hate=0.1)
    scored = [(record.seq, scores) for record, scores in again.with_all_scores(log.scan(0.0))]
    assert scored == [
        (first.seq, {"slow:hate": 0.9, "other:threat": 0.4}),
        (second.seq, {}),
        (third.seq, {"slow:hate": 0.1}),
    ]


def test_a_back_test_of_the_log_fires_by_what_was_learnt_later(
    post: Post, log: FileEventLog, vault: FileVault, tmp_path: Path
) -> None:
    first, _second = post(), post("other")
    learn(first, vault, hate=0.93)
    pack = load_pack({**scene.PACK, "rules.yaml": RULES}).pack
    assert pack is not None
    dataset = columns(rows_with_scores(again.with_all_scores(log.scan(0.0))), tmp_path / "data", pool=Here())
    outcome = run(dataset, pack, pool=Here())
    fired = dict(zip((one.rule for one in outcome.units), outcome.tally.fires, strict=True))
    assert fired["model-says-hate"] == 1


def test_a_source_is_taken_in_once(post: Post, vault: FileVault) -> None:
    record = post()
    assert [learn(record, vault, hate=0.9), learn(record, vault, hate=0.95)] == [True, False]
    assert (Decision.objects.count(), CaseSource.objects.count(), LaterJudgement.objects.count()) == (1, 1, 1)


def test_a_worker_that_dies_in_the_middle_has_done_nothing(
    post: Post, vault: FileVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = post()
    with monkeypatch.context() as broken:

        def dies(*_: object, **__: object) -> None:
            raise OperationalError("the connection is gone")

        broken.setattr("hakam.intake.acting.open_case", dies)
        with pytest.raises(OperationalError):
            learn(record, vault, hate=0.9)
    assert not Decision.objects.exists()
    assert not LaterJudgement.objects.exists()
    assert not Fact.objects.filter(kind="event.judged_again").exists()
    assert learn(record, vault, hate=0.9)
    assert (Decision.objects.count(), Case.objects.count()) == (1, 1)


def test_counters_are_those_of_the_first_judgement(post: Post, vault: FileVault) -> None:
    first, second = post(), post()
    for record in (first, second):
        learn(record, vault, hate=0.5)
    rules = [[firing["rule"] for firing in row.firings] for row in LaterJudgement.objects.order_by("seq")]
    assert rules == [[], ["counted-then"]]  # shadow: recorded, nothing else
    assert not Case.objects.exists()


def test_the_rules_are_those_of_the_first_judgement(post: Post, vault: FileVault) -> None:
    record = post()
    scene.publish(
        {**scene.PACK, "pack.yaml": scene.PACK["pack.yaml"].replace("1.0.0", "2.0.0")},
        now=NOW - timedelta(days=1),
    )
    learn(record, vault, hate=0.9)  # the newer pack has no rule that reads it
    assert [firing["rule"] for firing in LaterJudgement.objects.get().firings] == ["model-says-hate"]


def test_the_platforms_own_score_comes_first(
    judgement: Judgement, log: FileEventLog, vault: FileVault
) -> None:
    event = msgspec.structs.replace(scene.event(), scores={"slow:hate": 0.1})
    log.append(judgement.judge([Received(scene.raw(event), event, at=event.at.timestamp())]))
    learn(log.read(0, 1)[0], vault, hate=0.99)
    assert LaterJudgement.objects.get().firings == []


def test_a_quota_holds_for_later_judgements_too(log: FileEventLog, vault: FileVault) -> None:
    quota = 'then: [limit_reach(days=3), review(queue="hate")]\n  quota: {hour: 2}'
    files = {
        **scene.PACK,
        "rules.yaml": RULES.replace('then: [limit_reach(days=3), review(queue="hate")]', quota),
    }
    scene.publish(files)
    judgement = prepare(PublishedPack(scene.in_force(), files))
    for n in range(4):
        event = scene.event(item=str(n), author=f"u{n}")
        log.append(judgement.judge([Received(scene.raw(event), event, at=event.at.timestamp())]))
    for record in log.read(0, 10):
        learn(record, vault, hate=0.9)
    assert Decision.objects.count() == 2
    assert Case.objects.count() == 4  # the others are for people
    assert LaterFiring.objects.count() == 4
    assert RuleTrip.objects.get().rule == "model-says-hate"


def test_a_rule_book_that_is_gone_moves_nothing(post: Post, vault: FileVault) -> None:
    record = post()
    assert again.reads(record) == {"slow:hate", "other:threat"}
    strange = msgspec.structs.replace(
        record, verdict=record.verdict.replace(scene.in_force().digest.encode(), b"0" * 64)
    )
    assert again.reads(strange) == frozenset()
    assert again.reads(msgspec.structs.replace(record, verdict=b"{")) == frozenset()
    assert learn(strange, vault, hate=0.9)  # told in the log; the record counts as done
    assert LaterJudgement.objects.get().pack == ""


def test_unknown_is_kept_with_its_reason(post: Post, vault: FileVault) -> None:
    record = post()
    with transaction.atomic():
        again.take_in(Learnt(record, "slow", "slow-1", {}, "the endpoint said 500"), vault=vault, now=NOW)
    row = LaterJudgement.objects.get()
    assert (row.scores, row.unknown, row.firings) == ({}, "the endpoint said 500", [])

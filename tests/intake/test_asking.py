"""Models at work in the worker: who is asked about what, what it costs, and what happens when nobody answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from hakam.adapters.declared import Budget, Declaration, Declared, Fallback
from hakam.adapters.model import Known, Unknown
from hakam.compliance import ledger
from hakam.compliance.models import Fact
from hakam.door.decode import Received
from hakam.door.judgement import Judgement, prepare
from hakam.intake import cursors, events, remembering
from hakam.intake.asking import Asker, waiting
from hakam.intake.models import LaterJudgement, ModelAnswer, ModelUse
from hakam.intake.switching import SwitchError, cursor_of, is_on, switch_off, switch_on
from hakam.review.models import Case, CaseSource, Decision
from hakam.signals.models import shipped
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.storage.published import PublishedPack
from hakam.testing import scene
from hakam.testing.models import MemoryModel
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.event import Audience, Change

pytestmark = pytest.mark.django_db
NOW = scene.NOW
RULES = """\
- rule: judge-says-hate
  policy: hate
  stage: live
  when: scores["judge:hate"] >= 0.8
  then: [limit_reach(days=3), review(queue="hate")]
"""
Post = Callable[..., None]
WHAT = Declaration("memory", ("hate",))


@pytest.fixture
def judgement(db: None) -> Judgement:
    files = {**scene.PACK, "rules.yaml": RULES}
    scene.publish(files)
    return prepare(PublishedPack(scene.in_force(), files))


@pytest.fixture
def post(judgement: Judgement, log: FileEventLog, vault: FileVault) -> Post:
    """Put texts through the door, and let the first reader of the log take them in."""

    def put(*texts: str, audience: Audience | None = None, change: Change = Change.CREATED) -> None:
        for text in texts:
            event = scene.event(text, item=str(log.last_seq()), author=f"u{log.last_seq()}", change=change)
            event = msgspec.structs.replace(
                event, item=msgspec.structs.replace(event.item, audience=audience)
            )
            log.append(judgement.judge([Received(scene.raw(event), event, at=event.at.timestamp())]))
        while events.consume(log, vault=vault, now=NOW, limit=100):
            pass

    return put


def away(**more: object) -> MemoryModel:
    return MemoryModel(sends_to="models.example", **more)  # type: ignore[arg-type]


def run(asker: Asker, log: FileEventLog, vault: FileVault, *, later: float = 0.0, limit: int = 100) -> int:
    return asker.consume(log, vault=vault, now=moment(log, later), limit=limit)


def moment(log: FileEventLog, later: float = 0.0) -> object:
    """Return a moment some seconds after the newest record arrived."""
    from datetime import UTC, datetime  # noqa: PLC0415 -- beside its only use

    (record,) = log.read(log.last_seq() - 1, 1)
    return datetime.fromtimestamp(record.received_at + later, tz=UTC)


def scores() -> list[dict[str, float]]:
    return list(LaterJudgement.objects.order_by("seq").values_list("scores", flat=True))


def test_what_it_says_reaches_the_rules(post: Post, log: FileEventLog, vault: FileVault) -> None:
    post("good morning", "i hate you")
    model = MemoryModel()
    assert run(Asker("judge", model, WHAT), log, vault) == 2
    assert scores() == [{"judge:hate": 0.0}, {"judge:hate": 1.0}]
    assert Decision.objects.get().key == "event:2/judge"
    assert Case.objects.get().queue == "hate"
    assert not Fact.objects.filter(kind="model.asked").exists()  # nothing left this machine
    assert waiting("judge", log) == 0


def test_it_follows_the_first_reader_of_the_log(post: Post, log: FileEventLog, vault: FileVault) -> None:
    asker = Asker("judge", MemoryModel(), WHAT)
    post("i hate you")
    cursor = cursors.position(events.CURSOR)
    assert run(asker, log, vault) == 1
    assert cursors.position(cursor_of("judge")) == cursor
    assert run(asker, log, vault) == 0


def test_only_records_whose_rules_read_it_are_asked_about(
    post: Post, log: FileEventLog, vault: FileVault
) -> None:
    post("i hate you")
    other = MemoryModel()
    assert run(Asker("another", other, WHAT), log, vault) == 1
    assert other.asked == []


def test_what_leaves_is_in_the_ledger_before_it_leaves(
    post: Post, log: FileEventLog, vault: FileVault
) -> None:
    post("i hate you", "good morning")
    told: list[int] = []

    class Watching(MemoryModel):
        def read(self, texts):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            told.append(Fact.objects.filter(kind="model.asked").count())
            return super().read(texts)

    run(Asker("judge", Watching(sends_to="models.example"), WHAT), log, vault)
    assert told == [1]
    said = ledger.body_of(Fact.objects.get(kind="model.asked"))
    assert said == {
        "model": "memory-1",
        "to": "models.example",
        "texts": 2,
        "characters": len("i hate yougood morning"),
        "records": [1, 2],
    }
    use = ModelUse.objects.get()
    assert (use.texts, use.calls, use.characters, use.unknown) == (2, 2, 22, 0)


def test_the_same_text_is_sent_once(post: Post, log: FileEventLog, vault: FileVault) -> None:
    model = away()
    asker = Asker("judge", model, WHAT)
    post("i hate you", "i hate you", "good morning")
    run(asker, log, vault)
    post("i hate you")
    run(asker, log, vault)
    assert sorted(model.asked) == ["good morning", "i hate you"]
    assert scores() == [{"judge:hate": v} for v in (1.0, 1.0, 0.0, 1.0)]
    assert ModelUse.objects.get().remembered == 1


def test_a_worker_that_dies_after_the_call_does_not_pay_again(
    post: Post, log: FileEventLog, vault: FileVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    post("i hate you")
    model = away()
    with monkeypatch.context() as broken:

        def dies(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        broken.setattr("hakam.intake.again.take_in", dies)
        with pytest.raises(KeyboardInterrupt):
            run(Asker("judge", model, WHAT), log, vault)
    assert (scores(), cursors.position(cursor_of("judge"))) == ([], 0)
    assert run(Asker("judge", model, WHAT), log, vault) == 1  # as another process would
    assert model.asked == ["i hate you"]
    assert Decision.objects.count() == 1


@pytest.mark.parametrize(
    ("budget", "asked"),
    [
        (Budget(calls=2), 2),
        (Budget(calls=0), 0),
        (Budget(tokens=0), 0),
        (Budget(money=0.0), 0),
        (Budget(tokens=10**9, money=10.0), 4),
    ],
)
def test_a_budget_ends_the_calls_of_the_day(
    post: Post, log: FileEventLog, vault: FileVault, budget: Budget, asked: int
) -> None:
    post("hate 1", "hate 2", "hate 3", "hate 4")
    model = away()
    asker = Asker("judge", model, msgspec.structs.replace(WHAT, budget=budget))
    assert run(asker, log, vault) == 4
    assert len(model.asked) == asked
    unread = LaterJudgement.objects.filter(unknown="its budget of today is used up")
    assert unread.count() == 4 - asked


def test_tokens_and_money_are_counted_over_restarts(post: Post, log: FileEventLog, vault: FileVault) -> None:
    post("hate 1")
    model = away()
    model.script = [Known({"hate": 0.9}, tokens=600, micros=2_000_000, sent=6, calls=1)]
    what = msgspec.structs.replace(WHAT, budget=Budget(money=2.0))
    run(Asker("judge", model, what), log, vault)
    post("hate 2")
    run(Asker("judge", model, what), log, vault)
    assert model.asked == ["hate 1"]
    use = ModelUse.objects.get()
    assert (use.tokens, use.micros) == (600, 2_000_000)


def test_a_text_waits_for_an_endpoint_in_trouble(post: Post, log: FileEventLog, vault: FileVault) -> None:
    post("good 1", "hate 2", "good 3")
    model = away()
    down = Unknown("the endpoint answers 503", 0.01, sent=6, calls=1)
    model.script = [Known({"hate": 0.0}), down, down]
    asker = Asker("judge", model, WHAT)
    assert run(asker, log, vault) == 1  # the second waits, and so does what comes after it
    assert asker.trouble == "the endpoint answers 503"
    assert scores() == [{"judge:hate": 0.0}]
    while not run(asker, log, vault):  # until it has rested
        pass
    assert scores() == [{"judge:hate": 0.0}, {"judge:hate": 1.0}, {"judge:hate": 0.0}]
    assert asker.trouble == ""


def test_what_went_wrong_and_who_answered_are_kept_for_people(
    post: Post, log: FileEventLog, vault: FileVault
) -> None:
    model = away()
    model.script = [Unknown("the endpoint answers 503", 5.0)]
    asker = Asker("judge", model, WHAT)
    post("I hate this")
    run(asker, log, vault)
    use = ModelUse.objects.get(name="judge")
    assert (use.trouble, use.model) == ("the endpoint answers 503", "")
    assert use.trouble_at is not None
    asker = Asker("judge", model, WHAT)  # a worker that started anew
    run(asker, log, vault)
    use.refresh_from_db()
    assert (use.trouble, use.model) == ("the endpoint answers 503", model.id)


def test_while_it_rests_nobody_is_called(post: Post, log: FileEventLog, vault: FileVault) -> None:
    post("hate 1")
    model = away()
    model.script = [Unknown("the endpoint answers 429", 3_600.0)]
    asker = Asker("judge", model, WHAT)
    assert [run(asker, log, vault) for _ in range(5)] == [0] * 5
    assert len(model.asked) == 1


@pytest.mark.parametrize(
    ("fallback", "cases", "known"),
    [
        (Fallback(), 0, False),
        (Fallback("review", clause="hate", queue="unread"), 2, False),
        (Fallback("review", clause="hate", queue="unread", most=1), 1, False),
        (Fallback("local", local={"hate": "hate"}), 0, True),
    ],
)
def test_when_patience_ends_the_fallback_applies(  # noqa: PLR0917 -- fixtures and three parameters
    post: Post, log: FileEventLog, vault: FileVault, fallback: Fallback, cases: int, known: bool
) -> None:
    post("hate one", "hate two")
    model = away()
    model.script = [Unknown("the endpoint answers 503", 3_600.0)] * 2
    what = msgspec.structs.replace(WHAT, fallback=fallback, patience=60.0)
    asker = Asker("judge", model, what)
    assert run(asker, log, vault, later=30) == 0
    assert run(asker, log, vault, later=61) == 2
    assert Case.objects.count() == cases
    rows = list(LaterJudgement.objects.order_by("seq"))
    assert [bool(row.scores) for row in rows] == [known, known]
    assert all(row.unknown == "the endpoint answers 503" for row in rows)
    if known:
        (said,) = shipped.reader().read(["hate one"], ["en"])
        assert rows[0].scores == {"judge:hate": said.scores["hate"]}  # type: ignore[index]
        assert rows[0].made_by == f"{said.model} for judge"
    if cases:
        source = CaseSource.objects.order_by("pk").first()
        assert source is not None
        assert (source.ref, source.clause) == ("event:1/judge/fallback", "hate")
        assert ModelUse.objects.get().reviews == cases


@pytest.mark.parametrize(
    "answers",
    [
        [Known({"other": 0.5})],
        [Known({"hate": 1.5})],
        [Known({"hate": float("nan")})],
        [RuntimeError("it should not")],
    ],
)
def test_what_is_no_answer_is_unknown(
    post: Post, log: FileEventLog, vault: FileVault, answers: list[Known | Exception]
) -> None:
    post("hate one")
    model = away()
    model.script = [*answers]
    run(Asker("judge", model, msgspec.structs.replace(WHAT, patience=1.0)), log, vault, later=2)
    row = LaterJudgement.objects.get()
    assert row.scores == {}
    assert row.unknown
    assert not Decision.objects.exists()


def test_private_messages_stay_unless_it_is_declared(post: Post, log: FileEventLog, vault: FileVault) -> None:
    post("i hate you", audience=Audience.PRIVATE)
    model = away()
    run(Asker("judge", model, WHAT), log, vault)
    assert model.asked == []
    post("i hate you two", audience=Audience.PRIVATE)
    run(Asker("judge", model, msgspec.structs.replace(WHAT, private=True)), log, vault)
    assert model.asked == ["i hate you two"]


def test_what_is_held_for_abuse_of_children_never_leaves(
    post: Post, log: FileEventLog, vault: FileVault, judgement: Judgement
) -> None:
    event = scene.event("i hate you", item="held")
    said = scene.verdict([scene.firing(policy="child-abuse")])
    log.append([scene.entry(event, said)])
    post("i hate you too")
    model = away()
    run(Asker("judge", model, WHAT), log, vault)
    assert model.asked == ["i hate you too"]


def test_languages_deletions_and_length(post: Post, log: FileEventLog, vault: FileVault) -> None:
    post("i hate you and everything else here")
    post("deleted hate", change=Change.DELETED)
    post("   ")
    arabic = MemoryModel()
    what = msgspec.structs.replace(WHAT, languages=("ar",))
    assert run(Asker("judge", arabic, what), log, vault) == 3
    assert arabic.asked == []
    post("i hate you")
    short = MemoryModel()
    run(Asker("judge", short, msgspec.structs.replace(WHAT, longest=4)), log, vault)
    assert short.asked == ["i ha"]


def test_only_what_the_door_doubts_is_asked_about(post: Post, log: FileEventLog, vault: FileVault) -> None:
    post("good morning, what a lovely day", "you are a filthy stupid bitch and i hate you")
    model = away()
    run(Asker("judge", model, msgspec.structs.replace(WHAT, only_above={"toxicity": 0.5})), log, vault)
    assert model.asked == ["you are a filthy stupid bitch and i hate you"]


def test_answers_are_forgotten_after_a_week(db: None) -> None:
    keys = [f"{n:064x}" for n in range(3)]
    remembering.remember({keys[0]: {"hate": 0.5}}, now=NOW - timedelta(days=8))
    remembering.remember({keys[1]: {"hate": 0.6}}, now=NOW)
    assert remembering.recall(keys, now=NOW) == {keys[1]: {"hate": 0.6}}
    assert remembering.forget(now=NOW) == 1
    assert ModelAnswer.objects.count() == 1


def test_the_oldest_go_when_there_are_too_many(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "MOST", 2)
    for n in range(5):
        remembering.remember({f"{n:064x}": {"hate": 0.5}}, now=NOW + timedelta(seconds=n))
    assert remembering.forget(now=NOW + timedelta(minutes=1)) == 3
    assert set(kept()) == {f"{3:064x}", f"{4:064x}"}


def kept() -> Iterable[str]:
    return ModelAnswer.objects.values_list("pk", flat=True)


def test_a_model_is_on_in_one_version_only(post: Post, log: FileEventLog, tmp_path: Path) -> None:
    one = Declared("judge", "a" * 12, WHAT, tmp_path)
    assert not is_on(one)
    post("before it was on")
    switch_on(one, sends_to="models.example", by=SYSTEM, now=NOW)
    assert is_on(one)
    assert not is_on(msgspec.structs.replace(one, version="b" * 12))
    assert cursors.position(cursor_of("judge")) == log.last_seq()  # what came before stays unread
    said = ledger.body_of(Fact.objects.get(kind="model.switched_on"))
    assert (said["sends_to"], said["version"], said["private"]) == ("models.example", "a" * 12, False)
    with pytest.raises(SwitchError):
        switch_on(one, sends_to="", by=SYSTEM, now=NOW)
    switch_off("judge", by=SYSTEM, now=NOW)
    assert not is_on(one)
    with pytest.raises(SwitchError):
        switch_off("judge", by=SYSTEM, now=NOW)
    assert [fact.kind for fact in ledger.story("model:judge")] == ["model.switched_on", "model.switched_off"]

"""What senses learnt of a stream is judged by the rules in force: a case for a person, and nobody is cut by it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.live.stage import Stage
from tests.live.watching.test_senses import Slow, soon

from hakam.adapters.declared import Budget, Declaration, Fallback
from hakam.compliance.models import Fact
from hakam.door.judgement import prepare
from hakam.intake.models import ModelUse
from hakam.live.models import Cut, Stream
from hakam.live.watching import judging
from hakam.live.watching.eyes import Picture
from hakam.live.watching.judging import LASTS, Impression, event_of, fired, take_in
from hakam.live.watching.senses import Answer, Learnt, Line, Sample
from hakam.review.evidence import strips, writings
from hakam.review.models import Case, Evidence
from hakam.storage.embedded.vault import FileVault
from hakam.storage.published import PublishedPack
from hakam.testing import scene
from hakam.vocabulary.event import ContentKind, Event
from hakam.vocabulary.verdict import Verdict

pytestmark = pytest.mark.django_db
GORE = """
- rule: gore-seen
  policy: threat
  stage: live
  when: scores["judge:gore"] >= 0.8
  then: [review(queue="gore", urgency=0.9)]
- rule: every-segment
  policy: spam
  stage: live
  when: item.kind == "live.segment"
  then: [review(queue="all")]
"""


class Desk:
    """A stream, the rules in force, and what is learnt of it."""

    def __init__(self, home: Path) -> None:
        version = scene.PACK["pack.yaml"].replace("1.0.0", "2.0.0")
        book = scene.publish(
            {**scene.PACK, "pack.yaml": version, "rules.yaml": scene.PACK["rules.yaml"] + GORE}
        )
        judgement = prepare(PublishedPack(scene.in_force(), book.files))
        self.judge: Callable[[Event], Verdict | None] = lambda event: msgspec.json.decode(
            judgement.consider(event), type=Verdict
        )
        self.stage = Stage(home)
        self.stream = self.stage.stream(viewers=40)
        self.vault = FileVault(home / "evidence", b"k" * 32)
        self.impression = Impression()
        self.at = self.stage.now.timestamp()

    def take_in(self, *learnt: Learnt, **fallbacks: Declaration) -> list[str]:
        return take_in(
            self.stream, self.impression, learnt, judge=self.judge, fallbacks=fallbacks,
            pictures=lambda: [Picture(self.at + n / 2, b"jpeg") for n in range(9)], vault=self.vault,
            now=self.stage.now,
        )  # fmt: skip

    def learnt(self, **more: Any) -> Learnt:
        return Learnt(self.at, **{"sense": "judge", **more})


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_what_a_model_sees_opens_one_case_with_its_frames(desk: Desk) -> None:
    assert desk.take_in(desk.learnt(scores={"judge:gore": 0.4})) == []
    assert desk.take_in(desk.learnt(scores={"judge:gore": 0.9})) == ["gore-seen"]
    assert desk.take_in(desk.learnt(scores={"judge:gore": 0.95})) == []
    case = Case.objects.get()
    assert (case.queue, case.clause, case.author_id) == ("gore", "threat", "u1")
    (strip,) = strips(Evidence.objects.values_list("digest", flat=True), desk.vault)
    assert (strip.bank, len(strip.frames)) == ("", 6)
    desk.stream.refresh_from_db()
    assert (desk.stream.case, desk.stream.clause) == (case.pk, "threat")
    assert desk.impression.ruled_at == desk.at
    assert not Cut.objects.exists()


def test_what_is_written_or_said_is_judged_as_if_it_were_posted(desk: Desk) -> None:
    assert desk.take_in(desk.learnt(sense="writing", text="a quiet evening", program="tesseract 5")) == []
    assert desk.take_in(desk.learnt(sense="writing", text="BUY FOLLOWERS", program="tesseract 5")) == [
        "known-spam"
    ]
    assert [(one.picture, one.text) for one in kept(desk)] == [(1, "BUY FOLLOWERS")]
    other = Desk.take_in
    desk.impression = Impression()
    other(desk, desk.learnt(sense="ear", text="so buy followers now", program="whisper-1", spoken=True))
    assert Case.objects.count() == 1  # it is one stream
    assert {(one.picture, one.program) for one in kept(desk)} == {(1, "tesseract 5"), (0, "whisper-1")}


def kept(desk: Desk) -> tuple[Any, ...]:
    digests = Evidence.objects.filter(kind="writing").values_list("digest", flat=True)
    return tuple(writings(list(digests), desk.vault))


def test_a_rule_that_holds_of_every_stream_says_nothing_of_what_was_learnt(desk: Desk) -> None:
    learnt = desk.learnt(scores={"judge:gore": 0.1}, text="hello")
    assert fired(desk.stream, learnt, learnt.scores, desk.judge) == []
    assert desk.take_in(learnt) == []
    assert fired(desk.stream, learnt, learnt.scores, lambda _: None) == []


def test_scores_are_those_of_now(desk: Desk) -> None:
    desk.impression.note(desk.learnt(scores={"judge:gore": 0.4, "nudity": 0.2}))
    assert desk.impression.scores(desk.at + LASTS) == {"judge:gore": 0.4, "nudity": 0.2}
    assert desk.impression.scores(desk.at + LASTS + 1) == {}
    made = event_of(desk.stream, {"nudity": 0.2}, "text", at=desk.at)
    assert (made.kind, made.item.id, made.item.text) == (
        ContentKind.LIVE_SEGMENT,
        desk.stream.item_id,
        "text",
    )
    assert made.item.reach == 40


def test_without_an_answer_the_declared_fallback_holds(desk: Desk) -> None:
    nothing = desk.learnt(unknown="the endpoint answers 503")
    silent = Declaration("onnx", ("gore",), reads="picture")
    assert desk.take_in(nothing, judge=silent) == []
    asks = Declaration(
        "onnx", ("gore",), reads="picture", fallback=Fallback("review", clause="hate", queue="models")
    )
    assert desk.take_in(nothing, nothing, judge=asks) == ["model:judge"]
    assert desk.take_in(nothing, judge=asks) == []
    case = Case.objects.get()
    assert (case.queue, case.clause) == ("models", "hate")
    assert desk.impression.scores(desk.at) == {}  # unknown is never 0


class Far(Slow):
    """A model behind an endpoint."""

    name, id, sends_to = "judge", "judge-1", "models.example"

    def __init__(self, calls: int | None = None) -> None:
        super().__init__()
        self.what = Declaration("moderations", ("gore",), reads="picture", budget=Budget(calls=calls))
        self.answer = lambda one: Answer(Learnt(one.at, self.name, {"judge:gore": 0.1}), 1)
        self.go.set()


def test_the_ledger_knows_before_a_frame_leaves_this_machine(desk: Desk) -> None:
    line = Line(Far())
    assert judging.admit(line, desk.stream, now=desk.stage.now)
    assert judging.admit(line, desk.stream, now=desk.stage.now)
    fact = Fact.objects.get(kind="model.asked")
    assert "models.example" in fact.body
    assert f"stream:{desk.stream.pk}" in set(fact.links.values_list("subject", flat=True))
    assert line.wants(desk.stream.pk, desk.at)
    Stream.objects.filter(pk=desk.stream.pk).update(clause="child-abuse")
    desk.stream.refresh_from_db()
    assert not judging.admit(line, desk.stream, now=desk.stage.now)
    assert not line.wants(desk.stream.pk, desk.at)
    near = Line(Slow())
    assert judging.admit(near, desk.stream, now=desk.stage.now)  # it leaves nothing
    assert Fact.objects.filter(kind="model.asked").count() == 1
    line.close()
    near.sense.go.set()  # type: ignore[attr-defined]
    near.close()


def test_what_it_used_is_counted_and_a_budget_pauses_it(desk: Desk) -> None:
    line = Line(Far(calls=1))
    judging.admit(line, desk.stream, now=desk.stage.now)
    line.offer(desk.stream.pk, Sample(desk.at))
    soon(lambda: line.taken(desk.stream.pk))
    judging.note(line, now=desk.stage.now)
    day = ModelUse.objects.get(name="judge")
    assert (day.calls, day.texts, day.unknown, day.model) == (1, 1, 0, "judge-1")
    assert "budget" in line.paused
    assert not line.wants(desk.stream.pk, desk.at + 60)
    judging.note(Line(Slow()), now=desk.stage.now)  # what is not declared is not counted
    assert ModelUse.objects.count() == 1
    line.close()

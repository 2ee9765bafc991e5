"""What is asked about streams besides the banks: each in its own time, and never at the cost of the watching."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.adapters.networks import mean_of_colours
from tests.adapters.test_onnx_picture import TOML, picture
from tests.media.clip_files import tones
from tests.media.memes import ENGLISH, needs_tesseract

from hakam.adapters.declared import Declaration, read
from hakam.adapters.model import Known, Unknown
from hakam.adapters.onnx_picture import OnnxPictureModel
from hakam.live.watching.senses import (
    HEARD,
    READ_RESTS,
    Answer,
    Learnt,
    Line,
    Looking,
    Reading,
    Sample,
    Senses,
)
from hakam.media.chromaprint import RATE
from hakam.media.sandbox import Sandbox

AT = 1_800_000_000.0


class Slow:
    """A sense that answers when a test lets it."""

    name, sight, sends_to, what, id = "slow", True, "", None, "slow-1"

    def __init__(self, every: float = 1.0) -> None:
        self.every = every
        self.go = threading.Event()
        self.asked: list[float] = []
        self.answer: Callable[[Sample], Answer] = lambda one: Answer(Learnt(one.at, self.name, {"x": 0.5}), 1)
        self.closed = False

    def ask(self, sample: Sample) -> Answer:
        self.asked.append(sample.at)
        self.go.wait(200)
        return self.answer(sample)

    def close(self) -> None:
        self.closed = True


def soon(what: Callable[[], Any]) -> Any:
    until = time.monotonic() + 60
    while not (found := what()):
        assert time.monotonic() < until
        time.sleep(0.005)
    return found


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def line(slow: Slow) -> Iterator[Line]:
    made = Line(slow)
    yield made
    slow.go.set()
    made.close()
    assert slow.closed


def test_of_each_stream_the_newest_waits_and_nobody_who_offers_does(line: Line, slow: Slow) -> None:
    for stream in (1, 2):
        line.admit(stream)
    line.offer(1, Sample(AT))
    soon(lambda: slow.asked)
    for n in range(1, 50):
        line.offer(1, Sample(AT + n))
        line.offer(2, Sample(AT + n))
    assert slow.asked == [AT]  # nobody waited for the answer, which has not come yet
    slow.go.set()
    soon(lambda: len(slow.asked) == 3)
    assert slow.asked == [AT, AT + 49, AT + 49]
    assert soon(lambda: line.taken(1))[0].at == AT
    assert soon(lambda: line.taken(2))[0].scores == {"x": 0.5}


def test_a_stream_that_was_not_admitted_is_not_asked_about(line: Line, slow: Slow) -> None:
    assert not line.wants(1, AT)
    line.offer(1, Sample(AT))
    line.admit(1)
    assert line.wants(1, AT)
    line.offer(1, Sample(AT))
    assert not line.wants(1, AT + 0.9)
    assert line.wants(1, AT + 1.0)
    line.forget(1)
    assert not line.wants(1, AT + 9.0)
    slow.go.set()
    time.sleep(0.05)
    assert line.taken(1) == []


def test_what_has_no_answer_rests_and_is_told(line: Line, slow: Slow) -> None:
    slow.go.set()
    line.admit(1)
    slow.answer = lambda one: Answer(Learnt(one.at, "slow", unknown="the endpoint answers 503"), 1, 60.0)
    line.offer(1, Sample(AT))
    (learnt,) = soon(lambda: line.taken(1))
    assert learnt.unknown == line.trouble == "the endpoint answers 503"
    assert not line.wants(1, AT + 5.0)
    use = line.used()
    assert (use.asked, use.unknown, use.calls, use.answered) == (1, 1, 1, False)
    assert line.used().asked == 0


def test_one_that_fails_ends_nothing(line: Line, slow: Slow) -> None:
    slow.go.set()
    line.admit(1)

    def fail(_: Sample) -> Answer:
        raise ZeroDivisionError

    slow.answer = fail
    line.offer(1, Sample(AT))
    assert "ZeroDivisionError" in soon(lambda: line.taken(1))[0].unknown
    slow.answer = lambda one: Answer(Learnt(one.at, "slow"))
    line.offer(1, Sample(AT + 60))
    assert soon(lambda: line.taken(1))[0].unknown == ""
    assert line.trouble == ""


def test_a_budget_that_is_used_up_is_no_question(line: Line) -> None:
    line.admit(1)
    line.paused = "its budget of today is used up"
    assert not line.wants(1, AT)


def test_frames_are_coloured_only_for_who_wants_them_and_sound_is_joined(slow: Slow) -> None:
    senses, ear, made = Senses(), Slow(HEARD), []
    ear.name = ear.id = "ear"
    ear.sight = False
    got: list[Sample] = []
    ear.answer = lambda one: got.append(one) or Answer(Learnt(one.at, "ear"))
    for one in (slow, ear):
        one.go.set()
    senses.renew((slow, ear))
    for line in senses.lines:
        line.admit(1)
    assert senses.sight

    def make() -> Any:
        made.append(1)
        return picture(1, 2, 3)

    for n in range(4):
        senses.see(1, AT + n * 0.5, make)
    assert len(made) == 2  # one a second
    samples = tones(1, 30.0)
    half = RATE // 2
    for n in range(0, len(samples) - half, half):
        senses.hear(1, AT + n / RATE, samples[n : n + half], "ar")
        if n == 21 * half:
            soon(lambda: got)
    soon(lambda: len(got) == 2)
    assert got[0].language == "ar"
    assert got[0].sound is not None
    assert HEARD <= len(got[0].sound) / RATE < HEARD + 1.0
    assert np.array_equal(got[0].sound, samples[: len(got[0].sound)])
    senses.renew((slow,))
    assert [line.sense.name for line in senses.lines] == ["slow"]
    soon(lambda: ear.closed)
    senses.forget(1)
    senses.close()
    assert slow.closed
    assert not senses.sight


def looking(tmp_path: Path, **more: Any) -> Looking:
    mean_of_colours(tmp_path / "models" / "colours", 16)
    path = tmp_path / "models" / "judge.toml"
    path.write_text(TOML)
    declared = read(path)
    model = OnnxPictureModel(declared)
    for name, value in more.items():
        setattr(model, name, value)
    return Looking(declared.name, model, declared.what)


def test_a_declared_model_looks_at_frames(tmp_path: Path) -> None:
    sense = looking(tmp_path)
    learnt = sense.ask(Sample(AT, rgb=picture(255, 0, 0))).learnt
    assert (learnt.scores, learnt.unknown) == ({"judge:red": 1.0, "judge:blue": 0.0}, "")
    assert (sense.every, sense.sight, sense.sends_to) == (5.0, True, "")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Unknown("no"), "no"),
        (Known({"red": 2.0, "blue": 0.0}), "probability"),
        (Known({"red": 0.5}), "probability"),
    ],
)
def test_an_answer_that_is_none_is_unknown(tmp_path: Path, said: Any, words: str) -> None:
    sense = looking(tmp_path, look=lambda _: [said])
    learnt = sense.ask(Sample(AT, rgb=picture(1, 2, 3))).learnt
    assert words in learnt.unknown
    assert learnt.scores == {}


@needs_tesseract
def test_what_is_written_in_a_frame_is_read() -> None:
    import cv2  # noqa: PLC0415 -- needs the extra
    from tests.media.memes import meme  # noqa: PLC0415

    data = np.frombuffer(meme(ENGLISH, "en"), np.uint8)
    frame = cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    with Sandbox() as sandbox:
        began = time.monotonic()
        answer = Reading(sandbox, ("en", "ar")).ask(Sample(AT, rgb=frame))
        took, learnt = time.monotonic() - began, answer.learnt
    assert 0 < answer.again <= took * READ_RESTS  # the watch beside it keeps most of the processor
    assert "FOLLOWERS" in learnt.text
    assert "tesseract" in learnt.program
    assert learnt.scores == {}


def test_a_declaration_of_nothing_is_none() -> None:
    assert Slow.what is None
    assert Declaration("x").reads == "text"

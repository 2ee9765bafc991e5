"""What is asked about streams besides the banks: models that look, that hear, and what is written in frames.

Each sense has a thread of its own, and of each stream only the newest sample waits for it: nothing here slows the
reading of a stream, and what can't be asked in time is not asked. No database, no clock of its own.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import numpy as np

from hakam.adapters.declared import Declaration
from hakam.adapters.model import Known, PictureModel, SpeechModel, Unknown
from hakam.adapters.picture_moderations import jpeg
from hakam.media import nudity, tesseract
from hakam.media.chromaprint import RATE
from hakam.media.sandbox import Sandbox, UnreadableError

if TYPE_CHECKING:
    from hakam.adapters.model import Rgb8, Samples

READ_EVERY: Final = 10.0  # seconds of a stream between two frames whose writing is read
READ_RESTS: Final = (
    3.0  # times as long as a frame took nothing is read: a quarter of a processor, however many streams
)
HEARD: Final = 10.0  # seconds of sound that are written down together
_READ_SIDE: Final = 1_600  # pixels of a frame in which writing is sought
_KEPT: Final = 100  # answers of a stream that nobody has taken
_log: Final = logging.getLogger("hakam.watch")


class Learnt(NamedTuple):
    """What a sense made of a sample. `at`: Unix seconds of the sample."""

    at: float
    sense: str
    scores: Mapping[str, float] = {}  # as rules read them: `judge:hate`, `nudity`
    text: str = ""  # that is written in the frame, or was said
    program: str = ""  # by which it was read or heard
    spoken: bool = False
    unknown: str = ""  # why there is no answer


class Answer(NamedTuple):
    """One answer, and what it cost. `again`: seconds for which asking is of no use."""

    learnt: Learnt
    calls: int = 0
    again: float = 0.0


class Sample(NamedTuple):
    """A frame or some seconds of sound. `at`: Unix seconds."""

    at: float
    rgb: Rgb8 | None = None
    sound: Samples | None = None
    language: str | None = None


class Sense(Protocol):
    """Something that is asked about samples of a stream."""

    @property
    def name(self) -> str:
        """As it stands in the score over time."""
        ...

    @property
    def every(self) -> float:
        """Seconds of one stream between two questions."""
        ...

    @property
    def sight(self) -> bool:
        """Whether it is given frames; else sound."""
        ...

    @property
    def sends_to(self) -> str:
        """The host that samples are sent to; empty: none leaves this machine."""
        ...

    @property
    def what(self) -> Declaration | None:
        """What is declared of it, with budget and fallback; None: it is of this machine, and free."""
        ...

    @property
    def id(self) -> str:
        """Name and version."""
        ...

    def ask(self, sample: Sample) -> Answer:
        """Answer a sample. It may raise: then there is no answer."""
        ...

    def close(self) -> None:
        """Release what it holds."""
        ...


class Looking:
    """A declared model that looks at frames."""

    sight = True

    def __init__(self, name: str, model: PictureModel, what: Declaration) -> None:
        self.name, self.model, self.what = name, model, what
        self.every, self.sends_to = what.every, model.sends_to

    @property
    def id(self) -> str:
        """Name and version of the model."""
        return self.model.id

    def ask(self, sample: Sample) -> Answer:
        """Ask about a frame."""
        assert sample.rgb is not None
        (said,) = self.model.look([sample.rgb])
        if isinstance(said, Unknown):
            return Answer(Learnt(sample.at, self.name, unknown=said.why), said.calls, said.again)
        assert isinstance(said, Known)
        if set(said.scores) != set(self.model.labels) or not all(0 <= v <= 1 for v in said.scores.values()):
            return Answer(
                Learnt(sample.at, self.name, unknown="it gives no probability for each label"), said.calls
            )
        scores = {f"{self.name}:{label}": value for label, value in said.scores.items()}
        return Answer(Learnt(sample.at, self.name, scores), said.calls)

    def close(self) -> None:
        """Release the model."""
        self.model.close()


class Hearing:
    """A declared model that writes down what is said."""

    sight = False

    def __init__(self, name: str, model: SpeechModel, what: Declaration) -> None:
        self.name, self.model, self.what = name, model, what
        self.every, self.sends_to = max(what.every, HEARD), model.sends_to

    @property
    def id(self) -> str:
        """Name and version of the model."""
        return self.model.id

    def ask(self, sample: Sample) -> Answer:
        """Ask about some seconds of sound."""
        assert sample.sound is not None
        said = self.model.hear(sample.sound, RATE, sample.language)
        if isinstance(said, Unknown):
            return Answer(Learnt(sample.at, self.name, unknown=said.why), said.calls, said.again)
        return Answer(
            Learnt(sample.at, self.name, text=said.text, program=self.model.id, spoken=True), said.calls
        )

    def close(self) -> None:
        """Release the model."""
        self.model.close()


class Reading:
    """What is written in frames, and the score of nudity where a rule asks for it: as with pictures of items."""

    name, sight, sends_to, what = "writing", True, "", None

    def __init__(self, sandbox: Sandbox, languages: tuple[str, ...], *, every: float = READ_EVERY) -> None:
        self._sandbox, self._languages = sandbox, languages
        self.every = every

    @property
    def id(self) -> str:
        """Which languages it reads."""
        return f"{self.name} {'+'.join(self._languages)}".strip()

    def ask(self, sample: Sample) -> Answer:
        """Read a frame. Raises what its readers raise."""
        assert sample.rgb is not None
        began = monotonic()
        said = self._sandbox.said(jpeg(sample.rgb, _READ_SIDE), plates=bool(self._languages))
        scores = {} if said.nudity is None else {nudity.SCORE: said.nudity}
        text = program = ""
        if said.plates:
            writing = tesseract.read(said.plates, self._languages)
            text, program = writing.text, writing.program
        took = monotonic() - began
        return Answer(Learnt(sample.at, self.name, scores, text, program), again=took * READ_RESTS)

    def close(self) -> None:
        """Release nothing: the sandbox belongs to whoever made it."""


class Use(NamedTuple):
    """What a sense did since it was last noted."""

    asked: int = 0
    unknown: int = 0
    calls: int = 0
    milliseconds: int = 0
    answered: bool = False
    trouble: str = ""


class Line:
    """One sense with its thread. Of each stream the newest sample waits; the one that waits longest is asked first."""

    def __init__(self, sense: Sense) -> None:
        self.sense = sense
        self.paused = ""  # why nothing is asked: the budget of the day is used up
        self.trouble = ""
        self._admitted: set[int] = set()
        self._waiting: dict[int, Sample] = {}
        self._asked: dict[int, float] = {}
        self._found: dict[int, deque[Learnt]] = {}
        self._use = Use()
        self._rest_until = 0.0
        self._ready = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"sense-{sense.name}", daemon=True)
        self._thread.start()

    def admitted(self, stream_id: int) -> bool:
        """Whether a stream may be asked about."""
        return stream_id in self._admitted

    def admit(self, stream_id: int) -> None:
        """Let a stream be asked about."""
        with self._ready:
            self._admitted.add(stream_id)

    def forget(self, stream_id: int) -> None:
        """Ask about a stream no more."""
        with self._ready:
            self._admitted.discard(stream_id)
            self._waiting.pop(stream_id, None)
            self._asked.pop(stream_id, None)
            self._found.pop(stream_id, None)

    def wants(self, stream_id: int, at: float) -> bool:
        """Whether a sample of this moment would be asked about. `at`: Unix seconds."""
        return (
            stream_id in self._admitted
            and not self.paused
            and monotonic() >= self._rest_until
            and at - self._asked.get(stream_id, 0.0) >= self.sense.every
        )

    def offer(self, stream_id: int, sample: Sample) -> None:
        """Give a sample. Never waits."""
        with self._ready:
            if self._closed or stream_id not in self._admitted:
                return
            self._asked[stream_id] = sample.at
            self._waiting[stream_id] = sample
            self._ready.notify()

    def taken(self, stream_id: int) -> list[Learnt]:
        """Return what was learnt of a stream since the last call."""
        with self._ready:
            return list(self._found.pop(stream_id, ()))

    def used(self) -> Use:
        """Return what it did since the last call."""
        with self._ready:
            use, self._use = self._use, Use()
            return use

    def close(self) -> None:
        """End the thread once its question is answered."""
        with self._ready:
            self._closed = True
            self._waiting.clear()
            self._ready.notify()
        self._thread.join(timeout=30)
        self.sense.close()

    def _next(self) -> tuple[int, Sample] | None:
        with self._ready:
            while not self._waiting and not self._closed:
                self._ready.wait()
            if self._closed:
                return None
            stream_id = min(self._waiting, key=lambda one: self._waiting[one].at)
            return stream_id, self._waiting.pop(stream_id)

    def _run(self) -> None:
        while (one := self._next()) is not None:
            stream_id, sample = one
            began = monotonic()
            try:
                answer = self.sense.ask(sample)
            except (UnreadableError, tesseract.UnreadError) as error:
                answer = Answer(Learnt(sample.at, self.sense.name, unknown=str(error)))
            except Exception as error:  # noqa: BLE001 -- one sense that fails ends no watch
                _log.exception("%s failed", self.sense.name)
                answer = Answer(
                    Learnt(sample.at, self.sense.name, unknown=f"it failed: {type(error).__name__}"),
                    again=30.0,
                )
            self._keep(stream_id, answer, round((monotonic() - began) * 1_000))

    def _keep(self, stream_id: int, answer: Answer, took: int) -> None:
        learnt = answer.learnt
        with self._ready:
            if stream_id in self._admitted:
                self._found.setdefault(stream_id, deque(maxlen=_KEPT)).append(learnt)
            self._rest_until = monotonic() + answer.again if answer.again else 0.0
            if learnt.unknown and learnt.unknown != self.trouble:
                _log.warning("%s: %s", self.sense.name, learnt.unknown)
            self.trouble = learnt.unknown
            before = self._use
            self._use = Use(
                before.asked + 1,
                before.unknown + bool(learnt.unknown),
                before.calls + answer.calls,
                before.milliseconds + took,
                before.answered or not learnt.unknown,
                learnt.unknown or before.trouble,
            )


class Senses:
    """The senses at work over all streams. What feeds call here returns at once."""

    def __init__(self) -> None:
        self.lines: tuple[Line, ...] = ()
        self._heard: dict[int, deque[Samples]] = {}

    def renew(self, senses: tuple[Sense, ...]) -> None:
        """Ask these from now on; those that are at work already go on."""
        kept = {(line.sense.name, line.sense.id): line for line in self.lines}
        wanted = {(sense.name, sense.id): sense for sense in senses}
        gone = [line for key, line in kept.items() if key not in wanted]
        self.lines = tuple(kept.get(key) or Line(sense) for key, sense in wanted.items())
        for line in gone:  # its last question may take a while, and streams go on
            threading.Thread(target=line.close, name="sense-ends", daemon=True).start()

    @property
    def sight(self) -> bool:
        """Whether frames are wanted with their colours."""
        return any(line.sense.sight for line in self.lines)

    def see(self, stream_id: int, at: float, make: Callable[[], Rgb8]) -> None:
        """Offer a frame to whoever wants one. `make` gives its colours."""
        wanting = [line for line in self.lines if line.sense.sight and line.wants(stream_id, at)]
        if wanting:
            sample = Sample(at, rgb=make())
            for line in wanting:
                line.offer(stream_id, sample)

    def hear(self, stream_id: int, at: float, samples: Samples, language: str | None) -> None:
        """Keep some seconds of sound, and offer them to whoever wants to write them down."""
        wanting = [line for line in self.lines if not line.sense.sight]
        if not wanting:
            return
        kept = self._heard.setdefault(stream_id, deque())
        kept.append(samples)
        whole = sum(map(len, kept))
        while whole - len(kept[0]) >= HEARD * RATE:
            whole -= len(kept.popleft())
        if whole < HEARD * RATE:
            return
        for line in wanting:
            if line.wants(stream_id, at):
                line.offer(stream_id, Sample(at, sound=np.concatenate(kept), language=language))

    def taken(self, stream_id: int) -> list[Learnt]:
        """Return what was learnt of a stream since the last call, the oldest first."""
        return sorted((one for line in self.lines for one in line.taken(stream_id)), key=lambda one: one.at)

    def forget(self, stream_id: int) -> None:
        """Ask about a stream no more."""
        self._heard.pop(stream_id, None)
        for line in self.lines:
            line.forget(stream_id)

    def close(self) -> None:
        """End all threads, and wait for them."""
        lines, self.lines = self.lines, ()
        for line in lines:
            line.close()

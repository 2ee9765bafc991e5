"""For authors of adapters that look or hear: models in memory, and the suites that each must pass.

A model's tests derive from `PictureModelSuite` or `SpeechModelSuite` and say how one is built, and how it is broken if
it can be:

    class TestMine(PictureModelSuite):
        @pytest.fixture
        def rig(self):
            return PictureRig(build=lambda: Mine(declared), other=lambda: Mine(declared_otherwise))
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Final

import numpy as np

from hakam.adapters.model import Answer, Heard, Known, PictureModel, SpeechModel, Unknown
from hakam.testing.models import LONGEST_ID, NEAR, assert_alike, assert_sound

if TYPE_CHECKING:
    from hakam.adapters.model import Rgb8, Samples

LONGEST_WORDS: Final = 100_000  # characters that anybody says in some seconds, and far more
_THREADS = 4
RATES: Final = (8_000, 11_025, 48_000)
"""Samples a second that a model is asked with: a telephone's, Hakam's own, a studio's."""


def pictures() -> tuple[Rgb8, ...]:
    """Return pictures of all kinds: plain, noisy, tiny, long, turned and not to be written to."""
    dice = np.random.default_rng(20260101)
    noise = dice.integers(0, 256, (180, 240, 3), dtype=np.uint8)
    locked = noise[::-1].copy()
    locked.setflags(write=False)
    return (
        np.zeros((90, 120, 3), np.uint8),
        np.full((90, 120, 3), 255, np.uint8),
        np.tile(np.array([255, 0, 0], np.uint8), (64, 64, 1)),
        noise,
        noise[:1, :1],
        noise[:2, ::-1],  # two lines, read backwards
        noise.transpose(1, 0, 2),  # not in one piece
        locked,
        np.tile(noise[:, :1], (8, 1, 1)),  # 1,440 pixels high, one wide
        np.tile(noise, (8, 8, 1)),
    )


def no_pictures() -> tuple[Rgb8, ...]:
    """Return what is no picture of three colours: empty, grey, with a fourth channel."""
    return (
        np.zeros((0, 0, 3), np.uint8),
        np.zeros((40, 40), np.uint8),
        np.zeros((40, 40, 4), np.uint8),
    )


def sounds(rate: int) -> tuple[Samples, ...]:
    """Return two seconds of each kind of sound: none, noise, a tone, one that is cut off, parts that end at once."""
    dice = np.random.default_rng(20260101)
    time = np.arange(2 * rate) / rate
    tone = (12_000 * np.sin(2 * math.pi * 440 * time)).astype(np.int16)
    locked = tone.copy()
    locked.setflags(write=False)
    return (
        np.zeros(2 * rate, np.int16),
        dice.integers(-32_768, 32_768, 2 * rate).astype(np.int16),
        tone,
        np.clip(tone.astype(np.int32) * 8, -32_768, 32_767).astype(np.int16),
        tone[::2],  # not in one piece
        locked,
        tone[:1],
        tone[:0],
    )


class MemoryPictureModel:
    """Says what a function says of a picture; `script` gives the answers to come first."""

    def __init__(
        self,
        judge: Callable[[Rgb8], float] = lambda picture: float(picture[..., 0].mean()) / 255,
        *,
        id_: str = "memory-picture-1",
        label: str = "red",
        sends_to: str = "",
    ) -> None:
        self.id = id_
        self.labels: tuple[str, ...] = (label,)
        self.sends_to = sends_to
        self.script: list[Answer] = []
        self.closed = False
        self._judge = judge

    def look(self, pictures: Sequence[Rgb8]) -> list[Answer]:
        """Answer as the script says, then as the function does."""
        return [self._one(picture) for picture in pictures]

    def close(self) -> None:
        """Note that it was closed."""
        self.closed = True

    def _one(self, picture: Rgb8) -> Answer:
        if self.script:
            return self.script.pop(0)
        if picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:  # noqa: PLR2004 -- three colours
            return Unknown("it is no picture of three colours")
        return Known({self.labels[0]: self._judge(picture)}, calls=int(bool(self.sends_to)))


class MemorySpeechModel:
    """Writes down what a function makes of a sound; `script` gives the answers to come first."""

    labels: tuple[str, ...] = ()

    def __init__(
        self,
        write: Callable[[Samples], str] = lambda samples: "a word" if samples.any() else "",
        *,
        id_: str = "memory-speech-1",
        sends_to: str = "",
    ) -> None:
        self.id = id_
        self.sends_to = sends_to
        self.script: list[Heard | Unknown] = []
        self.closed = False
        self._write = write

    def hear(self, samples: Samples, rate: int, language: str | None) -> Heard | Unknown:  # noqa: ARG002 -- the form
        """Answer as the script says, then as the function does."""
        if self.script:
            return self.script.pop(0)
        return Heard(self._write(samples), language, calls=int(bool(self.sends_to)))

    def close(self) -> None:
        """Note that it was closed."""
        self.closed = True


@dataclass(frozen=True)
class PictureRig:
    """A model under test. `other` builds one that was declared otherwise; `broken` makes the built ones fail.

    `seconds`: within which ten pictures are answered on a busy machine, the time-out of an endpoint included. `near`:
    what a score may move with the pictures beside it.
    """

    build: Callable[[], PictureModel]
    other: Callable[[], PictureModel] | None = None
    broken: Callable[[], None] | None = None
    seconds: float = 60.0
    near: float = NEAR


@dataclass(frozen=True)
class SpeechRig:
    """A model under test, as `PictureRig`. `seconds`: within which some sounds of two seconds are answered."""

    build: Callable[[], SpeechModel]
    other: Callable[[], SpeechModel] | None = None
    broken: Callable[[], None] | None = None
    seconds: float = 60.0


class PictureModelSuite:
    """What every model must do that looks at pictures. Derive, and give a fixture `rig`."""

    def test_it_says_what_it_is(self, rig: PictureRig) -> None:
        """An id with a version, labels without repeats, and a host or none."""
        with closing(rig.build()) as model:
            _assert_named(model)
            assert model.labels
            assert len(set(model.labels)) == len(model.labels)

    def test_the_same_declaration_is_the_same_model(self, rig: PictureRig) -> None:
        """Its id does not depend on when it was built, and another declaration has another."""
        _assert_ids(rig)

    def test_it_answers_each_picture_in_order(self, rig: PictureRig) -> None:
        """One answer a picture; none for none."""
        with closing(rig.build()) as model:
            assert model.look([]) == []
            assert len(model.look(pictures())) == len(pictures())

    def test_scores_are_probabilities_of_its_labels(self, rig: PictureRig) -> None:
        """From 0 to 1, for each label and nothing else, whatever the shape and the memory of the picture."""
        with closing(rig.build()) as model:
            for answer in model.look(pictures()):
                assert_sound(answer, model)

    def test_what_is_no_picture_is_unknown(self, rig: PictureRig) -> None:
        """Empty, grey or of four channels: there is no score, and nothing is raised."""
        with closing(rig.build()) as model:
            for strange in no_pictures():
                (answer,) = model.look([strange])
                assert isinstance(answer, Unknown)
                assert answer.why

    def test_a_strange_picture_hides_no_other(self, rig: PictureRig) -> None:
        """The pictures beside it are answered all the same, each in its place."""
        with closing(rig.build()) as model:
            good = pictures()[3]
            first, strange, last = model.look([good, no_pictures()[0], good])
            assert isinstance(strange, Unknown)
            assert_alike([first, last], model.look([good, good]), rig.near)

    def test_it_changes_no_picture(self, rig: PictureRig) -> None:
        """What it is given is looked at by others too."""
        with closing(rig.build()) as model:
            given = pictures()
            model.look(given)
            assert all(np.array_equal(one, two) for one, two in zip(given, pictures(), strict=True))

    def test_it_says_the_same_again_alone_and_in_a_batch(self, rig: PictureRig) -> None:
        """The pictures beside it do not change what is said of a picture."""
        with closing(rig.build()) as model:
            said = model.look(pictures())
            assert_alike(said, model.look(pictures()), rig.near)
            assert_alike(said, [model.look([one])[0] for one in pictures()], rig.near)

    def test_several_threads_may_ask(self, rig: PictureRig) -> None:
        """Each gets the answers to its own pictures."""
        with closing(rig.build()) as model:
            given, expected = pictures(), model.look(pictures())
            orders = [given[n:] + given[:n] for n in range(_THREADS)]
            with ThreadPoolExecutor(_THREADS) as threads:
                for n, found in enumerate(threads.map(model.look, orders)):
                    assert_alike(found, expected[n:] + expected[:n], rig.near)

    def test_it_answers_in_time(self, rig: PictureRig) -> None:
        """Ten pictures do not take for ever."""
        with closing(rig.build()) as model:
            started = monotonic()
            model.look(pictures())
            assert monotonic() - started < rig.seconds

    def test_trouble_is_unknown_with_a_reason(self, rig: PictureRig) -> None:
        """A model that can't answer says why, within its time, and raises nothing; never a 0."""
        if rig.broken is None:
            return
        with closing(rig.build()) as model:
            rig.broken()
            started = monotonic()
            (answer,) = model.look([pictures()[0]])
            _assert_trouble(answer, monotonic() - started, rig.seconds)


class SpeechModelSuite:
    """What every model must do that writes down speech. Derive, and give a fixture `rig`."""

    def test_it_says_what_it_is(self, rig: SpeechRig) -> None:
        """An id with a version, no labels, and a host or none."""
        with closing(rig.build()) as model:
            _assert_named(model)
            assert model.labels == ()

    def test_the_same_declaration_is_the_same_model(self, rig: SpeechRig) -> None:
        """Its id does not depend on when it was built, and another declaration has another."""
        _assert_ids(rig)

    def test_sound_becomes_words_or_is_unknown(self, rig: SpeechRig) -> None:
        """Silence, noise, tones, cut off, at once over: words, none, or a reason, at every rate."""
        with closing(rig.build()) as model:
            for rate in RATES:
                for sound in sounds(rate):
                    _assert_heard(model.hear(sound, rate, None))

    def test_a_language_is_taken_as_it_is_known(self, rig: SpeechRig) -> None:
        """A tag with a country, one that nobody speaks, and none are all taken."""
        with closing(rig.build()) as model:
            for language in ("ar-EG", "en", "zxx", "ur-Latn", None):
                _assert_heard(model.hear(sounds(11_025)[2], 11_025, language))

    def test_a_minute_is_heard(self, rig: SpeechRig) -> None:
        """Sixty seconds are words or unknown; they raise nothing."""
        with closing(rig.build()) as model:
            _assert_heard(model.hear(np.tile(sounds(11_025)[2], 30), 11_025, None))

    def test_it_changes_no_sound(self, rig: SpeechRig) -> None:
        """What it is given is heard by others too."""
        with closing(rig.build()) as model:
            given = sounds(11_025)
            for sound in given:
                model.hear(sound, 11_025, None)
            assert all(np.array_equal(one, two) for one, two in zip(given, sounds(11_025), strict=True))

    def test_it_says_the_same_again(self, rig: SpeechRig) -> None:
        """The same sound, the same words: a verdict can be looked into later."""
        with closing(rig.build()) as model:
            for sound in sounds(11_025)[:3]:
                assert _words(model.hear(sound, 11_025, "en")) == _words(model.hear(sound, 11_025, "en"))

    def test_several_threads_may_ask(self, rig: SpeechRig) -> None:
        """Each gets the words of its own sound."""
        with closing(rig.build()) as model:
            given = sounds(11_025)[:3]
            expected = [_words(model.hear(sound, 11_025, None)) for sound in given]
            with ThreadPoolExecutor(_THREADS) as threads:
                asked = [(n, threads.submit(model.hear, given[n], 11_025, None)) for n in (0, 1, 2, 2, 1, 0)]
                assert all(_words(one.result()) == expected[n] for n, one in asked)

    def test_it_answers_in_time(self, rig: SpeechRig) -> None:
        """A few sounds do not take for ever."""
        with closing(rig.build()) as model:
            started = monotonic()
            for sound in sounds(11_025):
                model.hear(sound, 11_025, None)
            assert monotonic() - started < rig.seconds

    def test_trouble_is_unknown_with_a_reason(self, rig: SpeechRig) -> None:
        """A model that can't answer says why, within its time, and raises nothing; never silence."""
        if rig.broken is None:
            return
        with closing(rig.build()) as model:
            rig.broken()
            started = monotonic()
            answer = model.hear(sounds(11_025)[2], 11_025, None)
            _assert_trouble(answer, monotonic() - started, rig.seconds)


def _assert_named(model: PictureModel | SpeechModel) -> None:
    assert 1 <= len(model.id) <= LONGEST_ID
    assert any(c.isdigit() for c in model.id), "an id holds a version"
    assert "/" not in model.sends_to


def _assert_ids(rig: PictureRig | SpeechRig) -> None:
    with closing(rig.build()) as one, closing(rig.build()) as two:
        assert one.id == two.id
    if rig.other is not None:
        with closing(rig.build()) as one, closing(rig.other()) as two:
            assert one.id != two.id


def _assert_trouble(answer: Answer | Heard, took: float, seconds: float) -> None:
    assert took < seconds
    assert isinstance(answer, Unknown)
    assert answer.why
    assert math.isfinite(answer.again)
    assert answer.again >= 0


def _assert_heard(answer: Heard | Unknown) -> None:
    """Require words of a language or none, or a reason why there are none."""
    if isinstance(answer, Unknown):
        assert answer.why
        return
    assert isinstance(answer.text, str)
    assert len(answer.text) <= LONGEST_WORDS
    assert answer.text == answer.text.strip()
    assert answer.language is None or answer.language


def _words(answer: Heard | Unknown) -> str | None:
    return answer.text if isinstance(answer, Heard) else None

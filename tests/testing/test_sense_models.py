"""The suites for models that look and hear: the models in memory pass them, and each fault is found by its own test."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hakam.adapters.model import Answer, Heard, Known, Unknown
from hakam.testing.sense_models import (
    RATES,
    MemoryPictureModel,
    MemorySpeechModel,
    PictureModelSuite,
    PictureRig,
    SpeechModelSuite,
    SpeechRig,
    no_pictures,
    pictures,
    sounds,
)

if TYPE_CHECKING:
    from hakam.adapters.model import Rgb8, Samples

_NUMBERS = itertools.count()


class Plugged:
    """Whether what is behind a model answers."""

    def __init__(self) -> None:
        self.out = False

    def pull(self) -> None:
        self.out = True


class UnpluggedPictures(MemoryPictureModel):
    def __init__(self, plug: Plugged) -> None:
        super().__init__()
        self.plug = plug

    def look(self, pictures: Sequence[Rgb8]) -> list[Answer]:
        return [Unknown("unplugged", 30.0)] * len(pictures) if self.plug.out else super().look(pictures)


class UnpluggedSpeech(MemorySpeechModel):
    def __init__(self, plug: Plugged) -> None:
        super().__init__()
        self.plug = plug

    def hear(self, samples: Samples, rate: int, language: str | None) -> Heard | Unknown:
        return Unknown("unplugged") if self.plug.out else super().hear(samples, rate, language)


class TestPicturesInMemory(PictureModelSuite):
    @pytest.fixture
    def rig(self) -> PictureRig:
        plug = Plugged()
        return PictureRig(
            build=lambda: UnpluggedPictures(plug),
            other=lambda: MemoryPictureModel(id_="memory-picture-2"),
            broken=plug.pull,
        )


class TestSpeechInMemory(SpeechModelSuite):
    @pytest.fixture
    def rig(self) -> SpeechRig:
        plug = Plugged()
        return SpeechRig(
            build=lambda: UnpluggedSpeech(plug),
            other=lambda: MemorySpeechModel(id_="memory-speech-2"),
            broken=plug.pull,
        )


class Beyond(MemoryPictureModel):
    def _one(self, picture: Rgb8) -> Answer:
        return Known({"red": 1.5}) if picture.size else Unknown("empty")


class OtherLabels(MemoryPictureModel):
    def _one(self, picture: Rgb8) -> Answer:
        return Known({"blue": 0.5})


class ZeroForNothing(MemoryPictureModel):
    def _one(self, picture: Rgb8) -> Answer:
        return Known({"red": float(picture.mean() > 9) if picture.size else 0.0})


class Raises(MemoryPictureModel):
    def _one(self, picture: Rgb8) -> Answer:
        return Known({"red": float(picture[0, 0, 0]) / 255})


class Counts(MemoryPictureModel):
    def _one(self, picture: Rgb8) -> Answer:
        return Known({"red": next(_NUMBERS) % 7 / 7})


class Paints(MemoryPictureModel):
    def _one(self, picture: Rgb8) -> Answer:
        if picture.flags.writeable:
            picture[...] = 7
        return Known({"red": 0.5})


class Shifts(MemoryPictureModel):
    def look(self, pictures: Sequence[Rgb8]) -> list[Answer]:
        return super().look(pictures)[::-1]


class ForgetsOne(MemoryPictureModel):
    def look(self, pictures: Sequence[Rgb8]) -> list[Answer]:
        return super().look(pictures)[1:]


class NewEachTime(MemoryPictureModel):
    def __init__(self) -> None:
        super().__init__(id_=f"memory-{next(_NUMBERS)}")


class SilentZero(UnpluggedPictures):
    def look(self, pictures: Sequence[Rgb8]) -> list[Answer]:
        return [Known({"red": 0.0})] * len(pictures) if self.plug.out else super().look(pictures)


@pytest.mark.parametrize(
    ("faulty", "test"),
    [
        (Beyond, "test_scores_are_probabilities_of_its_labels"),
        (OtherLabels, "test_scores_are_probabilities_of_its_labels"),
        (ZeroForNothing, "test_what_is_no_picture_is_unknown"),
        (Raises, "test_what_is_no_picture_is_unknown"),
        (Raises, "test_a_strange_picture_hides_no_other"),
        (Counts, "test_it_says_the_same_again_alone_and_in_a_batch"),
        (Shifts, "test_it_says_the_same_again_alone_and_in_a_batch"),
        (Paints, "test_it_changes_no_picture"),
        (ForgetsOne, "test_it_answers_each_picture_in_order"),
        (NewEachTime, "test_the_same_declaration_is_the_same_model"),
    ],
)
def test_a_fault_of_a_model_that_looks_is_found(faulty: type[MemoryPictureModel], test: str) -> None:
    with pytest.raises((AssertionError, IndexError)):
        getattr(PictureModelSuite(), test)(PictureRig(build=faulty))


def test_a_score_in_place_of_trouble_is_found() -> None:
    plug = Plugged()
    with pytest.raises(AssertionError):
        PictureModelSuite().test_trouble_is_unknown_with_a_reason(
            PictureRig(build=lambda: SilentZero(plug), broken=plug.pull)
        )


def test_a_model_without_name_or_labels_is_found() -> None:
    for made in (
        MemoryPictureModel(id_=""),
        MemoryPictureModel(id_="noversion"),
        MemoryPictureModel(sends_to="https://a.example/v1"),
    ):
        with pytest.raises(AssertionError):
            PictureModelSuite().test_it_says_what_it_is(PictureRig(build=lambda made=made: made))
    bare = MemoryPictureModel()
    bare.labels = ()
    with pytest.raises(AssertionError):
        PictureModelSuite().test_it_says_what_it_is(PictureRig(build=lambda: bare))


class NeedsSound(MemorySpeechModel):
    def hear(self, samples: Samples, rate: int, language: str | None) -> Heard | Unknown:
        return Heard(str(samples[0]))


class OneRate(MemorySpeechModel):
    def hear(self, samples: Samples, rate: int, language: str | None) -> Heard | Unknown:
        assert rate == 11_025
        return Heard("a")


class Blanks(MemorySpeechModel):
    def hear(self, samples: Samples, rate: int, language: str | None) -> Heard | Unknown:
        return Heard(" a word\n")


class TwoLetters(MemorySpeechModel):
    def hear(self, samples: Samples, rate: int, language: str | None) -> Heard | Unknown:
        return Heard("a", {"ar-EG": "ar", "en": "en"}[language or "en"])


class Invents(MemorySpeechModel):
    def hear(self, samples: Samples, rate: int, language: str | None) -> Heard | Unknown:
        return Heard(f"word {next(_NUMBERS)}")


class Louder(MemorySpeechModel):
    def hear(self, samples: Samples, rate: int, language: str | None) -> Heard | Unknown:
        if samples.flags.writeable:
            samples *= 2
        return Heard("")


class NoEnd(MemorySpeechModel):
    def hear(self, samples: Samples, rate: int, language: str | None) -> Heard | Unknown:
        return Heard("a" * len(samples)) if len(samples) < 99_999 else Unknown("")


class SilentHush(UnpluggedSpeech):
    def hear(self, samples: Samples, rate: int, language: str | None) -> Heard | Unknown:
        return Heard("") if self.plug.out else super().hear(samples, rate, language)


@pytest.mark.parametrize(
    ("faulty", "test"),
    [
        (NeedsSound, "test_sound_becomes_words_or_is_unknown"),
        (OneRate, "test_sound_becomes_words_or_is_unknown"),
        (Blanks, "test_sound_becomes_words_or_is_unknown"),
        (TwoLetters, "test_a_language_is_taken_as_it_is_known"),
        (Invents, "test_it_says_the_same_again"),
        (Invents, "test_several_threads_may_ask"),
        (Louder, "test_it_changes_no_sound"),
        (NoEnd, "test_a_minute_is_heard"),
    ],
)
def test_a_fault_of_a_model_that_hears_is_found(faulty: type[MemorySpeechModel], test: str) -> None:
    with pytest.raises((AssertionError, IndexError, KeyError)):
        getattr(SpeechModelSuite(), test)(SpeechRig(build=faulty))


def test_silence_in_place_of_trouble_is_found() -> None:
    plug = Plugged()
    with pytest.raises(AssertionError):
        SpeechModelSuite().test_trouble_is_unknown_with_a_reason(
            SpeechRig(build=lambda: SilentHush(plug), broken=plug.pull)
        )


def test_a_model_that_is_too_slow_is_found() -> None:
    with pytest.raises(AssertionError):
        SpeechModelSuite().test_it_answers_in_time(SpeechRig(build=MemorySpeechModel, seconds=0.0))
    with pytest.raises(AssertionError):
        PictureModelSuite().test_it_answers_in_time(PictureRig(build=MemoryPictureModel, seconds=0.0))


def test_what_models_are_asked_with_is_the_same_each_time_and_of_its_form() -> None:
    assert all(np.array_equal(one, two) for one, two in zip(pictures(), pictures(), strict=True))
    assert {(one.dtype.name, one.ndim, one.shape[2]) for one in pictures()} == {("uint8", 3, 3)}
    assert any(not one.flags.c_contiguous for one in pictures())
    assert any(not one.flags.writeable for one in pictures())
    assert all(one.ndim != 3 or one.shape[2] != 3 or not one.size for one in no_pictures())
    for rate in RATES:
        assert {one.dtype.name for one in sounds(rate)} == {"int16"}
        assert len(sounds(rate)[0]) == 2 * rate
        assert len(sounds(rate)[-1]) == 0


def test_scripts_and_closing_are_kept_by_the_models_in_memory() -> None:
    looking, hearing = MemoryPictureModel(sends_to="a.example"), MemorySpeechModel(sends_to="a.example")
    looking.script.append(Unknown("first"))
    hearing.script.append(Unknown("first"))
    red = pictures()[2]
    assert looking.look([red, red]) == [Unknown("first"), Known({"red": 1.0}, calls=1)]
    assert hearing.hear(sounds(8_000)[2], 8_000, "ar") == Unknown("first")
    assert hearing.hear(sounds(8_000)[2], 8_000, "ar") == Heard("a word", "ar", calls=1)
    looking.close()
    hearing.close()
    assert looking.closed
    assert hearing.closed

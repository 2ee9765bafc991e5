"""The extension points: models that read texts, look at pictures, or write down what is said.

A model knows nothing of the database, of rules or of queues. It is given texts and returns an answer for each, in
order; it may be called from several threads at once. What it can't say is `Unknown` with the reason, never a 0. The
suites that each must pass are in `hakam.testing.models` and `hakam.testing.sense_models`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rgb8 = NDArray[np.uint8]  # height, width, 3: red, green, blue
    Samples = NDArray[np.int16]  # of one channel


class Text(msgspec.Struct, frozen=True):
    """What is to be judged. `language`: BCP 47, where it is known."""

    text: str
    language: str | None = None


class Known(msgspec.Struct, frozen=True, tag=True):
    """What a model says: label to probability, 0 to 1. `tokens` and `micros`: what an endpoint charged for it."""

    scores: Mapping[str, float]
    tokens: int = 0
    micros: int = 0  # millionths of the currency of its prices
    sent: int = 0  # characters that left this machine for it
    calls: int = 0


class Unknown(msgspec.Struct, frozen=True, tag=True):
    """There is no answer. `why` is for people; `again`: seconds after which asking again may help, 0 for never."""

    why: str
    again: float = 0.0
    tokens: int = 0
    micros: int = 0
    sent: int = 0
    calls: int = 0


class Heard(msgspec.Struct, frozen=True):
    """What was said, in words. Empty: nobody spoke. `language`: BCP 47, where the model says it."""

    text: str
    language: str | None = None
    calls: int = 0


Answer = Known | Unknown


class TextModel(Protocol):
    """Reads texts.

    `id` names the very version: it holds a digest of everything that decides what the model says, so that two answers
    under one id come from one model. `sends_to` is the host that texts are sent to, empty for a model on this machine.
    """

    @property
    def id(self) -> str:
        """Name and version, at most 160 characters."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """What it gives scores for."""
        ...

    @property
    def sends_to(self) -> str:
        """The host that texts are sent to; empty: none leaves this machine."""
        ...

    def read(self, texts: Sequence[Text]) -> list[Answer]:
        """Answer each text, in order. Never raises for what a text, a network or a receiver does."""
        ...

    def close(self) -> None:
        """Release what it holds."""
        ...


class PictureModel(Protocol):
    """Looks at pictures: frames of live streams. As `TextModel`, but for what it is given."""

    @property
    def id(self) -> str:
        """Name and version, at most 160 characters."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """What it gives scores for: each is something that is watched for."""
        ...

    @property
    def sends_to(self) -> str:
        """The host that pictures are sent to; empty: none leaves this machine."""
        ...

    def look(self, pictures: Sequence[Rgb8]) -> list[Answer]:
        """Answer each picture, in order. Never raises for what a picture, a network or a receiver does."""
        ...

    def close(self) -> None:
        """Release what it holds."""
        ...


class SpeechModel(Protocol):
    """Writes down what is said: speech to text. None comes with Hakam; see decision 0228."""

    @property
    def id(self) -> str:
        """Name and version, at most 160 characters."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """None: what it writes down is judged by the rules as text."""
        ...

    @property
    def sends_to(self) -> str:
        """The host that sound is sent to; empty: none leaves this machine."""
        ...

    def hear(self, samples: Samples, rate: int, language: str | None) -> Heard | Unknown:
        """Write down some seconds of sound. `rate`: samples a second; `language`: BCP 47, where it is known.

        Never raises for what a sound, a network or a receiver does.
        """
        ...

    def close(self) -> None:
        """Release what it holds."""
        ...


AnyModel = TextModel | PictureModel | SpeechModel


class ModelUnavailableError(RuntimeError):
    """A model can't be used as it is declared. The message says what would help."""

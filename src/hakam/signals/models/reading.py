"""What the shipped models make of texts: the linear tier always, the encoder where the first is not sure.

A text seen before is answered from memory, by a key over the model and the text. No failure becomes a 0: without a
model there is no score.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from hakam.signals.fold import fold_counting
from hakam.signals.models.encoder import Encoder
from hakam.signals.models.heads import HEADS, Head
from hakam.signals.models.linear import LinearModel
from hakam.signals.statistical_language import identify

_REMEMBERED = 20_000
_UNSURE = (0.10, 0.90)  # a head between these may change what is done with the text
_ASKED = (Head.TOXICITY, Head.HATE, Head.THREAT, Head.EXTREMISM)
_TRAINED_LINEAR = frozenset(
    {"en", "ar", "de", "fr", "pt", "tr", "ur-Latn"}
)  # with thousands of labelled texts


class Reading(msgspec.Struct, frozen=True):
    """The scores of one text, the language that they were calibrated for, and the models that made them."""

    scores: dict[Head, float]
    flagged: tuple[Head, ...]  # at or above the published threshold of head and language
    language: str | None
    model: str


class Reader:
    """Reads texts. Safe to share between threads."""

    def __init__(self, linear: LinearModel, encoder: Encoder | None = None) -> None:
        self._linear = linear
        self._encoder = encoder
        self.model = linear.id if encoder is None else f"{linear.id}+{encoder.id}"
        self._lock = threading.Lock()
        self._seen: OrderedDict[bytes, Reading] = OrderedDict()

    def read(self, texts: Sequence[str], languages: Sequence[str | None] | None = None) -> list[Reading]:
        """Return a reading of each text. `languages`: BCP 47 codes where the caller knows them."""
        declared = languages if languages is not None else [None] * len(texts)
        keys = [
            blake2b(f"{language}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
            for text, language in zip(texts, declared, strict=True)
        ]
        with self._lock:
            found = {key: self._seen[key] for key in keys if key in self._seen}
        fresh: dict[bytes, tuple[str, str | None]] = {
            key: (text, language)
            for key, text, language in zip(keys, texts, declared, strict=True)
            if key not in found
        }
        if fresh:
            found.update(zip(fresh, self._read(list(fresh.values())), strict=True))
            with self._lock:
                for key in fresh:
                    self._seen[key] = found[key]
                while len(self._seen) > _REMEMBERED:
                    self._seen.popitem(last=False)
        return [found[key] for key in keys]

    def _read(self, texts: list[tuple[str, str | None]]) -> list[Reading]:
        tags = [identify(text, declared) for text, declared in texts]
        folded = [fold_counting(text) for text, _ in texts]
        scores = [
            self._linear.score(text, tag, folded=form, repairs=repairs)
            for (text, _), tag, (form, repairs) in zip(texts, tags, folded, strict=True)
        ]
        models = [self._linear.id] * len(texts)
        if self._encoder is not None:
            asked = [n for n, tag in enumerate(tags) if tag not in _TRAINED_LINEAR or _unsure(scores[n])]
            if asked:
                # A text whose tricks were undone is read as folding leaves it, any other as it came.
                sums = self._encoder.sums([folded[n][0] if folded[n][1] else texts[n][0] for n in asked])
                for n, row in zip(asked, sums.tolist(), strict=True):
                    scores[n] = self._fused(scores[n], row, tags[n])
                    models[n] = self.model
        return [
            Reading(
                found,
                tuple(head for head in HEADS if found[head] >= self._linear.threshold(head, tag).at),
                tag,
                model,
            )
            for found, tag, model in zip(scores, tags, models, strict=True)
        ]

    def _fused(self, linear: dict[Head, float], sums: list[float], language: str | None) -> dict[Head, float]:
        """Return the mean of both in log-odds where the linear model knows the language, else the encoder's word."""
        encoder = self._encoder
        assert encoder is not None
        found = {}
        for head, value in zip(encoder.heads, sums, strict=True):
            p = encoder.probability(head, value, language)
            if language in _TRAINED_LINEAR:
                p = _even((_odds(p) + _odds(linear[head])) / 2)
            found[head] = round(p, 4)
        return found


def _unsure(scores: dict[Head, float]) -> bool:
    return any(_UNSURE[0] < scores[head] < _UNSURE[1] for head in _ASKED)


def _odds(p: float) -> float:
    p = min(max(p, 1e-4), 1 - 1e-4)
    return math.log(p / (1 - p))


def _even(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))

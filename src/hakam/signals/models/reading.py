"""What the shipped models make of texts: the linear tier always, the encoder where the first is not sure.

A text seen before is answered from memory, by a key over the model and the text. No failure becomes a 0: without a
model there is no score.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from hakam.signals.fold import fold_counting
from hakam.signals.models.encoder import Encoder
from hakam.signals.models.fusion import even, odds
from hakam.signals.models.heads import HEADS, Head
from hakam.signals.models.linear import LinearModel
from hakam.signals.statistical_language import identify

_REMEMBERED = 20_000
# With a linear model that the encoder does not know: a head between these may change what is done with the text.
_UNSURE = (0.10, 0.90)
_ASKED = (Head.TOXICITY, Head.HATE, Head.THREAT, Head.EXTREMISM)
TRAINED_LINEAR = frozenset(
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
        fusion = encoder.fusion if encoder is not None else None
        self._fusion = fusion if fusion is not None and fusion.beside == linear.id else None
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
            asked = [n for n, tag in enumerate(tags) if tag not in TRAINED_LINEAR or self._unsure(scores[n])]
            if asked:
                # A text whose tricks were undone is read as folding leaves it, any other as it came.
                sums = self._encoder.sums([folded[n][0] if folded[n][1] else texts[n][0] for n in asked])
                for n, row in zip(asked, sums.tolist(), strict=True):
                    scores[n] = self._fused(scores[n], row, tags[n])
                    models[n] = self.model
        return [
            Reading(
                found,
                tuple(head for head in HEADS if found[head] >= self._cut(head, tag, model)),
                tag,
                model,
            )
            for found, tag, model in zip(scores, tags, models, strict=True)
        ]

    def _unsure(self, scores: dict[Head, float]) -> bool:
        """Return whether the encoder is asked too."""
        low, high = self._fusion.unsure if self._fusion is not None else _UNSURE
        asked = self._fusion.asked if self._fusion is not None else _ASKED
        return any(low < scores[head] < high for head in asked)

    def _cut(self, head: Head, language: str | None, model: str) -> float:
        """Return where to cut: of both tiers where fitted together, else of the one that had the last word."""
        if self._fusion is not None:
            return self._fusion.cut(head, language).at
        if self._encoder is not None and model != self._linear.id and language not in TRAINED_LINEAR:
            return self._encoder.threshold(head, language).at
        return self._linear.threshold(head, language).at

    def _fused(self, linear: dict[Head, float], sums: list[float], language: str | None) -> dict[Head, float]:
        """Return what both say together where the linear model knows the language, else the encoder's word.

        With a linear model that the encoder was not fitted beside (a platform's own), the mean of their log-odds.
        """
        encoder = self._encoder
        assert encoder is not None
        found = {}
        for head, value in zip(encoder.heads, sums, strict=True):
            blend = self._fusion.blend(head, language) if self._fusion is not None else None
            p = encoder.probability(head, value, language)
            if blend is not None:
                p = blend(linear[head], value)
            elif self._fusion is None and language in TRAINED_LINEAR:
                p = even((odds(p) + odds(linear[head])) / 2)
            found[head] = round(p, 4)
        return found


def read_alone(
    encoder: Encoder, texts: Sequence[str], languages: Sequence[str | None] | None = None
) -> list[Reading]:
    """Return what the encoder alone says of texts: to measure it by itself."""
    declared = languages if languages is not None else [None] * len(texts)
    tags = [identify(text, language) for text, language in zip(texts, declared, strict=True)]
    folded = [fold_counting(text) for text in texts]
    sums = encoder.sums(
        [form if repairs else text for text, (form, repairs) in zip(texts, folded, strict=True)]
    )
    readings = []
    for tag, row in zip(tags, sums.tolist(), strict=True):
        scores = {
            head: round(encoder.probability(head, value, tag), 4)
            for head, value in zip(encoder.heads, row, strict=True)
        }
        flagged = tuple(head for head in encoder.heads if scores[head] >= encoder.threshold(head, tag).at)
        readings.append(Reading(scores, flagged, tag, encoder.id))
    return readings

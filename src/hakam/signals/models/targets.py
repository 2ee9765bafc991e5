"""Whom hate is aimed at: the protected characteristic that a hateful text attacks people for.

A list of words that name groups (English and Arabic, `groups.yaml`) and hashed n-grams, as in the linear tier, together
become a probability for each target. It is meant for texts that are hateful: of any other text it says at most which
group the text is about. Rules read it as `scores["target:religion"]`, beside `scores["hate"]`.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any, Final

import msgspec
import numpy as np
import zstandard
from ruamel.yaml import YAML

from hakam.signals.fold import FOLD_VERSION, fold_counting, fold_words, split_words
from hakam.signals.models.calibration import ANY, by_language
from hakam.signals.models.features import (
    BITS,
    FEATURES_VERSION,
    MAX_CHARACTERS,
    ROWS,
    SHAPE_ROWS,
    prepare,
    rows_of,
)
from hakam.signals.models.fusion import Blend, even
from hakam.signals.models.linear import UnreadableModelError

MARK: Final = b"HKTARGET1\n"
PREFIX: Final = "target:"
_LENGTH: Final = struct.Struct("<I")
_ARABIC: Final = re.compile("[\u0621-\u064a]")


class Target(StrEnum):
    """What people are attacked for."""

    ORIGIN = "origin"  # ethnicity, colour, nationality
    RELIGION = "religion"
    GENDER = "gender"
    ORIENTATION = "orientation"  # sexual orientation, gender identity
    DISABILITY = "disability"
    AGE = "age"
    MIGRANTS = "migrants"  # migrants, refugees, asylum seekers


TARGETS: Final = tuple(Target)


class TargetHead(msgspec.Struct, frozen=True):
    """What stands before the table. `cuts`: from where on a target is shown to people."""

    targets: tuple[Target, ...]
    steps: tuple[float, ...]  # what one of the 256 steps is worth, per target
    blends: dict[Target, dict[str, Blend]]  # of the n-grams' word and the list's, by language; `*` for any
    cuts: dict[Target, dict[str, float]]
    floors: dict[
        Target, dict[str, float]
    ]  # how often a text that names the group attacks it: at least so much
    sources: tuple[str, ...] = ()
    version: str = "1"
    bits: int = BITS
    features: int = FEATURES_VERSION
    folding: int = FOLD_VERSION


class TargetModel:
    """A model of targets in memory. Safe to share between threads: nothing in it changes."""

    def __init__(self, head: TargetHead, table: Any, digest: str) -> None:
        self.head = head
        self.id = f"target-{head.version}-{digest[:12]}"
        self.targets = head.targets
        self._table = table
        self._steps = np.array(head.steps, np.float64)

    def score(
        self,
        text: str,
        language: str | None = None,
        *,
        folded: str | None = None,
        repairs: int | None = None,
    ) -> dict[Target, float]:
        """Return the probability of each target, 0 to 1, if the text is hateful. The first 600 characters count."""
        if folded is None or repairs is None:
            folded, repairs = fold_counting(text)
        sums = self.sums(folded, text, repairs).tolist()
        named = targets_named(split_words(folded))
        found = {}
        for target, value in zip(self.targets, sums, strict=True):
            blend: Blend = by_language(self.head.blends[target], language)
            p = blend(even(value), float(target in named))
            floor: float = by_language(self.head.floors[target], language) if target in named else 0.0
            found[target] = round(max(p, floor), 4)
        return found

    def sums(self, folded: str, raw: str, repairs: int) -> Any:
        """Return the sums of the n-grams (float64, one a target)."""
        rows = rows_of(prepare(folded)[:MAX_CHARACTERS], raw, repairs)
        return self._table[rows].sum(0, dtype=np.int64) * self._steps / len(rows) ** 0.5

    def cut(self, target: Target, language: str | None) -> float:
        """Return from where on a target is shown to people."""
        found: float = by_language(self.head.cuts[target], language)
        return found

    def aimed_at(self, text: str, language: str | None = None) -> list[tuple[Target, float]]:
        """Return the targets that are probable enough to show, the likeliest first."""
        found = [
            (target, value)
            for target, value in self.score(text, language).items()
            if value >= self.cut(target, language)
        ]
        return sorted(found, key=lambda pair: -pair[1])


def targets_named(words: str) -> frozenset[Target]:
    """Return the targets whose groups are named in folded words (as `split_words` gives them)."""
    return frozenset(target for target, pattern in _patterns().items() if pattern.search(words))


@cache
def _patterns() -> Mapping[Target, re.Pattern[str]]:
    file = resources.files("hakam.signals.models") / "groups.yaml"
    book = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
    return {Target(name): _pattern(words) for name, words in book.items()}


def _pattern(terms: Iterable[str]) -> re.Pattern[str]:
    """Return the pattern of some terms as whole words; Arabic ones with the letters that are written to a word."""
    found = []
    for term in terms:
        stem = term.endswith("*")
        words = fold_words(term.removesuffix("*")).strip()
        if _ARABIC.search(words):
            found.append(f"[وف]?[بكل]?(?:ال|لل)?{re.escape(words)}(?:[هيكم]|هم|كم|ين|ون|ات|يه|يين)?")
        else:
            found.append(re.escape(words) + ("[a-z]*" if stem else "s?"))
    return re.compile(f" (?:{'|'.join(found)}) ")


def pack(head: TargetHead, table: Any) -> bytes:
    """Return a model as the bytes of a file."""
    text = msgspec.json.encode(head, order="sorted")
    body = zstandard.ZstdCompressor(level=19).compress(np.ascontiguousarray(table, np.int8).tobytes())
    return MARK + _LENGTH.pack(len(text)) + text + body


def unpack(data: bytes) -> TargetModel:
    """Return the model of a file. Raises `UnreadableModelError`."""
    if not data.startswith(MARK):
        raise UnreadableModelError("this is no model of targets")
    at = len(MARK) + _LENGTH.size
    try:
        (length,) = _LENGTH.unpack_from(data, len(MARK))
        head = msgspec.json.decode(data[at : at + length], type=TargetHead)
        shape = (ROWS + SHAPE_ROWS, len(head.targets))
        frame = data[at + length :]
        if zstandard.frame_content_size(frame) != shape[0] * shape[1]:
            raise ValueError("the table has not the size of its targets")  # noqa: TRY301
        numbers = np.frombuffer(zstandard.ZstdDecompressor().decompress(frame), np.int8).reshape(shape)
    except (struct.error, ValueError, msgspec.MsgspecError, zstandard.ZstdError) as error:
        raise UnreadableModelError(f"the model is damaged: {error}") from error
    if (head.bits, head.features) != (BITS, FEATURES_VERSION) or head.folding > FOLD_VERSION:
        raise UnreadableModelError("the model was made for another version of folding or of its features")
    tables: list[Mapping[str, object]] = [*head.blends.values(), *head.cuts.values(), *head.floors.values()]
    if (
        set(head.blends) != set(head.targets)
        or set(head.cuts) != set(head.targets)
        or set(head.floors) != set(head.targets)
        or len(head.steps) != len(head.targets)
        or any(ANY not in table for table in tables)
    ):
        raise UnreadableModelError("the model has not one blend and cut for each target")
    return TargetModel(head, numbers, sha256(data).hexdigest())


@cache
def shipped_targets() -> TargetModel:
    """Return the model that ships with Hakam."""
    return unpack((resources.files("hakam.signals.models") / "targets.bin").read_bytes())

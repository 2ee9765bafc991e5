"""Labelled posts for training and measuring: corpora from a folder, and the seed sentences beside this file.

Only corpora whose licence was read at its source are used for a shipped model. A corpus under a share-alike licence
binds the model too: `share_alike=False` leaves those out.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import zstandard
from ruamel.yaml import YAML

from hakam.signals.models.heads import HEADS, Head

SEEDS = Path(__file__).resolve().parent / "seeds"
UNCONFIRMED = frozenset({"cad", "sms_spam", "youtube_spam"})  # licences read second-hand only
ACCOUNT_LEVEL = frozenset({"isis_fanboy"})  # labels accounts, not posts: a model of it detects a topic
SHARE_ALIKE = frozenset({"beep_ko", "iwg_refugees", "stormfront", "told_br"})
KEPT_OUT = frozenset(
    {"hatecheck", "multilingual_hatecheck", "hatemojicheck", "ethos"}
)  # never train on these
LANGUAGES = frozenset({"en", "ar", "fr", "de", "es", "it", "pt", "tr", "ur", "ur-Latn", "hi"})
HATE_NOT_TRUSTED = frozenset({"mlma_en", "mlma_fr"})  # their hate labels make other corpora worse
_BENIGN = frozenset({"arsarcasm_benign"})
_DEV_SHARE, _SEED_COPIES = 10, 14
SEEDED = ("de", "es", "fr", "hi", "it", "pt", "tr", "ur", "ur-Latn")
_SEEDED_COPIES = 4
_ONE_IN = 7

Labels = dict[Head, int]


class Row(NamedTuple):
    """One labelled text. `labels` holds 1 or 0 for the heads that are known."""

    text: str
    language: str
    split: str  # train, dev or test
    labels: Labels
    source: str
    group: str = ""  # of a seed: its set; of a corpus: the target group, if the corpus names one


def _part(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big") % 100


def _raw_rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file)
        yield from csv.DictReader(io.TextIOWrapper(stream, encoding="utf-8", newline=""))


def _harassment(source: str, raw: str) -> int | None:
    """Return whether a person is insulted, of the corpora whose own labels tell."""
    if source == "germeval2018":
        return {"INSULT": 1, "OTHER": 0}.get(raw)
    if source.startswith("mlma_"):
        kinds, _, target = raw.split("|")
        if "individual" in target and kinds != "normal":
            return 1
        return 0 if kinds == "normal" else None
    if source == "told_br":
        insult = int(raw.split(",")[2])
        return 1 if insult >= 2 else 0 if raw == "0,0,0,0,0,0" else None
    return None


def labels_of(source: str, row: dict[str, str]) -> Labels:
    """Return what a row of a corpus says of each head."""
    found: Labels = {}
    for head, column in (
        (Head.TOXICITY, "abuse"),
        (Head.HATE, "hate"),
        (Head.THREAT, "threat"),
        (Head.SPAM, "spam"),
    ):
        if row[column] in {"0", "1"} and not (head is Head.HATE and source in HATE_NOT_TRUSTED):
            found[head] = int(row[column])
    insulted = _harassment(source, row["raw"])
    if insulted is not None:
        found[Head.HARASSMENT] = insulted
    if source == "edos" and "overt sexual objectification" in row["raw"]:
        found[Head.SEXUAL] = 1
    if source in _BENIGN or (source == "paradetox" and row["raw"] == "neutral"):
        for head in HEADS:
            found.setdefault(head, 0)
    return found


def corpora(folder: Path, *, share_alike: bool = True, unconfirmed: bool = False) -> Iterator[Row]:
    """Yield the rows of every corpus in `folder` that may be used. A missing dev split is cut off train."""
    for path in sorted(folder.glob("*.csv.zst")):
        source = path.name.removesuffix(".csv.zst")
        if source.lower() in KEPT_OUT:
            raise ValueError(f"{source} is kept out on purpose: never train or tune on it")
        if source in ACCOUNT_LEVEL or (source in UNCONFIRMED and not unconfirmed):
            continue
        if source in SHARE_ALIKE and not share_alike:
            continue
        rows = list(_raw_rows(path))
        has_dev = any(row["split"] == "dev" for row in rows)
        for row in rows:
            split = row["split"]
            if split == "train" and not has_dev and _part(row["text"]) < _DEV_SHARE:
                split = "dev"
            if row["lang"] in LANGUAGES and (labels := labels_of(source, row)):
                yield Row(row["text"], row["lang"], split, labels, source, row["raw"])


def _fill(template: str, slots: dict[str, list[str]], dice: random.Random) -> str:
    for name, words in slots.items():
        while "{" + name + "}" in template:
            template = template.replace("{" + name + "}", dice.choice(words), 1)
    return template


@cache
def book_of(path: Path) -> Any:
    """Return what a file of seeds holds."""
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def seeds(folder: Path = SEEDS) -> Iterator[Row]:
    """Yield the seed sentences, slots filled. A template is in one split only: train, or dev for one in seven.

    Those of languages that have few corpora or none, beside `other.yaml`, are all dev: nothing is learnt from them.
    """
    for name in ("en", "ar", *SEEDED):
        book = book_of(folder / f"{name}.yaml")
        most = _SEEDED_COPIES if name in SEEDED else _SEED_COPIES
        for part in book["sets"]:
            labels = {Head(head): int(value) for head, value in part["labels"].items()}
            for template in part["texts"]:
                dice = random.Random(f"{part['name']}/{template}")
                copies = most if "{" in template else 3
                texts = {_fill(template, book["slots"], dice) for _ in range(copies)}
                dev = name in SEEDED or _part(template) % _ONE_IN == 0
                for text in sorted(texts):
                    yield Row(
                        text,
                        book["language"],
                        "dev" if dev else "train",
                        labels,
                        f"seed_{name}",
                        part["name"],
                    )
    book = book_of(folder / "other.yaml")
    for language, sets in book["languages"].items():
        for name, texts in sets.items():
            head = Head(name.removeprefix("no-"))
            labels = {head: 0 if name.startswith("no-") else 1}
            for text in texts:
                split = "dev" if _part(text) % _ONE_IN == 0 else "train"
                yield Row(text, language, split, labels, "seed_other", name)

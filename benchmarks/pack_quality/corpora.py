"""Labelled posts as events: one CSV file a source, compressed with Zstandard, columns as in `rows`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import zstandard

from hakam.vocabulary.event import Author, ContentKind, Event, Item

LABELS = ("abuse", "hate", "threat", "extremism", "spam")
# Functional tests that nobody may tune on; the loader refuses them by name.
KEPT_OUT = ("hatecheck", "mhc", "hatemojicheck", "ethos")
_START = datetime(2026, 1, 1, tzinfo=UTC)
_LINK = "https://link.example.org/page"


class Row(NamedTuple):
    """One post. `labels` holds what is known: 1 or 0 by name; what is unknown is absent."""

    event: Event
    source: str
    language: str
    split: str
    labels: dict[str, int]

    @property
    def benign(self) -> bool:
        """Whether something is known and none of it is bad."""
        return bool(self.labels) and not any(self.labels.values())


def sources(folder: Path) -> list[Path]:
    """Return the files of a data folder, refusing those that are kept for functional tests only."""
    found = sorted(folder.glob("*.csv.zst"))
    if not found:
        raise SystemExit(f"no *.csv.zst in {folder}")
    return [path for path in found if not any(name in path.name.lower() for name in KEPT_OUT)]


def rows(path: Path, *, languages: frozenset[str]) -> Iterator[Row]:
    """Yield the rows of one file that are in `languages`, in order.

    Columns: `text, lang, split, source` and one for each label (1, 0 or nothing). Each row is a comment by an
    author of its own, an hour after the last: the corpora tell neither authors nor times, so counters see no
    bursts that were not there. `[URL]` and `@USER` become a link and mentions again.
    """
    csv.field_size_limit(1 << 24)
    with path.open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw) as stream:
        for n, line in enumerate(csv.DictReader(io.TextIOWrapper(stream, "utf-8", newline=""))):
            if line["lang"] not in languages:
                continue
            yield Row(
                _event(path.name, n, line["text"]), line["source"], line["lang"], line["split"], _labels(line)
            )


def _labels(line: dict[str, str]) -> dict[str, int]:
    return {name: int(line[name]) for name in LABELS if line.get(name) in {"0", "1"}}


def _event(source: str, n: int, text: str) -> Event:
    name = f"{source}-{n}"
    mentions = tuple(f"user-{k}" for k in range(text.count("@USER")))
    return Event(
        id=name,
        platform="corpus",
        kind=ContentKind.COMMENT,
        at=_START + timedelta(hours=n),
        author=Author(id=f"author-{name}"),
        item=Item(id=name, text=text.replace("[URL]", _LINK), mentions=mentions),
    )

"""Labelled texts from files, for `hakam evaluate`, `hakam train` and `hakam calibrate`.

A file is CSV, TSV, NDJSON or Parquet with a column `text`, maybe `lang` and `split`, and a column for each head that it
knows (1, 0 or empty; `abuse` is read as `toxicity`). What the drop-in doors keep (`labels.ndjson`) is read as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from hakam.backtest.rows import RowFile, UnreadableFileError
from hakam.cli.screen import CommandError
from hakam.signals.models.heads import Head

SUFFIXES = (
    ".csv",
    ".tsv",
    ".ndjson",
    ".jsonl",
    ".parquet",
    ".csv.zst",
    ".ndjson.zst",
    ".csv.gz",
    ".ndjson.gz",
)
_OTHER_NAMES = {"abuse": Head.TOXICITY}
_MIDDLE = 0.5


class LabelledRow(NamedTuple):
    """A text with what is known of it."""

    text: str
    language: str | None
    split: str | None
    labels: dict[Head, int]


def files_of(data: Path) -> list[Path]:
    """Return the files of a folder, or the file itself. Raises `CommandError`."""
    if data.is_dir():
        found = sorted(path for path in data.iterdir() if path.name.endswith(SUFFIXES))
        if not found:
            raise CommandError(f"{data} holds no file of labelled texts ({', '.join(SUFFIXES)})")
        return found
    if not data.is_file():
        raise CommandError(f"{data} is not there")
    return [data]


def name_of(path: Path) -> str:
    """Return the name of a source: its file's, without endings."""
    return path.name.partition(".")[0]


def rows_of(path: Path) -> Iterator[LabelledRow]:
    """Yield the rows that have a text and a label. Raises `CommandError`."""
    try:
        for row in RowFile(path).rows():
            text = row.values.get("text")
            if row.problem or not isinstance(text, str) or not text:
                continue
            labels = _labels(row.values)
            if labels:
                language = row.values.get("lang") or row.values.get("language") or None
                yield LabelledRow(text, language, row.values.get("split") or None, labels)
    except UnreadableFileError as error:
        raise CommandError(str(error)) from error


def _labels(values: dict[str, Any]) -> dict[Head, int]:
    nested = values.get("labels")
    given = {**values, **nested} if isinstance(nested, dict) else values
    found: dict[Head, int] = {}
    for name, value in given.items():
        head = _OTHER_NAMES.get(name) or (Head(name) if name in set(Head) else None)
        if head is None or value in {None, ""}:
            continue
        try:
            found[head] = int(float(value) >= _MIDDLE)
        except (TypeError, ValueError):
            continue
    return found

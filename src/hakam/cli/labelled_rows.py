"""Labelled texts from files, for `hakam evaluate`, `hakam train` and `hakam calibrate`.

A file is CSV, TSV, NDJSON or Parquet with a column `text`, maybe `lang` and `split`, and a column for each head that it
knows (1, 0 or empty, true and false too; `abuse` is read as `toxicity`). Names of columns may be in capitals. What the
drop-in doors keep (`labels.ndjson`) is read as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from hakam.backtest.rows import RowFile, UnreadableFileError
from hakam.cli.screen import CommandError
from hakam.signals.models.heads import Head
from hakam.vocabulary.counted import counted
from hakam.vocabulary.yes_no import yes_or_no

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
_FOREIGN = 80  # characters of what stands there that are shown


class LabelledRow(NamedTuple):
    """A text with what is known of it."""

    text: str
    language: str | None
    split: str | None
    labels: dict[Head, int]


class LeftOut:
    """What of a file is no labelled text: how many rows, and why the first."""

    def __init__(self) -> None:
        self.rows = 0
        self.first = ""

    def add(self, why: str) -> None:
        """Count a row."""
        self.first = self.first or why
        self.rows += 1

    def told(self, path: Path) -> str:
        """Return a sentence for people, empty if nothing was left out."""
        return (
            f"{path.name}: left out {counted(self.rows, 'row')}; the first: {self.first}" if self.rows else ""
        )


class _NoLabelError(ValueError):
    """A label can't be read. The message says why."""


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


def rows_of(path: Path, left_out: LeftOut | None = None) -> Iterator[LabelledRow]:
    """Yield the rows that have a text and a label, and tell `left_out` of the others. Raises `CommandError`."""
    left_out = left_out or LeftOut()
    try:
        for row in RowFile(path).rows():
            values = {name.strip().lower(): value for name, value in row.values.items()}
            text = values.get("text")
            if row.problem:
                left_out.add(row.problem)
            elif "text" not in values:
                left_out.add(f"there is no column `text` among {_shown(', '.join(row.values))}")
            elif not isinstance(text, str) or not text:
                left_out.add(f"row {row.number} has no text")
            else:
                try:
                    labels = _labels(values)
                except _NoLabelError as error:
                    left_out.add(f"row {row.number}: {error}")
                    continue
                language = values.get("lang") or values.get("language") or None
                yield LabelledRow(text, language, values.get("split") or None, labels)
    except UnreadableFileError as error:
        raise CommandError(str(error)) from error


def _labels(values: dict[str, Any]) -> dict[Head, int]:
    nested = values.get("labels")
    given = {**values, **nested} if isinstance(nested, dict) else values
    found: dict[Head, int] = {}
    unread = ""
    for name, value in given.items():
        head = _OTHER_NAMES.get(name) or (Head(name) if name in set(Head) else None)
        if head is None or value is None or value == "":
            continue
        label = _label(value)
        if label is None:
            unread = unread or f"`{name}` should be 1 or 0, not {_shown(value)}"
        else:
            found[head] = label
    if not found:
        raise _NoLabelError(unread or f"no label in a column {', '.join(Head)}")
    return found


def _label(value: Any) -> int | None:
    said = yes_or_no(value) if isinstance(value, str) else None
    try:
        number = float(value if said is None else said)
    except (TypeError, ValueError):
        return None
    return int(number >= _MIDDLE) if isfinite(number) else None


def _shown(value: Any) -> str:
    text = str(value)
    return repr(text if len(text) <= _FOREIGN else f"{text[:_FOREIGN]} ...")

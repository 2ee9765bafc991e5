"""The files of lists outside packs: read from what people have, kept by digest, mapped into memory by who judges."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import IO, TextIO

import msgspec
import zstandard

from hakam.policy.lists import ListKind
from hakam.policy.outside import BadListError, OutsideList, pack_list, problem_of
from hakam.signals.fold import fold_words
from hakam.signals.links import host_of
from hakam.storage.embedded.durable import write_whole
from hakam.storage.published import PublishedList

FOLDER = "lists"
SHOWN = 5  # lines that a refusal names
_FORMATS = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".txt": "plain", "": "plain"}


class Source(msgspec.Struct, frozen=True):
    """What a file of entries held: each entry once, and how many lines said one again."""

    entries: tuple[str, ...]
    repeated: int


def read_source(path: Path, kind: ListKind, *, column: str | None = None) -> Source:
    """Read the entries of a file: `.txt` (one a line, `#` begins a comment), `.csv`, `.ndjson`, as `.zst` or `.gz` too.

    `column` names the column of a CSV (its first line is then a head) or the key of NDJSON objects; without it, a CSV
    has no head and its first column counts, and each line of NDJSON is a text. Raises `BadListError` naming the first
    lines that can't be used: a list is taken whole or not at all. Raises `OSError`.
    """
    form = _FORMATS.get(_suffix(path))
    if form is None:
        raise BadListError(
            f"`{path.name}` is neither .txt nor .csv nor .ndjson (with or without .zst or .gz)"
        )
    entries: dict[str, None] = {}
    repeated, wrong = 0, 0
    bad: list[str] = []
    try:
        with _opened(path) as file:
            for line, text in _lines(file, form, column):
                entry = text.strip()
                if kind is ListKind.DOMAINS and entry:
                    entry = entry.lower().removesuffix(".") if "/" in entry else host_of(entry) or entry
                problem = problem_of(entry)
                if problem is None and kind is ListKind.TERMS and not fold_words(entry).strip():
                    problem = "neither letters nor digits to search for"
                if problem is not None:
                    wrong += 1
                    if len(bad) < SHOWN:
                        bad.append(f"line {line}: {problem}")
                elif entry in entries:
                    repeated += 1
                else:
                    entries[entry] = None
    except (UnicodeDecodeError, zstandard.ZstdError, EOFError, gzip.BadGzipFile, csv.Error) as error:
        raise BadListError(f"`{path.name}` can't be read: {error}") from error
    if wrong:
        more = f", and {wrong - len(bad):,} more" if wrong > len(bad) else ""
        raise BadListError(f"{wrong:,} entries can't be used; nothing was taken: {'; '.join(bad)}{more}")
    return Source(tuple(entries), repeated)


def _suffix(path: Path) -> str:
    inner = path.with_suffix("") if path.suffix.lower() in {".zst", ".gz"} else path
    return inner.suffix.lower()


def _opened(path: Path) -> TextIO:
    raw: IO[bytes]
    if path.suffix.lower() == ".zst":
        raw = zstandard.open(path, "rb")
    elif path.suffix.lower() == ".gz":
        raw = gzip.open(path, "rb")  # type: ignore[assignment]  # reads bytes  # noqa: SIM115 -- closed with what is around it
    else:
        raw = path.open("rb")
    return io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")


def _lines(file: TextIO, form: str, column: str | None) -> Iterator[tuple[int, str]]:
    """Yield the entries with the numbers of their lines. Empty lines and comments are left out."""
    if form == "csv":
        yield from _of_csv(file, column)
        return
    decode = msgspec.json.Decoder().decode
    for number, line in enumerate(file, 1):
        text = line.strip()
        if not text:
            continue
        if form == "plain":
            if not text.startswith("#"):
                yield number, text.removeprefix("\\") if text.startswith("\\#") else text
            continue
        try:
            found = decode(text)
        except msgspec.DecodeError as error:
            raise BadListError(f"line {number} is no JSON: {error}") from error
        value = found if column is None else found.get(column) if isinstance(found, dict) else None
        if not isinstance(value, str):
            wanted = "a text" if column is None else f"an object with a text under `{column}`"
            raise BadListError(f"line {number} is not {wanted}")
        yield number, value


def _of_csv(file: TextIO, column: str | None) -> Iterator[tuple[int, str]]:
    rows = csv.reader(file)
    place = 0
    if column is not None:
        head = next(rows, [])
        if column not in head:
            raise BadListError(f"there is no column `{column}`; there are {', '.join(head) or 'none'}")
        place = head.index(column)
    for row in rows:
        if row:
            yield rows.line_num, row[place] if place < len(row) else ""


def keep(folder: Path, kind: ListKind, entries: Iterable[str]) -> tuple[str, int]:
    """Write a list's file, durably, unless it is there. Returns its digest and its number of entries.

    Raises `BadListError`, `OSError`.
    """
    data, digest, count = pack_list(kind, entries)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / digest
    if not path.exists():
        write_whole(path, data)
    return digest, count


def open_list(folder: Path, name: str, digest: str) -> OutsideList:
    """Return a version of a list, mapped into memory. Raises `BadListError` if its file is missing or another."""
    try:
        found = OutsideList(name, _mapped(folder / digest))
    except (OSError, ValueError) as error:
        raise BadListError(f"the list `{name}` ({digest[:12]}) can't be read: {error}") from error
    if found.digest != digest:
        raise BadListError(f"the file of the list `{name}` ({digest[:12]}) holds something else")
    return found


def open_lists(folder: Path, published: Iterable[PublishedList]) -> Mapping[str, OutsideList]:
    """Return the lists in force by name. Raises `BadListError`."""
    return {one.name: open_list(folder, one.name, one.digest) for one in published}


@lru_cache(maxsize=64)
def _mapped(path: Path) -> mmap:
    """Map a file, which never changes, once per process."""
    with path.open("rb") as file:
        return mmap(file.fileno(), 0, access=ACCESS_READ)

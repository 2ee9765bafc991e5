"""The files of lists outside packs: read from what people have, kept by digest, mapped into memory by who judges."""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import BinaryIO, TextIO

import msgspec
import zstandard

from hakam.policy.lists import MAX_TERM, ListKind
from hakam.policy.outside import BadListError, OutsideList, problem_of
from hakam.signals.fold import fold_words
from hakam.signals.links import host_of
from hakam.storage import tables
from hakam.storage.published import PublishedList
from hakam.vocabulary.counted import counted

FOLDER = "lists"
SHOWN = 5  # lines that a refusal names
_PIECE = 1 << 22  # bytes read at once
_TOLD = 1 << 14  # entries between two words about the progress
_PLAIN_HOST = re.compile(
    r"(?!.*(?:0x|xn--|hxxp))[a-z0-9-]++(?:\.[a-z0-9-]++)*+(?<=[a-z-])"
).fullmatch  # what `host_of` would return unchanged
_FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".txt": "plain",
    "": "plain",
}
_BROKEN = (UnicodeError, zstandard.ZstdError, zlib.error, EOFError, gzip.BadGzipFile)
_SEPARATORS = {"csv": ",", "tsv": "\t"}  # unless the rows say otherwise


def entries_of(
    path: Path,
    kind: ListKind,
    *,
    column: str | None = None,
    progress: Callable[[float], None] = lambda _share: None,
) -> Iterator[str]:
    """Yield the entries of a file: `.txt` (one a line, `#` begins a comment), `.csv`, `.tsv`, `.ndjson`, also packed.

    `column` names the column of a CSV (its first line is then a head) or the key of NDJSON objects; without it, a CSV
    has no head and its first column counts, and each line of NDJSON is a text. `progress` is told the share of the file
    that was read. Raises `BadListError` at the end, naming the first lines that can't be used: a list is taken whole or
    not at all. Raises `OSError`.
    """
    form = _FORMATS.get(_suffix(path))
    if form is None:
        raise BadListError(
            f"`{path.name}` is neither .txt nor .csv nor .tsv nor .ndjson (with or without .zst or .gz)"
        )
    wrong, to_do = 0, ""
    bad: list[str] = []
    try:
        sample = _sample(path)
        encoding = tables.encoding_of(sample)
        with path.open("rb") as raw, _opened(raw, path.suffix.lower(), encoding) as file:
            size = max(path.stat().st_size, 1)
            for n, (line, text) in enumerate(_entries(file, form, column, sample, encoding)):
                if not n % _TOLD:
                    progress(min(raw.tell() / size, 1.0))
                entry = text.strip()
                problem = None
                if kind is ListKind.DOMAINS and _PLAIN_HOST(entry) is None and tables.is_text(entry):
                    problem = _no_domain(entry)
                    entry = _host(entry)
                problem = problem or _problem(entry, kind)
                if problem is None:
                    yield entry
                    continue
                if not tables.is_text(entry):
                    problem, to_do = f"not {tables.spoken(encoding)}", f"; {tables.SAVE_AS}"
                wrong += 1
                if len(bad) < SHOWN:
                    bad.append(f"line {line}: {problem}")
    except (*_BROKEN, csv.Error) as error:
        raise BadListError(f"`{path.name}` can't be read: {error}") from error
    if wrong:
        more = f", and {wrong - len(bad):,} more" if wrong > len(bad) else ""
        raise BadListError(
            f"`{path.name}`: {counted(wrong, 'entry')} can't be used; nothing was taken: {'; '.join(bad)}{more}{to_do}"
        )


def _problem(entry: str, kind: ListKind) -> str | None:
    if kind is ListKind.TERMS:
        empty = "neither letters nor digits to search for"
        return problem_of(entry) or (None if fold_words(entry).strip() else empty)
    sound = 0 < len(entry) <= MAX_TERM and entry.isprintable()  # most are, and this is quickly seen
    return None if sound else problem_of(entry)


def _no_domain(entry: str) -> str | None:
    """Say why an entry can't be what a link leads to: it would be in the list and never be found."""
    if any(char.isspace() for char in entry):
        return "a space in a domain"
    return None if any(char.isalnum() for char in entry) else "neither letters nor digits in a domain"


def _host(entry: str) -> str:
    """Return a domain as `links.hosts` has it: in lower case, punycode decoded. An address with a path stays whole."""
    if not entry or "/" in entry:
        return entry.lower().removesuffix(".")
    return host_of(entry) or entry


def _suffix(path: Path) -> str:
    inner = path.with_suffix("") if path.suffix.lower() in {".zst", ".gz"} else path
    return inner.suffix.lower()


def _unpacked(raw: BinaryIO, suffix: str) -> BinaryIO:
    if suffix == ".gz":
        return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]  # reads bytes
    return zstandard.open(raw, "rb") if suffix == ".zst" else raw


def _sample(path: Path) -> bytes:
    with path.open("rb") as raw:
        return tables.sample_of(_unpacked(raw, path.suffix.lower()), _BROKEN)  # type: ignore[arg-type]


def _opened(raw: BinaryIO, suffix: str, encoding: str) -> TextIO:
    plain = _unpacked(raw, suffix)
    return io.TextIOWrapper(plain, encoding=encoding, errors=tables.lenient(encoding), newline="")


def _entries(
    file: TextIO, form: str, column: str | None, sample: bytes, encoding: str
) -> Iterator[tuple[int, str]]:
    """Yield the entries with the numbers of their lines. Empty lines and comments are left out."""
    if form in _SEPARATORS:
        written = tables.form_of(
            tables.beginning(sample, encoding),
            usual=_SEPARATORS[form],
            whole=len(sample) < tables.SAMPLE,
            head=column is not None,
        )
        yield from _of_csv(tables.rows(file, written, strict=False), column, tables.spoken(encoding))
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
        if not tables.is_text(text):
            raise BadListError(str(tables.NotTextError(number, tables.spoken(encoding))))
        try:
            found = decode(text)
        except msgspec.DecodeError as error:
            raise BadListError(f"line {number} is no JSON: {error}") from error
        value = found if column is None else found.get(column) if isinstance(found, dict) else None
        if not isinstance(value, str):
            wanted = "a text" if column is None else f"an object with a text under `{column}`"
            raise BadListError(f"line {number} is not {wanted}")
        yield number, value


def _of_csv(rows: tables.Rows, column: str | None, encoding: str) -> Iterator[tuple[int, str]]:
    place = 0
    if column is not None:
        head = next(rows, [])
        if not all(map(tables.is_text, head)):
            raise BadListError(str(tables.NotTextError(rows.line_num, encoding)))
        if column not in head:
            raise BadListError(f"there is no column `{column}`; there are {', '.join(head) or 'none'}")
        place = head.index(column)
    for row in rows:
        if row:
            yield rows.line_num, row[place] if place < len(row) else ""


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


def _map(path: Path) -> mmap:
    with path.open("rb") as file:
        return mmap(file.fileno(), 0, access=ACCESS_READ)


@lru_cache(maxsize=64)
def _mapped(path: Path) -> mmap:
    """Map a file, which never changes, once per process."""
    return _map(path)


def read_through(folder: Path, digest: str) -> None:
    """Read the file of a list once, so that looking up in it finds it in memory and nobody waits for the disk.

    Other threads go on meanwhile. A file that can't be read is left to those who look up. What is in memory already
    costs about 0.1 s a gigabyte.
    """
    with suppress(OSError), (folder / digest).open("rb", buffering=0) as file:
        piece = bytearray(_PIECE)
        while file.readinto(piece):
            pass


def blank(folder: Path, digest: str, spans: Iterable[tuple[int, int]]) -> None:
    """Overwrite entries of a list with zeros where they stand, durably: who has the file open finds them no more.

    Doing it twice does it once. Raises `OSError`.
    """
    with (folder / digest).open("r+b") as file:
        for start, length in spans:
            file.seek(start)
            file.write(bytes(length))
        file.flush()
        os.fsync(file.fileno())


def is_whole(folder: Path, digest: str, rest: str = "") -> bool:
    """Whether the file of a list holds what its name says, every byte of its entries read. Raises `OSError`.

    `rest` is the digest of what it holds since entries were erased from it.
    """
    try:
        found = OutsideList("", _map(folder / digest))
    except ValueError:
        return False
    return found.digest == digest and found.digest_of_entries() == (rest or digest)

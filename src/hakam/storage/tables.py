"""How a table of text is written: its encoding, and what stands between its columns.

Spreadsheets choose both by country and by menu: "CSV" has semicolons where a comma is a decimal point, and "Unicode
Text" is UTF-16 with tabs. Nothing here reads a whole file: a sample of its beginning is enough.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple, Protocol

SAMPLE = 1 << 16  # bytes at the beginning by which a file is known
SAVE_AS = "save it as UTF-8 (in a spreadsheet: `CSV UTF-8`) or UTF-16 (`Unicode Text`)"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before that of UTF-16, with which it begins
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATORS = (",", ";", "\t")
_SAID = re.compile(r'"?sep=([,;\t])"?[\r\n]', re.IGNORECASE)  # what spreadsheets write above the head
_HALF = re.compile("[\ud800-\udfff]")  # of a character that takes two numbers in UTF-16
_PLAIN = 64  # bytes in which at least one zero stands, if a table is UTF-16: its separators and ends of lines have one
_MOST = 64  # rows that are looked at
_ENOUGH = 0.5  # share of them that must fit before one column is taken apart


class NotTextError(ValueError):
    """Bytes are no text of a known encoding. The message names the line and says what is expected."""

    def __init__(self, line: int, encoding: str) -> None:
        self.line, self.encoding = line, encoding
        super().__init__(f"line {line} is not {encoding}: {SAVE_AS}")


class _Readable(Protocol):
    def read1(self, size: int, /) -> bytes: ...


def sample_of(file: _Readable, broken: tuple[type[Exception], ...] = ()) -> bytes:
    """Return the beginning of a file. It is cut where reading raises `broken`: who reads on meets that again."""
    head = bytearray()
    with suppress(*broken):
        while len(head) < SAMPLE and (piece := file.read1(SAMPLE - len(head))):
            head += piece
    return bytes(head)


def encoding_of(head: bytes) -> str:
    """Return the encoding of a file by its beginning: by its mark, else by the zeros that UTF-16 has in plain signs."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    high, low = head[::2].count(0), head[1::2].count(0)
    if min(high, low) or max(high, low) * _PLAIN <= len(head):
        return "utf-8-sig"
    return "utf-16-le" if low else "utf-16-be"


def beginning(sample: bytes, encoding: str) -> str:
    """Return what a sample says, up to the last whole character."""
    return codecs.getincrementaldecoder(encoding)("replace").decode(sample)


def spoken(encoding: str) -> str:
    """Return the name of an encoding as people write it."""
    return "-".join(encoding.upper().split("-")[:2])


def lenient(encoding: str) -> str:
    """Return how a reader goes on past what is no text: as lone surrogates, which `is_text` knows again."""
    return "surrogateescape" if encoding.startswith("utf-8") else "surrogatepass"


def is_text(field: str) -> bool:
    """Whether a field is text throughout, without a piece that `lenient` let pass."""
    return field.isascii() or _HALF.search(field) is None


def text_of(data: bytes) -> str:
    """Return what a whole file says. Raises `NotTextError`."""
    encoding = encoding_of(data[:SAMPLE])
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode(encoding, "replace")
        raise NotTextError(before.count("\n") + 1, spoken(encoding)) from error


class Form(NamedTuple):
    """What stands between the columns of a table, and whether a line above its head says so."""

    separator: str
    said: bool = False


def form_of(sample: str, *, usual: str = ",", whole: bool = True, head: bool = True) -> Form:
    """Return the form of a table by its first rows. `whole`: the sample is all of it and ends with a row.

    What is `usual` holds unless another separator fits the rows better: a comma file stays one however many semicolons
    its texts have. Without a `head`, rows are taken apart only if all have as many columns, with no blank at their
    edges, and the usual separator divides none: an entry may be one long text.
    """
    said = _SAID.match(sample)
    if said:
        return Form(said[1], said=True)
    rows = _rows(sample, usual, whole=whole)
    fit = _share(rows)
    if not head and any(len(row) > 1 for row in rows):
        return Form(usual)
    best = usual
    for separator in _SEPARATORS:
        rows = _rows(sample, separator, whole=whole)
        share = _share(rows)
        if share >= _ENOUGH and share > fit and (head or (share == 1 < len(rows) and not _spaced(rows))):
            best, fit = separator, share
    return Form(best)


def _share(rows: list[list[str]]) -> float:
    """Return the share of rows that have as many columns as the first, if these are several."""
    columns = len(rows[0]) if rows else 0
    others = rows[1:] or rows
    return sum(len(row) == columns for row in others) / len(others) if columns > 1 else 0.0


def _rows(sample: str, separator: str, *, whole: bool) -> list[list[str]]:
    """Return the first rows as a separator divides them; one that is no CSV then is an empty one."""
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=separator, strict=True)
    rows: list[list[str]] = []
    while len(rows) < _MOST:
        try:
            row = next(reader)
        except StopIteration:
            return rows if whole else rows[:-1] or rows  # the last may be cut off
        except csv.Error:
            rows.append([])
            continue
        if row:
            rows.append(row)
    return rows


def _spaced(rows: list[list[str]]) -> bool:
    return any(cell != cell.strip() for row in rows for cell in row)


class Rows(Protocol):
    """The rows of a table as `csv.reader` gives them; `line_num` lines were read. Reading on raises `csv.Error`."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


def rows(lines: Iterable[str], form: Form, *, strict: bool = True) -> Rows:
    """Return the rows of a table, without the line that only says how it is separated."""
    reader = csv.reader(lines, delimiter=form.separator, strict=strict)
    if form.said:
        next(reader)
    return reader


def rows_in(text: str, *, strict: bool = True) -> Rows:
    """Return the rows of a table that is in memory."""
    sample = text[:SAMPLE]
    form = form_of(sample, whole=len(sample) == len(text))
    return rows(io.StringIO(text, newline=""), form, strict=strict)

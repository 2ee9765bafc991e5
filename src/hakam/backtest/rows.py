"""Reading the rows of a file: CSV, NDJSON or Parquet, compressed or not, few in memory at a time."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec
import zstandard

from hakam.storage import tables

MAX_ROW_BYTES = 8 * 1024 * 1024
_BATCH = 500  # rows of Parquet decoded at a time
_SIP = 128  # packed bytes unpacked at a time
_PACKED = {".zst": "zst", ".zstd": "zst", ".gz": "gz", ".xz": "xz"}


class RowFormat(StrEnum):
    """How a file holds its rows."""

    CSV = "csv"
    TSV = "tsv"
    NDJSON = "ndjson"
    PARQUET = "parquet"


_BROKEN = (OSError, EOFError, zstandard.ZstdError, lzma.LZMAError, zlib.error, UnicodeError)
_SEPARATORS = {RowFormat.CSV: ",", RowFormat.TSV: "\t"}  # unless the rows say otherwise
_FORMATS = {
    ".csv": RowFormat.CSV,
    ".tsv": RowFormat.TSV,
    ".txt": RowFormat.TSV,  # "Unicode Text" of spreadsheets
    ".ndjson": RowFormat.NDJSON,
    ".jsonl": RowFormat.NDJSON,
    ".parquet": RowFormat.PARQUET,
    ".pq": RowFormat.PARQUET,
}


class UnreadableFileError(ValueError):
    """The file can't be replayed at all. The message names it and says why."""


class Row(NamedTuple):
    """One row. `number` counts from 1 (without the header); `problem` says why `values` can't be used."""

    number: int
    values: dict[str, Any]
    problem: str = ""


class _Written(NamedTuple):
    encoding: str
    form: tables.Form


class RowFile:
    """A file of rows. `position` of `size` (bytes on disk) tells how far the reading has come."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise UnreadableFileError(
                f"{path} is not there" if not path.exists() else f"{path} is not a file"
            )
        self.path = path
        self.format, self.packing = _kind_of(path)
        self.size = path.stat().st_size
        self.position = 0

    def digest(self) -> str:
        """Return the SHA-256 (hex) of the file as it lies on the disk."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def columns(self) -> list[str]:
        """Return the names of the columns; of NDJSON, which has none, the members of the first good row."""
        if self.format is RowFormat.PARQUET:
            return [str(name) for name in _parquet(self.path).schema_arrow.names]
        with ExitStack() as open_files:
            lines = self._lines(open_files)
            if self.format is RowFormat.NDJSON:
                first = next((row for row in self._ndjson_rows(lines) if not row.problem), None)
                return list(first.values) if first else []
            return self._header(tables.rows(lines, self._written.form))

    def rows(self) -> Iterator[Row]:
        """Yield the rows in order, a bad one with its problem. A broken file raises `UnreadableFileError`."""
        try:
            if self.format is RowFormat.PARQUET:
                yield from self._parquet_rows()
                return
            with ExitStack() as open_files:
                lines = self._lines(open_files)
                if self.format is RowFormat.NDJSON:
                    yield from self._ndjson_rows(lines)
                else:
                    yield from self._csv_rows(lines)
        except UnicodeError as error:
            why = f"it ends in the middle of a character of {self._encoding}"
            raise UnreadableFileError(f"{self.path} is damaged: {why}") from error
        except _BROKEN as error:
            raise UnreadableFileError(f"{self.path} is damaged: {error}") from error
        self.position = self.size

    @cached_property
    def _written(self) -> _Written:
        """How the file is written, by its beginning. What is damaged there is told by who reads it."""
        with ExitStack() as open_files:
            sample = tables.sample_of(self._unpacked(open_files), _BROKEN)
        encoding = tables.encoding_of(sample)
        usual = _SEPARATORS.get(self.format)
        if usual is None:
            return _Written(encoding, tables.Form(","))
        text = tables.beginning(sample, encoding)
        return _Written(encoding, tables.form_of(text, usual=usual, whole=len(sample) < tables.SAMPLE))

    def _lines(self, open_files: ExitStack) -> IO[str]:
        encoding = self._written.encoding
        self.position = 0
        # Bytes that are no text become lone surrogates, so that they spoil their own row and no other.
        return io.TextIOWrapper(
            self._unpacked(open_files), encoding=encoding, errors=tables.lenient(encoding), newline=""
        )

    def _unpacked(self, open_files: ExitStack) -> Any:
        plain = open_files.enter_context(_Counted(self.path, self))
        unpacked: Any
        if self.packing == "zst":
            unpacked = io.BufferedReader(_Unpacked(plain), 1 << 17)
        elif self.packing == "gz":
            unpacked = gzip.GzipFile(fileobj=plain)
        elif self.packing == "xz":
            unpacked = lzma.LZMAFile(plain)  # noqa: SIM115 -- closed by the stack below
        else:
            unpacked = io.BufferedReader(plain)
        open_files.callback(unpacked.close)
        return unpacked

    def _csv_rows(self, lines: IO[str]) -> Iterator[Row]:
        csv.field_size_limit(MAX_ROW_BYTES)
        reader = tables.rows(lines, self._written.form)
        names = self._header(reader)
        number = 0
        while True:
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                number += 1
                yield Row(number, {}, f"line {reader.line_num} is no CSV: {error}")
                continue
            if not fields:
                continue
            number += 1
            if not any(fields):
                continue  # spreadsheets write such rows below the last
            if len(fields) != len(names):
                problem = f"line {reader.line_num} has {len(fields)} fields, the header has {len(names)}"
                yield Row(number, {}, problem)
            elif not all(map(tables.is_text, fields)):
                yield Row(number, {}, str(tables.NotTextError(reader.line_num, self._encoding)))
            else:
                yield Row(number, dict(zip(names, fields, strict=True)))

    def _header(self, reader: tables.Rows) -> list[str]:
        path = self.path
        try:
            names = next(reader, None)
        except (csv.Error, *_BROKEN) as error:
            raise UnreadableFileError(f"{path} can't be read: {error}") from error
        if not names:
            raise UnreadableFileError(f"{path} is empty: its first line must name the columns")
        if not all(map(tables.is_text, names)):
            raise UnreadableFileError(f"{path}: {tables.NotTextError(reader.line_num, self._encoding)}")
        twice = sorted({name for name in names if name and names.count(name) > 1})
        if twice:
            raise UnreadableFileError(f"{path} has the column {', '.join(twice)} twice")
        return names

    @property
    def _encoding(self) -> str:
        return tables.spoken(self._written.encoding)

    def _ndjson_rows(self, lines: IO[str]) -> Iterator[Row]:
        decode = msgspec.json.Decoder(dict[str, Any]).decode
        number = 0
        while line := lines.readline(MAX_ROW_BYTES):
            problem, values = "", {}
            if not line.endswith("\n") and len(line) >= MAX_ROW_BYTES:
                problem = f"is longer than {MAX_ROW_BYTES:,} characters"
                while line and not line.endswith("\n"):
                    line = lines.readline(MAX_ROW_BYTES)
            elif not line.strip():
                continue
            else:
                try:
                    values = decode(line.encode("utf-8"))
                except UnicodeEncodeError:
                    problem = f"is not {self._encoding}"
                except (msgspec.MsgspecError, RecursionError) as error:
                    problem = f"is no JSON object: {error}"
            number += 1
            yield Row(number, values, problem)

    def _parquet_rows(self) -> Iterator[Row]:
        file = _parquet(self.path)
        total = max(1, file.metadata.num_rows)
        number = 0
        for batch in file.iter_batches(batch_size=_BATCH):
            for row in _parquet_values(batch):
                number += 1
                yield row._replace(number=number)
            self.position = self.size * number // total


class _Counted(io.FileIO):
    """A file that tells its `RowFile` how far it was read."""

    def __init__(self, path: Path, owner: RowFile) -> None:
        super().__init__(path, "rb")
        self._owner = owner

    def readinto(self, buffer: Any) -> int | None:  # type: ignore[override,unused-ignore]
        done = super().readinto(buffer)
        self._owner.position += done or 0
        return done

    def read(self, size: int | None = -1) -> bytes:  # type: ignore[override,unused-ignore]
        data = super().read(-1 if size is None else size) or b""
        self._owner.position += len(data)
        return data


class _Unpacked(io.RawIOBase):
    """The plain bytes of Zstandard frames. Unlike the library's own, it raises `EOFError` at a cut.

    It feeds the library few bytes at a time: three of them may stand for 128 KiB.
    """

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed
        self._frame: Any = None  # of the frame under way, None between two
        self._rest = memoryview(b"")
        self._plain = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._plain:
            if not self._rest:
                self._rest = memoryview(self._packed.read(1 << 16))
            chunk, self._rest = self._rest[:_SIP], self._rest[_SIP:]
            if not chunk:
                if self._frame is not None:
                    raise EOFError("it ends in the middle of a Zstandard frame")
                return 0
            if self._frame is None:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            self._plain = memoryview(self._frame.decompress(chunk))
            if self._frame.eof:
                self._rest = memoryview(self._frame.unused_data + bytes(self._rest))
                self._frame = None
        size = min(len(buffer), len(self._plain))
        buffer[:size] = self._plain[:size]
        self._plain = self._plain[size:]
        return size


def _kind_of(path: Path) -> tuple[RowFormat, str]:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packing = _PACKED.get(suffixes[-1], "") if suffixes else ""
    if packing:
        suffixes.pop()
    kind = _FORMATS.get(suffixes[-1]) if suffixes else None
    if kind is None:
        raise UnreadableFileError(
            f"{path} has a name that tells no format: it takes {' '.join(_FORMATS)}, "
            f"the text formats also with {' '.join(_PACKED)}"
        )
    if kind is RowFormat.PARQUET and packing:
        raise UnreadableFileError(f"{path} packs a Parquet file, which compresses itself; unpack it first")
    return kind, packing


def _parquet_values(batch: Any) -> Iterator[Row]:
    """Yield the rows of a batch, maps as objects. A value that Python can't hold spoils its row alone."""
    try:
        yield from (Row(0, values) for values in batch.to_pylist(maps_as_pydicts="lossy"))
    except (ValueError, OverflowError) as error:
        if len(batch) == 1:
            yield Row(0, {}, f"has a value that can't be read: {error}")
            return
        for n in range(len(batch)):
            yield from _parquet_values(batch.slice(n, 1))


def _parquet(path: Path) -> Any:
    try:
        from pyarrow import (  # type: ignore[import-untyped,import-not-found,unused-ignore]  # noqa: PLC0415 -- an extra
            ArrowInvalid,
            parquet,
        )
    except ImportError as error:
        raise UnreadableFileError(
            f"{path} is Parquet, which needs pyarrow: pip install 'hakam[parquet]'"
        ) from error
    try:
        return parquet.ParquetFile(path)
    except (ArrowInvalid, OSError) as error:
        raise UnreadableFileError(f"{path} can't be read: {error}") from error
